// Drawing small and then large: the first picture is enlarged, noised a little and drawn on at the larger size, so that a network trained
// at one size composes well at another. What is enlarged, and how, is named here and done in src/diffusion.
// @source AUTOMATIC1111 stable-diffusion-webui, "Hires. fix"
import { refuse } from './refusal.ts';
import type { ModelCard, RequestLimits, Size } from './request.ts';
import { longestSide, type SizeCard } from './size.ts';
import { LANCZOS, type UpscalerCard } from './upscale.ts';

/** Ways of enlarging latents, without leaving them; the others enlarge pixels and go through the autoencoder. */
export const LATENT_UPSCALERS = [
  'latent',
  'latent_bicubic',
  'latent_bicubic_antialiased',
  'latent_nearest',
  'latent_nearest_exact',
] as const;
export type LatentUpscaler = (typeof LATENT_UPSCALERS)[number];

/** What a user asks for. */
export interface HiresWish {
  /** Times the sides; absent is 2. */
  readonly scale?: number;
  /** Steps of the second pass; absent or 0 is as many as the first has. */
  readonly steps?: number;
  /** 0 … 1, how much is drawn anew. */
  readonly denoise?: number;
  /** One of LATENT_UPSCALERS, `lanczos`, or an upscaler network of this installation. */
  readonly upscaler?: string;
}

/** In a resolved request. */
export interface Hires {
  readonly scale: number;
  readonly steps: number;
  readonly denoise: number;
  readonly upscaler: string;
  /** Of the finished picture: sides rounded down to what the model can make. */
  readonly size: Size;
}

const DEFAULT_SCALE = 2;
/** @source AUTOMATIC1111's user interface */
const DEFAULT_DENOISE = 0.7;
/** Latents that are enlarged and hardly drawn anew stay blurred. */
const DEFAULT_UPSCALER = 'latent';
const MIN_SCALE = 1;
const MAX_SCALE = 4;
/** The whole plan has steps / denoise steps; below this it would have more than a model has. */
const MIN_DENOISE = 0.05;

/**
 * @param size of the first pass. @param steps of the first pass.
 * @throws request_invalid; a picture that would become too large is told the largest scale
 */
export function resolveHires(
  { scale = DEFAULT_SCALE, denoise = DEFAULT_DENOISE, upscaler, ...wish }: HiresWish,
  first: { readonly size: Size; readonly steps: number },
  { card, limits, upscalers }: HiresBounds,
): Hires {
  const longest = Math.max(first.size.widthPx, first.size.heightPx);
  const highest = Math.min(MAX_SCALE, Math.floor((100 * longestSide(card, limits)) / longest) / 100);
  if (!(scale >= MIN_SCALE && scale <= highest))
    refuse('hires', scale, { kind: 'within', low: MIN_SCALE, high: highest });
  if (!(denoise >= MIN_DENOISE && denoise <= 1)) {
    refuse('hires denoise', denoise, { kind: 'within', low: MIN_DENOISE, high: 1 });
  }
  const steps = wish.steps === undefined || wish.steps === 0 ? first.steps : wish.steps;
  if (!Number.isInteger(steps) || steps < 1 || steps > limits.maxSteps) {
    refuse('hires steps', steps, { kind: 'whole', low: 1, high: limits.maxSteps });
  }
  const names = [...LATENT_UPSCALERS, LANCZOS, ...upscalers.map(({ name }) => name)];
  const wished = upscaler ?? DEFAULT_UPSCALER;
  const name = names.find((known) => known === wished) ?? names.find((known) => known === latentName(wished));
  if (name === undefined) refuse('hires upscaler', wished, { kind: 'names', names });
  const size = hiresSize(first.size, scale, card);
  checkSize(size, first.size, scale, card);
  return Object.freeze({ scale, steps, denoise, upscaler: name, size: Object.freeze(size) });
}

export interface HiresBounds {
  readonly card: SizeCard;
  readonly limits: RequestLimits;
  readonly upscalers: readonly UpscalerCard[];
}

function latentName(wished: string): string {
  return wished.toLowerCase().replaceAll('-', '_');
}

/** Sides are rounded down, so a scale near 1 may change nothing. */
function checkSize(size: Size, from: Size, scale: number, { sizeStepPx }: Pick<ModelCard, 'sizeStepPx'>): void {
  if (size.widthPx > from.widthPx || size.heightPx > from.heightPx || scale === 1) return;
  refuse('hires', scale, `enough for ${sizeStepPx} px more on a side`);
}

function hiresSize({ widthPx, heightPx }: Size, scale: number, { sizeStepPx }: Pick<ModelCard, 'sizeStepPx'>): Size {
  // A scale told in two decimals may fall a hair short of a whole side.
  const side = (px: number) => Math.floor((px * scale + 1e-6) / sizeStepPx) * sizeStepPx;
  return { widthPx: side(widthPx), heightPx: side(heightPx) };
}

export function isLatentUpscaler(name: string): name is LatentUpscaler {
  return (LATENT_UPSCALERS as readonly string[]).includes(name);
}
