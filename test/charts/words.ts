// Words and figures for charts in tests.
import type { ChartWords } from '../../src/core/charts.ts';
import type { JobFigure } from '../../src/core/houseRules.ts';
import { type Stats, statsOf } from '../../src/core/stats.ts';
import { type Language, phrasesFor } from '../../src/discord/phrases/phrases.ts';
import { chartWords } from '../../src/discord/views/statsView.ts';

export const DAY_MS = 86_400_000;
export const NOW_MS = Date.UTC(2026, 10, 21, 13);
const TODAY = NOW_MS / DAY_MS;

export const wordsIn = (language: Language, names: Readonly<Record<string, string>> = {}): ChartWords =>
  chartWords(names, phrasesFor(language), language);

/** So many days ago, with a wait and a time of making. */
export const made = (daysAgo: number, over: Partial<JobFigure> & { readonly waitMs?: number } = {}): JobFigure => {
  const { waitMs = 1_000, ...others } = over;
  const createdAtMs = NOW_MS - daysAgo * DAY_MS;
  return {
    userId: '100',
    model: 'emoji',
    state: 'delivered',
    count: 1,
    createdAtMs,
    startedAtMs: createdAtMs + waitMs,
    gpuMs: 2_000,
    ...others,
  };
};

export const statsFrom = (
  figures: readonly JobFigure[],
  days = 7,
  refused: Readonly<Record<string, number>> = {},
): Stats => {
  const rows = Object.entries(refused).map(([reason, count]) => ({ day: Math.floor(TODAY), reason, count }));
  return statsOf(figures, rows, days, NOW_MS);
};
