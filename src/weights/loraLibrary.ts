// The LoRAs this installation has: one scan of models/loras, headers only, against the headers of every model; then names are keys of what the
// scan found. What a LoRA says of itself comes from its metadata and from the notes other programs leave beside it.
import { createHash } from 'node:crypto';
import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type LoraCard, type LoraDefaults, MAX_LORA_STRENGTH } from '../core/lora.ts';
import { DEFAULT_LIMITS, type ModelFamily, SAMPLERS, SCHEDULES } from '../core/request.ts';
import type { LoraStack } from '../diffusion/loraStack.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { fitLora, fits, type LoraFile, type LoraTargetModel, loadLora, readLora } from './loraFile.ts';
import { isRecord, nameInMessages, readModelJson, withModelFile } from './modelFiles.ts';
import { isPickleName } from './modelFolder.ts';
import { parseStrictJson } from './strictJson.ts';

/** Folder under models/. */
export const LORAS_FOLDER = 'loras';

export interface RefusedLora {
  /** File or folder under models/loras. */
  readonly name: string;
  readonly reason: string;
}

/** A model as LoRAs are tried on it. */
export type LoraModel = LoraTargetModel & { readonly family: ModelFamily };

export interface LoadedLora {
  /** At strength 1. */
  readonly branches: LoraStack;
  /** What recipes carry as `Lora hashes`. */
  readonly hash: string;
  /** Bytes in memory. */
  readonly sizeBytes: number;
}

export interface LoraLibrary {
  /** Sorted by name. */
  readonly cards: readonly LoraCard[];
  readonly refused: readonly RefusedLora[];
  /** Changes when the file does. @throws model_missing */
  versionOf(name: string): string;
  /** Reads the file again. @throws model_missing, weights_invalid, model_unsupported */
  load(name: string, model: LoraModel): LoadedLora;
}

export const FAMILY_NAMES: Readonly<Record<ModelFamily, string>> = {
  sd1: 'of the Stable Diffusion 1.x kind',
  sd2: 'of the Stable Diffusion 2.x kind',
  sdxl: 'an SDXL model',
  'sdxl-refiner': "SDXL's refiner",
};

/** None where there is no such folder; what is wrong with a file becomes `refused`. */
export function scanLoras(modelsDir: string, models: readonly LoraTargetModel[]): LoraLibrary {
  const folder = path.join(modelsDir, LORAS_FOLDER);
  const found = new Map<string, { readonly place: string; readonly card: LoraCard }>();
  const refused: RefusedLora[] = [];
  for (const place of placesIn(folder)) {
    try {
      const card = cardOf(modelsDir, place, readLora(modelsDir, place), models);
      const other = found.get(card.name);
      if (other !== undefined) throw taken(card.name, nameInMessages(modelsDir, other.place));
      found.set(card.name, { place, card });
    } catch (thrown) {
      const reason = toDarkroomError(thrown, 'weights_invalid').message;
      refused.push({ name: nameInMessages(folder, place), reason });
    }
  }
  const placeOf = (name: string) => found.get(name)?.place ?? missing(name, [...found.keys()]);
  return {
    cards: [...found.values()].map(({ card }) => card).toSorted((a, b) => compare(a.name, b.name)),
    refused,
    versionOf: (name) => versionOf(placeOf(name)),
    load: (name, model) => load(modelsDir, placeOf(name), model),
  };
}

/** Folders deep that files are looked for; people sort hundreds of them. */
const MAX_DEPTH = 4;

function placesIn(folder: string, depth = 0): readonly string[] {
  if (depth > MAX_DEPTH || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  if (depth > 0 && entries.some(({ name }) => name === 'adapter_model.safetensors')) return [folder];
  return entries.toSorted((a, b) => compare(a.name, b.name)).flatMap((entry) => placeOf(folder, entry, depth));
}

function placeOf(folder: string, entry: Dirent, depth: number): readonly string[] {
  const place = path.join(folder, entry.name);
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory()) return placesIn(place, depth + 1);
  return entry.name.endsWith('.safetensors') || isPickleName(entry.name) ? [place] : [];
}

