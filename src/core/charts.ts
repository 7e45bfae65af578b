// The port through which a server's figures are counted and drawn as pictures, away from the bot. Deliberately not here: what the charts look
// like; src/charts has that.
import type { StatsFilter } from './houseRules.ts';
import type { Stats } from './stats.ts';

/** Everything written into a chart, in the reader's language. */
export interface ChartWords {
  /** For numbers, dates and units. */
  readonly locale: string;
  readonly titles: Readonly<Record<'perDay' | 'waits' | 'makes' | 'users' | 'models' | 'refused', string>>;
  readonly shares: Readonly<Record<'p50' | 'p90' | 'p99', string>>;
  /** As people call themselves, by user id: strangers' text, which may lack some. */
  readonly names: Readonly<Record<string, string>>;
  /** By the reasons of refusals; one that is missing stands for itself. */
  readonly reasons: Readonly<Record<string, string>>;
}

export const CHARTS = ['days', 'times', 'ranks'] as const;
export type ChartName = (typeof CHARTS)[number];

/** A PNG. */
export interface ChartPicture {
  readonly name: ChartName;
  readonly png: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface ChartAsk {
  readonly filter: StatsFilter;
  /** UTC days up to today. */
  readonly days: number;
  readonly nowMs: number;
}

export interface Drawn {
  readonly stats: Stats;
  /** Those there is something to show in; none where drawing failed. */
  readonly pictures: readonly ChartPicture[];
}

export interface ChartRoom {
  /**
   * @param wordsFor asked once the figures are counted, for who is among them decides whose names are needed
   * @throws runtime_failed when not even the figures could be counted, or too many wait for theirs
   */
  draw(ask: ChartAsk, wordsFor: (stats: Stats) => Promise<ChartWords>): Promise<Drawn>;
}
