// How a picture is drawn, beyond words, size and sampler: whose noise, a second seed, a second pass at a larger size, seamless edges.
// Each has its own rules (noise, hires); here they are fields of a request, resolved together and turned back into a draft.
import { type Hires, type HiresBounds, type HiresWish, resolveHires } from './hires.ts';
import { NOISE_SOURCES, type NoiseSourceName, resolveVariation, type Variation, type VariationWish } from './noise.ts';
import { refuse } from './refusal.ts';
import type { Size } from './request.ts';

/** What a user says; everything may be missing. */
export interface DrawingWish {
  /** Absent is `cpu`. */
  readonly noiseSource?: NoiseSourceName;
  /** Added to the seed for the noise of ancestral steps, as a web UI may be set up to do. */
  readonly noiseSeedDelta?: number;
  readonly variation?: VariationWish;
  readonly hires?: HiresWish;
  /** Whether the edges fit together, so that the picture repeats without a seam. */
  readonly tile?: boolean;
}

/** In a resolved request; null, as absent, is none of it. */
export interface Drawing {
  readonly noiseSource?: NoiseSourceName | null | undefined;
  readonly noiseSeedDelta?: number | null | undefined;
  readonly variation?: Variation | null | undefined;
  readonly hires?: Hires | null | undefined;
  readonly tile?: boolean | null | undefined;
}

/** What the rest of the request decided, as far as it matters here. */
export interface Drawn {
  readonly size: Size;
  readonly steps: number;
  readonly hasStart: boolean;
}

/** A web UI's setting goes this far. @source AUTOMATIC1111, "Eta noise seed delta": any integer; people use 31337 */
const MAX_DELTA = 2 ** 31;

/**
 * Only what is asked for appears, so that other requests stay as they were.
 * @param anySeed for a variation that names no seed
 * @throws request_invalid
 */
export function resolveDrawing(wish: DrawingWish, drawn: Drawn, bounds: HiresBounds, anySeed: () => number): Drawing {
  const { noiseSource, noiseSeedDelta = 0, variation, hires, tile } = wish;
  if (noiseSource !== undefined && !NOISE_SOURCES.includes(noiseSource)) {
    refuse('rng', noiseSource, { kind: 'names', names: NOISE_SOURCES });
  }
  if (!Number.isInteger(noiseSeedDelta) || Math.abs(noiseSeedDelta) > MAX_DELTA) {
    refuse('ensd', noiseSeedDelta, { kind: 'whole', low: -MAX_DELTA, high: MAX_DELTA });
  }
  if (hires !== undefined && drawn.hasStart)
    refuse('hires', hires.scale ?? 'a second pass', 'no start picture with it');
  return {
    ...(noiseSource === undefined || noiseSource === 'cpu' ? {} : { noiseSource }),
    ...(noiseSeedDelta === 0 ? {} : { noiseSeedDelta }),
    ...(variation === undefined ? {} : { variation: resolveVariation(variation, anySeed) }),
    ...(hires === undefined ? {} : { hires: resolveHires(hires, drawn, bounds) }),
    ...(tile === true ? { tile } : {}),
  };
}

/** What resolves to the same again. */
export function wishOf({ noiseSource, noiseSeedDelta, variation, hires, tile }: Drawing): DrawingWish {
  return {
    ...(noiseSource == null ? {} : { noiseSource }),
    ...(noiseSeedDelta == null ? {} : { noiseSeedDelta }),
    ...(variation == null ? {} : { variation: wishOfVariation(variation) }),
    ...(hires == null ? {} : { hires: wishOfHires(hires) }),
    ...(tile === true ? { tile } : {}),
  };
}

function wishOfVariation({ seed, strength, resizeFrom }: Variation): VariationWish {
  return { seed, strength, ...(resizeFrom === null ? {} : { resizeFrom }) };
}

function wishOfHires({ scale, steps, denoise, upscaler }: Hires): HiresWish {
  return { scale, steps, denoise, upscaler };
}

/** The size of the finished picture, before any upscaling. */
export function drawnSize({ size, hires }: Drawing & { readonly size: Size }): Size {
  return hires?.size ?? size;
}
