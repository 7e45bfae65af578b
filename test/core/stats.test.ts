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
  expect(found.firstDay * DAY_MS).toBe(Date.UTC(2026, 0, 8));
  expect(found.picturesADay).toEqual([0, 1, 4]);
  expect(found).toMatchObject({ pictures: 7, people: 2, refused: 3 });
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
  const figures = Array.from({ length: 200 }, (_, at) =>
    figure({ startedAtMs: NOON + at + 1, gpuMs: (200 - at) * 10 }),
  );
  const { waits, makes } = statsOf(figures, [], 1, NOON);
  expect(waits.all).toEqual({ p50: 100, p90: 180, p99: 198 });
  expect(makes.all).toEqual({ p50: 1_000, p90: 1_800, p99: 1_980 });
  expect(statsOf([], [], 1, NOON).waits).toEqual({ all: null, byDay: [null] });
});

test('each day has its own percentiles, and a day without times has none', () => {
  const figures = [
    figure({ createdAtMs: NOON - 2 * DAY_MS, startedAtMs: NOON - 2 * DAY_MS + 700, gpuMs: 70 }),
    // A clock that was set back is no wait.
    figure({ startedAtMs: NOON - 5, gpuMs: null }),
    figure({ startedAtMs: NOON + 900 }),
  ];
  const { waits, makes } = statsOf(figures, [], 3, NOON);
  expect(waits.byDay).toEqual([{ p50: 700, p90: 700, p99: 700 }, null, { p50: 0, p90: 900, p99: 900 }]);
  expect(makes.byDay).toEqual([{ p50: 70, p90: 70, p99: 70 }, null, { p50: 500, p90: 500, p99: 500 }]);
});

test('the rarer reasons are in the sum, and what is read is read once', () => {
  const refused = Array.from({ length: 7 }, (_, at) => ({ day: 1, reason: `r${at}`, count: at + 1 }));
  function* once() {
    yield figure({});
    yield figure({ userId: 'bob' });
  }
  const found = statsOf(once(), refused, 1, NOON);
  expect(found.refused).toBe(28);
  expect(found.refusals.map(({ name }) => name)).toEqual(['r6', 'r5', 'r4', 'r3', 'r2']);
  expect(found.people).toBe(2);
});
