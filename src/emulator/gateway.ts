// The gateway: sessions over websockets, heartbeats, resume, and the world's changes as dispatches each session may see.
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { JsonObject, JsonValue } from './apiError.ts';
import { wireInteraction } from './interactionWire.ts';
import { permissionsIn } from './permissions.ts';
import type { Scene } from './scene.ts';
import {
  isContentOpen,
  type Reader,
  wireChannel,
  wireFullMember,
  wireGuildCreate,
  wireMember,
  wireMessageEvent,
  wireRole,
  wireUser,
} from './wire.ts';
import type { Change, Channel, Guild, Message } from './world.ts';

/** Intent bits. @source Discord documentation, "Gateway Intents" */
export const INTENT = {
  guilds: 1 << 0,
  guildMembers: 1 << 1,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  guildReactions: 1 << 10,
  guildTyping: 1 << 11,
  directMessages: 1 << 12,
  directReactions: 1 << 13,
  directTyping: 1 << 14,
  messageContent: 1 << 15,
} as const;

const ALL_INTENTS = (1 << 26) - 1;
/** How long a dropped session may be resumed. Discord does not say; a few minutes are seen. */
const RESUME_WINDOW_MS = 5 * 60_000;
/** Identifies a day. @source Discord documentation, "Session Start Limit Object" */
export const IDENTIFIES_A_DAY = 1000;

const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presence: 3,
  resume: 6,
  reconnect: 7,
  requestMembers: 8,
  invalid: 9,
  hello: 10,
  ack: 11,
} as const;

interface Frame {
  readonly op: number;
  readonly t?: string;
  readonly s?: number;
  readonly d: JsonValue;
}

export interface Session {
  readonly id: string;
  readonly intents: number;
  /** Everything dispatched, for resume and replay. */
  readonly sent: Frame[];
  sequence: number;
  socket: WebSocket | undefined;
  droppedAtMs: number | null;
}

/** An event as a test may look at or repeat it. */
export interface SentEvent {
  readonly name: string;
  readonly sequence: number;
  readonly data: JsonValue;
}

export class Gateway {
  readonly #scene: Scene;
  readonly #sessions = new Map<string, Session>();
  readonly #sockets = new Set<WebSocket>();
  readonly #duplicate = new Map<string, number>();
  readonly #swallow = new Map<string, number>();
  #acks = true;
  #muted = false;
  /** Close code for every IDENTIFY from now on; null lets them in. */
  #refusal: number | null = null;
  identifies = 0;
  resumes = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    scene.world.watch((change) => this.#follow(change));
  }

