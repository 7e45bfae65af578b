// The life of an interaction: three seconds to the first callback, fifteen minutes of token, and what each callback does.
import { randomBytes } from 'node:crypto';
import { apiError, type FieldError, fieldError, invalidForm, type JsonObject, required } from './apiError.ts';
import type { UploadedFile } from './files.ts';
import { type Author, createLoading, createMessage, editMessage, objects } from './messages.ts';
import { modalErrors } from './modalRules.ts';
import type { Scene } from './scene.ts';
import { isLoading, isObject } from './wire.ts';
import { type Attachment, type Channel, FLAG, type Interaction, type Message } from './world.ts';

/** The first callback's time limit. @source Discord documentation, "Receiving and Responding": 3 seconds */
export const ANSWER_WITHIN_MS = 3000;
/** How long the token serves follow-ups and edits: 15 minutes. */
export const TOKEN_LIFETIME_MS = 15 * 60_000;

/** Numbers of the callback types. @source Discord documentation, "Interaction Callback Type" */
export const CALLBACK = { pong: 1, message: 4, thinking: 5, deferUpdate: 6, update: 7, choices: 8, modal: 9 } as const;

export interface NewInteraction {
  readonly kind: Interaction['kind'];
  readonly userId: string;
  readonly channelId: string;
  readonly data: JsonObject;
  readonly sourceMessageId?: string | null;
  readonly targetMessageId?: string | null;
  readonly commandType?: number;
  readonly commandName?: string;
  readonly openerId?: string;
  readonly uploads?: readonly Attachment[];
}

/** Makes the interaction, tells the app of it and starts its three seconds. */
export function createInteraction(scene: Scene, draft: NewInteraction): Interaction {
  const interaction: Interaction = {
    id: scene.world.ids.next(),
    token: randomBytes(72).toString('base64url'),
    kind: draft.kind,
    userId: draft.userId,
    channelId: draft.channelId,
    createdAtMs: scene.world.time.nowMs(),
    data: draft.data,
    sourceMessageId: draft.sourceMessageId ?? null,
    targetMessageId: draft.targetMessageId ?? null,
    commandType: draft.commandType ?? null,
    commandName: draft.commandName ?? null,
    openerId: draft.openerId ?? null,
    state: 'waiting',
    callbackType: null,
    originalId: null,
    modal: null,
    modalOpen: false,
    answering: 0,
    choices: null,
    cancelAlarm: () => {},
  };
  interaction.cancelAlarm = scene.world.time.after(ANSWER_WITHIN_MS, () => fail(scene, interaction));
  scene.world.addInteraction(interaction);
  scene.world.announce({ type: 'interactionCreated', interaction, uploads: draft.uploads ?? [] });
  return interaction;
}

function fail(scene: Scene, interaction: Interaction): void {
  if (interaction.state !== 'waiting' || interaction.answering > 0) return;
  interaction.state = 'failed';
  scene.world.announce({ type: 'interactionFailed', interaction });
}

/**
 * Notes that a callback has arrived: what counts is when it came, not when this process got round to it. The returned function
 * ends the note; an interaction still unanswered past its time then fails.
 */
export function beginAnswer(scene: Scene, id: string): () => void {
  const interaction = scene.world.interactions.get(id);
  if (interaction === undefined) return () => {};
  interaction.answering += 1;
  return () => {
    interaction.answering -= 1;
    if (scene.world.time.nowMs() - interaction.createdAtMs > ANSWER_WITHIN_MS) fail(scene, interaction);
  };
}

/** The callback route. @throws ApiError 10062 late or unknown, 40060 second, 50035 wrong kind or content */
export function answerInteraction(
  scene: Scene,
  id: string,
  token: string,
  body: JsonObject,
  files: readonly UploadedFile[],
  arrivedAtMs: number,
): { readonly interaction: Interaction; readonly message: Message | undefined } {
  const interaction = scene.world.interactions.get(id);
  if (interaction === undefined || interaction.token !== token) throw apiError(10062);
  if (interaction.state === 'answered') throw apiError(40060);
  const lateMs = arrivedAtMs - interaction.createdAtMs;
  if (interaction.state === 'failed' || lateMs > ANSWER_WITHIN_MS) throw apiError(10062);
  const type = Number(body.type);
  refuseWrongType(interaction, type);
  const message = applyCallback(scene, interaction, type, isObject(body.data) ? body.data : {}, files);
  interaction.cancelAlarm();
  interaction.state = 'answered';
  interaction.callbackType = type;
  scene.world.announce({ type: 'interactionAnswered', interaction });
  return { interaction, message };
}

/** Choices answer autocomplete and nothing else does; updates need a message; a modal cannot answer a modal. */
function refuseWrongType(interaction: Interaction, type: number): void {
  const allowed = allowedTypes(interaction);
  if (allowed.includes(type)) return;
  throw invalidForm([fieldError(['type'], 'BASE_TYPE_CHOICES', `Value must be one of {${allowed.join(', ')}}.`)]);
}

function allowedTypes(interaction: Interaction): number[] {
  if (interaction.kind === 'autocomplete') return [CALLBACK.choices];
  const types: number[] = [CALLBACK.message, CALLBACK.thinking];
  if (interaction.kind !== 'command' && interaction.sourceMessageId !== null)
    types.push(CALLBACK.deferUpdate, CALLBACK.update);
  if (interaction.kind !== 'modal') types.push(CALLBACK.modal);
  return types;
}

