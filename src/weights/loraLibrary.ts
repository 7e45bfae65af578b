// The LoRAs this installation has: a look at models/loras, headers only, against the headers of every model; then names are keys of what was
// found. The folder may be looked at again at any time. Deliberately not here: what a LoRA says of itself (loraNotes.ts).
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LoraCard } from '../core/lora.ts';
import type { ModelFamily } from '../core/request.ts';
import type { LoraStack } from '../diffusion/loraStack.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { fitLora, fits, type LoraFile, type LoraFit, type LoraTargetModel, loadLora, readLora } from './loraFile.ts';
import type { LoraPart } from './loraNames.ts';
import { companionsOf, knownUse, notesOf, pictureBeside } from './loraNotes.ts';
import { nameInMessages, withModelFile } from './modelFiles.ts';
import { isPickleName } from './modelFolder.ts';

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

/** Modules with a side branch, by the part of the model they belong to. */
export type LoraModules = Readonly<Record<LoraPart, ReadonlySet<string>>>;

export interface LoraLibrary {
  /** Sorted by name; so as the last look at the folder found them. */
  readonly cards: readonly LoraCard[];
  readonly refused: readonly RefusedLora[];
  /** Looks at the folder again; of what has not changed nothing is read. @returns whether anything changed */
  rescan(): boolean;
  /** Layers of a model that one of its LoRAs changes. */
  layersOf(model: string): LoraModules;
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
  return new FolderLibrary(modelsDir, models);
}

/** What one file or folder turned out to be, as long as nothing about it changes. */
interface Found {
  readonly place: string;
  /** Sizes and times of its weights and of what lies beside. */
  readonly stamp: string;
  readonly card?: LoraCard;
  /** By the model's name. */
  readonly layers?: ReadonlyMap<string, LoraModules>;
  readonly reason?: string;
}

class FolderLibrary implements LoraLibrary {
  readonly #modelsDir: string;
  readonly #models: readonly LoraTargetModel[];
  /** By place. */
  #all: ReadonlyMap<string, Found> = new Map();
  #usable: ReadonlyMap<string, Found> = new Map();
  cards: readonly LoraCard[] = [];
  refused: readonly RefusedLora[] = [];

  constructor(modelsDir: string, models: readonly LoraTargetModel[]) {
    this.#modelsDir = modelsDir;
    this.#models = models;
    this.rescan();
  }

