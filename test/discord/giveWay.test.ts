import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GiveWay } from '../../src/discord/giveWay.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function house() {
  const asked: number[] = [];
  const now = { isCrowded: false };
  const startMs = performance.now();
  const giveWay = new GiveWay({
    isCrowded: () => now.isCrowded,
    giveWay: () => asked.push(performance.now() - startMs),
  });
  return { asked, now, giveWay };
}

test('where nobody has to wait the machine is left alone', () => {
  const { asked, giveWay } = house();
  giveWay.look();
  vi.advanceTimersByTime(10_000);
  expect(asked).toEqual([]);
});

test('a crowd has it hold its breath, asked again until everybody is answered', () => {
  const { asked, now, giveWay } = house();
  now.isCrowded = true;
  for (let person = 0; person < 100; person += 1) giveWay.look();
  expect(asked).toEqual([0]);
  vi.advanceTimersByTime(500);
  expect(asked).toEqual([0, 200, 400]);
  now.isCrowded = false;
  vi.advanceTimersByTime(10_000);
  expect(asked).toHaveLength(3);
});

test('a crowd without an end is no reason to make no pictures; the next one is', () => {
  const { asked, now, giveWay } = house();
  now.isCrowded = true;
  giveWay.look();
  vi.advanceTimersByTime(60_000);
  expect(asked.at(-1)).toBeLessThan(4_000);
  now.isCrowded = false;
  vi.advanceTimersByTime(1_000);
  now.isCrowded = true;
  const before = asked.length;
  giveWay.look();
  expect(asked).toHaveLength(before + 1);
});
