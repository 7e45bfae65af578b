import { expect, test } from 'vitest';
import { costOf, dayOf, leftOf, nextDayMs, type QuotaStatus, quotaAgainst } from '../../src/core/quota.ts';
import type { RequestDraft } from '../../src/core/request.ts';
import { TEST_CARD, testRequest } from '../support/cards.ts';

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

// The card's own: 96x64, 12 steps, guidance 4.
test.each<[string, Partial<RequestDraft>, number]>([
  ['the usual picture', {}, 1],
  ['two of them', { count: 2 }, 2],
  ['twice as wide and high', { size: { widthPx: 192, heightPx: 128 } }, 4],
  ['twice the steps, three times', { steps: 24, count: 3 }, 6],
  ['a little more is no more', { steps: 13 }, 1],
  ['half as much again is one more', { steps: 18 }, 2],
  ['less is not less than one', { steps: 1, count: 2 }, 2],
  ['half the steps make up for twice the pixels', { steps: 6, size: { widthPx: 96, heightPx: 128 } }, 1],
])('%s counts as many usual pictures as it takes work', (_name, draft, cost) => {
  expect(costOf(testRequest(draft), TEST_CARD)).toBe(cost);
});

test.each<[string, Partial<QuotaStatus>, number, ReturnType<typeof quotaAgainst>]>([
  ['the last one fits', {}, 4, undefined],
  ['one more does not', {}, 5, 'day'],
  ['unless it was given', { granted: 1 }, 5, undefined],
  ['and no further', { granted: 1 }, 6, 'day'],
  ['a lowered quota leaves what was given', { limit: 2, granted: 3 }, 3, undefined],
  ['the hour', { hour: { used: 1, limit: 3, resetsAtMs: 0 } }, 3, 'hour'],
  ['the server', { server: { used: 8, limit: 9 } }, 2, 'server'],
  ['what was given does not lift the server', { granted: 9, server: { used: 8, limit: 9 } }, 2, 'server'],
])('%s', (_name, over, cost, expected) => {
  const quota: QuotaStatus = { used: 6, limit: 10, resetsAtMs: 0, ...over };
  expect(quotaAgainst(quota, cost)).toBe(expected);
  expect(leftOf(quota) >= cost).toBe(expected === undefined);
});