  rescan(): boolean {
    const folder = path.join(this.#modelsDir, LORAS_FOLDER);
    const before = this.#all;
    const found = placesIn(folder).flatMap((place) => {
      const stamp = stampOf(place);
      if (stamp === undefined) return [];
      const known = before.get(place);
      return known?.stamp === stamp ? known : this.#look(place, stamp);
    });
    this.#all = new Map(found.map((one) => [one.place, one]));
    const isSame = found.length === before.size && found.every((one) => before.get(one.place) === one);
    if (!isSame) this.#tell(folder, found);
    return !isSame;
  }

  layersOf(model: string): LoraModules {
    const all = [...this.#usable.values()].flatMap(({ layers }) => layers?.get(model) ?? []);
    const of = (part: LoraPart) => new Set(all.flatMap((one) => [...one[part]]));
    return { unet: of('unet'), text: of('text'), text2: of('text2') };
  }

  versionOf(name: string): string {
    return versionOf(this.#placeOf(name));
  }

  load(name: string, model: LoraModel): LoadedLora {
    return load(this.#modelsDir, this.#placeOf(name), model);
  }

  #placeOf(name: string): string {
    return this.#usable.get(name)?.place ?? missing(name, [...this.#usable.keys()]);
  }

  #look(place: string, stamp: string): Found {
    try {
      return { place, stamp, ...cardOf(this.#modelsDir, place, readLora(this.#modelsDir, place), this.#models) };
    } catch (thrown) {
      return { place, stamp, reason: toDarkroomError(thrown, 'weights_invalid').message };
    }
  }

  /** Of two with one name the first by place has it. */
  #tell(folder: string, found: readonly Found[]): void {
    const usable = new Map<string, Found>();
    const refused: RefusedLora[] = [];
    for (const one of found) {
      const other = one.card && usable.get(one.card.name);
      if (one.card !== undefined && other === undefined) usable.set(one.card.name, one);
      const reason = one.reason ?? (other && takenReason(one.card!.name, nameInMessages(this.#modelsDir, other.place)));
      if (reason !== undefined) refused.push({ name: nameInMessages(folder, one.place), reason });
    }
    this.#usable = usable;
    this.cards = [...usable.values()].map(({ card }) => card!).toSorted((a, b) => compare(a.name, b.name));
    this.refused = refused;
  }
}

/** Undefined where the place is gone since the folder was listed. */
function stampOf(place: string): string | undefined {
  if (statSync(place, { throwIfNoEntry: false }) === undefined) return undefined;
  const inside = statSync(place).isDirectory() ? ['adapter_model.safetensors', 'adapter_config.json'] : [];
  const files = [place, ...inside.map((name) => path.join(place, name)), ...companionsOf(place)];
  const stats = files.map((file) => statSync(file, { throwIfNoEntry: false }));
  return stats.map((stat) => (stat === undefined ? '' : `${stat.size}-${stat.mtimeMs}`)).join();
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

function cardOf(
  modelsDir: string,
  place: string,
  lora: LoraFile,
  models: readonly LoraTargetModel[],
): Required<Pick<Found, 'card' | 'layers'>> {
  const tried = models.map((model) => ({ name: model.name, fit: fitLora(lora, model) }));
  const fitted = tried.filter(({ fit }) => fits(fit));
  const [best] = fitted.toSorted((a, b) => a.fit.idle.length - b.fit.idle.length);
  const { triggers, about, defaults } = notesOf(modelsDir, place, lora);
  const idle = best?.fit.idle ?? [];
  const picture = pictureBeside(place);
  const card: LoraCard = {
    name: loraNameOf(place),
    family: lora.family,
    fits: fitted.map(({ name }) => name),
    triggers,
    ...(about === undefined ? {} : { about }),
    defaults: { ...knownUse(place), ...defaults },
    sizeBytes: lora.tensors.sizeBytes,
    hash: identityOf(modelsDir, lora),
    ...(idle.length === 0 ? {} : { idle: idle.slice(0, MAX_IDLE_NAMES) }),
    ...(picture === undefined ? {} : { preview: nameInMessages(modelsDir, picture) }),
  };
  return { card, layers: new Map(fitted.map(({ name, fit }) => [name, modulesOf(fit)])) };
}

function modulesOf({ layers }: LoraFit): LoraModules {
  const of = (part: LoraPart) => new Set(layers.filter(({ from }) => from.part === part).map(({ module }) => module));
  return { unet: of('unet'), text: of('text'), text2: of('text2') };
}

const MAX_IDLE_NAMES = 5;
const MAX_NAME_CHARS = 80;

/** A name people can type in `<lora:…>`: what the notation itself uses becomes `_`. */
export function loraNameOf(place: string): string {
  const base = path.basename(place).replace(/\.safetensors$/, '');
  return base
    .replace(/[^\p{L}\p{N} ._()+-]/gu, '_')
    .trim()
    .slice(0, MAX_NAME_CHARS);
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
  const { merged } = branches;
  const changes = merged === undefined ? [] : [merged.unet, ...merged.text].flatMap((one) => [...one.values()]);
  const sizeBytes =
    4 *
    (numbers.reduce((sum, { down, up }) => sum + down.length + up.length, 0) +
      changes.reduce((sum, { length }) => sum + length, 0));
  return { branches, sizeBytes, hash: hashOf(modelsDir, lora) };
}

/** Bytes of a file that are read beside its header, so that a thousand files are told apart within a second. */
const TOLD_BY_BYTES = 1 << 16;

/** Of the size, the header and the first numbers, which no two trainings share. */
function identityOf(modelsDir: string, { file }: LoraFile): string {
  return withModelFile(modelsDir, file, (open) => {
    const numbersAt = 8 + Number(open.read(0, 8).readBigUInt64LE(0));
    const bytes = open.read(0, Math.min(open.sizeBytes, numbersAt + TOLD_BY_BYTES));
    const hash = createHash('sha256').update(`${open.sizeBytes}\n`).update(bytes);
    return hash.digest('hex').slice(0, HASH_DIGITS);
  });
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

function takenReason(name: string, other: string): string {
  return `the name ${name} is taken by ${other}; rename one of the two`;
}

function missing(name: string, known: readonly string[]): never {
  const names = known.slice(0, 10).join(', ') || 'none';
  throw new DarkroomError('model_missing', `LoRA ${JSON.stringify(name)}: not found, known are: ${names}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
