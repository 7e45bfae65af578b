// A real discord.js client on an emulator, for tests: one guild, one channel, two people, and the log-in awaited.
import { Client, type ClientOptions, Events, GatewayIntentBits } from 'discord.js';
import type { Clock } from '../../src/clock.ts';
import { Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { PermissionName } from '../../src/emulator/permissions.ts';

export interface Stage {
  readonly emulator: Emulator;
  readonly guildId: string;
  readonly channelId: string;
  /** Owner of the guild. */
  readonly anna: string;
  /** An ordinary member. */
  readonly ben: string;
  readonly close: () => Promise<void>;
}

export interface BotStage extends Stage {
  readonly client: Client<true>;
}

export const UNPRIVILEGED = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.GuildMessageReactions,
  GatewayIntentBits.DirectMessages,
];

/**
 * A clock that stands still: the emulator's time moves by `advance` alone, so that a busy machine breaks no three-second rule.
 * Sleeps on it end only by their signal.
 */
export function stillClock(): Clock {
  const startMs = Date.now();
  return {
    nowMs: () => startMs,
    sleep: (_ms, signal) =>
      new Promise((_resolve, reject) => {
        if (signal?.aborted) reject(signal.reason);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
}

export interface StageOptions extends EmulatorOptions {
  readonly botPermissions?: readonly PermissionName[];
}

/** An emulator with a guild, no bot yet; its time stands still unless a clock is given. */
export async function makeStage(options: StageOptions = {}): Promise<Stage> {
  const { botPermissions = [], ...settings } = options;
  const emulator = new Emulator({ clock: stillClock(), rateLimits: false, warmUp: false, ...settings });
  const anna = emulator.addUser('anna', { globalName: 'Anna' }).id;
  const ben = emulator.addUser('ben').id;
  const guildId = emulator.addGuild('Darkroom', anna, { memberIds: [ben], botPermissions }).id;
  const channelId = emulator.addChannel(guildId, 'pictures').id;
  await emulator.start();
  return { emulator, guildId, channelId, anna, ben, close: () => emulator.stop() };
}

/** Logs a client in on a stage and waits until it is ready. */
export async function logIn(stage: Stage, options: Partial<ClientOptions> = {}): Promise<Client<true>> {
  const client = new Client({
    intents: UNPRIVILEGED,
    ...options,
    rest: { api: stage.emulator.apiUrl, ...options.rest },
  });
  client.on(Events.Error, () => {});
  const ready = new Promise<Client<true>>((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(stage.emulator.token);
  return await ready;
}

/** Stage and client; `close` ends both and fails when the emulator lacked a route or broke its own description. */
export async function makeBotStage(
  options: StageOptions = {},
  clientOptions: Partial<ClientOptions> = {},
): Promise<BotStage> {
  const stage = await makeStage(options);
  const client = await logIn(stage, clientOptions);
  const close = async () => {
    await client.destroy();
    await stage.close();
    stage.emulator.assertClean();
  };
  return { ...stage, client, close };
}
