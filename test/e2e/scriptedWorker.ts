// An image worker that draws one colour a seed, at once or when a test lets it: the bot is on trial here, not the networks.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { type ControlMapFile, controlMapName } from '../../src/core/control.ts';
import { GRID_INDEX } from '../../src/core/job.ts';
import type { PictureScores } from '../../src/core/pictureJudgement.ts';
import { type Size, seedOfImage } from '../../src/core/request.ts';
import type {
  DevelopedPicture,
  DevelopProgress,
  DevelopTask,
  ImageWorker,
  WorkerFacts,
} from '../../src/core/worker.ts';
import { DarkroomError } from '../../src/errors.ts';
import { TEST_CARD } from '../support/cards.ts';

/** A PNG of one colour, or of noise, which no format makes small; made from the format's description. */
export function plainPng({ widthPx, heightPx }: Size, seed: number, isNoise = false): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(widthPx, 0);
  header.writeUInt32BE(heightPx, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.alloc(1 + widthPx * 3, seed % 256);
  line[0] = 0;
  const lines = Array.from({ length: heightPx }, () =>
    isNoise ? Buffer.concat([Buffer.alloc(1), randomBytes(widthPx * 3)]) : line,
  );
  const rows = deflateSync(Buffer.concat(lines));
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([magic, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** @source PNG specification, annex D */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export class ScriptedWorker implements ImageWorker {
  readonly tasks: DevelopTask[] = [];
  /** Errors the next tasks end with. */
  readonly failures: DarkroomError[] = [];
  /** Added to every colour, as another machine's arithmetic would. */
  shift = 0;
  /** Whether pictures are noise, and so large files. */
  isNoisy = false;
  /** What a classifier would see in picture k of a task; undefined where there is none. */
  scoresOf: (task: DevelopTask, index: number) => PictureScores | undefined = () => undefined;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  #report: (stepsDone: number) => void = () => {};

  async ready(): Promise<WorkerFacts> {
    return { pid: process.pid, provider: 'scripted', providerReason: 'a test', models: [TEST_CARD], refused: [] };
  }

  /** From now on tasks wait until `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#open();
    this.#gate = Promise.resolve();
  }

  /** Progress of the newest task. */
  report(stepsDone: number): void {
    this.#report(stepsDone);
  }

  async develop(task: DevelopTask, onProgress: (progress: DevelopProgress) => void, signal: AbortSignal) {
    this.tasks.push(task);
    const stepsTotal = task.request.steps * task.request.count;
    this.#report = (stepsDone) => onProgress({ jobId: task.jobId, stepsDone, stepsTotal });
    await Promise.race([this.#gate, aborted(signal)]);
    if (signal.aborted) throw new DarkroomError('cancelled', 'the task was cancelled');
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const written = await writePictures(task, this.shift, this.isNoisy);
    return written.map((one) => {
      const scores = one.imageIndex === GRID_INDEX ? undefined : this.scoresOf(task, one.imageIndex);
      return scores === undefined ? one : { ...one, scores };
    });
  }

  async close(): Promise<void> {}
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function writePictures(
  { outputDir, request }: DevelopTask,
  shift: number,
  isNoisy: boolean,
): Promise<DevelopedPicture[]> {
  await mkdir(outputDir, { recursive: true });
  const { widthPx, heightPx } = request.size;
  const singles = Array.from({ length: request.count }, (_, index) => ({ index, size: request.size }));
  const grid = { index: GRID_INDEX, size: { widthPx: widthPx * 2, heightPx: heightPx * 2 } };
  const controlMaps = await writeMaps(outputDir, request);
  const written = await Promise.all(
    (request.count === 1 ? singles : [...singles, grid]).map(async ({ index, size }) => {
      const seed = seedOfImage(request.seed, Math.max(0, index));
      const bytes = plainPng(size, seed + shift, isNoisy);
      const fileName = index === GRID_INDEX ? 'grid.png' : `${index}.png`;
      await writeFile(path.join(outputDir, fileName), bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { imageIndex: index, fileName, sha256, seed, ...size, sizeBytes: bytes.length };
    }),
  );
  return controlMaps.length === 0 ? written : [{ ...written[0]!, controlMaps }, ...written.slice(1)];
}

/** A map for every control, each of its own grey. */
async function writeMaps(
  outputDir: string,
  { controls, size }: DevelopTask['request'],
): Promise<readonly ControlMapFile[]> {
  return Promise.all(
    (controls ?? []).map(async ({ kind }, index) => {
      const bytes = plainPng(size, 200 + index);
      const fileName = controlMapName(index);
      await writeFile(path.join(outputDir, fileName), bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { kind, fileName, sha256, ...size, sizeBytes: bytes.length };
    }),
  );
}
