import { expect, test } from 'vitest';
import type { JobFigure } from '../../src/core/houseRules.ts';
import { statsOf } from '../../src/core/stats.ts';

const NOON = Date.UTC(2026, 0, 10, 12);
const DAY_MS = 86_400_000;
const figure = (over: Partial<JobFigure>): JobFigure => ({
  userId: 'ann',
  model: 'emoji',
  state: 'delivered',
  count: 1,
  createdAtMs: NOON,
  startedAtMs: NOON + 1_000,
  gpuMs: 500,
  ...over,
});

test('days are UTC days up to today, and only what was made counts', () => {
  const figures = [
    figure({ count: 4 }),
    figure({ createdAtMs: NOON - DAY_MS, userId: 'bob', model: 'xl' }),
    figure({ createdAtMs: NOON - 3 * DAY_MS, count: 2 }),
    figure({ state: 'failed', count: 9 }),
    figure({ state: 'queued', count: 9, startedAtMs: null, gpuMs: null }),
  ];
  const found = statsOf(
    figures,
    [
      { day: 1, reason: 'quota', count: 2 },
      { day: 2, reason: 'quota', count: 1 },
    ],
    3,
    NOON,
  );
  expect(found.picturesADay).toEqual([0, 1, 4]);
  expect(found).toMatchObject({ pictures: 7, people: 2 });
  expect(found.users).toEqual([
    { name: 'ann', count: 6 },
    { name: 'bob', count: 1 },
  ]);
  expect(found.models).toEqual([
    { name: 'emoji', count: 6 },
    { name: 'xl', count: 1 },
  ]);
  expect(found.refusals).toEqual([{ name: 'quota', count: 3 }]);
});

test('percentiles are times somebody met; without any there are none', () => {
  const figures = Array.from({ length: 20 }, (_, at) => figure({ startedAtMs: NOON + at + 1, gpuMs: (20 - at) * 10 }));
  const { waits, makes } = statsOf(figures, [], 1, NOON);
  expect(waits).toEqual({ half: 10, most: 19 });
  expect(makes).toEqual({ half: 100, most: 190 });
  expect(statsOf([], [], 1, NOON).waits).toEqual({ half: undefined, most: undefined });
});
