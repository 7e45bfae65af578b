// The composition root: configuration, database, image process, queue and bot put together, and taken apart again when the program ends.
// With DISCORD_TOKEN it is a bot on Discord; without, the same bot on the local Discord with its playground page.
import { randomBytes, randomInt } from 'node:crypto';
import path from 'node:path';
import { commands } from '../commands/index.ts';
import { openChartRoom } from './charts/chartRoom.ts';
import { systemClock } from './clock.ts';
import { type Config, DISCORD_API_URL, likelyMisspelt, readConfig, secretsOf, withEnvFile } from './config.ts';
import type { JobStore } from './core/jobStore.ts';
import { DEFAULT_LIMITS, type ModelCard, SEED_COUNT } from './core/request.ts';
import type { ImageWorker, WorkerFacts } from './core/worker.ts';
import { ATTACHMENT_RULES, InputFolder } from './discord/attachments.ts';
import { type BotOptions, type RunningBot, startBot } from './discord/bot.ts';
import { LoraFolder } from './discord/loraFolder.ts';
import { WildcardFolder } from './discord/wildcards.ts';
import { DarkroomError, toDarkroomError } from './errors.ts';
import type { Executors } from './fleet/executors.ts';
import { type Logger, makeLog } from './log.ts';
import { diskFacts } from './ops/disk.ts';
import { serveHealth } from './ops/healthServer.ts';
import { type Metrics, makeMetrics } from './ops/metrics.ts';
import { Dispatcher } from './queue/dispatcher.ts';
import { sweepInputs, sweepPictures } from './queue/pictureFolders.ts';
import { keepRetention } from './queue/retention.ts';
import { ROOT, VERSION } from './root.ts';
import { holdDataFolder } from './store/holdDataFolder.ts';
import { openStore } from './store/openStore.ts';
import { openFileBook } from './store/sqliteFileBook.ts';
import { CONTROLNETS_FOLDER } from './weights/controlNet.ts';
import { watchFolders } from './weights/folderWatch.ts';
import { LORAS_FOLDER } from './weights/loraLibrary.ts';
import { ModelHashes } from './weights/modelHashes.ts';
import { extraFiles } from './weights/registry.ts';
import { judgeLora } from './worker/loraJudge.ts';
import { tellNews } from './worker/news.ts';
import { startWorker } from './worker/parent.ts';
import type { ChildOptions } from './worker/protocol.ts';

/** How long running pictures may go on after a request to stop, and how long their messages may take; a service manager gives 30 s or more. */
const DRAIN_MS = 10_000;
const FLUSH_MS = 8_000;

/** Jobs this machine works on at once beside those of a fleet. */
const LOCAL_SLOTS = 2;

/** Which Discord, and who tells what. */
interface Connection {
  readonly token: string;
  readonly apiUrl: string | null;
  readonly cdnOrigin: string | null;
  /** One line for the person who started the program, once the bot is there. */
  readonly welcome: (bot: RunningBot) => string;
  readonly close: () => Promise<void>;
}

const ending = new AbortController();
let exitCode = 0;

/** Ends the program, once; the first reason decides the exit code. */
function end(code: number): void {
  if (ending.signal.aborted) return;
  exitCode = code;
  ending.abort(new Error('the program ends'));
}

/** What was opened, closed in the opposite order. */
class Closers {
  readonly #closers: (() => Promise<void> | void)[] = [];

