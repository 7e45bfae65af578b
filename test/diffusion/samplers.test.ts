// Whole sampling loops against diffusers with a network that is a formula, and what must hold of samplers whatever the network.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SAMPLERS, type SamplerName, SCHEDULES, type ScheduleName } from '../../src/core/request.ts';
import { DENOISERS, denoisedFromEpsilon, denoisedFromV } from '../../src/diffusion/denoiser.ts';
import { addNoise, mix, noiseIn, scale } from '../../src/diffusion/latents.ts';
import {
  alphasCumprod,
  CLEAN,
  levelOfAlphaBar,
  levelOfSigma,
  type NoiseLevel,
} from '../../src/diffusion/noiseSchedule.ts';
import { TorchRandom } from '../../src/diffusion/rng.ts';
import { ddim } from '../../src/diffusion/samplers/ddim.ts';
import { ddpm } from '../../src/diffusion/samplers/ddpm.ts';
import { SAMPLER_TABLE } from '../../src/diffusion/samplers/index.ts';
import { asksOf, type Plan, type Sampler, type SamplingContext } from '../../src/diffusion/samplers/sampler.ts';
import { DEFAULT_SCHEDULER, parseSchedulerConfig, type SchedulerConfig } from '../../src/diffusion/schedulerConfig.ts';
import { planOver } from '../../src/diffusion/schedules.ts';
import type { AlignedFor } from '../../src/diffusion/sigmas.ts';
import { ROOT } from '../../src/root.ts';

interface Golden {
  readonly steps: number;
  readonly seed: number;
  readonly shape: readonly number[];
  readonly cases: readonly {
    readonly name: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly sampler: SamplerName;
    /** The sampler's own where it is absent. */
    readonly schedule?: ScheduleName;
    /** The file's, where absent. */
    readonly steps?: number;
    readonly result: readonly number[];
  }[];
}

const readGolden = (name: string) => JSON.parse(readFileSync(path.join(ROOT, 'test/golden', name), 'utf8')) as Golden;
const golden = readGolden('samplers.json');
/** The samplers and schedules that came later, of diffusers and of k-diffusion. */
const more = readGolden('more_samplers.json');
/** Switches of published scheduler configs, and the aligned steps of SDXL. */
const flagged = readGolden('scheduler_flags.json');
const COUNT = golden.shape.reduce((product, side) => product * side, 1);

/** Of the largest number; single precision over seven steps. */
const TOLERANCE = 1e-4;
/** Cosine betas begin at sigma 20,000, and diffusers' Euler subtracts numbers of that size in single precision. */
const COSINE_TOLERANCE = 1e-3;

type Denoise = (noisy: Float32Array, level: NoiseLevel) => Float32Array;

function walk(sampler: Sampler, noisy: Float32Array, context: SamplingContext, denoise: Denoise): Float32Array {
  const sampling = sampler.sample(noisy, context);
  let result = sampling.next();
  while (!result.done) result = sampling.next(denoise(result.value.noisy, result.value.level));
  return result.value;
}

function sampleWith(
  sampler: Sampler,
  config: SchedulerConfig,
  steps: number,
  seed: number,
  denoise: Denoise,
  schedule: ScheduleName | null = null,
  alignedFor: AlignedFor = 'sd',
) {
  const random = new TorchRandom(seed);
  const plan = planOver(schedule, sampler, config, steps, alignedFor);
  const noisy = scale(plan.noiseScale, random.randn(COUNT));
  return walk(sampler, noisy, { steps: plan.steps, random, config }, denoise);
}

function formula(config: SchedulerConfig): Denoise {
  return (noisy, level) => {
    const rate = (level.timestep + 1) / (level.timestep + 2);
    const prediction = noisy.map((value) => Math.tanh(0.7 * value + 0.3) * rate);
    return DENOISERS[config.predictionType](noisy, prediction, level);
  };
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

describe('loops of diffusers', () => {
  test.each([...golden.cases, ...more.cases, ...flagged.cases])('$name: $sampler $schedule $steps', (wanted) => {
    const config = parseSchedulerConfig(wanted.config);
    const steps = wanted.steps ?? golden.steps;
    const sampler = SAMPLER_TABLE[wanted.sampler];
    const alignedFor = wanted.name === 'sdxl' ? 'sdxl' : 'sd';
    const found = sampleWith(sampler, config, steps, golden.seed, formula(config), wanted.schedule, alignedFor);
    const differences = found.map((value, i) => value - wanted.result[i]!);
    expect(largest(differences) / largest(wanted.result)).toBeLessThan(
      config.betaSchedule === 'squaredcos_cap_v2' ? COSINE_TOLERANCE : TOLERANCE,
    );
  });
});

const level = fc.double({ min: 1e-3, max: 0.999, noNaN: true }).map((bar) => levelOfAlphaBar(bar, 1));
const picture = fc
  .array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: COUNT, maxLength: COUNT })
  .map((values) => Float32Array.from(values));

