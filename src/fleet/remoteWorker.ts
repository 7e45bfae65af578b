// One machine of the fleet as an ImageWorker: a task goes into its BullMQ queue, the result comes back to the receiver. A task that Redis
// has forgotten is sent again; the machine's heartbeat says which ones it has in hand.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import type { DevelopedPicture, DevelopProgress, DevelopTask, ImageWorker, WorkerFacts } from '../core/worker.ts';
import { DarkroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { deferred } from '../worker/deferred.ts';
import type { Receiver } from './receiver.ts';
import { connectRedis } from './redis.ts';
import {
  BLENDED_INPUTS,
  CANCEL_CHANNEL,
  CONTROL_INPUTS,
  cancelKey,
  deliveryId,
  HEARTBEAT_MS,
  type Heartbeat,
  type InputName,
  jobOf,
  KEPT_EVENTS,
  PATH_FIELDS,
  type Parcel,
  PROTOCOL,
  queueOf,
  readProgress,
} from './wire.ts';

export interface RemoteOptions {
  readonly heartbeat: Heartbeat;
  readonly redisUrl: string;
  readonly receiver: Receiver;
  readonly log: Logger;
  readonly clock: Clock;
  /** Whether this bot's queue knows the job; other bots may use the same machines. */
  readonly isOurs: (jobId: string) => boolean;
}

/** Looks without a trace of a delivery, in Redis or in the machine's hand, before it is sent again; heartbeats are older than Redis. */
const ROUNDS_BEFORE_RESEND = 3;
const CANCEL_KEY_S = 3600;

export class RemoteWorker implements ImageWorker {
  readonly #options: RemoteOptions;
  readonly #queue: Queue;
  readonly #events: QueueEvents;
  readonly #redis: Redis;
  readonly #flights = new Map<string, (progress: DevelopProgress) => void>();
  /** Rejects everything in flight when the machine is lost or the bot closes. */
  readonly #lost = deferred<never>();
  #heartbeat: Heartbeat;
  #isClosed = false;

  constructor(options: RemoteOptions) {
    const { redisUrl, heartbeat, log } = options;
    this.#options = options;
    this.#heartbeat = heartbeat;
    this.#redis = connectRedis(redisUrl, log);
    this.#lost.promise.catch(() => {});
    const name = queueOf(heartbeat.stationId);
    this.#queue = new Queue(name, {
      connection: this.#redis,
      streams: { events: { maxLen: KEPT_EVENTS } },
      // Asked once; a Redis that does not answer in time just then would have every task refused for good. The machine's side asks as well.
      skipVersionCheck: true,
    });
    this.#events = new QueueEvents(name, { connection: { url: redisUrl, maxRetriesPerRequest: null } });
    const note = (err: unknown) => log.debug({ err }, 'queue of a machine');
    this.#queue.on('error', note);
    this.#events.on('error', note);
    this.#events.on('progress', ({ jobId, data }) => this.#onProgress(jobId, data));
  }

  get heartbeat(): Heartbeat {
    return this.#heartbeat;
  }

  hear(heartbeat: Heartbeat): void {
    this.#heartbeat = heartbeat;
    this.#freeOfLeftovers();
  }

  async ready(): Promise<WorkerFacts> {
    if (this.#isClosed) throw closed();
    return this.#heartbeat.facts;
  }

  async develop(
    task: DevelopTask,
    onProgress: (progress: DevelopProgress) => void,
    signal: AbortSignal,
  ): Promise<readonly DevelopedPicture[]> {
    if (this.#isClosed) throw closed();
    if (signal.aborted) throw cancelled();
    const id = deliveryId(task.jobId, task.attempt);
    const inputs = await inputsOf(task);
    const awaited = this.#options.receiver.expect({
      jobId: task.jobId,
      attempt: task.attempt,
      outputDir: task.outputDir,
      inputs: Object.fromEntries(inputs.map(({ field, file }) => [field, file])),
    });
    let last: DevelopProgress | undefined;
    this.#flights.set(id, (progress) => {
      last = progress;
      onProgress(progress);
    });
    const over = new AbortController();
    const stop = () => over.abort(cancelled());
    signal.addEventListener('abort', stop, { once: true });
    try {
      const parcel = parcelOf(task, inputs, awaited.url);
      const pictures = await Promise.race([
        awaited.end,
        this.#lost.promise,
        this.#keepDelivered(id, parcel, over.signal),
      ]);
      // The result may overtake the last word about its progress.
      if (last !== undefined && last.stepsDone < last.stepsTotal)
        onProgress({ jobId: last.jobId, stepsDone: last.stepsTotal, stepsTotal: last.stepsTotal });
      return pictures;
    } catch (thrown) {
      if (signal.aborted) void this.#cancel(id);
      throw thrown;
    } finally {
      signal.removeEventListener('abort', stop);
      over.abort(cancelled());
      awaited.stop();
      this.#flights.delete(id);
    }
  }

  /** The machine is gone: what it had in hand is nobody's now. */
  lose(): void {
    const { name } = this.#heartbeat;
    this.#lost.reject(new DarkroomError('worker_lost', `machine ${name}: its heartbeat is gone`, { machine: name }));
    void this.#queue
      .obliterate({ force: true })
      .catch(() => undefined)
      .then(() => this.#disconnect());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#lost.reject(closed());
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([this.#queue.disconnect(), this.#events.disconnect()]);
    this.#redis.disconnect();
  }

  /** Puts the parcel into the queue, and again whenever it has vanished; ends only with the signal. @throws cancelled */
  async #keepDelivered(id: string, parcel: Parcel, over: AbortSignal): Promise<never> {
    const { clock, log } = this.#options;
    for (let missing = ROUNDS_BEFORE_RESEND; ; ) {
      over.throwIfAborted();
      if (missing >= ROUNDS_BEFORE_RESEND) {
        await this.#send(id, parcel).catch((err) => log.debug({ err }, 'a task could not be sent; trying again'));
        missing = 0;
      }
      await clock.sleep(HEARTBEAT_MS, over);
      const isThere = this.#heartbeat.running.includes(id) || (await this.#isInRedis(id));
      missing = isThere ? 0 : missing + 1;
    }
  }

  async #send(id: string, parcel: Parcel): Promise<void> {
    await this.#queue.add('develop', parcel, {
      jobId: id,
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
    });
  }

  /** What cannot be asked counts as there: a Redis that is away has not forgotten yet. */
  async #isInRedis(id: string): Promise<boolean> {
    try {
      return (await this.#queue.getJob(id)) !== undefined;
    } catch {
      return true;
    }
  }

  /**
   * What the machine has in hand and nobody here waits for: a bot that was killed left it behind, or the machine was given up meanwhile. The
   * machine would make it to its end and then try for minutes to hand it in, with this bot's tasks behind it.
   */
  #freeOfLeftovers(): void {
    for (const id of this.#heartbeat.running) {
      if (!this.#flights.has(id) && this.#options.isOurs(jobOf(id))) void this.#cancel(id);
    }
  }

  async #cancel(id: string): Promise<void> {
    try {
      await this.#redis.set(cancelKey(id), '1', 'EX', CANCEL_KEY_S);
      await this.#redis.publish(CANCEL_CHANNEL, id);
      await this.#queue.remove(id);
    } catch (err) {
      this.#options.log.debug({ err, id }, 'a cancellation did not reach Redis; its result will be refused');
    }
  }

  #onProgress(id: string, data: unknown): void {
    const tell = this.#flights.get(id);
    const progress = readProgress(jobOf(id), data);
    if (progress !== undefined) tell?.(progress);
  }
}

