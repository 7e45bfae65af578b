// Routes about guilds: what they are, their roles, channels and members.
import { apiError } from '../apiError.ts';
import { wireChannel, wireFullMember, wireGuild, wireRole } from '../wire.ts';
import { guildOf, type Handler, ok, param } from './request.ts';

export const getGuild: Handler = (request) => ok(wireGuild(guildOf(request)));
export const listRoles: Handler = (request) => ok([...guildOf(request).roles.values()].map(wireRole));

export const listChannels: Handler = (request) => {
  const guild = guildOf(request);
  const channels = [...request.scene.world.channels.values()].filter(
    (one) => one.guildId === guild.id && one.kind === 'text' && !one.deleted,
  );
  return ok(channels.map((channel) => wireChannel(request.scene, channel)));
};

export const getMember: Handler = (request) => {
  const guild = guildOf(request);
  const id = param(request, 'user_id') === '@me' ? request.scene.world.bot.id : param(request, 'user_id');
  const member = guild.members.get(id);
  if (member === undefined) throw apiError(request.scene.world.users.has(id) ? 10007 : 10013);
  return ok(wireFullMember(request.scene, member));
};
