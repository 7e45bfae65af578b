// Enlarging a picture: which upscaler, how many times, and what is allowed. What an upscaler computes is src/networks' business.
import { refuse, type Size } from './request.ts';

/** An upscaler network of this installation. */
export interface UpscalerCard {
  /** File name under models/upscalers, without its ending. */
  readonly name: string;
  /** Times larger one pass makes a picture; 1 for those that only clean it. */
  readonly scale: number;
}

/** What a user asks for. */
export interface UpscaleWish {
  /** '' asks for plain Lanczos; absent for this installation's own choice. */
  readonly upscaler?: string;
  /** Times the sides; absent is DEFAULT_SCALE. */
  readonly scale?: number;
  /** Nothing is drawn: the start picture itself is enlarged. */
  readonly only?: boolean;
}

/** In a resolved request: its pictures are enlarged when they are done, or with `only` its start picture. */
export interface Upscale {
  /** Null is Lanczos, without any network. */
  readonly upscaler: string | null;
  readonly scale: number;
  readonly only: boolean;
}

export const DEFAULT_SCALE = 2;
export const MAX_SCALE = 8;
/** Longest side after enlarging, in pixels; a file of 4096x4096 is what most places still take. */
export const MAX_UPSCALED_SIDE_PX = 4096;

/**
 * @param upscalers of this installation; the first one is taken where the wish names none
 * @param size of the picture that is enlarged
 * @throws request_invalid naming what was found and what is allowed
 */
export function resolveUpscale(wish: UpscaleWish, upscalers: readonly UpscalerCard[], size: Size): Upscale {
  const { scale = DEFAULT_SCALE, only = false } = wish;
  if (!(scale >= 1 && scale <= MAX_SCALE)) refuse('scale', scale, `a number from 1 to ${MAX_SCALE}`);
  const { widthPx, heightPx } = upscaledSize(size, scale);
  if (Math.max(widthPx, heightPx) > MAX_UPSCALED_SIDE_PX) {
    refuse('scale', `${scale} of ${size.widthPx}x${size.heightPx}`, `sides of at most ${MAX_UPSCALED_SIDE_PX} px`);
  }
  return Object.freeze({ upscaler: chooseUpscaler(wish.upscaler, upscalers), scale, only });
}

function chooseUpscaler(wished: string | undefined, upscalers: readonly UpscalerCard[]): string | null {
  if (wished === undefined) return upscalers[0]?.name ?? null;
  if (wished === '' || wished.toLowerCase() === LANCZOS) return null;
  const names = [...upscalers.map(({ name }) => name), LANCZOS];
  return (
    upscalers.find(({ name }) => name === wished)?.name ?? refuse('upscaler', wished, `one of ${names.join(', ')}`)
  );
}

/** How people name enlarging without a network. */
export const LANCZOS = 'lanczos';

/** Whole pixels, one at least. */
export function upscaledSize({ widthPx, heightPx }: Size, scale: number): Size {
  return { widthPx: Math.max(1, Math.round(widthPx * scale)), heightPx: Math.max(1, Math.round(heightPx * scale)) };
}