function cardOf(modelsDir: string, place: string, lora: LoraFile, models: readonly LoraTargetModel[]): LoraCard {
  const tried = models.map((model) => ({ name: model.name, fit: fitLora(lora, model) }));
  const fitted = tried.filter(({ fit }) => fits(fit));
  const [best] = fitted.toSorted((a, b) => a.fit.idle.length - b.fit.idle.length);
  const { triggers, about, defaults } = notesOf(modelsDir, place, lora);
  const idle = best?.fit.idle ?? [];
  return {
    name: nameOf(place),
    family: lora.family,
    fits: fitted.map(({ name }) => name),
    triggers,
    ...(about === undefined ? {} : { about }),
    defaults: { ...knownUse(nameOf(place)), ...defaults },
    sizeBytes: lora.tensors.sizeBytes,
    ...(idle.length === 0 ? {} : { idle: idle.slice(0, MAX_IDLE_NAMES) }),
  };
}

const MAX_IDLE_NAMES = 5;
const MAX_NAME_CHARS = 80;

/** A name people can type in `<lora:…>`: what the notation itself uses becomes `_`. */
function nameOf(place: string): string {
  const base = path.basename(place).replace(/\.safetensors$/, '');
  return base
    .replace(/[^\p{L}\p{N} ._()+-]/gu, '_')
    .trim()
    .slice(0, MAX_NAME_CHARS);
}

/**
 * LoRAs that replace the model's own number of steps need their sampler; told by how their makers call them.
 * @source the cards of latent-consistency/lcm-lora-*, ByteDance/SDXL-Lightning and ByteDance/Hyper-SD
 */
function knownUse(name: string): LoraDefaults {
  const steps = Number(/(\d{1,2})[-_ ]?steps?/i.exec(name)?.[1] ?? Number.NaN);
  const counted = steps >= 1 && steps <= 16 ? { steps } : {};
  if (/lcm/i.test(name)) return { sampler: 'lcm', steps: 6, guidance: 1.5, ...counted };
  if (/lightning/i.test(name)) return { sampler: 'euler', schedule: 'trailing', steps: 4, guidance: 1, ...counted };
  if (/hyper-?sd/i.test(name)) {
    const isOneStep = steps === 1;
    return { sampler: isOneStep ? 'tcd' : 'ddim', schedule: 'trailing', steps: 8, guidance: 1, ...counted };
  }
  return {};
}

const strength = z.number().min(-MAX_LORA_STRENGTH).max(MAX_LORA_STRENGTH);

/** NAME.darkroom.json, the owner's own note. */
const noteSchema = z.strictObject({
  triggers: z.array(z.string().min(1).max(100)).max(20).optional(),
  about: z.string().max(500).optional(),
  strength: strength.optional(),
  textStrength: strength.optional(),
  sampler: z.enum(SAMPLERS).optional(),
  schedule: z.enum(SCHEDULES).optional(),
  steps: z.int().min(1).max(DEFAULT_LIMITS.maxSteps).optional(),
  guidance: z.number().min(0).max(DEFAULT_LIMITS.maxGuidance).optional(),
});

interface Notes {
  readonly triggers: readonly string[];
  readonly about: string | undefined;
  readonly defaults: LoraDefaults;
}

/** The owner's note first, then A1111's and Civitai's beside the file, then the file's own metadata. @throws weights_invalid for the owner's */
function notesOf(modelsDir: string, place: string, lora: LoraFile): Notes {
  const beside = place.replace(/\.safetensors$/, '');
  const { triggers, about, ...own } = ownNote(modelsDir, `${beside}.darkroom.json`);
  const others = strangersNotes(modelsDir, beside);
  return {
    triggers: (triggers ?? others.triggers ?? triggersIn(lora.tensors.metadata)).slice(0, MAX_TRIGGERS),
    about: about ?? others.about ?? lora.tensors.metadata['modelspec.description']?.slice(0, MAX_ABOUT_CHARS),
    defaults: { ...(others.strength === undefined ? {} : { strength: others.strength }), ...own },
  };
}

const MAX_TRIGGERS = 10;
const MAX_ABOUT_CHARS = 300;

function ownNote(modelsDir: string, file: string): z.infer<typeof noteSchema> {
  if (!existsSync(file)) return {};
  const parsed = noteSchema.safeParse(readModelJson(modelsDir, file));
  if (parsed.success) return parsed.data;
  const { path: where, message } = parsed.error.issues[0]!;
  throw new DarkroomError('weights_invalid', `${nameInMessages(modelsDir, file)}: ${where.join('.')}: ${message}`);
}

