// The figures of /admin stats from what orders left behind: pictures a day, how long people wait and pictures take, who and what is busiest.
import type { JobFigure, RefusalFigure } from './houseRules.ts';
import { dayOf } from './quota.ts';

export interface Ranked {
  readonly name: string;
  readonly count: number;
}

/** Times in milliseconds that so many of a hundred are not above. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Times of one kind; null where there are none. */
export interface Times {
  readonly all: Percentiles | null;
  /** By day, as `picturesADay`. */
  readonly byDay: readonly (Percentiles | null)[];
}

export interface Stats {
  /** UTC day since the epoch of the first of them. */
  readonly firstDay: number;
  /** Oldest first; the last is today (UTC). */
  readonly picturesADay: readonly number[];
  readonly pictures: number;
  readonly people: number;
  readonly waits: Times;
  readonly makes: Times;
  readonly users: readonly Ranked[];
  readonly models: readonly Ranked[];
  readonly refusals: readonly Ranked[];
  /** All refusals, those of rarer reasons too. */
  readonly refused: number;
}

const MADE: readonly string[] = ['developed', 'delivered'];
const RANKS = 5;

/** @param figures read once, in any order */
export function statsOf(
  figures: Iterable<JobFigure>,
  refused: readonly RefusalFigure[],
  days: number,
  nowMs: number,
): Stats {
  const firstDay = dayOf(nowMs) - days + 1;
  const picturesADay = new Array<number>(days).fill(0);
  const [waits, makes] = [new TimesADay(days), new TimesADay(days)];
  const [users, models] = [new Map<string, number>(), new Map<string, number>()];
  for (const { state, createdAtMs, startedAtMs, gpuMs, count, userId, model } of figures) {
    if (!MADE.includes(state)) continue;
    const day = dayOf(createdAtMs) - firstDay;
    if (day >= 0 && day < days) picturesADay[day]! += count;
    if (startedAtMs !== null) waits.add(day, Math.max(0, startedAtMs - createdAtMs));
    if (gpuMs !== null) makes.add(day, gpuMs);
    add(users, userId, count);
    add(models, model, count);
  }
  const reasons = new Map<string, number>();
  for (const { reason, count } of refused) add(reasons, reason, count);
  return {
    firstDay,
    picturesADay,
    pictures: sumOf(users),
    people: users.size,
    waits: waits.times(),
    makes: makes.times(),
    users: ranked(users),
    models: ranked(models),
    refusals: ranked(reasons),
    refused: sumOf(reasons),
  };
}

class TimesADay {
  readonly #days: number[][];
  readonly #others: number[] = [];

  constructor(days: number) {
    this.#days = Array.from({ length: days }, () => []);
  }

  add(day: number, ms: number): void {
    (this.#days[day] ?? this.#others).push(ms);
  }

  times(): Times {
    return { all: percentiles([...this.#days, this.#others].flat()), byDay: this.#days.map(percentiles) };
  }
}

function add(sums: Map<string, number>, name: string, count: number): void {
  sums.set(name, (sums.get(name) ?? 0) + count);
}

function sumOf(sums: ReadonlyMap<string, number>): number {
  return [...sums.values()].reduce((total, count) => total + count, 0);
}

/** The largest by name, ties by name. */
function ranked(sums: ReadonlyMap<string, number>): readonly Ranked[] {
  return [...sums]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, RANKS);
}

/** By the nearest rank: always a time that somebody met. */
function percentiles(times: readonly number[]): Percentiles | null {
  if (times.length === 0) return null;
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
