// The emulator's controls over HTTP, for the playground page and for tests that run the emulator as a process of its own.
// Served on the emulator's port, loopback only. A request is refused (403) unless its Host is 127.0.0.1:PORT or localhost:PORT
// and its Origin, when it has one, is the same: another web page cannot drive this, nor read it.
//
// Answers are JSON. What a user's client would not allow answers 400 {"error": text}; what the emulated Discord refuses answers
// its status with {"error": text, "discord": the API's error body}. "Message" below is Discord's own message JSON (id, author,
// content, embeds, components, attachments with url, mentions, referenced_message, reactions, interaction_metadata, timestamp …)
// plus `ephemeral`, `loading` ("is thinking") and `history` (earlier states). "Outcome" is
//   { interactionId, kind: message|thinking|updated|acknowledged|modal|choices|failed, message?, modal?, choices? }
// and comes when the app has answered, or after three seconds as `failed` ("The application did not respond").
//
// Looking
//   GET  /_control/state                         { application: {id, user}, online, users: [user], guilds: [{id, name, ownerId, memberIds,
//                                                 roles, channels: [channel]}], dms: [channel] }
//   GET  /_control/commands?channel=ID&user=ID   [command]: what this user's client offers there (type 1 chat, 2 user, 3 message), Discord's
//                                                 command JSON with options, choices, autocomplete, localisations
//   GET  /_control/messages?channel=ID&user=ID   [Message], oldest first, as this user sees the channel
//   GET  /_control/events?user=ID                server-sent events, each `data:` one JSON object; without `user` everything:
//          {type:"message", message} new, {type:"edit", message}, {type:"delete", id, channelId}, {type:"reaction", message},
//          {type:"typing", channelId, userId}, {type:"interaction", outcome, channelId, userId} answered or failed (only to its user),
//          {type:"modalClosed", interactionId}, {type:"commands"}, {type:"world"} guilds, channels or members changed,
//          {type:"online", online} the app (dis)connected; without `user` also {type:"call", call} for every REST request of the app
// Acting, POST /_control/as/USER/ACTION with a JSON body
//   command        {channelId, name, options: {name: value}}  name with subcommands after spaces; a file option's value is an upload id → Outcome
//   autocomplete   {channelId, name, focused, value, options}                                       → Outcome with choices
//   click          {messageId, button}          custom id or label                                  → Outcome
//   select         {messageId, customId, values: [..]}                                              → Outcome
//   submit         {interactionId, fields: {customId: text | [values] | {upload: id}}}   fills the open modal → Outcome
//   dismissModal   {interactionId}                                                                  → {}
//   messageMenu    {messageId, name}            a message context-menu command                      → Outcome
//   userMenu       {channelId, userId, name}    a user context-menu command                         → Outcome
//   say            {channelId, text, uploads: [id]}                                                 → Message
//   reply          {messageId, text, ping: true, uploads: [id]}                                     → Message
//   edit {messageId, text} → Message · delete {messageId} → {} · react / unreact {messageId, emoji} → {} · type {channelId} → {}
//   dm             {}                           → {channelId} of the DM with the app
//   POST /_control/uploads?name=cat.png&description=…   the file's bytes as the body → {id, name, sizeBytes}; an id may be used once
// Building: POST /_control/users {name, globalName?} · /_control/guilds {name, ownerId, memberIds?, botPermissions?}
//   /_control/channels {guildId, name, nsfw?} · /_control/threads {parentId, name} · /_control/roles {guildId, name, permissions?, mentionable?}
//   /_control/members {guildId, userId, roleIds?} · /_control/overwrites {channelId, id, kind, allow?, deny?}   → the thing made
// Testing
//   POST   /_control/clock {advanceMs} · POST /_control/faults (a Fault of faults.ts) · DELETE /_control/faults
//   POST   /_control/rateLimits {route, limit, windowMs}
//   POST   /_control/gateway/drop · close {code} · reconnect (op 7) · invalidate {resumable} (op 9) · acks {on} · mute {on}
//          refuseIdentify {code|null} · duplicate {event, times} · swallow {event, times} · replay {event}
//   GET    /_control/calls · pings · missing · complaints · gateway ({connected, identifies, resumes}) · invalidRequests
// Everything else is a static file of the playground; `/` is its index.html.
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import { ROOT } from '../root.ts';
import { type Actor, type FieldValue, type OptionValue, offeredCommands, type UserFile } from './actor.ts';
import { ApiError, type JsonObject, type JsonValue } from './apiError.ts';
import type { Emulator } from './emulator.ts';
import type { Fault } from './faults.ts';
import type { PermissionName } from './permissions.ts';
import { wireCommand } from './routes/commands.ts';
import { outcomeOf, seenMessage } from './views.ts';
import { isObject, isVisibleTo, wireChannel, wireRole, wireUser } from './wire.ts';
import type { Change } from './world.ts';

