// What a user's client shows: messages with their history, open modals, the outcome of what he did.
import type { JsonObject } from './apiError.ts';
import { CALLBACK } from './interactions.ts';
import type { Scene } from './scene.ts';
import { isLoading, isVisibleTo, type Reader, wireMessage } from './wire.ts';
import { FLAG, type Interaction, type Message, type MessageState } from './world.ts';

/** A message in Discord's JSON, plus what its reader's client knows. */
export interface SeenMessage extends JsonObject {
  id: string;
  channel_id: string;
  content: string;
  /** "Only you can see this". */
  ephemeral: boolean;
  /** "… is thinking". */
  loading: boolean;
  /** Earlier states, oldest first: { atMs, content, attachments: [names], embeds, components }. */
  history: JsonObject[];
}

/** What became of something a user did. */
export interface Outcome {
  readonly interactionId: string;
  /**
   * message – an answer (perhaps ephemeral); thinking – deferred, the message will be filled; updated – the component's message
   * was changed; acknowledged – deferred update, nothing to see yet; modal – a form to fill; choices – autocomplete;
   * failed – "The application did not respond".
   */
  readonly kind: 'message' | 'thinking' | 'updated' | 'acknowledged' | 'modal' | 'choices' | 'failed';
  readonly message?: SeenMessage;
  /** The modal's data as the app sent it: custom_id, title, components. */
  readonly modal?: JsonObject;
  readonly choices?: readonly JsonObject[];
}

function pastState(state: MessageState): JsonObject {
  return {
    atMs: state.atMs,
    content: state.content,
    attachments: state.attachments.map((attachment) => attachment.fileName),
    embeds: [...state.embeds],
    components: [...state.components],
  };
}

export function seenMessage(scene: Scene, message: Message, userId: string): SeenMessage {
  const reader: Reader = { userId, seesContent: () => true };
  return {
    ...wireMessage(scene, message, reader),
    id: message.id,
    channel_id: message.channelId,
    content: message.now.content,
    ephemeral: (message.now.flags & FLAG.ephemeral) !== 0,
    loading: isLoading(message),
    history: message.history.map(pastState),
  };
}

/** The channel as this user sees it, oldest first. */
export function viewOf(scene: Scene, channelId: string, userId: string): SeenMessage[] {
  return scene.world
    .messagesIn(channelId)
    .filter((message) => isVisibleTo(scene, message, userId))
    .map((message) => seenMessage(scene, message, userId));
}

const KIND_OF: Readonly<Record<number, Outcome['kind']>> = {
  [CALLBACK.message]: 'message',
  [CALLBACK.thinking]: 'thinking',
  [CALLBACK.deferUpdate]: 'acknowledged',
  [CALLBACK.update]: 'updated',
  [CALLBACK.choices]: 'choices',
  [CALLBACK.modal]: 'modal',
};

export function outcomeOf(scene: Scene, interaction: Interaction): Outcome {
  const interactionId = interaction.id;
  if (interaction.state === 'failed' || interaction.callbackType === null) return { interactionId, kind: 'failed' };
  const kind = KIND_OF[interaction.callbackType] ?? 'failed';
  const message = interaction.originalId === null ? undefined : scene.world.messages.get(interaction.originalId);
  return {
    interactionId,
    kind,
    ...(message === undefined ? {} : { message: seenMessage(scene, message, interaction.userId) }),
    ...(interaction.modal === null ? {} : { modal: interaction.modal }),
    ...(interaction.choices === null ? {} : { choices: interaction.choices }),
  };
}
