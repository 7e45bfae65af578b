// The world's changes as gateway events: which name, which intent lets it through, and what a session reads in it.
import type { JsonObject, JsonValue } from './apiError.ts';
import { wireInteraction } from './interactionWire.ts';
import { permissionsIn } from './permissions.ts';
import type { Scene } from './scene.ts';
import {
  CHANNEL_TYPE,
  type Reader,
  wireChannel,
  wireFullMember,
  wireMember,
  wireMessageEvent,
  wireRole,
  wireUser,
} from './wire.ts';
import type { Change, Channel } from './world.ts';

/** Intent bits. @source Discord documentation, "Gateway Intents" */
export const INTENT = {
  none: 0,
  guilds: 1 << 0,
  guildMembers: 1 << 1,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  guildReactions: 1 << 10,
  guildTyping: 1 << 11,
  directMessages: 1 << 12,
  directReactions: 1 << 13,
  directTyping: 1 << 14,
  messageContent: 1 << 15,
} as const;

export interface Dispatch {
  readonly name: string;
  /** The session needs this bit; `none` passes always. */
  readonly intent: number;
  /** What a session reads, by whether it sees message content. */
  readonly dataFor: (reader: Reader) => JsonValue;
}

type Of<T extends Change['type']> = Extract<Change, { readonly type: T }>;

/** The event a change becomes; undefined when the app hears nothing of it. */
export function dispatchFor(scene: Scene, change: Change): Dispatch | undefined {
  switch (change.type) {
    case 'messageCreated':
    case 'messageEdited':
    case 'messageDeleted':
      return messageDispatch(scene, change);
    case 'reactionAdded':
    case 'reactionRemoved':
      return reactionDispatch(scene, change);
    case 'interactionCreated': {
      const { interaction, uploads } = change;
      return {
        name: 'INTERACTION_CREATE',
        intent: INTENT.none,
        dataFor: () => wireInteraction(scene, interaction, uploads),
      };
    }
    case 'typing':
      return typingDispatch(scene, change);
    case 'guildRemoved':
      return { name: 'GUILD_DELETE', intent: INTENT.guilds, dataFor: () => ({ id: change.guild.id }) };
    case 'channelCreated':
    case 'channelUpdated':
    case 'channelDeleted':
      return channelDispatch(scene, change);
    case 'memberAdded':
    case 'memberUpdated':
    case 'memberRemoved':
      return memberDispatch(scene, change);
    case 'roleCreated':
    case 'roleUpdated': {
      const name = change.type === 'roleCreated' ? 'GUILD_ROLE_CREATE' : 'GUILD_ROLE_UPDATE';
      return {
        name,
        intent: INTENT.guilds,
        dataFor: () => ({ guild_id: change.guild.id, role: wireRole(change.role) }),
      };
    }
    default:
      return undefined;
  }
}

function botSees(scene: Scene, channel: Channel | undefined): channel is Channel {
  return channel !== undefined && permissionsIn(scene.world, channel, scene.world.bot.id) !== 0n;
}

/** Ephemeral messages go to their app as if they were direct ones: by that intent, without guild. */
function messageDispatch(
  scene: Scene,
  change: Of<'messageCreated' | 'messageEdited' | 'messageDeleted'>,
): Dispatch | undefined {
  const { message, type } = change;
  const channel = scene.world.channels.get(message.channelId);
  if (!botSees(scene, channel)) return undefined;
  const direct = channel.guildId === null || message.ephemeralTo !== null;
  const intent = direct ? INTENT.directMessages : INTENT.guildMessages;
  if (type === 'messageDeleted') {
    const guild = direct ? {} : { guild_id: channel.guildId };
    return { name: 'MESSAGE_DELETE', intent, dataFor: () => ({ id: message.id, channel_id: channel.id, ...guild }) };
  }
  const name = type === 'messageCreated' ? 'MESSAGE_CREATE' : 'MESSAGE_UPDATE';
  const channelType = CHANNEL_TYPE[channel.kind];
  return {
    name,
    intent,
    dataFor: (reader) => ({ ...wireMessageEvent(scene, message, reader), channel_type: channelType }),
  };
}

function reactionDispatch(scene: Scene, change: Of<'reactionAdded' | 'reactionRemoved'>): Dispatch | undefined {
  const { message, userId, emoji } = change;
  const channel = scene.world.channels.get(message.channelId);
  if (!botSees(scene, channel)) return undefined;
  const isAdded = change.type === 'reactionAdded';
  const guild = channel.guildId === null ? undefined : scene.world.guilds.get(channel.guildId);
  const member = isAdded ? guild?.members.get(userId) : undefined;
  const data: JsonObject = {
    user_id: userId,
    channel_id: channel.id,
    message_id: message.id,
    ...(guild === undefined ? {} : { guild_id: guild.id }),
    ...(member === undefined ? {} : { member: wireFullMember(scene, member) }),
    ...(isAdded ? { message_author_id: message.authorId } : {}),
    emoji: { id: null, name: emoji },
    burst: false,
    type: 0,
  };
  const intent = guild === undefined ? INTENT.directReactions : INTENT.guildReactions;
  return { name: isAdded ? 'MESSAGE_REACTION_ADD' : 'MESSAGE_REACTION_REMOVE', intent, dataFor: () => data };
}

function typingDispatch(scene: Scene, { channel, userId }: Of<'typing'>): Dispatch | undefined {
  if (!botSees(scene, channel)) return undefined;
  const guild = channel.guildId === null ? {} : { guild_id: channel.guildId };
  const timestamp = Math.floor(scene.world.time.nowMs() / 1000);
  const intent = channel.guildId === null ? INTENT.directTyping : INTENT.guildTyping;
  return {
    name: 'TYPING_START',
    intent,
    dataFor: () => ({ channel_id: channel.id, ...guild, user_id: userId, timestamp }),
  };
}

function channelDispatch(
  scene: Scene,
  change: Of<'channelCreated' | 'channelUpdated' | 'channelDeleted'>,
): Dispatch | undefined {
  const { channel } = change;
  if (channel.kind === 'dm') return undefined;
  const verb = { channelCreated: 'CREATE', channelUpdated: 'UPDATE', channelDeleted: 'DELETE' }[change.type];
  const noun = channel.kind === 'thread' ? 'THREAD' : 'CHANNEL';
  return { name: `${noun}_${verb}`, intent: INTENT.guilds, dataFor: () => wireChannel(scene, channel) };
}

/** The app hears of its own member by GUILDS, of others by the privileged GUILD_MEMBERS. */
function memberDispatch(scene: Scene, change: Of<'memberAdded' | 'memberUpdated' | 'memberRemoved'>): Dispatch {
  const { guild, member } = change;
  const user = wireUser(scene.world.users.get(member.userId) ?? scene.world.bot);
  if (change.type === 'memberRemoved') {
    return { name: 'GUILD_MEMBER_REMOVE', intent: INTENT.guildMembers, dataFor: () => ({ guild_id: guild.id, user }) };
  }
  const name = change.type === 'memberAdded' ? 'GUILD_MEMBER_ADD' : 'GUILD_MEMBER_UPDATE';
  const intent = member.userId === scene.world.bot.id ? INTENT.guilds : INTENT.guildMembers;
  return { name, intent, dataFor: () => ({ guild_id: guild.id, user, ...wireMember(member) }) };
}
