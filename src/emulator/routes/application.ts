// Routes about the application, its user, other users and where the gateway is.
import { apiError, type JsonObject } from '../apiError.ts';
import { gatewayUrl, IDENTIFIES_A_DAY } from '../gateway.ts';
import type { Scene } from '../scene.ts';
import { wireChannel, wireUser } from '../wire.ts';
import { bodyOf, guildOf, type Handler, nothing, ok, param } from './request.ts';

export function application(scene: Scene): JsonObject {
  const { world } = scene;
  return {
    id: world.applicationId,
    name: world.bot.username,
    icon: null,
    description: '',
    type: null,
    bot: wireUser(world.bot),
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: 0,
    flags_new: '0',
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: wireUser([...world.users.values()].find((user) => !user.bot) ?? world.bot),
    approximate_guild_count: world.guilds.size,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
  };
}

export const getGatewayBot: Handler = ({ scene, identifies }) =>
  ok({
    url: gatewayUrl(scene.origin),
    shards: scene.settings.shards,
    session_start_limit: {
      total: IDENTIFIES_A_DAY,
      remaining: Math.max(0, IDENTIFIES_A_DAY - identifies),
      reset_after: 86_400_000,
      max_concurrency: 1,
    },
  });

export const getMe: Handler = ({ scene }) =>
  ok({ ...wireUser(scene.world.bot), mfa_enabled: true, locale: 'en-US', verified: true, email: null });

export const getUser: Handler = (request) => {
  const id = param(request, 'user_id');
  if (id === '@me') return getMe(request);
  const user = request.scene.world.users.get(id);
  if (user === undefined) throw apiError(10013);
  return ok(wireUser(user));
};

export const listMyGuilds: Handler = ({ scene }) =>
  ok(
    [...scene.world.guilds.values()].map((guild) => ({
      id: guild.id,
      name: guild.name,
      icon: null,
      banner: null,
      owner: guild.ownerId === scene.world.bot.id,
      permissions: '0',
      features: [],
    })),
  );

export const leaveGuild: Handler = (request) => {
  const guild = guildOf(request);
  request.scene.world.guilds.delete(guild.id);
  request.scene.world.announce({ type: 'guildRemoved', guild });
  return nothing;
};

export const openDm: Handler = (request) => {
  const { world } = request.scene;
  const recipientId = String(bodyOf(request).recipient_id ?? '');
  if (!world.users.has(recipientId) || recipientId === world.bot.id) throw apiError(50007);
  return ok(wireChannel(request.scene, world.dmBetween(world.bot.id, recipientId)));
};
