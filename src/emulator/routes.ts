// The REST routes the emulator has, by openapi.json's path templates; what is not listed here answers 404 and is recorded.
import { ApiError, apiError, fieldError, invalidForm, type JsonObject, type JsonValue } from './apiError.ts';
import { commandErrors, commandListErrors, commandTypeOf, MAX_COMMANDS } from './commandRules.ts';
import type { UploadedFile } from './files.ts';
import { gatewayUrl, IDENTIFIES_A_DAY } from './gateway.ts';
import { answerInteraction, byToken, followUp, messageByToken } from './interactions.ts';
import { addReaction, createMessage, deleteMessage, editMessage, objects, removeReaction } from './messages.ts';
import { may } from './permissions.ts';
import type { Scene } from './scene.ts';
import {
  dropNulls,
  isContentOpen,
  isLoading,
  isObject,
  iso,
  type Reader,
  wireChannel,
  wireFullMember,
  wireGuild,
  wireMessage,
  wireRole,
  wireUser,
} from './wire.ts';
import { type Channel, type Command, FLAG, type Guild, type Message } from './world.ts';

/** One request after authorisation, rate limit and schema. */
export interface Request {
  readonly scene: Scene;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: JsonValue | undefined;
  readonly files: readonly UploadedFile[];
  readonly identifies: number;
  readonly arrivedAtMs: number;
}

export interface Answer {
  readonly status: number;
  /** Absent for 204. */
  readonly body?: JsonValue;
}

export type Handler = (request: Request) => Answer;

const ok = (body: JsonValue): Answer => ({ status: 200, body });
const nothing: Answer = { status: 204 };
const bodyOf = (request: Request): JsonObject => (isObject(request.body) ? request.body : {});
const param = (request: Request, name: string): string => request.params[name] ?? '';

// Lookups

/** The channel, if it exists and the bot sees it. @throws ApiError 10003, 50001 */
function channelOf(request: Request): Channel {
  const { world } = request.scene;
  const channel = world.channels.get(param(request, 'channel_id'));
  if (channel === undefined || channel.deleted) throw apiError(10003);
  if (!may(world, channel, world.bot.id, 'viewChannel')) throw apiError(50001);
  return channel;
}

/** A message as the bot token reaches it: ephemeral ones are unknown here. @throws ApiError 10008 */
function messageOf(request: Request, channel: Channel): Message {
  const message = request.scene.world.messages.get(param(request, 'message_id'));
  if (message === undefined || message.deleted || message.channelId !== channel.id || message.ephemeralTo !== null)
    throw apiError(10008);
  return message;
}

function guildOf(request: Request): Guild {
  const guild = request.scene.world.guilds.get(param(request, 'guild_id'));
  if (guild === undefined) throw apiError(10004);
  if (!guild.members.has(request.scene.world.bot.id)) throw apiError(50001);
  return guild;
}

function need(request: Request, channel: Channel, ...names: Parameters<typeof may>[3][]): void {
  const { world } = request.scene;
  if (!names.every((name) => may(world, channel, world.bot.id, name))) throw apiError(50013);
}

function botReader(scene: Scene): Reader {
  const all = scene.settings.privileged.messageContent;
  return { userId: scene.world.bot.id, seesContent: (message) => all || isContentOpen(scene, message) };
}

const asBot = (scene: Scene, message: Message) => wireMessage(scene, message, botReader(scene));

// Users and the application

