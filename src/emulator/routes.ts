// The REST routes the emulator has, by openapi.json's path templates; what is not listed here answers 404 and is recorded.
import { gatewayUrl } from './gateway.ts';
import { application, getGatewayBot, getMe, getUser, leaveGuild, listMyGuilds, openDm } from './routes/application.ts';
import {
  bulkDelete,
  deleteOwnReaction,
  getChannel,
  getMessage,
  listMessages,
  listPins,
  patchMessage,
  postMessage,
  postTyping,
  putReaction,
  removeMessage,
  startThread,
} from './routes/channels.ts';
import { deleteCommand, getCommand, listCommands, patchCommand, postCommand, putCommands } from './routes/commands.ts';
import { postEmoji, postSticker } from './routes/expressions.ts';
import { getGuild, getMember, listChannels, listRoles } from './routes/guilds.ts';
import {
  deleteTokenMessage,
  getTokenMessage,
  patchTokenMessage,
  postCallback,
  postFollowUp,
} from './routes/interactions.ts';
import { type Handler, ok } from './routes/request.ts';

/** `METHOD template` → handler. */
export const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /gateway': ({ scene }) => ok({ url: gatewayUrl(scene.origin) }),
  'GET /gateway/bot': getGatewayBot,
  'GET /applications/@me': ({ scene }) => ok(application(scene)),
  'GET /oauth2/applications/@me': ({ scene }) => ok(application(scene)),
  'GET /users/@me': getMe,
  'GET /users/{user_id}': getUser,
  'GET /users/@me/guilds': listMyGuilds,
  'DELETE /users/@me/guilds/{guild_id}': leaveGuild,
  'POST /users/@me/channels': openDm,
  'GET /guilds/{guild_id}': getGuild,
  'GET /guilds/{guild_id}/roles': listRoles,
  'GET /guilds/{guild_id}/channels': listChannels,
  'GET /guilds/{guild_id}/members/{user_id}': getMember,
  'POST /guilds/{guild_id}/emojis': postEmoji,
  'POST /guilds/{guild_id}/stickers': postSticker,
  'GET /channels/{channel_id}': getChannel,
  'GET /channels/{channel_id}/messages': listMessages,
  'POST /channels/{channel_id}/messages': postMessage,
  'POST /channels/{channel_id}/messages/bulk-delete': bulkDelete,
  'GET /channels/{channel_id}/messages/{message_id}': getMessage,
  'PATCH /channels/{channel_id}/messages/{message_id}': patchMessage,
  'DELETE /channels/{channel_id}/messages/{message_id}': removeMessage,
  'GET /channels/{channel_id}/messages/pins': listPins,
  'POST /channels/{channel_id}/typing': postTyping,
  'PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me': putReaction,
  'DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me': deleteOwnReaction,
  'POST /channels/{channel_id}/messages/{message_id}/threads': startThread,
  'GET /applications/{application_id}/commands': listCommands,
  'PUT /applications/{application_id}/commands': putCommands,
  'POST /applications/{application_id}/commands': postCommand,
  'GET /applications/{application_id}/commands/{command_id}': getCommand,
  'PATCH /applications/{application_id}/commands/{command_id}': patchCommand,
  'DELETE /applications/{application_id}/commands/{command_id}': deleteCommand,
  'GET /applications/{application_id}/guilds/{guild_id}/commands': listCommands,
  'PUT /applications/{application_id}/guilds/{guild_id}/commands': putCommands,
  'POST /applications/{application_id}/guilds/{guild_id}/commands': postCommand,
  'GET /applications/{application_id}/guilds/{guild_id}/commands/{command_id}': getCommand,
  'PATCH /applications/{application_id}/guilds/{guild_id}/commands/{command_id}': patchCommand,
  'DELETE /applications/{application_id}/guilds/{guild_id}/commands/{command_id}': deleteCommand,
  'POST /interactions/{interaction_id}/{interaction_token}/callback': postCallback,
  'POST /webhooks/{webhook_id}/{webhook_token}': postFollowUp,
  'GET /webhooks/{webhook_id}/{webhook_token}/messages/@original': getTokenMessage,
  'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original': patchTokenMessage,
  'DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original': deleteTokenMessage,
  'GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}': getTokenMessage,
  'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}': patchTokenMessage,
  'DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}': deleteTokenMessage,
};

/** Routes whose multipart body has fields of its own instead of payload_json. */
export function isPlainForm(template: string): boolean {
  return template === '/guilds/{guild_id}/stickers';
}

/** Routes that identify by a token in the path instead of the Authorization header. */
export function needsNoAuth(template: string): boolean {
  return (
    template.startsWith('/interactions/') ||
    template.startsWith('/webhooks/{webhook_id}/{webhook_token}') ||
    template === '/gateway'
  );
}
