// An image worker for simulations: it takes its time, dies, hangs or fails as the schedule says, and makes pictures of nothing but a hash.
import { createHash } from 'node:crypto';
import { GRID_INDEX } from '../../src/core/job.ts';
import { seedOfImage } from '../../src/core/request.ts';
import type { DevelopedPicture, DevelopTask, ImageWorker } from '../../src/core/worker.ts';
import { DarkroomError } from '../../src/errors.ts';
import type { Life } from './discord.ts';

/** What becomes of one attempt. `late` ends after everybody has given it up. */
export const ENDS = ['dies', 'fails', 'disk', 'late', 'crash', 'stubborn'] as const;
export type AttemptEnd = (typeof ENDS)[number];

const STEP_MS = 700;
/** Longer than a lease. */
const LATE_MS = 150_000;
const NEVER = new Promise<never>(() => {});

/** The pictures a job must have, whoever made them and however often. */
export function picturesOf({ request, jobId }: Pick<DevelopTask, 'request' | 'jobId'>): readonly DevelopedPicture[] {
  const singles = Array.from({ length: request.count }, (_, index) => index);
  return [...singles, ...(request.count > 1 ? [GRID_INDEX] : [])].map((imageIndex) => {
    const seed = seedOfImage(request.seed, Math.max(0, imageIndex));
    const sha256 = createHash('sha256').update(`${jobId} ${seed} ${imageIndex}`).digest('hex');
    return { imageIndex, fileName: `${imageIndex}.png`, sha256, seed, ...request.size, sizeBytes: 1_000 };
  });
}

export class SimulatedWorker implements ImageWorker {
  /** Jobs that take their worker down every time. */
  readonly cursed: ReadonlySet<string>;
  readonly #ends: AttemptEnd[];
  readonly #life: Life;
  readonly #inFlight = new Set<AbortController>();

  constructor(life: Life, ends: AttemptEnd[], cursed: ReadonlySet<string>) {
    this.#life = life;
    this.#ends = ends;
    this.cursed = cursed;
  }

  async ready() {
    return { pid: 1, provider: 'none', providerReason: 'simulated', models: [], refused: [] } as never;
  }

  async close(): Promise<void> {}

  async develop(
    task: DevelopTask,
    onProgress: Parameters<ImageWorker['develop']>[1],
    signal: AbortSignal,
  ): Promise<readonly DevelopedPicture[]> {
    const own = new AbortController();
    const end = this.#ends.shift();
    const onAbort = () => end !== 'stubborn' && own.abort(new DarkroomError('cancelled', 'the job was cancelled'));
    signal.addEventListener('abort', onAbort);
    this.#inFlight.add(own);
    try {
      return await Promise.race([this.#make(task, end, onProgress), rejection(own.signal)]);
    } finally {
      this.#inFlight.delete(own);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #make(task: DevelopTask, end: AttemptEnd | undefined, onProgress: Parameters<ImageWorker['develop']>[1]) {
    const stepsTotal = task.request.count;
    for (let stepsDone = 1; stepsDone <= stepsTotal; stepsDone += 1) {
      await this.#life.sleep(STEP_MS);
      onProgress({ jobId: task.jobId, stepsDone, stepsTotal });
    }
    if (end === 'dies' || this.cursed.has(task.jobId)) this.#die();
    if (end === 'fails') throw new DarkroomError('runtime_failed', 'the session failed');
    if (end === 'disk') throw new DarkroomError('disk_full', 'the disk is full');
    if (end === 'crash') this.#life.crash();
    if (end === 'late') await this.#life.sleep(LATE_MS);
    if (this.#life.isOver) return NEVER;
    return picturesOf(task);
  }

  /** The process is gone with everything it had in hand. */
  #die(): void {
    for (const one of this.#inFlight) one.abort(new DarkroomError('worker_crashed', 'exit code 139'));
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}
