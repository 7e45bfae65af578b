// The bot's side of a fleet: hears the machines' heartbeats in Redis and makes an ImageWorker of each. Redis is lease and transport only;
// what is lost there is sent again, and a machine is given up only when Redis answers and its heartbeat is gone.

import type { Redis } from 'ioredis';
import { type Clock, systemClock } from '../clock.ts';
import type { ImageWorker } from '../core/worker.ts';
import type { Logger } from '../log.ts';
import type { Receiver } from './receiver.ts';
import { connectRedis } from './redis.ts';
import { RemoteWorker } from './remoteWorker.ts';
import { HEARTBEAT_LIFE_MS, HEARTBEAT_MS, HEARTBEAT_PREFIX, type Heartbeat, PROTOCOL, readHeartbeat } from './wire.ts';

export interface FleetOptions {
  readonly redisUrl: string;
  readonly receiver: Receiver;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Whether this bot's queue knows the job: only then is it stopped where a machine has it in hand and nobody waits for it. */
  readonly isOurs: (jobId: string) => boolean;
  /** A machine came; `slots` jobs at once, only of its own models. */
  readonly onJoin: (worker: ImageWorker, heartbeat: Heartbeat) => void;
  /** It can make other things than before. */
  readonly onChange?: (heartbeat: Heartbeat) => void;
  /** It is gone; what it had in hand has been rejected as `worker_lost`. */
  readonly onLeave: (stationId: string) => void;
}

/** Redis answered this many rounds without the heartbeat: longer than its life, so that a wiped Redis has had it written again. */
const MISSED_ROUNDS = Math.ceil(HEARTBEAT_LIFE_MS / HEARTBEAT_MS) + 1;

interface Member {
  readonly worker: RemoteWorker;
  missed: number;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #redis: Redis;
  readonly #members = new Map<string, Member>();
  readonly #strangers = new Set<string>();
  readonly #closing = new AbortController();
  #wasReached = true;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#redis = connectRedis(options.redisUrl, options.log);
  }

  /** Looks for machines until closed. */
  start(): void {
    void this.#watch();
  }

  /** Machines that are there now. */
  get heartbeats(): readonly Heartbeat[] {
    return [...this.#members.values()].map(({ worker }) => worker.heartbeat);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the fleet is closed'));
    for (const { worker } of this.#members.values()) await worker.close();
    this.#members.clear();
    this.#redis.disconnect();
  }

  async #watch(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#round().catch((err) => this.#noteUnreached(err));
      await this.#clock.sleep(HEARTBEAT_MS, this.#closing.signal).catch(() => undefined);
    }
  }

  #noteUnreached(err: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (this.#wasReached) this.#options.log.warn({ err }, 'Redis cannot be reached; the fleet waits for it');
    this.#wasReached = false;
  }

  async #round(): Promise<void> {
    const present = await this.#present();
    if (this.#closing.signal.aborted) return;
    if (!this.#wasReached) this.#options.log.info('Redis is back');
    this.#wasReached = true;
    for (const heartbeat of present.values()) this.#hear(heartbeat);
    for (const [id, member] of this.#members) {
      member.missed = present.has(id) ? 0 : member.missed + 1;
      if (member.missed >= MISSED_ROUNDS) this.#lose(id, member);
    }
  }

  async #present(): Promise<ReadonlyMap<string, Heartbeat>> {
    const keys: string[] = [];
    const stream = this.#redis.scanStream({ match: `${HEARTBEAT_PREFIX}*`, count: 100 });
    for await (const part of stream) keys.push(...(part as string[]));
    const texts = keys.length === 0 ? [] : await this.#redis.mget(keys);
    const present = new Map<string, Heartbeat>();
    for (const text of texts) {
      const heartbeat = text === null ? undefined : readHeartbeat(text);
      if (heartbeat === undefined) continue;
      if ('stationId' in heartbeat) present.set(heartbeat.stationId, heartbeat);
      else this.#refuse(heartbeat);
    }
    return present;
  }

  #refuse({ name, protocol }: { readonly name: string; readonly protocol: number }): void {
    if (this.#strangers.has(name)) return;
    this.#strangers.add(name);
    const expected = PROTOCOL;
    this.#options.log.warn({ name, found: protocol, expected }, 'a machine of another version is left out; update it');
  }

  #hear(heartbeat: Heartbeat): void {
    const member = this.#members.get(heartbeat.stationId);
    if (member !== undefined) {
      const { edition } = member.worker.heartbeat;
      member.worker.hear(heartbeat);
      if (heartbeat.edition !== edition) this.#options.onChange?.(heartbeat);
      return;
    }
    const { redisUrl, receiver, log, isOurs } = this.#options;
    const worker = new RemoteWorker({ heartbeat, redisUrl, receiver, log, clock: this.#clock, isOurs });
    this.#members.set(heartbeat.stationId, { worker, missed: 0 });
    const models = heartbeat.facts.models.map((card) => card.name);
    log.info({ machine: heartbeat.name, models, provider: heartbeat.facts.provider }, 'a machine joined the fleet');
    this.#options.onJoin(worker, heartbeat);
  }

  #lose(id: string, { worker }: Member): void {
    this.#members.delete(id);
    this.#options.log.warn({ machine: worker.heartbeat.name }, 'a machine left the fleet');
    worker.lose();
    this.#options.onLeave(id);
  }
}
