// What a LoRA says of itself: the words that call what it learned, how it should be used, what it looks like. From its file's metadata and from
// the notes and pictures that its owner and other programs leave beside it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type LoraDefaults, MAX_LORA_STRENGTH } from '../core/lora.ts';
import { DEFAULT_LIMITS, SAMPLERS, SCHEDULES } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import type { LoraFile } from './loraFile.ts';
import { isRecord, nameInMessages, readModelJson } from './modelFiles.ts';
import { parseStrictJson } from './strictJson.ts';

/** Endings of everything that is looked for beside a LoRA, in the order it counts. */
const NOTES = ['.darkroom.json', '.json', '.civitai.info'] as const;
/** As A1111, Civitai's tools and this program's own people name the picture that shows what a LoRA does. */
const PICTURES = ['.preview', ''].flatMap((infix) => ['png', 'webp', 'jpg', 'jpeg'].map((kind) => `${infix}.${kind}`));

/** Absolute paths of what may lie beside a LoRA and changes what is told of it. */
export function companionsOf(place: string): readonly string[] {
  return [...NOTES, ...PICTURES].map((ending) => besideOf(place) + ending);
}

/** Absolute path of the picture beside a LoRA. */
export function pictureBeside(place: string): string | undefined {
  return PICTURES.map((ending) => besideOf(place) + ending).find((file) => existsSync(file));
}

function besideOf(place: string): string {
  return place.replace(/\.safetensors$/, '');
}

/**
 * LoRAs that replace the model's own number of steps need their sampler; told by how their makers call them.
 * Their makers publish some under one and the same file name, so that then the folder's counts.
 * @param place absolute path
 * @source the cards of latent-consistency/lcm-lora-*, ByteDance/SDXL-Lightning, ByteDance/Hyper-SD, h1t/TCD-SDXL-LoRA and tianweiy/DMD2
 */
export function knownUse(place: string): LoraDefaults {
  const base = path.basename(besideOf(place));
  const name = base === 'pytorch_lora_weights' ? path.basename(path.dirname(place)) : base;
  const steps = Number(/(\d{1,2})[-_ ]?steps?/i.exec(name)?.[1] ?? Number.NaN);
  const counted = steps >= 1 && steps <= 16 ? { steps } : {};
  if (/(^|[-_ ])tcd/i.test(name)) return { sampler: 'tcd', steps: 4, guidance: 1, ...counted };
  if (/dmd2/i.test(name)) return { sampler: 'lcm', steps: 4, guidance: 1, ...counted };
  if (/lcm/i.test(name)) return { sampler: 'lcm', steps: 6, guidance: 1.5, ...counted };
  if (/lightning/i.test(name)) return { sampler: 'euler', schedule: 'trailing', steps: 4, guidance: 1, ...counted };
  if (/hyper-?sd/i.test(name)) {
    const isOneStep = steps === 1;
    const guidance = /cfg/i.test(name) ? 5 : 1;
    return { sampler: isOneStep ? 'tcd' : 'ddim', schedule: 'trailing', steps: 8, guidance, ...counted };
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

export interface LoraNotes {
  readonly triggers: readonly string[];
  readonly about: string | undefined;
  readonly defaults: LoraDefaults;
}

/** The owner's note first, then A1111's and Civitai's beside the file, then the file's own metadata. @throws weights_invalid for the owner's */
export function notesOf(modelsDir: string, place: string, lora: LoraFile): LoraNotes {
  const beside = besideOf(place);
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
