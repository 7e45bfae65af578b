import { expect, test } from 'vitest';
import { dayOf, nextDayMs } from '../../src/core/quota.ts';

test.each([
  ['1970-01-01T00:00:00.000Z', 0, '1970-01-02'],
  ['1970-01-01T23:59:59.999Z', 0, '1970-01-02'],
  ['2024-02-29T12:00:00Z', 19782, '2024-03-01'],
  ['2026-12-31T23:59:59.999Z', 20818, '2027-01-01'],
  ['1969-12-31T23:59:59.999Z', -1, '1970-01-01'],
])('%s is day %d and ends at %s', (at, day, next) => {
  expect(dayOf(Date.parse(at))).toBe(day);
  expect(nextDayMs(Date.parse(at))).toBe(Date.parse(`${next}T00:00:00Z`));
});