function application(scene: Scene): JsonObject {
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

const getGatewayBot: Handler = ({ scene, identifies }) =>
  ok({
    url: gatewayUrl(scene.origin),
    shards: 1,
    session_start_limit: {
      total: IDENTIFIES_A_DAY,
      remaining: Math.max(0, IDENTIFIES_A_DAY - identifies),
      reset_after: 86_400_000,
      max_concurrency: 1,
    },
  });

const getMe: Handler = ({ scene }) =>
  ok({ ...wireUser(scene.world.bot), mfa_enabled: true, locale: 'en-US', verified: true, email: null });

const getUser: Handler = (request) => {
  const id = param(request, 'user_id');
  if (id === '@me') return getMe(request);
  const user = request.scene.world.users.get(id);
  if (user === undefined) throw apiError(10013);
  return ok(wireUser(user));
};

const listMyGuilds: Handler = ({ scene }) =>
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

const leaveGuild: Handler = (request) => {
  const guild = guildOf(request);
  request.scene.world.guilds.delete(guild.id);
  request.scene.world.announce({ type: 'guildRemoved', guild });
  return nothing;
};

const openDm: Handler = (request) => {
  const { world } = request.scene;
  const recipientId = String(bodyOf(request).recipient_id ?? '');
  if (!world.users.has(recipientId) || recipientId === world.bot.id) throw apiError(50007);
  return ok(wireChannel(request.scene, world.dmBetween(world.bot.id, recipientId)));
};

// Guilds

const getGuild: Handler = (request) => ok(wireGuild(guildOf(request)));
const listRoles: Handler = (request) => ok([...guildOf(request).roles.values()].map(wireRole));

const listChannels: Handler = (request) => {
  const guild = guildOf(request);
  const channels = [...request.scene.world.channels.values()].filter(
    (one) => one.guildId === guild.id && one.kind === 'text' && !one.deleted,
  );
  return ok(channels.map((channel) => wireChannel(request.scene, channel)));
};

const getMember: Handler = (request) => {
  const guild = guildOf(request);
  const id = param(request, 'user_id') === '@me' ? request.scene.world.bot.id : param(request, 'user_id');
  const member = guild.members.get(id);
  if (member === undefined) throw apiError(request.scene.world.users.has(id) ? 10007 : 10013);
  return ok(wireFullMember(request.scene, member));
};

// Channels and messages

const getChannel: Handler = (request) => ok(wireChannel(request.scene, channelOf(request)));

const listMessages: Handler = (request) => {
  const channel = channelOf(request);
  const { scene, query } = request;
  if (!may(scene.world, channel, scene.world.bot.id, 'readMessageHistory')) return ok([]);
  const shown = scene.world.messagesIn(channel.id).filter((message) => message.ephemeralTo === null);
  const limit = Number(query.limit ?? 50);
  return ok(page(shown, query, limit).map((message) => asBot(scene, message)));
};

/** Newest first; `before`, `after` and `around` as Discord reads them. */
function page(messages: readonly Message[], query: Readonly<Record<string, string>>, limit: number): Message[] {
  const idOf = (text: string) => BigInt(text);
  if (query.before !== undefined)
    return messages
      .filter((one) => idOf(one.id) < idOf(query.before ?? '0'))
      .slice(-limit)
      .reverse();
  if (query.after !== undefined)
    return messages
      .filter((one) => idOf(one.id) > idOf(query.after ?? '0'))
      .slice(0, limit)
      .reverse();
  if (query.around === undefined) return messages.slice(-limit).reverse();
  const at = messages.findIndex((one) => idOf(one.id) >= idOf(query.around ?? '0'));
  return messages
    .slice(Math.max(0, at - Math.floor(limit / 2)), Math.max(0, at - Math.floor(limit / 2)) + limit)
    .reverse();
}

const getMessage: Handler = (request) => {
  const channel = channelOf(request);
  need(request, channel, 'readMessageHistory');
  return ok(asBot(request.scene, messageOf(request, channel)));
};

const postMessage: Handler = (request) => {
  const { scene } = request;
  const channel = channelOf(request);
  const body = bodyOf(request);
  need(request, channel, channel.kind === 'thread' ? 'sendMessagesInThreads' : 'sendMessages');
  if (request.files.length > 0) need(request, channel, 'attachFiles');
  if (objects(body.embeds).length > 0) need(request, channel, 'embedLinks');
  refuseClosedDm(scene, channel);
  const referenceId = referenceOf(request, channel, body);
  const author = {
    authorId: scene.world.bot.id,
    type: referenceId === null ? 0 : 19,
    interactionId: null,
    ephemeralTo: null,
    referenceId,
  };
  return ok(asBot(scene, createMessage(scene, channel, author, body, request.files)));
};

function refuseClosedDm(scene: Scene, channel: Channel): void {
  if (channel.kind !== 'dm') return;
  const other = channel.recipientIds.find((id) => id !== scene.world.bot.id) ?? '';
  if (scene.world.users.get(other)?.acceptsDms === false) throw apiError(50007);
}

/** The message replied to. @throws ApiError 50035 unknown (unless fail_if_not_exists is false), 160002 without history */
function referenceOf(request: Request, channel: Channel, body: JsonObject): string | null {
  const reference = body.message_reference;
  if (!isObject(reference)) return null;
  if (!may(request.scene.world, channel, request.scene.world.bot.id, 'readMessageHistory')) throw apiError(160002);
  const target = request.scene.world.messages.get(String(reference.message_id));
  const found =
    target !== undefined && !target.deleted && target.channelId === channel.id && target.ephemeralTo === null;
  if (found) return target.id;
  if (reference.fail_if_not_exists === false) return null;
  throw invalidForm([fieldError(['message_reference'], 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message')]);
}

/** An hour, after which edits have a limit of their own. */
const OLD_MESSAGE_MS = 3_600_000;
/** Undocumented; other bots report about three edits a channel in twenty seconds. */
const OLD_EDIT_WINDOW_MS = 20_000;
const oldEdits = new WeakMap<Channel, number[]>();

function oldEditRefusal(retryAfterS: number): ApiError {
  const { status, body } = apiError(30046);
  return new ApiError(status, { ...body, retry_after: retryAfterS, global: false });
}

/** @throws ApiError 30046 */
function countOldEdit(scene: Scene, channel: Channel, message: Message): void {
  const now = scene.world.time.nowMs();
  if (now - message.createdAtMs < OLD_MESSAGE_MS) return;
  const recent = (oldEdits.get(channel) ?? []).filter((atMs) => atMs > now - OLD_EDIT_WINDOW_MS);
  if (recent.length >= scene.settings.oldEditLimit)
    throw oldEditRefusal(((recent[0] ?? now) + OLD_EDIT_WINDOW_MS - now) / 1000);
  oldEdits.set(channel, [...recent, now]);
}

const patchMessage: Handler = (request) => {
  const { scene } = request;
  const channel = channelOf(request);
  const message = messageOf(request, channel);
  if (message.authorId !== scene.world.bot.id) throw apiError(50005);
  if (isLoading(message)) throw apiError(10008);
  countOldEdit(scene, channel, message);
  return ok(asBot(scene, editMessage(scene, message, bodyOf(request), request.files)));
};

const removeMessage: Handler = (request) => {
  const channel = channelOf(request);
  const message = messageOf(request, channel);
  if (message.authorId !== request.scene.world.bot.id) need(request, channel, 'manageMessages');
  deleteMessage(request.scene, message);
  return nothing;
};

const bulkDelete: Handler = (request) => {
  const channel = channelOf(request);
  need(request, channel, 'manageMessages');
  const ids = bodyOf(request).messages;
  for (const id of Array.isArray(ids) ? ids : []) {
    const message = request.scene.world.messages.get(String(id));
    if (message !== undefined && message.channelId === channel.id && !message.deleted)
      deleteMessage(request.scene, message);
  }
  return nothing;
};

const postTyping: Handler = (request) => {
  const channel = channelOf(request);
  need(request, channel, 'sendMessages');
  request.scene.world.announce({ type: 'typing', channel, userId: request.scene.world.bot.id });
  return nothing;
};

const putReaction: Handler = (request) => {
  const channel = channelOf(request);
  const message = messageOf(request, channel);
  need(request, channel, 'addReactions', 'readMessageHistory');
  const emoji = param(request, 'emoji_name');
  if (!/\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\u{FE0F}?\u{20E3}|^\w+:\d+$/u.test(emoji))
    throw apiError(10014);
  addReaction(request.scene, message, request.scene.world.bot.id, emoji);
  return nothing;
};

const deleteOwnReaction: Handler = (request) => {
  const message = messageOf(request, channelOf(request));
  removeReaction(request.scene, message, request.scene.world.bot.id, param(request, 'emoji_name'));
  return nothing;
};

const startThread: Handler = (request) => {
  const parent = channelOf(request);
  const message = messageOf(request, parent);
  need(request, parent, 'createPublicThreads');
  const { scene } = request;
  const thread = scene.world.addChannel({
    id: message.id,
    kind: 'thread',
    guildId: parent.guildId,
    name: String(bodyOf(request).name),
    parentId: parent.id,
    ownerId: scene.world.bot.id,
    nsfw: parent.nsfw,
  });
  return { status: 201, body: wireChannel(scene, thread) };
};

const listPins: Handler = (request) => {
  const channel = channelOf(request);
  const pinned = request.scene.world.messagesIn(channel.id).filter((message) => message.pinned);
  return ok({
    items: pinned.map((message) => ({ pinned_at: iso(message.now.atMs), message: asBot(request.scene, message) })),
    has_more: false,
  });
};

// Commands

const LOCALE_DEFAULTS = { name_localizations: null, description_localizations: null };

export function wireCommand(scene: Scene, command: Command): JsonObject {
  const { body } = command;
  const permissions = body.default_member_permissions;
  return {
    id: command.id,
    application_id: scene.world.applicationId,
    version: command.version,
    ...LOCALE_DEFAULTS,
    default_member_permissions: permissions == null ? null : String(permissions),
    type: command.type,
    name: command.name,
    name_localizations: isObject(body.name_localizations) ? body.name_localizations : null,
    description: typeof body.description === 'string' ? body.description : '',
    description_localizations: isObject(body.description_localizations) ? body.description_localizations : null,
    dm_permission: body.dm_permission !== false,
    contexts: Array.isArray(body.contexts) ? body.contexts : null,
    integration_types: Array.isArray(body.integration_types) ? body.integration_types : [0],
    options: objects(body.options).map(wireOption),
    nsfw: body.nsfw === true,
    ...(command.guildId === null ? {} : { guild_id: command.guildId }),
  };
}

function wireOption(option: JsonObject): JsonObject {
  const out = dropNulls(option);
  if (Array.isArray(option.options)) out.options = objects(option.options).map(wireOption);
  if (Array.isArray(option.choices)) out.choices = objects(option.choices).map(dropNulls);
  return out;
}

const placeOf = (request: Request): string | null => request.params.guild_id ?? null;

function commandsIn(scene: Scene, guildId: string | null): Command[] {
  return [...scene.world.commands.values()].filter((command) => command.guildId === guildId);
}

/** @throws ApiError 50001 for another application's commands */
function checkApplication(request: Request): void {
  if (param(request, 'application_id') !== request.scene.world.applicationId) throw apiError(50001);
  if (placeOf(request) !== null) guildOf(request);
}

function keepCommand(scene: Scene, guildId: string | null, body: JsonObject, known?: Command): Command {
  const id = known?.id ?? scene.world.ids.next();
  const command: Command = {
    id,
    version: scene.world.ids.next(),
    guildId,
    type: commandTypeOf(body),
    name: String(body.name),
    body,
  };
  scene.world.commands.set(id, command);
  return command;
}

const listCommands: Handler = (request) => {
  checkApplication(request);
  return ok(commandsIn(request.scene, placeOf(request)).map((command) => wireCommand(request.scene, command)));
};

/** Replaces the whole list; a command of the same name and kind keeps its id. */
const putCommands: Handler = (request) => {
  checkApplication(request);
  const { scene } = request;
  const wanted = objects(request.body);
  const errors = commandListErrors(wanted);
  if (errors.length > 0) throw invalidForm(errors);
  const before = commandsIn(scene, placeOf(request));
  for (const command of before) scene.world.commands.delete(command.id);
  const kept = wanted.map((body) =>
    keepCommand(
      scene,
      placeOf(request),
      body,
      before.find((old) => old.name === body.name && old.type === commandTypeOf(body)),
    ),
  );
  scene.world.announce({ type: 'commandsChanged' });
  return ok(kept.map((command) => wireCommand(scene, command)));
};

const postCommand: Handler = (request) => {
  checkApplication(request);
  const { scene } = request;
  const body = bodyOf(request);
  const before = commandsIn(scene, placeOf(request));
  const known = before.find((old) => old.name === body.name && old.type === commandTypeOf(body));
  const count = before.filter((old) => old.type === commandTypeOf(body)).length;
  const errors = commandErrors(body, []);
  if (known === undefined && count >= (MAX_COMMANDS[commandTypeOf(body)] ?? 0)) {
    errors.push(fieldError([], 'APPLICATION_COMMANDS_MAX', 'Maximum number of application commands reached.'));
  }
  if (errors.length > 0) throw invalidForm(errors);
  const command = keepCommand(scene, placeOf(request), body, known);
  scene.world.announce({ type: 'commandsChanged' });
  return { status: known === undefined ? 201 : 200, body: wireCommand(scene, command) };
};

function commandOf(request: Request): Command {
  checkApplication(request);
  const command = request.scene.world.commands.get(param(request, 'command_id'));
  if (command === undefined || command.guildId !== placeOf(request)) throw apiError(10063);
  return command;
}

const getCommand: Handler = (request) => ok(wireCommand(request.scene, commandOf(request)));

const patchCommand: Handler = (request) => {
  const command = commandOf(request);
  const body = { ...command.body, ...bodyOf(request), type: command.type };
  const errors = commandErrors(body, []);
  if (errors.length > 0) throw invalidForm(errors);
  const changed = keepCommand(request.scene, command.guildId, body, command);
  request.scene.world.announce({ type: 'commandsChanged' });
  return ok(wireCommand(request.scene, changed));
};

const deleteCommand: Handler = (request) => {
  request.scene.world.commands.delete(commandOf(request).id);
  request.scene.world.announce({ type: 'commandsChanged' });
  return nothing;
};

// Interactions

const postCallback: Handler = (request) => {
  const { scene } = request;
  const { interaction, message } = answerInteraction(
    scene,
    param(request, 'interaction_id'),
    param(request, 'interaction_token'),
    bodyOf(request),
    request.files,
    request.arrivedAtMs,
  );
  if (request.query.with_response !== 'true') return nothing;
  const channel = scene.world.channels.get(interaction.channelId);
  const about: JsonObject = {
    id: interaction.id,
    type: { command: 2, component: 3, autocomplete: 4, modal: 5 }[interaction.kind],
    channel_id: interaction.channelId,
    ...(channel?.guildId == null ? {} : { guild_id: channel.guildId }),
    ...(message === undefined
      ? {}
      : {
          response_message_id: message.id,
          response_message_loading: isLoading(message),
          response_message_ephemeral: (message.now.flags & FLAG.ephemeral) !== 0,
        }),
  };
  if (message === undefined) return ok({ interaction: about });
  const type = interaction.callbackType === 5 ? 4 : (interaction.callbackType ?? 4);
  return ok({ interaction: about, resource: { type, message: asBot(scene, message) } });
};

const tokenOf = (request: Request) =>
  byToken(request.scene, param(request, 'webhook_id'), param(request, 'webhook_token'));
const tokenMessage = (request: Request) =>
  messageByToken(request.scene, tokenOf(request), request.params.message_id ?? '@original');

const postFollowUp: Handler = (request) => {
  const message = followUp(request.scene, tokenOf(request), bodyOf(request), request.files);
  // For an application's webhook Discord always answers with the message.
  return ok(asBot(request.scene, message));
};

const getTokenMessage: Handler = (request) => ok(asBot(request.scene, tokenMessage(request)));

const patchTokenMessage: Handler = (request) =>
  ok(asBot(request.scene, editMessage(request.scene, tokenMessage(request), bodyOf(request), request.files)));

const deleteTokenMessage: Handler = (request) => {
  deleteMessage(request.scene, tokenMessage(request));
  return nothing;
};

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

/** Routes that identify by a token in the path instead of the Authorization header. */
export function needsNoAuth(template: string): boolean {
  return (
    template.startsWith('/interactions/') ||
    template.startsWith('/webhooks/{webhook_id}/{webhook_token}') ||
    template === '/gateway'
  );
}
