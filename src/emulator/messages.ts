// Messages come, change and go here, whoever asks: the bot by REST, the bot by an interaction's token, or an acting user.
import { apiError, type FieldError, fieldError, invalidForm, type JsonObject, type JsonValue } from './apiError.ts';
import { checkFileSizes, resolveAttachments, type Shelf, type UploadedFile } from './files.ts';
import { type AllowedMentions, allowedMentionErrors, mentionsOf, pingsAnybody } from './mentions.ts';
import { embeddedFiles, messageErrors, refuseEmpty } from './messageRules.ts';
import type { Scene } from './scene.ts';
import { isObject } from './wire.ts';
import { type Attachment, type Channel, FLAG, type Message, type MessageState } from './world.ts';

/** How long a nonce is remembered. @source Discord documentation, "enforce_nonce": "the past few minutes" */
const NONCE_WINDOW_MS = 5 * 60_000;

/** Flags an app may set on a message by itself. */
const SETTABLE = FLAG.suppressEmbeds | FLAG.suppressNotifications | FLAG.voice | FLAG.componentsV2;

export interface Author {
  readonly authorId: string;
  readonly type: number;
  readonly interactionId: string | null;
  readonly ephemeralTo: string | null;
  readonly referenceId: string | null;
}

export function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function shelfOf(scene: Scene, channel: Channel, ephemeralTo: string | null): Shelf {
  return ephemeralTo === null
    ? { kind: 'channel', id: channel.id }
    : { kind: 'ephemeral', id: scene.world.applicationId };
}

/** The files of a body that replaces or creates, before anything is stored on the shelf for good. */
function stateFrom(
  scene: Scene,
  shelf: Shelf,
  body: JsonObject,
  files: readonly UploadedFile[],
  before: MessageState | undefined,
  flags: number,
): MessageState {
  const listed = body.attachments === undefined ? undefined : objects(body.attachments);
  const attachments = resolveAttachments(scene, shelf, listed, files, before?.attachments ?? []);
  return {
    atMs: scene.world.time.nowMs(),
    content: body.content === undefined ? (before?.content ?? '') : String(body.content ?? '').trim(),
    embeds: body.embeds === undefined ? withoutLostMedia(before?.embeds ?? [], attachments) : objects(body.embeds),
    components: body.components === undefined ? (before?.components ?? []) : withIds(objects(body.components)),
    attachments,
    flags,
  };
}

/** Embeds that stay through an edit lose the picture when its file goes. */
function withoutLostMedia(embeds: readonly JsonObject[], attachments: readonly Attachment[]): JsonObject[] {
  const isLost = (media: JsonValue | undefined) => {
    const url = isObject(media) ? String(media.url) : '';
    return url.startsWith('attachment://') && !attachments.some((file) => url === `attachment://${file.fileName}`);
  };
  return embeds.map((embed) => Object.fromEntries(Object.entries(embed).filter(([, value]) => !isLost(value))));
}

/** Parts of messages the emulator does not have: said loudly rather than swallowed. */
function unsupportedErrors(body: JsonObject): FieldError[] {
  return ['poll', 'sticker_ids', 'shared_client_theme']
    .filter((key) => body[key] != null && !(Array.isArray(body[key]) && body[key].length === 0))
    .map((key) => fieldError([key], 'EMULATOR_LACKS_THIS', 'The emulator does not have this part of a message.'));
}

/** Discord numbers every component that came without an id. */
function withIds(components: readonly JsonObject[], count = { next: 1 }): JsonObject[] {
  return components.map((component) => {
    const id = typeof component.id === 'number' && component.id > 0 ? component.id : count.next++;
    const out: JsonObject = { ...component, id };
    if (Array.isArray(component.components)) out.components = withIds(component.components.filter(isObject), count);
    for (const key of ['accessory', 'component'] as const) {
      const one = component[key];
      if (isObject(one)) out[key] = withIds([one], count)[0];
    }
    return out;
  });
}

