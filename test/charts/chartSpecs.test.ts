// From figures to marks: what stands in the charts, and where, before anything is drawn.
import { describe, expect, test } from 'vitest';
import { type ChartSpec, chartSpecs } from '../../src/charts/chartSpecs.ts';
import { textWidth } from '../../src/charts/textWidth.ts';
import { LANGUAGES, type Language } from '../../src/discord/phrases/phrases.ts';
import { made, statsFrom, wordsIn } from './words.ts';

interface Axis {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly data?: readonly string[];
  readonly axisLabel: {
    readonly interval: (index: number) => boolean;
    readonly formatter: (value: number) => string;
    readonly show?: boolean;
  };
}
interface Series {
  readonly name?: string;
  readonly data: readonly unknown[];
  readonly label: { readonly formatter: (mark: { value: number }) => string; readonly show: boolean };
}
interface Parts {
  readonly title: readonly { readonly text: string }[];
  readonly grid: readonly { readonly left: number; readonly top: number; readonly height: number }[];
  readonly series: readonly Series[];
  readonly xAxis: readonly Axis[];
  readonly yAxis: readonly Axis[];
}

const en = wordsIn('en', { '100': 'Ann', '200': 'Bob' });
const listed = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);
const partsOf = ({ option }: ChartSpec): Parts => {
  const { title, grid, series, xAxis, yAxis } = option as unknown as Record<keyof Parts, never>;
  return {
    title: listed(title),
    grid: listed(grid),
    series: listed(series),
    xAxis: listed(xAxis),
    yAxis: listed(yAxis),
  };
};
const specOf = (name: string, specs: readonly ChartSpec[]) => specs.find((one) => one.name === name)!;
const level = (mark: unknown) => (typeof mark === 'object' ? (mark as { value: number }).value : mark);

describe('pictures a day', () => {
  test('are a bar each, and a zero where there were none', () => {
    const spec = specOf('days', chartSpecs(statsFrom([made(6, { count: 3 }), made(0, { count: 12_345 })]), en));
    const { series, title, xAxis, yAxis } = partsOf(spec);
    expect(series[0]!.data.map(level)).toEqual([3, 0, 0, 0, 0, 0, 12_345]);
    expect(series[0]!.data[1]).toMatchObject({ itemStyle: { opacity: 0 } });
    expect(title.map(({ text }) => text)).toEqual(['Pictures a day (UTC)']);
    expect(xAxis[0]!.data).toEqual(['Nov 15', 'Nov 16', 'Nov 17', 'Nov 18', 'Nov 19', 'Nov 20', 'Nov 21']);
    expect(yAxis[0]!.min).toBe(0);
    const { formatter, show } = series[0]!.label;
    expect([show, formatter({ value: 0 }), formatter({ value: 12_345 })]).toEqual([true, '', '12.3K']);
  });

  test.each([1, 7, 30, 90])('of %i days: today is named, and no two names touch', (days) => {
    for (const language of Object.keys(LANGUAGES) as Language[]) {
      const spec = specOf('days', chartSpecs(statsFrom([made(0)], days), wordsIn(language)));
      const { xAxis, grid, series } = partsOf(spec);
      const { data = [], axisLabel } = xAxis[0]!;
      const named = data.flatMap((text, at) => (axisLabel.interval(at) ? [{ text, at }] : []));
      expect(named.at(-1)?.at).toBe(days - 1);
      const roomPx = (1100 - grid[0]!.left - 56) / days;
      for (const [index, { text, at }] of named.slice(1).entries()) {
        const before = named[index]!;
        const gapPx = (at - before.at) * roomPx - (textWidth(text, 24) + textWidth(before.text, 24)) / 2;
        expect(gapPx).toBeGreaterThan(10);
      }
      expect(series[0]!.label.show).toBe(days <= 14);
    }
  });
});

