// What the charts of /admin stats show and where, as options of the charting library: a pure function of figures and words. Deliberately not
// here: drawing; drawCharts has that.
import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts';
import type { GridComponentOption, LegendComponentOption, TitleComponentOption } from 'echarts/components';
import type { ComposeOption } from 'echarts/core';
import type { ChartName, ChartWords } from '../core/charts.ts';
import { countText, dayText, timeText, timeUnit } from '../core/figureText.ts';
import type { Percentiles, Ranked, Stats, Times } from '../core/stats.ts';
import { cutToWidth, textWidth } from './textWidth.ts';

export type ChartOption = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | TitleComponentOption
>;

export interface ChartSpec {
  readonly name: ChartName;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly option: ChartOption;
}

/** Twice as wide as Discord shows a picture on a desk, so that it is sharp there and read on a phone. Not over 700 high: higher ones are shown narrower. */
const WIDTH_PX = 1100;
const EDGE_PX = 36;
const TEXT_PX = 24;
const TITLE_PX = 28;
/** On a ground of its own, the same for readers of Discord's dark and light looks; as the sheets. */
const INK = { ground: '#1e1f22', text: '#e6e7ea', faint: '#a9acb4', line: '#3b3d44', bar: '#56b4e9' } as const;
/** Told apart by the colour-blind too, and by their shapes. @source Okabe and Ito, Color Universal Design (2008), lightened for a dark ground */
const SHARES = [
  ['p50', '#56b4e9', 'circle'],
  ['p90', '#e69f00', 'rect'],
  ['p99', '#f0715b', 'diamond'],
] as const;
/** Labels of days never touch. */
const DAY_GAP_PX = 36;
/** From this ratio of the largest to the smallest usual time on, small ones would lie on the axis. */
const LOG_RATIO = 100;
/** So few bars carry their numbers. */
const NUMBERED_BARS = 14;

const FONT = { fontFamily: 'Noto Sans', fontSize: TEXT_PX, color: INK.faint } as const;
const AXIS = {
  axisLine: { lineStyle: { color: INK.line, width: 2 } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: INK.line, width: 1 } },
} as const;

/** Those there is something to show in. */
export function chartSpecs(stats: Stats, words: ChartWords): readonly ChartSpec[] {
  return [daysSpec(stats, words), timesSpec(stats, words), ranksSpec(stats, words)].flatMap((spec) => spec ?? []);
}

const base = { animation: false, backgroundColor: INK.ground, textStyle: { fontFamily: FONT.fontFamily } } as const;

function title(text: string, top: number) {
  return {
    text,
    left: EDGE_PX,
    top,
    padding: 0,
    textStyle: { ...FONT, fontSize: TITLE_PX, fontWeight: 'normal', color: INK.text },
  } as const;
}

/** A day without pictures is a zero. */
function daysSpec({ picturesADay, firstDay, pictures }: Stats, { titles, locale }: ChartWords): ChartSpec | undefined {
  if (pictures === 0) return undefined;
  const heightPx = 430;
  const highest = Math.max(1, ...picturesADay);
  const left = leftFor([highest, highest / 3, highest * 1.2].map((count) => countText(Math.round(count), locale)));
  const isNumbered = picturesADay.length <= NUMBERED_BARS;
  const option: ChartOption = {
    ...base,
    title: [title(`${titles.perDay} (UTC)`, 30)],
    grid: [{ left, right: RIGHT_PX, top: 104, height: heightPx - 104 - 70 }],
    xAxis: dayAxis(firstDay, picturesADay.length, left, locale),
    yAxis: {
      type: 'value',
      min: 0,
      minInterval: 1,
      splitNumber: 4,
      axisLabel: { ...FONT, formatter: (count: number) => countText(count, locale) },
      splitLine: AXIS.splitLine,
    },
    series: [
      {
        type: 'bar',
        // A day without pictures has no bar, though the smallest bar is higher than nothing.
        data: picturesADay.map((value) => (value === 0 ? { value, itemStyle: { opacity: 0 } } : value)),
        barMaxWidth: 64,
        barCategoryGap: '28%',
        // One picture beside a thousand can still be seen.
        barMinHeight: 3,
        itemStyle: { color: INK.bar, borderRadius: [4, 4, 0, 0] },
        label: {
          ...FONT,
          show: isNumbered,
          position: 'top',
          formatter: ({ value }) => (value === 0 ? '' : countText(Number(value), locale)),
        },
      },
    ],
  };
  return { name: 'days', widthPx: WIDTH_PX, heightPx, option };
}

