// Noise schedules and plans of timesteps against diffusers' schedulers, and what must hold of every schedule.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLERS, type SamplerName } from '../../src/core/request.ts';
import { betaQuantile } from '../../src/diffusion/betaQuantile.ts';
import { alphasCumprod, sigmaOf } from '../../src/diffusion/noiseSchedule.ts';
import { SAMPLER_TABLE } from '../../src/diffusion/samplers/index.ts';
import {
  BETA_SCHEDULES,
  DEFAULT_SCHEDULER,
  parseSchedulerConfig,
  type SchedulerConfig,
  TIMESTEP_SPACINGS,
} from '../../src/diffusion/schedulerConfig.ts';
import { sigmasAlignYourSteps } from '../../src/diffusion/sigmas.ts';
import { roundHalfEven, sgmUniformTimesteps } from '../../src/diffusion/timesteps.ts';
import { ROOT } from '../../src/root.ts';

interface GoldenPlan {
  readonly sampler: SamplerName;
  readonly spacing: string | null;
  readonly steps: number;
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[] | null;
  readonly initNoiseSigma: number;
}

interface GoldenCase {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly alphaBars: Readonly<Record<string, number>>;
  readonly plans: readonly GoldenPlan[];
}

const golden = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/schedules.json'), 'utf8')) as {
  readonly cases: readonly GoldenCase[];
};

/** Both sides round alpha-bar to single precision; at the clean end 1 - alpha-bar magnifies one such rounding to 7e-4 of itself. */
const HALF_ULP = 2 ** -24;

function expectClose(found: number, expected: number, relative: number, absolute = 0): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(Math.abs(expected) * relative + absolute);
}

function planLike(config: GoldenCase['config'], { sampler, spacing, steps }: GoldenPlan) {
  const spaced = spacing === null ? config : { ...config, timestep_spacing: spacing };
  return SAMPLER_TABLE[sampler].plan(parseSchedulerConfig(spaced), steps);
}

describe.each(golden.cases)('schedule $name', ({ config, alphaBars, plans }) => {
  test('alpha-bars are those of diffusers', () => {
    const bars = alphasCumprod(parseSchedulerConfig(config));
    for (const [index, expected] of Object.entries(alphaBars)) expectClose(bars[Number(index)]!, expected, 2e-6);
  });

  test.each(SAMPLERS)(
    '%s visits the timesteps and sigmas of diffusers, for every spacing and step count',
    (sampler) => {
      for (const wanted of plans.filter((plan) => plan.sampler === sampler)) {
        const { steps } = planLike(config, wanted);
        const label = `${wanted.spacing} ${wanted.steps}`;
        expect(
          steps.map(({ from }) => from.timestep),
          label,
        ).toEqual(wanted.timesteps.map((timestep) => expect.closeTo(timestep, 3)));
        wanted.sigmas?.slice(0, -1).forEach((sigma, i) => {
          expectClose(sigmaOf(steps[i]!.from), sigma, 2e-6 + HALF_ULP / sigma ** 2);
        });
      }
    },
  );

  test.each(SAMPLERS)('%s starts from noise as large as in diffusers', (sampler) => {
    for (const wanted of plans.filter((plan) => plan.sampler === sampler)) {
      const { noiseScale, steps } = planLike(config, wanted);
      // diffusers' Euler kind holds pictures divided by alpha.
      const divisor = sampler.startsWith('euler') ? steps[0]!.from.alpha : 1;
      expectClose(noiseScale / divisor, wanted.initNoiseSigma, 2e-6);
    }
  });
});

describe('whatever the schedule', () => {
  const configs: SchedulerConfig[] = BETA_SCHEDULES.flatMap((betaSchedule) => [
    { ...DEFAULT_SCHEDULER, betaSchedule },
    { ...DEFAULT_SCHEDULER, betaSchedule, rescaleBetasZeroSnr: true, predictionType: 'v_prediction' },
  ]);

  test.each(configs)(
    '$betaSchedule (zero SNR $rescaleBetasZeroSnr): alpha-bar falls from near 1 and stays within 0 … 1',
    (config) => {
      const bars = alphasCumprod(config);
      expect(bars.length).toBe(config.numTrainTimesteps);
      expect(bars[0]).toBeGreaterThan(0.99);
      expect(bars.every((bar, i) => bar >= 0 && bar < (bars[i - 1] ?? 1))).toBe(true);
      expect(bars.at(-1) === 0).toBe(config.rescaleBetasZeroSnr);
    },
  );

  test.each(configs)(
    '$betaSchedule (zero SNR $rescaleBetasZeroSnr): every plan goes down, level by level, to the clean end',
    (config) => {
      for (const [name, sampler] of Object.entries(SAMPLER_TABLE)) {
        for (const timestepSpacing of TIMESTEP_SPACINGS) {
          for (const steps of [1, 2, 9, 61, 150]) {
            const plan = sampler.plan({ ...config, timestepSpacing }, steps);
            const label = `${name} ${timestepSpacing} ${steps}`;
            expect(plan.steps.length, label).toBe(steps);
            expect(
              plan.steps.every(({ from, to }) => to.sigma < from.sigma || from.timestep === 0),
              label,
            ).toBe(true);
            const sigmas = plan.steps.map(({ from }) => from.sigma);
            expect(
              sigmas.every((sigma, i) => sigma < (sigmas[i - 1] ?? 2)),
              label,
            ).toBe(true);
            expect(
              plan.steps.every(({ from }) => Math.abs(from.alpha ** 2 + from.sigma ** 2 - 1) < 1e-9),
              label,
            ).toBe(true);
          }
        }
      }
    },
  );

  test('steps outside 1 … T are refused with the numbers', () => {
    for (const [steps, sampler] of [0, 1.5, 1001].flatMap((n) =>
      Object.values(SAMPLER_TABLE).map((s) => [n, s] as const),
    )) {
      expect(() => sampler.plan(DEFAULT_SCHEDULER, steps)).toThrow(
        `steps: found ${steps}, expected an integer in 1 … 1000`,
      );
    }
  });
});

test('ten aligned steps are the published ones, and other numbers lie between them', () => {
  const table = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152];
  expect(sigmasAlignYourSteps(10)).toEqual(table.map((sigma) => expect.closeTo(sigma, 9)));
  const twenty = sigmasAlignYourSteps(20);
  expect(twenty.filter((_, i) => i % 2 === 0)).toEqual(table.map((sigma) => expect.closeTo(sigma, 9)));
  expect(twenty[1]).toBeCloseTo(Math.sqrt(14.615 * 6.475), 9);
});

test('quantiles of the beta distribution are those of scipy.stats.beta.ppf(p, 0.6, 0.6)', () => {
  const found = [0, 0.01, 0.1, 0.3, 0.5, 0.77, 0.99, 1].map((p) => betaQuantile(p, 0.6));
  const scipy = [0, 0.0008612388215, 0.03958440559, 0.2340170039, 0.5, 0.8461624142, 0.9991387612, 1];
  expect(found).toEqual(scipy.map((x) => expect.closeTo(x, 9)));
});

test('SGM uniform begins at the last trained timestep and never reaches the first', () => {
  expect(sgmUniformTimesteps(4, 1001)).toEqual([1000, 750, 500, 250]);
});

test('halves round to the even neighbour', () => {
  expect([0.5, 1.5, 2.5, -1.5, 2.4, 2.6].map(roundHalfEven)).toEqual([0, 2, 2, -2, 2, 3]);
});
