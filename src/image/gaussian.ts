// Gaussian blur of one plane of numbers, in single precision. Deliberately not by way of the picture library: its blur rounds to 256 levels
// between the axes, and what is made from differences of two blurs would be made of those steps.
import type { Mask } from '../core/pixels.ts';

/**
 * Beyond the edges the plane goes on as it is there.
 * @param plane f32[h, w], in any unit
 * @param reach standard deviations looked at to each side
 */
export function gaussianBlur(plane: Mask, sigmaPx: number, reach: number): Float32Array<ArrayBuffer> {
  const reachPx = Math.trunc(reach * sigmaPx + 0.5);
  if (reachPx === 0) return Float32Array.from(plane.data);
  const kernel = gaussianKernel(sigmaPx, reachPx);
  const { width, height } = plane;
  const across = blurred(plane.data, kernel, height, width, width, 1);
  return blurred(across, kernel, width, height, 1, width);
}

/** 2 · reachPx + 1 weights that add up to 1. */
function gaussianKernel(sigmaPx: number, reachPx: number): Float32Array {
  const weights = Array.from({ length: 2 * reachPx + 1 }, (_, i) =>
    Math.exp(-((i - reachPx) ** 2) / (2 * sigmaPx ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}

/** Along one axis: `lines` of `length` numbers, `stride` apart; each is laid out in a row first, with its ends carried on. */
function blurred(
  data: Float32Array,
  kernel: Float32Array,
  lines: number,
  length: number,
  lineStride: number,
  stride: number,
): Float32Array<ArrayBuffer> {
  const reach = (kernel.length - 1) / 2;
  const row = new Float32Array(length + 2 * reach);
  const out = new Float32Array(data.length);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStride;
    for (let at = 0; at < length; at++) row[at + reach] = data[start + at * stride]!;
    row.fill(row[reach]!, 0, reach);
    row.fill(row[reach + length - 1]!, reach + length);
    for (let at = 0; at < length; at++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * row[at + k]!;
      out[start + at * stride] = sum;
    }
  }
  return out;
}
