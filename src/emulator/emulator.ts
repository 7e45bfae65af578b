// A strict local Discord in one object: REST, gateway and CDN on one loopback port, and the controls tests and the page use.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../clock.ts';
import { DarkroomError } from '../errors.ts';
import { Actor } from './actor.ts';
import { serveFile } from './cdn.ts';
import { Control } from './control.ts';
import type { Fault } from './faults.ts';
import { Gateway } from './gateway.ts';
import { PERMISSION, type PermissionName } from './permissions.ts';
import type { BucketRule } from './rateLimits.ts';
import { Rest } from './rest.ts';
import { DEFAULT_SETTINGS, Scene, type Settings } from './scene.ts';
import { Timeline } from './timeline.ts';
import { type SeenMessage, seenMessage, viewOf } from './views.ts';
import { isLoading } from './wire.ts';
import { type Change, type Channel, type Guild, type Overwrite, type Role, type User, World } from './world.ts';

export type EmulatorOptions = Partial<Settings> & { readonly clock?: Clock };

/** Real milliseconds `until` waits before it gives up. */
const UNTIL_TIMEOUT_MS = 10_000;

export class Emulator {
  readonly scene: Scene;
  readonly time: Timeline;
  readonly world: World;
  readonly gateway: Gateway;
  readonly rest: Rest;
  readonly #server: http.Server;
  readonly #sockets: WebSocketServer;
  readonly #control: Control;

