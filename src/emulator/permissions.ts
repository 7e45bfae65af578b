// Who may do what where: role permissions, then the channel's overwrites, in Discord's order.
import type { Channel, Guild, World } from './world.ts';

/** Bits of a permission set. @source Discord documentation, "Permissions" */
export const PERMISSION = {
  banMembers: 1n << 2n,
  addReactions: 1n << 6n,
  administrator: 1n << 3n,
  manageChannels: 1n << 4n,
  manageGuild: 1n << 5n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  embedLinks: 1n << 14n,
  attachFiles: 1n << 15n,
  readMessageHistory: 1n << 16n,
  mentionEveryone: 1n << 17n,
  manageGuildExpressions: 1n << 30n,
  useApplicationCommands: 1n << 31n,
  createPublicThreads: 1n << 35n,
  sendMessagesInThreads: 1n << 38n,
  createGuildExpressions: 1n << 43n,
  moderateMembers: 1n << 40n,
} as const;

export type PermissionName = keyof typeof PERMISSION;

/** Bits 0 … 52, every permission Discord has named. */
export const ALL_PERMISSIONS = (1n << 53n) - 1n;

/** What everybody may do in a new guild. */
export const DEFAULT_EVERYONE =
  PERMISSION.addReactions |
  PERMISSION.viewChannel |
  PERMISSION.sendMessages |
  PERMISSION.embedLinks |
  PERMISSION.attachFiles |
  PERMISSION.readMessageHistory |
  PERMISSION.useApplicationCommands |
  PERMISSION.createPublicThreads |
  PERMISSION.sendMessagesInThreads;

/** In a DM both sides may do all that a DM offers. */
const DM_PERMISSIONS = DEFAULT_EVERYONE;

function guildPermissions(guild: Guild, userId: string): bigint {
  if (guild.ownerId === userId) return ALL_PERMISSIONS;
  const member = guild.members.get(userId);
  if (member === undefined) return 0n;
  let bits = guild.roles.get(guild.id)?.permissions ?? 0n;
  for (const id of member.roleIds) bits |= guild.roles.get(id)?.permissions ?? 0n;
  return bits & PERMISSION.administrator ? ALL_PERMISSIONS : bits;
}

/** What somebody may do in the whole guild, whatever a channel says. */
export function mayInGuild(guild: Guild, userId: string, name: PermissionName): boolean {
  return (guildPermissions(guild, userId) & PERMISSION[name]) !== 0n;
}

function withOverwrites(bits: bigint, guild: Guild, channel: Channel, userId: string): bigint {
  if (bits === ALL_PERMISSIONS) return bits;
  const roleIds = guild.members.get(userId)?.roleIds ?? [];
  const everyone = channel.overwrites.filter((entry) => entry.id === guild.id);
  const roles = channel.overwrites.filter((entry) => entry.kind === 'role' && roleIds.includes(entry.id));
  const own = channel.overwrites.filter((entry) => entry.kind === 'member' && entry.id === userId);
  return [everyone, roles, own].reduce((sum, entries) => {
    const deny = entries.reduce((all, entry) => all | entry.deny, 0n);
    const allow = entries.reduce((all, entry) => all | entry.allow, 0n);
    return (sum & ~deny) | allow;
  }, bits);
}

/** What a user may do in a channel; threads inherit from their parent. Without VIEW_CHANNEL nothing is left. */
export function permissionsIn(world: World, channel: Channel, userId: string): bigint {
  if (channel.guildId === null) return channel.recipientIds.includes(userId) ? DM_PERMISSIONS : 0n;
  const guild = world.guilds.get(channel.guildId);
  if (guild === undefined) return 0n;
  const parent =
    channel.kind === 'thread' && channel.parentId !== null ? world.channels.get(channel.parentId) : undefined;
  const bits = withOverwrites(guildPermissions(guild, userId), guild, parent ?? channel, userId);
  return bits & PERMISSION.viewChannel ? bits : 0n;
}

export function may(world: World, channel: Channel, userId: string, name: PermissionName): boolean {
  return (permissionsIn(world, channel, userId) & PERMISSION[name]) !== 0n;
}
