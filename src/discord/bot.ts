// The bot on Discord: one client, its events led to router, replies and outbox, and every way it can end.
// Deliberately no privileged intent: see replies.ts.
import {
  type ActivitiesOptions,
  Client,
  Events,
  GatewayCloseCodes,
  GatewayIntentBits,
  GuildPremiumTier,
  type Interaction,
  type Message,
  Partials,
  Status,
  Team,
} from 'discord.js';
import { Agent } from 'undici';
import type { JobRecord } from '../core/job.ts';
import { prepareLists } from '../core/moderation.ts';
import { DarkroomError } from '../errors.ts';
import { SMALL_CACHES } from './caches.ts';
import type { Command } from './command.ts';
import { type BotContext, type KnownHashes, NO_HASHES } from './context.ts';
import { canFollow } from './controlPictures.ts';
import { makeCustomIds } from './customIds.ts';
import { expressionsBy } from './expressions.ts';
import { fitIn } from './fitting.ts';
import { GiveWay } from './giveWay.ts';
import { identifyThrottler } from './identifyBudget.ts';
import { lookOf } from './looks.ts';
import { makeMessenger } from './messenger.ts';
import { Outbox, type OutboxTiming } from './outbox.ts';
import { phrasesFor } from './phrases/phrases.ts';
import { keepPresence } from './presence.ts';
import { inviteLink, registerCommands } from './register.ts';
import { Replies } from './replies.ts';
import { ReviewDesk } from './reviews.ts';
import { Router } from './router.ts';
import { makeSheetDesk } from './sheets.ts';
import { makeRequest } from './transport.ts';
import { Turns } from './turns.ts';
import { verdictView } from './verdict.ts';
import { classicView } from './views/classicView.ts';

export interface BotOptions
  extends Omit<BotContext, 'ids' | 'outbox' | 'reviews' | 'messages' | 'isOwner' | 'hashes' | 'addExpression'> {
  readonly token: string;
  /** Another API server, `http://127.0.0.1:PORT/api`; null for Discord's own. */
  readonly apiUrl: string | null;
  readonly commands: readonly Command[];
  readonly outboxTiming?: OutboxTiming;
  /** Whether queue and model stand under the bot's name; absent is yes. */
  readonly showsPresence?: boolean;
  /** Lets the machine this runs on begin no network call for so many milliseconds; absent where it makes no pictures. */
  readonly giveWay?: ((ms: number) => void) | undefined;
  /** Absent: no file is known by its hash. */
  readonly hashes?: KnownHashes;
  /** The bot is deaf or dumb for good: the process must end, not look healthy. */
  readonly onFatal: (error: DarkroomError) => void;
}

export interface RunningBot {
  readonly userId: string;
  readonly inviteLink: string;
  readonly outbox: Outbox;
  /** Whether every connection to the gateway is up. */
  isConnected(): boolean;
  /** From now on people are told to come back in a minute; resolves when the orders under way are placed. */
  stopTaking(): Promise<void>;
  /** Shows what is owed within `graceMs`, and leaves Discord. */
  close(graceMs: number): Promise<void>;
}

/** Logs in, registers the commands and takes up what earlier lives owe. @throws discord_refused, discord_unreachable */
export async function startBot(options: BotOptions): Promise<RunningBot> {
  const client = makeClient(options);
  const bot = wire(client, options);
  listen(client, bot, options);
  const loggedIn = login(client, options);
  prepareLists();
  await loggedIn;
  await learnOwners(client, bot.owners, options);
  const applicationId = client.application!.id;
  const closing = new AbortController();
  void keepRegistering(client, applicationId, options, closing.signal);
  bot.outbox.start();
  const { store, catalog, clock } = options;
  const model = () => catalog.defaultModel;
  const tell = (activity: ActivitiesOptions) => client.user?.setPresence({ activities: [activity] });
  if (options.showsPresence !== false) void keepPresence({ store, model, clock, tell }, closing.signal);
  bot.reviews.start();
  return {
    userId: client.user!.id,
    inviteLink: inviteLink(applicationId),
    outbox: bot.outbox,
    isConnected: () => client.ws.shards.size > 0 && client.ws.shards.every(({ status }) => status === Status.Ready),
    stopTaking: () => bot.router.close(),
    async close(graceMs) {
      closing.abort(new Error('the bot was closed'));
      await bot.router.close();
      await bot.outbox.flush(AbortSignal.timeout(graceMs));
      await bot.outbox.stop();
      await bot.reviews.stop();
      await client.destroy();
    },
  };
}

/** Every so many refused requests the log says so: Discord locks an address out at 10,000 in ten minutes. */
const INVALID_REQUESTS_TOLD = 50;

/** To Discord's API. Without a limit a crowd's answers open one each, and making connections costs more than waiting for one. */
const MAX_CONNECTIONS = 64;

