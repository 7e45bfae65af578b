// The figures of /admin stats from what orders left behind: pictures a day, how long people wait and pictures take, who and what is busiest.
import type { JobFigure, RefusalFigure } from './houseRules.ts';
import { dayOf } from './quota.ts';

export interface Ranked {
  readonly name: string;
  readonly count: number;
}

/** Times in milliseconds; undefined where there are none. */
export interface Percentiles {
  /** Half of them are not above. */
  readonly half: number | undefined;
  /** 19 of 20 are not above. */
  readonly most: number | undefined;
}

export interface Stats {
  /** Oldest first; the last is today (UTC). */
  readonly picturesADay: readonly number[];
  readonly pictures: number;
  readonly people: number;
  readonly waits: Percentiles;
  readonly makes: Percentiles;
  readonly users: readonly Ranked[];
  readonly models: readonly Ranked[];
  readonly refusals: readonly Ranked[];
}

const MADE: readonly string[] = ['developed', 'delivered'];
const RANKS = 5;

export function statsOf(
  figures: readonly JobFigure[],
  refused: readonly RefusalFigure[],
  days: number,
  nowMs: number,
): Stats {
  const made = figures.filter(({ state }) => MADE.includes(state));
  const first = dayOf(nowMs) - days + 1;
  const picturesADay = new Array<number>(days).fill(0);
  for (const { createdAtMs, count } of made) {
    const at = dayOf(createdAtMs) - first;
    if (at >= 0 && at < days) picturesADay[at]! += count;
  }
  return {
    picturesADay,
    pictures: made.reduce((total, { count }) => total + count, 0),
    people: new Set(made.map(({ userId }) => userId)).size,
    waits: percentiles(
      made.flatMap(({ createdAtMs, startedAtMs }) => (startedAtMs === null ? [] : [startedAtMs - createdAtMs])),
    ),
    makes: percentiles(made.flatMap(({ gpuMs }) => gpuMs ?? [])),
    users: ranked(made.map(({ userId, count }) => [userId, count])),
    models: ranked(made.map(({ model, count }) => [model, count])),
    refusals: ranked(refused.map(({ reason, count }) => [reason, count])),
  };
}

/** The largest sums by name, ties by name. */
function ranked(rows: readonly (readonly [name: string, count: number])[]): readonly Ranked[] {
  const sums = new Map<string, number>();
  for (const [name, count] of rows) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, RANKS);
}

/** By the nearest rank: always a time that somebody met. */
function percentiles(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { half: at(0.5), most: at(0.95) };
}