  /** Sessions that are connected now. */
  get connected(): readonly Session[] {
    return [...this.#sessions.values()].filter((session) => session.socket !== undefined);
  }

  get heardEvents(): readonly SentEvent[] {
    return [...this.#sessions.values()].flatMap((session) =>
      session.sent.map((frame) => ({ name: frame.t ?? '', sequence: frame.s ?? 0, data: frame.d })),
    );
  }

  // Controls

  /** Cuts the TCP connection without a closing handshake. */
  drop(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Closes properly with a code, e.g. 4000, 4004, 4014. */
  close(code: number, reason = ''): void {
    for (const socket of this.#sockets) socket.close(code, reason);
  }

  /** Op 7. */
  askToReconnect(): void {
    this.#broadcast({ op: OP.reconnect, d: null });
  }

  /** Op 9; without `resumable` the session is forgotten. */
  invalidate(resumable: boolean): void {
    this.#broadcast({ op: OP.invalid, d: resumable });
    if (!resumable) this.#sessions.clear();
  }

  /** Heartbeats stay unanswered from now on, or are answered again. */
  setAcks(on: boolean): void {
    this.#acks = on;
  }

  /** Half-open: sockets stay up, nothing is sent any more; what was missed is resumable. */
  setMuted(on: boolean): void {
    this.#muted = on;
  }

  /** Every IDENTIFY is closed with this code; null ends that. */
  refuseIdentify(code: number | null): void {
    this.#refusal = code;
  }

  /** The next `times` dispatches of this name arrive twice, the copy with its own sequence number. */
  duplicateNext(name: string, times = 1): void {
    this.#duplicate.set(name, (this.#duplicate.get(name) ?? 0) + times);
  }

  /** The next `times` dispatches of this name are lost. */
  swallowNext(name: string, times = 1): void {
    this.#swallow.set(name, (this.#swallow.get(name) ?? 0) + times);
  }

  /** Sends the last dispatch of this name once more. Returns whether there was one. */
  replayLast(name: string): boolean {
    let found = false;
    for (const session of this.#sessions.values()) {
      const frame = session.sent.findLast((sent) => sent.t === name);
      if (frame === undefined) continue;
      found = true;
      this.#send(session, name, frame.d);
    }
    return found;
  }

  /** Any dispatch, to every session, whatever its intents. */
  dispatchRaw(name: string, data: JsonValue): void {
    for (const session of this.#sessions.values()) this.#send(session, name, data);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.terminate();
    this.#sessions.clear();
  }

  // Connections

  accept(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.on('close', (code) => this.#closed(socket, code));
    socket.on('error', () => socket.terminate());
    socket.on('message', (raw) => this.#receive(socket, String(raw)));
    this.#write(socket, { op: OP.hello, d: { heartbeat_interval: this.#scene.settings.heartbeatIntervalMs } });
  }

  #closed(socket: WebSocket, code: number): void {
    this.#sockets.delete(socket);
    const session = this.#sessionOf(socket);
    if (session === undefined) return;
    session.socket = undefined;
    session.droppedAtMs = this.#scene.world.time.nowMs();
    if (code === 1000 || code === 1001) this.#sessions.delete(session.id);
    this.#scene.world.announce({ type: 'session', sessionId: session.id, state: 'closed' });
  }

  #sessionOf(socket: WebSocket): Session | undefined {
    return [...this.#sessions.values()].find((session) => session.socket === socket);
  }

  #receive(socket: WebSocket, text: string): void {
    const frame = parseFrame(text);
    if (frame === undefined) return socket.close(4002, 'Error while decoding payload.');
    if (frame.op === OP.heartbeat) return this.#acks ? this.#write(socket, { op: OP.ack, d: null }) : undefined;
    if (frame.op === OP.identify) return this.#identify(socket, frame.d as JsonObject);
    if (frame.op === OP.resume) return this.#resume(socket, frame.d as JsonObject);
    const session = this.#sessionOf(socket);
    if (session === undefined) return socket.close(4003, 'Not authenticated.');
    if (frame.op === OP.presence) return this.#presence(frame.d as JsonObject);
    if (frame.op === OP.requestMembers) return this.#sendMembers(session, frame.d as JsonObject);
    if (frame.op !== 4) socket.close(4001, 'Unknown opcode.');
  }

  #presence(data: JsonObject): void {
    this.#scene.world.announce({ type: 'presence', status: String(data.status) });
  }

  #identify(socket: WebSocket, data: JsonObject): void {
    const refusal = this.#refusal ?? this.#identifyRefusal(socket, data);
    if (refusal !== null) return socket.close(refusal);
    this.identifies += 1;
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      intents: Number(data.intents),
      sent: [],
      sequence: 0,
      socket,
      droppedAtMs: null,
    };
    this.#sessions.set(session.id, session);
    this.#send(session, 'READY', this.#ready(session));
    for (const guild of this.#scene.world.guilds.values()) this.#sendGuild(session, guild);
    this.#scene.world.announce({ type: 'session', sessionId: session.id, state: 'ready' });
  }

  /** 4005 twice, 4004 wrong token, 4013 unknown intents, 4014 privileged intents that are switched off. */
  #identifyRefusal(socket: WebSocket, data: JsonObject): number | null {
    if (this.#sessionOf(socket) !== undefined) return 4005;
    if (data.token !== this.#scene.settings.token) return 4004;
    const intents = Number(data.intents);
    if (!Number.isInteger(intents) || intents < 0 || intents > ALL_INTENTS) return 4013;
    const { privileged } = this.#scene.settings;
    const refused =
      ((intents & INTENT.messageContent) !== 0 && !privileged.messageContent) ||
      ((intents & INTENT.guildMembers) !== 0 && !privileged.guildMembers) ||
      ((intents & INTENT.guildPresences) !== 0 && !privileged.presences);
    return refused ? 4014 : null;
  }

  #ready(session: Session): JsonObject {
    const { world, origin } = this.#scene;
    return {
      v: 10,
      user: { ...wireUser(world.bot), mfa_enabled: true, verified: true, email: null },
      session_type: 'normal',
      session_id: session.id,
      resume_gateway_url: gatewayUrl(origin),
      relationships: [],
      private_channels: [],
      presences: [],
      guilds: [...world.guilds.keys()].map((id) => ({ id, unavailable: true })),
      guild_join_requests: [],
      geo_ordered_rtc_regions: [],
      application: { id: world.applicationId, flags: 0 },
      shard: [0, 1],
    };
  }

  #resume(socket: WebSocket, data: JsonObject): void {
    const session = this.#sessions.get(String(data.session_id));
    const now = this.#scene.world.time.nowMs();
    const isStale =
      session !== undefined && session.droppedAtMs !== null && now - session.droppedAtMs > RESUME_WINDOW_MS;
    if (data.token !== this.#scene.settings.token) return socket.close(4004);
    if (session === undefined || isStale) return this.#write(socket, { op: OP.invalid, d: false });
    session.socket?.terminate();
    session.socket = socket;
    session.droppedAtMs = null;
    this.resumes += 1;
    for (const frame of session.sent) if ((frame.s ?? 0) > Number(data.seq)) this.#write(socket, frame);
    this.#send(session, 'RESUMED', {});
    this.#scene.world.announce({ type: 'session', sessionId: session.id, state: 'resumed' });
  }

  // Dispatches

  #write(socket: WebSocket | undefined, frame: Frame): void {
    if (this.#muted || socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ t: null, s: null, ...frame }));
  }

  #broadcast(frame: Frame): void {
    for (const session of this.connected) this.#write(session.socket, frame);
  }

  #send(session: Session, name: string, data: JsonValue): void {
    const frame: Frame = { op: OP.dispatch, t: name, s: ++session.sequence, d: data };
    session.sent.push(frame);
    this.#write(session.socket, frame);
  }

