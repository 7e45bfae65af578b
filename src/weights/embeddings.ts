// Textual inversion embeddings under models/embeddings: learned vectors that stand for a word of a prompt, in the file formats of AUTOMATIC1111,
// diffusers and SDXL trainers. What a file is gets told from its tensors.
// @source Gal et al. 2022 (textual inversion); diffusers loaders/textual_inversion.py; A1111 modules/textual_inversion/textual_inversion.py
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { nameInMessages } from './modelFiles.ts';
import { isPickleName } from './modelFolder.ts';
import { kindOfTensors, unsupported } from './modelKinds.ts';
import { openSafetensors, pickleError, type SafetensorsFile } from './safetensors.ts';
import { readNumbers } from './tensorNumbers.ts';
import type { TensorRange } from './tensors.ts';

/** Folder under models/. */
export const EMBEDDINGS_FOLDER = 'embeddings';

export interface EmbeddingCard {
  /** File name without its ending; people write it in prompts. */
  readonly name: string;
  /** The file's name, and the word it was learned under where the file says one. */
  readonly words: readonly string[];
  /** Tokens it takes in a prompt. */
  readonly vectors: number;
  /** Numbers in a vector, one length for each of the text encoders it was made for. */
  readonly widths: readonly number[];
  /** The kind of model it was made for, as messages name it. */
  readonly family: string;
}

/** The vectors for one text encoder, one after another. */
export interface EmbeddingVectors {
  readonly width: number;
  readonly data: Float32Array;
}

export interface EmbeddingRegistry {
  /** Sorted by name. */
  readonly cards: readonly EmbeddingCard[];
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  /** For each of the text encoders it was made for. @throws model_missing, weights_invalid */
  read(name: string): readonly EmbeddingVectors[];
}

/** An installation without any. */
export const NO_EMBEDDINGS: EmbeddingRegistry = {
  cards: [],
  refused: [],
  read: (name) => {
    throw new DarkroomError('model_missing', `embedding ${JSON.stringify(name)}: this installation has none`);
  },
};

/** None where there is no such folder; what is wrong with a file becomes `refused`. */
export function scanEmbeddings(modelsDir: string): EmbeddingRegistry {
  const folder = path.join(modelsDir, EMBEDDINGS_FOLDER);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return NO_EMBEDDINGS;
  const found = new Map<string, Embedding>();
  const refused: { name: string; reason: string }[] = [];
  for (const name of namesIn(folder)) {
    try {
      const embedding = readEmbedding(modelsDir, path.join(folder, name));
      if (found.has(embedding.card.name)) throw taken(`${EMBEDDINGS_FOLDER}/${name}`, embedding.card.name);
      found.set(embedding.card.name, embedding);
    } catch (thrown) {
      refused.push({
        name: `${EMBEDDINGS_FOLDER}/${name}`,
        reason: toDarkroomError(thrown, 'weights_invalid').message,
      });
    }
  }
  const cards = [...found.values()].map(({ card }) => card).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { cards, refused, read: (name) => readVectors(modelsDir, found.get(name), name) };
}

/** Files of subfolders count too; people sort them. */
function namesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => !path.basename(name).startsWith('.') && (name.endsWith(ENDING) || isPickleName(name)))
    .toSorted();
}

const ENDING = '.safetensors';

function taken(source: string, name: string): DarkroomError {
  return new DarkroomError('weights_invalid', `${source}: the name ${name} is taken by another embedding`);
}

interface Embedding {
  readonly card: EmbeddingCard;
  /** One for each text encoder: f32[k, d] or f32[d]. */
  readonly tensors: readonly TensorRange[];
}

/** @throws model_missing, weights_invalid, model_unsupported; the message names the file */
function readEmbedding(modelsDir: string, file: string): Embedding {
  if (isPickleName(file)) throw pickleError(nameInMessages(modelsDir, file));
  const whole = openSafetensors(modelsDir, file);
  const { tensors, learned } = tensorsOf(whole);
  const name = path.basename(file, ENDING);
  const [vectors, ...others] = tensors.map(({ shape }) => (shape.length === 1 ? 1 : shape[0]!));
  if (others.some((count) => count !== vectors)) {
    throw new DarkroomError(
      'weights_invalid',
      `${whole.source}: has ${vectors} and ${others} vectors, expected as many`,
    );
  }
  const widths = tensors.map(({ shape }) => shape.at(-1)!);
  const words = learned === null || learned === name ? [name] : [name, learned];
  return { card: { name, words, vectors: vectors!, widths, family: familyOfWidths(widths) }, tensors };
}

/** The learned tensors in the order of SDXL's text encoders, and the word diffusers keeps them under. */
function tensorsOf(file: SafetensorsFile): { tensors: readonly TensorRange[]; learned: string | null } {
  const names = [...file.names()];
  const get = (name: string) => checked(file.get(name)!, file.source);
  if (names.includes('emb_params')) return { tensors: [get('emb_params')], learned: null };
  const xl = ['clip_l', 'clip_g'].filter((name) => names.includes(name));
  if (xl.length > 0) return { tensors: xl.map(get), learned: null };
  const [only] = names;
  if (names.length === 1 && isVectors(file.get(only!)!)) return { tensors: [get(only!)], learned: only! };
  throw unsupported(file.source, kindOfTensors(file));
}

/** More is no text encoder known, and would only take memory. */
const MOST = { vectors: 1024, width: 8192 };

function isVectors({ shape }: TensorRange): boolean {
  const [rows, width] = shape.length === 1 ? [1, shape[0]!] : [shape[0] ?? 0, shape[1] ?? 0];
  return shape.length <= 2 && rows >= 1 && rows <= MOST.vectors && width >= 1 && width <= MOST.width;
}

function checked(tensor: TensorRange, source: string): TensorRange {
  if (isVectors(tensor)) return tensor;
  const found = `${tensor.name} has shape [${tensor.shape}]`;
  throw new DarkroomError('weights_invalid', `${source}: ${found}, expected [vectors, width]`, { source });
}

/** Widths of the published text encoders. */
const FAMILIES: Readonly<Record<string, string>> = {
  '768': 'Stable Diffusion 1.x',
  '1024': 'Stable Diffusion 2.x',
  '768,1280': 'SDXL',
  '1280': "SDXL's refiner",
};

/** How messages name the kind of model whose text encoders are so wide. */
export function familyOfWidths(widths: readonly number[]): string {
  const wide = `${widths.join(' and ')} wide`;
  const family = FAMILIES[String(widths)];
  return family === undefined ? wide : `${family}, ${wide}`;
}

function readVectors(modelsDir: string, embedding: Embedding | undefined, name: string): readonly EmbeddingVectors[] {
  if (embedding === undefined) {
    throw new DarkroomError('model_missing', `embedding ${JSON.stringify(name)}: not found since the last look`);
  }
  return embedding.tensors.map((tensor) => ({ width: tensor.shape.at(-1)!, data: readNumbers(modelsDir, tensor) }));
}
