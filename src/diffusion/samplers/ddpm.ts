// DDPM: ancestral sampling from the posterior. Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models", arXiv:2006.11239, algorithm 2.
import { clamp, mix } from '../latents.ts';
import { alphasCumprod, CLEAN, levelOfAlphaBar } from '../noiseSchedule.ts';
import type { SchedulerConfig, VarianceType } from '../schedulerConfig.ts';
import { ddimTimesteps } from './ddim.ts';
import { checkSteps, type Plan, type Sampler, type Sampling, type SamplingContext, type Step } from './sampler.ts';

export function planDdpm(config: SchedulerConfig, steps: number): Plan {
  checkSteps(steps, config);
  const bars = alphasCumprod(config);
  const levels = ddimTimesteps(config, steps).map((timestep) => levelOfAlphaBar(bars[timestep]!, timestep));
  return { steps: levels.map((from, i) => ({ from, to: levels[i + 1] ?? CLEAN })), noiseScale: 1 };
}

export function* sampleDdpm(noisy: Float32Array, { steps, random, config }: SamplingContext): Sampling {
  let x = noisy;
  for (const step of steps) {
    const denoised = yield { noisy: x, level: step.from };
    const { denoisedShare, noisyShare, noiseStd } = posterior(step, config.varianceType);
    x = mix(denoisedShare, clamp(denoised, config.clipRange), noisyShare, x);
    if (step.from.timestep > 0) x = mix(1, x, noiseStd, random.randn(x.length));
  }
  return x;
}

/**
 * Shares and deviation of q(x_to | x_from, x0). Rounded to single precision where PyTorch rounds: between neighbouring
 * timesteps at the clean end beta is 1e-4, and one rounding of alpha is visible in it.
 * @source arXiv:2006.11239, equations 6 and 7
 */
function posterior({ from, to }: Step, varianceType: VarianceType) {
  const barFrom = Math.fround(from.alpha ** 2);
  const barTo = Math.fround(to.alpha ** 2);
  const alpha = Math.fround(barFrom / barTo);
  const beta = Math.fround(1 - alpha);
  const shrink = (1 - barTo) / (1 - barFrom);
  return {
    denoisedShare: (Math.sqrt(barTo) * beta) / (1 - barFrom),
    noisyShare: Math.sqrt(alpha) * shrink,
    noiseStd: Math.sqrt(varianceType === 'fixed_large' ? beta : shrink * beta),
  };
}

export const ddpm: Sampler = { plan: planDdpm, sample: sampleDdpm };
