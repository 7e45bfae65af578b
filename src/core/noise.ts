// What the noise of a picture is made from besides its seed: whose random numbers, a second seed to lean towards, and what a batch does with both.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/rng.py and processing.py (names, order and meaning)
import { refuse } from './refusal.ts';
import type { Size } from './request.ts';

/** Whose generator a seed belongs to: torch's on the processor, or on a graphics card, which AUTOMATIC1111 draws from. */
export const NOISE_SOURCES = ['cpu', 'gpu'] as const;
export type NoiseSourceName = (typeof NOISE_SOURCES)[number];

/** What a user asks for. */
export interface VariationWish {
  /** Absent for any. */
  readonly seed?: number;
  /** 0 … 1; how far the noise goes from the seed's towards the variation seed's. */
  readonly strength: number;
  /** Size at which the seed made the picture this one is to resemble. */
  readonly resizeFrom?: Size;
}

/** In a resolved request. */
export interface Variation {
  readonly seed: number;
  readonly strength: number;
  readonly resizeFrom: Size | null;
}

/** Seeds are 0 … 2^32 - 1. */
const SEEDS = 2 ** 32;

/** Longest side of `resizeFrom`, in pixels: its noise is drawn whole, whatever the picture's own size. */
const MAX_RESIZE_SIDE_PX = 4096;

/** @param anySeed taken where the wish names none. @throws request_invalid */
export function resolveVariation({ strength, resizeFrom, ...wish }: VariationWish, anySeed: () => number): Variation {
  const seed = wish.seed ?? anySeed();
  if (!(strength >= 0 && strength <= 1)) refuse('variation', strength, { kind: 'within', low: 0, high: 1 });
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEEDS) {
    refuse('variation seed', seed, { kind: 'whole', low: 0, high: SEEDS - 1 });
  }
  for (const sidePx of resizeFrom === undefined ? [] : [resizeFrom.widthPx, resizeFrom.heightPx]) {
    if (sidePx < 1 || sidePx > MAX_RESIZE_SIDE_PX) {
      refuse('variation size', sidePx, { kind: 'whole', low: 1, high: MAX_RESIZE_SIDE_PX });
    }
  }
  return Object.freeze({ seed, strength, resizeFrom: resizeFrom ?? null });
}

/** "5:0.2" is variation seed 5 at strength 0.2, "0.2" any seed. Undefined for anything else. */
export function parseVariation(text: string): VariationWish | undefined {
  const [, seed, strength] = /^(?:(\d{1,10}):)?(\d{1,2}(?:\.\d{1,6})?|\.\d{1,6})$/.exec(text.trim()) ?? [];
  if (strength === undefined) return undefined;
  return { strength: Number(strength), ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

interface Seeded {
  readonly seed: number;
  readonly variation?: Variation | null | undefined;
}

/**
 * The request of picture k alone, so that it can be made again alone: seeds count up from picture to picture, but pictures that vary one
 * seed keep it, and their variation seeds count up.
 */
export function requestOfImage<T extends Seeded>(request: T, imageIndex: number): T {
  const { seed, variation } = request;
  if (variation == null || variation.strength === 0) return { ...request, seed: (seed + imageIndex) % SEEDS };
  return { ...request, variation: { ...variation, seed: (variation.seed + imageIndex) % SEEDS } };
}
