// The answer of /admin stats in every language against Discord's limits: with charts, without, as a card and as embeds.
import { describe, expect, test } from 'vitest';
import { CHARTS } from '../../../src/core/charts.ts';
import type { Stats } from '../../../src/core/stats.ts';
import { LANGUAGES, type Language, phrasesFor } from '../../../src/discord/phrases/phrases.ts';
import { type StatsPage, statsView } from '../../../src/discord/views/statsView.ts';
import { cardLabels, cardText, expectFits } from '../limits.ts';
import { testIds } from '../samples.ts';

const ids = testIds();
const LONG = 'W'.repeat(200);
const times = { p50: 1_234, p90: 999_999, p99: 123_456_789 };
const ranked = (name: (at: number) => string) =>
  Array.from({ length: 5 }, (_, at) => ({ name: name(at), count: 123_456_789 - at }));
const busy: Stats = {
  firstDay: 20_000,
  picturesADay: Array.from({ length: 90 }, (_, at) => at * 1_000),
  pictures: 1_000_000,
  people: 123_456,
  waits: { all: times, byDay: [] },
  makes: { all: times, byDay: [] },
  users: ranked((at) => `10000000000000000${at}`),
  models: ranked((at) => `${LONG}*_${at}`),
  refusals: ranked((at) => ['quota', 'closed', 'model_denied', 'unheard_of', 'draining'][at]!),
  refused: 999_999,
};
const empty: Stats = {
  ...busy,
  picturesADay: [0, 0, 0],
  pictures: 0,
  people: 0,
  waits: { all: null, byDay: [] },
  makes: { all: null, byDay: [] },
  users: [],
  models: [],
  refusals: [],
  refused: 0,
};
const pictures = CHARTS.map((name) => ({ name, png: new Uint8Array(10), widthPx: 1100, heightPx: 430 }));
const page = (over: Partial<StatsPage> = {}): StatsPage => ({
  stats: busy,
  pictures,
  days: 90,
  isEverywhere: true,
  locale: 'en',
  ...over,
});
const PAGES = [
  page(),
  page({ pictures: [] }),
  page({ stats: empty, pictures: [] }),
  page({ pictures: pictures.slice(2) }),
];

describe.each(Object.keys(LANGUAGES) as Language[])('in %s', (locale) => {
  test('every answer fits, and every chart is told in words', () => {
    const phrases = phrasesFor(locale);
    for (const one of PAGES) {
      const views = (['card', 'classic'] as const).map((look) => statsView({ ...one, locale }, phrases, ids, look));
      for (const view of views) expectFits(view);
      for (const { altText } of views.flatMap(({ files }) => files)) {
        expect(altText.length).toBeGreaterThan(10);
        expect(altText).not.toMatch(/undefined|NaN|<@|\*\*/);
      }
      expect(cardLabels(views[0]!)).toEqual([[7, 30, 90].map((days) => phrases.houseRules.statsDays(days))]);
    }
  });
});

test('what is shown cannot be asked for again, and a button keeps to where it was asked for', () => {
  const buttons = (over: Partial<StatsPage>) =>
    statsView(page(over), phrasesFor('en'), ids, 'classic').rows[0]!.components;
  expect(buttons({ days: 30 }).map((one) => one.disabled)).toEqual([false, true, false]);
  const argsOf = (one: object) => ids.read((one as { custom_id: string }).custom_id)?.args;
  expect(buttons({}).map(argsOf)).toEqual([
    ['7', 'all'],
    ['30', 'all'],
    ['90', 'all'],
  ]);
  expect(buttons({ isEverywhere: false }).map(argsOf)[0]).toEqual(['7', 'here']);
});

test('names of models are inert, people are mentioned, reasons are words where there are some', () => {
  const text = cardText(statsView(page(), phrasesFor('en'), ids, 'card'));
  expect(text).toContain('**Busiest people**: 1. <@100000000000000000> 123M');
  expect(text).not.toContain('*_0');
  expect(text).toContain('quota used up 123M · channel not allowed 123M · model not allowed 123M · unheard\\_of 123M');
  expect(text).toContain('half 1.2 sec · 9 of 10 17 min · 99 of 100 34 hr');
});

test('days are drawn with signs where there is no chart, and one without pictures is a line', () => {
  const stats = { ...busy, picturesADay: [0, 1, 800] };
  expect(cardText(statsView(page({ stats, pictures: [] }), phrasesFor('en'), ids, 'card'))).toContain('0–800\n`▁▂█`');
});
