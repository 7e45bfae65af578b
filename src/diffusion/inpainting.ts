// Repainting a part of a picture: the mask over the latents, what of the source is held while the rest is sampled, and what an inpainting
// network is shown. Deliberately not here: reading masks from files, and pasting untouched pixels back (src/image).
import type { Mask } from '../core/pixels.ts';
import type { Latents, Pixels } from './asks.ts';
import { addNoise } from './latents.ts';
import type { NoiseLevel } from './noiseSchedule.ts';
import type { DenoiseAsk } from './samplers/sampler.ts';

/** What of a start picture is repainted. */
export interface Repaint {
  readonly mask: Mask;
  /** The start picture, grey (0) where it is repainted; one object for all pictures of a request, so that it is encoded once. */
  readonly masked: Pixels;
}

/** The mask of a picture that is repainted everywhere. */
export function allOf({ height, width }: Pixels): Mask {
  return { height, width, data: new Float32Array(height * width).fill(1) };
}

/** A pixel counts as repainted from here on; networks and latents know only yes and no. @source diffusers VaeImageProcessor.binarize */
const REPAINTED = 0.5;

/** @source diffusers StableDiffusionInpaintPipeline.__call__: init_image · (mask < 0.5) */
export function repaintOf({ height, width, data }: Pixels, mask: Mask): Repaint {
  const plane = height * width;
  return { mask, masked: { height, width, data: data.map((value, i) => (isRepainted(mask, i % plane) ? 0 : value)) } };
}

function isRepainted({ data }: Mask, at: number): boolean {
  return data[at]! >= REPAINTED;
}

/**
 * f32[h, w] over the latents, 0 or 1: each cell goes by its first pixel, as diffusers samples masks. Where every stroke of a thin mask falls
 * between those, a cell goes by any of its pixels.
 * @source diffusers StableDiffusionInpaintPipeline.prepare_mask_latents (interpolate, nearest)
 */
export function latentMask(mask: Mask, { height, width }: Pick<Latents, 'height' | 'width'>): Float32Array {
  const cell = mask.height / height;
  const sampled = new Float32Array(height * width);
  for (let at = 0; at < sampled.length; at++) {
    const first = Math.floor(at / width) * cell * mask.width + (at % width) * cell;
    sampled[at] = Number(isRepainted(mask, first));
  }
  return sampled.includes(1) ? sampled : touchedCells(mask, sampled, width, cell);
}

function touchedCells(mask: Mask, cells: Float32Array, width: number, cell: number): Float32Array {
  for (let at = 0; at < mask.data.length; at++) {
    if (!isRepainted(mask, at)) continue;
    const [row, column] = [Math.floor(at / mask.width), at % mask.width];
    cells[Math.floor(row / cell) * width + Math.floor(column / cell)] = 1;
  }
  return cells;
}

/** The source's latents, held outside the mask while the inside is sampled. */
export interface Kept {
  /** f32[c, h, w] without noise, and the noise the picture began with. */
  readonly clean: Float32Array;
  readonly noise: Float32Array;
  /** f32[h, w], 1 inside the mask. */
  readonly cells: Float32Array;
}

/** f32[c, h, w]: `inside` where the mask is, `outside` elsewhere. */
export function blend({ cells }: Pick<Kept, 'cells'>, inside: Float32Array, outside: Float32Array): Float32Array {
  return inside.map((value, i) => (cells[i % cells.length] === 1 ? value : outside[i]!));
}

/**
 * A sampler's ask as the network is to see it: outside the mask the source at that level of noise, whatever the sampler made of it. Samplers
 * work number by number, so this is the same as putting the source back after every step.
 * @source diffusers StableDiffusionInpaintPipeline.__call__, the blending of init_latents_proper
 */
export function withSource(ask: DenoiseAsk, kept: Kept): DenoiseAsk {
  return { ...ask, noisy: blend(kept, ask.noisy, sourceAt(ask.level, kept)) };
}

function sourceAt(level: NoiseLevel, { clean, noise }: Kept): Float32Array {
  return addNoise(clean, noise, level);
}

/** What a network of 9 input channels sees beside the noisy latents: the mask, then the masked picture's latents. */
export function maskAndPicture(cells: Float32Array, { channels, height, width, data }: Latents): Latents {
  const both = new Float32Array(cells.length + data.length);
  both.set(cells);
  both.set(data, cells.length);
  return { channels: channels + 1, height, width, data: both };
}
