// The models this installation has: one scan of the models folder, then names are keys of what the scan found, never paths.
import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ModelCard } from '../core/request.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { AUTOENCODERS_FOLDER } from './autoencoderPart.ts';
import { SAFETY_FOLDER } from './classifier.ts';
import { isRecord, nameInMessages } from './modelFiles.ts';
import {
  isPickleName,
  type ModelFolder,
  type ModelLayout,
  type Part,
  readModelLayout,
  withTokenizer,
} from './modelFolder.ts';
import { UPSCALERS_FOLDER } from './upscalers.ts';

/** Folders beside the models for what changes a model and is none by itself. */
const RESERVED = new Set([
  'loras',
  'embeddings',
  'controlnets',
  'wildcards',
  AUTOENCODERS_FOLDER,
  UPSCALERS_FOLDER,
  SAFETY_FOLDER,
]);

export interface RefusedModel {
  /** File or folder name under the models folder. */
  readonly name: string;
  /** What it is or what is wrong with it, and what to do. */
  readonly reason: string;
}

export interface ModelRegistry {
  /** Sorted by name. */
  readonly cards: readonly ModelCard[];
  /** Model → its weight files, relative to the models folder, with slashes; those it shares with others are not among them. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly refused: readonly RefusedModel[];
  /** The models' headers, for what is tried on them. */
  readonly layouts: readonly ModelLayout[];
  /** Reads the folder again, tokenizer included, so that files replaced since the scan are noticed. @throws model_missing, weights_invalid */
  open(name: string): ModelFolder;
}

/** @throws config_invalid when there is no such folder; whatever is wrong inside it becomes `refused` */
export function scanModels(modelsDir: string): ModelRegistry {
  const root = realModelsDir(modelsDir);
  const found = new Map<string, ModelLayout>();
  const refused: RefusedModel[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true }).toSorted((a, b) => compare(a.name, b.name))) {
    try {
      const layout = readEntry(root, entry);
      if (layout !== undefined) addModel(found, layout);
    } catch (thrown) {
      refused.push({ name: entry.name, reason: toDarkroomError(thrown, 'weights_invalid').message });
    }
  }
  refused.push(...takeThoseWithoutRefiner(found));
  const cards = [...found.values()].map((layout) => layout.card).toSorted((a, b) => compare(a.name, b.name));
  const files = new Map([...found.values()].map((layout) => [layout.name, filesOf(root, layout)]));
  return { cards, refused, files, layouts: [...found.values()], open: (name) => openModel(root, found, name) };
}

/** Every picture of theirs would fail near its end; so their owner is told now. */
function takeThoseWithoutRefiner(found: Map<string, ModelLayout>): readonly RefusedModel[] {
  const lost = [...found.values()].filter(({ refiner }) => refiner !== undefined && !found.has(refiner.model));
  for (const { name } of lost) found.delete(name);
  return lost.map(({ name, path: place, refiner }) => {
    const known = [...found.keys()].join(', ') || 'none';
    const reason = `${name}: its hints name the refiner ${refiner!.model}, which is not there; known are: ${known}`;
    return { name: path.basename(place), reason };
  });
}

/** Weight files beside the models: LoRAs, embeddings, autoencoders and the like; relative to the models folder, with slashes. */
export function extraFiles(modelsDir: string): readonly string[] {
  return [...RESERVED].flatMap((folder) => weightsUnder(modelsDir, folder)).toSorted();
}

function weightsUnder(modelsDir: string, folder: string): readonly string[] {
  const place = path.join(modelsDir, folder);
  if (!existsSync(place)) return [];
  const entries = readdirSync(place, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.safetensors'));
  return files.map((entry) => nameInMessages(modelsDir, path.join(entry.parentPath, entry.name)));
}

/** Every part that has weights, whichever parts its family has. */
function filesOf(root: string, layout: ModelLayout): readonly string[] {
  const parts = Object.values(layout).filter((value): value is Part => isRecord(value) && isIndex(value.tensors));
  const files = new Set(parts.flatMap(({ tensors }) => [...tensors.names()].map((name) => tensors.get(name)!.file)));
  const names = [...files].map((file) => nameInMessages(root, file));
  return names.filter((name) => !RESERVED.has(name.split('/')[0]!)).toSorted();
}

function isIndex(value: unknown): boolean {
  return isRecord(value) && typeof value.names === 'function';
}

function realModelsDir(modelsDir: string): string {
  try {
    return realpathSync(modelsDir);
  } catch (cause) {
    throw new DarkroomError('config_invalid', 'models folder: there is no such folder', {}, { cause });
  }
}

/** Undefined for what concerns nobody: hidden files, reserved folders, notes. */
function readEntry(root: string, entry: Dirent): ModelLayout | undefined {
  const file = path.join(root, entry.name);
  if (entry.name.startsWith('.') || RESERVED.has(entry.name)) return undefined;
  const isModel =
    statSync(file, { throwIfNoEntry: false })?.isDirectory() ||
    entry.name.endsWith('.safetensors') ||
    isPickleName(entry.name);
  return isModel ? readModelLayout(root, file) : undefined;
}

function addModel(found: Map<string, ModelLayout>, layout: ModelLayout): void {
  const other = found.get(layout.name);
  if (other !== undefined) {
    const folder = path.basename(other.path);
    throw new DarkroomError(
      'weights_invalid',
      `${path.basename(layout.path)}: the name ${layout.name} is taken by ${folder}`,
    );
  }
  found.set(layout.name, layout);
}

function openModel(root: string, found: ReadonlyMap<string, ModelLayout>, name: string): ModelFolder {
  const layout = found.get(name);
  if (layout === undefined) {
    const known = [...found.keys()].join(', ') || 'none';
    throw new DarkroomError('model_missing', `model ${JSON.stringify(name)}: not found, known are: ${known}`);
  }
  return withTokenizer(root, readModelLayout(root, layout.path));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
