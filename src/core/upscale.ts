// Enlarging a picture: which upscaler, how many times, and what is allowed. What an upscaler computes is src/networks' business.
import { refuse } from './refusal.ts';
import type { Size } from './request.ts';

/** An upscaler network of this installation. */
export interface UpscalerCard {
  /** File name under models/upscalers, without its ending. */
  readonly name: string;
  /** Times larger one pass makes a picture; 1 for those that only clean it. */
  readonly scale: number;
}

/** What a user asks for. */
export interface UpscaleWish {
  /** `lanczos` asks for no network; absent for this installation's first that enlarges. */
  readonly upscaler?: string;
  /** Times the sides; absent is DEFAULT_SCALE. */
  readonly scale?: number;
  /** Size of the start picture where that is what is enlarged, and nothing is drawn. */
  readonly from?: Size;
}

/** In a resolved request. */
export interface Upscale {
  /** Null is Lanczos, without any network. */
  readonly upscaler: string | null;
  readonly scale: number;
  /** Null: what is drawn is enlarged. Else nothing is drawn, and the start picture, of about this size, is. */
  readonly from: Size | null;
}

export const DEFAULT_SCALE = 2;
export const MAX_SCALE = 8;
/** Longest side after enlarging, in pixels; a file of 4096x4096 is what most places still take. */
export const MAX_UPSCALED_SIDE_PX = 4096;

/**
 * @param upscalers of this installation
 * @param size of the picture that is enlarged
 * @throws request_invalid naming what was found and what is allowed
 */
export function resolveUpscale(wish: UpscaleWish, upscalers: readonly UpscalerCard[], size: Size): Upscale {
  const { scale = DEFAULT_SCALE, from = null } = wish;
  if (!(scale >= 1 && scale <= MAX_SCALE)) refuse('scale', scale, { kind: 'within', low: 1, high: MAX_SCALE });
  checkUpscaledSize(size, scale);
  return Object.freeze({ upscaler: chooseUpscaler(wish.upscaler, upscalers), scale, from });
}

/** @throws request_invalid with the largest scale that the picture may have */
export function checkUpscaledSize(size: Size, scale: number): void {
  const longest = Math.max(size.widthPx, size.heightPx);
  if (Math.round(longest * scale) <= MAX_UPSCALED_SIDE_PX) return;
  refuse('scale', scale, { kind: 'within', low: 1, high: Math.floor((100 * MAX_UPSCALED_SIDE_PX) / longest) / 100 });
}

function chooseUpscaler(wished: string | undefined, upscalers: readonly UpscalerCard[]): string | null {
  // One that only cleans is nobody's first choice for making pictures larger.
  if (wished === undefined) return (upscalers.find(({ scale }) => scale > 1) ?? upscalers[0])?.name ?? null;
  if (wished.toLowerCase() === LANCZOS) return null;
  const names = [...upscalers.map(({ name }) => name), LANCZOS];
  return upscalers.find(({ name }) => name === wished)?.name ?? refuse('upscaler', wished, { kind: 'names', names });
}

/** How people name enlarging without a network. */
export const LANCZOS = 'lanczos';

/** Whole pixels, one at least. */
export function upscaledSize({ widthPx, heightPx }: Size, scale: number): Size {
  return { widthPx: Math.max(1, Math.round(widthPx * scale)), heightPx: Math.max(1, Math.round(heightPx * scale)) };
}
