// The world as JSON: users, members, roles, guilds, channels and messages in the shape Discord sends them.
import type { JsonObject, JsonValue } from './apiError.ts';
import { PERMISSION, permissionsIn } from './permissions.ts';
import type { Scene } from './scene.ts';
import {
  type Attachment,
  type Channel,
  FLAG,
  type Guild,
  type Member,
  type Message,
  type Role,
  type User,
} from './world.ts';

export const CHANNEL_TYPE = { text: 0, dm: 1, thread: 11 } as const;

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00');
}

export function wireUser(user: User): JsonObject {
  return {
    id: user.id,
    username: user.username,
    avatar: null,
    discriminator: user.bot ? '0001' : '0',
    public_flags: 0,
    flags: 0,
    bot: user.bot,
    banner: null,
    accent_color: null,
    global_name: user.globalName,
    avatar_decoration_data: null,
    collectibles: null,
    primary_guild: null,
  };
}

/** Member without its user, as messages carry it. */
export function wireMember(member: Member): JsonObject {
  return {
    avatar: null,
    banner: null,
    communication_disabled_until: member.timedOutUntilMs === undefined ? null : iso(member.timedOutUntilMs),
    flags: 0,
    joined_at: iso(member.joinedAtMs),
    nick: member.nick,
    pending: false,
    premium_since: null,
    roles: [...member.roleIds],
    mute: false,
    deaf: false,
  };
}

export function wireFullMember(scene: Scene, member: Member): JsonObject {
  return { ...wireMember(member), user: userById(scene, member.userId) };
}

function userById(scene: Scene, id: string): JsonObject {
  const user = scene.world.users.get(id);
  return user === undefined
    ? {
        id,
        username: 'deleted_user',
        avatar: null,
        discriminator: '0',
        public_flags: 0,
        flags: 0,
        global_name: null,
        primary_guild: null,
      }
    : wireUser(user);
}

export function wireRole(role: Role): JsonObject {
  return {
    id: role.id,
    name: role.name,
    permissions: String(role.permissions),
    position: role.position,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: false,
    mentionable: role.mentionable,
    icon: null,
    unicode_emoji: null,
    flags: 0,
  };
}

export function wireGuild(guild: Guild): JsonObject {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    description: null,
    home_header: null,
    splash: null,
    discovery_splash: null,
    features: [],
    banner: null,
    owner_id: guild.ownerId,
    application_id: null,
    region: 'deprecated',
    afk_channel_id: null,
    afk_timeout: 300,
    system_channel_id: null,
    system_channel_flags: 0,
    widget_enabled: false,
    widget_channel_id: null,
    verification_level: 0,
    roles: [...guild.roles.values()].map(wireRole),
    default_message_notifications: 0,
    mfa_level: 0,
    explicit_content_filter: 0,
    max_presences: null,
    max_members: 500_000,
    max_stage_video_channel_users: 50,
    max_video_channel_users: 25,
    vanity_url_code: null,
    premium_tier: 0,
    premium_subscription_count: 0,
    preferred_locale: guild.locale,
    rules_channel_id: null,
    safety_alerts_channel_id: null,
    public_updates_channel_id: null,
    premium_progress_bar_enabled: false,
    nsfw: false,
    nsfw_level: 0,
    emojis: [],
    stickers: [],
    incidents_data: null,
  };
}

