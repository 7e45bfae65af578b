// The figures of a server: what is told in words stands under its chart, and is the chart's own description; without charts the words are all.
import { type APIEmbed, ButtonStyle } from 'discord.js';
import type { ChartName, ChartPicture, ChartWords, Drawn } from '../../core/charts.ts';
import { countText, timeText } from '../../core/figureText.ts';
import type { Percentiles, Ranked, Stats } from '../../core/stats.ts';
import type { CustomIds } from '../customIds.ts';
import type { Look } from '../looks.ts';
import { type HouseRulesPhrases, REFUSAL_REASONS } from '../phrases/houseRules.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip, MAX_ALT_CHARS, quoted } from '../text.ts';
import {
  type ButtonRow,
  button,
  cardView,
  galleryPart,
  row,
  textPart,
  textView,
  type View,
  type ViewFile,
} from './view.ts';

/** Days a button offers. */
export const STATS_PERIODS = [7, 30, 90] as const;
const BARS = '▁▂▃▄▅▆▇█';
const NAME_CHARS = 60;

export interface StatsPage extends Drawn {
  readonly days: number;
  readonly isEverywhere: boolean;
  /** For numbers and dates. */
  readonly locale: string;
}

interface Section {
  readonly chart: ChartName;
  /** With mentions and markdown; '' where the chart says it all. */
  readonly text: string;
  /** For those who hear the picture. */
  readonly plain: string;
}

export function chartWords(
  names: Readonly<Record<string, string>>,
  { houseRules: { chart, refusedFor } }: Phrases,
  locale: string,
): ChartWords {
  const { p50, p90, p99, ...titles } = chart;
  return { locale, titles, shares: { p50, p90, p99 }, names, reasons: refusedFor };
}

export function statsView(page: StatsPage, phrases: Phrases, ids: CustomIds, look: Look): View {
  const { stats, pictures, days } = page;
  const { houseRules: words } = phrases;
  const sum = stats.pictures === 0 ? words.statsNone() : words.statsSum(stats.pictures, stats.people);
  const head = `**${words.statsTitle(days)}**\n${sum}`;
  const sections = sectionsOf(page, words);
  const shown = sections.map((section) => {
    const picture = pictures.find(({ name }) => name === section.chart);
    return { ...section, files: picture === undefined ? [] : [fileOf(picture, section)] };
  });
  const periods = periodRow(page, words, ids);
  if (look === 'classic') return classicStats(head, shown, periods);
  const parts = shown.flatMap(({ files, text }) => [...galleryPart(files), ...(text === '' ? [] : [textPart(text)])]);
  return cardView(
    [textPart(head), ...parts, periods],
    shown.flatMap(({ files }) => files),
  );
}

/** One embed for each chart: several pictures of one embed would be cut to tiles. */
function classicStats(
  content: string,
  shown: readonly (Pick<Section, 'text'> & { readonly files: readonly ViewFile[] })[],
  periods: ButtonRow,
): View {
  const embeds = shown.map(({ files: [file], text }): APIEmbed => {
    return {
      ...(text === '' ? {} : { description: text }),
      ...(file === undefined ? {} : { image: { url: `attachment://${file.name}` } }),
    };
  });
  return { ...textView(content), embeds, rows: [periods], files: shown.flatMap(({ files }) => files) };
}

function fileOf({ name, png }: ChartPicture, { plain }: Section): ViewFile {
  const altText = clip(plain, MAX_ALT_CHARS);
  const data = Buffer.from(png).toString('base64');
  return { name: `stats-${name}.png`, path: '', altText, sizeBytes: png.length, data };
}

/** The period that is shown cannot be pressed. */
function periodRow({ days, isEverywhere }: StatsPage, words: HouseRulesPhrases, ids: CustomIds): ButtonRow {
  const buttons = STATS_PERIODS.map((period) => {
    const isShown = period === days;
    const style = isShown ? ButtonStyle.Primary : ButtonStyle.Secondary;
    const id = ids.write('stats', period, isEverywhere ? 'all' : 'here');
    return button(id, { label: words.statsDays(period), style, disabled: isShown });
  });
  return row(...buttons);
}

/** Those that have something to say; without a single one, none. */
function sectionsOf({ stats, pictures, locale }: StatsPage, words: HouseRulesPhrases): readonly Section[] {
  const { chart } = words;
  const hasChart = (name: ChartName) => pictures.some((picture) => picture.name === name);
  const [least, most] = [Math.min(...stats.picturesADay), Math.max(...stats.picturesADay)];
  const range = `${chart.perDay} (UTC): ${[...new Set([least, most])].map((count) => countText(count, locale)).join('–')}`;
  // The chart says it all.
  const days = hasChart('days') ? '' : `${bold(range)}\n\`${barsOf(stats.picturesADay)}\``;
  return [
    ...(stats.pictures === 0 ? [] : [{ chart: 'days' as const, text: days, plain: range }]),
    ...timesSection(stats, words, locale),
    ...ranksSection(stats, words, locale),
  ];
}

/** The heading in front of a colon. */
function bold(line: string): string {
  return line.replace(/^[^:：]+/u, '**$&**');
}

/** One bar a day; the highest day is a full one, and no day with pictures is empty. */
function barsOf(counts: readonly number[]): string {
  const highest = Math.max(1, ...counts);
  const bar = (count: number) => BARS[Math.ceil((count / highest) * (BARS.length - 1))];
  return counts.map(bar).join('');
}

function timesSection({ waits, makes }: Stats, { chart }: HouseRulesPhrases, locale: string): Section[] {
  const shares = (all: Percentiles) =>
    (['p50', 'p90', 'p99'] as const).map((share) => `${chart[share]} ${timeText(all[share], locale)}`).join(' · ');
  const lines = [
    ...(waits.all === null ? [] : [`${chart.waits}: ${shares(waits.all)}`]),
    ...(makes.all === null ? [] : [`${chart.makes}: ${shares(makes.all)}`]),
  ];
  if (lines.length === 0) return [];
  return [{ chart: 'times', text: lines.map(bold).join('\n'), plain: lines.join('. ') }];
}

function ranksSection(stats: Stats, { chart, refusedFor }: HouseRulesPhrases, locale: string): Section[] {
  const { users, models, refusals, refused } = stats;
  const count = (value: number) => countText(value, locale);
  const list = (heading: string, rows: readonly Ranked[], shown: (name: string, at: number) => string) =>
    rows.length === 0
      ? []
      : [`${heading}: ${rows.map((one, at) => `${shown(one.name, at)} ${count(one.count)}`).join(' · ')}`];
  const others = [
    ...list(chart.models, models, (name) => quoted(name, NAME_CHARS)),
    ...list(`${chart.refused} (${count(refused)})`, refusals, (reason) => reasonText(reason, refusedFor)),
  ];
  const text = [...list(chart.users, users, (id, at) => `${at + 1}. <@${id}>`), ...others];
  const plain = [...list(chart.users, users, (_, at) => `${at + 1}.`), ...others];
  return text.length === 0 ? [] : [{ chart: 'ranks', text: text.map(bold).join('\n'), plain: plain.join('. ') }];
}

function reasonText(reason: string, refusedFor: HouseRulesPhrases['refusedFor']): string {
  const known = REFUSAL_REASONS.find((one) => one === reason);
  return known === undefined ? quoted(reason, NAME_CHARS) : refusedFor[known];
}