function makeClient({ apiUrl, store, clock, log }: BotOptions): Client {
  return new Client({
    // As many connections as Discord recommends, in this process.
    shards: 'auto',
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages],
    partials: [Partials.Channel],
    allowedMentions: { parse: [], repliedUser: false },
    makeCache: SMALL_CACHES.makeCache,
    ws: { buildIdentifyThrottler: identifyThrottler({ store, clock, log }) },
    // Without a number discord.js tells of refused requests never.
    rest: {
      ...SMALL_CACHES.rest,
      makeRequest,
      agent: new Agent({ connections: MAX_CONNECTIONS }),
      invalidRequestWarningInterval: INVALID_REQUESTS_TOLD,
      ...(apiUrl === null ? {} : { api: apiUrl }),
    },
  });
}

interface Parts {
  readonly context: BotContext;
  readonly router: Router;
  readonly giveWay: GiveWay;
  readonly outbox: Outbox;
  readonly reviews: ReviewDesk;
  /** The language of people who wrote in private, as far as known. */
  readonly locales: Map<string, string>;
  /** Who owns the application; empty until Discord has told. */
  readonly owners: Set<string>;
  /** Bytes of a file by server, as its latest interaction said; people may have more of their own, so it only ever lowers the usual. */
  readonly fileLimits: Map<string, number>;
}

/** Interactions being answered at once beyond which messages wait for them. */
const CROWD = 24;

function wire(client: Client, options: BotOptions): Parts {
  const { store, clock, log, dataDir } = options;
  const ids = makeCustomIds(store);
  const locales = new Map<string, string>();
  const owners = new Set<string>();
  const fileLimits = new Map<string, number>();
  // A server speaks its own language; in private, and where the bot is no member, the person's counts.
  const localeOf = (job: JobRecord) =>
    client.guilds.cache.get(job.guildId ?? '')?.preferredLocale ??
    store.settings(job.userId).language ??
    locales.get(job.userId);
  const follows = canFollow(options.catalog);
  const wordingOf = (job: JobRecord) => ({ phrases: phrasesFor(localeOf(job)), ids, canFollow: follows });
  const isCrowded = () => router.open > CROWD;
  const turns = new Turns({ isCrowded });
  const messenger = makeMessenger({ rest: client.rest, dataDir, botUserId: () => client.user?.id ?? '' });
  const outbox = new Outbox({
    store,
    clock,
    log,
    messenger,
    wordingOf,
    verdictOf: (job) => verdictView(job, store, dataDir, wordingOf(job)),
    wantsMention: (job) => store.settings(job.userId).mention === true,
    uploadLimitOf: ({ guildId }) =>
      Math.min(
        uploadLimit(client.guilds.cache.get(guildId ?? '')?.premiumTier),
        fileLimits.get(guildId ?? '') ?? Number.POSITIVE_INFINITY,
      ),
    fit: fitIn(dataDir),
    sheets: makeSheetDesk(store, dataDir),
    dress: ({ guildId }, view) => (lookOf(guildId, store) === 'classic' ? classicView(view) : view),
    showsJob: (customIds, jobId) => customIds.some((id) => ids.read(id)?.args[0] === jobId),
    turn: () => turns.message(),
    onUnauthorized: () => options.onFatal(refusedToken()),
    ...(options.outboxTiming === undefined ? {} : { timing: options.outboxTiming }),
  });
  const guildWording = (guildId: string) => ({
    phrases: phrasesFor(client.guilds.cache.get(guildId)?.preferredLocale),
    ids,
    canFollow: follows,
  });
  const reviews = new ReviewDesk({
    store,
    messenger,
    clock,
    log,
    wordingOf: guildWording,
    phrasesOf: (guildId, userId) =>
      phrasesFor(
        store.settings(userId).language ?? locales.get(userId) ?? client.guilds.cache.get(guildId)?.preferredLocale,
      ),
    serverNameOf: (guildId) => client.guilds.cache.get(guildId)?.name ?? guildId,
  });
  const context: BotContext = {
    ...options,
    reviews,
    hashes: options.hashes ?? NO_HASHES,
    ids,
    outbox,
    calm: () => turns.message(),
    messages: messenger,
    addExpression: expressionsBy(client.rest),
    isOwner: (userId) => owners.has(userId),
  };
  const router = new Router(options.commands, context, turns);
  const giveWay = new GiveWay({ isCrowded, giveWay: options.giveWay ?? (() => {}) });
  return { context, router, giveWay, outbox, reviews, locales, owners, fileLimits };
}

const MIB = 1024 * 1024;

/** @source Discord's help centre, "File Attachments FAQ": 10 MiB, 50 at boost level 2, 100 at level 3. */
function uploadLimit(tier: GuildPremiumTier | undefined): number {
  if (tier === GuildPremiumTier.Tier3) return 100 * MIB;
  return tier === GuildPremiumTier.Tier2 ? 50 * MIB : 10 * MIB;
}