const RIGHT_PX = 56;

function leftFor(labels: readonly string[]): number {
  return Math.ceil(EDGE_PX + 14 + Math.max(...labels.map((label) => textWidth(label, TEXT_PX))));
}

/** As many days named as have room, today always. */
function dayAxis(firstDay: number, days: number, left: number, locale: string) {
  const labels = Array.from({ length: days }, (_, at) => dayText(firstDay + at, locale));
  const widest = Math.max(...labels.map((label) => textWidth(label, TEXT_PX)));
  const room = Math.max(1, Math.floor((WIDTH_PX - left - RIGHT_PX) / (widest + DAY_GAP_PX)));
  const step = Math.ceil(days / room);
  return {
    type: 'category',
    data: labels,
    axisLabel: { ...FONT, margin: 14, interval: (index: number) => (days - 1 - index) % step === 0 },
    axisLine: AXIS.axisLine,
    axisTick: AXIS.axisTick,
  } as const;
}

const PANEL = { titlePx: 54, plotPx: 190, gapPx: 34 } as const;
const LEGEND_PX = 84;
const DAYS_PX = 64;

/** One panel for waiting and one for making, one under the other, over the same days. */
function timesSpec(stats: Stats, words: ChartWords): ChartSpec | undefined {
  const all = [
    [words.titles.waits, stats.waits],
    [words.titles.makes, stats.makes],
  ] as const;
  const panels = all.flatMap(([heading, times]) => {
    const scale = scaleOf(times, words.locale);
    return scale === undefined ? [] : [{ heading, times, scale }];
  });
  if (panels.length === 0) return undefined;
  const left = Math.max(...panels.map(({ scale }) => leftFor(scale.labels)));
  const topOf = (panel: number) => LEGEND_PX + panel * (PANEL.titlePx + PANEL.plotPx + PANEL.gapPx);
  const days = dayAxis(stats.firstDay, stats.picturesADay.length, left, words.locale);
  const last = panels.length - 1;
  const option: ChartOption = {
    ...base,
    legend: legendOf(words),
    title: panels.map(({ heading }, at) => title(`${heading} (UTC)`, topOf(at))),
    grid: panels.map((_, at) => ({ left, right: RIGHT_PX, top: topOf(at) + PANEL.titlePx, height: PANEL.plotPx })),
    xAxis: panels.map((_, at) => ({ ...days, gridIndex: at, axisLabel: { ...days.axisLabel, show: at === last } })),
    yAxis: panels.map(({ scale }, at) => ({ ...scale.axis, gridIndex: at })),
    series: panels.flatMap(({ times, scale }, at) => sharesOf(times, scale, at, words)),
  };
  const heightPx = topOf(last) + PANEL.titlePx + PANEL.plotPx + DAYS_PX;
  return { name: 'times', widthPx: WIDTH_PX, heightPx, option };
}

function legendOf({ shares }: ChartWords): LegendComponentOption {
  return {
    left: EDGE_PX,
    top: 30,
    padding: 0,
    itemGap: 36,
    itemWidth: 34,
    itemHeight: 16,
    selectedMode: false,
    textStyle: { ...FONT, color: INK.text },
    data: SHARES.map(([share]) => `${shares[share]} (${share})`),
  };
}

interface Scale {
  readonly unitMs: number;
  /** Smallest value shown, in units; 0 on an even scale. */
  readonly floor: number;
  readonly labels: readonly string[];
  readonly axis: Record<string, unknown>;
}

/** In the unit of its longest times; by powers of ten where short and long ones lie far apart. */
function scaleOf({ byDay }: Times, locale: string): Scale | undefined {
  const days = byDay.filter((day) => day !== null);
  if (days.length === 0) return undefined;
  const longest = Math.max(1, ...days.map(({ p99 }) => p99));
  const shortest = Math.max(1, Math.min(...days.map(({ p50 }) => p50)));
  const isLog = longest / shortest > LOG_RATIO;
  const unit = timeUnit(longest);
  const label = (value: number) => timeText(value * unit.unitMs, locale, unit);
  const floor = isLog ? 10 ** Math.floor(Math.log10(shortest / unit.unitMs)) : 0;
  const axis = {
    ...(isLog ? { type: 'log', min: floor, max: roundAbove(longest / unit.unitMs) } : { type: 'value', min: 0 }),
    splitNumber: 3,
    axisLabel: { ...FONT, formatter: label },
    splitLine: AXIS.splitLine,
  };
  const shown = isLog ? [floor, longest / unit.unitMs] : [1, 1.25, 0.55].map((part) => (longest / unit.unitMs) * part);
  return { unitMs: unit.unitMs, floor, labels: shown.map(label), axis };
}