  add<T>(thing: T, close: (thing: T) => Promise<void> | void): T {
    this.#closers.unshift(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

async function run(config: Config, log: Logger): Promise<void> {
  const closers = new Closers();
  try {
    await open(config, log, closers);
    await ended();
  } finally {
    log.info('stopping');
    await closers.close();
  }
}

/** Everything opened and at work. */
async function open(config: Config, log: Logger, closers: Closers): Promise<void> {
  const { dataDir } = config;
  closers.add(holdDataFolder(dataDir), (release) => release());
  const store = closers.add(openStore({ file: path.join(dataDir, 'darkroom.db') }), (one) => one.close());
  const life: Life = {};
  await openHealth(config, store, life, log, closers);
  const makers = await orEnd(openMakers(config, store, log, closers));
  const { facts } = makers;
  reportFacts(facts, config, log);
  await recover(store, dataDir, log);
  const { hashes } = makers;
  const hashOf = (model: string) => makers.executors?.hashOf(model) ?? hashes.hashOf(model);
  const dispatcher = new Dispatcher({
    store,
    workers: makers.workers,
    clock: systemClock,
    log,
    dataDir,
    hashOf,
    previews: config.previews,
  });
  life.dispatcher = dispatcher;
  if (life.metrics !== undefined) dispatcher.on(life.metrics.note);
  makers.executors?.serve(dispatcher);
  const connection = closers.add(await connect(config, log), (one) => one.close());
  const parts = {
    config,
    log,
    store,
    dispatcher,
    facts,
    connection,
    hashes,
    cards: makers.cards,
    refresh: makers.refresh,
    giveWay: makers.giveWay,
    observe: life.metrics?.see,
  };
  const bot = closers.add(await logIn(botOptions(parts), log), (one) => one.close(FLUSH_MS));
  life.bot = bot;
  dispatcher.on((event) => {
    if (event.kind === 'job') bot.outbox.touch(event.jobId);
    if (event.kind === 'progress') bot.outbox.progress(event.progress);
  });
  closers.add(dispatcher, async (one) => {
    await bot.stopTaking();
    await one.drain(DRAIN_MS);
  });
  dispatcher.start();
  const retention = new AbortController();
  const sweeping = keepRetention({ store, dataDir, clock: systemClock, log }, retention.signal);
  closers.add(retention, async (one) => {
    one.abort(new Error('the program ends'));
    await sweeping;
  });
  hashes.learn();
  if (config.fleet?.hasLocalWorker ?? true) keepLooking(config, makers, log, closers);
  say(`Pictures are made by ${facts.provider} (${facts.providerReason}), models: ${namesOf(facts)}.`);
  say(connection.welcome(bot));
}

/** A file that is put among the LoRAs or the control networks is there for everybody a few seconds later. */
function keepLooking({ modelsDir }: Config, { refresh, hashes }: Makers, log: Logger, closers: Closers): void {
  const folders = [LORAS_FOLDER, CONTROLNETS_FOLDER].map((folder) => path.join(modelsDir, folder));
  const onChange = async () => {
    await refresh();
    hashes.learn();
  };
  const over = new AbortController();
  void watchFolders({ folders, clock: systemClock, log, onChange }, over.signal);
  closers.add(over, (one) => one.abort(new Error('the program ends')));
}

/** What is there so far, for whoever asks while the program starts or stops. */
interface Life {
  dispatcher?: Dispatcher;
  bot?: RunningBot;
  metrics?: Metrics;
}

/**
 * What the machine beside the bot may ask, from before the models are looked at until the last message is out: a start that waits for
 * Discord, or a stop that waits for a picture, is no dead program. Nothing without METRICS_PORT.
 */
async function openHealth(config: Config, store: JobStore, life: Life, log: Logger, closers: Closers): Promise<void> {
  if (config.metrics === null) return;
  const isStalled = () => life.dispatcher?.stalled() !== undefined;
  const isConnected = () => life.bot?.isConnected() === true;
  const disk = () => diskFacts(config.dataDir);
  const version = VERSION;
  const metrics = makeMetrics({ store, nowMs: () => systemClock.nowMs(), isStalled, isConnected, disk, version });
  life.metrics = metrics;
  const problems = () => [
    ...(ending.signal.aborted ? ['the program is stopping'] : []),
    ...(life.dispatcher === undefined ? ['the program is starting'] : []),
    ...(isConnected() ? [] : ['the gateway of Discord is not connected']),
    ...(isStalled() ? [`the queue stands still: ${life.dispatcher?.stalled()?.code}`] : []),
  ];
  const server = closers.add(await serveHealth({ ...config.metrics, metrics, problems }), (one) => one.close());
  log.info({ origin: server.origin }, 'numbers and health are served here');
}

/** Who makes the pictures. */
interface Makers {
  /** What can be made at the start. */
  readonly facts: WorkerFacts;
  /** Models there are now. */
  readonly cards: () => readonly ModelCard[];
  /** Looks at this machine's LoRAs and control networks again. */
  readonly refresh: () => Promise<void>;
  /** The queue's from the start. */
  readonly workers: readonly ImageWorker[];
  /** Lets this machine begin no network call for so many milliseconds. */
  readonly giveWay: (ms: number) => void;
  /** Hands the queue the machines of a fleet; null without one. */
  readonly executors: Executors | null;
  /** Of this machine's model files. */
  readonly hashes: ModelHashes;
}

async function openMakers(config: Config, store: JobStore, log: Logger, closers: Closers): Promise<Makers> {
  const { fleet } = config;
  const isHere = fleet?.hasLocalWorker ?? true;
  const local = isHere ? closers.add(startWorker({ ...workerOptions(config), log }), (one) => one.close()) : null;
  const giveWay = (ms: number) => local?.giveWay?.(ms);
  if (fleet === null) {
    const facts = await local!.ready();
    const hashes = openHashes(facts, config, log, closers);
    let now = facts;
    const refresh = async () => {
      const before = now;
      now = await local!.refresh!();
      tellNews(before, now, log);
    };
    return { facts, cards: () => now.models, refresh, workers: [local!], giveWay, executors: null, hashes };
  }
  // Loaded only here: one machine alone needs no Redis client.
  const { Executors } = await import('./fleet/executors.ts');
  const key = store.setting('fleet.key', () => randomBytes(32).toString('base64url'));
  const hashes = openHashes(await local?.ready(), config, log, closers);
  const localHashOf = (model: string) => hashes.knownHashOf(model);
  const isOurs = (jobId: string) => store.get(jobId) !== undefined;
  const options = { config: fleet, local, localSlots: LOCAL_SLOTS, localHashOf, isOurs, key, clock: systemClock, log };
  const executors = closers.add(new Executors(options), (one) => one.close());
  const refresh = () => executors.refresh();
  return {
    facts: await executors.open(),
    cards: () => executors.cards(),
    refresh,
    workers: [],
    giveWay,
    executors,
    hashes,
  };
}

/** Recipes name models by the hashes of their files; learning them takes minutes once, and nobody waits for it. */
function openHashes(
  facts: WorkerFacts | undefined,
  { dataDir, modelsDir }: Config,
  log: Logger,
  closers: Closers,
): ModelHashes {
  const book = closers.add(openFileBook({ file: path.join(dataDir, 'darkroom.db') }), (one) => one.close());
  const models = new Map(Object.entries(facts?.modelFiles ?? {}));
  const hashes = new ModelHashes({
    modelsDir,
    book,
    log,
    models,
    extras: () => (facts === undefined ? [] : extraFiles(modelsDir)),
  });
  return closers.add(hashes, (one) => one.close());
}

async function recover(store: JobStore, dataDir: string, log: Logger): Promise<void> {
  // Whoever the last life did not answer, this one cannot answer either.
  const recovered = store.recover(0);
  const swept = await sweepPictures(dataDir, store);
  const sweptInputs = await sweepInputs(dataDir, store, systemClock.nowMs());
  log.info({ ...recovered, swept, sweptInputs, dataDir }, 'the database is open');
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly store: JobStore;
  readonly dispatcher: Dispatcher;
  readonly facts: WorkerFacts;
  readonly connection: Connection;
  readonly cards: Makers['cards'];
  readonly refresh: Makers['refresh'];
  readonly giveWay: Makers['giveWay'];
  readonly hashes: ModelHashes;
  readonly observe: BotOptions['observe'];
}

function botOptions(parts: Parts): BotOptions {
  const { config, log, store, dispatcher, facts, connection, hashes, cards } = parts;
  const { dataDir, dailyQuota, hourlyQuota, maxWaitingPerUser } = config;
  return {
    token: connection.token,
    apiUrl: connection.apiUrl,
    commands,
    store,
    queue: dispatcher,
    catalog: {
      get cards() {
        return cards();
      },
      defaultModel: defaultModel(facts),
      limits: DEFAULT_LIMITS,
      upscalers: facts.upscalers,
    },
    rules: { dailyQuota, hourlyQuota, maxWaitingPerUser },
    inputs: new InputFolder(dataDir),
    attachments: { ...ATTACHMENT_RULES, extraOrigin: connection.cdnOrigin },
    showsPresence: config.presence,
    wildcards: new WildcardFolder(path.join(config.modelsDir, 'wildcards')),
    dataDir,
    clock: systemClock,
    log,
    hashes,
    loraFolder: loraFolderOf(parts),
    charts: openChartRoom({ file: path.join(dataDir, 'darkroom.db'), log }),
    observe: parts.observe,
    giveWay: parts.giveWay,
    randomSeed: () => randomInt(SEED_COUNT),
    onFatal: (error) => {
      if (!ending.signal.aborted) tellFatal(error, log);
      end(exitCodeOf(error));
    },
  };
}

function workerOptions({ modelsDir, device, precision, threads, memoryLimit, hasSafetyCheckers }: Config) {
  const judging: ChildOptions['judging'] = hasSafetyCheckers ? 'everybody' : 'classifier';
  return { modelsDir, device, precision, threads, memoryLimit, judging };
}

/** Where the pictures are made on other machines alone, a file here would be nobody's. */
function loraFolderOf({ config, connection, hashes, refresh }: Parts): LoraFolder | undefined {
  const { modelsDir, dataDir, loraUploadMib, fleet } = config;
  if (fleet?.hasLocalWorker === false) return undefined;
  return new LoraFolder({
    modelsDir,
    dataDir,
    maxBytes: loraUploadMib * 2 ** 20,
    extraOrigin: connection.cdnOrigin,
    judge: (folder, file) => judgeLora(modelsDir, folder, file),
    refresh: async () => {
      await refresh();
      hashes.learn();
    },
  });
}

/** @throws model_missing when nothing usable was found. */
function reportFacts(facts: WorkerFacts, { modelsDir }: Config, log: Logger): void {
  log.info({ provider: facts.provider, why: facts.providerReason }, 'pictures are made by this provider');
  for (const { name, reason } of facts.refused) log.warn({ model: name, reason }, 'a model was refused');
  log.info({ classifier: facts.classifier ?? 'none' }, 'this looks at pictures before they are shown');
  log.info({ models: facts.models.map(({ name }) => name) }, 'these models are ready');
  if (facts.models.length > 0) return;
  const found = `found ${facts.refused.length} folders and none that can be used`;
  throw new DarkroomError(
    'model_missing',
    `${modelsDir}: ${found}, expected a diffusers folder; npm run doctor says more`,
  );
}

/** For people, on stdout; the log is for machines, on stderr. */
function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function namesOf({ models, refused }: WorkerFacts): string {
  const usable = models.map(({ name }) => name).join(', ');
  return refused.length === 0
    ? usable
    : `${usable} (refused: ${refused.map(({ name }) => name).join(', ')}; see above)`;
}

/** The shipped model where it is there, else the first by name. */
function defaultModel({ models }: WorkerFacts): string {
  return (models.find(({ name }) => name === 'emoji') ?? models[0]!).name;
}

function connect(config: Config, log: Logger): Promise<Connection> {
  return config.discordToken === null ? openPlayground(config) : toDiscord(config, config.discordToken, log);
}

async function toDiscord(config: Config, token: string, log: Logger): Promise<Connection> {
  const cdnOrigin = config.discordCdnOrigin;
  if (cdnOrigin !== null) log.warn({ cdnOrigin }, 'start pictures are also taken from this origin');
  return {
    token,
    apiUrl: config.discordApiUrl === DISCORD_API_URL ? null : config.discordApiUrl,
    cdnOrigin,
    welcome: (bot) => `The bot is on Discord. Invite it to a server: ${bot.inviteLink}`,
    close: async () => {},
  };
}

/** A server with one channel and two people, so that somebody can look over the first one's shoulder. */
async function openPlayground({ port }: Config): Promise<Connection> {
  // Loaded only here: a bot on Discord needs no local one.
  const { Emulator } = await import('./emulator/emulator.ts');
  const emulator = new Emulator({ token: randomBytes(24).toString('base64url'), checkAnswers: false });
  await emulator.start({ port }).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EADDRINUSE') throw thrown;
    throw new DarkroomError('config_invalid', `PORT: ${port} is taken by another program, expected a free port`);
  });
  const you = emulator.addUser('you');
  const friend = emulator.addUser('friend');
  const guild = emulator.addGuild('Darkroom', you.id, {
    memberIds: [friend.id],
    botPermissions: ['createGuildExpressions'],
  });
  emulator.addChannel(guild.id, 'pictures');
  return {
    token: emulator.token,
    apiUrl: emulator.apiUrl,
    cdnOrigin: emulator.origin,
    welcome: () => `No DISCORD_TOKEN is set, so here is a playground. Open ${emulator.origin}`,
    close: () => emulator.stop(),
  };
}

