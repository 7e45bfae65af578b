// The pictures diffusers made on the tiny folders (make_pipelines.py, make_more_pipelines.py), and our pipeline run on the same
// request.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LatentUpscaler } from '../../src/core/hires.ts';
import type { SamplerName, ScheduleName } from '../../src/core/request.ts';
import type { Answer, Ask, Latents, Pixels } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { modelFacts } from '../../src/diffusion/modelFacts.ts';
import { developPicture, type Picture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { ROOT } from '../../src/root.ts';
import type { OpenModel } from '../../src/runtime/engine.ts';
import type { ModelFolder } from '../../src/weights/modelFolder.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { encodePrompts } from '../../src/worker/promptEncoder.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
export const FAMILIES = path.join(GOLDEN, 'families');
export const FOLDERS = path.join(GOLDEN, 'folders');
export const FAMILY_MODELS = path.join(FAMILIES, 'models');

/** One picture diffusers made. */
export interface GoldenCase {
  /** folder/sampler/name, the key of its arrays. */
  readonly key: string;
  readonly folder: string;
  readonly sampler: SamplerName;
  /** The sampler's own where it is null or absent. */
  readonly schedule?: ScheduleName | null;
  readonly name: string;
  readonly prompt: string;
  readonly negative: string;
  readonly guidance: number;
  readonly steps: number;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly strength: number | null;
  /** guidance_rescale of diffusers; the folders under golden/folders are recorded without. */
  readonly rescale?: number;
  /** As in PictureRequest. */
  readonly clipSkip?: number;
  /** Where SDXL's refiner took the picture over. */
  readonly switchAt?: number | null;
  /** Tensors that a single file holds to say how it was trained. */
  readonly marks?: readonly string[];
}

export const goldenCases = ['pipelines.json', 'more_pipelines.json'].flatMap((name) =>
  readCases(path.join(GOLDEN, name)),
);
export interface DrawingCase extends GoldenCase {
  readonly tile?: boolean;
  readonly hires?: {
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    readonly denoise: number;
    readonly upscaler: LatentUpscaler;
  };
  readonly variation?: { readonly seed: number; readonly strength: number };
  readonly gpu?: boolean;
}

/** Of golden/families: a folder, and single files, which are recorded through the folders they were made from. */
export const familyCases = readCases(path.join(FAMILIES, 'pictures.json'));
/** Of sd2-zsnr with another autoencoder. */
export const tinyCases = readCases(path.join(FAMILIES, 'tiny.json'));
/** Of golden/families/xl, whose models madeModels.ts makes. */
export const xlCases = readCases(path.join(FAMILIES, 'xl/pictures.json'));

/** Ways of drawing: seamless, in two passes, with other noise. */
export const drawingCases = readCases(path.join(GOLDEN, 'drawing_pictures.json')) as readonly DrawingCase[];

function readCases(file: string): readonly GoldenCase[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly GoldenCase[] }).cases;
}

const RECORDS = [
  'pipelines',
  'more_pipelines',
  'families/pictures',
  'families/tiny',
  'families/xl/pictures',
  'drawing_pictures',
].map((name) => path.join(GOLDEN, `${name}.safetensors`));
const records = RECORDS.map((file) => ({ index: openSafetensors(GOLDEN, file), bytes: readFileSync(file) }));

function recorded(name: string): Uint8Array {
  for (const { index, bytes } of records) {
    const tensor = index.get(name);
    if (tensor !== undefined) {
      return Uint8Array.from(bytes.subarray(tensor.offset, tensor.offset + tensor.sizeBytes));
    }
  }
  throw new Error(`golden pictures: nothing recorded under ${name}`);
}

/** f32[c, h, w]. */
export function goldenLatents({ key }: GoldenCase): Float32Array {
  return new Float32Array(recorded(`${key}/latents`).buffer);
}

/** u8[h, w, 3], as diffusers writes them into a PNG. */
export function goldenPixels({ key }: GoldenCase): Uint8Array {
  return recorded(`${key}/pixels`);
}

/** Values 0 … 255 as u8[h, w, 3]. */
export function toBytes({ height, width, data }: Pixels): Uint8Array {
  const plane = height * width;
  return Uint8Array.from({ length: 3 * plane }, (_, i) => {
    const value = data[(i % 3) * plane + Math.floor(i / 3)]!;
    return Math.round((value / 2 + 0.5) * 255);
  });
}

function startPixels({ width, height }: GoldenCase): Pixels {
  const u8 = recorded(`start/${width}x${height}`);
  const plane = height * width;
  const data = Float32Array.from(
    { length: 3 * plane },
    (_, i) => (u8[(i % plane) * 3 + Math.floor(i / plane)]! / 255) * 2 - 1,
  );
  return { height, width, data };
}

export function requestOf(golden: GoldenCase): PictureRequest {
  const { prompt, negative, guidance, steps, seed, sampler, schedule, strength, clipSkip } = golden;
  const size = { widthPx: golden.width, heightPx: golden.height };
  const start = strength === null ? null : { pixels: startPixels(golden), strength };
  return { prompt, negativePrompt: negative, guidance, steps, seed, sampler, schedule, size, start, clipSkip };
}

/** Answers one ask with the networks of an opened folder. */
export async function answerWith(model: OpenModel, folder: ModelFolder, ask: Ask): Promise<Answer> {
  switch (ask.kind) {
    case 'text': {
      const [conditioning] = await encodePrompts(model, folder, [ask.prompt], ask.clipSkip);
      return { kind: 'text', conditioning: conditioning! };
    }
    case 'unet':
      return { kind: 'unet', predictions: await model.unet(ask.rows) };
    case 'encode':
      return { kind: 'encode', ...(await model.encode(ask.pixels, ask.tile)) };
    case 'decode':
      return { kind: 'decode', pixels: (await model.decode([ask.latents], ask.tile))[0]! };
    default:
      throw new Error(`${ask.kind}: not asked by a plain picture`);
  }
}

/** @param rescale overrules the folder's own */
export function develop(
  request: PictureRequest,
  model: OpenModel,
  folder: ModelFolder,
  rescale = folder.guidanceRescale,
): Promise<Picture> {
  const facts = modelFacts(folder.scheduler, folder.vae.config, rescale);
  return drive(developPicture(request, facts), (ask) => answerWith(model, folder, ask));
}

/** Euclidean distance over Euclidean length. */
export function relativeDistance({ data }: Latents, expected: Float32Array): number {
  if (data.length !== expected.length) throw new Error(`${data.length} numbers, expected ${expected.length}`);
  let distance = 0;
  let length = 0;
  for (let i = 0; i < data.length; i++) {
    distance += (data[i]! - expected[i]!) ** 2;
    length += expected[i]! ** 2;
  }
  return Math.sqrt(distance / length);
}

/** Largest difference of any byte, 0 … 255. */
export function worstByte(found: Uint8Array, expected: Uint8Array): number {
  if (found.length !== expected.length) throw new Error(`${found.length} bytes, expected ${expected.length}`);
  return found.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0);
}
