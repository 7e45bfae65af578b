// The compiled program as a process of its own, on a local Discord in the test's process, so that it can be killed like a real one.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { commands } from '../../commands/index.ts';
import type { JobRecord, JobState } from '../../src/core/job.ts';
import type { JobStore } from '../../src/core/jobStore.ts';
import { Emulator } from '../../src/emulator/emulator.ts';
import type { SeenMessage } from '../../src/emulator/views.ts';
import { compiledEntry, ROOT } from '../../src/root.ts';
import { openStore } from '../../src/store/openStore.ts';
import { BOT_FLAGS } from '../support/botFlags.ts';
import { eventually, TEST_TOKEN } from './house.ts';

/** Loading the networks and making pictures on a busy machine takes its time. */
export const PATIENCE_MS = 120_000;

const PROMPT = 'a red heart nobody may read of';

export class BotProcess {
  readonly emulator = new Emulator({ token: TEST_TOKEN });
  /** Its log, on stderr. */
  readonly lines: string[] = [];
  /** What it told the person who started it, on stdout. */
  readonly said: string[] = [];
  dataDir = '';
  guildId = '';
  channelId = '';
  alice = '';
  store!: JobStore;
  child!: ChildProcess;

  /** Environment of the next life beside the usual one. */
  settings: Readonly<Record<string, string>>;

  private constructor(settings: Readonly<Record<string, string>>) {
    this.settings = settings;
  }

  /** @param prepare is given the data folder before anything lies in it */
  static async open(
    settings: Readonly<Record<string, string>> = {},
    prepare: (dataDir: string) => void = () => {},
  ): Promise<BotProcess> {
    const entry = compiledEntry('src/main.ts');
    if (!existsSync(entry)) throw new Error(`${entry} is missing; npm run build makes it`);
    const bot = new BotProcess(settings);
    const { emulator } = bot;
    await emulator.start();
    bot.alice = emulator.addUser('alice').id;
    const guild = emulator.addGuild('Studio', bot.alice);
    bot.guildId = guild.id;
    bot.channelId = emulator.addChannel(guild.id, 'pictures').id;
    bot.dataDir = await mkdtemp(path.join(tmpdir(), 'darkroom-bot-'));
    prepare(bot.dataDir);
    bot.store = openStore({ file: path.join(bot.dataDir, 'darkroom.db') });
    await bot.start();
    return bot;
  }

  async start(): Promise<void> {
    const { emulator } = this;
    const before = emulator.gateway.identifies;
    this.child = spawn(process.execPath, [...BOT_FLAGS, compiledEntry('src/main.ts')], {
      env: {
        ...process.env,
        DISCORD_TOKEN: TEST_TOKEN,
        DISCORD_API_URL: emulator.apiUrl,
        DISCORD_CDN_ORIGIN: emulator.origin,
        DATA_DIR: this.dataDir,
        MODELS_DIR: path.join(ROOT, 'test/golden/folders'),
        DEVICE: 'cpu',
        THREADS: '1',
        LOG_LEVEL: 'info',
        ...this.settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (data: Buffer) => this.said.push(data.toString()));
    this.child.stderr?.on('data', (data: Buffer) => this.lines.push(data.toString()));
    await eventually(
      () => emulator.gateway.identifies > before && emulator.world.commands.size >= commands.length,
      PATIENCE_MS,
    );
    await eventually(() => this.lines.join('').includes('commands are registered'), PATIENCE_MS);
  }

  /** The image process, by the kernel's own list of children. */
  workerPid(): number | undefined {
    const { pid } = this.child;
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return first === undefined ? undefined : Number(first);
  }

  exited(): Promise<number | null> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const gone = this.exited();
    this.child.kill(signal);
    return gone;
  }

  async close(): Promise<void> {
    await this.kill('SIGKILL');
    this.store.close();
    await this.emulator.stop();
    await rm(this.dataDir, { recursive: true, force: true });
    this.emulator.assertClean();
    this.expectNoSecrets();
  }

  /** Neither prompts nor tokens may reach the log, whatever went wrong. */
  expectNoSecrets(): void {
    const log = this.lines.join('');
    const tokens = [...this.emulator.world.interactions.values()].map(({ token }) => token);
    for (const secret of [TEST_TOKEN, PROMPT, ...tokens]) expect(log).not.toContain(secret);
  }

  posts(): SeenMessage[] {
    const botId = this.emulator.world.bot.id;
    const isPost = (message: SeenMessage) => (message.author as { id?: string }).id === botId && !message.ephemeral;
    return this.emulator.view(this.channelId, this.alice).filter(isPost);
  }

  /** As a person would: where a busy machine let the three seconds pass, once more. */
  async imagine(options: Record<string, string | number> = {}): Promise<void> {
    const alice = this.emulator.as(this.alice);
    for (let tries = 1; tries <= 5; tries += 1) {
      const filled = { prompt: PROMPT, model: 'sd-small', ...options };
      if ((await alice.command(this.channelId, 'imagine', filled)).kind !== 'failed') return;
      await this.jobIn('expired');
    }
    throw new Error(`five requests were not answered in time; the bot said:\n${this.lines.slice(-20).join('')}`);
  }

  newest(): JobRecord | undefined {
    return this.store.list({ userId: this.alice, limit: 1 })[0];
  }

  async jobIn(...states: JobState[]): Promise<JobRecord> {
    try {
      return await eventually(() => {
        const job = this.newest();
        return job !== undefined && states.includes(job.state) && job;
      }, PATIENCE_MS);
    } catch (cause) {
      const found = JSON.stringify(this.newest()?.state ?? 'no job');
      throw new Error(`found ${found}, expected ${states}; the bot said:\n${this.lines.slice(-20).join('')}`, {
        cause,
      });
    }
  }
}