describe('the forward process', () => {
  test('q-sample in closed form is the chain of single steps: the same mean and variance', () => {
    const bars = alphasCumprod(DEFAULT_SCHEDULER);
    let [mean, variance] = [1, 0];
    bars.forEach((bar, t) => {
      const alpha = bar / (bars[t - 1] ?? 1);
      [mean, variance] = [mean * Math.sqrt(alpha), variance * alpha + (1 - alpha)];
      const { alpha: share, sigma } = levelOfAlphaBar(bar, t);
      expect(share).toBeCloseTo(mean, 9);
      expect(sigma ** 2).toBeCloseTo(variance, 9);
    });
  });

  test('noise put in is found again, and every kind of prediction says the same picture', () => {
    fc.assert(
      fc.property(picture, picture, level, (clean, noise, at) => {
        const noisy = addNoise(clean, noise, at);
        const v = mix(at.alpha, noise, -at.sigma, clean);
        const bound = 1e-5 / (at.alpha * at.sigma);
        expect(largest(mix(1, noiseIn(noisy, clean, at), -1, noise))).toBeLessThan(bound);
        expect(largest(mix(1, denoisedFromEpsilon(noisy, noise, at), -1, clean))).toBeLessThan(bound);
        expect(largest(mix(1, denoisedFromV(noisy, v, at), -1, clean))).toBeLessThan(bound);
      }),
    );
  });
});

/** What may be left where a plan ends above the clean end: noise of its sigma, and the picture less than whole. */
function remainder({ steps }: Pick<Plan, 'steps'>): number {
  const end = steps.at(-1)!.to;
  return largest(target) * (1 - end.alpha) + 5 * end.sigma;
}

/** A world of one picture: whatever the noise, it is the only answer. */
const target = new TorchRandom(99).randn(COUNT);

describe.each(SAMPLERS)('%s', (name) => {
  const sampler = SAMPLER_TABLE[name];
  const config: SchedulerConfig = { ...DEFAULT_SCHEDULER, clipRange: null, betaSchedule: 'scaled_linear' };

  test('arrives at the picture when the denoiser always knows it, in any number of steps', () => {
    for (const steps of [1, 2, 5, 40]) {
      const found = sampleWith(sampler, config, steps, 4, () => target);
      expect(largest(mix(1, found, -1, target))).toBeLessThan(1e-4 + remainder(sampler.plan(config, steps)));
    }
  });

  test.each(SCHEDULES)('arrives over the schedule %s', (schedule) => {
    // In two steps PLMS weighs what it sees at sigma 0.01 with what it saw at 157, and single precision with it.
    const bound = name === 'pndm' ? 1e-2 : 1e-4;
    for (const steps of [1, 2, 9]) {
      const found = sampleWith(sampler, config, steps, 4, () => target, schedule);
      const plan = planOver(schedule, sampler, config, steps);
      // At timestep 0 a consistency model is the picture it is shown.
      const { from } = plan.steps.at(-1)!;
      const left = remainder(name === 'lcm' && from.timestep === 0 ? { steps: [{ from, to: from }] } : plan);
      expect(largest(mix(1, found, -1, target))).toBeLessThan(bound + left);
    }
  });

  test('leaves the noise it was given untouched and asks as often as it says, at the planned levels', () => {
    const random = new TorchRandom(1);
    const noisy = random.randn(COUNT);
    const before = noisy.slice();
    const { steps } = sampler.plan(config, 6);
    const asked: NoiseLevel[] = [];
    walk(sampler, noisy, { steps, random, config }, (x, at) => {
      asked.push(at);
      return scale(0.5, x);
    });
    expect(noisy).toEqual(before);
    expect(asked.length).toBe(asksOf(sampler, 6));
    const planned = steps.map(({ from }) => from);
    const ahead = asked.filter((at, i) => planned.includes(at) && !asked.slice(0, i).includes(at));
    expect(ahead).toEqual(planned);
    expect(asksOf(sampler, 0)).toBe(0);
  });

  test('run on part of its plan, it goes on from a noised picture', () => {
    const { steps } = sampler.plan(config, 8);
    const rest = steps.slice(5);
    const random = new TorchRandom(2);
    const noisy = addNoise(target, random.randn(COUNT), rest[0]!.from);
    const found = walk(sampler, noisy, { steps: rest, random, config }, () => target);
    expect(largest(mix(1, found, -1, target))).toBeLessThan(1e-4 + remainder({ steps: rest }));
    expect(walk(sampler, target, { steps: [], random, config }, () => target)).toEqual(target);
  });

  // LCM and TCD jump: what the best denoiser smooths away is not all put back by noise.
  test.skipIf(name === 'lcm' || name === 'tcd')('shows the network pictures of the variance the level says', () => {
    const random = new TorchRandom(8);
    const plan = sampler.plan(config, 100);
    const noisy = scale(plan.noiseScale, random.randn(20_000));
    // The data are standard normal, so the best denoiser is alpha · x and every level has variance 1.
    walk(sampler, noisy, { steps: plan.steps, random, config }, (x, { alpha }) => {
      const variance = x.reduce((sum, value) => sum + value * value, 0) / x.length;
      expect(variance).toBeGreaterThan(0.9);
      expect(variance).toBeLessThan(1.05);
      return scale(alpha, x);
    });
  });
});

