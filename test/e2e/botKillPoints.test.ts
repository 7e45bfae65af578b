// Every place where the program can die, killed there: after the restart the job has one end, one message, one charge, and no file is left over.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { JobState } from '../../src/core/job.ts';
import type { Failpoint } from '../../src/failpoint.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, filesOf } from './house.ts';

const SHORT = { prompt: 'a red heart', model: 'sd-small', seed: 5, steps: 12, count: 2, size: '96x64' };
const RULES = { dailyQuota: 200, maxWaitingPerUser: 10 };

vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

let bot: BotProcess;
afterEach(() => bot.close());

/** Orders once and waits for the death the failpoint brings. */
async function killedAt(point: Failpoint, nth = 1): Promise<void> {
  bot = await BotProcess.open({ FAILPOINT: `${point}:${nth}` });
  void bot.emulator
    .as(bot.alice)
    .command(bot.channelId, 'imagine', SHORT)
    .catch(() => undefined);
  expect(await bot.exited()).toBeNull();
  expect(bot.child.signalCode).toBe('SIGKILL');
}

async function nextLife(failpoint = ''): Promise<void> {
  bot.settings = { FAILPOINT: failpoint };
  await bot.start();
}

interface Expected {
  readonly end: JobState;
  readonly attempt: number;
}

async function expectEnd({ end, attempt }: Expected): Promise<void> {
  const job = await bot.jobIn('delivered', 'expired', 'failed');
  expect([job.state, job.attempt]).toEqual([end, attempt]);
  const isShown = end === 'delivered';
  expect(bot.posts()).toHaveLength(isShown ? 1 : 0);
  if (isShown) {
    expect(bot.posts()[0]!.id).toBe(job.messageId);
    expect(filesOf(bot.posts()[0]!)).toHaveLength(job.request.count);
  }
  expect(bot.store.quota({ userId: bot.alice, guildId: null }, RULES).used).toBe(isShown ? job.cost : 0);
  expectNoOrphans(job.id, isShown ? attempt : undefined);
}

/** Only the attempt that counts has a folder, and nothing in it is unfinished. */
function expectNoOrphans(jobId: string, attempt: number | undefined): void {
  const folder = path.join(bot.dataDir, 'pictures', jobId);
  const attempts = existsSync(folder) ? readdirSync(folder) : [];
  expect(attempts).toEqual(attempt === undefined ? [] : [String(attempt)]);
  for (const one of attempts) {
    expect(readdirSync(path.join(folder, one)).toSorted()).toEqual(['0.png', '1.png', 'grid.png']);
  }
}

test('before the row: nobody was told anything, nothing is charged', async () => {
  await killedAt('order.received');
  // Not even "thinking…": what Discord shows as taken must be in the database.
  const [asked, ...others] = bot.emulator.world.interactions.values();
  expect([asked?.state, others]).toEqual([expect.stringMatching(/^(waiting|failed)$/), []]);
  await nextLife();
  expect(bot.newest()).toBeUndefined();
  expect(bot.posts()).toHaveLength(0);
});

test.each<[Failpoint, number, Expected]>([
  // The row is there, Discord was told nothing: nobody waits for it.
  ['order.accepted', 1, { end: 'expired', attempt: 0 }],
  // The answer may have arrived: a picture nobody expects is better than a promise nobody keeps.
  ['order.answering', 1, { end: 'delivered', attempt: 1 }],
  ['order.answered', 1, { end: 'delivered', attempt: 1 }],
  ['order.queued', 1, { end: 'delivered', attempt: 1 }],
  ['job.claimed', 1, { end: 'delivered', attempt: 2 }],
  ['job.step', 1, { end: 'delivered', attempt: 2 }],
  ['result.received', 1, { end: 'delivered', attempt: 2 }],
  // The pictures are known: they are sent, not made again.
  ['result.recorded', 1, { end: 'delivered', attempt: 1 }],
  ['end.sending', 1, { end: 'delivered', attempt: 1 }],
  ['end.sent', 1, { end: 'delivered', attempt: 1 }],
  ['end.settled', 1, { end: 'delivered', attempt: 1 }],
])('%s (time %i)', async (point, nth, expected) => {
  await killedAt(point, nth);
  await nextLife();
  await expectEnd(expected);
});

test.each<Failpoint>(['message.sending', 'message.sent', 'message.noted'])('%s: the first message', async (point) => {
  await killedAt(point);
  await nextLife();
  const job = await bot.jobIn('delivered');
  await expectEnd({ end: 'delivered', attempt: job.attempt });
});

test.each<Failpoint>(['picture.written', 'picture.renamed'])('%s: the image process dies each time', async (point) => {
  bot = await BotProcess.open({ FAILPOINT: point });
  await bot.emulator.as(bot.alice).command(bot.channelId, 'imagine', SHORT);
  const job = await bot.jobIn('failed');
  expect(job.error?.code).toBe('poison');
  expect(bot.store.quota({ userId: bot.alice, guildId: null }, RULES).used).toBe(0);
  expectNoOrphans(job.id, undefined);
  expect(bot.child.exitCode).toBeNull();
});

test('five lives that die in the middle of their recovery, and the sixth', async () => {
  await killedAt('job.claimed');
  for (let life = 1; life <= 5; life += 1) {
    bot.settings = { FAILPOINT: 'recovery.middle' };
    void bot.start().catch(() => undefined);
    await systemClock.sleep(10);
    await bot.exited();
    expect(bot.child.signalCode).toBe('SIGKILL');
  }
  await nextLife();
  await expectEnd({ end: 'delivered', attempt: 2 });
});

test('killed while it drains after SIGTERM', async () => {
  bot = await BotProcess.open({ FAILPOINT: 'drain' });
  await bot.emulator.as(bot.alice).command(bot.channelId, 'imagine', { ...SHORT, steps: 100 });
  await bot.jobIn('running');
  await bot.kill('SIGTERM');
  expect(bot.child.signalCode).toBe('SIGKILL');
  await nextLife();
  const job = await bot.jobIn('delivered');
  await eventually(() => bot.posts().length === 1, PATIENCE_MS);
  await expectEnd({ end: 'delivered', attempt: job.attempt });
});
