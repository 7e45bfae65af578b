// The quota: what a request counts, and whether somebody has that much left today, this hour, and in the server. Deliberately not here:
// who has used how much; the store's ledger knows.
import { isOnlyEnlarged, type ModelCard, type ResolvedRequest } from './request.ts';
import { usualWorkOf, workOf } from './work.ts';

/** One UTC day; leap seconds do not exist in Unix time. */
const DAY_MS = 86_400_000;

/** How far back the hour's quota looks, at every moment anew. */
export const HOUR_MS = 3_600_000;

/** Number of the UTC day, 0 = 1970-01-01. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

/** First millisecond of the next UTC day. */
export function nextDayMs(nowMs: number): number {
  return (dayOf(nowMs) + 1) * DAY_MS;
}

/**
 * What a request counts, in usual pictures of its model: those it makes by itself, with nothing asked for but words. Larger pictures, more
 * steps, control and LoRAs count as much more as they take work, rounded, so that one LoRA costs nothing; no picture counts less than one. What is only enlarged counts by pictures:
 * it takes no work of the model.
 */
export function costOf(request: ResolvedRequest, card: ModelCard): number {
  if (isOnlyEnlarged(request)) return request.count;
  return Math.max(request.count, Math.round(workOf(request) / usualWorkOf(card)));
}

/** Something that is counted and bounded. */
export interface Allowance {
  readonly used: number;
  readonly limit: number;
}

/** All in usual pictures. */
export interface QuotaStatus extends Allowance {
  /** `used` is of today (UTC day), charged or reserved, wherever it was asked for, without what was given. */
  readonly resetsAtMs: number;
  /** Given beside the day's quota and not yet used; absent is none. */
  readonly granted?: number | undefined;
  /** Of the last hour, wherever it was asked for; absent where nobody counts. */
  readonly hour?: (Allowance & { readonly resetsAtMs: number }) | undefined;
  /** Of everybody in this server today; absent where nobody counts. */
  readonly server?: Allowance | undefined;
}

export type QuotaKind = 'day' | 'hour' | 'server';

/** The part of a cost the day has no room for: it is taken from what somebody was given. */
export function beyondDay({ used, limit }: Allowance, cost: number): number {
  return Math.min(cost, Math.max(0, used + cost - limit));
}

/** What a cost is too much for; undefined where it fits. */
export function quotaAgainst(quota: QuotaStatus, cost: number): QuotaKind | undefined {
  const { granted = 0, hour, server } = quota;
  const isBeyond = quota.used + cost > quota.limit;
  if (isBeyond && (granted === 0 || beyondDay(quota, cost) > granted)) return 'day';
  if (hour !== undefined && hour.used + cost > hour.limit) return 'hour';
  return server !== undefined && server.used + cost > server.limit ? 'server' : undefined;
}

/** Pictures somebody could still ask for now. */
export function leftOf({ used, limit, granted = 0, hour, server }: QuotaStatus): number {
  const rest = [hour, server].flatMap((one) => (one === undefined ? [] : [one.limit - one.used]));
  return Math.max(0, Math.min(Math.max(0, limit - used) + granted, ...rest));
}

/** Shares of the machine's time a role may be given: with 4, as much as four others who wait. */
export const WEIGHTS = [1, 2, 3, 4] as const;
