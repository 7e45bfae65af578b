// A machine of the fleet: says every two seconds what it can make and what it has in hand, takes tasks from its own queue, hands results
// in at the address each task carries. It holds no database and no token; whatever it loses, the bot asks for again.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Clock, systemClock } from '../clock.ts';
import type { DevelopProgress, DevelopTask, ImageWorker, WorkerFacts } from '../core/worker.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { tellNews } from '../worker/news.ts';
import { fetchInput, type Handing, handIn, NobodyWaits } from './handIn.ts';
import { connectRedis } from './redis.ts';
import {
  BLENDED_INPUTS,
  CANCEL_CHANNEL,
  CONTROL_INPUTS,
  cancelKey,
  deliveryId,
  HEARTBEAT_LIFE_MS,
  HEARTBEAT_MS,
  HEARTBEAT_PREFIX,
  type Heartbeat,
  type InputName,
  PATH_FIELDS,
  type Parcel,
  PROTOCOL,
  queueOf,
  readParcel,
  wireProgress,
} from './wire.ts';

export interface StationOptions {
  readonly redisUrl: string;
  /** Makes the pictures; closed by whoever made it. */
  readonly worker: ImageWorker;
  /** Model name → hash of its weights. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly slots: number;
  readonly log: Logger;
  readonly clock?: Clock;
  /** For people; the host's name when absent. */
  readonly name?: string;
}

export interface Station {
  readonly stationId: string;
  /** Looks at the folders of LoRAs and control networks again, and says what there is now. */
  refresh(): Promise<void>;
  /** Takes no more tasks and lets running ones end within `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Least milliseconds between two words about a task's progress. */
const PROGRESS_MS = 500;

/** @throws what the worker's handshake throws */
export async function openStation(options: StationOptions): Promise<Station> {
  const facts = await options.worker.ready();
  const station = new OpenStation(options, facts);
  await station.start();
  return station;
}

class OpenStation implements Station {
  readonly stationId = randomBytes(8).toString('hex');
  readonly #options: StationOptions;
  readonly #clock: Clock;
  #facts: WorkerFacts;
  #edition = 0;
  readonly #redis: Redis;
  readonly #ears: Redis;
  readonly #tasks: Worker;
  readonly #running = new Map<string, AbortController>();
  readonly #closing = new AbortController();

