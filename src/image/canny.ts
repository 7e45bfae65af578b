// Canny's edges, to the bit as OpenCV finds them: gradients of the strongest channel, thinned to ridges, and of those the strong ones with
// all that hangs together with them. Like OpenCV's it does not smooth the picture first.
// @source Canny, A Computational Approach to Edge Detection, 1986; OpenCV, modules/imgproc/src/canny.cpp (which numbers are rounded how)
import type { Size } from '../core/request.ts';

export interface CannyThresholds {
  /** Sums of the gradient's two parts, of up to 2,040: a ridge of more than `high` is an edge, one of more than `low` beside an edge too. */
  readonly low: number;
  readonly high: number;
}

/** What ControlNets for edges were trained with. @source diffusers and AUTOMATIC1111's ControlNet extension take the same */
export const USUAL_THRESHOLDS: CannyThresholds = { low: 100, high: 200 };

/** Of a pixel that is a ridge; 0 is none. */
const MAYBE = 1;
const EDGE = 2;

/** u8[h, w, 3] → u8[h, w]: 255 on edges, else 0 */
export function cannyEdges(rgb: ArrayLike<number>, size: Size, thresholds = USUAL_THRESHOLDS): Uint8Array {
  const ridges = ridgesOf(gradientsOf(rgb, size), size, thresholds);
  followEdges(ridges, size);
  return ridges.map((kind) => (kind === EDGE ? 255 : 0));
}

/** With one empty pixel around, so that every pixel has neighbours: i16[h + 2, w + 2] each. */
interface Gradients {
  readonly x: Int16Array;
  readonly y: Int16Array;
  /** |x| + |y|, of the channel where it is largest; the first of equals. */
  readonly size: Int32Array;
}

/** Sobel's differences over 3x3 pixels; beyond the edges the picture goes on as it is there. */
function gradientsOf(rgb: ArrayLike<number>, { widthPx, heightPx }: Size): Gradients {
  const stride = widthPx + 2;
  const length = stride * (heightPx + 2);
  const gradients = { x: new Int16Array(length), y: new Int16Array(length), size: new Int32Array(length) };
  for (let row = 0; row < heightPx; row++) {
    const above = Math.max(0, row - 1) * widthPx;
    const own = row * widthPx;
    const below = Math.min(heightPx - 1, row + 1) * widthPx;
    for (let column = 0; column < widthPx; column++) {
      const left = Math.max(0, column - 1);
      const right = Math.min(widthPx - 1, column + 1);
      const at = (row + 1) * stride + column + 1;
      gradients.size[at] = -1;
      for (let channel = 0; channel < 3; channel++) {
        const level = (line: number, place: number) => rgb[3 * (line + place) + channel]!;
        const [aboveLeft, aboveRight] = [level(above, left), level(above, right)];
        const [belowLeft, belowRight] = [level(below, left), level(below, right)];
        const x = aboveRight - aboveLeft + 2 * (level(own, right) - level(own, left)) + belowRight - belowLeft;
        const y = belowLeft - aboveLeft + 2 * (level(below, column) - level(above, column)) + belowRight - aboveRight;
        const sum = Math.abs(x) + Math.abs(y);
        if (sum <= gradients.size[at]!) continue;
        gradients.x[at] = x;
        gradients.y[at] = y;
        gradients.size[at] = sum;
      }
    }
  }
  return gradients;
}

/** tan 22.5° in 15 binary digits; with it a direction is told without dividing. @source OpenCV, canny.cpp, TG22 */
const TAN_SHIFT = 15;
const TAN_22 = Math.trunc((Math.SQRT2 - 1) * 2 ** TAN_SHIFT + 0.5);

/** Non-maximum suppression: what is not larger than its neighbours across the edge is none. */
function ridgesOf({ x, y, size }: Gradients, { widthPx, heightPx }: Size, { low, high }: CannyThresholds): Uint8Array {
  const stride = widthPx + 2;
  const ridges = new Uint8Array(widthPx * heightPx);
  for (let row = 0; row < heightPx; row++) {
    for (let column = 0; column < widthPx; column++) {
      const at = (row + 1) * stride + column + 1;
      const own = size[at]!;
      if (own <= low) continue;
      const across = acrossEdge(x[at]!, y[at]!, stride);
      // A ridge of two equal pixels is its first; on a slant neither of them is one.
      const isRidge =
        own > size[at - across.step]! &&
        (across.isSlanted ? own > size[at + across.step]! : own >= size[at + across.step]!);
      if (isRidge) ridges[row * widthPx + column] = own > high ? EDGE : MAYBE;
    }
  }
  return ridges;
}

interface Across {
  /** From a pixel to its neighbour across the edge. */
  readonly step: number;
  readonly isSlanted: boolean;
}

/** One of four directions, the nearest to that of the gradient. */
function acrossEdge(x: number, y: number, stride: number): Across {
  const tall = Math.abs(y) * 2 ** TAN_SHIFT;
  const flat = Math.abs(x) * TAN_22;
  if (tall < flat) return { step: 1, isSlanted: false };
  // tan 67.5° is tan 22.5° and 2.
  if (tall > flat + Math.abs(x) * 2 ** (TAN_SHIFT + 1)) return { step: stride, isSlanted: false };
  return { step: (x ^ y) < 0 ? stride - 1 : stride + 1, isSlanted: true };
}

/** Hysteresis: every ridge that touches an edge, also by a corner, is one. */
function followEdges(ridges: Uint8Array, { widthPx, heightPx }: Size): void {
  const open: number[] = [];
  for (let at = 0; at < ridges.length; at++) if (ridges[at] === EDGE) open.push(at);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const column = at % widthPx;
    const row = (at - column) / widthPx;
    for (let y = Math.max(0, row - 1); y <= Math.min(heightPx - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(widthPx - 1, column + 1); x++) {
        const near = y * widthPx + x;
        if (ridges[near] !== MAYBE) continue;
        ridges[near] = EDGE;
        open.push(near);
      }
    }
  }
}
