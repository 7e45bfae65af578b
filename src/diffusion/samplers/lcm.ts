// Latent consistency models: every look jumps to the clean picture, which is noised again for the next. Luo et al., arXiv:2310.04378.
// For networks distilled for it; with others the few steps it takes are not enough.
import { clamp, mix } from '../latents.ts';
import { alphasCumprod, CLEAN, levelOfAlphaBar } from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { checkSteps, type Plan, type Sampler, type Sampling, type SamplingContext } from './sampler.ts';

/** Standard deviation of the data in the boundary condition. @source arXiv:2310.04378, appendix; diffusers */
const SIGMA_DATA = 0.5;

/** @throws request_invalid */
export function planLcm(config: SchedulerConfig, steps: number): Plan {
  const bars = alphasCumprod(config);
  const levels = distilledTimesteps(config, steps).map((timestep) => levelOfAlphaBar(bars[timestep]!, timestep));
  return { steps: levels.map((from, i) => ({ from, to: levels[i + 1] ?? CLEAN })), noiseScale: 1 };
}

/**
 * Evenly chosen among the timesteps of distillation. diffusers refuses more than those (50); here there are as many as asked for.
 * @source diffusers, LCMScheduler.set_timesteps
 */
export function distilledTimesteps(config: SchedulerConfig, steps: number): number[] {
  checkSteps(steps, config);
  const { numTrainTimesteps, originalInferenceSteps } = config;
  const distilled = Math.min(numTrainTimesteps, Math.max(steps, originalInferenceSteps));
  const stride = Math.floor(numTrainTimesteps / distilled);
  return Array.from({ length: steps }, (_, i) => (distilled - Math.floor((i * distilled) / steps)) * stride - 1);
}

/** @source diffusers, LCMScheduler.step */
export function* sampleLcm(noisy: Float32Array, { steps, random, config }: SamplingContext): Sampling {
  let x = noisy;
  for (const { from, to } of steps) {
    const denoised = clamp(yield { noisy: x, level: from }, config.clipRange);
    const time = from.timestep * config.timestepScaling;
    const skip = SIGMA_DATA ** 2 / (time ** 2 + SIGMA_DATA ** 2);
    const jumped = mix(time / Math.hypot(time, SIGMA_DATA), denoised, skip, x);
    x = to.sigma === 0 ? jumped : mix(to.alpha, jumped, to.sigma, random.randn(x.length));
  }
  return x;
}

export const lcm: Sampler = { plan: planLcm, sample: sampleLcm };
