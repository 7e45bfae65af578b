// Euler steps of the probability-flow ODE in sigma. Karras et al., arXiv:2206.00364, algorithm 2 without churn.
import { mix, scale } from '../latents.ts';
import { CLEAN, levelOfSigma, positiveAlphasCumprod, sigmaOf, trainingSigmas } from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { sigmaAt } from '../sigmas.ts';
import { spacedTimesteps } from '../timesteps.ts';
import { checkSteps, type Plan, type Sampler, type Sampling, type SamplingContext } from './sampler.ts';

/** Linspace unless the model says otherwise; shared with the ancestral kind. @source diffusers, EulerDiscreteScheduler */
export function planEuler(config: SchedulerConfig, steps: number): Plan {
  checkSteps(steps, config);
  const spacing = config.timestepSpacing ?? 'linspace';
  const sigmas = trainingSigmas(positiveAlphasCumprod(config));
  const levels = spacedTimesteps({ ...config, spacing, steps }).map((timestep) =>
    levelOfSigma(Math.fround(sigmaAt(timestep, sigmas)), Math.fround(timestep)),
  );
  // Leading spacing begins below pure noise, where variance-1 noise already has the right size; the others begin at sigma · noise.
  const noiseScale = spacing === 'leading' ? 1 : levels[0]!.sigma;
  return { steps: levels.map((from, i) => ({ from, to: levels[i + 1] ?? CLEAN })), noiseScale };
}

export function* sampleEuler(noisy: Float32Array, { steps }: SamplingContext): Sampling {
  // From here on x = x0 + sigma · noise, which the network is shown times alpha.
  let x = scale(1 / (steps[0]?.from.alpha ?? 1), noisy);
  for (const { from, to } of steps) {
    const denoised = yield { noisy: scale(from.alpha, x), level: from };
    // x + (x - denoised) / sigma · (sigma' - sigma), gathered
    const keep = sigmaOf(to) / sigmaOf(from);
    x = mix(keep, x, 1 - keep, denoised);
  }
  return scale(steps.at(-1)?.to.alpha ?? 1, x);
}

export const euler: Sampler = { plan: planEuler, sample: sampleEuler, isSigmaKind: true, obeysFinalSigma: true };
