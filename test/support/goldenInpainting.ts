// The pictures diffusers repainted, edited and cropped (test/golden/inpainting/make_inpainting.py), and the requests that ask ours for the same.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Mask } from '../../src/core/pixels.ts';
import type { Size } from '../../src/core/request.ts';
import type { Pixels } from '../../src/diffusion/asks.ts';
import { repaintOf } from '../../src/diffusion/inpainting.ts';
import type { PictureRequest } from '../../src/diffusion/pipeline.ts';
import { ROOT } from '../../src/root.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import type { GoldenCase } from './goldenPipelines.ts';

export const INPAINTING = path.join(ROOT, 'test/golden/inpainting');
export const INPAINTING_MODELS = path.join(INPAINTING, 'models');

export interface InpaintingCase extends GoldenCase {
  readonly strength: number;
  /** Null for pictures that are edited everywhere. */
  readonly mask: 'soft' | 'hard' | null;
  readonly imageGuidance?: number;
  /** Whether its pixels were recorded too. */
  readonly isPixels: boolean;
}

/** A mask in a larger picture, and the region around it that was worked on: left, top, right, bottom. */
export interface OnlyMaskedCase extends Omit<InpaintingCase, 'mask' | 'isPixels' | 'key'> {
  readonly padding: number;
  readonly region: readonly [number, number, number, number];
}

const records = ['pictures', 'xl/pictures'].map((name) => {
  const file = path.join(INPAINTING, `${name}.safetensors`);
  return { index: openSafetensors(INPAINTING, file), bytes: readFileSync(file) };
});
const listed = JSON.parse(readFileSync(path.join(INPAINTING, 'pictures.json'), 'utf8')) as {
  readonly cases: readonly InpaintingCase[];
  readonly onlyMasked: readonly OnlyMaskedCase[];
};

export const inpaintingCases = listed.cases;
export const onlyMaskedCases = listed.onlyMasked;

/** Of golden/inpainting/xl, whose models madeModels.ts makes. */
export const xlInpaintingCases = (
  JSON.parse(readFileSync(path.join(INPAINTING, 'xl/pictures.json'), 'utf8')) as {
    readonly cases: readonly InpaintingCase[];
  }
).cases;

export interface Recorded {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export function recordedArray(name: string): Recorded {
  for (const { index, bytes } of records) {
    const tensor = index.get(name);
    if (tensor === undefined) continue;
    const recorded = bytes.subarray(tensor.offset, tensor.offset + tensor.sizeBytes);
    return { shape: tensor.shape, bytes: Uint8Array.from(recorded) };
  }
  throw new Error(`golden inpainting: nothing recorded under ${name}`);
}

/** f32[c, h, w]. */
export function repaintedLatents({ key }: InpaintingCase): Float32Array {
  return new Float32Array(recordedArray(`${key}/latents`).bytes.buffer as ArrayBuffer);
}

/** u8[h, w, 3] → f32[3, h, w] in -1 … 1. */
export function pixelsOf({ shape, bytes: u8 }: Recorded): Pixels {
  const [height, width] = shape as [number, number];
  const plane = height * width;
  const data = Float32Array.from(
    { length: 3 * plane },
    (_, i) => 2 * Math.fround(u8[3 * (i % plane) + Math.floor(i / plane)]! / 255) - 1,
  );
  return { height, width, data };
}

/** u8[h, w] → 0 … 1. */
export function maskOf({ shape, bytes: u8 }: Recorded): Mask {
  const [height, width] = shape as [number, number];
  return { height, width, data: Float32Array.from(u8, (level) => level / 255) };
}

export function repaintRequest(golden: InpaintingCase): PictureRequest {
  const { prompt, negative, guidance, imageGuidance, steps, seed, sampler, strength } = golden;
  const size: Size = { widthPx: golden.width, heightPx: golden.height };
  const at = `${golden.width}x${golden.height}`;
  const pixels = pixelsOf(recordedArray(`start/${at}`));
  const mask = golden.mask === null ? undefined : maskOf(recordedArray(`mask/${golden.mask}/${at}`));
  const repaint = mask === undefined ? undefined : repaintOf(pixels, mask);
  const start = { pixels, strength, repaint };
  return { prompt, negativePrompt: negative, guidance, imageGuidance, steps, seed, sampler, size, start };
}