function listen(client: Client, bot: Parts, { log, onFatal, observe }: BotOptions): void {
  client.on(Events.InteractionCreate, (interaction: Interaction) => {
    remember(bot.locales, interaction.user.id, interaction.locale);
    remember(bot.fileLimits, interaction.guildId ?? '', interaction.attachmentSizeLimit);
    void bot.router.handle(interaction);
    bot.giveWay.look();
  });
  const replies = new Replies(bot.context);
  client.on(Events.MessageCreate, (message: Message) => {
    replies.take(message).catch((err) => log.warn({ err }, 'a reply could not be answered'));
  });
  client.on(Events.Error, (err) => log.error({ err }, 'the Discord client reported an error'));
  client.on(Events.ShardError, (err) => log.warn({ err }, 'the gateway connection failed; it will be opened again'));
  client.on(Events.ShardDisconnect, ({ code }) => onFatal(closedForGood(code)));
  client.on(Events.Invalidated, () => onFatal(closedForGood(0)));
  client.rest.on('invalidRequestWarning', ({ count }) => {
    log.warn({ count }, 'Discord refused many requests lately');
    observe?.({ kind: 'invalid_requests', count });
  });
  client.rest.on('rateLimited', ({ scope }) => observe?.({ kind: 'rate_limited', scope }));
}

/** People and servers remembered; the language of a private message is a courtesy. */
const MAX_REMEMBERED = 10_000;

function remember<T>(known: Map<string, T>, id: string, value: T): void {
  known.delete(id);
  known.set(id, value);
  if (known.size > MAX_REMEMBERED) known.delete(known.keys().next().value!);
}

/** Resolves when Discord is ready to be used; a fatal close during the handshake rejects instead of hanging. */
async function login(client: Client, { token }: BotOptions): Promise<void> {
  const ready = new Promise<void>((resolve, reject) => {
    client.once(Events.ClientReady, () => resolve());
    client.once(Events.ShardDisconnect, ({ code }) => reject(closedForGood(code)));
  });
  ready.catch(() => {});
  try {
    await Promise.all([ready, client.login(token)]);
  } catch (thrown) {
    await client.destroy();
    throw loginError(thrown);
  }
}

/** A bot whose owner cannot be learnt works; only what is the owner's alone is then nobody's until the next start. */
async function learnOwners(client: Client, owners: Set<string>, { log }: BotOptions): Promise<void> {
  try {
    const { owner } = await client.application!.fetch();
    const people = owner instanceof Team ? [...owner.members.keys()] : owner === null ? [] : [owner.id];
    for (const userId of people) owners.add(userId);
  } catch (err) {
    log.warn({ err }, 'Discord did not say who owns this application');
  }
}

function loginError(thrown: unknown): DarkroomError {
  if (thrown instanceof DarkroomError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code === 'TokenInvalid') return refusedToken();
  const name = thrown instanceof Error ? thrown.name : 'unknown';
  return new DarkroomError('discord_unreachable', `Discord could not be reached for the login (${name} ${code})`);
}

function refusedToken(): DarkroomError {
  return new DarkroomError(
    'discord_refused',
    'DISCORD_TOKEN: Discord does not accept it; copy a fresh one from the developer portal',
  );
}

const CLOSE_REASONS: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]: 'DISCORD_TOKEN is not accepted; copy a fresh one from the developer portal',
  [GatewayCloseCodes.InvalidShard]: 'the shard numbers are wrong',
  [GatewayCloseCodes.ShardingRequired]: 'this bot is in too many servers for one connection; sharding is needed',
  [GatewayCloseCodes.InvalidAPIVersion]: 'this version of the Discord API is no longer offered; update Darkroom',
  [GatewayCloseCodes.InvalidIntents]: 'the intents are not valid; this is a defect of Darkroom',
  [GatewayCloseCodes.DisallowedIntents]: 'an intent is not allowed; this is a defect of Darkroom, which needs none',
};

/** What nobody has a reason for may be over after a restart; the others stay until somebody changes something. */
function closedForGood(code: number): DarkroomError {
  const why = CLOSE_REASONS[code];
  const text = `Discord closed the gateway for good (${code}): ${why ?? 'the session was ended and cannot be resumed'}`;
  return new DarkroomError(why === undefined ? 'discord_unreachable' : 'discord_refused', text, { code });
}

/** First wait after a failed registration; doubled up to ten minutes. */
const REGISTER_AGAIN_MS = 5_000;
const REGISTER_AGAIN_MAX_MS = 600_000;

async function keepRegistering(
  client: Client,
  applicationId: string,
  options: BotOptions,
  closing: AbortSignal,
): Promise<void> {
  const { store, clock, log, commands, catalog, apiUrl } = options;
  const declarations = commands.map((command) => command.declare(catalog));
  const registration = { rest: client.rest, applicationId, declarations, store, always: apiUrl !== null };
  for (let waitMs = REGISTER_AGAIN_MS; ; waitMs = Math.min(waitMs * 2, REGISTER_AGAIN_MAX_MS)) {
    try {
      const isNew = await registerCommands(registration);
      log.info({ commands: declarations.length, isNew }, 'commands are registered');
      return;
    } catch (err) {
      if (closing.aborted) return;
      log.error({ err, waitMs }, 'commands could not be registered; trying again');
      await clock.sleep(waitMs, closing).catch(() => {});
    }
  }
}
