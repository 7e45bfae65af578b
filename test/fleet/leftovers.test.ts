// What a bot that was killed left in a machine's hand: the next life of the bot has it stopped, so that its own tasks need not wait behind it.
// Jobs of other bots on the same machine are left alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DevelopTask } from '../../src/core/worker.ts';
import { openStation, type Station } from '../../src/fleet/station.ts';
import { HEARTBEAT_MS } from '../../src/fleet/wire.ts';
import { ScriptedWorker } from '../e2e/scriptedWorker.ts';
import { testRequest } from '../support/cards.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { log, openHouse } from './house.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const NEVER = new AbortController().signal;
const OURS = 'abcdefghij';

/** Less than a machine waits for a bot that has gone away. */
const SOON_MS = 20_000;

describe.skipIf(!HAS_REDIS)('over Redis', () => {
  const redis = HAS_REDIS ? TestRedis.start() : undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-leftovers-'));
  let redisUrl: string;
  let machine: ScriptedWorker;
  let station: Station;

  beforeEach(async () => {
    redisUrl = (await redis!).url;
    (await redis!).command('FLUSHALL');
    machine = new ScriptedWorker();
    machine.hold();
    station = await openStation({ redisUrl, worker: machine, hashes: {}, slots: 1, log });
  });
  afterEach(() => station.close(0));
  afterAll(async () => {
    await (await redis)?.down();
    rmSync(folder, { recursive: true });
  });

  const taskOf = (jobId: string, attempt: number): DevelopTask => {
    const outputDir = path.join(folder, `${jobId}-${attempt}`);
    return { jobId, attempt, request: testRequest({ count: 1 }), initImagePath: null, outputDir };
  };
  const begun = () => machine.tasks.map(({ jobId, attempt }) => `${jobId}-${attempt}`);
  const isBegun = (...ids: string[]) => vi.waitFor(() => expect(begun()).toEqual(ids), { timeout: SOON_MS });

  /** A bot that gives the machine a task and is gone in the middle of it, with its address and without a word to the machine. */
  async function dieAmidst(jobId: string): Promise<void> {
    const bot = await openHouse(redisUrl);
    const [remote] = await bot.joined(1);
    remote!.develop(taskOf(jobId, 1), () => {}, NEVER).catch(() => {});
    await isBegun(`${jobId}-1`);
    await bot.close();
  }

  test.each([
    ['while it is made', () => {}],
    ['while it is handed in to nobody', () => machine.release()],
  ])('a task is stopped %s, and the next attempt begins', async (_, goOn) => {
    await dieAmidst(OURS);
    goOn();
    const bot = await openHouse(redisUrl, (jobId) => jobId === OURS);
    const [remote] = await bot.joined(1);
    const second = remote!.develop(taskOf(OURS, 2), () => {}, NEVER);
    await isBegun(`${OURS}-1`, `${OURS}-2`);
    machine.release();
    expect(await second).toHaveLength(1);
    await bot.close();
  });

  test("another bot's task is made to its end", async () => {
    const [theirs, ours] = [await openHouse(redisUrl), await openHouse(redisUrl, (jobId) => jobId === OURS)];
    const [[theirMachine], [ourMachine]] = [await theirs.joined(1), await ours.joined(1)];
    const first = theirMachine!.develop(taskOf('zyxwvutsrq', 1), () => {}, NEVER);
    await isBegun('zyxwvutsrq-1');
    const second = ourMachine!.develop(taskOf(OURS, 1), () => {}, NEVER);
    const heard = () => ours.fleet.heartbeats.some(({ running }) => running.includes('zyxwvutsrq-1'));
    await vi.waitFor(() => expect(heard()).toBe(true), { timeout: SOON_MS });
    await new Promise((resolve) => setTimeout(resolve, 2 * HEARTBEAT_MS));
    expect(begun()).toEqual(['zyxwvutsrq-1']);
    machine.release();
    expect(await Promise.all([first, second])).toHaveLength(2);
    await Promise.all([theirs.close(), ours.close()]);
  });
});