/** GUILD_CREATE: the guild with its channels, threads and, by intent, its members. */
export function wireGuildCreate(scene: Scene, guild: Guild, withMembers: boolean): JsonObject {
  const channels = [...scene.world.channels.values()].filter((one) => one.guildId === guild.id && !one.deleted);
  const own = guild.members.get(scene.world.bot.id);
  const members = [...guild.members.values()].filter((member) => withMembers || member === own);
  return {
    ...wireGuild(guild),
    joined_at: iso(own?.joinedAtMs ?? scene.world.time.nowMs()),
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    voice_states: [],
    members: members.map((member) => wireFullMember(scene, member)),
    channels: channels.filter((one) => one.kind === 'text').map((one) => wireChannel(scene, one)),
    threads: channels.filter((one) => one.kind === 'thread').map((one) => wireChannel(scene, one)),
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

function lastMessageId(scene: Scene, channel: Channel): string | null {
  return scene.world.lastPublicMessageIn(channel.id)?.id ?? null;
}

export function wireChannel(scene: Scene, channel: Channel): JsonObject {
  const base = {
    id: channel.id,
    type: CHANNEL_TYPE[channel.kind],
    flags: 0,
    last_message_id: lastMessageId(scene, channel),
  };
  if (channel.kind === 'dm') {
    const others = channel.recipientIds.filter((id) => id !== scene.world.bot.id);
    return { ...base, recipients: others.map((id) => userById(scene, id)) };
  }
  const named = {
    ...base,
    guild_id: channel.guildId,
    name: channel.name,
    parent_id: channel.parentId,
    rate_limit_per_user: 0,
  };
  if (channel.kind === 'text') return { ...named, ...textChannelParts(channel) };
  return { ...named, ...threadParts(scene, channel) };
}

function textChannelParts(channel: Channel): JsonObject {
  return {
    topic: channel.topic,
    position: 0,
    nsfw: channel.nsfw,
    permission_overwrites: channel.overwrites.map((entry) => ({
      id: entry.id,
      type: entry.kind === 'role' ? 0 : 1,
      allow: String(entry.allow),
      deny: String(entry.deny),
    })),
  };
}

function threadParts(scene: Scene, channel: Channel): JsonObject {
  const count = scene.world.messagesIn(channel.id).length;
  return {
    owner_id: channel.ownerId,
    message_count: count,
    member_count: 1,
    total_message_sent: count,
    thread_metadata: {
      archived: channel.archived,
      archive_timestamp: iso(scene.world.time.nowMs()),
      auto_archive_duration: 1440,
      locked: false,
      create_timestamp: iso(scene.world.time.nowMs()),
    },
  };
}

/** Channel as interactions carry it, with what the acting user may do there. */
export function wireInteractionChannel(scene: Scene, channel: Channel, userId: string): JsonObject {
  return { ...wireChannel(scene, channel), permissions: String(permissionsIn(scene.world, channel, userId)) };
}

export function wireAttachment(scene: Scene, attachment: Attachment): JsonObject {
  const url = scene.urlOf(attachment);
  return dropNulls({
    id: attachment.id,
    filename: attachment.fileName,
    size: attachment.sizeBytes,
    url,
    proxy_url: url,
    width: attachment.widthPx,
    height: attachment.heightPx,
    description: attachment.description,
    content_type: attachment.contentType,
    ephemeral: attachment.ephemeral ? true : null,
  });
}

export function dropNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));
}

/** `attachment://name` as the address of the message's own file; other addresses as they are. */
function resolveUrl(scene: Scene, attachments: readonly Attachment[], url: JsonValue | undefined): string {
  const text = String(url);
  const name = text.startsWith('attachment://') ? text.slice('attachment://'.length) : undefined;
  const file = attachments.find((attachment) => attachment.fileName === name);
  return file === undefined ? text : scene.urlOf(file);
}

function wireEmbed(scene: Scene, attachments: readonly Attachment[], embed: JsonObject): JsonObject {
  const out: JsonObject = { type: 'rich', ...dropNulls(embed) };
  for (const part of ['image', 'thumbnail'] as const) {
    const media = out[part] as JsonObject | undefined;
    if (media === undefined) continue;
    const url = resolveUrl(scene, attachments, media.url);
    out[part] = { ...dropNulls(media), url, proxy_url: url };
  }
  for (const part of ['footer', 'author'] as const) {
    const piece = out[part] as JsonObject | undefined;
    if (piece?.icon_url != null)
      out[part] = { ...dropNulls(piece), icon_url: resolveUrl(scene, attachments, piece.icon_url) };
  }
  return out;
}

