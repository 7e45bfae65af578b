// Arithmetic on whole pictures f32[c, h, w]: linear combinations, clamping, the forward process.
import type { NoiseLevel } from './noiseSchedule.ts';

/** a · x + b · y, element by element; rounded once. */
export function mix(a: number, x: Float32Array, b: number, y: Float32Array): Float32Array {
  const out = new Float32Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = a * x[i]! + b * y[i]!;
  return out;
}

export function scale(a: number, x: Float32Array): Float32Array {
  return x.map((value) => a * value);
}

/** Held inside ± range; null is no limit. */
export function clamp(x: Float32Array, range: number | null): Float32Array {
  return range === null ? x : x.map((value) => Math.min(Math.max(value, -range), range));
}

/** The forward process q(x_t | x_0). @source arXiv:2006.11239, equation 4 */
export function addNoise(clean: Float32Array, noise: Float32Array, level: NoiseLevel): Float32Array {
  return mix(level.alpha, clean, level.sigma, noise);
}

/** The noise in a noisy picture whose denoised version is known. */
export function noiseIn(noisy: Float32Array, denoised: Float32Array, level: NoiseLevel): Float32Array {
  return mix(1 / level.sigma, noisy, -level.alpha / level.sigma, denoised);
}