  /** To every session with the intent, minding duplicates and losses asked for. */
  #dispatch(name: string, intent: number, dataFor: (session: Session) => JsonValue): void {
    if (takeOne(this.#swallow, name)) return;
    const copies = takeOne(this.#duplicate, name) ? 2 : 1;
    for (const session of this.#sessions.values()) {
      if (intent !== 0 && (session.intents & intent) === 0) continue;
      for (let copy = 0; copy < copies; copy++) this.#send(session, name, dataFor(session));
    }
  }

  #readerOf(session: Session): Reader {
    const all = (session.intents & INTENT.messageContent) !== 0;
    return { userId: this.#scene.world.bot.id, seesContent: (message) => all || isContentOpen(this.#scene, message) };
  }

  #sendGuild(session: Session, guild: Guild): void {
    if ((session.intents & INTENT.guilds) === 0) return;
    this.#send(
      session,
      'GUILD_CREATE',
      wireGuildCreate(this.#scene, guild, (session.intents & INTENT.guildMembers) !== 0),
    );
  }

  #sendMembers(session: Session, data: JsonObject): void {
    const guild = this.#scene.world.guilds.get(String(data.guild_id));
    if (guild === undefined) return;
    const ids = [data.user_ids ?? []].flat().map(String);
    const members = [...guild.members.values()].filter((member) => ids.length === 0 || ids.includes(member.userId));
    this.#send(session, 'GUILD_MEMBERS_CHUNK', {
      guild_id: guild.id,
      members: members.map((member) => wireFullMember(this.#scene, member)),
      chunk_index: 0,
      chunk_count: 1,
      not_found: ids.filter((id) => !guild.members.has(id)),
      ...(data.nonce === undefined ? {} : { nonce: data.nonce }),
    });
  }

  #follow(change: Change): void {
    switch (change.type) {
      case 'messageCreated':
      case 'messageEdited':
      case 'messageDeleted':
        return this.#messageChanged(change.type, change.message);
      case 'reactionAdded':
      case 'reactionRemoved':
        return this.#reacted(change.type, change.message, change.userId, change.emoji);
      case 'interactionCreated':
        return this.#dispatch('INTERACTION_CREATE', 0, () =>
          wireInteraction(this.#scene, change.interaction, change.uploads),
        );
      case 'typing':
        return this.#typing(change.channel, change.userId);
      case 'guildCreated':
        for (const session of this.#sessions.values()) this.#sendGuild(session, change.guild);
        return;
      case 'guildRemoved':
        return this.#dispatch('GUILD_DELETE', INTENT.guilds, () => ({ id: change.guild.id }));
      case 'channelCreated':
      case 'channelUpdated':
      case 'channelDeleted':
        return this.#channelChanged(change.type, change.channel);
      case 'memberAdded':
      case 'memberUpdated':
      case 'memberRemoved':
        return this.#memberChanged(change);
      case 'roleCreated':
      case 'roleUpdated': {
        const name = change.type === 'roleCreated' ? 'GUILD_ROLE_CREATE' : 'GUILD_ROLE_UPDATE';
        return this.#dispatch(name, INTENT.guilds, () => ({ guild_id: change.guild.id, role: wireRole(change.role) }));
      }
    }
  }

  #botSees(channel: Channel | undefined): channel is Channel {
    return channel !== undefined && permissionsIn(this.#scene.world, channel, this.#scene.world.bot.id) !== 0n;
  }

