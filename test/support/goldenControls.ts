// The pictures diffusers painted with ControlNets and T2I-Adapters (test/golden/controls/make_controls.py, make_repainted.py), and the requests
// that ask ours for the same.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Pixels } from '../../src/diffusion/asks.ts';
import type { PictureControl } from '../../src/diffusion/controls.ts';
import { repaintOf } from '../../src/diffusion/inpainting.ts';
import type { PictureRequest } from '../../src/diffusion/pipeline.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import type { GoldenCase } from './goldenPipelines.ts';
import { CONTROLS } from './madeControls.ts';

export interface ControlCase extends GoldenCase {
  readonly controls: readonly { readonly network: string; readonly strength: number }[];
  readonly from: number;
  readonly to: number;
  readonly guess: boolean;
  readonly lora: string | null;
}

/** Where controls meet masks, start pictures and LoRAs. */
export interface RepaintedCase extends ControlCase {
  readonly mask: 'soft' | 'hard' | null;
  /** What is followed is the map of kind inpaint. */
  readonly hole: boolean;
}

function casesOf<T>(name: string): readonly T[] {
  return (JSON.parse(readFileSync(path.join(CONTROLS, name), 'utf8')) as { readonly cases: readonly T[] }).cases;
}

export const controlCases = casesOf<ControlCase>('pictures.json');
export const repaintedCases = casesOf<RepaintedCase>('repainted.json');

const RECORDS = ['pictures', 'features', 'repainted'].map((name) => {
  const file = path.join(CONTROLS, `${name}.safetensors`);
  return { index: openSafetensors(CONTROLS, file), bytes: readFileSync(file) };
});

function recorded(name: string): { readonly shape: readonly number[]; readonly bytes: Uint8Array } {
  for (const { index, bytes } of RECORDS) {
    const tensor = index.get(name);
    if (tensor === undefined) continue;
    const { offset, sizeBytes, shape } = tensor;
    return { shape, bytes: Uint8Array.from(bytes.subarray(offset, offset + sizeBytes)) };
  }
  throw new Error(`golden controls: nothing recorded under ${name}`);
}

/** f32[c, h, w] with its lengths. */
export function recordedNumbers(name: string): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const { shape, bytes } = recorded(name);
  return { shape, data: new Float32Array(bytes.buffer as ArrayBuffer) };
}

export function controlledLatents({ key }: GoldenCase): Float32Array {
  return recordedNumbers(`${key}/latents`).data;
}

export function controlledPixels({ key }: GoldenCase): Uint8Array {
  return recorded(`${key}/pixels`).bytes;
}

/** u8[h, w, 3] → f32[3, h, w] in -1 … 1. */
export function recordedPixels(name: string): Pixels {
  const { shape, bytes } = recorded(name);
  const [height, width] = shape as [number, number];
  const plane = height * width;
  const data = Float32Array.from(
    { length: 3 * plane },
    (_, i) => (bytes[(i % plane) * 3 + Math.floor(i / plane)]! / 255) * 2 - 1,
  );
  return { height, width, data };
}

export const goldenMap = recordedPixels('map/96x64');

/** @param settingOf what else belongs to a network */
export function controlledRequest(
  golden: ControlCase,
  settingOf: (network: string) => Pick<PictureControl, 'network' | 'isPooled'>,
): PictureRequest {
  const { prompt, negative, guidance, steps, seed, sampler, strength } = golden;
  return {
    prompt,
    negativePrompt: negative,
    guidance,
    steps,
    seed,
    sampler,
    size: { widthPx: golden.width, heightPx: golden.height },
    start: strength === null ? null : { pixels: recordedPixels('start/96x64'), strength },
    controls: golden.controls.map(({ network, strength: weight }) => ({
      name: network,
      ...settingOf(network),
      strength: weight,
      start: golden.from,
      end: golden.to,
      guess: golden.guess,
      map: goldenMap,
    })),
  };
}

/** f32[3, h, w] in shares of 0 … 1, -1 where it is repainted → pixels of -1 … 1, -3 there. */
export const goldenHole: Pixels = {
  height: 64,
  width: 96,
  data: recordedNumbers('hole/96x64').data.map((share) => 2 * share - 1),
};

/** As `controlledRequest`, under the mask. */
export function repaintedRequest(
  golden: RepaintedCase,
  settingOf: Parameters<typeof controlledRequest>[1],
): PictureRequest {
  const request = controlledRequest(golden, settingOf);
  const controls = request.controls!.map((control) => (golden.hole ? { ...control, map: goldenHole } : control));
  if (request.start == null || golden.mask === null) return { ...request, controls };
  const { bytes } = recorded(`mask/${golden.mask}/96x64`);
  const mask = { height: 64, width: 96, data: Float32Array.from(bytes, (level) => level / 255) };
  const { pixels } = request.start;
  return { ...request, controls, start: { ...request.start, pixels, repaint: repaintOf(pixels, mask) } };
}
