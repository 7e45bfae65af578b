// From a task to picture files: opens the model, runs one pipeline a picture through the batcher, writes PNGs and the grid.
// The same code serves the image process and the command line; it knows no pipe and no Discord.
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { GRID_INDEX } from '../core/job.ts';
import type { Pixels } from '../core/pixels.ts';
import { recipeText, upscaledRecipe } from '../core/recipe.ts';
import { promptText, type ResolvedRequest, type Size, seedOfImage } from '../core/request.ts';
import {
  checkUpscaledSize,
  MAX_UPSCALED_SIDE_PX,
  type Upscale,
  type UpscalerCard,
  upscaledSize,
} from '../core/upscale.ts';
import type { DevelopedPicture, DevelopProgress, DevelopTask, WorkerFacts } from '../core/worker.ts';
import type { Answer, Ask, NetworkAsk } from '../diffusion/asks.ts';
import { drive } from '../diffusion/drive.ts';
import type { ModelFacts } from '../diffusion/modelFacts.ts';
import { developPicture, type PictureRequest, type StartPicture, stepsTotal } from '../diffusion/pipeline.ts';
import { upscaled, upscaleTiles } from '../diffusion/upscaling.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { decodeWhole } from '../image/decode.ts';
import { encodePng } from '../image/encode.ts';
import { gridOf } from '../image/grid.ts';
import { writePicture } from '../image/pictureFile.ts';
import { readRecipe } from '../image/pngText.ts';
import { resizePixels } from '../image/resize.ts';
import { chooseProvider } from '../runtime/providers.ts';
import { scanModels } from '../weights/registry.ts';
import { scanUpscalers } from '../weights/upscalers.ts';
import { type Asker, Batcher } from './batcher.ts';
import { budgetFor } from './callPlan.ts';
import { folderOpener, ModelShelf } from './modelShelf.ts';
import type { Activity, ChildOptions } from './protocol.ts';
import { lendRefined, type RefinedModel } from './refined.ts';
import { readInput, type Stage, setStage } from './stage.ts';
import { answerInPieces } from './tiledNetworks.ts';
import { UpscalerShelf } from './upscalerShelf.ts';

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
  const upscalers = new UpscalerShelf(scanUpscalers(options.modelsDir), { provider, threads });
  const onActivity = options.onActivity ?? (() => {});
  const batcher = new Batcher({ budget: budgetFor(provider), onCall: onActivity, onIdle: () => onActivity('idle') });
  const facts: WorkerFacts = {
    pid: process.pid,
    provider,
    providerReason: reason,
    models: registry.cards,
    modelFiles: Object.fromEntries(registry.files),
    refused: [...registry.refused, ...upscalers.refused],
    upscalers: upscalers.cards,
  };
  return makeDeveloper(facts, shelf, batcher, upscalers);
}

/** A developer of models that come from anywhere. */
export function makeDeveloper(
  facts: WorkerFacts,
  shelf: ModelShelf,
  batcher: Batcher,
  upscalers: UpscalerShelf = NO_UPSCALERS,
): Developer {
  let lastJob = 0;
  const bench = { shelf, batcher, upscalers };
  return {
    facts,
    develop: (task, onProgress, signal) => developTask({ ...bench, job: ++lastJob }, task, onProgress, signal),
    close: async () => {
      await shelf.close();
      await upscalers.close();
    },
  };
}

const NO_UPSCALERS = new UpscalerShelf(
  {
    cards: [],
    refused: [],
    open: (name) => {
      throw new DarkroomError('model_missing', `upscaler ${JSON.stringify(name)}: this installation has none`);
    },
  },
  { provider: 'cpu', threads: 1 },
);

interface Bench {
  readonly shelf: ModelShelf;
  readonly batcher: Batcher;
  readonly upscalers: UpscalerShelf;
  /** Whose turn it is in the batcher; a job's second attempt is another one. */
  readonly job: number;
}

