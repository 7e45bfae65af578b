// From a task to picture files: opens the model, runs one pipeline a picture through the batcher, writes PNGs and the grid.
// The same code serves the image process and the command line; it knows no pipe and no Discord.
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { GRID_INDEX } from '../core/job.ts';
import type { Pixels } from '../core/pixels.ts';
import { recipeText } from '../core/recipe.ts';
import { promptText, type ResolvedRequest, seedOfImage } from '../core/request.ts';
import type { DevelopedPicture, DevelopProgress, DevelopTask, WorkerFacts } from '../core/worker.ts';
import type { Answer, Ask, NetworkAsk } from '../diffusion/asks.ts';
import { drive } from '../diffusion/drive.ts';
import { developPicture, type PictureRequest, type StartPicture, stepsTotal } from '../diffusion/pipeline.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { decodePicture } from '../image/decode.ts';
import { encodePng } from '../image/encode.ts';
import { gridOf } from '../image/grid.ts';
import { writePicture } from '../image/pictureFile.ts';
import { resizePixels } from '../image/resize.ts';
import { chooseProvider } from '../runtime/providers.ts';
import { scanModels } from '../weights/registry.ts';
import { type Asker, Batcher } from './batcher.ts';
import { budgetFor } from './callPlan.ts';
import { folderOpener, type LentModel, ModelShelf } from './modelShelf.ts';
import type { Activity, ChildOptions } from './protocol.ts';

export interface DeveloperOptions extends ChildOptions {
  /** Told before every call that may block the thread, and `idle` after the last. */
  readonly onActivity?: (activity: Activity) => void;
}

export interface Developer {
  readonly facts: WorkerFacts;
  /** As ImageWorker.develop, in this process. */
  develop(
    task: DevelopTask,
    onProgress: (progress: DevelopProgress) => void,
    signal: AbortSignal,
  ): Promise<readonly DevelopedPicture[]>;
  close(): Promise<void>;
}

/** Finds the provider and the models; opens none yet. @throws config_invalid, provider_unavailable */
export async function openDeveloper(options: DeveloperOptions): Promise<Developer> {
  const { provider, reason } = await chooseProvider(options.device);
  const registry = scanModels(options.modelsDir);
  const threads = options.threads ?? availableParallelism();
  const shelf = new ModelShelf(folderOpener(registry, { provider, threads }));
  const onActivity = options.onActivity ?? (() => {});
  const batcher = new Batcher({ budget: budgetFor(provider), onCall: onActivity, onIdle: () => onActivity('idle') });
  const facts: WorkerFacts = {
    pid: process.pid,
    provider,
    providerReason: reason,
    models: registry.cards,
    refused: registry.refused,
  };
  return makeDeveloper(facts, shelf, batcher);
}

/** A developer of models that come from anywhere. */
export function makeDeveloper(facts: WorkerFacts, shelf: ModelShelf, batcher: Batcher): Developer {
  let lastJob = 0;
  return {
    facts,
    develop: (task, onProgress, signal) => developTask({ shelf, batcher, job: ++lastJob }, task, onProgress, signal),
    close: () => shelf.close(),
  };
}

interface Bench {
  readonly shelf: ModelShelf;
  readonly batcher: Batcher;
  /** Whose turn it is in the batcher; a job's second attempt is another one. */
  readonly job: number;
}

async function developTask(
  { shelf, batcher, job }: Bench,
  task: DevelopTask,
  onProgress: (progress: DevelopProgress) => void,
  signal: AbortSignal,
): Promise<readonly DevelopedPicture[]> {
  const model = await shelf.lend(task.request.model);
  let isBroken = false;
  try {
    return await developPictures(task, model, { batcher, job, onProgress, signal });
  } catch (thrown) {
    const error = toDarkroomError(thrown);
    isBroken = error.code === 'runtime_failed';
    throw error;
  } finally {
    batcher.forget(job);
    await model.giveBack(isBroken);
  }
}

interface Means {
  readonly batcher: Batcher;
  readonly job: number;
  readonly onProgress: (progress: DevelopProgress) => void;
  readonly signal: AbortSignal;
}

