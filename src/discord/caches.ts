// What discord.js keeps of Discord in memory. Servers, their channels and roles are kept whole, for what somebody may do is decided by them;
// everything else comes again with the event it is needed for, and would otherwise grow with use.
import { type CacheWithLimitsOptions, type ClientOptions, Options } from 'discord.js';

/** People kept of each server, and of all servers together: those of the last moments, whom an event may still speak of. */
const MAX_PEOPLE = 200;

/** Between two sweeps of the routes nobody waits at: each interaction's own is one, and in the usual hour a crowd makes thousands. */
const FORGET_ROUTES_MS = 60_000;

/** The bot itself is never the one to go: its rights are read from there. */
const people = {
  maxSize: MAX_PEOPLE,
  keepOverLimit: ({
    id,
    client,
  }: {
    readonly id: string;
    readonly client: { readonly user: { readonly id: string } };
  }) => id === client.user.id,
};

const LIMITS: CacheWithLimitsOptions = {
  MessageManager: 0,
  ReactionManager: 0,
  PresenceManager: 0,
  VoiceStateManager: 0,
  ThreadMemberManager: 0,
  StageInstanceManager: 0,
  GuildScheduledEventManager: 0,
  GuildEmojiManager: 0,
  GuildStickerManager: 0,
  GuildMemberManager: people,
  UserManager: people,
};

/** Settings of a client that holds no more of Discord than the bot reads. */
export const SMALL_CACHES = {
  makeCache: Options.cacheWithLimits(LIMITS),
  rest: { handlerSweepInterval: FORGET_ROUTES_MS },
} satisfies Partial<ClientOptions>;
