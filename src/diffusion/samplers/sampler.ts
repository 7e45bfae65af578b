// What a sampler is: a plan of noise levels and a generator that walks it for one picture, asking for the denoised picture at each level.
// It knows neither networks nor prompts nor guidance: what the network predicts is turned into *denoised* elsewhere, once.
import { DarkroomError } from '../../errors.ts';
import type { NoiseLevel } from '../noiseSchedule.ts';
import type { NoiseSource } from '../rng.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';

/** "What would this picture be without its noise?" */
export interface DenoiseAsk {
  /** f32[c, h, w], variance preserving: alpha · x0 + sigma · noise at `level`. */
  readonly noisy: Float32Array;
  readonly level: NoiseLevel;
}

/** One call of the denoiser and the move it allows. */
export interface Step {
  readonly from: NoiseLevel;
  readonly to: NoiseLevel;
}

export interface Plan {
  /** Noisiest first; `steps[i].to` need not be `steps[i + 1].from` (DDIM counts its own way). */
  readonly steps: readonly Step[];
  /** Pure noise of variance 1 is multiplied by this to be a picture at the first level. */
  readonly noiseScale: number;
}

/** What a sampler is given beside the picture. */
export interface SamplingContext {
  readonly steps: readonly Step[];
  /** The picture's own generator; ancestral noise is drawn from it in torch's order. */
  readonly random: NoiseSource;
  readonly config: SchedulerConfig;
  /** Steps of the whole plan where `steps` is the end of one; absent where it is all of it. */
  readonly plannedSteps?: number;
}

/** Yields asks, is resumed with denoised pictures f32[c, h, w], returns the picture at the last level. */
export type Sampling = Generator<DenoiseAsk, Float32Array, Float32Array>;

export interface Sampler {
  plan(config: SchedulerConfig, steps: number): Plan;
  /** @param noisy f32[c, h, w], variance preserving, at the first step's level; not changed. */
  sample(noisy: Float32Array, context: SamplingContext): Sampling;
  /** Asks that walking so many steps (1 or more) takes; absent where it is one a step. */
  readonly asks?: (steps: number) => number;
  /**
   * The sigma kind: pictures are x0 + sigma · noise inside, a schedule begins at sigma · noise, and the network is told fractions
   * of timesteps. The others keep the variance, begin at noise of variance 1 and tell whole timesteps.
   */
  readonly isSigmaKind?: true;
  /** Ends where the model's `finalSigma` says; the others always end where they end. @source diffusers, the classes with final_sigmas_type */
  readonly obeysFinalSigma?: true;
}

/** From this many steps on multistep solvers keep their order in a last step that does not end clean. @source diffusers, lower_order_final */
const MANY_STEPS = 15;

/** Whether a multistep solver takes this step with first order because it is the last. @source diffusers, DPMSolverMultistepScheduler.step */
export function endsInFirstOrder(step: Step, { steps, config, plannedSteps }: SamplingContext): boolean {
  if (step.to.sigma === 0) return true;
  if (step !== steps.at(-1)) return false;
  const areFew = (plannedSteps ?? steps.length) < MANY_STEPS;
  return config.eulerAtFinal || (config.lowerOrderFinal && areFew);
}

/** Asks that walking so many steps of a plan takes. */
export function asksOf({ asks }: Sampler, steps: number): number {
  return steps === 0 || asks === undefined ? steps : asks(steps);
}

/** Two looks a step, but one in the last, which ends where nothing is noise. */
export function twoLooks(steps: number): number {
  return 2 * steps - 1;
}

/** @throws request_invalid when there are more steps than the model was trained with, or none. */
export function checkSteps(steps: number, config: SchedulerConfig): void {
  if (Number.isInteger(steps) && steps >= 1 && steps <= config.numTrainTimesteps) return;
  throw new DarkroomError(
    'request_invalid',
    `steps: found ${steps}, expected an integer in 1 … ${config.numTrainTimesteps}, the timesteps of the model`,
    { field: 'steps' },
  );
}