async function developPictures(
  task: DevelopTask,
  model: LentModel,
  { batcher, job, onProgress, signal }: Means,
): Promise<readonly DevelopedPicture[]> {
  const { request, jobId } = task;
  const start = await batcher.hold(startPicture(task));
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const asker = { job, model: request.model, networks: model.networks, signal: either };
  const total = request.count * stepsTotal({ steps: request.steps, start, sampler: request.sampler });
  let done = 0;
  const onStep = () => onProgress({ jobId, stepsDone: ++done, stepsTotal: total });
  const answer = answerer(batcher, asker, onStep);
  const indices = Array.from({ length: request.count }, (_, index) => index);
  const making = indices.map(async (imageIndex) => {
    const seed = seedOfImage(request.seed, imageIndex);
    const { pixels } = await drive(developPicture(pictureRequest(request, seed, start), model.facts), answer);
    return checkNumbers(pixels, request.model);
  });
  return batcher.hold(writeAll(task, await allOrNone(making, stop), either));
}

/** Half-precision weights can overflow; the picture would be black, and nobody would know why. @throws runtime_failed */
function checkNumbers(pixels: Pixels, model: string): Pixels {
  const at = pixels.data.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return pixels;
  const found = `found ${pixels.data[at]} at ${at} of ${pixels.data.length}`;
  throw new DarkroomError(
    'runtime_failed',
    `${model}: the networks made no picture: ${found}, expected finite numbers`,
  );
}

/** The first failure stops the rest; nobody is left running behind it. */
async function allOrNone<T>(making: readonly Promise<T>[], stop: AbortController): Promise<T[]> {
  try {
    return await Promise.all(making);
  } catch (reason) {
    stop.abort();
    await Promise.allSettled(making);
    throw reason;
  }
}

function pictureRequest(request: ResolvedRequest, seed: number, start: StartPicture | null): PictureRequest {
  const { negativePrompt, size, steps, guidance, sampler, schedule, clipSkip } = request;
  return {
    prompt: promptText(request),
    negativePrompt,
    size,
    steps,
    guidance,
    seed,
    sampler,
    schedule,
    clipSkip,
    start,
  };
}

/** @throws input_image_invalid; request_invalid when the request speaks of a start picture and none came */
async function startPicture({ request, initImagePath }: DevelopTask): Promise<StartPicture | null> {
  if (initImagePath === null && request.initImage === null) return null;
  if (initImagePath === null || request.strength === null) {
    throw new DarkroomError('request_invalid', 'start picture: found no file or no strength, expected both');
  }
  const bytes = await readFile(initImagePath).catch((cause: NodeJS.ErrnoException) => {
    throw new DarkroomError('input_image_invalid', `start picture: cannot be read (${cause.code})`, {}, { cause });
  });
  return { pixels: await decodePicture(bytes, request.size), strength: request.strength };
}

/** Answers a task's asks: what its pictures have in common, prompts and start picture, goes through the networks once. */
function answerer(batcher: Batcher, asker: Asker, onStep: () => void): (ask: Ask) => Promise<Answer> {
  const shared = new Map<string | Pixels, Promise<Answer>>();
  const once = (key: string | Pixels, ask: NetworkAsk) => {
    const answer = shared.get(key) ?? batcher.ask(asker, ask);
    shared.set(key, answer);
    return answer;
  };
  return async (ask) => {
    if (ask.kind === 'text') return once(ask.prompt, ask);
    if (ask.kind === 'encode') return once(ask.pixels, ask);
    if (ask.kind === 'resize') return { kind: 'resize', pixels: await resizePixels(ask.pixels, ask.size) };
    const answer = await batcher.ask(asker, ask);
    if (ask.kind === 'unet') onStep();
    return answer;
  };
}

/** Pictures, then for several the grid; nothing is written once the task is cancelled. */
async function writeAll(
  { request, outputDir }: DevelopTask,
  pictures: readonly Pixels[],
  signal: AbortSignal,
): Promise<readonly DevelopedPicture[]> {
  const written: DevelopedPicture[] = [];
  await makeFolder(outputDir);
  const write = async (imageIndex: number, fileName: string, pixels: Pixels) => {
    if (signal.aborted) throw new DarkroomError('cancelled', 'the job was cancelled');
    const seed = seedOfImage(request.seed, Math.max(0, imageIndex));
    const png = await encodePng(pixels, recipeText(request, seed, { name: request.model }));
    const file = await writePicture(path.join(outputDir, fileName), png);
    written.push({ imageIndex, fileName, seed, widthPx: pixels.width, heightPx: pixels.height, ...file });
  };
  for (const [index, pixels] of pictures.entries()) await write(index, `${index}.png`, pixels);
  if (pictures.length > 1) await write(GRID_INDEX, 'grid.png', gridOf(pictures));
  return written;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    const message = `picture folder: could not be made (${code})`;
    throw new DarkroomError(code === 'ENOSPC' ? 'disk_full' : 'store_failed', message, { code }, { cause });
  }
}
