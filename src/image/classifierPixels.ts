// A picture as a classifier sees it: square, bilinear between the nearest four pixels of the 8-bit picture, corners on corners.
// Deliberately not smoothed before, however large the picture: the classifier was published with this resizing, and scores must be its own.
// @source tfjs 4.22 backend_cpu kernels/ResizeBilinear (alignCorners); nsfwjs 4.3.0 infer
import type { Pixels } from '../core/pixels.ts';
import { toRgb } from './encode.ts';

/** 0 … 255 → 0 … 1 in single precision. */
const SHARES = Float32Array.from({ length: 256 }, (_, level) => level / 255);

/** f32[3,h,w] → f32[3,side,side] in 0 … 1, from the colours a viewer of the picture file sees. */
export function classifierPixels(pixels: Pixels, sidePx: number): Float32Array {
  const [rows, columns] = [tapsOf(pixels.height, sidePx), tapsOf(pixels.width, sidePx)];
  const { near, down, across } = coloursNear(pixels, rows.places, columns.places);
  const stride = 3 * near.width;
  const made = new Float32Array(3 * sidePx * sidePx);
  for (let y = 0; y < sidePx; y++) {
    const [above, below] = [stride * down[2 * y]!, stride * down[2 * y + 1]!];
    for (let x = 0; x < sidePx; x++) {
      const [left, right, share] = [3 * across[2 * x]!, 3 * across[2 * x + 1]!, columns.shares[x]!];
      for (let channel = 0; channel < 3; channel++) {
        const [from, until] = [left + channel, right + channel];
        const top = between(near.rgb[above + from]!, near.rgb[above + until]!, share);
        const bottom = between(near.rgb[below + from]!, near.rgb[below + until]!, share);
        made[(channel * sidePx + y) * sidePx + x] = top + (bottom - top) * rows.shares[y]!;
      }
    }
  }
  return made;
}

/** Only what is looked at becomes 8-bit colours: all of a small picture, a few rows and columns of a large one. */
function coloursNear(pixels: Pixels, rows: Int32Array, columns: Int32Array) {
  const isSmall = pixels.height * pixels.width <= rows.length * columns.length;
  const looked = isSmall ? pixels : picked(pixels, rows, columns);
  const near = { width: looked.width, rgb: toRgb(looked) };
  return isSmall ? { near, down: rows, across: columns } : { near, down: counted(rows), across: counted(columns) };
}

function counted(places: Int32Array): Int32Array {
  return places.map((_, at) => at);
}

function between(left: number, right: number, share: number): number {
  const from = SHARES[left]!;
  return from + (SHARES[right]! - from) * share;
}

interface Taps {
  /** Two for every place of the result: the one before and the one after. */
  readonly places: Int32Array;
  /** How much the one after counts. */
  readonly shares: Float64Array;
}

function tapsOf(length: number, side: number): Taps {
  const ratio = (length - 1) / (side - 1);
  const places = new Int32Array(2 * side);
  const shares = new Float64Array(side);
  for (let at = 0; at < side; at++) {
    const place = ratio * at;
    const before = Math.floor(place);
    places[2 * at] = before;
    places[2 * at + 1] = Math.min(length - 1, Math.ceil(place));
    shares[at] = place - before;
  }
  return { places, shares };
}

/** Some rows and columns of a picture, in this order, repeated where they are named twice. */
function picked({ height, width, data: from }: Pixels, rows: Int32Array, columns: Int32Array): Pixels {
  const data = new Float32Array(3 * rows.length * columns.length);
  let at = 0;
  for (let channel = 0; channel < 3; channel++) {
    for (const row of rows) {
      const start = (channel * height + row) * width;
      for (const column of columns) data[at++] = from[start + column]!;
    }
  }
  return { height: rows.length, width: columns.length, data };
}
