// A crowd: 200 people press Enter five times within a second while the machine is at work. How long each waits for the bot's answer, what
// the bot's event loop does meanwhile, and whether its memory grows as their pictures are made.
//   npm run bench -- crowd [--people 200] [--orders 5] [--early 3000] [--rounds 1] [--whole]
// The early orders come one after another before the first round, for Node compiles what is done often: a bot that was started this minute is
// slower (--early 40). Five rounds are 5,000 jobs. Discord is another machine's work; --whole lets the whole local one answer the crowd too, on
// the processor the bot has.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Sqlite from 'better-sqlite3';
import { commands } from '../../commands/index.ts';
import { Emulator } from '../../src/emulator/emulator.ts';
import { LeanDiscord } from './lean.ts';
import { memoryOf, processorMs, quantile, spread } from './figures.ts';
import { imageProcessOf, startProgram, TOKEN } from './program.ts';

const METRICS_PORT = 19_464;
/** Orders just before the crowd's, so that the machine is at work. */
const AT_WORK = 40;
/** Before the crowd nobody asks for anything, in milliseconds. */
const QUIET_MS = 1_000;
/** All orders are sent within this, in milliseconds. */
const BREATH_MS = 1_000;

export async function benchCrowd(argv: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { people: text, orders: text, early: text, rounds: text, whole: { type: 'boolean' } },
  });
  const { people: crowd = 200, early = 3_000, rounds = 1, whole = false } = values;
  const [count, orders] = [Number(crowd), Number(values.orders ?? 5)];
  const emulator = new Emulator({ token: TOKEN, rateLimits: false, checkAnswers: false });
  await emulator.start();
  const guild = emulator.addGuild('Studio', emulator.addUser('ada').id).id;
  const channelId = emulator.addChannel(guild, 'pictures').id;
  const people = Array.from({ length: count }, (_, index) => emulator.addUser(`person${index}`).id);
  for (const person of people) emulator.addMember(guild, person);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'darkroom-bench-'));
  const lean = new LeanDiscord(emulator);
  await lean.start();
  const program = startProgram(emulator, dataDir, {
    ...(whole ? {} : { DISCORD_API_URL: lean.apiUrl }),
    MAX_WAITING_PER_USER: '100',
    DAILY_QUOTA: '100000',
    METRICS_PORT: String(METRICS_PORT),
  });
  const ask = (at: number) => askWhole(emulator, channelId, people[at % count]!, at);
  try {
    await emulator.until(() => emulator.world.commands.size >= commands.length, 60_000);
    for (let round = 1; round <= Number(rounds); round += 1) {
      const ahead = round === 1 ? Number(early) : AT_WORK;
      for (let at = 0; at < ahead; at += 1) await ask(at);
      const like = [...emulator.world.interactions.values()].at(-1)!;
      const prepared = Array.from({ length: count * orders }, (_, at) =>
        lean.prepare(like, people[at % count]!, optionsOf(at)),
      );
      // As there is between people; a long write-ahead log is copied then.
      await sleep(QUIET_MS);
      await eventLoop();
      const before = [program.pid!, process.pid].map(processorMs);
      const { answers, late, sentMs } = await inOneBreath(
        whole ? ask : (at) => lean.ask(prepared[at]!),
        count * orders,
      );
      const costs = [program.pid!, process.pid].map((pid, at) => perOrder(pid, before[at]!, count * orders));
      const lag = await eventLoop();
      const p99 = quantile(answers, 0.99).toFixed(0);
      console.log(`  round ${round}: answers ${spread(answers, 'ms', 0)}, p99 ${p99} ms; ${late} not within 3 s`);
      console.log(`    all sent within ${sentMs.toFixed(0)} ms; event loop ${lag}; bot ${memoryOf(program.pid!)}`);
      console.log(`    processor an order: bot ${costs[0]}; Discord and its people, here, ${costs[1]}`);
      for (const against of lean.judge()) console.log(`    an answer Discord would not take: ${against}`);
      const startMs = performance.now();
      await untilDone(path.join(dataDir, 'darkroom.db'));
      console.log(`    all made after ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
      console.log(`    bot ${memoryOf(program.pid!)}; image process ${memoryOf(imageProcessOf(program.pid!))}`);
    }
  } finally {
    program.kill('SIGKILL');
    lean.stop();
    await emulator.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const COLOURS = ['red', 'blue', 'green', 'golden', 'tiny', 'sleepy', 'flying'];
const THINGS = [
  'heart',
  'cat with a hat',
  'dog on a skateboard',
  'slice of pizza',
  'castle at sunset',
  'robot',
  'fox',
  'rose',
];

/** Hardly two people ask for the same. */
function optionsOf(at: number): { readonly prompt: string; readonly seed: number } {
  const [colour, thing] = [COLOURS[at % COLOURS.length], THINGS[at % THINGS.length]];
  return { prompt: `a ${colour} ${thing}, number ${at}`, seed: at };
}

async function inOneBreath(askOne: (at: number) => Promise<number | undefined>, orders: number) {
  const startMs = performance.now();
  const asked: Promise<number | undefined>[] = [];
  while (asked.length < orders) {
    const aheadMs = (asked.length * BREATH_MS) / orders - (performance.now() - startMs);
    // Behind time the answers must be heard all the same: Discord and the people are one process here.
    await (aheadMs > 1 ? sleep(aheadMs) : breathe());
    asked.push(askOne(asked.length));
  }
  const sentMs = performance.now() - startMs;
  const took = await Promise.all(asked);
  const answers = took.filter((ms) => ms !== undefined);
  return { answers, late: took.length - answers.length, sentMs };
}

/** Milliseconds until the bot answered; undefined when it did not in time. */
async function askWhole(
  emulator: Emulator,
  channelId: string,
  person: string,
  at: number,
): Promise<number | undefined> {
  const startMs = performance.now();
  const { kind } = await emulator.as(person).command(channelId, 'imagine', optionsOf(at));
  return kind === 'failed' ? undefined : performance.now() - startMs;
}

function perOrder(pid: number, before: { all: number; first: number }, orders: number): string {
  const now = processorMs(pid);
  const ms = (name: 'all' | 'first') => ((now[name] - before[name]) / orders).toFixed(2);
  return `${ms('first')} ms on its first thread, ${ms('all')} ms on all`;
}

/** What prom-client measured since it was asked last. */
async function eventLoop(): Promise<string> {
  const metrics = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();
  const ms = (name: string) =>
    (
      1000 * Number(new RegExp(`^darkroom_nodejs_eventloop_lag_${name}_seconds ([\\d.e+-]+)`, 'm').exec(metrics)?.[1])
    ).toFixed(0);
  return `p50 ${ms('p50')} ms, p99 ${ms('p99')} ms, worst ${ms('max')} ms late`;
}

/** Until no job of the database is owed any more. */
export async function untilDone(file: string): Promise<void> {
  const db = new Sqlite(file, { readonly: true });
  const owed = db.prepare(
    "SELECT count(*) FROM jobs WHERE state NOT IN ('delivered', 'failed', 'cancelled', 'expired')",
  );
  while (Number(owed.pluck().get()) > 0) await sleep(500);
  db.close();
}
