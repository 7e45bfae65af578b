// The requests that put messages on Discord, and what came of each as a plain outcome. Whether to try again is the outbox's business.
// Deliberately not discord.js's message classes: their caches hold nothing we need, and their errors hold tokens and whole uploads.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type APIMessage,
  DiscordAPIError,
  MessageFlags,
  type RawFile,
  type REST,
  RESTJSONErrorCodes,
  type RESTPatchAPIChannelMessageJSONBody,
  Routes,
} from 'discord.js';
import { NO_MENTIONS, type View } from './views/view.ts';

/** What came of one request. `retry` may or may not have reached Discord. */
export type Outcome =
  | { readonly kind: 'sent'; readonly messageId: string; readonly channelId: string }
  /** The message or its channel no longer exists. */
  | { readonly kind: 'gone' }
  /** The bot may not do this here. */
  | { readonly kind: 'forbidden'; readonly code: number }
  | { readonly kind: 'too_large' }
  /** The interaction token is over. */
  | { readonly kind: 'token_over' }
  | { readonly kind: 'files_gone' }
  /** Discord no longer accepts the bot's token. */
  | { readonly kind: 'unauthorized' }
  /** Discord refuses the request itself; repeating it is useless. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  | { readonly kind: 'retry'; readonly reason: string };

/** What came of looking for a message. `none` too where the bot may not read the channel's history; `retry` when Discord did not answer. */
export type Sought =
  | { readonly kind: 'found'; readonly messageId: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'retry'; readonly reason: string };

/** The right to answer one interaction, for 15 minutes. */
export interface AnswerToken {
  readonly applicationId: string;
  readonly token: string;
  readonly expiresAtMs: number;
  /** The interaction's own answer where that is ours to change; null when it is somebody else's message or none. */
  readonly original: '@original' | null;
  /** Bytes a file of an answer may have, as the interaction said. */
  readonly fileLimitBytes?: number;
}

export interface CreateOptions {
  /** At most 25 characters; Discord answers a repeated create of the same nonce with the first message, for some minutes. */
  readonly nonce: string;
  readonly replyToMessageId: string | null;
}

export interface Messenger {
  create(channelId: string, view: View, options: CreateOptions): Promise<Outcome>;
  edit(channelId: string, messageId: string, view: View): Promise<Outcome>;
  /** Creates a follow-up when `messageId` is null, else edits. */
  answer(token: AnswerToken, messageId: string | null, view: View): Promise<Outcome>;
  deleteAnswer(token: AnswerToken): Promise<void>;
  /** Takes a message of ours away; quietly nothing when it is gone or out of reach. */
  remove(channelId: string, messageId: string): Promise<void>;
  /** A few words in reply to a message of ours that mention one person, and nobody else. */
  mention(channelId: string, messageId: string, userId: string, words: string, nonce: string): Promise<void>;
  /** A direct message to the person, where nothing else is possible. */
  direct(userId: string, view: View, nonce: string): Promise<Outcome>;
  /** Newest of the bot's own among the channel's last 50 messages for which `isIt`. */
  findOwn(channelId: string, isIt: (message: APIMessage) => boolean): Promise<Sought>;
}

export interface MessengerOptions {
  readonly rest: REST;
  readonly dataDir: string;
  readonly botUserId: () => string;
}

export function makeMessenger({ rest, dataDir, botUserId }: MessengerOptions): Messenger {
  const send = async (view: View, request: (payload: Payload) => Promise<unknown>): Promise<Outcome> => {
    const payload = await payloadOf(view, dataDir);
    if (payload === undefined) return { kind: 'files_gone' };
    return outcomeOf(() => request(payload));
  };
  const post = (channelId: string, view: View, extra: object) =>
    send(view, ({ body, files }) =>
      rest.post(Routes.channelMessages(channelId), { body: { ...body, ...extra }, files }),
    );

  return {
    async create(channelId, view, { nonce, replyToMessageId }) {
      const once = { nonce, enforce_nonce: true };
      if (replyToMessageId === null) return post(channelId, view, once);
      const reference = { message_id: replyToMessageId, fail_if_not_exists: false };
      const outcome = await post(channelId, view, { ...once, message_reference: reference });
      return mayNotReply(outcome) ? post(channelId, view, once) : outcome;
    },
    edit: (channelId, messageId, view) =>
      send(view, (payload) => rest.patch(Routes.channelMessage(channelId, messageId), payload)),
    answer: ({ applicationId, token }, messageId, view) =>
      send(view, (payload) =>
        messageId === null
          ? rest.post(Routes.webhook(applicationId, token), { ...payload, auth: false })
          : rest.patch(Routes.webhookMessage(applicationId, token, messageId), { ...payload, auth: false }),
      ),
    async deleteAnswer({ applicationId, token, original }) {
      if (original === null) return;
      await rest.delete(Routes.webhookMessage(applicationId, token, original), { auth: false }).catch(() => {});
    },
    async remove(channelId, messageId) {
      await rest.delete(Routes.channelMessage(channelId, messageId)).catch(() => {});
    },
    async mention(channelId, messageId, userId, words, nonce) {
      const body = {
        content: words,
        allowed_mentions: { parse: [], users: [userId], replied_user: false },
        message_reference: { message_id: messageId, fail_if_not_exists: false },
        nonce,
        enforce_nonce: true,
      };
      await rest.post(Routes.channelMessages(channelId), { body }).catch(() => {});
    },
    async direct(userId, view, nonce) {
      let channelId = '';
      const opened = await outcomeOf(async () => {
        const channel = (await rest.post(Routes.userChannels(), { body: { recipient_id: userId } })) as { id: string };
        channelId = channel.id;
        return { id: '', channel_id: channel.id };
      });
      return opened.kind === 'sent' ? post(channelId, view, { nonce, enforce_nonce: true }) : opened;
    },
    async findOwn(channelId, isIt) {
      const query = new URLSearchParams({ limit: '50' });
      try {
        const messages = (await rest.get(Routes.channelMessages(channelId), { query })) as APIMessage[];
        const own = messages.find((message) => message.author.id === botUserId() && isIt(message));
        return own === undefined ? { kind: 'none' } : { kind: 'found', messageId: own.id };
      } catch (thrown) {
        const outcome = outcomeOfError(thrown);
        return outcome.kind === 'retry' ? outcome : { kind: 'none' };
      }
    },
  };
}

