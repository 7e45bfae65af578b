// What exists in the emulated Discord: data only, and one stream of changes that the gateway and the controls follow.
// Rules are elsewhere; nothing here refuses anything.
import type { JsonObject, JsonValue } from './apiError.ts';
import { DEFAULT_EVERYONE } from './permissions.ts';
import { SnowflakeSource } from './snowflake.ts';
import type { Timeline } from './timeline.ts';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly globalName: string | null;
  readonly bot: boolean;
  readonly locale: string;
  /** False: messages from the bot answer 50007. */
  acceptsDms: boolean;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  permissions: bigint;
  readonly mentionable: boolean;
  readonly position: number;
}

export interface Member {
  readonly userId: string;
  readonly nick: string | null;
  roleIds: string[];
  readonly joinedAtMs: number;
  /** Until then they may neither write nor react. */
  timedOutUntilMs?: number;
}

export interface Guild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly locale: string;
  /** The role with the guild's own id is @everyone. */
  readonly roles: Map<string, Role>;
  readonly members: Map<string, Member>;
}

/** A guild's own emoji or sticker. */
export interface Expression {
  readonly id: string;
  readonly kind: 'emoji' | 'sticker';
  readonly guildId: string;
  readonly name: string;
  readonly bytes: Buffer;
}

export interface Overwrite {
  /** Role or member id, by kind. */
  readonly id: string;
  readonly kind: 'role' | 'member';
  readonly allow: bigint;
  readonly deny: bigint;
}

export interface Channel {
  readonly id: string;
  readonly kind: 'text' | 'dm' | 'thread';
  readonly guildId: string | null;
  name: string;
  topic: string | null;
  nsfw: boolean;
  readonly parentId: string | null;
  overwrites: Overwrite[];
  /** Of a DM: the two users. */
  readonly recipientIds: readonly string[];
  /** Of a thread: who opened it. */
  readonly ownerId: string | null;
  archived: boolean;
  deleted: boolean;
}

export interface Attachment {
  readonly id: string;
  /** Path on the CDN, without the signature. */
  readonly path: string;
  readonly fileName: string;
  readonly contentType: string | null;
  readonly sizeBytes: number;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  readonly description: string | null;
  readonly bytes: Buffer;
  readonly ephemeral: boolean;
}

/** What a message showed at one time. */
export interface MessageState {
  readonly atMs: number;
  readonly content: string;
  readonly embeds: readonly JsonObject[];
  readonly components: readonly JsonObject[];
  readonly attachments: readonly Attachment[];
  readonly flags: number;
}

export interface Mentions {
  readonly everyone: boolean;
  readonly userIds: readonly string[];
  readonly roleIds: readonly string[];
}

export interface Reaction {
  readonly emoji: string;
  readonly userIds: string[];
}

export interface Message {
  readonly id: string;
  readonly channelId: string;
  readonly authorId: string;
  /** 0 ordinary, 19 reply, 20 answer to a slash command, 23 answer to a context menu. */
  readonly type: number;
  readonly createdAtMs: number;
  readonly nonce: string | number | null;
  readonly tts: boolean;
  readonly referenceId: string | null;
  /** Set for messages made with an interaction's token. */
  readonly interactionId: string | null;
  /** Only this user (and the app, by the token) sees it; null for everybody. */
  readonly ephemeralTo: string | null;
  now: MessageState;
  /** Every earlier state, oldest first. */
  readonly history: MessageState[];
  mentions: Mentions;
  edited: boolean;
  deleted: boolean;
  pinned: boolean;
  readonly reactions: Reaction[];
  /** Attachments an embed shows; the wire's `attachments` leaves them out. */
  embedded: ReadonlySet<string>;
}

export const FLAG = {
  suppressEmbeds: 1 << 2,
  ephemeral: 1 << 6,
  loading: 1 << 7,
  suppressNotifications: 1 << 12,
  voice: 1 << 13,
  componentsV2: 1 << 15,
} as const;

export type InteractionKind = 'command' | 'autocomplete' | 'component' | 'modal';

export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly kind: InteractionKind;
  readonly userId: string;
  readonly channelId: string;
  readonly createdAtMs: number;
  /** The `data` member of INTERACTION_CREATE. */
  readonly data: JsonObject;
  /** The message whose component was used; for a modal, the message its opener sat on. */
  readonly sourceMessageId: string | null;
  readonly targetMessageId: string | null;
  readonly commandType: number | null;
  readonly commandName: string | null;
  /** Of a modal submit: the interaction that showed the modal. */
  readonly openerId: string | null;
  state: 'waiting' | 'answered' | 'failed';
  callbackType: number | null;
  /** What @original means for this interaction's token. */
  originalId: string | null;
  /** The modal shown, and whether it still waits for its user. */
  modal: JsonObject | null;
  modalOpen: boolean;
  /** Callbacks that have arrived and are being looked at. */
  answering: number;
  choices: readonly JsonObject[] | null;
  cancelAlarm: () => void;
}