const PLAYGROUND = path.join(ROOT, 'src/emulator/playground');
/** Bytes a control request may bring, above every upload limit so that the limits themselves can be tried. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

/** The page loads its own files and shows pictures of this CDN (which may go by either loopback name), nothing else. */
const PAGE_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob: http://127.0.0.1:* http://localhost:*",
  "frame-ancestors 'none'",
].join('; ');

class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Body = Readonly<Record<string, unknown>>;

/** A text field of a control request. @throws ControlError 400 */
function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new ControlError(400, `${name}: found ${typeof value}, expected text`);
  return value;
}

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const rights = (value: unknown) => list(value) as PermissionName[];

export class Control {
  readonly #emulator: Emulator;
  readonly #uploads = new Map<string, UserFile>();
  readonly #streams = new Set<ServerResponse>();

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
  }

  stop(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    try {
      this.#refuseStrangers(request);
      if (!url.pathname.startsWith('/_control/')) return await this.#page(request, response, url);
      if (url.pathname === '/_control/events') return this.#stream(response, url);
      send(response, 200, await this.#run(request, url));
    } catch (error) {
      send(response, statusOf(error), explain(error));
    }
  }

  /** DNS rebinding and cross-site requests end here. @throws ControlError 403 */
  #refuseStrangers(request: IncomingMessage): void {
    const { port } = new URL(this.#emulator.origin);
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    const { host = '', origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const sameOrigin = origin === undefined || hosts.some((one) => origin === `http://${one}`);
    const sameSite = site === undefined || site === 'same-origin' || site === 'none';
    if (!hosts.includes(host) || !sameOrigin || !sameSite)
      throw new ControlError(403, "only the emulator's own page may do this");
  }

  async #run(request: IncomingMessage, url: URL): Promise<unknown> {
    const [, , area = '', first = '', second = ''] = url.pathname.split('/').map(decodeURIComponent);
    if (request.method === 'GET') return this.#look(area, url);
    const bytes = await readAll(request);
    if (request.method === 'DELETE' && area === 'faults') return this.#emulator.rest.faults.clear();
    if (request.method !== 'POST') throw new ControlError(405, `${request.method} is not served here`);
    if (area === 'uploads') return this.#takeUpload(url, bytes, request.headers['content-type']);
    const body = parseObject(bytes);
    if (area === 'as') return await this.#act(this.#emulator.as(first), second, body);
    if (area === 'gateway') return this.#troubleGateway(first, body);
    return this.#build(area, body);
  }

  // Looking

  #look(area: string, url: URL): unknown {
    const emulator = this.#emulator;
    const asked = (name: string) => url.searchParams.get(name) ?? '';
    switch (area) {
      case 'state':
        return this.#state();
      case 'commands':
        return this.#commands(asked('channel'), asked('user'));
      case 'messages':
        return emulator.view(asked('channel'), asked('user'));
      case 'calls':
        return emulator.calls;
      case 'pings':
        return emulator.pings;
      case 'missing':
        return emulator.missing;
      case 'complaints':
        return emulator.complaints;
      case 'invalidRequests':
        return emulator.rest.limits.invalidRequests;
      case 'gateway': {
        const { connected, identifies, resumes } = emulator.gateway;
        return { connected: connected.length, identifies, resumes };
      }
    }
    throw new ControlError(404, `no such control: ${url.pathname}`);
  }

  #state(): JsonObject {
    const { world, gateway, scene } = this.#emulator;
    const channels = [...world.channels.values()].filter((channel) => !channel.deleted);
    const wired = (some: typeof channels) =>
      some.map((channel) => ({ ...wireChannel(scene, channel), kind: channel.kind }));
    return {
      application: { id: world.applicationId, user: wireUser(world.bot) },
      online: gateway.connected.length > 0,
      users: [...world.users.values()].map(wireUser),
      guilds: [...world.guilds.values()].map((guild) => ({
        id: guild.id,
        name: guild.name,
        ownerId: guild.ownerId,
        memberIds: [...guild.members.keys()],
        roles: [...guild.roles.values()].map(wireRole),
        channels: wired(channels.filter((channel) => channel.guildId === guild.id)),
      })),
      dms: channels
        .filter((channel) => channel.kind === 'dm')
        .map((channel) => ({ ...wireChannel(scene, channel), recipientIds: [...channel.recipientIds] })),
    };
  }

  #commands(channelId: string, userId: string): JsonObject[] {
    const { scene, world } = this.#emulator;
    const channel = world.channels.get(channelId);
    if (channel === undefined) throw new ControlError(404, `channel ${channelId} does not exist`);
    return offeredCommands(scene, channel, userId).map((command) => wireCommand(scene, command));
  }

  // Acting

  #takeUpload(url: URL, bytes: Buffer, contentType: string | undefined): JsonObject {
    const id = this.#emulator.world.ids.next();
    const name = url.searchParams.get('name') ?? 'file';
    const description = url.searchParams.get('description');
    this.#uploads.set(id, {
      name,
      bytes,
      ...(contentType === undefined ? {} : { contentType }),
      ...(description === null ? {} : { description }),
    });
    return { id, name, sizeBytes: bytes.length };
  }

  #uploaded(id: string): UserFile {
    const file = this.#uploads.get(id);
    if (file === undefined) throw new ControlError(400, `no upload ${id}; an upload may be used once`);
    this.#uploads.delete(id);
    return file;
  }

  /** What was put into a form, `{ upload: id }` exchanged for its file. */
  #fields(given: JsonObject): Record<string, FieldValue> {
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => {
        const isUpload = isObject(value) && typeof value.upload === 'string';
        return [name, isUpload ? this.#uploaded(String(value.upload)) : (value as string)];
      }),
    );
  }

  /** Options as the page sends them, upload ids exchanged for their files. */
  #options(actorChannel: string, name: string, value: unknown): Record<string, OptionValue> {
    const given = isObject(value) ? value : {};
    const [first, ...rest] = name.split(' ');
    const command = [...this.#emulator.world.commands.values()].find(
      (one) => one.type === 1 && one.name === first && this.#inGuild(one.guildId, actorChannel),
    );
    const node = rest.reduce<JsonObject>(
      (at, step) => optionsOf(at).find((option) => option.name === step) ?? {},
      command?.body ?? {},
    );
    return Object.fromEntries(
      Object.entries(given).flatMap(([key, one]) => {
        if (one === undefined || one === null) return [];
        const isFile = optionsOf(node).some((option) => option.name === key && option.type === 11);
        return [[key, isFile ? this.#uploaded(String(one)) : (one as OptionValue)]];
      }),
    );
  }

  #inGuild(guildId: string | null, channelId: string): boolean {
    return guildId === null || guildId === this.#emulator.world.channels.get(channelId)?.guildId;
  }

  async #act(actor: Actor, action: string, body: Body): Promise<unknown> {
    const files = () => list(body.uploads).map((id) => this.#uploaded(id));
    switch (action) {
      case 'command':
        return await actor.command(
          text(body, 'channelId'),
          text(body, 'name'),
          this.#options(text(body, 'channelId'), text(body, 'name'), body.options),
        );
      case 'autocomplete':
        return await actor.autocomplete(
          text(body, 'channelId'),
          text(body, 'name'),
          text(body, 'focused'),
          body.value as string | number,
          (isObject(body.options) ? body.options : {}) as Record<string, OptionValue>,
        );
      case 'click':
        return await actor.click(text(body, 'messageId'), text(body, 'button'));
      case 'select':
        return await actor.select(text(body, 'messageId'), text(body, 'customId'), list(body.values));
      case 'submit':
        return await actor.submit(text(body, 'interactionId'), this.#fields(isObject(body.fields) ? body.fields : {}));
      case 'dismissModal':
        return actor.dismissModal(text(body, 'interactionId'));
      case 'messageMenu':
        return await actor.messageMenu(text(body, 'messageId'), text(body, 'name'));
      case 'userMenu':
        return await actor.userMenu(text(body, 'channelId'), text(body, 'userId'), text(body, 'name'));
      case 'say':
        return await actor.say(text(body, 'channelId'), String(body.text ?? ''), { files: files() });
      case 'reply':
        return await actor.reply(text(body, 'messageId'), String(body.text ?? ''), {
          ping: body.ping !== false,
          files: files(),
        });
      case 'edit':
        return await actor.edit(text(body, 'messageId'), text(body, 'text'));
      case 'delete':
        return await actor.delete(text(body, 'messageId'));
      case 'react':
        return await actor.react(text(body, 'messageId'), text(body, 'emoji'));
      case 'unreact':
        return await actor.unreact(text(body, 'messageId'), text(body, 'emoji'));
      case 'type':
        return await actor.type(text(body, 'channelId'));
      case 'dm':
        return { channelId: actor.dm() };
    }
    throw new ControlError(404, `no such action: ${action}`);
  }

  // Building and troubling

  #build(area: string, body: Body): unknown {
    const emulator = this.#emulator;
    switch (area) {
      case 'users':
        return wireUser(
          emulator.addUser(
            text(body, 'name'),
            typeof body.globalName === 'string' ? { globalName: body.globalName } : {},
          ),
        );
      case 'guilds':
        return {
          id: emulator.addGuild(text(body, 'name'), text(body, 'ownerId'), {
            memberIds: list(body.memberIds),
            botPermissions: rights(body.botPermissions),
          }).id,
        };
      case 'channels':
        return wireChannel(
          emulator.scene,
          emulator.addChannel(text(body, 'guildId'), text(body, 'name'), { nsfw: body.nsfw === true }),
        );
      case 'threads':
        return wireChannel(emulator.scene, emulator.addThread(text(body, 'parentId'), text(body, 'name')));
      case 'roles':
        return wireRole(
          emulator.addRole(text(body, 'guildId'), text(body, 'name'), {
            permissions: rights(body.permissions),
            mentionable: body.mentionable === true,
          }),
        );
      case 'members':
        return emulator.addMember(text(body, 'guildId'), text(body, 'userId'), list(body.roleIds));
      case 'overwrites': {
        const kind = body.kind === 'member' ? 'member' : 'role';
        return emulator.setOverwrite(text(body, 'channelId'), text(body, 'id'), kind, {
          allow: rights(body.allow),
          deny: rights(body.deny),
        });
      }
      case 'clock':
        return emulator.advance(Number(body.advanceMs));
      case 'faults':
        return emulator.fault(body as unknown as Fault);
      case 'rateLimits':
        return emulator.setRateLimit(text(body, 'route'), {
          limit: Number(body.limit),
          windowMs: Number(body.windowMs),
        });
    }
    throw new ControlError(404, `no such control: ${area}`);
  }

  #troubleGateway(what: string, body: Body): unknown {
    const { gateway } = this.#emulator;
    const times = Number(body.times ?? 1);
    switch (what) {
      case 'drop':
        return gateway.drop();
      case 'close':
        return gateway.close(Number(body.code));
      case 'reconnect':
        return gateway.askToReconnect();
      case 'invalidate':
        return gateway.invalidate(body.resumable === true);
      case 'acks':
        return gateway.setAcks(body.on === true);
      case 'mute':
        return gateway.setMuted(body.on === true);
      case 'refuseIdentify':
        return gateway.refuseIdentify(body.code === null ? null : Number(body.code));
      case 'duplicate':
        return gateway.duplicateNext(text(body, 'event'), times);
      case 'swallow':
        return gateway.swallowNext(text(body, 'event'), times);
      case 'replay':
        return { replayed: gateway.replayLast(text(body, 'event')) };
    }
    throw new ControlError(404, `no such gateway trouble: ${what}`);
  }

  // Events

  #stream(response: ServerResponse, url: URL): void {
    const userId = url.searchParams.get('user');
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.write(':\n\n');
    const stop = this.#emulator.watch((change) => {
      const event = this.#eventFor(change, userId);
      if (event !== undefined) response.write(`data: ${JSON.stringify(event)}\n\n`);
    });
    this.#streams.add(response);
    response.on('close', () => {
      stop();
      this.#streams.delete(response);
    });
  }

  #eventFor(change: Change, userId: string | null): JsonObject | undefined {
    const { scene, gateway } = this.#emulator;
    switch (change.type) {
      case 'messageCreated':
      case 'messageEdited':
      case 'messageDeleted':
      case 'reactionAdded':
      case 'reactionRemoved':
        return this.#messageEvent(change, userId);
      case 'interactionAnswered':
      case 'interactionFailed': {
        const { interaction } = change;
        if (userId !== null && interaction.userId !== userId) return undefined;
        const outcome = outcomeOf(scene, interaction) as unknown as JsonObject;
        return { type: 'interaction', outcome, channelId: interaction.channelId, userId: interaction.userId };
      }
      case 'modalClosed':
        return userId === null || userId === change.interaction.userId
          ? { type: 'modalClosed', interactionId: change.interaction.id }
          : undefined;
      case 'typing':
        return { type: 'typing', channelId: change.channel.id, userId: change.userId };
      case 'commandsChanged':
        return { type: 'commands' };
      case 'session':
        return { type: 'online', online: gateway.connected.length > 0 };
      case 'called':
        return userId === null ? { type: 'call', call: change.call as unknown as JsonValue } : undefined;
      case 'interactionCreated':
      case 'presence':
        return undefined;
      default:
        return { type: 'world' };
    }
  }

  #messageEvent(change: Extract<Change, { readonly message: unknown }>, userId: string | null): JsonObject | undefined {
    const { scene } = this.#emulator;
    const { message } = change;
    if (userId !== null && !isVisibleTo(scene, message, userId)) return undefined;
    if (change.type === 'messageDeleted') return { type: 'delete', id: message.id, channelId: message.channelId };
    const type = {
      messageCreated: 'message',
      messageEdited: 'edit',
      reactionAdded: 'reaction',
      reactionRemoved: 'reaction',
    }[change.type];
    return { type, message: seenMessage(scene, message, userId ?? scene.world.bot.id) };
  }

  // The page

  async #page(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const name = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    const type = CONTENT_TYPES[path.extname(name)];
    if (request.method !== 'GET' || !/^[\w-]+(\/[\w-]+)*\.\w+$/.test(name) || type === undefined)
      throw new ControlError(404, 'not found');
    const bytes = await readFile(path.join(PLAYGROUND, name)).catch(() => undefined);
    if (bytes === undefined) throw new ControlError(404, 'not found');
    response.writeHead(200, {
      'content-type': type,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': PAGE_POLICY,
    });
    response.end(bytes);
  }
}

const optionsOf = (node: JsonObject): JsonObject[] =>
  Array.isArray(node.options) ? node.options.filter(isObject) : [];

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ControlError(413, `a control request may have ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseObject(bytes: Buffer): Body {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (isObject(value)) return value;
  } catch {
    // Falls through to the one refusal for everything that is no JSON object.
  }
  throw new ControlError(400, 'the body is no JSON object');
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value ?? {}, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one)));
}

function statusOf(error: unknown): number {
  if (error instanceof ControlError || error instanceof ApiError) return error.status;
  return error instanceof DarkroomError ? 400 : 500;
}

function explain(error: unknown): JsonObject {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof ApiError ? { error: message, discord: error.body } : { error: message };
}