/** NAME.json as A1111 writes it and NAME.civitai.info; what cannot be read says nothing. */
function strangersNotes(modelsDir: string, beside: string) {
  const note = readOr(modelsDir, `${beside}.json`);
  const info = readOr(modelsDir, `${beside}.civitai.info`);
  const activation = note['activation text'];
  const weight = note['preferred weight'];
  const words = Array.isArray(info.trainedWords) ? info.trainedWords : undefined;
  const triggers = typeof activation === 'string' && activation.trim() !== '' ? listOf(activation) : words;
  return {
    triggers: triggers?.filter((word): word is string => typeof word === 'string').map(plain),
    about: typeof note.description === 'string' && note.description !== '' ? plain(note.description) : undefined,
    strength: typeof weight === 'number' && weight > 0 && weight <= MAX_LORA_STRENGTH ? weight : undefined,
  };
}

function readOr(modelsDir: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return existsSync(file) ? readModelJson(modelsDir, file) : {};
  } catch {
    return {}; // another program's note; the LoRA works without it
  }
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_ABOUT_CHARS);
}

/** What its makers call it by, else the captions that stood under most of its pictures. @source Stability-AI/ModelSpec; kohya-ss/sd-scripts */
function triggersIn(metadata: Readonly<Record<string, string>>): readonly string[] {
  const phrase = metadata['modelspec.trigger_phrase'];
  if (phrase !== undefined && phrase.trim() !== '') return listOf(phrase).map(plain);
  const counts = new Map<string, number>();
  for (const tags of Object.values(parsedOr(metadata.ss_tag_frequency))) {
    if (!isRecord(tags)) continue;
    for (const [tag, count] of Object.entries(tags)) {
      if (typeof count === 'number') counts.set(plain(tag), (counts.get(plain(tag)) ?? 0) + count);
    }
  }
  const most = Math.max(0, ...counts.values());
  const common = [...counts].filter(([, count]) => count >= most * COMMON_SHARE).toSorted((a, b) => b[1] - a[1]);
  return common.map(([tag]) => tag).filter((tag) => tag !== '' && tag.length <= 60);
}

/** Of the most frequent caption's count; a trigger word stands under nearly every picture. */
const COMMON_SHARE = 0.8;

function parsedOr(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = text === undefined ? {} : parseStrictJson(text);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {}; // free text of whoever trained it
  }
}

function versionOf(place: string): string {
  const file = weightsOf(place);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new DarkroomError('model_missing', `${path.basename(file)}: there is no such file any more`);
  return `${stat.size}-${stat.mtimeMs}`;
}

function weightsOf(place: string): string {
  return place.endsWith('.safetensors') ? place : path.join(place, 'adapter_model.safetensors');
}

function load(modelsDir: string, place: string, model: LoraModel): LoadedLora {
  const lora = readLora(modelsDir, place);
  const branches = loadLora(modelsDir, lora, model, FAMILY_NAMES[model.family]);
  const numbers = [branches.unet, ...branches.text].flatMap((one) => [...one.values()]);
  const sizeBytes = 4 * numbers.reduce((sum, { down, up }) => sum + down.length + up.length, 0);
  return { branches, sizeBytes, hash: hashOf(modelsDir, lora) };
}

/** Hexadecimal digits of a LoRA's hash in recipes. */
const HASH_DIGITS = 12;
const PIECE_BYTES = 1 << 22;

/**
 * SHA-256 of everything behind the header, so that notes in the metadata change nothing; where the trainer has written it down, that.
 * @source A1111 extensions-builtin/Lora/network.py (set_hash), modules/hashes.py (addnet_hash_safetensors)
 */
function hashOf(modelsDir: string, { file, tensors }: LoraFile): string {
  const written = tensors.metadata.sshs_model_hash;
  if (written !== undefined && /^[0-9a-f]{12,64}$/i.test(written)) return written.slice(0, HASH_DIGITS).toLowerCase();
  return withModelFile(modelsDir, file, (open) => {
    const hash = createHash('sha256');
    const start = 8 + Number(open.read(0, 8).readBigUInt64LE(0));
    for (let at = start; at < open.sizeBytes; at += PIECE_BYTES) {
      hash.update(open.read(at, Math.min(PIECE_BYTES, open.sizeBytes - at)));
    }
    return hash.digest('hex').slice(0, HASH_DIGITS);
  });
}

function taken(name: string, other: string): DarkroomError {
  return new DarkroomError('weights_invalid', `the name ${name} is taken by ${other}; rename one of the two`);
}

function missing(name: string, known: readonly string[]): never {
  const names = known.slice(0, 10).join(', ') || 'none';
  throw new DarkroomError('model_missing', `LoRA ${JSON.stringify(name)}: not found, known are: ${names}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