/** Replying needs the right to read the channel's history; a plain message does not. */
function mayNotReply(outcome: Outcome): boolean {
  const code = RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory;
  return outcome.kind === 'refused' && outcome.code === code;
}

interface Payload {
  readonly body: RESTPatchAPIChannelMessageJSONBody;
  readonly files: RawFile[];
}

/** undefined when a file is no longer in the data folder. */
async function payloadOf(view: View, dataDir: string): Promise<Payload | undefined> {
  const files = await Promise.all(
    view.files.map(async ({ name, path: file, data: held }) => {
      if (held !== undefined) return { name, data: Buffer.from(held, 'base64'), contentType: 'image/webp' };
      const data = await readFile(path.join(dataDir, file)).catch(missing);
      return data === undefined ? undefined : { name, data, contentType: 'image/png' };
    }),
  );
  if (!files.every((file) => file !== undefined)) return undefined;
  return { body: bodyOf(view), files };
}

function missing(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code !== 'ENOENT') throw thrown;
}

/** The JSON part of a message; `attachments` is always the full list, so that an edit replaces rather than adds. */
export function bodyOf(view: View): RESTPatchAPIChannelMessageJSONBody {
  const form =
    view.card === undefined
      ? { content: view.content, components: [...view.rows] }
      : { content: null, components: [...view.card], flags: MessageFlags.IsComponentsV2 };
  return {
    ...form,
    embeds: [...view.embeds],
    allowed_mentions: NO_MENTIONS,
    attachments: view.files.map(({ name, altText }, index) => ({
      id: String(index),
      filename: name,
      description: altText,
    })) as never,
  };
}

const GONE: readonly number[] = [RESTJSONErrorCodes.UnknownMessage, RESTJSONErrorCodes.UnknownChannel];
const FORBIDDEN: readonly number[] = [
  RESTJSONErrorCodes.MissingAccess,
  RESTJSONErrorCodes.MissingPermissions,
  RESTJSONErrorCodes.CannotSendMessagesToThisUser,
];
const TOKEN_OVER: readonly number[] = [
  RESTJSONErrorCodes.UnknownWebhook,
  RESTJSONErrorCodes.UnknownInteraction,
  RESTJSONErrorCodes.InvalidWebhookToken,
];
/** Limits that pass with time, told as ordinary refusals instead of 429. */
const LATER: readonly number[] = [
  RESTJSONErrorCodes.MaximumNumberOfEditsToMessagesOlderThanOneHourReached,
  RESTJSONErrorCodes.AnnouncementEditLimitExceeded,
  RESTJSONErrorCodes.ActionCannotBePerformedDueToSlowmodeRateLimit,
  RESTJSONErrorCodes.ChannelWriteRateLimit,
  RESTJSONErrorCodes.ServerWriteRateLimit,
  RESTJSONErrorCodes.ServiceResourceIsBeingRateLimited,
  RESTJSONErrorCodes.APIResourceOverloaded,
];
/** HTTP 413 comes from the proxy in front of Discord, without its JSON. */
const PAYLOAD_TOO_LARGE = 413;

/** @param request resolves with the message Discord made. */
export async function outcomeOf(request: () => Promise<unknown>): Promise<Outcome> {
  try {
    const message = (await request()) as { id: string; channel_id: string };
    return { kind: 'sent', messageId: message.id, channelId: message.channel_id };
  } catch (thrown) {
    return outcomeOfError(thrown);
  }
}

/** Only codes and names leave here: the errors themselves carry urls with tokens and request bodies. */
export function outcomeOfError(thrown: unknown): Outcome {
  if (!(thrown instanceof Error)) return { kind: 'retry', reason: 'unknown' };
  const status = 'status' in thrown ? Number(thrown.status) : 0;
  if (status === PAYLOAD_TOO_LARGE) return { kind: 'too_large' };
  if (!(thrown instanceof DiscordAPIError)) return { kind: 'retry', reason: `${thrown.name} ${status}`.trim() };
  const code = Number(thrown.code);
  if (status === 401 && code !== RESTJSONErrorCodes.InvalidWebhookToken) return { kind: 'unauthorized' };
  if (GONE.includes(code)) return { kind: 'gone' };
  if (FORBIDDEN.includes(code)) return { kind: 'forbidden', code };
  if (TOKEN_OVER.includes(code)) return { kind: 'token_over' };
  if (code === RESTJSONErrorCodes.RequestEntityTooLarge) return { kind: 'too_large' };
  if (status >= 500 || status === 429 || LATER.includes(code)) return { kind: 'retry', reason: `HTTP ${status}` };
  return { kind: 'refused', code, message: thrown.message };
}