/** Selects of texts, users, roles, mentionables and channels. */
const isSelect = ({ type }: JsonObject) => type === 3 || (Number(type) >= 5 && Number(type) <= 8);

/** What Discord answers for parts of a card that the app left out, by component type. */
const CARD_DEFAULTS: Readonly<Record<number, JsonObject>> = {
  11: { description: null, spoiler: false },
  13: { name: null, size: null, spoiler: false },
  14: { spacing: 1, divider: true },
  17: { accent_color: null, spoiler: false },
};
const GALLERY_ITEM_DEFAULTS: JsonObject = { description: null, spoiler: false };

function defaultsOf(component: JsonObject): JsonObject {
  if (isSelect(component)) return { min_values: 1, max_values: 1 };
  if (component.type === undefined && component.media !== undefined) return GALLERY_ITEM_DEFAULTS;
  return CARD_DEFAULTS[Number(component.type)] ?? {};
}

function wireComponent(scene: Scene, attachments: readonly Attachment[], component: JsonObject): JsonObject {
  const out: JsonObject = { ...defaultsOf(component), ...dropNulls(component) };
  for (const [key, value] of Object.entries(out)) {
    if (Array.isArray(value)) {
      out[key] = value.map((one) => (isObject(one) ? wireComponent(scene, attachments, one) : one));
    } else if (isObject(value) && (key === 'media' || key === 'file')) {
      const url = resolveUrl(scene, attachments, value.url);
      out[key] = { id: '0', url, proxy_url: url, loading_state: 2, flags: 0, width: null, height: null };
    } else if (isObject(value)) out[key] = wireComponent(scene, attachments, value);
  }
  return out;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without the MESSAGE_CONTENT intent: content stays for own messages, DMs and messages that mention the app. */
export function isContentOpen(scene: Scene, message: Message): boolean {
  const botId = scene.world.bot.id;
  if (message.authorId === botId || message.mentions.userIds.includes(botId)) return true;
  return scene.world.channels.get(message.channelId)?.guildId === null;
}

/** How a reader meets a message: whether it is blanked, and for whom reactions say `me`. */
export interface Reader {
  readonly userId: string;
  readonly seesContent: (message: Message) => boolean;
}

function wireShown(scene: Scene, message: Message, open: boolean): JsonObject {
  const { now } = message;
  if (!open) return { content: '', embeds: [], components: [], attachments: [] };
  const listed = now.attachments.filter((attachment) => !message.embedded.has(attachment.id));
  return {
    content: now.content,
    embeds: now.embeds.map((embed) => wireEmbed(scene, now.attachments, embed)),
    components: now.components.map((component) => wireComponent(scene, now.attachments, component)),
    attachments: listed.map((attachment) => wireAttachment(scene, attachment)),
  };
}

function wireInteractionMetadata(scene: Scene, interactionId: string): JsonObject {
  const made = scene.world.interactions.get(interactionId);
  if (made === undefined) return {};
  const common = {
    id: made.id,
    user: userById(scene, made.userId),
    authorizing_integration_owners: integrationOwners(scene, made.channelId, made.userId),
    ...(made.originalId === null ? {} : { original_response_message_id: made.originalId }),
  };
  if (made.kind === 'component') return { ...common, type: 3, interacted_message_id: made.sourceMessageId };
  if (made.kind === 'modal') {
    const opener = made.openerId === null ? {} : wireInteractionMetadata(scene, made.openerId);
    return { ...common, type: 5, triggering_interaction_metadata: opener };
  }
  return dropNulls({ ...common, type: 2, target_message_id: made.targetMessageId });
}

/** The older `interaction` member, still sent for commands; only it has the command's name. */
function wireOldInteraction(scene: Scene, interactionId: string): JsonObject {
  const made = scene.world.interactions.get(interactionId);
  if (made?.kind !== 'command') return {};
  return { interaction: { id: made.id, type: 2, name: made.commandName, user: userById(scene, made.userId) } };
}

/** Key 0, installed to the guild: the guild's id, or "0" in a DM with the bot. */
/** By whom the app came there: the server, the bot's own direct messages, or the person who installed it. */
export function integrationOwners({ world }: Scene, channelId: string, userId: string): JsonObject {
  const channel = world.channels.get(channelId);
  const isPrivate = channel?.guildId === null && !channel.recipientIds.includes(world.bot.id);
  return isPrivate ? { '1': userId } : { '0': channel?.guildId ?? '0' };
}

function wireReaction(
  reaction: { readonly emoji: string; readonly userIds: readonly string[] },
  reader: Reader,
): JsonObject {
  const count = reaction.userIds.length;
  return {
    emoji: { id: null, name: reaction.emoji },
    count,
    count_details: { burst: 0, normal: count },
    burst_colors: [],
    me_burst: false,
    me: reaction.userIds.includes(reader.userId),
  };
}

function wireReference(scene: Scene, message: Message): JsonObject {
  if (message.referenceId === null) return {};
  const guildId = scene.world.channels.get(message.channelId)?.guildId ?? null;
  return {
    message_reference: dropNulls({
      type: 0,
      channel_id: message.channelId,
      message_id: message.referenceId,
      guild_id: guildId,
    }),
  };
}

/** A message without what it replies to. */
function wireBasicMessage(scene: Scene, message: Message, reader: Reader): JsonObject {
  return {
    id: message.id,
    channel_id: message.channelId,
    type: message.type,
    author: userById(scene, message.authorId),
    timestamp: iso(message.createdAtMs),
    edited_timestamp: message.edited ? iso(message.now.atMs) : null,
    tts: message.tts,
    pinned: message.pinned,
    flags: message.now.flags,
    mention_everyone: message.mentions.everyone,
    mentions: message.mentions.userIds.map((id) => userById(scene, id)),
    mention_roles: [...message.mentions.roleIds],
    ...wireShown(scene, message, reader.seesContent(message)),
    ...(message.nonce === null ? {} : { nonce: message.nonce }),
    ...wireReference(scene, message),
    ...(message.interactionId === null
      ? {}
      : {
          webhook_id: scene.world.applicationId,
          application_id: scene.world.applicationId,
          interaction_metadata: wireInteractionMetadata(scene, message.interactionId),
          ...wireOldInteraction(scene, message.interactionId),
        }),
  };
}

export function wireMessage(scene: Scene, message: Message, reader: Reader): JsonObject {
  const out = wireBasicMessage(scene, message, reader);
  if (message.reactions.length > 0) out.reactions = message.reactions.map((reaction) => wireReaction(reaction, reader));
  if (message.type === 19) {
    const target = message.referenceId === null ? undefined : scene.world.messages.get(message.referenceId);
    out.referenced_message = target === undefined || target.deleted ? null : wireBasicMessage(scene, target, reader);
  }
  return out;
}

/** MESSAGE_CREATE / MESSAGE_UPDATE: in a guild with guild_id and the author's member; ephemeral ones without. */
export function wireMessageEvent(scene: Scene, message: Message, reader: Reader): JsonObject {
  const out = wireMessage(scene, message, reader);
  const guildId = scene.world.channels.get(message.channelId)?.guildId ?? null;
  const guild = guildId === null ? undefined : scene.world.guilds.get(guildId);
  if (guild === undefined || message.ephemeralTo !== null) return out;
  const member = guild.members.get(message.authorId);
  const isWebhook = message.interactionId !== null;
  return { ...out, guild_id: guild.id, ...(member === undefined || isWebhook ? {} : { member: wireMember(member) }) };
}

export function isLoading(message: Message): boolean {
  return (message.now.flags & FLAG.loading) !== 0;
}

/** True when this user's client would show the message. */
export function isVisibleTo(scene: Scene, message: Message, userId: string): boolean {
  if (message.ephemeralTo !== null) return message.ephemeralTo === userId;
  const channel = scene.world.channels.get(message.channelId);
  return channel !== undefined && (permissionsIn(scene.world, channel, userId) & PERMISSION.viewChannel) !== 0n;
}
