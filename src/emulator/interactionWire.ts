// INTERACTION_CREATE as Discord sends it: who, where, what was chosen, and the things its options name.
import type { JsonObject } from './apiError.ts';
import { PERMISSION, permissionsIn } from './permissions.ts';
import type { Scene } from './scene.ts';
import {
  integrationOwners,
  isObject,
  type Reader,
  wireAttachment,
  wireChannel,
  wireFullMember,
  wireInteractionChannel,
  wireMember,
  wireMessage,
  wireRole,
  wireUser,
} from './wire.ts';
import type { Attachment, Channel, Guild, Interaction, Message } from './world.ts';

const TYPE = { command: 2, component: 3, autocomplete: 4, modal: 5 } as const;
const OPTION = { user: 6, channel: 7, role: 8, mentionable: 9, attachment: 11 } as const;

/** @source Discord documentation, "Interaction Context Types" */
export const CONTEXT = { guild: 0, botDm: 1, private: 2 } as const;

/** Where a channel is, seen from the app: people's own direct messages are private to it. */
export function contextOf({ world }: Scene, channel: Channel): (typeof CONTEXT)[keyof typeof CONTEXT] {
  if (channel.guildId !== null) return CONTEXT.guild;
  return channel.recipientIds.includes(world.bot.id) ? CONTEXT.botDm : CONTEXT.private;
}

/** What an app may do by its answers where it is no member: nothing but show things. */
const USER_INSTALLED = PERMISSION.attachFiles | PERMISSION.embedLinks | PERMISSION.mentionEveryone;

export function wireInteraction(scene: Scene, interaction: Interaction, uploads: readonly Attachment[]): JsonObject {
  const { world, settings } = scene;
  const channel = world.channels.get(interaction.channelId);
  if (channel === undefined) throw new Error(`interaction ${interaction.id}: channel ${interaction.channelId} is gone`);
  const guild = channel.guildId === null ? undefined : world.guilds.get(channel.guildId);
  return {
    id: interaction.id,
    application_id: world.applicationId,
    type: TYPE[interaction.kind],
    token: interaction.token,
    version: 1,
    data: { ...interaction.data, ...resolved(scene, interaction, guild, uploads) },
    channel_id: channel.id,
    channel: wireInteractionChannel(scene, channel, interaction.userId),
    locale: world.users.get(interaction.userId)?.locale ?? 'en-US',
    entitlements: [],
    authorizing_integration_owners: integrationOwners(scene, channel.id, interaction.userId),
    context: contextOf(scene, channel),
    attachment_size_limit: settings.fileLimitBytes,
    app_permissions: String(
      contextOf(scene, channel) === CONTEXT.private ? USER_INSTALLED : permissionsIn(world, channel, world.bot.id),
    ),
    ...who(scene, interaction.userId, channel, guild),
    ...sourceMessage(scene, interaction),
  };
}

function who(scene: Scene, userId: string, channel: Channel, guild: Guild | undefined): JsonObject {
  const member = guild?.members.get(userId);
  if (guild === undefined || member === undefined) {
    const user = scene.world.users.get(userId);
    return user === undefined ? {} : { user: wireUser(user) };
  }
  return {
    guild_id: guild.id,
    guild: { id: guild.id, locale: guild.locale, features: [] },
    guild_locale: guild.locale,
    member: { ...wireFullMember(scene, member), permissions: String(permissionsIn(scene.world, channel, userId)) },
  };
}

/** The app sees in full what an interaction points at, whatever its intents. */
function openReader(scene: Scene): Reader {
  return { userId: scene.world.bot.id, seesContent: () => true };
}

function sourceMessage(scene: Scene, interaction: Interaction): JsonObject {
  const message =
    interaction.sourceMessageId === null ? undefined : scene.world.messages.get(interaction.sourceMessageId);
  return message === undefined ? {} : { message: wireMessage(scene, message, openReader(scene)) };
}

function resolved(
  scene: Scene,
  interaction: Interaction,
  guild: Guild | undefined,
  uploads: readonly Attachment[],
): JsonObject {
  const out: Record<string, JsonObject> = {};
  const put = (group: string, id: string, value: JsonObject) => {
    out[group] = { ...out[group], [id]: value };
  };
  const target =
    interaction.targetMessageId === null ? undefined : scene.world.messages.get(interaction.targetMessageId);
  if (target !== undefined) putMessage(scene, target, put);
  if (interaction.commandType === 2) resolveOption(scene, guild, OPTION.user, String(interaction.data.target_id), put);
  for (const attachment of uploads) put('attachments', attachment.id, wireAttachment(scene, attachment));
  for (const { type, value } of leafOptions(interaction.data)) resolveOption(scene, guild, type, value, put);
  return Object.keys(out).length > 0 ? { resolved: out } : {};
}

function putMessage(scene: Scene, message: Message, put: (group: string, id: string, value: JsonObject) => void): void {
  put('messages', message.id, wireMessage(scene, message, openReader(scene)));
}

function leafOptions(data: JsonObject): { type: number; value: string }[] {
  const options = Array.isArray(data.options) ? data.options.filter(isObject) : [];
  const chosen = Array.isArray(data.values)
    ? data.values.map((value) => ({ type: selectOption(Number(data.component_type)), value: String(value) }))
    : [];
  const nested = options.flatMap((option) =>
    Array.isArray(option.options) ? leafOptions(option) : [{ type: Number(option.type), value: String(option.value) }],
  );
  return [...nested, ...chosen];
}

/** Select kinds 5 … 8 choose users, roles, mentionables, channels. */
function selectOption(componentType: number): number {
  return { 5: OPTION.user, 6: OPTION.role, 7: OPTION.mentionable, 8: OPTION.channel }[componentType] ?? 0;
}

function resolveOption(
  scene: Scene,
  guild: Guild | undefined,
  type: number,
  id: string,
  put: (group: string, id: string, value: JsonObject) => void,
): void {
  const user = type === OPTION.user || type === OPTION.mentionable ? scene.world.users.get(id) : undefined;
  if (user !== undefined) put('users', id, wireUser(user));
  const member = user === undefined ? undefined : guild?.members.get(id);
  if (member !== undefined) put('members', id, { ...wireMember(member), permissions: '0' });
  const role = type === OPTION.role || type === OPTION.mentionable ? guild?.roles.get(id) : undefined;
  if (role !== undefined) put('roles', id, wireRole(role));
  const channel = type === OPTION.channel ? scene.world.channels.get(id) : undefined;
  if (channel !== undefined) put('channels', id, { ...wireChannel(scene, channel), permissions: '0' });
}
