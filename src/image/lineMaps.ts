// Lines of a picture as ControlNets read them, white on black: soft edges where it changes, scribbles along the strongest of them, and the
// lines themselves of a picture that is a drawing of lines already. Deliberately not here: Canny's edges (canny.ts).
import type { Mask } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { gaussianBlur } from './gaussian.ts';

/** Widths in pixels are given for pictures of this many on the shorter side, the size these maps are looked at in. */
const USUAL_SHORT_PX = 512;
/** Standard deviations after which a Gaussian is nothing in 256 levels. */
const BLUR_REACH = 4;

function scaleOf({ widthPx, heightPx }: Size): number {
  return Math.min(widthPx, heightPx) / USUAL_SHORT_PX;
}

/** Standard deviation before the gradient is taken: what is finer is no edge of a thing. */
const EDGE_BLUR_PX = 3;
/** The part of all pixels that may be brighter than white in a map of soft edges. */
const WHITE_PART = 0.01;
/** Levels a pixel below which the strongest edges of a picture are not made white: a plain wall has none. */
const FAINTEST_EDGE = 8;

/** Length of the gradient of the smoothed picture, white where it is strongest. u8[h, w, 3] → u8[h, w] */
export function softEdges(rgb: ArrayLike<number>, size: Size): Uint8Array {
  const strengths = edgeStrengths(rgb, size);
  const white = whiteOf(strengths);
  return Uint8Array.from(strengths, (strength) => Math.min(255, Math.round((255 * strength) / white)));
}

/** Edges of this part of the strongest, within these levels over two pixels, are drawn with the pen. */
const SCRIBBLED = { part: 1 / 4, atLeast: 6, atMost: 20 } as const;

/**
 * Thick lines of one brightness along what changes. u8[h, w, 3] → u8[h, w]
 * Deliberately not the usual difference of Gaussians: it wants every channel darker than around, and a red apple on white is not.
 */
export function scribblesOf(rgb: ArrayLike<number>, size: Size): Uint8Array {
  const strengths = edgeStrengths(rgb, size);
  const threshold = Math.min(SCRIBBLED.atMost, Math.max(SCRIBBLED.atLeast, SCRIBBLED.part * whiteOf(strengths)));
  return Uint8Array.from(strengths, (strength) => (strength >= threshold ? 255 : 0));
}

function whiteOf(strengths: Float32Array): number {
  const sorted = Float32Array.from(strengths).sort();
  return Math.max(sorted[Math.floor((1 - WHITE_PART) * (sorted.length - 1))]!, FAINTEST_EDGE);
}

/** Of the strongest channel, in levels over two pixels. */
export function edgeStrengths(rgb: ArrayLike<number>, size: Size): Float32Array {
  const strengths = new Float32Array(size.widthPx * size.heightPx);
  for (let channel = 0; channel < 3; channel++) {
    const plane = channelOf(rgb, channel, size);
    addStrengths(strengths, gaussianBlur(plane, EDGE_BLUR_PX * scaleOf(size), BLUR_REACH), size);
  }
  return strengths;
}

/** Sobel's differences; beyond the edges the plane goes on as it is there. */
function addStrengths(strengths: Float32Array, plane: Float32Array, { widthPx, heightPx }: Size): void {
  for (let row = 0; row < heightPx; row++) {
    const [above, below] = [Math.max(0, row - 1) * widthPx, Math.min(heightPx - 1, row + 1) * widthPx];
    const own = row * widthPx;
    for (let column = 0; column < widthPx; column++) {
      const [left, right] = [Math.max(0, column - 1), Math.min(widthPx - 1, column + 1)];
      const rising = plane[above + right]! - plane[above + left]! + plane[below + right]! - plane[below + left]!;
      const falling = plane[below + left]! - plane[above + left]! + plane[below + right]! - plane[above + right]!;
      const x = rising + 2 * (plane[own + right]! - plane[own + left]!);
      const y = falling + 2 * (plane[below + column]! - plane[above + column]!);
      const strength = Math.sqrt(x * x + y * y) / 4;
      if (strength > strengths[own + column]!) strengths[own + column] = strength;
    }
  }
}

