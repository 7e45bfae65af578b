// Where an interaction or a message is, for the rules of that place: the channel with what it lies in, and whether only adults look there.
// Threads and forum posts have no age restriction of their own; their parent's counts.
import { type BaseInteraction, type Channel, ChannelType, InteractionContextType, type Message } from 'discord.js';
import type { Place } from '../core/policy.ts';

/** Where the bot is no member, or nobody else looks on: no server's rules hold. */
const NOWHERE: Place = { guildId: null, channelIds: [], isAgeRestricted: false, isPrivate: false };

export function placeOf(interaction: BaseInteraction): Place {
  if (interaction.guildId === null) {
    return { ...NOWHERE, isPrivate: interaction.context !== InteractionContextType.PrivateChannel };
  }
  const isMember = interaction.client.guilds.cache.has(interaction.guildId);
  return isMember ? placeIn(interaction.guildId, interaction.channelId, interaction.channel) : NOWHERE;
}

export function placeOfMessage({ guildId, channelId, channel }: Message): Place {
  if (guildId === null) return { ...NOWHERE, isPrivate: channel.type === ChannelType.DM };
  return placeIn(guildId, channelId, channel);
}

/** A channel Discord tells nothing about is taken for one that children may open. */
export function placeIn(guildId: string, channelId: string | null, channel: Channel | null): Place {
  const parent = channel !== null && 'parent' in channel ? channel.parent : null;
  const around = parent !== null && 'parent' in parent ? parent.parent : null;
  const known = [channelId, parent?.id, around?.id].filter((id) => id != null);
  return { guildId, channelIds: known, isAgeRestricted: isNsfw(channel) || isNsfw(parent), isPrivate: false };
}

function isNsfw(channel: object | null): boolean {
  return channel !== null && 'nsfw' in channel && channel.nsfw === true;
}