/** First and longest wait between two tries to reach Discord. */
const LOGIN_AGAIN_MS = 5_000;
const LOGIN_AGAIN_MAX_MS = 120_000;

/** A machine often starts before its network: waits for Discord, but not for a better token. @throws discord_refused */
async function logIn(options: BotOptions, log: Logger): Promise<RunningBot> {
  for (let waitMs = LOGIN_AGAIN_MS; ; waitMs = Math.min(waitMs * 2, LOGIN_AGAIN_MAX_MS)) {
    try {
      return await orEnd(startBot(options));
    } catch (thrown) {
      const error = toDarkroomError(thrown);
      if (error.code !== 'discord_unreachable') throw error;
      log.warn({ err: error, waitMs }, 'Discord cannot be reached; trying again');
      await systemClock.sleep(waitMs, ending.signal);
    }
  }
}

/** A log-in may wait for minutes; a request to stop does not. @throws the end of the program */
function orEnd<T>(waiting: Promise<T>): Promise<T> {
  const { signal } = ending;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    void waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function ended(): Promise<void> {
  return new Promise((resolve) => {
    if (ending.signal.aborted) resolve();
    else ending.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A second signal means "now". */
function onSignal(): void {
  if (ending.signal.aborted) process.exit(130);
  end(0);
}

/** What a service manager may try again; and, as sysexits.h has it, what stays as it is until somebody changes the configuration. */
const EXIT_AGAIN = 1;
const EXIT_CONFIG = 78;

/** A token Discord refuses stays refused: starting again and again only brings the day's last log-in nearer. */
function exitCodeOf({ audience, retry }: DarkroomError): number {
  return audience === 'operator' && retry === 'never' ? EXIT_CONFIG : EXIT_AGAIN;
}

/** One plain line for people beside the log's; a stack only where the program itself is to blame. */
function tellFatal(error: DarkroomError, log: Logger): void {
  log.fatal(error.audience === 'developer' ? { err: error } : { code: error.code }, error.message);
  process.stderr.write(`Darkroom stops: ${error.message}\n`);
}

async function main(): Promise<void> {
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let log = makeLog('info');
  // Node would print the error whole, and Discord's errors carry tokens; the log's serializer leaves them out.
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'the program broke');
    process.exit(1);
  });
  try {
    const config = readConfig(withEnvFile(process.env, ROOT), ROOT);
    log = makeLog(config.logLevel, secretsOf(config));
    for (const line of likelyMisspelt(process.env)) log.warn(line);
    await run(config, log);
  } catch (thrown) {
    if (!ending.signal.aborted) {
      const error = toDarkroomError(thrown);
      tellFatal(error, log);
      exitCode = exitCodeOf(error);
    }
  }
  process.exit(exitCode);
}

await main();
