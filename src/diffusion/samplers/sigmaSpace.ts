// What samplers of the sigma kind share: pictures written x0 + sigma · noise, the same pictures divided by alpha.
import { mix, scale } from '../latents.ts';
import { levelOfSigma, type NoiseLevel, positiveAlphasCumprod, trainingSigmas } from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { timestepOfSigma } from '../sigmas.ts';
import type { Sampling, Step } from './sampler.ts';

/** A picture at the first step's level, divided by its alpha. */
export function enterSigmaSpace(noisy: Float32Array, steps: readonly Step[]): Float32Array {
  return scale(1 / (steps[0]?.from.alpha ?? 1), noisy);
}

/** A picture where the last step ends, times its alpha. */
export function leaveSigmaSpace(x: Float32Array, steps: readonly Step[]): Float32Array {
  return scale(steps.at(-1)?.to.alpha ?? 1, x);
}

/** Asks what x0 + sigma · noise is without its noise. */
export function* denoisedAt(x: Float32Array, level: NoiseLevel): Sampling {
  return yield { noisy: scale(level.alpha, x), level };
}

/** The straight way from x at sigma `from` towards the denoised picture, as far as sigma `to`. */
export function towards(x: Float32Array, denoised: Float32Array, from: number, to: number): Float32Array {
  const keep = to / from;
  return mix(keep, x, 1 - keep, denoised);
}

/** Levels between the training timesteps, for looks in the middle of a step; the network is told a fraction. */
export function levelFinder(config: SchedulerConfig): (sigma: number) => NoiseLevel {
  const trained = trainingSigmas(positiveAlphasCumprod(config));
  return (sigma) => levelOfSigma(Math.fround(sigma), Math.fround(timestepOfSigma(sigma, trained)));
}