  constructor(options: StationOptions, facts: WorkerFacts) {
    const { redisUrl, log, slots } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#facts = facts;
    this.#redis = connectRedis(redisUrl, log);
    this.#ears = connectRedis(redisUrl, log);
    this.#tasks = new Worker(queueOf(this.stationId), (job) => this.#take(job), {
      connection: { url: redisUrl, maxRetriesPerRequest: null },
      concurrency: slots,
      // The database counts attempts; a task that stalled here is not begun a second time behind its back.
      maxStalledCount: 0,
      autorun: false,
    });
    this.#tasks.on('error', (err) => log.debug({ err }, 'queue of this machine'));
  }

  async start(): Promise<void> {
    this.#ears.on('message', (_channel, id) => this.#abort(id));
    await this.#ears.subscribe(CANCEL_CHANNEL);
    await this.#beat();
    void this.#keepBeating();
    void this.#tasks.run();
  }

  async refresh(): Promise<void> {
    const { worker, log } = this.#options;
    const before = this.#facts;
    this.#facts = (await worker.refresh?.()) ?? before;
    if (isDeepStrictEqual(before, this.#facts)) return;
    this.#edition += 1;
    tellNews(before, this.#facts, log);
    // The next one says it, too.
    await this.#beat().catch(() => undefined);
  }

  async close(graceMs: number): Promise<void> {
    const ended = this.#tasks.close().catch(() => undefined);
    const patience = new AbortController();
    await Promise.race([ended, this.#clock.sleep(graceMs, patience.signal).catch(() => undefined)]);
    patience.abort(new Error('closed'));
    this.#closing.abort(new DarkroomError('worker_lost', 'machine of the fleet: stopped by its owner'));
    for (const abort of this.#running.values()) abort.abort(this.#closing.signal.reason);
    await this.#redis.del(HEARTBEAT_PREFIX + this.stationId).catch(() => undefined);
    this.#redis.disconnect();
    this.#ears.disconnect();
    await this.#tasks.close(true).catch(() => undefined);
  }

  async #keepBeating(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#clock.sleep(HEARTBEAT_MS, this.#closing.signal).catch(() => undefined);
      if (!this.#closing.signal.aborted) await this.#beat().catch(() => undefined);
    }
  }

  async #beat(): Promise<void> {
    const { hashes, slots, name = hostname() } = this.#options;
    const heartbeat: Heartbeat = {
      protocol: PROTOCOL,
      stationId: this.stationId,
      name,
      slots,
      memoryBytes: totalmem(),
      edition: this.#edition,
      facts: this.#facts,
      hashes,
      running: [...this.#running.keys()],
    };
    await this.#redis.set(HEARTBEAT_PREFIX + this.stationId, JSON.stringify(heartbeat), 'PX', HEARTBEAT_LIFE_MS);
  }

  #abort(id: string): void {
    this.#running.get(id)?.abort(new DarkroomError('cancelled', 'the job was cancelled'));
  }

  /** One task, whatever becomes of it; the queue hears only that it is over. */
  async #take(job: Job): Promise<void> {
    const parcel = readParcel(job.data);
    const id = deliveryId(parcel.task.jobId, parcel.task.attempt);
    if (this.#running.has(id)) return;
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      if (await this.#isCancelled(id)) return;
      await this.#beat().catch(() => undefined);
      await this.#carryOut(parcel, job, abort.signal);
    } catch (thrown) {
      if (thrown instanceof NobodyWaits || abort.signal.aborted) return;
      this.#options.log.warn({ err: thrown, delivery: id }, 'a result could not be handed in');
    } finally {
      this.#running.delete(id);
    }
  }

  async #isCancelled(id: string): Promise<boolean> {
    return (await this.#redis.get(cancelKey(id)).catch(() => null)) !== null;
  }

  async #carryOut(parcel: Parcel, job: Job, signal: AbortSignal): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'darkroom-station-'));
    const { url } = parcel;
    try {
      const task = await this.#unpack(parcel, folder, signal);
      const pictures = await this.#options.worker.develop(task, progressOf(job, this.#clock), signal);
      await handIn({ url, folder: task.outputDir, pictures, clock: this.#clock, signal });
    } catch (thrown) {
      if (thrown instanceof NobodyWaits || signal.aborted) throw thrown;
      await handIn({ url, error: toDarkroomError(thrown), clock: this.#clock, signal });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #unpack(parcel: Parcel, folder: string, signal: AbortSignal): Promise<DevelopTask> {
    const { task, inputs, url } = parcel;
    const hand = { url, clock: this.#clock, signal };
    const paths: Partial<Record<(typeof PATH_FIELDS)[number], string | null>> = {};
    for (const field of PATH_FIELDS) {
      const sha256 = inputs[field];
      const file = path.join(folder, field);
      if (sha256 !== undefined) await fetchInput(hand, field, sha256, file);
      if (task[field] !== undefined) paths[field] = sha256 === undefined ? null : file;
    }
    const fetched = (names: readonly InputName[]) => fetchNamed(names, inputs, folder, hand);
    const followed = task.controlPaths === undefined ? {} : { controlPaths: await fetched(CONTROL_INPUTS) };
    const blend = task.blendedPaths === undefined ? {} : { blendedPaths: await fetched(BLENDED_INPUTS) };
    return { ...task, ...paths, ...followed, ...blend, outputDir: path.join(folder, 'out') };
  }
}

/** In their order. @throws as fetchInput */
async function fetchNamed(
  names: readonly InputName[],
  inputs: Parcel['inputs'],
  folder: string,
  hand: Handing,
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const name of names) {
    const sha256 = inputs[name];
    if (sha256 === undefined) continue;
    const file = path.join(folder, name);
    await fetchInput(hand, name, sha256, file);
    files.push(file);
  }
  return files;
}

/** Progress into Redis, a few times a second at most, previews always, which are rare; nobody waits for it. */
function progressOf(job: Job, clock: Clock): (progress: DevelopProgress) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = clock.nowMs();
    const isPlain = progress.preview === undefined && progress.stepsDone < progress.stepsTotal;
    if (isPlain && now - lastMs < PROGRESS_MS) return;
    lastMs = now;
    job.updateProgress(wireProgress(progress)).catch(() => undefined);
  };
}
