// Log-ins to the gateway, counted over the lives of a program that falls over as soon as it has started.
import { afterEach, expect, test } from 'vitest';
import { IdentifyBudget, identifyThrottler } from '../../src/discord/identifyBudget.ts';
import { makeLog } from '../../src/log.ts';
import { openStore } from '../../src/store/openStore.ts';
import { FakeClock } from '../support/fakeClock.ts';

const DAY_MS = 86_400_000;
const log = makeLog('silent');
const stores: { close(): void }[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

function setUp() {
  const store = openStore({ file: ':memory:' });
  stores.push(store);
  const clock = new FakeClock();
  return { store, clock, life: (perDay = 1_000) => new IdentifyBudget(perDay, { store, clock, log }) };
}

test('a program that dies right after each log-in stays under a day’s number in every day, and gets in again', async () => {
  const { clock, life } = setUp();
  const at: number[] = [];
  const endMs = clock.nowMs() + 3 * DAY_MS;
  while (clock.nowMs() < endMs) {
    const waitMs = life().take();
    if (waitMs === 0) at.push(clock.nowMs());
    await clock.advance(waitMs || 2_000);
  }
  const inTheDayFrom = (from: number) => at.filter((ms) => ms >= from && ms < from + DAY_MS).length;
  expect(Math.max(...at.filter((_, index) => index % 25 === 0).map(inTheDayFrom))).toBeLessThanOrEqual(1_000);
  expect(inTheDayFrom(at[0]!)).toBeGreaterThan(900);
  // Once the free ones are used up: not more often than once in so many seconds.
  const last = at.slice(-100);
  expect(Math.min(...last.slice(1).map((ms, index) => ms - last[index]!))).toBeGreaterThanOrEqual(172_000);
});

test('an ordinary program never waits: a start, some lost sessions, hundreds of connections', () => {
  const { life } = setUp();
  const budget = life();
  expect(Array.from({ length: 400 }, () => budget.take())).toEqual(Array(400).fill(0));
});

test('what was used up comes back with the hours', async () => {
  const { clock, life } = setUp();
  while (life(100).take() === 0);
  const waitMs = life(100).take();
  expect(waitMs).toBeGreaterThan(0);
  await clock.advance(waitMs);
  expect(life(100).take()).toBe(0);
  expect(life(100).take()).toBeGreaterThan(0);
});

test('a clock set back an hour, or a year, keeps nobody out for longer than one space', async () => {
  const { store, life, clock } = setUp();
  while (life().take() === 0);
  store.setSetting('gateway.identifies_paid_until_ms', String(clock.nowMs() + 365 * DAY_MS));
  const waitMs = life().take();
  expect(waitMs).toBeLessThanOrEqual(DAY_MS / 500);
  await clock.advance(waitMs);
  // Still a year away by the setting, and let in: the number never counts for more than its room.
  expect(life().take()).toBeLessThanOrEqual(DAY_MS / 500);
});

test('damage in the database counts as nothing used; what cannot be written is counted in memory', () => {
  const { store, clock, life } = setUp();
  store.setSetting('gateway.identifies_paid_until_ms', 'x');
  expect(life().take()).toBe(0);
  const broken = {
    setting: () => {
      throw new Error('disk full');
    },
    setSetting: () => {
      throw new Error('disk full');
    },
  };
  const budget = new IdentifyBudget(10, { store: broken, clock, log });
  const waits = Array.from({ length: 10 }, () => budget.take());
  expect(waits.filter((ms) => ms === 0)).toHaveLength(4);
});

test('discord.js waits for it, and a connection closed meanwhile stops waiting', async () => {
  const { store, clock } = setUp();
  const limit = { total: 2, remaining: 2, reset_after: DAY_MS, max_concurrency: 1 };
  const manager = { fetchGatewayInformation: async () => ({ url: '', shards: 1, session_start_limit: limit }) };
  const throttler = await identifyThrottler({ store, clock, log })(manager);
  const closed = new AbortController();
  await throttler.waitForIdentify(0, closed.signal);
  const second = throttler.waitForIdentify(0, closed.signal);
  await clock.untilAsleep(DAY_MS);
  closed.abort(new Error('closed'));
  await expect(second).rejects.toThrow('closed');
});