test('DDIM with eta 0 is invertible on a linear model: up to noise and down again returns the picture', () => {
  const config: SchedulerConfig = { ...DEFAULT_SCHEDULER, clipRange: null };
  const { steps } = ddim.plan(config, 1000);
  // The best denoiser of normal data of mean 0 and deviation 0.5 is linear, and its noise is the data twice as large.
  const linear: Denoise = (noisy, { alpha, sigma }) => scale(alpha / (alpha ** 2 + 4 * sigma ** 2), noisy);
  const upwards = steps.toReversed().map(({ from, to }) => ({ from: to, to: from }));
  const context = { random: new TorchRandom(0), config };
  // At the clean end nothing is noise, so the way up begins one level above it.
  const up = walk(ddim, target, { ...context, steps: upwards.slice(1) }, linear);
  const down = walk(ddim, up, { ...context, steps: steps.slice(0, -1) }, linear);
  expect(largest(mix(1, up, -2, target)) / largest(target)).toBeLessThan(0.05);
  expect(largest(mix(1, down, -1, target)) / largest(target)).toBeLessThan(0.01);
});

test('1000 DDPM steps over a known density recover its mean and variance', () => {
  const config: SchedulerConfig = { ...DEFAULT_SCHEDULER, clipRange: null };
  const [mean, std] = [0.8, 0.3];
  const random = new TorchRandom(17);
  const noisy = random.randn(4000);
  // E[x0 | x] of data N(mean, std²).
  const denoise: Denoise = (x, { alpha, sigma }) => {
    const gain = (alpha * std ** 2) / ((alpha * std) ** 2 + sigma ** 2);
    return x.map((value) => mean + gain * (value - alpha * mean));
  };
  const found = walk(ddpm, noisy, { steps: ddpm.plan(config, 1000).steps, random, config }, denoise);
  const average = found.reduce((sum, value) => sum + value, 0) / found.length;
  const variance = found.reduce((sum, value) => sum + (value - average) ** 2, 0) / found.length;
  expect(average).toBeCloseTo(mean, 1);
  expect(Math.sqrt(variance)).toBeCloseTo(std, 1);
});

test('levels say the same in either notation', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 100, noNaN: true }), (sigma) => {
      const at = levelOfSigma(sigma, 5);
      expect(at.alpha ** 2 + at.sigma ** 2).toBeCloseTo(1, 12);
      expect(at.sigma / at.alpha).toBeCloseTo(sigma, 9);
    }),
  );
  expect(levelOfSigma(0, -1)).toEqual(CLEAN);
});
