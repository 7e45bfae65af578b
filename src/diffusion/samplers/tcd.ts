// Trajectory consistency distillation: a jump below the next level and noise up to it, so less of the picture is drawn anew than
// with LCM. Zheng et al., arXiv:2402.19159, algorithm 4. For networks distilled for it.
import { mix, noiseIn } from '../latents.ts';
import { alphasCumprod, CLEAN, levelOfAlphaBar, type NoiseLevel } from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { distilledTimesteps } from './lcm.ts';
import type { Plan, Sampler, Sampling, SamplingContext } from './sampler.ts';

/** Share of the noise drawn anew; 0 is DDIM, 1 is LCM. @source diffusers, TCDScheduler.step (eta) */
const GAMMA = 0.3;

/** As LCM's, but it ends at the first training timestep, not at the clean end. @source diffusers, TCDScheduler.step */
export function planTcd(config: SchedulerConfig, steps: number): Plan {
  const bars = alphasCumprod(config);
  const levels = distilledTimesteps(config, steps).map((timestep) => levelOfAlphaBar(bars[timestep]!, timestep));
  const end = levelOfAlphaBar(bars[0]!, 0);
  return { steps: levels.map((from, i) => ({ from, to: levels[i + 1] ?? end })), noiseScale: 1 };
}

/** @param gamma 0 … 1; where it is 0 nothing is drawn */
export function* sampleTcd(
  noisy: Float32Array,
  { steps, random, config }: SamplingContext,
  gamma: number = GAMMA,
): Sampling {
  const bars = alphasCumprod(config);
  let x = noisy;
  for (const [i, { from, to }] of steps.entries()) {
    const denoised = yield { noisy: x, level: from };
    const below = levelBelow(to, bars, gamma);
    x = mix(below.alpha, denoised, below.sigma, noiseIn(x, denoised, from));
    if (i < steps.length - 1 && gamma > 0) {
      const keep = to.alpha / below.alpha;
      // A chosen schedule's lowest levels lie between whole timesteps, and may lie below the one jumped to.
      x = mix(keep, x, Math.sqrt(Math.max(0, 1 - keep ** 2)), random.randn(x.length));
    }
  }
  return x;
}

/** The level at 1 - gamma of a timestep. */
function levelBelow({ timestep }: NoiseLevel, bars: Float32Array, gamma: number): NoiseLevel {
  const below = Math.floor((1 - gamma) * timestep);
  return below < 0 ? CLEAN : levelOfAlphaBar(bars[below]!, below);
}

export const tcd: Sampler = { plan: planTcd, sample: (noisy, context) => sampleTcd(noisy, context) };
