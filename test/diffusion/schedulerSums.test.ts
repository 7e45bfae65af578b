// diffusers' own scheduler tests, run on our samplers: the same dummy pictures and network must give the sums diffusers expects.
// @source diffusers 0.40, tests/schedulers/test_scheduler_{ddim,ddpm,euler,euler_ancestral,dpm_multi,unipc,deis,lcm,tcd,
// heun,lms,kdpm2_discrete,kdpm2_ancestral}.py; not PNDM's, which begin with a Runge-Kutta part that no Stable Diffusion model asks for,
// not the single-step DPM-Solver's, whose sampler is not built, and none with thresholding, which is for pixels
import { describe, expect, test } from 'vitest';
import type { ScheduleName } from '../../src/core/request.ts';
import { DENOISERS } from '../../src/diffusion/denoiser.ts';
import { addNoise, mix, scale } from '../../src/diffusion/latents.ts';
import { type NoiseLevel, sigmaOf } from '../../src/diffusion/noiseSchedule.ts';
import { TorchRandom } from '../../src/diffusion/rng.ts';
import { ddim } from '../../src/diffusion/samplers/ddim.ts';
import { ddpm } from '../../src/diffusion/samplers/ddpm.ts';
import { deis } from '../../src/diffusion/samplers/deis.ts';
import { dpm2 } from '../../src/diffusion/samplers/dpm2.ts';
import { dpm2A } from '../../src/diffusion/samplers/dpm2A.ts';
import { dpmpp2m, dpmpp2mKarras } from '../../src/diffusion/samplers/dpmpp2m.ts';
import { euler } from '../../src/diffusion/samplers/euler.ts';
import { eulerA } from '../../src/diffusion/samplers/eulerA.ts';
import { heun } from '../../src/diffusion/samplers/heun.ts';
import { lcm } from '../../src/diffusion/samplers/lcm.ts';
import { lms, lmsWeights } from '../../src/diffusion/samplers/lms.ts';
import type { Sampler, SamplingContext } from '../../src/diffusion/samplers/sampler.ts';
import { sampleTcd, tcd } from '../../src/diffusion/samplers/tcd.ts';
import { unipc } from '../../src/diffusion/samplers/unipc.ts';
import { parseSchedulerConfig, type SchedulerConfig } from '../../src/diffusion/schedulerConfig.ts';
import { planOver } from '../../src/diffusion/schedules.ts';
import { DUMMY_COUNT, dummyModel, dummyNoise, dummySample, sumAbs } from '../support/goldenScheduler.ts';

/** As in diffusers' tests. */
const SUM_TOLERANCE = 1e-2;
const MEAN_TOLERANCE = 1e-3;

const LINEAR = { beta_start: 0.0001, beta_end: 0.02, beta_schedule: 'linear' };
const v = { prediction_type: 'v_prediction' };

interface Row {
  readonly name: string;
  readonly sampler: Sampler;
  readonly config: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly schedule?: ScheduleName;
  /** Steps left out; the sample is noised to the first one run. */
  readonly skip?: number;
  readonly sum?: number;
  readonly mean: number;
}

function predict(noisy: Float32Array, level: NoiseLevel, shown: Float32Array, config: SchedulerConfig): Float32Array {
  return DENOISERS[config.predictionType](noisy, dummyModel(shown, level.timestep), level);
}

function walk(sampler: Sampler, noisy: Float32Array, context: SamplingContext): Float32Array {
  const sampling = sampler.sample(noisy, context);
  let result = sampling.next();
  while (!result.done) {
    const { noisy: shown, level } = result.value;
    result = sampling.next(predict(shown, level, shown, context.config));
  }
  return result.value;
}

/** The whole sampler on a variance-preserving sample. */
function run({ sampler, config: json, steps, schedule, skip = 0 }: Row): Float32Array {
  const config = parseSchedulerConfig(json);
  const plan = planOver(schedule ?? null, sampler, config, steps).steps.slice(skip);
  const start = skip === 0 ? dummySample() : addNoise(dummySample(), dummyNoise(), plan[0]!.from);
  return walk(sampler, start, { steps: plan, random: new TorchRandom(0), config, plannedSteps: steps });
}

/**
 * The loop of diffusers' Euler tests keeps the picture it scaled for the network as the picture itself, so it walks step by step
 * and scales down before each. Pictures here are x0 + sigma · noise.
 */
function runScaledLoop({ sampler, config: json, steps, schedule, skip = 0 }: Row): Float32Array {
  const config = parseSchedulerConfig(json);
  const plan = planOver(schedule ?? null, sampler, config, steps);
  const random = new TorchRandom(0);
  let x = scale(plan.noiseScale / plan.steps[0]!.from.alpha, dummySample());
  if (skip > 0) x = mix(1, x, sigmaOf(plan.steps[skip]!.from), dummyNoise());
  for (const step of plan.steps.slice(skip)) {
    const { alpha } = step.from;
    const sampling = sampler.sample(scale(alpha * alpha, x), { steps: [step], random, config });
    let result = sampling.next();
    for (let look = 0; !result.done; look++) {
      // A second look is scaled down once more, and the slope from what is shown is taken for the slope from the picture.
      const { noisy, level } = result.value;
      const picture = scale(1 / level.alpha, noisy);
      const shown = look === 0 ? picture : noisy;
      const slope = mix(1, shown, -1, predict(scale(level.alpha, shown), level, shown, config));
      result = sampling.next(mix(1, picture, -1, slope));
    }
    x = scale(1 / step.to.alpha, result.value);
  }
  return x;
}

