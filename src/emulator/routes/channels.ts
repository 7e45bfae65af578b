// Routes about channels and their messages, by the bot token.
import { ApiError, apiError, fieldError, invalidForm, type JsonObject } from '../apiError.ts';
import { addReaction, createMessage, deleteMessage, editMessage, objects, removeReaction } from '../messages.ts';
import { may } from '../permissions.ts';
import type { Scene } from '../scene.ts';
import { isLoading, isObject, iso, wireChannel } from '../wire.ts';
import type { Channel, Message } from '../world.ts';
import {
  asBot,
  bodyOf,
  channelOf,
  type Handler,
  messageOf,
  need,
  nothing,
  ok,
  param,
  type Request,
} from './request.ts';

export const getChannel: Handler = (request) => ok(wireChannel(request.scene, channelOf(request)));

export const listMessages: Handler = (request) => {
  const channel = channelOf(request);
  const { scene, query } = request;
  if (!may(scene.world, channel, scene.world.bot.id, 'readMessageHistory')) return ok([]);
  const shown = scene.world.messagesIn(channel.id).filter((message) => message.ephemeralTo === null);
  const limit = Number(query.limit ?? 50);
  return ok(page(shown, query, limit).map((message) => asBot(scene, message)));
};

/** Newest first; `before`, `after` and `around` as Discord reads them. */
function page(messages: readonly Message[], query: Readonly<Record<string, string>>, limit: number): Message[] {
  const idOf = (text: string) => BigInt(text);
  if (query.before !== undefined)
    return messages
      .filter((one) => idOf(one.id) < idOf(query.before ?? '0'))
      .slice(-limit)
      .reverse();
  if (query.after !== undefined)
    return messages
      .filter((one) => idOf(one.id) > idOf(query.after ?? '0'))
      .slice(0, limit)
      .reverse();
  if (query.around === undefined) return messages.slice(-limit).reverse();
  const at = messages.findIndex((one) => idOf(one.id) >= idOf(query.around ?? '0'));
  return messages
    .slice(Math.max(0, at - Math.floor(limit / 2)), Math.max(0, at - Math.floor(limit / 2)) + limit)
    .reverse();
}

export const getMessage: Handler = (request) => {
  const channel = channelOf(request);
  need(request, channel, 'readMessageHistory');
  return ok(asBot(request.scene, messageOf(request, channel)));
};

export const postMessage: Handler = (request) => {
  const { scene } = request;
  const channel = channelOf(request);
  const body = bodyOf(request);
  need(request, channel, channel.kind === 'thread' ? 'sendMessagesInThreads' : 'sendMessages');
  if (request.files.length > 0) need(request, channel, 'attachFiles');
  if (objects(body.embeds).length > 0) need(request, channel, 'embedLinks');
  refuseClosedDm(scene, channel);
  const referenceId = referenceOf(request, channel, body);
  const author = {
    authorId: scene.world.bot.id,
    type: referenceId === null ? 0 : 19,
    interactionId: null,
    ephemeralTo: null,
    referenceId,
  };
  return ok(asBot(scene, createMessage(scene, channel, author, body, request.files)));
};

function refuseClosedDm(scene: Scene, channel: Channel): void {
  if (channel.kind !== 'dm') return;
  const other = channel.recipientIds.find((id) => id !== scene.world.bot.id) ?? '';
  if (scene.world.users.get(other)?.acceptsDms === false) throw apiError(50007);
}