async function developTask(
  { shelf, ...bench }: Bench,
  task: DevelopTask,
  onProgress: (progress: DevelopProgress) => void,
  signal: AbortSignal,
): Promise<readonly DevelopedPicture[]> {
  const { batcher, job } = bench;
  const means = { ...bench, onProgress, signal };
  const { upscale } = task.request;
  if (upscale != null && upscale.from !== null) {
    return await enlargeStart(task, upscale, means).finally(() => batcher.forget(job));
  }
  const model = await lendRefined(shelf, task.request.model);
  let isBroken = false;
  try {
    return await developPictures(task, model, means);
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
  readonly upscalers: UpscalerShelf;
  readonly job: number;
  readonly onProgress: (progress: DevelopProgress) => void;
  readonly signal: AbortSignal;
}

async function developPictures(
  task: DevelopTask,
  model: RefinedModel,
  { batcher, upscalers, job, onProgress, signal }: Means,
): Promise<readonly DevelopedPicture[]> {
  const { request, jobId } = task;
  const stage = await batcher.hold(setStage(task));
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const asker = { job, model: request.model, networks: model.networks, signal: either };
  const refiner = model.refiner && { ...asker, model: model.refiner.name, networks: model.refiner.networks };
  const enlargement = enlargementOf(request.upscale ?? null, stage.size, upscalers);
  const steps = stepsTotal({ steps: request.steps, start: stage.start, sampler: request.sampler });
  const total = request.count * (steps + tilesOf(enlargement, stage.size));
  let done = 0;
  const onStep = () => onProgress({ jobId, stepsDone: ++done, stepsTotal: total });
  const answer = answerer(batcher, asker, upscalers, onStep, refiner, model.facts);
  const indices = Array.from({ length: request.count }, (_, index) => index);
  const making = indices.map(async (imageIndex) => {
    const seed = seedOfImage(request.seed, imageIndex);
    const drawing = developPicture(pictureRequest(request, seed, stage.start), model.facts);
    const pixels = await drive(enlarged(drawing, stage, enlargement), answer);
    return checkNumbers(pixels, request.model);
  });
  return batcher.hold(writeAll(task, await allOrNone(making, stop), either));
}

/** What a finished picture is brought to. */
interface Enlargement {
  readonly upscaler: UpscalerCard | null;
  readonly size: Size;
}

/** @throws model_missing when the upscaler is no longer there */
function enlargementOf(upscale: Upscale | null, from: Size, upscalers: UpscalerShelf): Enlargement | null {
  if (upscale === null) return null;
  const upscaler = upscale.upscaler === null ? null : upscalers.card(upscale.upscaler);
  return { upscaler, size: upscaledSize(from, upscale.scale) };
}

function tilesOf(enlargement: Enlargement | null, from: Size): number {
  return enlargement === null ? 0 : upscaleTiles(from, enlargement.upscaler, enlargement.size);
}

function* enlarged(
  drawing: ReturnType<typeof developPicture>,
  stage: Stage,
  enlargement: Enlargement | null,
): Generator<Ask, Pixels, Answer> {
  const pixels = yield* stage.finish((yield* drawing).pixels);
  return enlargement === null ? pixels : yield* upscaled(pixels, enlargement.upscaler, enlargement.size);
}

/** Draws nothing: the start picture itself, whole and at its own size, is enlarged. Its recipe goes on with it. */
async function enlargeStart(
  task: DevelopTask,
  upscale: Upscale,
  { batcher, upscalers, job, onProgress, signal }: Means,
): Promise<readonly DevelopedPicture[]> {
  const { jobId, request } = task;
  const bytes = await batcher.hold(startBytes(task));
  const pixels = await batcher.hold(decodeWhole(bytes, MAX_UPSCALED_SIDE_PX));
  const from = { widthPx: pixels.width, heightPx: pixels.height };
  checkUpscaledSize(from, upscale.scale);
  const enlargement = enlargementOf(upscale, from, upscalers)!;
  const total = tilesOf(enlargement, from);
  let done = 0;
  const onStep = () => onProgress({ jobId, stepsDone: ++done, stepsTotal: total });
  const asker = { job, model: 'upscalers', networks: upscalers, signal };
  const large = await drive(
    upscaled(pixels, enlargement.upscaler, enlargement.size),
    answerer(batcher, asker, upscalers, onStep),
  );
  const recipe = upscaledRecipe(recipeOf(bytes), upscale);
  return batcher.hold(writeAll(task, [checkNumbers(large, upscale.upscaler ?? request.model)], signal, () => recipe));
}

/** What a picture's file says about its making; a damaged text is none. */
function recipeOf(bytes: Uint8Array): string | null {
  try {
    return readRecipe(bytes) ?? null;
  } catch (thrown) {
    if (toDarkroomError(thrown).code === 'input_image_invalid') return null;
    throw thrown;
  }
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
  const { negativePrompt, size, steps, guidance, imageGuidance, sampler, schedule, clipSkip } = request;
  return {
    prompt: promptText(request),
    negativePrompt,
    size,
    steps,
    guidance,
    imageGuidance,
    seed,
    sampler,
    schedule,
    clipSkip,
    start,
  };
}

/** @throws input_image_invalid, request_invalid when no picture came */
async function startBytes({ initImagePath }: DevelopTask): Promise<Buffer> {
  if (initImagePath !== null) return readInput('start picture', initImagePath);
  throw new DarkroomError('request_invalid', 'start picture: found no file, expected the picture to enlarge');
}

/** Answers a task's asks: what its pictures have in common, prompts and start picture, goes through the networks once. */
function answerer(
  batcher: Batcher,
  asker: Asker,
  upscalers: UpscalerShelf,
  onStep: () => void,
  refiner = asker,
  facts: ModelFacts | null = null,
): (ask: Ask) => Promise<Answer> {
  const shared = new Map<string | Pixels, Promise<Answer>>();
  const asked = (whom: Asker, ask: NetworkAsk) => {
    const one = (piece: NetworkAsk) => batcher.ask(whom, piece);
    return facts === null ? one(ask) : answerInPieces(ask, facts, one);
  };
  const once = (key: string | Pixels, ask: NetworkAsk, whom = asker) => {
    const answer = shared.get(key) ?? asked(whom, ask);
    shared.set(key, answer);
    return answer;
  };
  return async (ask) => {
    if (ask.kind === 'text' && ask.expert === 'refiner') return once(`refiner\n${ask.prompt}`, ask, refiner);
    if (ask.kind === 'text') return once(`\n${ask.prompt}`, ask);
    if (ask.kind === 'encode') return once(ask.pixels, ask);
    if (ask.kind === 'resize') return { kind: 'resize', pixels: await resizePixels(ask.pixels, ask.size) };
    const whom = whoAnswers(ask, asker, refiner, upscalers);
    const answer = await asked(whom, ask);
    if (ask.kind === 'unet' || ask.kind === 'upscale') onStep();
    return answer;
  };
}

function whoAnswers(ask: NetworkAsk, asker: Asker, refiner: Asker, upscalers: UpscalerShelf): Asker {
  if (ask.kind === 'upscale') return { ...asker, model: 'upscalers', networks: upscalers };
  return ask.kind === 'unet' && ask.expert === 'refiner' ? refiner : asker;
}

/** Pictures, then for several the grid; nothing is written once the task is cancelled. */
async function writeAll(
  { request, outputDir, modelHash }: DevelopTask,
  pictures: readonly Pixels[],
  signal: AbortSignal,
  recipeFor = (seed: number) =>
    request.privatePrompt === true ? null : recipeText(request, seed, { name: request.model, hash: modelHash }),
): Promise<readonly DevelopedPicture[]> {
  const written: DevelopedPicture[] = [];
  await makeFolder(outputDir);
  const write = async (imageIndex: number, fileName: string, pixels: Pixels) => {
    if (signal.aborted) throw new DarkroomError('cancelled', 'the job was cancelled');
    const seed = seedOfImage(request.seed, Math.max(0, imageIndex));
    const png = await encodePng(pixels, recipeFor(seed));
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
