// The child's side of the pipe: messages in, a developer's work, messages out. It ends when its parent does.
import { constants, setPriority } from 'node:os';
import type { DevelopProgress } from '../core/worker.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { type Developer, openDeveloper } from './developer.ts';
import {
  type Activity,
  type ChildMessage,
  type ChildOptions,
  type ParentMessage,
  parseParentMessage,
} from './protocol.ts';

/** Milliseconds between beats of one and the same activity. */
const BEAT_MS = 1_000;
/** Least milliseconds between two progress messages of a task; people see no more, and the pipe stays quiet. */
export const PROGRESS_MS = 200;

export function serve(pipe: NodeJS.Process): void {
  stayBehindTheBot();
  const child = new Child((message) => void pipe.send?.(message));
  // Ctrl-C reaches the whole group; the bot decides when its child has to go.
  pipe.on('SIGINT', () => {});
  pipe.on('SIGTERM', () => {});
  pipe.on('disconnect', () => pipe.exit());
  pipe.on('message', (message) => {
    child.receive(message).catch((thrown: unknown) => {
      pipe.send?.({ type: 'broken', error: toDarkroomError(thrown).toJSON() }, () => pipe.exit(1));
    });
  });
}

/** The networks may take every core, but not from the bot: it has to answer Discord within three seconds. */
function stayBehindTheBot(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Some sandboxes forbid even lowering one's own priority; the pictures come out the same.
  }
}

class Child {
  readonly #say: (message: ChildMessage) => void;
  readonly #tasks = new Map<number, AbortController>();
  #developer: Developer | undefined;
  #activity: Activity = 'idle';
  #call = 0;

  constructor(say: (message: ChildMessage) => void) {
    this.#say = say;
  }

  /** @throws whatever ends the process: an unknown message, options nothing can be made with */
  async receive(raw: unknown): Promise<void> {
    const message = parseParentMessage(raw);
    if (message.type === 'start') await this.#start(message.options);
    else if (message.type === 'cancel') this.#tasks.get(message.taskId)?.abort();
    else if (message.type === 'develop') await this.#develop(message);
    else if (message.type === 'rescan') this.#rescan();
    else if (message.type === 'giveWay') this.#developer?.giveWay(message.ms);
    else await this.#close();
  }

  async #start(options: ChildOptions): Promise<void> {
    setInterval(() => this.#beat(), BEAT_MS).unref();
    const onActivity = (activity: Activity) => {
      this.#activity = activity;
      this.#call += 1;
      this.#beat();
    };
    this.#developer = await openDeveloper({ ...options, onActivity });
    this.#say({ type: 'ready', facts: this.#developer.facts });
  }

  #rescan(): void {
    if (this.#developer === undefined) throw new DarkroomError('worker_protocol', 'rescan: came before start');
    this.#say({ type: 'facts', facts: this.#developer.rescan() });
  }

  async #develop({ taskId, task }: Extract<ParentMessage, { type: 'develop' }>): Promise<void> {
    if (this.#developer === undefined) throw new DarkroomError('worker_protocol', 'develop: came before start');
    const abort = new AbortController();
    this.#tasks.set(taskId, abort);
    const onProgress = coalesced(
      ({ stepsDone, stepsTotal, preview }) => {
        const shown = preview === undefined ? {} : { preview: Buffer.from(preview).toString('base64') };
        this.#say({ type: 'progress', taskId, stepsDone, stepsTotal, ...shown });
      },
      () => performance.now(),
    );
    try {
      const pictures = await this.#developer.develop(task, onProgress, abort.signal);
      this.#say({ type: 'developed', taskId, pictures });
    } catch (thrown) {
      this.#say({ type: 'failed', taskId, error: toDarkroomError(thrown).toJSON() });
    } finally {
      this.#tasks.delete(taskId);
    }
  }

  async #close(): Promise<void> {
    for (const task of this.#tasks.values()) task.abort();
    await this.#developer?.close();
    process.disconnect();
  }

  #beat(): void {
    this.#say({ type: 'beat', activity: this.#activity, call: this.#call });
  }
}

/** Passes on the first progress, then one every PROGRESS_MS at most, and always previews and the last. @param nowMs a clock that never jumps */
export function coalesced(
  onProgress: (progress: DevelopProgress) => void,
  nowMs: () => number,
): (progress: DevelopProgress) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = nowMs();
    const isPlain = progress.preview === undefined && progress.stepsDone < progress.stepsTotal;
    if (isPlain && now - lastMs < PROGRESS_MS) return;
    lastMs = now;
    onProgress(progress);
  };
}
