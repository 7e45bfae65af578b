// What stands in the foreground of a picture, white on black: what is opaque, or what is not the plain background around it.
// Deliberately not here: telling things apart on a background that is not plain; that needs a network.
import type { Mask } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';

/** Levels of the most different channel up to which a pixel is background: JPEG's noise and soft shadows pass, a pale thing does not. */
const TOLERANCE = 24;
/** Of the picture's border: with less of one colour there is no plain background to take away. */
const LEAST_BORDER = 0.4;
/** Of all pixels; a thing smaller than that is a speck. */
const LEAST_THING = 0.001;
const OPAQUE = 0.5;

/**
 * u8[h, w, 3] → u8[h, w] of 0 and 255, nothing in between: networks have learned it so.
 * @param alpha f32[h, w] of the same size, 1 where the picture is opaque; null where it has no transparent parts
 * @throws input_image_invalid where nothing stands out
 */
export function silhouetteOf(rgb: ArrayLike<number>, alpha: Mask | null, size: Size): Uint8Array {
  const shape =
    alpha === null ? notBackground(rgb, size) : Uint8Array.from(alpha.data, (part) => (part >= OPAQUE ? 255 : 0));
  let count = 0;
  for (const level of shape) if (level === 255) count += 1;
  if (count < LEAST_THING * shape.length) throw refuse('nothing stands out from its background');
  return shape;
}

/** Flooded from every pixel of the border that has the background's colour. @throws input_image_invalid */
function notBackground(rgb: ArrayLike<number>, size: Size): Uint8Array {
  const border = borderOf(size);
  const colour = [0, 1, 2].map((channel) => middle(border.map((at) => rgb[3 * at + channel]!)));
  const isLike = (at: number) =>
    Math.max(...colour.map((level, channel) => Math.abs(rgb[3 * at + channel]! - level))) <= TOLERANCE;
  const open = border.filter(isLike);
  if (open.length < LEAST_BORDER * border.length) throw refuse('has no plain background');
  const shape = new Uint8Array(size.widthPx * size.heightPx).fill(255);
  for (const at of open) shape[at] = 0;
  flood(shape, open, isLike, size);
  return shape;
}

function flood(shape: Uint8Array, open: number[], isLike: (at: number) => boolean, { widthPx, heightPx }: Size): void {
  const take = (at: number) => {
    if (shape[at] === 0 || !isLike(at)) return;
    shape[at] = 0;
    open.push(at);
  };
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const column = at % widthPx;
    const row = (at - column) / widthPx;
    if (column > 0) take(at - 1);
    if (column < widthPx - 1) take(at + 1);
    if (row > 0) take(at - widthPx);
    if (row < heightPx - 1) take(at + widthPx);
  }
}

/** Indices of the outermost pixels. */
function borderOf({ widthPx, heightPx }: Size): number[] {
  const border: number[] = [];
  for (let at = 0; at < widthPx * heightPx; at++) {
    const column = at % widthPx;
    const row = (at - column) / widthPx;
    if (column === 0 || row === 0 || column === widthPx - 1 || row === heightPx - 1) border.push(at);
  }
  return border;
}

function middle(levels: readonly number[]): number {
  return levels.toSorted((a, b) => a - b)[Math.floor(levels.length / 2)]!;
}

function refuse(problem: string): DarkroomError {
  const expected = 'expected transparent parts or one colour around what is to be followed';
  return new DarkroomError('input_image_invalid', `control picture: ${problem}, ${expected}`, {
    reason: 'silhouette',
  });
}
