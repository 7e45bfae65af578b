// Days of the daily quota: UTC days, counted from the epoch. Deliberately not here: who has how much; the store's ledger knows.

/** One UTC day; leap seconds do not exist in Unix time. */
const DAY_MS = 86_400_000;

/** Number of the UTC day, 0 = 1970-01-01. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

/** First millisecond of the next UTC day. */
export function nextDayMs(nowMs: number): number {
  return (dayOf(nowMs) + 1) * DAY_MS;
}
