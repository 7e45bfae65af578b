// Latents enlarged without leaving them, as torch.nn.functional.interpolate does it (align_corners off).
// @source PyTorch, ATen/native/UpSample.h (area_pixel_compute_source_index, cubic_convolution)
import type { LatentUpscaler } from '../core/hires.ts';
import type { Latents } from './asks.ts';

/** Where one line of the result reads from: indices and what each counts. */
type Taps = readonly (readonly [index: number, weight: number])[];
type TapsOf = (at: number, from: number, scale: number) => Taps;

/** Steepness of the cubic. @source PyTorch takes -0.75, and with antialiasing Pillow's -0.5 */
const CUBIC = -0.75;
const CUBIC_ANTIALIASED = -0.5;

/** @param scale lengths of the source a unit of the result stands for; below 1 where it is enlarged */
const TAPS: Readonly<Record<LatentUpscaler, TapsOf>> = {
  latent: bilinear,
  latent_bicubic: (at, from, scale) => bicubic(at, from, scale, CUBIC, false),
  latent_bicubic_antialiased: (at, from, scale) => bicubic(at, from, scale, CUBIC_ANTIALIASED, true),
  latent_nearest: (at, from, scale) => [[Math.min(Math.floor(at * scale), from - 1), 1]],
  latent_nearest_exact: (at, from, scale) => [[Math.min(Math.floor((at + 0.5) * scale), from - 1), 1]],
};

/** Only for enlarging: made smaller, antialiasing would need wider taps. */
export function resizeLatents(latents: Latents, to: Pick<Latents, 'height' | 'width'>, how: LatentUpscaler): Latents {
  const rows = tapsOf(latents.height, to.height, TAPS[how]);
  const columns = tapsOf(latents.width, to.width, TAPS[how]);
  const { channels, height, width } = latents;
  const wide = new Float32Array(channels * height * to.width);
  for (let i = 0; i < wide.length; i++) {
    const start = Math.floor(i / to.width) * width;
    wide[i] = gather(latents.data, start, 1, columns[i % to.width]!);
  }
  const data = new Float32Array(channels * to.height * to.width);
  for (let i = 0; i < data.length; i++) {
    const [line, column] = [Math.floor(i / to.width), i % to.width];
    const start = Math.floor(line / to.height) * height * to.width + column;
    data[i] = gather(wide, start, to.width, rows[line % to.height]!);
  }
  return { channels, height: to.height, width: to.width, data };
}

function gather(values: Float32Array, start: number, stride: number, taps: Taps): number {
  return taps.reduce((sum, [index, weight]) => sum + weight * values[start + index * stride]!, 0);
}

function tapsOf(from: number, to: number, taps: TapsOf): readonly Taps[] {
  return Array.from({ length: to }, (_, at) => taps(at, from, from / to));
}

function bilinear(at: number, from: number, scale: number): Taps {
  const place = Math.max((at + 0.5) * scale - 0.5, 0);
  const low = Math.min(Math.floor(place), from - 1);
  const high = Math.min(low + 1, from - 1);
  return [
    [low, 1 - (place - low)],
    [high, place - low],
  ];
}

/** Four taps; beyond the edge they read the edge again, or with antialiasing are left out and the others count more. */
function bicubic(at: number, from: number, scale: number, steepness: number, leavesOut: boolean): Taps {
  const place = (at + 0.5) * scale - 0.5;
  const low = Math.floor(place);
  const taps = [-1, 0, 1, 2].map((k) => [low + k, cubic(Math.abs(place - low - k), steepness)] as const);
  if (!leavesOut) return taps.map(([index, weight]) => [Math.min(Math.max(index, 0), from - 1), weight]);
  const inside = taps.filter(([index]) => index >= 0 && index < from);
  const whole = inside.reduce((sum, [, weight]) => sum + weight, 0);
  return inside.map(([index, weight]) => [index, weight / whole]);
}

/** Keys' kernel. @param x distance, at most 2 */
function cubic(x: number, a: number): number {
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}
