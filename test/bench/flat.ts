// Whether the bot forgets its jobs: orders come in hundreds, small pictures are handed out at once, everything is delivered, and after every
// thousandth job the bot collects its garbage and says what is left. What grows with the jobs would grow for ever.
//   npm run bench -- flat [--jobs 5000] [--every 1000] [--people 200] [--flags='--max-semi-space-size=4'] [--snapshots FOLDER]
// Snapshots of the heap are written after the first and the last time; flags are Node's, in place of those of `npm start`.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { commands } from '../../commands/index.ts';
import { Emulator } from '../../src/emulator/emulator.ts';
import { compiledEntry } from '../../src/root.ts';
import { BOT_FLAGS } from '../support/botFlags.ts';
import { untilDone } from './crowd.ts';
import { memoryOf } from './figures.ts';
import { TOKEN } from './program.ts';

/** What a process still holds after its garbage is collected, in bytes. */
export interface Weight {
  readonly heapUsed: number;
  readonly external: number;
  /** Milliseconds of processor time since the last weighing, its own collecting left out. */
  readonly cpuMs: number;
}

/** Orders in flight at once; few enough that each is answered in Discord's three seconds on a busy machine. */
const AT_ONCE = 8;

export async function benchFlat(argv: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { jobs: text, every: text, people: text, flags: text, snapshots: text },
  });
  const [jobs, every] = [Number(values.jobs ?? 5_000), Number(values.every ?? 1_000)];
  const emulator = new Emulator({ token: TOKEN, rateLimits: false, checkAnswers: false });
  await emulator.start();
  const guildId = emulator.addGuild('Studio', emulator.addUser('ada').id).id;
  const channelId = emulator.addChannel(guildId, 'pictures').id;
  const people = Array.from({ length: Number(values.people ?? 200) }, (_, n) => emulator.addUser(`person${n}`).id);
  for (const person of people) emulator.addMember(guildId, person);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'darkroom-bench-'));
  const bot = fork(compiledEntry('test/bench/flatProgram.ts'), [emulator.apiUrl, emulator.origin, dataDir], {
    execArgv: values.flags?.split(' ') ?? [...BOT_FLAGS],
  });
  try {
    await emulator.until(() => emulator.world.commands.size >= commands.length, 60_000);
    for (let done = 0; done <= jobs; done += every) {
      const late = done === 0 ? 0 : await orders(emulator, channelId, people, [done - every, done]);
      await untilDone(path.join(dataDir, 'darkroom.db'));
      const isEdge = values.snapshots !== undefined && (done === every || done + every > jobs);
      const weight = await weighed(bot, isEdge ? path.join(values.snapshots!, `${done}.heapsnapshot`) : null);
      const [heap, external] = [weight.heapUsed, weight.external].map((b) => (b / 2 ** 20).toFixed(2));
      console.log(
        `  after ${done} jobs: heap ${heap} MiB, outside it ${external} MiB, resident ${memoryOf(bot.pid!)}; ${(weight.cpuMs / every).toFixed(1)} ms of the processor a job; ${late} not answered within 3 s`,
      );
    }
  } finally {
    bot.kill('SIGKILL');
    await emulator.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Gives how many the bot was late for; such a job ends as expired. */
async function orders(
  emulator: Emulator,
  channelId: string,
  people: readonly string[],
  [from, to]: readonly [number, number],
) {
  let next = from;
  let late = 0;
  const ask = async () => {
    while (next < to) {
      const seed = next++;
      const actor = emulator.as(people[seed % people.length]!);
      const { kind } = await actor.command(channelId, 'imagine', { prompt: `picture ${seed}`, seed });
      if (kind === 'failed') late += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return late;
}

function weighed(bot: ChildProcess, snapshot: string | null): Promise<Weight> {
  return new Promise((resolve, reject) => {
    bot.once('exit', (code) => reject(new Error(`the bot ended with ${code}`)));
    bot.once('message', (weight) => resolve(weight as Weight));
    bot.send({ snapshot });
  });
}