function check(found: Float32Array, { sum, mean }: Row): void {
  if (sum !== undefined) expect(Math.abs(sumAbs(found) - sum)).toBeLessThan(SUM_TOLERANCE);
  expect(Math.abs(sumAbs(found) / DUMMY_COUNT - mean)).toBeLessThan(MEAN_TOLERANCE);
}

const ddimTen = { sampler: ddim, steps: 10 };
const ddpmAll = { sampler: ddpm, steps: 1000 };
const uniPcTen = { sampler: unipc, steps: 10 };
const TO_SIGMA_MIN = { ...LINEAR, final_sigmas_type: 'sigma_min' };
const DPM = { ...TO_SIGMA_MIN, lower_order_final: false };
const tcdToTheEnd: Sampler = { ...tcd, sample: (noisy, context) => sampleTcd(noisy, context, 0) };
const SCALED = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', clip_sample: false };
const dpmTen = { sampler: dpmpp2m, steps: 10 };

describe("diffusers' expected sums", () => {
  const rows: readonly Row[] = [
    { name: 'ddim', ...ddimTen, config: LINEAR, sum: 172.0067, mean: 0.223967 },
    { name: 'ddim v', ...ddimTen, config: { ...LINEAR, ...v }, sum: 52.5302, mean: 0.0684 },
    { name: 'ddim to one', ...ddimTen, config: { ...LINEAR, beta_start: 0.01 }, sum: 149.8295, mean: 0.1951 },
    {
      name: 'ddim not to one',
      ...ddimTen,
      config: { ...LINEAR, beta_start: 0.01, set_alpha_to_one: false },
      sum: 149.0784,
      mean: 0.1941,
    },
    { name: 'ddim noised', ...ddimTen, config: LINEAR, skip: 8, sum: 354.5418, mean: 0.4616 },
    { name: 'ddpm', ...ddpmAll, config: LINEAR, sum: 258.9606, mean: 0.3372 },
    { name: 'ddpm v', ...ddpmAll, config: { ...LINEAR, ...v }, sum: 202.0296, mean: 0.2631 },
    { name: 'ddpm noised', ...ddpmAll, config: LINEAR, skip: 998, sum: 387.9466, mean: 0.5051 },
    { name: 'dpmpp_2m', ...dpmTen, config: DPM, mean: 0.3301 },
    { name: 'dpmpp_2m v', ...dpmTen, config: { ...DPM, ...v }, mean: 0.2251 },
    { name: 'dpmpp_2m noised', ...dpmTen, config: DPM, skip: 5, sum: 318.4111, mean: 0.4146 },
    { name: 'dpmpp_2m_karras v', ...dpmTen, sampler: dpmpp2mKarras, config: { ...DPM, ...v }, mean: 0.2096 },
    { name: 'unipc', ...uniPcTen, config: TO_SIGMA_MIN, mean: 0.2464 },
    { name: 'unipc v', ...uniPcTen, config: { ...TO_SIGMA_MIN, ...v }, mean: 0.1014 },
    { name: 'unipc karras', ...uniPcTen, schedule: 'karras', config: TO_SIGMA_MIN, mean: 0.2925 },
    { name: 'unipc karras v', ...uniPcTen, schedule: 'karras', config: { ...TO_SIGMA_MIN, ...v }, mean: 0.1966 },
    { name: 'unipc noised', ...uniPcTen, config: TO_SIGMA_MIN, skip: 8, sum: 315.5757, mean: 0.4109 },
    { name: 'deis', sampler: deis, steps: 10, config: LINEAR, mean: 0.23916 },
    { name: 'deis v', sampler: deis, steps: 10, config: { ...LINEAR, ...v }, mean: 0.091 },
    { name: 'deis noised', sampler: deis, steps: 10, config: LINEAR, skip: 8, sum: 315.3016, mean: 0.41054 },
    { name: 'lcm in one step', sampler: lcm, steps: 1, config: SCALED, sum: 18.7097, mean: 0.0244 },
    { name: 'lcm', sampler: lcm, steps: 10, config: SCALED, sum: 197.7616, mean: 0.2575 },
    { name: 'tcd in one step', sampler: tcd, steps: 1, config: SCALED, sum: 29.8715, mean: 0.0389 },
    { name: 'tcd with gamma 0', sampler: tcdToTheEnd, steps: 10, config: SCALED, sum: 181.204, mean: 0.2359 },
  ];
  test.each(rows)('$name: sum $sum, mean $mean', (row) => check(run(row), row));
});

