// The whole program with its real image process and a tiny model, killed at bad moments: every job ends once, is charged once and has one message.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, filesOf } from './house.ts';

/** Long enough to be met in the middle on any machine. */
const LONG = { seed: 11, steps: 120, count: 2, size: '192x128' };
const RULES = { dailyQuota: 200, maxWaitingPerUser: 10 };

vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

let bot: BotProcess;
beforeEach(async () => {
  bot = await BotProcess.open();
});
afterEach(() => bot.close());

async function expectOneResult(): Promise<void> {
  const job = await bot.jobIn('delivered');
  expect(bot.posts()).toHaveLength(1);
  const [post] = bot.posts();
  expect(post?.id).toBe(job.messageId);
  expect(filesOf(post!)).toHaveLength(job.request.count);
  expect(bot.store.list({ limit: 9 }).filter(({ state }) => state !== 'expired')).toHaveLength(1);
  expect(bot.store.quota({ userId: bot.alice, guildId: null }, RULES).used).toBe(job.cost);
}

/** What a job's pictures look like, one hash a picture. */
function fingerprints(jobId: string): string[] {
  return bot.store.pictures(jobId).map(({ path: file }) => {
    return createHash('sha256')
      .update(readFileSync(path.join(bot.dataDir, file)))
      .digest('hex');
  });
}

/** The job is claimed and its message stands; a moment later the networks are at work. */
async function midway(): Promise<void> {
  await bot.jobIn('running');
  await eventually(() => bot.posts().length === 1, PATIENCE_MS);
  await systemClock.sleep(300);
}

test('makes a real picture, says where it is from, and keeps the bot small', async () => {
  await bot.imagine({ seed: 5, steps: 3, size: '64x96' });
  await expectOneResult();
  const url = filesOf(bot.posts()[0]!)[0]!.url;
  const png = Buffer.from(await (await fetch(url)).arrayBuffer());
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([64, 96]);
  expect(png.toString('latin1')).toContain('parameters');
  const status = readFileSync(`/proc/${bot.child.pid}/status`, 'utf8');
  const residentMib = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  expect(residentMib).toBeLessThan(150);
});

test('kill -9 of the bot in the middle of a job: the next life finishes it, with the same seed and the same pixels', async () => {
  await bot.imagine(LONG);
  await midway();
  await bot.kill('SIGKILL');
  expect(bot.newest()?.state).toBe('running');
  await bot.start();
  await expectOneResult();
  const killed = bot.newest()!;
  expect(killed.attempt).toBe(2);
  await bot.imagine(LONG);
  await eventually(() => bot.newest()?.id !== killed.id && bot.newest()?.state === 'delivered', PATIENCE_MS);
  expect(fingerprints(killed.id)).toEqual(fingerprints(bot.newest()!.id));
});

test('kill -9 of the image process in the middle of a job: the bot lives, the job is made again', async () => {
  await bot.imagine(LONG);
  await midway();
  process.kill(bot.workerPid()!, 'SIGKILL');
  await expectOneResult();
  expect(bot.newest()?.attempt).toBe(2);
  expect(bot.child.exitCode).toBeNull();
});

test('SIGTERM ends the program with 0, and what was not finished goes on after the next start', async () => {
  await bot.imagine(LONG);
  await midway();
  expect(await bot.kill('SIGTERM')).toBe(0);
  expect(['queued', 'delivered']).toContain(bot.newest()?.state);
  await bot.start();
  await expectOneResult();
});

test('a gateway closed for good ends the program with 78 and a line that says why', async () => {
  bot.emulator.gateway.close(4014);
  expect(await bot.exited()).toBe(78);
  expect(bot.lines.join('')).toContain('Discord closed the gateway for good (4014)');
  await bot.start();
  bot.emulator.gateway.close(4004);
  expect(await bot.exited()).toBe(78);
  expect(bot.lines.join('')).toContain('DISCORD_TOKEN is not accepted');
});

test('started too often lately, it waits before it logs in again, says so, and still ends when asked to', async () => {
  await bot.kill('SIGKILL');
  bot.store.setSetting('gateway.identifies_paid_until_ms', String(systemClock.nowMs() + 86_400_000));
  const before = bot.emulator.gateway.identifies;
  const isReady = bot.start().catch(() => false);
  await eventually(() => bot.lines.join('').includes('logged in to Discord too often lately'), PATIENCE_MS);
  expect(bot.emulator.gateway.identifies).toBe(before);
  expect(await bot.kill('SIGTERM')).toBe(0);
  void isReady;
});