function allowedOf(body: JsonObject): AllowedMentions {
  return isObject(body.allowed_mentions) ? body.allowed_mentions : undefined;
}

/** @throws ApiError 50035, 50006 or 40005. */
function check(
  scene: Scene,
  body: JsonObject,
  files: readonly UploadedFile[],
  state: MessageState,
  extra: FieldError[] = [],
): void {
  checkFileSizes(scene, files);
  const errors = [
    ...extra,
    ...unsupportedErrors(body),
    ...messageErrors(state),
    ...allowedMentionErrors(allowedOf(body)),
  ];
  if (errors.length > 0) throw invalidForm(errors);
  refuseEmpty(state, false);
}

function flagErrors(flags: number, allowed: number): FieldError[] {
  return (flags & ~allowed) === 0
    ? []
    : [fieldError(['flags'], 'MESSAGE_FLAGS_INVALID', `Flags ${flags & ~allowed} cannot be set here.`)];
}

/** An earlier message of the same author and nonce, when the request insists on it. */
function findByNonce(
  { world }: Scene,
  channelId: string,
  authorId: string,
  nonce: string | number,
): Message | undefined {
  const found = world.messageByNonce({ channelId, authorId, nonce });
  return found !== undefined && found.createdAtMs >= world.time.nowMs() - NONCE_WINDOW_MS ? found : undefined;
}

/**
 * Makes a message. With `enforce_nonce` a repeated nonce answers the first message again and makes nothing.
 * @throws ApiError
 */
export function createMessage(
  scene: Scene,
  channel: Channel,
  author: Author,
  body: JsonObject,
  files: readonly UploadedFile[],
): Message {
  const nonce = typeof body.nonce === 'string' || typeof body.nonce === 'number' ? body.nonce : null;
  if (body.enforce_nonce === true && nonce !== null) {
    const first = findByNonce(scene, channel.id, author.authorId, nonce);
    if (first !== undefined) return first;
  }
  const asked = Number(body.flags ?? 0);
  const errors = flagErrors(asked, SETTABLE | (author.interactionId === null ? 0 : FLAG.ephemeral));
  const flags = (asked & ~FLAG.ephemeral) | (author.ephemeralTo === null ? 0 : FLAG.ephemeral);
  const state = stateFrom(scene, shelfOf(scene, channel, author.ephemeralTo), body, files, undefined, flags);
  check(scene, body, files, state, errors);
  return store(scene, channel, author, state, allowedOf(body), nonce, body.tts === true);
}

/** The "… is thinking" answer: nothing but a flag. */
export function createLoading(scene: Scene, channel: Channel, author: Author): Message {
  const flags = FLAG.loading | (author.ephemeralTo === null ? 0 : FLAG.ephemeral);
  const state: MessageState = {
    atMs: scene.world.time.nowMs(),
    content: '',
    embeds: [],
    components: [],
    attachments: [],
    flags,
  };
  return store(scene, channel, author, state, { parse: [] }, null, false);
}

function store(
  scene: Scene,
  channel: Channel,
  author: Author,
  state: MessageState,
  allowed: AllowedMentions,
  nonce: string | number | null,
  tts: boolean,
): Message {
  const target = author.referenceId === null ? undefined : scene.world.messages.get(author.referenceId);
  const message: Message = {
    ...author,
    id: scene.world.ids.next(),
    channelId: channel.id,
    createdAtMs: scene.world.time.nowMs(),
    nonce,
    tts,
    now: state,
    history: [],
    mentions: mentionsOf(scene, { content: state.content, authorId: author.authorId, channel, allowed, target }),
    edited: false,
    deleted: false,
    pinned: false,
    reactions: [],
    embedded: embeddedFiles(state.embeds, state.attachments),
  };
  scene.world.addMessage(message);
  recordPing(scene, message, 'create');
  scene.world.announce({ type: 'messageCreated', message });
  return message;
}

