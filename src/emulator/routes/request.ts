// What every route handler gets and gives, and how it finds the things a path names.
import { apiError, type JsonObject, type JsonValue } from '../apiError.ts';
import type { UploadedFile } from '../files.ts';
import { may } from '../permissions.ts';
import type { Scene } from '../scene.ts';
import { isContentOpen, isObject, type Reader, wireMessage } from '../wire.ts';
import type { Channel, Guild, Message } from '../world.ts';

/** One request after authorisation, rate limit and schema. */
export interface Request {
  readonly scene: Scene;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: JsonValue | undefined;
  readonly files: readonly UploadedFile[];
  readonly identifies: number;
  readonly arrivedAtMs: number;
}

export interface Answer {
  readonly status: number;
  /** Absent for 204. */
  readonly body?: JsonValue;
}

export type Handler = (request: Request) => Answer;

export const ok = (body: JsonValue): Answer => ({ status: 200, body });
export const nothing: Answer = { status: 204 };
export const bodyOf = (request: Request): JsonObject => (isObject(request.body) ? request.body : {});
export const param = (request: Request, name: string): string => request.params[name] ?? '';

/** The channel, if it exists and the bot sees it. @throws ApiError 10003, 50001 */
export function channelOf(request: Request): Channel {
  const { world } = request.scene;
  const channel = world.channels.get(param(request, 'channel_id'));
  if (channel === undefined || channel.deleted) throw apiError(10003);
  if (!may(world, channel, world.bot.id, 'viewChannel')) throw apiError(50001);
  return channel;
}

/** A message as the bot token reaches it: ephemeral ones are unknown here. @throws ApiError 10008 */
export function messageOf(request: Request, channel: Channel): Message {
  const message = request.scene.world.messages.get(param(request, 'message_id'));
  if (message === undefined || message.deleted || message.channelId !== channel.id || message.ephemeralTo !== null)
    throw apiError(10008);
  return message;
}

export function guildOf(request: Request): Guild {
  const guild = request.scene.world.guilds.get(param(request, 'guild_id'));
  if (guild === undefined) throw apiError(10004);
  if (!guild.members.has(request.scene.world.bot.id)) throw apiError(50001);
  return guild;
}

export function need(request: Request, channel: Channel, ...names: Parameters<typeof may>[3][]): void {
  const { world } = request.scene;
  if (!names.every((name) => may(world, channel, world.bot.id, name))) throw apiError(50013);
}

export function botReader(scene: Scene): Reader {
  const all = scene.settings.privileged.messageContent;
  return { userId: scene.world.bot.id, seesContent: (message) => all || isContentOpen(scene, message) };
}

export const asBot = (scene: Scene, message: Message) => wireMessage(scene, message, botReader(scene));
