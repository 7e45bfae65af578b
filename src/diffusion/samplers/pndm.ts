// PLMS: pseudo linear multistep, Adams-Bashforth over DDIM's transfer, begun with a pair of looks instead of a Runge-Kutta part.
// Liu, Ren, Lin, Zhao, arXiv:2202.09778, algorithm 2; the beginning is Crowson's, which every Stable Diffusion folder asks for.
import { DENOISERS, PREDICTORS } from '../denoiser.ts';
import { mix, noiseIn } from '../latents.ts';
import type { NoiseLevel } from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { planDdim } from './ddim.ts';
import type { Plan, Sampler, Sampling, SamplingContext, Step } from './sampler.ts';

/** Weights of the latest predictions, latest first, by how many there are. @source arXiv:2202.09778, equation 9 */
const ADAMS_BASHFORTH: readonly (readonly number[])[] = [
  [],
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * As DDIM's, but every step ends where the next begins: a look beside its level would spoil the three after it. With leading
 * timesteps that is diffusers' plan.
 */
export function planPndm(config: SchedulerConfig, steps: number): Plan {
  const plan = planDdim(config, steps);
  return { ...plan, steps: plan.steps.map((step, i) => ({ ...step, to: plan.steps[i + 1]?.from ?? step.to })) };
}

/**
 * Combined is what the network says itself, noise or v. Deliberately not diffusers' way with a start picture, where the pair of
 * looks falls on two different steps and one of the levels is passed over: here a shortened plan begins with a pair as well.
 * @source diffusers, PNDMScheduler.step_plms with skip_prk_steps
 */
export function* samplePndm(noisy: Float32Array, { steps, config }: SamplingContext): Sampling {
  const { predictionType } = config;
  let x = noisy;
  let predictions: readonly Float32Array[] = [];
  const look = function* (at: Float32Array, level: NoiseLevel) {
    const denoised: Float32Array = yield { noisy: at, level };
    return PREDICTORS[predictionType](at, denoised, level);
  };
  const move = (by: Float32Array, { from, to }: Step) => {
    const denoised = DENOISERS[predictionType](x, by, from);
    return mix(to.alpha, denoised, to.sigma, noiseIn(x, denoised, from));
  };
  for (const [i, step] of steps.entries()) {
    const prediction: Float32Array = yield* look(x, step.from);
    predictions = [prediction, ...predictions].slice(0, 4);
    const next = steps[1];
    if (i === 0 && next !== undefined) {
      const ahead: Float32Array = yield* look(move(prediction, step), next.from);
      x = move(mix(0.5, prediction, 0.5, ahead), step);
    } else x = move(combine(predictions), step);
  }
  return x;
}

function combine(predictions: readonly Float32Array[]): Float32Array {
  const weights = ADAMS_BASHFORTH[predictions.length]!;
  const none = new Float32Array(predictions[0]!.length);
  return predictions.reduce((sum, prediction, k) => mix(1, sum, weights[k]!, prediction), none);
}

/** One more than the steps, for the pair; a single step has none. */
const asks = (steps: number) => (steps === 1 ? 1 : steps + 1);

export const pndm: Sampler = { plan: planPndm, sample: samplePndm, asks };
