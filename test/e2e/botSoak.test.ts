// The random-kill soak: people order pictures all the time while bot, image process, machines and Redis die at random moments. Afterwards
// every order that was taken has one end and one message with the right pixels, the ledger sums up, and the database is sound.
// SOAK_MINUTES=5 SOAK_JOBS=200 npx vitest run test/e2e/botSoak.test.ts makes it as long as one likes.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { isFinal, type JobRecord } from '../../src/core/job.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { BotProcess } from './botProcess.ts';
import { eventually, filesOf } from './house.ts';
import { Machine } from './machine.ts';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 0.4);
const JOBS = Number(process.env.SOAK_JOBS ?? 16);
const SEEDS = [1, 2, 3, 4, 5];
const RULES = { dailyQuota: 10_000, maxWaitingPerUser: 10_000 };
/** After the last kill everything left over has to be made. */
const REST_MS = 300_000;

vi.setConfig({ testTimeout: MINUTES * 60_000 + 2 * REST_MS, hookTimeout: REST_MS });

/** Same numbers for the same seed, so that a bad run can be had again: SOAK_SEED. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class Soak {
  readonly #bot: BotProcess;
  readonly #random: () => number;
  readonly #until: number;
  #ordered = 0;

  constructor(bot: BotProcess, seed: number) {
    this.#bot = bot;
    this.#random = makeRandom(seed);
    this.#until = performance.now() + MINUTES * 60_000;
  }

  /** Orders and kills until both the time and the orders are over. */
  async run(kills: readonly (() => Promise<void>)[]): Promise<void> {
    const killing = this.#kill(kills);
    while (this.#ordered < JOBS) {
      await this.#order();
      await systemClock.sleep((this.#random() * 2 * MINUTES * 60_000) / JOBS);
    }
    await killing;
  }

  async #order(): Promise<void> {
    this.#ordered += 1;
    const seed = SEEDS[Math.floor(this.#random() * SEEDS.length)]!;
    const options = { prompt: 'a red heart', model: 'sd-small', seed, steps: 60, size: '96x64' };
    // A bot that is dead at this moment does not answer; its person sees "did not respond" and there is no order.
    await this.#bot.emulator
      .as(this.#bot.alice)
      .command(this.#bot.channelId, 'imagine', options)
      .catch(() => undefined);
  }

  async #kill(kills: readonly (() => Promise<void>)[]): Promise<void> {
    while (performance.now() < this.#until) {
      await systemClock.sleep(500 + this.#random() * 3_500);
      await kills[Math.floor(this.#random() * kills.length)]!();
    }
  }
}

async function killBot(bot: BotProcess): Promise<void> {
  await bot.kill('SIGKILL');
  await bot.start();
}

async function killImageProcess(bot: BotProcess): Promise<void> {
  const pid = bot.workerPid();
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** The bytes also hold the recipe, which names the model's hash once that is known. */
async function pixelsOf(bot: BotProcess, job: JobRecord): Promise<string> {
  const [picture] = bot.store.pictures(job.id);
  const { data } = await decodePicture(readFileSync(path.join(bot.dataDir, picture!.path)), job.request.size);
  return createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex');
}

async function expectNothingLost(bot: BotProcess): Promise<void> {
  const all = () => bot.store.list({ limit: 10_000 });
  const left = () => all().filter(({ state }) => !isFinal(state));
  await eventually(() => left().length === 0, REST_MS).catch((cause) => {
    const found = left().map(({ id, state, attempt }) => `${id} is ${state}, attempt ${attempt}`);
    throw new Error(`${found.join('; ')}; the bot said:\n${bot.lines.slice(-20).join('')}`, { cause });
  });
  const jobs = all();
  const shown = jobs.filter(({ state }) => state === 'delivered' || state === 'failed');
  const poisoned = shown.filter(({ state, error }) => state === 'failed' && error?.code !== 'poison');
  expect(poisoned).toEqual([]);
  expect(shown.filter(({ state }) => state === 'failed').length).toBeLessThanOrEqual(Math.max(2, JOBS / 50));
  expect(jobs.filter(({ state }) => state === 'delivered').length).toBeGreaterThan(0);

  const posts = bot.posts();
  expect(posts.map(({ id }) => id).toSorted()).toEqual(shown.map(({ messageId }) => messageId).toSorted());
  for (const job of jobs.filter(({ state }) => state === 'delivered')) {
    expect(filesOf(posts.find(({ id }) => id === job.messageId)!)).toHaveLength(1);
  }
  const looks = new Map<number, Set<string>>();
  for (const job of jobs.filter(({ state }) => state === 'delivered')) {
    looks.set(job.request.seed, (looks.get(job.request.seed) ?? new Set()).add(await pixelsOf(bot, job)));
  }
  expect([...looks.values()].map((set) => set.size)).toEqual([...looks.values()].map(() => 1));
  expect(new Set([...looks.values()].flatMap((set) => [...set])).size).toBe(looks.size);

  const charged = jobs.filter(({ state }) => state === 'delivered').reduce((sum, { cost }) => sum + cost, 0);
  expect(bot.store.quota({ userId: bot.alice, guildId: null }, RULES).used).toBe(charged);
  const db = new Database(path.join(bot.dataDir, 'darkroom.db'), { readonly: true });
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  db.close();
  const ends = [...new Set(jobs.map(({ state }) => state))].map((state) => {
    return `${jobs.filter((job) => job.state === state).length} ${state}`;
  });
  process.stdout.write(`soak: ${ends.join(', ')}; most attempts ${Math.max(...jobs.map(({ attempt }) => attempt))}\n`);
}

const SETTINGS = { DAILY_QUOTA: '10000', MAX_WAITING_PER_USER: '1000' };
const SEED = Number(process.env.SOAK_SEED ?? 7);

test('one machine', async () => {
  const bot = await BotProcess.open(SETTINGS);
  try {
    await new Soak(bot, SEED).run([() => killBot(bot), () => killImageProcess(bot), () => killImageProcess(bot)]);
    await expectNothingLost(bot);
  } finally {
    await bot.close();
  }
});

describe.skipIf(!HAS_REDIS)('a fleet', () => {
  test('of two machines, which die and come anew, with Redis wiped and restarted', async () => {
    const redis = await TestRedis.start();
    const machines = [new Machine(redis.url), new Machine(redis.url)];
    const fleet = { ...SETTINGS, REDIS_URL: redis.url, FLEET_PORT: '0', LOCAL_WORKER: 'off', MODELS_DIR: '/nowhere' };
    const bot = await BotProcess.open(fleet);
    let wiped = false;
    const replace = async (at: number) => {
      machines[at]!.kill();
      machines[at] = new Machine(redis.url);
    };
    const wipe = async () => {
      if (wiped) redis.command('FLUSHALL');
      else {
        await redis.down();
        await redis.up();
      }
      wiped = true;
    };
    try {
      await new Soak(bot, SEED).run([() => replace(0), () => replace(1), () => killBot(bot), wipe]);
      await expectNothingLost(bot);
    } finally {
      for (const machine of machines) machine.kill();
      await bot.close();
      await redis.down();
    }
  });
});
