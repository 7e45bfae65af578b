// The gateway: sessions over websockets, heartbeats, resume, and the world's changes as dispatches each session may see.
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { JsonObject, JsonValue } from './apiError.ts';
import { type Dispatch, dispatchFor, INTENT } from './dispatches.ts';
import type { Scene } from './scene.ts';
import { isContentOpen, type Reader, wireFullMember, wireGuildCreate, wireUser } from './wire.ts';
import type { Change, Guild } from './world.ts';

const ALL_INTENTS = (1 << 26) - 1;
/** How long a dropped session may be resumed. Discord does not say; a few minutes are seen. */
const RESUME_WINDOW_MS = 5 * 60_000;
/** Identifies a day. @source Discord documentation, "Session Start Limit Object" */
export const IDENTIFIES_A_DAY = 1000;

/** Dispatches kept for a resume; a client further behind must identify anew. */
const KEPT_DISPATCHES = 5000;

const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presence: 3,
  voice: 4,
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
  /** [id, of how many] */
  readonly shard: readonly [number, number];
  /** The last dispatches, for resume and replay. */
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
  /** The app's last presence update. */
  presence: JsonObject | undefined;
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
    if (frame === undefined) socket.close(4002, 'Error while decoding payload.');
    else if (frame.op === OP.heartbeat) this.#beat(socket);
    else if (frame.op === OP.identify) this.#identify(socket, frame.d as JsonObject);
    else if (frame.op === OP.resume) this.#resume(socket, frame.d as JsonObject);
    else this.#obey(socket, frame);
  }

  #beat(socket: WebSocket): void {
    if (this.#acks) this.#write(socket, { op: OP.ack, d: null });
  }

  /** What only an identified session may ask. */
  #obey(socket: WebSocket, frame: Frame): void {
    const session = this.#sessionOf(socket);
    if (session === undefined) socket.close(4003, 'Not authenticated.');
    else if (frame.op === OP.presence) this.#presence(frame.d as JsonObject);
    else if (frame.op === OP.requestMembers) this.#sendMembers(session, frame.d as JsonObject);
    else if (frame.op !== OP.voice) socket.close(4001, 'Unknown opcode.');
  }

  #presence(data: JsonObject): void {
    this.presence = data;
    this.#scene.world.announce({ type: 'presence', status: String(data.status) });
  }

  #identify(socket: WebSocket, data: JsonObject): void {
    const refusal = this.#refusal ?? this.#identifyRefusal(socket, data);
    if (refusal !== null) {
      socket.close(refusal);
      return;
    }
    this.identifies += 1;
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      intents: Number(data.intents),
      shard: shardFrom(data) ?? [0, 1],
      sent: [],
      sequence: 0,
      socket,
      droppedAtMs: null,
    };
    this.#sessions.set(session.id, session);
    this.#send(session, 'READY', this.#ready(session));
    for (const guild of this.#guildsOf(session)) this.#sendGuild(session, guild);
    this.#scene.world.announce({ type: 'session', sessionId: session.id, state: 'ready' });
  }

  #guildsOf(session: Session): readonly Guild[] {
    return [...this.#scene.world.guilds.values()].filter(({ id }) => isOfShard(session.shard, id));
  }

  /** 4005 twice, 4004 wrong token, 4010 no such shard, 4011 a shard is missing, 4013 unknown intents, 4014 privileged intents that are switched off. */
  #identifyRefusal(socket: WebSocket, data: JsonObject): number | null {
    if (this.#sessionOf(socket) !== undefined) return 4005;
    if (data.token !== this.#scene.settings.token) return 4004;
    const shard = shardFrom(data);
    if (shard === undefined) return 4010;
    if (shard[1] < this.#scene.settings.shards) return 4011;
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
      guilds: this.#guildsOf(session).map(({ id }) => ({ id, unavailable: true })),
      guild_join_requests: [],
      geo_ordered_rtc_regions: [],
      application: { id: world.applicationId, flags: 0 },
      shard: [...session.shard],
    };
  }

  #resume(socket: WebSocket, data: JsonObject): void {
    const session = this.#sessions.get(String(data.session_id));
    const now = this.#scene.world.time.nowMs();
    const isStale =
      session !== undefined && session.droppedAtMs !== null && now - session.droppedAtMs > RESUME_WINDOW_MS;
    if (data.token !== this.#scene.settings.token) {
      socket.close(4004);
      return;
    }
    const isBehind = session !== undefined && Number(data.seq) < (session.sent[0]?.s ?? 1) - 1;
    if (session === undefined || isStale || isBehind) {
      this.#write(socket, { op: OP.invalid, d: false });
      return;
    }
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
    if (session.sent.length > KEPT_DISPATCHES) session.sent.shift();
    this.#write(session.socket, frame);
  }

  /** To every session with the intent, minding duplicates and losses asked for. */
  #dispatch({ name, intent, dataFor }: Dispatch): void {
    if (takeOne(this.#swallow, name)) return;
    const copies = takeOne(this.#duplicate, name) ? 2 : 1;
    for (const session of this.#sessions.values()) {
      if (intent !== INTENT.none && (session.intents & intent) === 0) continue;
      const data = dataFor(this.#readerOf(session));
      if (!isOfShard(session.shard, guildOf(name, data))) continue;
      for (let copy = 0; copy < copies; copy++) this.#send(session, name, data);
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
    if (change.type === 'guildCreated') {
      for (const session of this.#sessions.values()) {
        if (isOfShard(session.shard, change.guild.id)) this.#sendGuild(session, change.guild);
      }
    }
    const dispatch = dispatchFor(this.#scene, change);
    if (dispatch !== undefined) this.#dispatch(dispatch);
  }
}

export function gatewayUrl(origin: string): string {
  return `${origin.replace('http:', 'ws:')}/gateway`;
}

/** [id, of how many]; undefined for a pair that cannot be. */
function shardFrom({ shard = [0, 1] }: JsonObject): readonly [number, number] | undefined {
  if (!Array.isArray(shard)) return undefined;
  const [id, count] = shard.map(Number);
  const isPair = shard.length === 2 && Number.isInteger(id) && Number.isInteger(count) && id! >= 0 && id! < count!;
  return isPair ? [id!, count!] : undefined;
}

/** @source Discord documentation, "Sharding": (guild_id >> 22) % shards; what has no guild goes to the first */
function isOfShard([id, count]: readonly [number, number], guildId: string | undefined): boolean {
  return guildId === undefined ? id === 0 : Number((BigInt(guildId) >> 22n) % BigInt(count)) === id;
}

function guildOf(name: string, data: JsonValue): string | undefined {
  const { guild_id: guildId, id } = data as JsonObject;
  if (typeof guildId === 'string') return guildId;
  return name === 'GUILD_DELETE' && typeof id === 'string' ? id : undefined;
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