function channelOf(rgb: ArrayLike<number>, channel: number, { widthPx: width, heightPx: height }: Size): Mask {
  const data = new Float32Array(width * height);
  for (let at = 0; at < data.length; at++) data[at] = rgb[3 * at + channel]!;
  return { width, height, data };
}

/** Levels between the channels of one pixel up to which it is grey, and the part of all pixels that may be coloured. */
const GREY = { mostApart: 24, coloured: 0.02 } as const;
/** Paper is within this many levels of black or white, ink farther from the paper than the second. */
const PAPER = { mostOff: 24, inkFrom: 96 } as const;
/** Of all pixels: fewer are specks, more is a picture with dark parts. */
const INK_PART = { least: 0.001, most: 0.35 } as const;
/** Of the ink: pixels with ink all around, within a 64th of the shorter side; more of them are areas. */
const AREAS = { most: 0.03, reach: 1 / 64 } as const;
/** Pixels that are neither, as many as the ink has and some more: lines have soft borders, photographs have shades. */
const SHADES = { perInk: 1.5, more: 0.01 } as const;

/**
 * The ink of a drawing of thin lines, u8[h, w], 255 where it is darkest or lightest; null for any other picture.
 * @param shades whether lines may be soft all over, as those of edge detectors are
 */
export function drawnLines(rgb: ArrayLike<number>, size: Size, shades: 'few' | 'any'): Uint8Array | null {
  const levels = greyLevels(rgb, size);
  const paper = levels === null ? null : paperOf(levels);
  if (levels === null || paper === null) return null;
  const ink = levels.map((level) => (paper === 'white' ? 255 - level : level));
  const count = ink.length;
  const inked = partOf(ink, (level) => level > PAPER.inkFrom);
  const shaded = partOf(ink, (level) => level > PAPER.mostOff && level <= PAPER.inkFrom);
  const isLines = inked >= INK_PART.least && inked <= INK_PART.most && areasIn(ink, size) <= AREAS.most * inked * count;
  const isSharp = shades === 'any' || shaded <= SHADES.perInk * inked + SHADES.more;
  return isLines && isSharp ? ink : null;
}

function partOf(levels: Uint8Array, isIt: (level: number) => boolean): number {
  let count = 0;
  for (const level of levels) if (isIt(level)) count += 1;
  return count / levels.length;
}

function greyLevels(rgb: ArrayLike<number>, { widthPx, heightPx }: Size): Uint8Array | null {
  const levels = new Uint8Array(widthPx * heightPx);
  let coloured = 0;
  for (let at = 0; at < levels.length; at++) {
    const [red, green, blue] = [rgb[3 * at]!, rgb[3 * at + 1]!, rgb[3 * at + 2]!];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > GREY.mostApart) coloured += 1;
    levels[at] = Math.round((red + green + blue) / 3);
  }
  return coloured <= GREY.coloured * levels.length ? levels : null;
}

/** What most of the picture is. */
function paperOf(levels: Uint8Array): 'black' | 'white' | null {
  const black = partOf(levels, (level) => level <= PAPER.mostOff);
  const white = partOf(levels, (level) => level >= 255 - PAPER.mostOff);
  if (black > 0.5) return 'black';
  return white > 0.5 ? 'white' : null;
}

/** Pixels with ink in the whole square around them; sums over squares are taken from a table of sums. */
function areasIn(ink: Uint8Array, { widthPx, heightPx }: Size): number {
  const reach = Math.max(2, Math.round(AREAS.reach * Math.min(widthPx, heightPx)));
  const stride = widthPx + 1;
  const sums = new Uint32Array(stride * (heightPx + 1));
  for (let at = 0; at < ink.length; at++) {
    const place = (Math.floor(at / widthPx) + 1) * stride + (at % widthPx) + 1;
    const isInk = Number(ink[at]! > PAPER.inkFrom);
    sums[place] = isInk + sums[place - 1]! + sums[place - stride]! - sums[place - stride - 1]!;
  }
  const side = 2 * reach + 1;
  let count = 0;
  for (let row = 0; row + side <= heightPx; row++) {
    for (let column = 0; column + side <= widthPx; column++) {
      const [upper, lower] = [row * stride + column, (row + side) * stride + column];
      if (sums[lower + side]! - sums[lower]! - sums[upper + side]! + sums[upper]! === side * side) count += 1;
    }
  }
  return count;
}
