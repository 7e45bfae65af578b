// The bot's side of the image process: one ImageWorker that keeps one process alive and remembers what is in flight.
// Deliberately not here: networks, sharp, onnxruntime; a native fault ends the child, never the bot.
import { type Clock, systemClock } from '../clock.ts';
import type { DevelopedPicture, DevelopProgress, DevelopTask, ImageWorker, WorkerFacts } from '../core/worker.ts';
import { DarkroomError, deserializeError, type SerializedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { compiledEntry } from '../root.ts';
import { type Deferred, deferred } from './deferred.ts';
import { DEFAULT_LIMITS, ImageProcess, type ProcessLimits, type TaskMessage } from './imageProcess.ts';
import type { ChildOptions } from './protocol.ts';

export interface WorkerOptions extends ChildOptions {
  readonly log: Logger;
  readonly clock?: Clock;
  readonly limits?: ProcessLimits;
  /** Absolute path of the child's JavaScript; tests put a scripted child here. */
  readonly entry?: string;
}

/** Waits before a restart: at once after the first loss would meet the same full memory; half a minute is still a live bot. */
const FIRST_BACKOFF_MS = 500;
const LAST_BACKOFF_MS = 30_000;

/** @param losses processes lost since a picture was last made. */
export function backoffMs(losses: number): number {
  return losses === 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (losses - 1), LAST_BACKOFF_MS);
}

/** Starts nothing yet: the process is forked by the first `ready` or `develop`. */
export function startWorker(options: WorkerOptions): ImageWorker {
  return new Supervisor(options);
}

interface Living {
  readonly process: ImageProcess;
  /** As it said last. */
  facts: WorkerFacts;
}

/** One task the child was given. */
interface Flight {
  readonly jobId: string;
  readonly onProgress: (progress: DevelopProgress) => void;
  readonly end: Deferred<readonly DevelopedPicture[]>;
}

class Supervisor implements ImageWorker {
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #flights = new Map<number, Flight>();
  #living: Promise<Living> | undefined;
  /** Wait for another look at the LoRAs. */
  readonly #asking = new Set<Deferred<WorkerFacts>>();
  #losses = 0;
  #lastTaskId = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async ready(): Promise<WorkerFacts> {
    return (await this.#start()).facts;
  }

  async refresh(): Promise<WorkerFacts> {
    const { process } = await this.#start();
    const answer = deferred<WorkerFacts>();
    this.#asking.add(answer);
    process.send({ type: 'rescan' });
    return answer.promise;
  }

  /** A process that is only being started computes nothing. */
  giveWay(ms: number): void {
    void this.#living?.then(
      ({ process }) => process.send({ type: 'giveWay', ms }),
      () => {},
    );
  }

  async develop(
    task: DevelopTask,
    onProgress: (progress: DevelopProgress) => void,
    signal: AbortSignal,
  ): Promise<readonly DevelopedPicture[]> {
    if (signal.aborted) throw cancelled();
    const { process } = await unlessAborted(this.#start(), signal);
    const taskId = ++this.#lastTaskId;
    const end = deferred<readonly DevelopedPicture[]>();
    this.#flights.set(taskId, { jobId: task.jobId, onProgress, end });
    process.send({ type: 'develop', taskId, task });
    const cancel = () => process.send({ type: 'cancel', taskId });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await unlessAborted(end.promise, signal);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#flights.delete(taskId);
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closed());
    const living = await this.#living?.catch(() => undefined);
    await living?.process.close();
    this.#rejectAll(closed());
  }

  #start(): Promise<Living> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    return this.#living ?? this.#keep(this.#fork());
  }

  /** Everyone waits for the same start; a start that failed is forgotten, so that the next call tries again. */
  #keep(living: Promise<Living>): Promise<Living> {
    this.#living = living;
    living.catch(() => {
      this.#losses += 1;
      if (this.#living === living) this.#living = undefined;
    });
    return living;
  }

  async #fork(): Promise<Living> {
    const waitMs = backoffMs(this.#losses);
    if (waitMs > 0) await this.#clock.sleep(waitMs, this.#closing.signal);
    return this.#handshake();
  }

  async #handshake(): Promise<Living> {
    const { modelsDir, device, precision, threads, memoryLimit, judging, log } = this.#options;
    const process: ImageProcess = new ImageProcess(
      {
        entry: this.#options.entry ?? compiledEntry('src/worker/child.ts'),
        child: { modelsDir, device, precision, threads, memoryLimit, judging },
        limits: this.#options.limits ?? DEFAULT_LIMITS,
        clock: this.#clock,
        log,
      },
      {
        onTask: (message) => this.#onTask(message),
        onFacts: (facts) => void this.#onFacts(facts),
        onLost: (reason) => this.#onLost(process, reason),
      },
    );
    const stop = () => void process.close();
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    try {
      return { process, facts: await process.ready };
    } finally {
      this.#closing.signal.removeEventListener('abort', stop);
    }
  }

  async #onFacts(facts: WorkerFacts): Promise<void> {
    for (const one of this.#asking) one.resolve(facts);
    this.#asking.clear();
    const living = await this.#living;
    if (living !== undefined) living.facts = facts;
  }

  #onTask(message: TaskMessage): void {
    const flight = this.#flights.get(message.taskId);
    // A cancelled task may still speak once: its last message crossed the cancel in the pipe.
    if (flight === undefined) return;
    if (message.type === 'failed') flight.end.reject(deserializeError(message.error as SerializedError));
    else if (message.type === 'progress') {
      const { stepsDone, stepsTotal, preview } = message;
      const shown = preview === undefined ? {} : { preview: Buffer.from(preview, 'base64') };
      flight.onProgress({ jobId: flight.jobId, stepsDone, stepsTotal, ...shown });
    } else {
      this.#losses = 0;
      flight.end.resolve(message.pictures);
    }
  }

  #onLost(process: ImageProcess, reason: DarkroomError): void {
    this.#options.log.error({ err: reason, inFlight: this.#flights.size }, 'the image process was lost');
    this.#rejectAll(reason);
    this.#losses += 1;
    if (this.#closing.signal.aborted) return;
    this.#keep(process.exited.then(() => this.#fork())).then(
      ({ facts }) => this.#options.log.info({ pid: facts.pid }, 'the image process is back'),
      (err) => this.#options.log.error({ err }, 'the image process could not be started again'),
    );
  }

  #rejectAll(reason: DarkroomError): void {
    for (const flight of this.#flights.values()) flight.end.reject(reason);
    this.#flights.clear();
    for (const one of this.#asking) one.reject(reason);
    this.#asking.clear();
  }
}

function cancelled(): DarkroomError {
  return new DarkroomError('cancelled', 'the job was cancelled');
}

/** Not `cancelled`: nobody asked for the job's end, it may run again. */
function closed(): DarkroomError {
  return new DarkroomError('worker_crashed', 'image process: closed with the bot');
}

/** The promise's own end, or `cancelled` as soon as the signal aborts. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(cancelled());
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