/** 1, 2 or 5 of a power of ten. */
function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}

/** A day without times is a gap: there was nothing to wait for. */
function sharesOf(
  { byDay }: Times,
  { unitMs, floor }: Scale,
  panel: number,
  { shares }: ChartWords,
): LineSeriesOption[] {
  const level = (day: Percentiles | null, share: keyof Percentiles) =>
    day === null ? '-' : Math.max(floor, day[share] / unitMs);
  return SHARES.map(([share, color, symbol]) => ({
    type: 'line',
    name: `${shares[share]} (${share})`,
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: byDay.map((day) => level(day, share)),
    connectNulls: false,
    showAllSymbol: true,
    symbol,
    symbolSize: byDay.length > 31 ? 6 : 10,
    lineStyle: { color, width: 3 },
    itemStyle: { color },
  }));
}

const ROW_PX = 34;
const NAME_PX = 370;
const COUNT_PX = 120;
const BAR_COLOURS = ['#56b4e9', '#009e73', '#f0715b'] as const;

/** Who, what and why most, each with its bars from the most to the least. */
function ranksSpec(stats: Stats, words: ChartWords): ChartSpec | undefined {
  const { titles, names, reasons } = words;
  const lists = [
    { heading: titles.users, rows: stats.users, nameOf: (id: string, at: number) => `${at + 1}. ${names[id] ?? ''}` },
    { heading: titles.models, rows: stats.models, nameOf: (name: string) => name },
    { heading: titles.refused, rows: stats.refusals, nameOf: (reason: string) => reasons[reason] ?? reason },
  ].map((list, at) => ({ ...list, colour: BAR_COLOURS[at]! }));
  const panels = lists.filter(({ rows }) => rows.length > 0);
  if (panels.length === 0) return undefined;
  const heights = panels.map(({ rows }) => rows.length * ROW_PX);
  const topOf = (panel: number) => heights.slice(0, panel).reduce((top, height) => top + height + 80, 30);
  const option: ChartOption = {
    ...base,
    title: panels.map(({ heading }, at) => title(heading, topOf(at))),
    grid: panels.map((_, at) => ({
      left: EDGE_PX + NAME_PX,
      right: COUNT_PX,
      top: topOf(at) + 44,
      height: heights[at]!,
    })),
    xAxis: panels.map(({ rows }, at) => ({ type: 'value', show: false, gridIndex: at, min: 0, max: mostOf(rows) })),
    yAxis: panels.map(({ rows, nameOf }, at) =>
      nameAxis(
        rows.map(({ name }, rank) => nameOf(name, rank)),
        at,
      ),
    ),
    series: panels.map(({ rows, colour }, at) => rankBars(rows, colour, at, words.locale)),
  };
  return { name: 'ranks', widthPx: WIDTH_PX, heightPx: topOf(panels.length) - 20, option };
}

function mostOf(rows: readonly Ranked[]): number {
  return Math.max(1, ...rows.map(({ count }) => count));
}

function nameAxis(names: readonly string[], panel: number) {
  return {
    type: 'category',
    gridIndex: panel,
    inverse: true,
    data: names.map((name) => cutToWidth(name.trim(), TEXT_PX, NAME_PX - 20)),
    axisLine: AXIS.axisLine,
    axisTick: AXIS.axisTick,
    axisLabel: { ...FONT, color: INK.text, interval: 0, align: 'left', margin: NAME_PX },
  } as const;
}

function rankBars(rows: readonly Ranked[], color: string, panel: number, locale: string): BarSeriesOption {
  return {
    type: 'bar',
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: rows.map(({ count }) => count),
    barWidth: 20,
    barMinHeight: 4,
    itemStyle: { color, borderRadius: [0, 4, 4, 0] },
    label: { ...FONT, show: true, position: 'right', formatter: ({ value }) => countText(Number(value), locale) },
  };
}