describe("diffusers' expected sums of the Euler kind", () => {
  const trained = { ...LINEAR, num_train_timesteps: 1100 };
  const rows: readonly Row[] = [
    { name: 'euler', sampler: euler, steps: 10, config: trained, sum: 10.0807, mean: 0.0131 },
    { name: 'euler v', sampler: euler, steps: 10, config: { ...trained, ...v }, sum: 0.0002, mean: 2.2676e-6 },
    { name: 'euler noised', sampler: euler, steps: 10, config: trained, skip: 8, sum: 57062.9297, mean: 74.3007 },
    {
      name: 'euler karras',
      sampler: euler,
      steps: 10,
      schedule: 'karras',
      config: trained,
      sum: 124.52299499511719,
      mean: 0.16213932633399963,
    },
    { name: 'euler_a', sampler: eulerA, steps: 10, config: trained, sum: 152.3192, mean: 0.1983 },
    { name: 'euler_a v', sampler: eulerA, steps: 10, config: { ...trained, ...v }, sum: 108.4439, mean: 0.1412 },
    { name: 'euler_a noised', sampler: eulerA, steps: 10, config: trained, skip: 8, sum: 56163.0508, mean: 73.129 },
    { name: 'heun', sampler: heun, steps: 10, config: trained, sum: 0.1233, mean: 0.0002 },
    { name: 'heun v', sampler: heun, steps: 10, config: { ...trained, ...v }, sum: 4.69e-7, mean: 6.11e-10 },
    {
      name: 'heun karras',
      sampler: heun,
      steps: 10,
      schedule: 'karras',
      config: trained,
      sum: 0.00015,
      mean: 1.9869554535034695e-7,
    },
    { name: 'heun noised', sampler: heun, steps: 10, config: trained, skip: 8, sum: 75074.8906, mean: 97.7538 },
    { name: 'dpm2', sampler: dpm2, steps: 10, config: trained, sum: 20.4125, mean: 0.0266 },
    { name: 'dpm2 v', sampler: dpm2, steps: 10, config: { ...trained, ...v }, sum: 4.69e-7, mean: 6.11e-10 },
    { name: 'dpm2_a', sampler: dpm2A, steps: 10, config: trained, sum: 13979.9433, mean: 18.203 },
    { name: 'dpm2 noised', sampler: dpm2, steps: 10, config: trained, skip: 8, sum: 70408.4062, mean: 91.6776 },
    { name: 'dpm2_a noised', sampler: dpm2A, steps: 10, config: trained, skip: 8, sum: 93087.3437, mean: 121.2074 },
    { name: 'dpm2_a v', sampler: dpm2A, steps: 10, config: { ...trained, ...v }, sum: 331.8133, mean: 0.432 },
  ];
  test.each(rows)('$name: sum $sum, mean $mean', (row) => check(runScaledLoop(row), row));
});

/** The scaled loop again, for a sampler that remembers its slopes from step to step. */
function runScaledLms({ config: json, schedule }: Pick<Row, 'config' | 'schedule'>): Float32Array {
  const config = parseSchedulerConfig(json);
  const plan = planOver(schedule ?? null, lms, config, 10);
  let x = scale(plan.noiseScale / plan.steps[0]!.from.alpha, dummySample());
  let [slopes, sigmas]: [Float32Array[], number[]] = [[], []];
  for (const { from, to } of plan.steps) {
    x = scale(from.alpha, x);
    // The slope is the noise: of x0 + sigma · noise, with the scaled picture in its place.
    const denoised = mix(1, x, -sigmaOf(from), noiseSaid(x, from, config));
    slopes = [mix(1 / sigmaOf(from), x, -1 / sigmaOf(from), denoised), ...slopes].slice(0, 4);
    sigmas = [sigmaOf(from), ...sigmas].slice(0, 4);
    const weights = lmsWeights(sigmas, sigmaOf(to));
    x = slopes.reduce((sum, slope, k) => mix(1, sum, weights[k]!, slope), x);
  }
  return x;
}

/** What the dummy network says of a picture taken for x0 + sigma · noise. */
function noiseSaid(x: Float32Array, level: NoiseLevel, config: SchedulerConfig): Float32Array {
  const said = dummyModel(x, level.timestep);
  if (config.predictionType === 'epsilon') return said;
  const sigma = sigmaOf(level);
  const denoised = mix(-sigma / Math.sqrt(sigma ** 2 + 1), said, 1 / (sigma ** 2 + 1), x);
  return mix(1 / sigma, x, -1 / sigma, denoised);
}

/** Not the one noised half-way: there diffusers weighs a single slope as the latest of four. */
describe("diffusers' expected sums of LMS", () => {
  const config = { ...LINEAR, num_train_timesteps: 1100 };
  const rows = [
    { name: 'lms', config, sum: 1006.388, mean: 1.31 },
    { name: 'lms v', config: { ...config, ...v }, sum: 0.0017, mean: 2.2676e-6 },
    { name: 'lms karras', config, schedule: 'karras', sum: 3812.9927, mean: 4.9648 },
  ] as const;
  test.each(rows)('$name: sum $sum, mean $mean', (row) => {
    check(runScaledLms(row), { ...row, sampler: lms, steps: 10 });
  });
});
