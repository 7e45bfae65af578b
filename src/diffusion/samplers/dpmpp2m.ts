// DPM-Solver++(2M): two-step multistep solver of the denoised picture. Lu et al., arXiv:2211.01095, algorithm 2; midpoint kind.
import { mix } from '../latents.ts';
import {
  CLEAN,
  levelOfSigma,
  type NoiseLevel,
  positiveAlphasCumprod,
  sigmaOf,
  trainingSigmas,
} from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { planOverSigmas } from '../schedules.ts';
import { sigmaAt } from '../sigmas.ts';
import { roundHalfEven, spacedTimesteps } from '../timesteps.ts';
import {
  checkSteps,
  endsInFirstOrder,
  type Plan,
  type Sampler,
  type Sampling,
  type SamplingContext,
  type Step,
} from './sampler.ts';

/** Linspace unless the model says otherwise. @source diffusers, DPMSolverMultistepScheduler.set_timesteps */
export function planDpmpp2m(config: SchedulerConfig, steps: number): Plan {
  checkSteps(steps, config);
  const sigmas = trainingSigmas(positiveAlphasCumprod(config));
  return planOf(dpmTimesteps(config, steps).map((timestep) => levelOf(sigmaAt(timestep, sigmas), timestep)));
}

/** The same solver over Karras' sigmas. */
export function planDpmpp2mKarras(config: SchedulerConfig, steps: number): Plan {
  return planOverSigmas('karras', config, steps, false);
}

/** Leading and linspace lay one point more than there are steps and leave out the cleanest, so the last step is no mere stub. */
function dpmTimesteps(config: SchedulerConfig, steps: number): number[] {
  const spacing = config.timestepSpacing ?? 'linspace';
  if (spacing === 'trailing') return spacedTimesteps({ ...config, spacing, steps });
  return spacedTimesteps({ ...config, spacing, steps: steps + 1 })
    .slice(0, -1)
    .map(roundHalfEven);
}

function levelOf(sigma: number, timestep: number): NoiseLevel {
  return levelOfSigma(Math.fround(sigma), timestep);
}

function planOf(levels: readonly NoiseLevel[]): Plan {
  return { steps: levels.map((from, i) => ({ from, to: levels[i + 1] ?? CLEAN })), noiseScale: 1 };
}

export function* sampleDpmpp2m(noisy: Float32Array, context: SamplingContext): Sampling {
  const { steps } = context;
  let x = noisy;
  let previous: { readonly step: Step; readonly denoised: Float32Array } | null = null;
  for (const step of steps) {
    const denoised = yield { noisy: x, level: step.from };
    const { from, to } = step;
    // exp(-h) with h = lambda_to - lambda_from and lambda = -log sigma; finite even where `to` is clean.
    const decay = sigmaOf(to) / sigmaOf(from);
    const aim = previous === null || endsInFirstOrder(step, context) ? denoised : extrapolate(step, denoised, previous);
    x = mix(to.sigma / from.sigma, x, to.alpha * (1 - decay), aim);
    previous = { step, denoised };
  }
  return x;
}

/** Denoised picture half a step ahead, on the line through this one and the one before; shared with the SDE kind. */
export function extrapolate(
  step: Step,
  denoised: Float32Array,
  previous: { readonly step: Step; readonly denoised: Float32Array },
): Float32Array {
  const h = logSnrGain(step.from, step.to);
  const before = logSnrGain(previous.step.from, step.from);
  const lean = h / (2 * before);
  return mix(1 + lean, denoised, -lean, previous.denoised);
}

/** h = lambda_to - lambda_from, lambda = log(alpha / sigma); infinite at the clean end. */
export function logSnrGain(from: NoiseLevel, to: NoiseLevel): number {
  return Math.log(sigmaOf(from) / sigmaOf(to));
}

export const dpmpp2m: Sampler = { plan: planDpmpp2m, sample: sampleDpmpp2m, obeysFinalSigma: true };
export const dpmpp2mKarras: Sampler = { plan: planDpmpp2mKarras, sample: sampleDpmpp2m, obeysFinalSigma: true };