export interface Command {
  readonly id: string;
  readonly version: string;
  readonly guildId: string | null;
  /** 1 chat input, 2 user, 3 message. */
  readonly type: number;
  readonly name: string;
  readonly body: JsonObject;
}

export interface RestCall {
  readonly atMs: number;
  readonly method: string;
  /** Path below /api/v10, no query. */
  readonly path: string;
  /** Path template of openapi.json, or null when nothing there matches. */
  readonly route: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly body: JsonValue | undefined;
  readonly files: readonly { readonly field: string; readonly name: string; readonly sizeBytes: number }[];
  readonly status: number;
  /** Discord's numeric code of an error answer. */
  readonly code: number | null;
  readonly answer: JsonValue | undefined;
  /** Name of the fault that met this call. */
  readonly fault: string | null;
}

export interface Ping {
  readonly messageId: string;
  readonly channelId: string;
  readonly authorId: string;
  readonly cause: 'create' | 'edit';
  readonly everyone: boolean;
  readonly userIds: readonly string[];
  readonly roleIds: readonly string[];
}

export type Change =
  | { readonly type: 'messageCreated' | 'messageEdited' | 'messageDeleted'; readonly message: Message }
  | {
      readonly type: 'reactionAdded' | 'reactionRemoved';
      readonly message: Message;
      readonly userId: string;
      readonly emoji: string;
    }
  | { readonly type: 'interactionCreated'; readonly interaction: Interaction; readonly uploads: readonly Attachment[] }
  | { readonly type: 'interactionAnswered' | 'interactionFailed' | 'modalClosed'; readonly interaction: Interaction }
  | { readonly type: 'typing'; readonly channel: Channel; readonly userId: string }
  | { readonly type: 'guildCreated' | 'guildRemoved'; readonly guild: Guild }
  | { readonly type: 'channelCreated' | 'channelUpdated' | 'channelDeleted'; readonly channel: Channel }
  | { readonly type: 'memberAdded' | 'memberUpdated' | 'memberRemoved'; readonly guild: Guild; readonly member: Member }
  | { readonly type: 'roleCreated' | 'roleUpdated'; readonly guild: Guild; readonly role: Role }
  | { readonly type: 'commandsChanged' }
  | { readonly type: 'called'; readonly call: RestCall }
  | { readonly type: 'session'; readonly sessionId: string; readonly state: 'ready' | 'resumed' | 'closed' }
  | { readonly type: 'presence'; readonly status: string };

export class World {
  readonly time: Timeline;
  readonly ids: SnowflakeSource;
  readonly bot: User;
  readonly applicationId: string;
  readonly users = new Map<string, User>();
  readonly guilds = new Map<string, Guild>();
  readonly channels = new Map<string, Channel>();
  /** In order of creation; deleted ones stay, marked. */
  readonly messages = new Map<string, Message>();
  readonly interactions = new Map<string, Interaction>();
  readonly commands = new Map<string, Command>();
  /** Every file ever uploaded, by its path on the CDN. */
  readonly files = new Map<string, Attachment>();
  readonly expressions: Expression[] = [];
  readonly pings: Ping[] = [];
  readonly calls: RestCall[] = [];
  readonly #byToken = new Map<string, Interaction>();
  readonly #byChannel = new Map<string, Message[]>();
  readonly #publicByChannel = new Map<string, Message[]>();
  /** The newest of each. */
  readonly #byNonce = new Map<string, Message>();
  /** Interactions that wait, and whom to tell. */
  readonly #settling = new Map<string, () => void>();
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(time: Timeline) {
    this.time = time;
    this.ids = new SnowflakeSource(() => time.nowMs());
    this.bot = this.addUser({ username: 'darkroom', bot: true });
    this.applicationId = this.bot.id;
  }

  /** Calls back for every change until the returned function is called. */
  watch(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
    if (change.type !== 'interactionAnswered' && change.type !== 'interactionFailed') return;
    this.#settling.get(change.interaction.id)?.();
    this.#settling.delete(change.interaction.id);
  }

  /** Calls back once, when an interaction that waits is answered or has failed. */
  whenSettled(interactionId: string, callBack: () => void): void {
    this.#settling.set(interactionId, callBack);
  }

  addUser(draft: { username: string; globalName?: string | null; bot?: boolean; locale?: string }): User {
    const user: User = {
      id: this.ids.next(),
      username: draft.username,
      globalName: draft.globalName ?? null,
      bot: draft.bot ?? false,
      locale: draft.locale ?? 'en-US',
      acceptsDms: true,
    };
    this.users.set(user.id, user);
    return user;
  }

