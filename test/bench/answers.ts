// How fast the bot answers interactions while pictures are being made, and what memory its two processes take. The whole program runs
// as a process of its own; the local Discord runs here, so its work is not counted as the bot's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commands } from '../../commands/index.ts';
import { Emulator } from '../../src/emulator/emulator.ts';
import { memoryOf, quantile, spread } from './figures.ts';
import { imageProcessOf, startProgram, TOKEN } from './program.ts';

const JOBS = 12;
const QUESTIONS = 200;

async function askWhileWorking(emulator: Emulator, channelId: string, user: string): Promise<number[]> {
  const actor = emulator.as(user);
  await actor.command(channelId, 'quota');
  for (let seed = 0; seed < JOBS; seed++) await actor.command(channelId, 'imagine', { prompt: 'a red heart', seed });
  const tookMs: number[] = [];
  for (let k = 0; k < QUESTIONS; k++) {
    const startMs = performance.now();
    const outcome = await actor.command(channelId, k % 2 === 0 ? 'quota' : 'queue');
    if (outcome.kind === 'failed') throw new Error(`question ${k}: the bot did not answer`);
    tookMs.push(performance.now() - startMs);
  }
  return tookMs;
}

export async function benchAnswers(): Promise<void> {
  const emulator = new Emulator({ token: TOKEN, rateLimits: false, checkAnswers: false });
  await emulator.start();
  const user = emulator.addUser('ada').id;
  const channelId = emulator.addChannel(emulator.addGuild('Studio', user).id, 'pictures').id;
  const dataDir = await mkdtemp(path.join(tmpdir(), 'darkroom-bench-'));
  const program = startProgram(emulator, dataDir, { MAX_WAITING_PER_USER: String(JOBS) });
  try {
    await emulator.until(() => emulator.world.commands.size >= commands.length, 60_000);
    const tookMs = await askWhileWorking(emulator, channelId, user);
    console.log(`  answer while generating: ${spread(tookMs, 'ms', 0)}, p99 ${quantile(tookMs, 0.99).toFixed(0)} ms`);
    console.log(`  bot process: ${memoryOf(program.pid!)}`);
    console.log(`  image process: ${memoryOf(imageProcessOf(program.pid!))}`);
  } finally {
    program.kill('SIGKILL');
    await emulator.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