function applyCallback(
  scene: Scene,
  interaction: Interaction,
  type: number,
  data: JsonObject,
  files: readonly UploadedFile[],
): Message | undefined {
  if (type === CALLBACK.choices) return takeChoices(interaction, data);
  if (type === CALLBACK.modal) return openModal(interaction, data);
  if (type === CALLBACK.deferUpdate) return pointAtSource(scene, interaction);
  if (type === CALLBACK.update) return editMessage(scene, pointAtSource(scene, interaction), data, files);
  return respond(scene, interaction, type, data, files);
}

function takeChoices(interaction: Interaction, data: JsonObject): undefined {
  const choices = objects(data.choices);
  const errors: FieldError[] = [];
  if (!Array.isArray(data.choices)) errors.push(required('data', 'choices'));
  if (choices.length > 25)
    errors.push(fieldError(['data', 'choices'], 'BASE_TYPE_BAD_LENGTH', 'Must be 25 or fewer in length.'));
  choices.forEach((choice, index) => {
    const nameLength = [...String(choice.name ?? '')].length;
    if (nameLength < 1 || nameLength > 100)
      errors.push(
        fieldError(['data', 'choices', index, 'name'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 100 in length.'),
      );
    if (choice.value === undefined) errors.push(required('data', 'choices', index, 'value'));
    if (typeof choice.value === 'string' && (choice.value.length > 100 || choice.value === '')) {
      errors.push(
        fieldError(['data', 'choices', index, 'value'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 100 in length.'),
      );
    }
  });
  if (errors.length > 0) throw invalidForm(errors);
  interaction.choices = choices;
}

function openModal(interaction: Interaction, data: JsonObject): undefined {
  const errors = modalErrors(data);
  if (errors.length > 0) throw invalidForm(errors);
  interaction.modal = data;
  interaction.modalOpen = true;
}

function pointAtSource(scene: Scene, interaction: Interaction): Message {
  const source =
    interaction.sourceMessageId === null ? undefined : scene.world.messages.get(interaction.sourceMessageId);
  if (source === undefined || source.deleted) throw apiError(10008);
  interaction.originalId = source.id;
  return source;
}

function channelOf(scene: Scene, interaction: Interaction): Channel {
  const channel = scene.world.channels.get(interaction.channelId);
  if (channel === undefined || channel.deleted) throw apiError(10003);
  return channel;
}

/** Slash commands answer as type 20, context menus as 23, components and follow-ups as replies (19). */
function authorFor(scene: Scene, interaction: Interaction, ephemeral: boolean): Author {
  const isCommand = interaction.kind === 'command';
  const isMenu = interaction.commandType === 2 || interaction.commandType === 3;
  const referenceId = isCommand ? interaction.targetMessageId : interaction.sourceMessageId;
  return {
    authorId: scene.world.bot.id,
    type: isCommand ? (isMenu ? 23 : 20) : referenceId === null ? 0 : 19,
    interactionId: interaction.id,
    ephemeralTo: ephemeral ? interaction.userId : null,
    referenceId,
  };
}

function respond(
  scene: Scene,
  interaction: Interaction,
  type: number,
  data: JsonObject,
  files: readonly UploadedFile[],
): Message {
  const flags = Number(data.flags ?? 0);
  const author = authorFor(scene, interaction, (flags & FLAG.ephemeral) !== 0);
  const channel = channelOf(scene, interaction);
  if (type === CALLBACK.thinking) {
    if (flags & ~FLAG.ephemeral)
      throw invalidForm([
        fieldError(['data', 'flags'], 'MESSAGE_FLAGS_INVALID', 'Only EPHEMERAL can be set on a deferred answer.'),
      ]);
    const message = createLoading(scene, channel, author);
    interaction.originalId = message.id;
    return message;
  }
  const message = createMessage(scene, channel, author, data, files);
  interaction.originalId = message.id;
  return message;
}

/** The interaction behind a webhook path. @throws ApiError 10015 unknown or unanswered, 50027 after fifteen minutes */
export function byToken(scene: Scene, applicationId: string, token: string): Interaction {
  const interaction = scene.world.interactionByToken(token);
  if (interaction === undefined || applicationId !== scene.world.applicationId) throw apiError(10015);
  if (scene.world.time.nowMs() - interaction.createdAtMs > TOKEN_LIFETIME_MS) throw apiError(50027);
  if (interaction.state !== 'answered') throw apiError(10015);
  return interaction;
}

/** A follow-up. The first one after "thinking" fills that message and keeps its visibility, as Discord does. */
export function followUp(
  scene: Scene,
  interaction: Interaction,
  body: JsonObject,
  files: readonly UploadedFile[],
): Message {
  const original = interaction.originalId === null ? undefined : scene.world.messages.get(interaction.originalId);
  if (
    interaction.callbackType === CALLBACK.thinking &&
    original !== undefined &&
    !original.deleted &&
    isLoading(original)
  ) {
    const flags = Number(body.flags ?? 0) & ~FLAG.ephemeral;
    return editMessage(scene, original, { ...body, flags: flags === 0 ? null : flags }, files);
  }
  const ephemeral = (Number(body.flags ?? 0) & FLAG.ephemeral) !== 0;
  const base = authorFor(scene, interaction, ephemeral);
  const author: Author = { ...base, type: original === undefined ? 0 : 19, referenceId: original?.id ?? null };
  return createMessage(scene, channelOf(scene, interaction), author, body, files);
}

/** A message this token may touch: the original, or one made with it. @throws ApiError 10008 */
export function messageByToken(scene: Scene, interaction: Interaction, messageId: string): Message {
  const id = messageId === '@original' ? interaction.originalId : messageId;
  const message = id === null ? undefined : scene.world.messages.get(id);
  const isOurs = message?.interactionId === interaction.id || message?.id === interaction.originalId;
  if (message === undefined || message.deleted || !isOurs) throw apiError(10008);
  return message;
}