  constructor(options: EmulatorOptions = {}) {
    const { clock = systemClock, ...settings } = options;
    this.time = new Timeline(clock);
    this.world = new World(this.time);
    this.scene = new Scene(this.world, { ...DEFAULT_SETTINGS, ...settings });
    this.gateway = new Gateway(this.scene);
    this.rest = new Rest(this.scene, this.gateway);
    this.#control = new Control(this);
    this.#sockets = new WebSocketServer({ noServer: true });
    this.#server = http.createServer(
      (request, response) => void this.#serve(request, response).catch(() => response.destroy()),
    );
    this.#server.on('upgrade', (request, socket, head) => {
      if (/^\/gateway\/?(\?|$)/.test(request.url ?? '')) {
        this.#sockets.handleUpgrade(request, socket, head, (accepted) => this.gateway.accept(accepted));
      } else socket.destroy();
    });
  }

  /** Listens on 127.0.0.1; port 0 takes a free one. Resolves with the port. */
  async start(options: { readonly port?: number } = {}): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(options.port ?? 0, '127.0.0.1', () => resolve());
    });
    const { port } = this.#server.address() as AddressInfo;
    this.scene.origin = `http://127.0.0.1:${port}`;
    if (this.scene.settings.warmUp) this.rest.warmUp();
    return port;
  }

  async stop(): Promise<void> {
    this.time.stop();
    this.gateway.stop();
    this.#control.stop();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** `http://127.0.0.1:PORT`; attachments live under it. */
  get origin(): string {
    return this.scene.origin;
  }

  /** What discord.js wants as `rest.api`. */
  get apiUrl(): string {
    return `${this.scene.origin}/api`;
  }

  get token(): string {
    return this.scene.settings.token;
  }

  // Building the world

  addUser(
    name: string,
    options: { readonly globalName?: string; readonly bot?: boolean; readonly locale?: string } = {},
  ): User {
    return this.world.addUser({ username: name, ...options });
  }

  /** A guild with its owner, the bot (with the rights of an ordinary member) and the other users as members. */
  addGuild(
    name: string,
    ownerId: string,
    options: { readonly memberIds?: readonly string[]; readonly botPermissions?: readonly PermissionName[] } = {},
  ): Guild {
    const guild = this.world.addGuild({ name, ownerId, botPermissions: bitsOf(options.botPermissions ?? []) });
    for (const userId of options.memberIds ?? []) this.world.addMember(guild, userId);
    return guild;
  }

  addMember(guildId: string, userId: string, roleIds: readonly string[] = []): void {
    this.world.addMember(this.#guild(guildId), userId, roleIds);
  }

  /** What a moderator's "Timeout" does; the app may be the one. */
  timeOut(guildId: string, userId: string, untilMs: number): void {
    this.world.timeOut(this.#guild(guildId), userId, untilMs);
  }

  addRole(
    guildId: string,
    name: string,
    options: { readonly permissions?: readonly PermissionName[]; readonly mentionable?: boolean } = {},
  ): Role {
    return this.world.addRole(this.#guild(guildId), {
      name,
      permissions: bitsOf(options.permissions ?? []),
      mentionable: options.mentionable ?? false,
    });
  }

  addChannel(
    guildId: string,
    name: string,
    options: { readonly nsfw?: boolean; readonly topic?: string; readonly overwrites?: readonly Overwrite[] } = {},
  ): Channel {
    const { nsfw = false, topic = null, overwrites = [] } = options;
    return this.world.addChannel({
      kind: 'text',
      guildId: this.#guild(guildId).id,
      name,
      nsfw,
      topic,
      overwrites: [...overwrites],
    });
  }

  addThread(parentId: string, name: string): Channel {
    const parent = this.world.channels.get(parentId);
    if (parent === undefined) throw new DarkroomError('request_invalid', `channel ${parentId} does not exist`);
    return this.world.addChannel({
      kind: 'thread',
      guildId: parent.guildId,
      name,
      parentId,
      nsfw: parent.nsfw,
      ownerId: this.world.bot.id,
    });
  }

  /** Replaces a channel's overwrites for one role or member. */
  setOverwrite(
    channelId: string,
    id: string,
    kind: 'role' | 'member',
    rights: { readonly allow?: readonly PermissionName[]; readonly deny?: readonly PermissionName[] },
  ): void {
    const channel = this.world.channels.get(channelId);
    if (channel === undefined) throw new DarkroomError('request_invalid', `channel ${channelId} does not exist`);
    const entry: Overwrite = { id, kind, allow: bitsOf(rights.allow ?? []), deny: bitsOf(rights.deny ?? []) };
    channel.overwrites = [...channel.overwrites.filter((other) => other.id !== id), entry];
    this.world.announce({ type: 'channelUpdated', channel });
  }

  #guild(guildId: string): Guild {
    const guild = this.world.guilds.get(guildId);
    if (guild === undefined) throw new DarkroomError('request_invalid', `guild ${guildId} does not exist`);
    return guild;
  }

  // Acting and looking

  as(userId: string): Actor {
    return new Actor(this.scene, userId);
  }

  view(channelId: string, asUserId: string): SeenMessage[] {
    return viewOf(this.scene, channelId, asUserId);
  }

  get calls(): World['calls'] {
    return this.world.calls;
  }

  get pings(): World['pings'] {
    return this.world.pings;
  }

  /** Requests to routes the emulator lacks. */
  get missing(): readonly string[] {
    return this.rest.missing;
  }

  /** Own answers that break openapi.json, and own crashes. */
  get complaints(): readonly string[] {
    return this.scene.complaints;
  }

  /** @throws internal when a route was missing or an own answer was wrong; for the end of every test. */
  assertClean(): void {
    const found = [...this.missing.map((line) => `missing route: ${line}`), ...this.complaints];
    if (found.length > 0) throw new DarkroomError('internal', found.join('\n'));
  }

  // Time and trouble

  /** Pushes the emulator's time forward. */
  advance(ms: number): void {
    this.time.advance(ms);
  }

  fault(fault: Fault): void {
    this.rest.faults.add(fault);
  }

  setRateLimit(route: string, rule: BucketRule): void {
    this.rest.limits.setRule(route, rule);
  }

  watch(listener: (change: Change) => void): () => void {
    return this.world.watch(listener);
  }

  /**
   * Resolves with the first value of `look` that is neither undefined, null nor false; looks now and after every change.
   * @throws internal after `timeoutMs` real milliseconds
   */
  until<T>(look: () => T | undefined | null | false, timeoutMs = UNTIL_TIMEOUT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        stop();
      };
      const tryOnce = () => {
        try {
          const found = look();
          if (found === undefined || found === null || found === false) return;
          finish();
          resolve(found);
        } catch (error) {
          finish();
          reject(error);
        }
      };
      const timer = setTimeout(() => {
        stop();
        reject(new DarkroomError('internal', `nothing came of it in ${timeoutMs} ms: ${String(look)}`));
      }, timeoutMs);
      const stop = this.world.watch(tryOnce);
      tryOnce();
    });
  }

  /** The answer of an interaction once it no longer "thinks"; undefined when it was deleted. */
  settled(interactionId: string, timeoutMs = UNTIL_TIMEOUT_MS): Promise<SeenMessage | undefined> {
    const look = () => {
      const interaction = this.world.interactions.get(interactionId);
      const message = this.world.messages.get(interaction?.originalId ?? '');
      if (interaction === undefined || message === undefined || isLoading(message)) return undefined;
      return { message: message.deleted ? undefined : seenMessage(this.scene, message, interaction.userId) };
    };
    return this.until(look, timeoutMs).then((found) => found.message);
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.scene.origin);
    if (url.pathname.startsWith('/api/')) return await this.rest.serve(request, response, url);
    if (url.pathname.startsWith('/attachments/') || url.pathname.startsWith('/ephemeral-attachments/'))
      return serveFile(this.scene, url, response);
    await this.#control.serve(request, response, url);
  }
}

function bitsOf(names: readonly PermissionName[]): bigint {
  return names.reduce((bits, name) => bits | PERMISSION[name], 0n);
}
