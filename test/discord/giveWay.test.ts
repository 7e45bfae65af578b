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

test('a crowd without an end is no reason to make no pictures', () => {
  const { asked, now, giveWay } = house();
  now.isCrowded = true;
  giveWay.look();
  vi.advanceTimersByTime(11_900);
  expect(asked.at(-1)).toBeLessThan(4_000);
  vi.advanceTimersByTime(60_000);
  const pausedMs = asked.length * 200;
  expect(pausedMs).toBeLessThanOrEqual((71_900 * 4_000) / 12_000 + 4_000);
});

test('nor are crowds that come and go all the time', () => {
  const { asked, now, giveWay } = house();
  for (let look = 0; look < 240; look += 1) {
    now.isCrowded = look % 2 === 0;
    giveWay.look();
    vi.advanceTimersByTime(250);
  }
  const late = asked.filter((atMs) => atMs >= 4_000 && atMs < 12_000);
  expect(late).toEqual([]);
  expect(asked.some((atMs) => atMs >= 12_000)).toBe(true);
});
