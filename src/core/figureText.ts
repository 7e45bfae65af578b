// Numbers, times and days as people read them in their own language.

type TimeUnit = 'second' | 'minute' | 'hour';

/** Milliseconds of each, and from how many milliseconds on it is used: 90 seconds are told as such, three minutes are not. */
const UNITS: readonly (readonly [unit: TimeUnit, ms: number, fromMs: number])[] = [
  ['hour', 3_600_000, 2 * 3_600_000],
  ['minute', 60_000, 2 * 60_000],
  ['second', 1_000, 0],
];
const DAY_MS = 86_400_000;

/** The unit a time is told in, and its milliseconds; for a scale, of its greatest. */
export function timeUnit(ms: number): { readonly unit: TimeUnit; readonly unitMs: number } {
  const [unit, unitMs] = UNITS.find(([, , fromMs]) => ms >= fromMs) ?? UNITS.at(-1)!;
  return { unit, unitMs };
}

/** @param digits that count */
export function timeText(ms: number, locale: string, { unit, unitMs } = timeUnit(ms), digits = 2): string {
  const value = ms / unitMs;
  const maximumSignificantDigits = Math.max(digits, Math.ceil(Math.log10(Math.max(1, value) + 1)));
  const style = { style: 'unit', unit, unitDisplay: 'short', maximumSignificantDigits } as const;
  return drawable(new Intl.NumberFormat(locale, style).format(value));
}

/** Short from some thousands on: 12K. */
export function countText(count: number, locale: string): string {
  const notation = count >= 10_000 ? 'compact' : 'standard';
  return drawable(new Intl.NumberFormat(locale, { notation, maximumSignificantDigits: 3 }).format(count));
}

/** @param day UTC day since the epoch */
export function dayText(day: number, locale: string): string {
  const style = { month: 'short', day: 'numeric', timeZone: 'UTC' } as const;
  return drawable(new Intl.DateTimeFormat(locale, style).format(day * DAY_MS));
}

/** The narrow space that may not break is missing in many fonts; the ordinary one is not. */
function drawable(text: string): string {
  return text.replaceAll('\u202f', '\u00a0');
}
