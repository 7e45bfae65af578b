// One life of the image process, seen from the bot: fork, handshake, deadlines, end. It knows no jobs; parent.ts does.
// Every end has exactly one stated reason; a process that is late is killed, never waited for.
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { WorkerFacts } from '../core/worker.ts';
import { DarkroomError, deserializeError, type SerializedError, toDarkroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { deferred } from './deferred.ts';
import type { Activity, Beat, ChildMessage, ChildOptions, ParentMessage } from './protocol.ts';
import { parseChildMessage } from './protocol.ts';

export interface ProcessLimits {
  /** From fork to `ready`: loading modules and reading the headers of all models from a slow disk. */
  readonly handshakeMs: number;
  /** Per activity; `idle` is the longest silence of a process that computes nothing. */
  readonly activityMs: Readonly<Record<Activity, number>>;
  /** Added before a late process is killed: when the bot itself was held up, its beats are still in the pipe. */
  readonly graceMs: number;
  /** From `close` to SIGKILL. */
  readonly closeMs: number;
}

/**
 * A call may take minutes where a big model meets a small machine, its weights still on a slow disk; ten minutes without an end
 * is a hang on any. Idle covers the reading of configs and vocabularies, which is the only other work of the thread.
 */
export const DEFAULT_LIMITS: ProcessLimits = {
  handshakeMs: 120_000,
  activityMs: {
    idle: 60_000,
    text: 600_000,
    unet: 600_000,
    encode: 600_000,
    decode: 600_000,
    upscale: 600_000,
    hint: 600_000,
    control: 600_000,
    judge: 600_000,
  },
  graceMs: 2_000,
  closeMs: 10_000,
};

export interface ProcessOptions {
  /** Absolute path of the child's JavaScript. */
  readonly entry: string;
  readonly child: ChildOptions;
  readonly limits: ProcessLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Messages about tasks; the rest is this file's own business. */
export type TaskMessage = Extract<ChildMessage, { taskId: number }>;

export interface ProcessEvents {
  onTask(message: TaskMessage): void;
  /** What there is now, after a `rescan`. */
  onFacts?(facts: WorkerFacts): void;
  /** Once, and only after the handshake, for every end that `close` did not ask for. */
  onLost(reason: DarkroomError): void;
}

/** Lines of stderr kept for the error of a crash, and characters of each. */
const STDERR_LINES = 5;
const STDERR_LINE_CHARS = 500;

export class ImageProcess {
  readonly #child: ChildProcess;
  readonly #options: ProcessOptions;
  readonly #events: ProcessEvents;
  readonly #ready = deferred<WorkerFacts>();
  readonly #exited = deferred<void>();
  readonly #stderrTail: string[] = [];
  #state: 'starting' | 'ready' | 'closing' | 'lost' = 'starting';
  #call = -1;
  #watch = new AbortController();

  constructor(options: ProcessOptions, events: ProcessEvents) {
    this.#options = options;
    this.#events = events;
    this.#child = forkQuietly(options.entry);
    this.#listen();
    this.#expect('handshake', options.limits.handshakeMs);
    this.send({ type: 'start', options: options.child });
  }

  /** What the child said at the handshake. @throws worker_crashed, worker_hung, worker_protocol, or the child's own reason. */
  get ready(): Promise<WorkerFacts> {
    return this.#ready.promise;
  }

  /** Resolves when the operating system has taken the process back, with its memory. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  send(message: ParentMessage): void {
    // A closed pipe is told by `exit`; the error of the write would only say it twice.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Lets the child put its files down; kills it when it takes too long. */
  async close(): Promise<void> {
    if (this.#state !== 'lost') this.#state = 'closing';
    this.#watch.abort();
    this.send({ type: 'close' });
    const patience = new AbortController();
    const kill = () => void this.#child.kill('SIGKILL');
    void this.#options.clock.sleep(this.#options.limits.closeMs, patience.signal).then(kill, () => {});
    await this.#exited.promise;
    patience.abort();
  }

  #listen(): void {
    this.#child.on('message', (message) => this.#receive(message));
    this.#child.on('exit', (code, signal) => this.#onExit(code, signal));
    this.#child.on('error', (error) => this.#onSpawnError(error));
    this.#relay(this.#child.stdout);
    this.#relay(this.#child.stderr);
  }

  #receive(raw: unknown): void {
    const message = readMessage(raw);
    if (message instanceof DarkroomError) this.#lose(message);
    else this.#handle(message);
  }

  #handle(message: ChildMessage): void {
    if (this.#state === 'lost') return;
    if (message.type === 'ready') this.#onReady(message.facts);
    else if (message.type === 'broken') this.#lose(deserializeError(message.error as SerializedError));
    else if (message.type === 'beat') this.#onBeat(message);
    else if (message.type === 'facts') this.#events.onFacts?.(message.facts);
    else this.#events.onTask(message);
  }

  #onReady(facts: WorkerFacts): void {
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    this.#expect('idle', this.#options.limits.activityMs.idle);
    this.#ready.resolve(facts);
  }

  /** A new call gets its whole limit; further beats of the same call give it no more time. */
  #onBeat({ activity, call }: Beat): void {
    if (this.#state !== 'ready') return;
    if (call === this.#call && activity !== 'idle') return;
    this.#call = call;
    this.#expect(activity, this.#options.limits.activityMs[activity]);
  }

  #expect(activity: Activity | 'handshake', limitMs: number): void {
    const { clock, limits } = this.#options;
    this.#watch.abort();
    const watch = new AbortController();
    this.#watch = watch;
    clock
      .sleep(limitMs, watch.signal)
      .then(() => clock.sleep(limits.graceMs, watch.signal))
      .then(
        () => this.#lose(hung(activity, limitMs)),
        () => {},
      );
  }

  #onSpawnError(error: Error): void {
    this.#lose(new DarkroomError('worker_crashed', `image process: could not be started: ${error.message}`));
    if (this.#child.pid === undefined) this.#exited.resolve();
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#exited.resolve();
    this.#lose(crashed(code, signal, this.#stderrTail));
  }

  #lose(reason: DarkroomError): void {
    const before = this.#state;
    this.#watch.abort();
    if (before !== 'lost') this.#child.kill('SIGKILL');
    this.#state = 'lost';
    this.#ready.reject(reason);
    this.#ready.promise.catch(() => {});
    if (before === 'ready') this.#events.onLost(reason);
  }

  #relay(stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (text) => {
      const line = text.slice(0, STDERR_LINE_CHARS);
      this.#stderrTail.push(line);
      if (this.#stderrTail.length > STDERR_LINES) this.#stderrTail.shift();
      this.#options.log.warn({ pid: this.#child.pid, line }, 'the image process wrote');
    });
  }
}

function readMessage(raw: unknown): ChildMessage | DarkroomError {
  try {
    return parseChildMessage(raw);
  } catch (thrown) {
    return toDarkroomError(thrown, 'worker_protocol');
  }
}

/** Without tokens: the child reads strangers' files and needs no secret. */
function forkQuietly(entry: string): ChildProcess {
  const { DISCORD_TOKEN: _, HF_TOKEN: __, REDIS_URL: ___, ...env } = process.env;
  return fork(entry, [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: ['--enable-source-maps'], env });
}

function hung(activity: string, limitMs: number): DarkroomError {
  const message = `image process: no end of ${activity} after ${limitMs / 1000} s; it was killed`;
  return new DarkroomError('worker_hung', message, { activity, limitMs });
}

function crashed(code: number | null, signal: string | null, stderrTail: readonly string[]): DarkroomError {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const hint = signal === 'SIGKILL' ? '; out of memory?' : '';
  const details = { exitCode: code, signal, stderr: stderrTail.join('\n') };
  return new DarkroomError('worker_crashed', `image process: ended with ${how}${hint}`, details);
}