function recordPing(scene: Scene, message: Message, cause: 'create' | 'edit'): void {
  if (!pingsAnybody(message.mentions)) return;
  const { id: messageId, channelId, authorId, mentions } = message;
  scene.world.pings.push({ messageId, channelId, authorId, cause, ...mentions });
}

/**
 * Changes a message: fields not sent stay, `attachments` is the full list, and mentions are read again unless allowed_mentions
 * forbids it. A loading answer becomes an ordinary one.
 * @throws ApiError
 */
export function editMessage(scene: Scene, message: Message, body: JsonObject, files: readonly UploadedFile[]): Message {
  const channel = scene.world.channels.get(message.channelId);
  if (channel === undefined || message.deleted) throw apiError(10008);
  const wasLoading = (message.now.flags & FLAG.loading) !== 0;
  const { flags, errors } = editedFlags(message, body);
  const shelf = shelfOf(scene, channel, message.ephemeralTo);
  const state = stateFrom(scene, shelf, body, files, message.now, flags);
  check(scene, body, files, state, errors);
  if (!wasLoading) message.history.push(message.now);
  message.now = state;
  message.edited = !wasLoading;
  message.embedded = body.embeds === undefined ? message.embedded : embeddedFiles(state.embeds, state.attachments);
  const target = message.referenceId === null ? undefined : scene.world.messages.get(message.referenceId);
  message.mentions = mentionsOf(scene, {
    content: state.content,
    authorId: message.authorId,
    channel,
    allowed: allowedOf(body),
    target,
  });
  recordPing(scene, message, 'edit');
  scene.world.announce({ type: 'messageEdited', message });
  return message;
}

/** An edit may hide embeds or switch to Components V2; it cannot switch back, nor change who sees the message. */
function editedFlags(message: Message, body: JsonObject): { flags: number; errors: FieldError[] } {
  const kept = message.now.flags & ~FLAG.loading;
  if (body.flags === undefined || body.flags === null) return { flags: kept, errors: [] };
  const asked = Number(body.flags);
  const errors = flagErrors(asked & ~kept, FLAG.suppressEmbeds | FLAG.componentsV2);
  const undone = kept & FLAG.componentsV2 & ~asked;
  if (undone !== 0) errors.push(fieldError(['flags'], 'MESSAGE_FLAGS_INVALID', 'IS_COMPONENTS_V2 cannot be removed.'));
  return { flags: (kept & ~FLAG.suppressEmbeds) | (asked & (FLAG.suppressEmbeds | FLAG.componentsV2)), errors };
}

export function deleteMessage(scene: Scene, message: Message): void {
  message.deleted = true;
  scene.world.announce({ type: 'messageDeleted', message });
}

/** @throws ApiError 10014 is the caller's to judge; here one user's reaction is added once. */
export function addReaction(scene: Scene, message: Message, userId: string, emoji: string): void {
  let reaction = message.reactions.find((one) => one.emoji === emoji);
  if (reaction?.userIds.includes(userId)) return;
  if (reaction === undefined) {
    if (message.reactions.length >= 20) throw apiError(30010);
    reaction = { emoji, userIds: [] };
    message.reactions.push(reaction);
  }
  reaction.userIds.push(userId);
  scene.world.announce({ type: 'reactionAdded', message, userId, emoji });
}

export function removeReaction(scene: Scene, message: Message, userId: string, emoji: string): void {
  const reaction = message.reactions.find((one) => one.emoji === emoji);
  const at = reaction?.userIds.indexOf(userId) ?? -1;
  if (reaction === undefined || at === -1) return;
  reaction.userIds.splice(at, 1);
  if (reaction.userIds.length === 0) message.reactions.splice(message.reactions.indexOf(reaction), 1);
  scene.world.announce({ type: 'reactionRemoved', message, userId, emoji });
}
