// What the bot and the process that draws its charts say to each other: count, counted, draw, drawn; or failed, in the place of either answer.
import { z } from 'zod';
import { CHARTS, type ChartAsk, type ChartPicture, type ChartWords } from '../core/charts.ts';
import type { Percentiles, Ranked, Stats, Times } from '../core/stats.ts';

export type ParentMessage =
  /** `file` is the database. */
  | { readonly type: 'count'; readonly file: string; readonly ask: ChartAsk }
  | { readonly type: 'draw'; readonly stats: Stats; readonly words: ChartWords };

/** Every field of T, so that one that is added cannot be forgotten here. */
type Fields<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

const count = z.int().min(0);
const ms = z.number().min(0);
const percentiles = z.strictObject({ p50: ms, p90: ms, p99: ms } satisfies Fields<Percentiles>);
const times = z.strictObject({
  all: percentiles.nullable(),
  byDay: z.array(percentiles.nullable()).readonly(),
} satisfies Fields<Times>);
const ranks = z.array(z.strictObject({ name: z.string(), count } satisfies Fields<Ranked>)).readonly();

const statsSchema = z.strictObject({
  firstDay: z.int(),
  picturesADay: z.array(count).readonly(),
  pictures: count,
  people: count,
  waits: times,
  makes: times,
  users: ranks,
  models: ranks,
  refusals: ranks,
  refused: count,
} satisfies Fields<Stats>);

const pictureSchema = z.strictObject({
  name: z.enum(CHARTS),
  png: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  widthPx: z.int().min(1),
  heightPx: z.int().min(1),
} satisfies Fields<ChartPicture>);

export const childMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('counted'), stats: statsSchema }),
  z.strictObject({ type: z.literal('drawn'), pictures: z.array(pictureSchema).max(CHARTS.length).readonly() }),
  z.strictObject({ type: z.literal('failed'), message: z.string() }),
]);
export type ChildMessage = z.infer<typeof childMessage>;