describe('times', () => {
  test('are three lines each for waiting and making, with gaps where nobody waited', () => {
    const figures = [1_000, 2_000, 9_000].map((waitMs) => made(2, { waitMs, gpuMs: waitMs * 10 }));
    const { series, title, yAxis, xAxis } = partsOf(specOf('times', chartSpecs(statsFrom(figures, 3), en)));
    expect(title.map(({ text }) => text)).toEqual(['Wait, at most (UTC)', 'Making, at most (UTC)']);
    expect(series.map(({ name, data }) => [name, ...data])).toEqual([
      ['half (p50)', 2, '-', '-'],
      ['9 of 10 (p90)', 9, '-', '-'],
      ['99 of 100 (p99)', 9, '-', '-'],
      ['half (p50)', 20, '-', '-'],
      ['9 of 10 (p90)', 90, '-', '-'],
      ['99 of 100 (p99)', 90, '-', '-'],
    ]);
    expect(yAxis.map(({ type, min, axisLabel }) => [type, min, axisLabel.formatter(5)])).toEqual([
      ['value', 0, '5 sec'],
      ['value', 0, '5 sec'],
    ]);
    // The days stand below the lower one.
    expect(xAxis.map(({ axisLabel }) => axisLabel.show)).toEqual([false, true]);
  });

  test('are told in minutes and hours where they are long', () => {
    const unitOf = (waitMs: number) =>
      partsOf(specOf('times', chartSpecs(statsFrom([made(0, { waitMs })]), en))).yAxis[0]!.axisLabel.formatter(3);
    expect([110_000, 130_000, 3 * 3_600_000].map(unitOf)).toEqual(['3 sec', '3 min', '3 hr']);
  });

  test('lie on powers of ten where short and long ones are far apart, the least of them on the axis', () => {
    const figures = [...Array.from({ length: 9 }, () => made(1, { waitMs: 0 })), made(0, { waitMs: 70_000 })];
    const { series, yAxis } = partsOf(specOf('times', chartSpecs(statsFrom(figures, 2), en)));
    expect(yAxis[0]).toMatchObject({ type: 'log', min: 0.001, max: 100 });
    expect(series[0]!.data).toEqual([0.001, 70]);
    expect(yAxis[1]).toMatchObject({ type: 'value' });
  });

  test('of making alone are one panel', () => {
    const spec = specOf('times', chartSpecs(statsFrom([made(0, { startedAtMs: null })]), en));
    const { title, grid, series } = partsOf(spec);
    expect(title.map(({ text }) => text)).toEqual(['Making, at most (UTC)']);
    expect([grid.length, series.length]).toEqual([1, 3]);
    expect(grid[0]!.top + grid[0]!.height).toBeLessThan(spec.heightPx);
  });
});

describe('ranks', () => {
  const figures = [
    made(0, { count: 1_000_000 }),
    made(0, { userId: '200', count: 4, model: 'xl' }),
    made(0, { userId: '300', count: 2 }),
  ];

  test('are bars from the most to the least, each with its name and number', () => {
    const spec = specOf('ranks', chartSpecs(statsFrom(figures, 7, { quota: 3, unheard_of: 1 }), en));
    const { title, yAxis, series, xAxis, grid } = partsOf(spec);
    expect(title.map(({ text }) => text)).toEqual(['Busiest people', 'Pictures by model', 'Refused requests']);
    expect(yAxis.map(({ data }) => data)).toEqual([
      // Whoever has no name that can be drawn is the number under the chart.
      ['1. Ann', '2. Bob', '3.'],
      ['emoji', 'xl'],
      ['quota used up', 'unheard_of'],
    ]);
    expect(series.map(({ data }) => data)).toEqual([
      [1_000_000, 4, 2],
      [1_000_002, 4],
      [3, 1],
    ]);
    expect(series[0]!.label.formatter({ value: 1_000_000 })).toBe('1M');
    expect(xAxis.map(({ min, max }) => [min, max])).toEqual([
      [0, 1_000_000],
      [0, 1_000_002],
      [0, 3],
    ]);
    for (const [at, { top, height }] of grid.entries()) {
      expect(top + height).toBeLessThan(grid[at + 1]?.top ?? spec.heightPx);
    }
  });

  test('end names before the bars begin, in every language', () => {
    const names = { '100': 'W'.repeat(32), '200': '漢'.repeat(32), '300': 'Bob the exceptionally long-winded' };
    const refused = { quota: 1, too_many_waiting: 2, draining: 3, model_denied: 4, closed: 5 };
    for (const language of Object.keys(LANGUAGES) as Language[]) {
      const words = wordsIn(language, names);
      const { yAxis } = partsOf(specOf('ranks', chartSpecs(statsFrom(figures, 7, refused), words)));
      for (const label of yAxis.flatMap(({ data = [] }) => data)) expect(textWidth(label, 24)).toBeLessThanOrEqual(350);
      // Our own words are never cut.
      expect(yAxis.at(-1)!.data!.filter((label) => label.endsWith('…'))).toEqual([]);
    }
  });
});

test('nothing is drawn of nothing, and no chart is higher than Discord shows whole', () => {
  expect(chartSpecs(statsFrom([]), en)).toEqual([]);
  expect(chartSpecs(statsFrom([], 7, { quota: 1 }), en).map(({ name }) => name)).toEqual(['ranks']);
  const many = Array.from({ length: 40 }, (_, at) => made(at % 7, { userId: `${at}`, model: `m${at}` }));
  const refused = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`r${at}`, 1]));
  const specs = chartSpecs(statsFrom(many, 90, refused), en);
  expect(specs.map(({ name, widthPx, heightPx }) => [name, widthPx, heightPx])).toEqual([
    ['days', 1100, 430],
    ['times', 1100, 670],
    ['ranks', 1100, 760],
  ]);
});