  /** A guild with its @everyone role, its owner and the bot as members. */
  addGuild(draft: {
    name: string;
    ownerId: string;
    locale?: string;
    everyone?: bigint;
    botPermissions?: bigint;
  }): Guild {
    const id = this.ids.next();
    const guild: Guild = {
      id,
      name: draft.name,
      ownerId: draft.ownerId,
      locale: draft.locale ?? 'en-US',
      roles: new Map(),
      members: new Map(),
    };
    guild.roles.set(id, {
      id,
      name: '@everyone',
      permissions: draft.everyone ?? DEFAULT_EVERYONE,
      mentionable: false,
      position: 0,
    });
    this.guilds.set(id, guild);
    const botRole = this.#makeRole(guild, this.bot.username, draft.botPermissions ?? 0n, false);
    for (const userId of new Set([draft.ownerId, this.bot.id])) {
      const roleIds = userId === this.bot.id ? [botRole.id] : [];
      guild.members.set(userId, { userId, nick: null, roleIds, joinedAtMs: this.time.nowMs() });
    }
    this.announce({ type: 'guildCreated', guild });
    return guild;
  }

  addMember(guild: Guild, userId: string, roleIds: readonly string[] = [], nick: string | null = null): Member {
    const member: Member = { userId, nick, roleIds: [...roleIds], joinedAtMs: this.time.nowMs() };
    guild.members.set(userId, member);
    this.announce({ type: 'memberAdded', guild, member });
    return member;
  }

  timeOut(guild: Guild, userId: string, untilMs: number): void {
    const member = guild.members.get(userId);
    if (member === undefined) return;
    member.timedOutUntilMs = untilMs;
    this.announce({ type: 'memberUpdated', guild, member });
  }

  #makeRole(guild: Guild, name: string, permissions: bigint, mentionable: boolean): Role {
    const role: Role = { id: this.ids.next(), name, permissions, mentionable, position: guild.roles.size };
    guild.roles.set(role.id, role);
    return role;
  }

  addRole(guild: Guild, draft: { name: string; permissions?: bigint; mentionable?: boolean }): Role {
    const role = this.#makeRole(guild, draft.name, draft.permissions ?? 0n, draft.mentionable ?? false);
    this.announce({ type: 'roleCreated', guild, role });
    return role;
  }

  addChannel(
    draft: Pick<Channel, 'kind' | 'guildId'> & Partial<Omit<Channel, 'kind' | 'guildId' | 'deleted'>>,
  ): Channel {
    const channel: Channel = {
      id: this.ids.next(),
      name: '',
      topic: null,
      nsfw: false,
      parentId: null,
      overwrites: [],
      recipientIds: [],
      ownerId: null,
      archived: false,
      ...draft,
      deleted: false,
    };
    this.channels.set(channel.id, channel);
    this.announce({ type: 'channelCreated', channel });
    return channel;
  }

  /** The DM channel between two users, made on first use. */
  dmBetween(one: string, other: string): Channel {
    const found = [...this.channels.values()].find(
      (channel) => channel.kind === 'dm' && channel.recipientIds.includes(one) && channel.recipientIds.includes(other),
    );
    return found ?? this.addChannel({ kind: 'dm', guildId: null, recipientIds: [one, other] });
  }

  addMessage(message: Message): void {
    this.messages.set(message.id, message);
    append(this.#byChannel, message);
    if (message.ephemeralTo === null) append(this.#publicByChannel, message);
    if (message.nonce !== null) this.#byNonce.set(nonceKey(message), message);
  }

  /** The newest with that nonce. */
  messageByNonce(wanted: Pick<Message, 'channelId' | 'authorId' | 'nonce'>): Message | undefined {
    const found = this.#byNonce.get(nonceKey(wanted));
    return found?.deleted === false ? found : undefined;
  }

  /** Oldest first, deleted ones left out. */
  messagesIn(channelId: string): Message[] {
    return (this.#byChannel.get(channelId) ?? []).filter((message) => !message.deleted);
  }

  /** The newest that everybody sees. */
  lastPublicMessageIn(channelId: string): Message | undefined {
    return this.#publicByChannel.get(channelId)?.findLast((message) => !message.deleted);
  }

  addInteraction(interaction: Interaction): void {
    this.interactions.set(interaction.id, interaction);
    this.#byToken.set(interaction.token, interaction);
  }

  interactionByToken(token: string): Interaction | undefined {
    return this.#byToken.get(token);
  }
}

function append(lists: Map<string, Message[]>, message: Message): void {
  const list = lists.get(message.channelId);
  if (list === undefined) lists.set(message.channelId, [message]);
  else list.push(message);
}

/** A nonce is a word or a number, and 1 is not "1". */
function nonceKey({ channelId, authorId, nonce }: Pick<Message, 'channelId' | 'authorId' | 'nonce'>): string {
  return JSON.stringify([channelId, authorId, nonce]);
}