interface Input {
  readonly field: InputName;
  readonly file: string;
  readonly sha256: string;
}

/** @throws input_image_invalid when a file is not there */
async function inputsOf(task: DevelopTask): Promise<readonly Input[]> {
  const inputs: Input[] = [];
  for (const [field, file] of filesOf(task)) {
    const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
      throw new DarkroomError('input_image_invalid', `${field}: cannot be read (${cause.code})`, {}, { cause });
    });
    inputs.push({ field, file, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  return inputs;
}

function filesOf(task: DevelopTask): readonly (readonly [InputName, string])[] {
  const ofFields = PATH_FIELDS.flatMap((field) => {
    const file = task[field];
    return file == null ? [] : [[field, file] as const];
  });
  const ofControls = (task.controlPaths ?? []).map((file, at) => [CONTROL_INPUTS[at]!, file] as const);
  const ofBlend = (task.blendedPaths ?? []).map((file, at) => [BLENDED_INPUTS[at]!, file] as const);
  return [...ofFields, ...ofControls, ...ofBlend];
}

/** The task without any path of this machine. */
function parcelOf(task: DevelopTask, inputs: readonly Input[], url: string): Parcel {
  const named = (names: readonly string[]) => inputs.flatMap(({ field }) => (names.includes(field) ? [field] : []));
  const [controlPaths, blendedPaths] = [named(CONTROL_INPUTS), named(BLENDED_INPUTS)];
  const paths = {
    ...Object.fromEntries(named(PATH_FIELDS).map((field) => [field, field])),
    ...(task.controlPaths === undefined ? {} : { controlPaths }),
    ...(task.blendedPaths === undefined ? {} : { blendedPaths }),
  };
  const hashes = Object.fromEntries(inputs.map(({ field, sha256 }) => [field, sha256]));
  return { protocol: PROTOCOL, task: { ...task, ...paths, outputDir: 'out' }, inputs: hashes, url } as Parcel;
}

function cancelled(): DarkroomError {
  return new DarkroomError('cancelled', 'the job was cancelled');
}

/** Not `cancelled`: nobody asked for the job's end, it may run again. */
function closed(): DarkroomError {
  return new DarkroomError('worker_lost', 'machine of the fleet: closed with the bot');
}
