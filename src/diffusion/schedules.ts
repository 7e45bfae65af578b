// Schedules users choose beside a sampler: which sigmas a plan visits, and any sampler's plan over them.
// Deliberately not here: a sampler's own schedule, its `plan`. What is built here covers the whole trained range, as in k-diffusion.
import type { ScheduleName } from '../core/request.ts';
import { CLEAN, levelOfSigma, positiveAlphasCumprod, sigmaOf, smallestLevel, trainingSigmas } from './noiseSchedule.ts';
import { checkSteps, type Plan, type Sampler } from './samplers/sampler.ts';
import { type SchedulerConfig, TIMESTEP_SPACINGS, type TimestepSpacing } from './schedulerConfig.ts';
import {
  type AlignedFor,
  sigmaAt,
  sigmasAlignYourSteps,
  sigmasBeta,
  sigmasExponential,
  sigmasKarras,
  timestepOfSigma,
} from './sigmas.ts';
import { roundHalfEven, sgmUniformTimesteps } from './timesteps.ts';

/** Schedules that say sigmas rather than timesteps. */
export type SigmaSchedule = Exclude<ScheduleName, TimestepSpacing>;

/**
 * A sampler's plan over a schedule; null is the sampler's own.
 * @param alignedFor whose table `ays` reads
 * @throws request_invalid for a number of steps the model does not have
 */
export function planOver(
  schedule: ScheduleName | null,
  sampler: Sampler,
  config: SchedulerConfig,
  steps: number,
  alignedFor: AlignedFor = 'sd',
): Plan {
  const plan = planToCleanEnd(schedule, sampler, config, steps, alignedFor);
  return config.finalSigma === 'sigma_min' && sampler.obeysFinalSigma === true
    ? endedAtSmallestSigma(plan, config, sampler)
    : plan;
}

function planToCleanEnd(
  schedule: ScheduleName | null,
  sampler: Sampler,
  config: SchedulerConfig,
  steps: number,
  alignedFor: AlignedFor,
): Plan {
  if (schedule === null) return sampler.plan(config, steps);
  if (isSpacing(schedule)) return sampler.plan({ ...config, timestepSpacing: schedule }, steps);
  return planOverSigmas(schedule, config, steps, sampler.isSigmaKind ?? false, alignedFor);
}

/** Noise of the smallest trained sigma is left in the picture. @source diffusers, final_sigmas_type sigma_min */
function endedAtSmallestSigma(plan: Plan, config: SchedulerConfig, { isSigmaKind }: Sampler): Plan {
  const smallest = smallestLevel(config);
  // The sigma kind hands its x0 + sigma · noise on as it is, not divided back to variance 1.
  const end = isSigmaKind ? { ...smallest, alpha: 1, sigma: sigmaOf(smallest) } : smallest;
  return { ...plan, steps: plan.steps.map((step) => (step.to.sigma === 0 ? { ...step, to: end } : step)) };
}

function isSpacing(schedule: ScheduleName): schedule is TimestepSpacing {
  return (TIMESTEP_SPACINGS as readonly string[]).includes(schedule);
}

/** @throws request_invalid */
export function planOverSigmas(
  schedule: SigmaSchedule,
  config: SchedulerConfig,
  steps: number,
  isSigmaKind: boolean,
  alignedFor: AlignedFor = 'sd',
): Plan {
  checkSteps(steps, config);
  const trained = trainingSigmas(positiveAlphasCumprod(config));
  const told = isSigmaKind ? Math.fround : wholeTimestep(schedule, config);
  const levels = sigmasOf(schedule, steps, trained, alignedFor).map((sigma) =>
    levelOfSigma(Math.fround(sigma), told(timestepOfSigma(sigma, trained))),
  );
  const noiseScale = isSigmaKind ? levels[0]!.sigma : 1;
  return { steps: levels.map((from, i) => ({ from, to: levels[i + 1] ?? CLEAN })), noiseScale };
}

/** @param trained f32[T] rising. Returns `steps` sigmas, falling. */
export function sigmasOf(
  schedule: SigmaSchedule,
  steps: number,
  trained: Float32Array,
  alignedFor: AlignedFor,
): number[] {
  const [least, most] = [trained[0]!, trained.at(-1)!];
  switch (schedule) {
    case 'karras':
      return sigmasKarras(steps, least, most);
    case 'exponential':
      return sigmasExponential(steps, least, most);
    case 'beta':
      return sigmasBeta(steps, least, most);
    case 'sgm_uniform':
      return sgmUniformTimesteps(steps, trained.length).map((timestep) => sigmaAt(timestep, trained));
    case 'ays':
      return sigmasAlignYourSteps(steps, alignedFor);
  }
}

/** diffusers' solvers cut off the timesteps of these two instead of rounding them, and Karras' over a cosine schedule. */
function wholeTimestep(schedule: SigmaSchedule, { betaSchedule }: SchedulerConfig): (timestep: number) => number {
  const isCut = schedule === 'exponential' || schedule === 'beta';
  return isCut || (schedule === 'karras' && betaSchedule === 'squaredcos_cap_v2') ? Math.trunc : roundHalfEven;
}
