// One bot, two machines that make its pictures, a real Redis: killed, frozen, wiped and restarted in the middle of jobs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, filesOf } from './house.ts';
import { Machine } from './machine.ts';

const LONG = { seed: 11, steps: 120, count: 2, size: '192x128' };
const SHORT = { seed: 5, steps: 3, size: '64x96' };
const RULES = { dailyQuota: 200, maxWaitingPerUser: 10 };

vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

describe.skipIf(!HAS_REDIS)('a fleet', () => {
  let redis: TestRedis;
  let bot: BotProcess;
  let machines: Machine[];

  beforeEach(async () => {
    redis = await TestRedis.start();
    machines = [new Machine(redis.url), new Machine(redis.url)];
    bot = await BotProcess.open({ REDIS_URL: redis.url, FLEET_PORT: '0', LOCAL_WORKER: 'off', MODELS_DIR: '/nowhere' });
    await eventually(() => bot.lines.join('').split('a machine joined the fleet').length > 2, PATIENCE_MS);
  });

  afterEach(async () => {
    for (const machine of machines) machine.kill();
    await bot.close();
    await redis.down();
  });

  async function expectOneResult(): Promise<void> {
    const job = await bot.jobIn('delivered');
    expect(bot.posts()).toHaveLength(1);
    expect(bot.posts()[0]?.id).toBe(job.messageId);
    expect(filesOf(bot.posts()[0]!)).toHaveLength(job.request.count);
    expect(bot.store.quota({ userId: bot.alice, guildId: null }, RULES).used).toBe(job.cost);
  }

  async function midway(): Promise<Machine> {
    await bot.jobIn('running');
    await eventually(() => bot.posts().length === 1, PATIENCE_MS);
    const busy = await eventually(
      () => machines.find((machine) => machine.isBusy(bot.newest()!.id, redis)),
      PATIENCE_MS,
    );
    await systemClock.sleep(200);
    return busy;
  }

  test('makes the pictures; the bot itself has no image process', async () => {
    for (const seed of [1, 2, 3, 4]) await bot.imagine({ ...SHORT, seed });
    await eventually(() => bot.store.list({ limit: 9, states: ['delivered'] }).length === 4, PATIENCE_MS);
    expect(bot.posts()).toHaveLength(4);
    expect(bot.workerPid()).toBeUndefined();
    for (const { id, request } of bot.store.list({ limit: 9, states: ['delivered'] })) {
      const [picture] = bot.store.pictures(id);
      const png = readFileSync(path.join(bot.dataDir, picture!.path));
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([request.size.widthPx, request.size.heightPx]);
    }
  });

  test('a machine killed in the middle: the other one makes the job', async () => {
    await bot.imagine(LONG);
    const busy = await midway();
    busy.kill();
    await expectOneResult();
    expect(bot.newest()?.attempt).toBe(2);
  });

  test('a machine frozen until it is given up: its late result counts for nothing', async () => {
    await bot.imagine(LONG);
    const busy = await midway();
    busy.freeze();
    await expectOneResult();
    busy.thaw();
    await eventually(() => !busy.isBusy(bot.newest()!.id, redis), PATIENCE_MS);
    await systemClock.sleep(1_000);
    await expectOneResult();
    expect(bot.newest()?.attempt).toBe(2);
  });

  test('Redis wiped in the middle: one result, nothing made twice', async () => {
    await bot.imagine(LONG);
    await midway();
    redis.command('FLUSHALL');
    await expectOneResult();
    expect(bot.newest()?.attempt).toBe(1);
  });

  test('Redis killed and started empty in the middle: one result, and the next job runs', async () => {
    await bot.imagine(LONG);
    await midway();
    await redis.down();
    await systemClock.sleep(1_000);
    await redis.up();
    await expectOneResult();
    await bot.imagine(SHORT);
    await eventually(() => bot.store.list({ limit: 9, states: ['delivered'] }).length === 2, PATIENCE_MS);
  });

  test('a cancelled job frees its machine', async () => {
    await bot.imagine({ ...LONG, count: 4 });
    const busy = await midway();
    await bot.emulator.as(bot.alice).command(bot.channelId, 'cancel', {});
    await bot.jobIn('cancelled');
    await eventually(() => !busy.isBusy(bot.newest()!.id, redis), 20_000);
  });

  test('a machine with nothing to do leaves on SIGTERM with 0', async () => {
    expect(await machines[0]!.stop()).toBe(0);
    await bot.imagine(SHORT);
    await expectOneResult();
  });
});
