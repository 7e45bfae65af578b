// A whole bot in one process for the end-to-end tests: real discord.js on the local Discord, real database, real dispatcher, scripted worker.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { commands } from '../../commands/index.ts';
import { openChartRoom } from '../../src/charts/chartRoom.ts';
import { systemClock } from '../../src/clock.ts';
import type { ChartRoom } from '../../src/core/charts.ts';
import type { JobRecord, JobState } from '../../src/core/job.ts';
import type { AcceptRules, JobStore } from '../../src/core/jobStore.ts';
import { DEFAULT_LIMITS, type ModelCard } from '../../src/core/request.ts';
import type { UpscalerCard } from '../../src/core/upscale.ts';
import type { ImageWorker } from '../../src/core/worker.ts';
import { ATTACHMENT_RULES, InputFolder } from '../../src/discord/attachments.ts';
import { type RunningBot, startBot } from '../../src/discord/bot.ts';
import { type KnownHashes, NO_HASHES } from '../../src/discord/context.ts';
import type { LoraFolder } from '../../src/discord/loraFolder.ts';
import { OUTBOX_TIMING } from '../../src/discord/outbox.ts';
import { WildcardFolder } from '../../src/discord/wildcards.ts';
import { Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { SeenMessage } from '../../src/emulator/views.ts';
import type { DarkroomError } from '../../src/errors.ts';
import { type Logger, makeLog } from '../../src/log.ts';
import { Dispatcher } from '../../src/queue/dispatcher.ts';
import { openStore } from '../../src/store/openStore.ts';
import { TEST_CARD } from '../support/cards.ts';
import { ScriptedWorker } from './scriptedWorker.ts';

/** Shaped as Discord shapes them; worth nothing. */
export const TEST_TOKEN = `${Buffer.from('123456789012345678').toString('base64url')}.Gabcde.${'x'.repeat(38)}`;

/** Real time runs in these tests, so the pauses are short. */
const QUICK = { ...OUTBOX_TIMING, progressMs: 60, placeMs: 120, sweepMs: 200, backoffMs: 20, maxBackoffMs: 100 };

export interface HouseOptions {
  readonly rules?: Partial<AcceptRules>;
  readonly emulator?: EmulatorOptions;
  readonly jobsPerWorker?: number;
  readonly worker?: ScriptedWorker;
  /** One that makes real pictures, in the scripted one's place, and the models it has. */
  readonly real?: { readonly worker: ImageWorker; readonly cards: readonly ModelCard[] };
  /** Of the scripted worker; the test card alone when absent. */
  readonly cards?: readonly ModelCard[];
  readonly upscalers?: readonly UpscalerCard[];
  readonly hashes?: KnownHashes;
  /** Cards that change while the bot runs, in the place of all others. */
  readonly liveCards?: () => readonly ModelCard[];
  /** Made for the data folder. */
  readonly loraFolder?: (house: House) => LoraFolder;
  /** In the place of the real one; null for none. */
  readonly charts?: ChartRoom | null;
}

export class House {
  readonly emulator: Emulator;
  readonly worker: ScriptedWorker;
  readonly real: HouseOptions['real'];
  readonly cards: readonly ModelCard[];
  readonly upscalers: readonly UpscalerCard[];
  readonly hashes: KnownHashes;
  readonly liveCards: HouseOptions['liveCards'];
  readonly loraFolder: HouseOptions['loraFolder'];
  readonly charts: HouseOptions['charts'];
  readonly rules: AcceptRules;
  readonly fatal: DarkroomError[] = [];
  readonly log: Logger = makeLog(process.env.TEST_LOG ?? 'silent');
  readonly jobsPerWorker: number;
  /** How often the bot was asked to mention somebody. */
  expectedPings = 0;
  dataDir = '';
  guildId = '';
  channelId = '';
  owner = '';
  alice = '';
  bob = '';
  store!: JobStore;
  dispatcher!: Dispatcher;
  bot!: RunningBot;

  constructor({
    rules = {},
    emulator = {},
    jobsPerWorker = 1,
    worker,
    real,
    cards = [TEST_CARD],
    upscalers = [],
    hashes = NO_HASHES,
    liveCards,
    loraFolder,
    charts,
  }: HouseOptions = {}) {
    this.worker = worker ?? new ScriptedWorker();
    this.real = real;
    this.cards = cards;
    this.upscalers = upscalers;
    this.hashes = hashes;
    this.liveCards = liveCards;
    this.loraFolder = loraFolder;
    this.charts = charts;
    this.rules = { dailyQuota: 50, maxWaitingPerUser: 10, ...rules };
    this.emulator = new Emulator({ token: TEST_TOKEN, ...emulator });
    this.jobsPerWorker = jobsPerWorker;
  }

  static async open(options: HouseOptions = {}): Promise<House> {
    const house = new House(options);
    const { emulator } = house;
    await emulator.start();
    [house.owner, house.alice, house.bob] = ['owner', 'alice', 'bob'].map((name) => emulator.addUser(name).id) as [
      string,
      string,
      string,
    ];
    const guild = emulator.addGuild('Studio', house.owner, { memberIds: [house.alice, house.bob] });
    house.guildId = guild.id;
    house.channelId = emulator.addChannel(guild.id, 'pictures').id;
    house.dataDir = await mkdtemp(path.join(tmpdir(), 'darkroom-e2e-'));
    await house.startBot();
    return house;
  }

  /** A new life of the bot on the same data and the same Discord. */
  async startBot(): Promise<void> {
    const { dataDir, log, rules, emulator } = this;
    const cards = this.liveCards ?? (() => this.real?.cards ?? this.cards);
    const loraFolder = this.loraFolder?.(this);
    this.store = openStore({ file: path.join(dataDir, 'darkroom.db') });
    this.store.recover(0);
    this.dispatcher = new Dispatcher({
      store: this.store,
      workers: [this.real?.worker ?? this.worker],
      clock: systemClock,
      log,
      dataDir,
      jobsPerWorker: this.jobsPerWorker,
      hashOf: this.hashes.hashOf,
    });
    this.bot = await startBot({
      token: TEST_TOKEN,
      apiUrl: emulator.apiUrl,
      commands,
      store: this.store,
      queue: this.dispatcher,
      catalog: {
        get cards() {
          return cards();
        },
        defaultModel: cards()[0]!.name,
        limits: DEFAULT_LIMITS,
        upscalers: this.upscalers,
      },
      loraFolder,
      charts: this.chartRoom(),
      rules,
      inputs: new InputFolder(dataDir),
      attachments: { ...ATTACHMENT_RULES, extraOrigin: emulator.origin },
      dataDir,
      clock: systemClock,
      log,
      hashes: this.hashes,
      wildcards: new WildcardFolder(path.join(dataDir, 'models', 'wildcards')),
      randomSeed: () => Math.floor(Math.random() * 2 ** 32),
      outboxTiming: QUICK,
      onFatal: (error) => this.fatal.push(error),
    });
    this.dispatcher.on((event) => {
      if (event.kind === 'job') this.bot.outbox.touch(event.jobId);
      if (event.kind === 'progress') this.bot.outbox.progress(event.progress);
    });
    this.dispatcher.start();
    await emulator.until(() => emulator.world.commands.size >= commands.length);
  }

  private chartRoom(): ChartRoom | undefined {
    const real = () => openChartRoom({ file: path.join(this.dataDir, 'darkroom.db'), log: this.log });
    return this.charts === null ? undefined : (this.charts ?? real());
  }

  async stopBot(): Promise<void> {
    await this.dispatcher.drain(0);
    await this.bot.close(2_000);
    this.store.close();
  }

  async close(): Promise<void> {
    this.worker.release();
    await this.stopBot();
    await this.emulator.stop();
    await rm(this.dataDir, { recursive: true, force: true });
    this.emulator.assertClean();
    const own = this.emulator.pings.filter((ping) => ping.authorId === this.emulator.world.bot.id);
    expect(own).toHaveLength(this.expectedPings);
  }

  /** Public messages of the bot, oldest first, as Bob sees them. */
  posts(channelId = this.channelId): SeenMessage[] {
    const botId = this.emulator.world.bot.id;
    return this.emulator
      .view(channelId, this.bob)
      .filter((message) => (message.author as { id?: string } | undefined)?.id === botId && !message.ephemeral);
  }

  /** The newest job of a user. */
  newest(userId = this.alice): JobRecord | undefined {
    return this.store.list({ userId, limit: 1 })[0];
  }

  /** Pictures charged or reserved today. */
  used(userId: string): number {
    return this.store.quota({ userId, guildId: this.guildId }, this.rules).used;
  }

  /** Waits for the user's newest job to reach a state; gives the job and its message. */
  async jobIn(state: JobState, userId = this.alice, isIt: (job: JobRecord) => boolean = () => true) {
    const job = await eventually(() => {
      const found = this.newest(userId);
      return found?.state === state && isIt(found) ? found : undefined;
    });
    const message = this.posts().find((one) => one.id === job.messageId);
    return { job, message: message as SeenMessage };
  }

  /** /imagine by Alice, through to the posted picture. */
  async picture(options: Record<string, string | number> = {}, userId = this.alice) {
    const before = this.newest(userId)?.id;
    await this.emulator.as(userId).command(this.channelId, 'imagine', { prompt: 'a red heart', ...options });
    return this.jobIn('delivered', userId, (job) => job.id !== before);
  }
}

/** Looks every few milliseconds until there is something; the database sends no events to wait for. */
export async function eventually<T>(look: () => T | undefined | false, timeoutMs = 20_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`nothing came of it in ${timeoutMs} ms: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Part {
  readonly label?: string;
  readonly content?: string;
  readonly custom_id?: string;
  readonly options?: readonly { readonly label: string; readonly value: string }[];
  readonly components?: readonly Part[];
}

/** Everything in a message, cards and rows alike. */
export function partsOf(message: SeenMessage): Part[] {
  const inside = (part: Part): Part[] => [part, ...(part.components ?? []).flatMap(inside)];
  return ((message.components ?? []) as unknown as Part[]).flatMap(inside);
}

export function labelsOf(message: SeenMessage): string[] {
  return partsOf(message).flatMap((part) => part.label ?? []);
}

/** What a message says, whether it is a card or not. */
export function textOf(message: SeenMessage | undefined): string {
  if (message === undefined) return '';
  const inCard = partsOf(message).flatMap((part) => part.content ?? []);
  return [message.content, ...inCard].filter((text) => text !== '').join('\n');
}

export function filesOf(message: SeenMessage): { filename: string; description?: string; url: string }[] {
  return (message.attachments ?? []) as never;
}
