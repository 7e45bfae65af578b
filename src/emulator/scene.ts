// What every part of the emulator shares: the world, the settings of this run and how files get their addresses.
import { createHmac, randomBytes } from 'node:crypto';
import type { Attachment, World } from './world.ts';

/** Milliseconds a CDN address stays good. @source Discord documentation, "Signed Attachment CDN URLs": 24 hours */
export const CDN_LIFETIME_MS = 86_400_000;

export interface Settings {
  /** The bot token that REST and IDENTIFY must show. */
  readonly token: string;
  /** Privileged intents switched on in the application's settings. */
  readonly privileged: {
    readonly messageContent: boolean;
    readonly guildMembers: boolean;
    readonly presences: boolean;
  };
  readonly heartbeatIntervalMs: number;
  /** Gateway connections the bot is told to open, as Discord tells those in many servers. */
  readonly shards: number;
  /** Bytes a single file may have, 10 MiB as in a guild without boosts. */
  readonly fileLimitBytes: number;
  /** Bytes a whole request may have, 25 MiB. */
  readonly requestLimitBytes: number;
  /** False: no bucket is ever empty; the headers are still sent. */
  readonly rateLimits: boolean;
  /** Edits of messages older than an hour, per channel and 20 s, before 30046. Discord does not say its number. */
  readonly oldEditLimit: number;
  /** Check our own answers against openapi.json too; findings go to `complaints`. */
  readonly checkAnswers: boolean;
  /** Compile the first validators right after the start instead of on first use. */
  readonly warmUp: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  token: 'emulator-token',
  privileged: { messageContent: false, guildMembers: false, presences: false },
  heartbeatIntervalMs: 41_250,
  shards: 1,
  fileLimitBytes: 10 * 1024 * 1024,
  requestLimitBytes: 25 * 1024 * 1024,
  rateLimits: true,
  oldEditLimit: 3,
  checkAnswers: true,
  warmUp: true,
};

export class Scene {
  readonly world: World;
  readonly settings: Settings;
  /** Where this server listens, `http://127.0.0.1:PORT`; set when it starts. */
  origin = 'http://127.0.0.1:0';
  /** Own answers that openapi.json does not allow, one line each. */
  readonly complaints: string[] = [];
  readonly #signingKey = randomBytes(32);

  constructor(world: World, settings: Settings) {
    this.world = world;
    this.settings = settings;
  }

  /** A fresh address of a file, good for a day. */
  urlOf(attachment: Attachment): string {
    const issued = Math.floor(this.world.time.nowMs() / 1000);
    const ex = (issued + CDN_LIFETIME_MS / 1000).toString(16);
    const is = issued.toString(16);
    return `${this.origin}${encodeURI(attachment.path)}?ex=${ex}&is=${is}&hm=${this.#sign(attachment.path, ex, is)}&`;
  }

  /** True while the signature is ours and has not run out. */
  isSigned(path: string, query: URLSearchParams): boolean {
    const ex = query.get('ex') ?? '';
    if (query.get('hm') !== this.#sign(path, ex, query.get('is') ?? '')) return false;
    return Number.parseInt(ex, 16) * 1000 > this.world.time.nowMs();
  }

  #sign(path: string, ex: string, is: string): string {
    return createHmac('sha256', this.#signingKey).update(`${path}\n${ex}\n${is}`).digest('hex');
  }
}
