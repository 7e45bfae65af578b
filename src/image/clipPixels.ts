// A picture as CLIP's image encoder sees it: the shorter side scaled to the crop, the middle cut out, colours normalised. The scaling is
// Pillow's, to the bit: what was published with it is compared with thresholds of three digits.
// @source transformers CLIPImageProcessor; Pillow src/libImaging/Resample.c (bicubic, 8 bits a channel, fixed point)
import type { Pixels } from '../core/pixels.ts';
import { toRgb } from './encode.ts';

export interface ClipPreparation {
  /** The shorter side after scaling, in pixels. */
  readonly shorterPx: number;
  /** Rows and columns of what is cut out; no more than `shorterPx`. */
  readonly cropPx: number;
  /** Of every colour, 0 … 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** f32[3,h,w] → f32[3,crop,crop]. */
export function clipPixels(pixels: Pixels, { shorterPx, cropPx, mean, std }: ClipPreparation): Float32Array {
  const { height, width } = pixels;
  const long = Math.floor((shorterPx * Math.max(height, width)) / Math.min(height, width));
  const [tall, wide] = width <= height ? [long, shorterPx] : [shorterPx, long];
  const across = resampled(toRgb(pixels), { rows: height, columns: width }, wide);
  const scaled = turned(resampled(turned(across, height, wide), { rows: wide, columns: height }, tall), wide, tall);
  const [top, left] = [Math.floor((tall - cropPx) / 2), Math.floor((wide - cropPx) / 2)];
  const made = new Float32Array(3 * cropPx * cropPx);
  for (let at = 0; at < made.length; at++) {
    const channel = Math.floor(at / cropPx ** 2);
    const [y, x] = [top + (Math.floor(at / cropPx) % cropPx), left + (at % cropPx)];
    made[at] = (scaled[3 * (y * wide + x) + channel]! / 255 - mean[channel]!) / std[channel]!;
  }
  return made;
}

interface Extent {
  readonly rows: number;
  readonly columns: number;
}

/** Bits behind the point of a weight. */
const PRECISION = 2 ** 22;
/** Lobes of the kernel, and its shape. */
const SUPPORT = 2;
const A = -0.5;

/** u8[rows,columns,3] → u8[rows,wide,3]; the same array where nothing changes. */
function resampled(rgb: Uint8ClampedArray, { rows, columns }: Extent, wide: number): Uint8ClampedArray {
  if (columns === wide) return rgb;
  const made = new Uint8ClampedArray(3 * rows * wide);
  for (const [x, { from, weights }] of tapsOf(columns, wide).entries()) {
    for (let row = 0; row < rows; row++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = PRECISION / 2;
        const start = 3 * (row * columns + from) + channel;
        for (let tap = 0; tap < weights.length; tap++) sum += rgb[start + 3 * tap]! * weights[tap]!;
        made[3 * (row * wide + x) + channel] = Math.floor(sum / PRECISION);
      }
    }
  }
  return made;
}

interface Taps {
  readonly from: number;
  /** Whole numbers. */
  readonly weights: readonly number[];
}

/** For every place of the result: where it takes from, and how much of each. */
function tapsOf(length: number, wide: number): readonly Taps[] {
  const scale = length / wide;
  const spread = Math.max(1, scale);
  return Array.from({ length: wide }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - SUPPORT * spread + 0.5));
    const until = Math.min(length, Math.trunc(centre + SUPPORT * spread + 0.5));
    const shares = Array.from({ length: until - from }, (_, tap) => bicubic((tap + from - centre + 0.5) / spread));
    const sum = shares.reduce((total, share) => total + share, 0);
    return { from, weights: shares.map((share) => roundedAway((share / sum) * PRECISION)) };
  });
}

function bicubic(at: number): number {
  const x = Math.abs(at);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}

/** Halves away from zero, as C's cast behind half a unit has it. */
function roundedAway(value: number): number {
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
}

/** Rows become columns. */
function turned(rgb: Uint8ClampedArray, rows: number, columns: number): Uint8ClampedArray {
  const made = new Uint8ClampedArray(rgb.length);
  for (let at = 0; at < rows * columns; at++) {
    const [row, column] = [Math.floor(at / columns), at % columns];
    for (let channel = 0; channel < 3; channel++) made[3 * (column * rows + row) + channel] = rgb[3 * at + channel]!;
  }
  return made;
}