  #messageChanged(type: 'messageCreated' | 'messageEdited' | 'messageDeleted', message: Message): void {
    const channel = this.#scene.world.channels.get(message.channelId);
    const foreign = message.ephemeralTo !== null && message.authorId !== this.#scene.world.bot.id;
    if (!this.#botSees(channel) || foreign) return;
    const direct = channel.guildId === null || message.ephemeralTo !== null;
    const intent = direct ? INTENT.directMessages : INTENT.guildMessages;
    const guild = direct ? {} : { guild_id: channel.guildId };
    if (type === 'messageDeleted') {
      return this.#dispatch('MESSAGE_DELETE', intent, () => ({ id: message.id, channel_id: channel.id, ...guild }));
    }
    const name = type === 'messageCreated' ? 'MESSAGE_CREATE' : 'MESSAGE_UPDATE';
    this.#dispatch(name, intent, (session) => ({
      ...wireMessageEvent(this.#scene, message, this.#readerOf(session)),
      channel_type: channelTypeOf(channel),
    }));
  }

  #reacted(type: 'reactionAdded' | 'reactionRemoved', message: Message, userId: string, emoji: string): void {
    const channel = this.#scene.world.channels.get(message.channelId);
    if (!this.#botSees(channel)) return;
    const name = type === 'reactionAdded' ? 'MESSAGE_REACTION_ADD' : 'MESSAGE_REACTION_REMOVE';
    const guild = channel.guildId === null ? undefined : this.#scene.world.guilds.get(channel.guildId);
    const member = guild?.members.get(userId);
    this.#dispatch(name, guild === undefined ? INTENT.directReactions : INTENT.guildReactions, () => ({
      user_id: userId,
      channel_id: channel.id,
      message_id: message.id,
      ...(guild === undefined ? {} : { guild_id: guild.id }),
      ...(member === undefined || type === 'reactionRemoved' ? {} : { member: wireFullMember(this.#scene, member) }),
      message_author_id: message.authorId,
      emoji: { id: null, name: emoji },
      burst: false,
      type: 0,
    }));
  }

  #typing(channel: Channel, userId: string): void {
    const intent = channel.guildId === null ? INTENT.directTyping : INTENT.guildTyping;
    const timestamp = Math.floor(this.#scene.world.time.nowMs() / 1000);
    this.#dispatch('TYPING_START', intent, () => ({
      channel_id: channel.id,
      guild_id: channel.guildId ?? undefined,
      user_id: userId,
      timestamp,
    }));
  }

  #channelChanged(type: 'channelCreated' | 'channelUpdated' | 'channelDeleted', channel: Channel): void {
    if (channel.kind === 'dm') return;
    const verb = { channelCreated: 'CREATE', channelUpdated: 'UPDATE', channelDeleted: 'DELETE' }[type];
    const noun = channel.kind === 'thread' ? 'THREAD' : 'CHANNEL';
    this.#dispatch(`${noun}_${verb}`, INTENT.guilds, () => wireChannel(this.#scene, channel));
  }

  #memberChanged(change: Extract<Change, { type: 'memberAdded' | 'memberUpdated' | 'memberRemoved' }>): void {
    const { guild, member } = change;
    const user = wireUser(this.#scene.world.users.get(member.userId) ?? this.#scene.world.bot);
    const isSelf = member.userId === this.#scene.world.bot.id;
    if (change.type === 'memberRemoved') {
      return this.#dispatch('GUILD_MEMBER_REMOVE', INTENT.guildMembers, () => ({ guild_id: guild.id, user }));
    }
    const name = change.type === 'memberAdded' ? 'GUILD_MEMBER_ADD' : 'GUILD_MEMBER_UPDATE';
    this.#dispatch(name, isSelf ? INTENT.guilds : INTENT.guildMembers, () => ({
      guild_id: guild.id,
      user,
      ...wireMember(member),
    }));
  }
}

const channelTypeOf = (channel: Channel) => (channel.kind === 'dm' ? 1 : channel.kind === 'thread' ? 11 : 0);

export function gatewayUrl(origin: string): string {
  return `${origin.replace('http:', 'ws:')}/gateway`;
}

/** Counts one down; true while there was something to count. */
function takeOne(counts: Map<string, number>, name: string): boolean {
  const left = counts.get(name) ?? 0;
  if (left <= 1) counts.delete(name);
  else counts.set(name, left - 1);
  return left > 0;
}

function parseFrame(text: string): { op: number; d: JsonValue } | undefined {
  try {
    const frame = JSON.parse(text) as { op?: unknown; d?: JsonValue };
    return typeof frame.op === 'number' ? { op: frame.op, d: frame.d ?? null } : undefined;
  } catch {
    return undefined;
  }
}