/** The message replied to. @throws ApiError 50035 unknown (unless fail_if_not_exists is false), 160002 without history */
function referenceOf(request: Request, channel: Channel, body: JsonObject): string | null {
  const reference = body.message_reference;
  if (!isObject(reference)) return null;
  if (!may(request.scene.world, channel, request.scene.world.bot.id, 'readMessageHistory')) throw apiError(160002);
  const target = request.scene.world.messages.get(String(reference.message_id));
  const found =
    target !== undefined && !target.deleted && target.channelId === channel.id && target.ephemeralTo === null;
  if (found) return target.id;
  if (reference.fail_if_not_exists === false) return null;
  throw invalidForm([fieldError(['message_reference'], 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message')]);
}

/** An hour, after which edits have a limit of their own. */
const OLD_MESSAGE_MS = 3_600_000;
/** Undocumented; other bots report about three edits a channel in twenty seconds. */
const OLD_EDIT_WINDOW_MS = 20_000;
const oldEdits = new WeakMap<Channel, number[]>();

function oldEditRefusal(retryAfterS: number): ApiError {
  const { status, body } = apiError(30046);
  return new ApiError(status, { ...body, retry_after: retryAfterS, global: false });
}

/** @throws ApiError 30046 */
function countOldEdit(scene: Scene, channel: Channel, message: Message): void {
  const now = scene.world.time.nowMs();
  if (now - message.createdAtMs < OLD_MESSAGE_MS) return;
  const recent = (oldEdits.get(channel) ?? []).filter((atMs) => atMs > now - OLD_EDIT_WINDOW_MS);
  if (recent.length >= scene.settings.oldEditLimit)
    throw oldEditRefusal(((recent[0] ?? now) + OLD_EDIT_WINDOW_MS - now) / 1000);
  oldEdits.set(channel, [...recent, now]);
}

export const patchMessage: Handler = (request) => {
  const { scene } = request;
  const channel = channelOf(request);
  const message = messageOf(request, channel);
  if (message.authorId !== scene.world.bot.id) throw apiError(50005);
  if (isLoading(message)) throw apiError(10008);
  countOldEdit(scene, channel, message);
  return ok(asBot(scene, editMessage(scene, message, bodyOf(request), request.files)));
};

export const removeMessage: Handler = (request) => {
  const channel = channelOf(request);
  const message = messageOf(request, channel);
  if (message.authorId !== request.scene.world.bot.id) need(request, channel, 'manageMessages');
  deleteMessage(request.scene, message);
  return nothing;
};

export const bulkDelete: Handler = (request) => {
  const channel = channelOf(request);
  need(request, channel, 'manageMessages');
  const ids = bodyOf(request).messages;
  for (const id of Array.isArray(ids) ? ids : []) {
    const message = request.scene.world.messages.get(String(id));
    if (message !== undefined && message.channelId === channel.id && !message.deleted)
      deleteMessage(request.scene, message);
  }
  return nothing;
};

export const postTyping: Handler = (request) => {
  const channel = channelOf(request);
  need(request, channel, 'sendMessages');
  request.scene.world.announce({ type: 'typing', channel, userId: request.scene.world.bot.id });
  return nothing;
};

export const putReaction: Handler = (request) => {
  const channel = channelOf(request);
  const message = messageOf(request, channel);
  need(request, channel, 'addReactions', 'readMessageHistory');
  const emoji = param(request, 'emoji_name');
  if (!/\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\u{FE0F}?\u{20E3}|^\w+:\d+$/u.test(emoji))
    throw apiError(10014);
  addReaction(request.scene, message, request.scene.world.bot.id, emoji);
  return nothing;
};

export const deleteOwnReaction: Handler = (request) => {
  const message = messageOf(request, channelOf(request));
  removeReaction(request.scene, message, request.scene.world.bot.id, param(request, 'emoji_name'));
  return nothing;
};

export const startThread: Handler = (request) => {
  const parent = channelOf(request);
  const message = messageOf(request, parent);
  need(request, parent, 'createPublicThreads');
  const { scene } = request;
  const thread = scene.world.addChannel({
    id: message.id,
    kind: 'thread',
    guildId: parent.guildId,
    name: String(bodyOf(request).name),
    parentId: parent.id,
    ownerId: scene.world.bot.id,
    nsfw: parent.nsfw,
  });
  return { status: 201, body: wireChannel(scene, thread) };
};

export const listPins: Handler = (request) => {
  const channel = channelOf(request);
  const pinned = request.scene.world.messagesIn(channel.id).filter((message) => message.pinned);
  return ok({
    items: pinned.map((message) => ({ pinned_at: iso(message.now.atMs), message: asBot(request.scene, message) })),
    has_more: false,
  });
};
