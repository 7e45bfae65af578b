// An image worker without a model: it takes its time on a clock, writes small files, and can be made to crash, fail or turn deaf.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { GRID_INDEX } from '../../src/core/job.ts';
import { seedOfImage } from '../../src/core/request.ts';
import type {
  DevelopedPicture,
  DevelopProgress,
  DevelopTask,
  ImageWorker,
  WorkerFacts,
} from '../../src/core/worker.ts';
import { DarkroomError } from '../../src/errors.ts';
import { TEST_CARD } from './cards.ts';

export class ScriptedWorker implements ImageWorker {
  /** Every task handed in, in order. */
  readonly tasks: DevelopTask[] = [];
  /** Tasks in flight and how to reject them. */
  readonly inFlight = new Map<string, (error: DarkroomError) => void>();
  /** What a task ends with instead of pictures. */
  verdict: (task: DevelopTask) => DarkroomError | undefined = () => undefined;
  /** What `ready` rejects with while set. */
  startError: DarkroomError | undefined;
  /** Ignores its abort signal. */
  isDeaf = false;
  stepMs = 100;
  mostInFlight = 0;
  #isClosed = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async ready(): Promise<WorkerFacts> {
    if (this.#isClosed) throw new DarkroomError('worker_crashed', 'the worker was closed');
    if (this.startError !== undefined) throw this.startError;
    return { pid: 1, provider: 'none', providerReason: 'scripted', models: [TEST_CARD], refused: [] };
  }

  async develop(
    task: DevelopTask,
    onProgress: (progress: DevelopProgress) => void,
    signal: AbortSignal,
  ): Promise<readonly DevelopedPicture[]> {
    this.tasks.push(task);
    const stop = new AbortController();
    const cancel = () => this.isDeaf || stop.abort(new DarkroomError('cancelled', 'the job was cancelled'));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel);
    this.inFlight.set(task.jobId, (error) => stop.abort(error));
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.size);
    try {
      return await this.#make(task, onProgress, stop.signal);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.inFlight.delete(task.jobId);
    }
  }

  /** The process dies: everything in flight is lost. */
  crash(): void {
    for (const reject of this.inFlight.values()) reject(new DarkroomError('worker_crashed', 'exit code 139'));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  async #make(task: DevelopTask, onProgress: (progress: DevelopProgress) => void, signal: AbortSignal) {
    const { request, jobId } = task;
    if (request.model !== TEST_CARD.name) throw new DarkroomError('model_missing', `model: found ${request.model}`);
    const stepsTotal = request.steps * request.count;
    for (let stepsDone = 1; stepsDone <= stepsTotal; stepsDone += 1) {
      await this.#clock.sleep(this.stepMs, signal);
      onProgress({ jobId, stepsDone, stepsTotal });
    }
    const error = this.verdict(task);
    if (error?.code === 'worker_crashed') this.crash();
    if (error !== undefined) throw error;
    return writeResult(task);
  }
}

function writeResult({ request, outputDir }: DevelopTask): readonly DevelopedPicture[] {
  mkdirSync(outputDir, { recursive: true });
  const single = Array.from({ length: request.count }, (_, index) => index);
  const indices = request.count > 1 ? [...single, GRID_INDEX] : single;
  return indices.map((imageIndex) => {
    const fileName = imageIndex === GRID_INDEX ? 'grid.png' : `${imageIndex}.png`;
    const seed = seedOfImage(request.seed, Math.max(0, imageIndex));
    const bytes = Buffer.from(`picture of seed ${seed}`);
    writeFileSync(path.join(outputDir, fileName), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { imageIndex, fileName, sha256, seed, ...request.size, sizeBytes: bytes.length };
  });
}
