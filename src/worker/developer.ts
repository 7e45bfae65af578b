// From a task to picture files: opens the model, runs one pipeline a picture through the batcher, writes PNGs and the grid.
// The same code serves the image process and the command line; it knows no pipe and no Discord.
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { ControlCard } from '../core/control.ts';
import { type Hires, isLatentUpscaler } from '../core/hires.ts';
import { GRID_INDEX } from '../core/job.ts';
import { requestOfImage } from '../core/noise.ts';
import { judgePicture, type PictureScores } from '../core/pictureJudgement.ts';
import type { Pixels } from '../core/pixels.ts';
import { recipeText, upscaledRecipe } from '../core/recipe.ts';
import { type ModelCard, promptText, type RefinerCard, type ResolvedRequest, type Size } from '../core/request.ts';
import {
  checkUpscaledSize,
  LANCZOS,
  MAX_UPSCALED_SIDE_PX,
  type Upscale,
  type UpscalerCard,
  upscaledSize,
} from '../core/upscale.ts';
import type { DevelopedPicture, DevelopProgress, DevelopTask, WorkerFacts } from '../core/worker.ts';
import { type Answer, type Ask, expectKind, type NetworkAsk } from '../diffusion/asks.ts';
import { drive } from '../diffusion/drive.ts';
import type { LoraStack } from '../diffusion/loraStack.ts';
import type { ModelFacts } from '../diffusion/modelFacts.ts';
import {
  developPicture,
  type PictureRequest,
  type SecondPass,
  type StartPicture,
  stepsTotal,
} from '../diffusion/pipeline.ts';
import { upscaled, upscaleTiles } from '../diffusion/upscaling.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { decodeSmall, decodeWhole } from '../image/decode.ts';
import { encodePng } from '../image/encode.ts';
import { gridOf } from '../image/grid.ts';
import { writePicture } from '../image/pictureFile.ts';
import { readRecipe } from '../image/pngText.ts';
import { type Origin, saysDrawn } from '../image/provenance.ts';
import { resizePixels } from '../image/resize.ts';
import type { Provider } from '../networks/dialect.ts';
import { checkControl } from '../runtime/control.ts';
import { MemoryBudget, MemoryShare, memoryLimitBytes } from '../runtime/memory.ts';
import { chooseProvider } from '../runtime/providers.ts';
import type { SessionSettings } from '../runtime/session.ts';
import { scanClassifier } from '../weights/classifier.ts';
import { CONTROLNETS_FOLDER } from '../weights/controlNet.ts';
import { scanControls } from '../weights/controlNetLibrary.ts';
import { scanEmbeddings } from '../weights/embeddings.ts';
import { scanLoras } from '../weights/loraLibrary.ts';
import { scanModels } from '../weights/registry.ts';
import { scanUpscalers } from '../weights/upscalers.ts';
import { type Asker, Batcher } from './batcher.ts';
import { budgetFor } from './callPlan.ts';
import { ControlShelf, NO_CONTROLS } from './controlShelf.ts';
import { setControls, writeMaps } from './controlStage.ts';
import type { ChosenLoras } from './loraShelf.ts';
import { folderOpener, type LentModel, ModelShelf, placesFor } from './modelShelf.ts';
import { type ConceptChecker, checkSource, NO_JUDGE, PictureJudge } from './pictureJudge.ts';
import type { BesideBytes } from './pictureMemory.ts';
import { Previews } from './previews.ts';
import type { Activity, ChildOptions } from './protocol.ts';
import { lendRefined, type RefinedModel } from './refined.ts';
import { NO_SAFETY_CHECKERS, scanSafetyCheckers, withCheckers } from './safetyCheckers.ts';
import { readInput, type Stage, setStage } from './stage.ts';
import { answerInPieces } from './tiledNetworks.ts';
import { UpscalerShelf } from './upscalerShelf.ts';

export interface DeveloperOptions extends ChildOptions {
  /** Told before every call that may block the thread, and `idle` after the last. */
  readonly onActivity?: (activity: Activity) => void;
}

export interface Developer {
  readonly facts: WorkerFacts;
  /** Looks at the folders of LoRAs and control networks again. @returns the facts from now on */
  rescan(): WorkerFacts;
  /** As ImageWorker.giveWay. */
  giveWay(ms: number): void;
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
  const { provider, precision, reason } = await chooseProvider(options.device, options.precision);
  const registry = scanModels(options.modelsDir);
  const threads = options.threads ?? availableParallelism();
  const loras = scanLoras(options.modelsDir, registry.layouts);
  const networks = scanControls(options.modelsDir, registry.layouts, checkControl);
  const settings = { provider, precision, threads };
  const budget = budgetOf(provider, options.memoryLimit ?? null);
  const readEmbeddings = () => scanEmbeddings(options.modelsDir);
  const open = folderOpener(registry, settings, readEmbeddings, loras, budget, () => networks.cards);
  const judge = options.judging === 'nobody' ? NO_JUDGE : new PictureJudge(scanClassifier(options.modelsDir));
  const { layouts } = registry;
  const isEverybody = judge.name !== null && (options.judging ?? 'everybody') === 'everybody';
  const checkers = isEverybody ? scanSafetyCheckers(options.modelsDir, layouts, settings) : NO_SAFETY_CHECKERS;
  const openChecked = withCheckers(open, checkers, layouts, withShare(settings, budget));
  const shelf = new ModelShelf(openChecked, budget?.limitBytes);
  const upscalers = new UpscalerShelf(scanUpscalers(options.modelsDir), withShare(settings, budget));
  const controls = new ControlShelf(networks, withShare(settings, budget));
  const onActivity = options.onActivity ?? (() => {});
  const batcher = new Batcher({ budget: budgetFor(provider), onCall: onActivity, onIdle: () => onActivity('idle') });
  const factsNow = (): WorkerFacts => ({
    pid: process.pid,
    provider,
    providerReason: reason,
    models: registry.cards.map((card) => ({
      ...card,
      ...(loras.cards.length === 0 ? {} : { loras: loras.cards }),
      ...(networks.cards.length === 0 ? {} : { controls: networks.cards }),
    })),
    modelFiles: Object.fromEntries(registry.files),
    refused: [
      ...registry.refused,
      ...upscalers.refused,
      ...scanEmbeddings(options.modelsDir).refused,
      ...loras.refused,
      ...networks.refused.map(({ name, reason }) => ({ name: `${CONTROLNETS_FOLDER}/${name}`, reason })),
      ...judge.refused,
      ...checkers.refused,
    ],
    upscalers: upscalers.cards,
    classifier: judge.name,
    safetyCheckers: checkers.models,
  });
  const rescan = () => {
    loras.rescan();
    const before = networks.cards;
    const outgrown = networks.rescan() ? outgrownBy(networks.cards, before, registry.cards) : [];
    for (const name of outgrown) void shelf.retire(name);
    return factsNow();
  };
  return makeDeveloper(factsNow(), shelf, batcher, { upscalers, judge, controls }, rescan);
}

/** Models whose networks have no places for what fits them now. */
function outgrownBy(
  now: readonly ControlCard[],
  before: readonly ControlCard[],
  models: readonly ModelCard[],
): readonly string[] {
  const names = models.map(({ name }) => name);
  return names.filter((name) => {
    const [had, wants] = [placesFor(before, name), placesFor(now, name)];
    return (wants.skips && !had.skips) || (wants.levels && !had.levels);
  });
}

function withShare(settings: SessionSettings, budget: MemoryBudget | undefined): SessionSettings {
  return budget === undefined ? settings : { ...settings, memory: new MemoryShare(budget) };
}

/** What lies on a graphics card is not counted; there a limit holds only where the owner names one. */
function budgetOf(provider: Provider, limit: string | null): MemoryBudget | undefined {
  return provider === 'cpu' || limit !== null ? new MemoryBudget(memoryLimitBytes(limit)) : undefined;
}

/** Networks that belong to no model. */
interface Tools {
  readonly upscalers: UpscalerShelf;
  readonly judge: PictureJudge;
  readonly controls: ControlShelf;
}

/** A developer of models that come from anywhere. */
export function makeDeveloper(
  facts: WorkerFacts,
  shelf: ModelShelf,
  batcher: Batcher,
  { upscalers = NO_UPSCALERS, judge = NO_JUDGE, controls = NO_CONTROLS }: Partial<Tools> = {},
  rescan: () => WorkerFacts = () => facts,
): Developer {
  let lastJob = 0;
  let current = facts;
  const bench = { shelf, batcher, upscalers, judge, controls };
  return {
    get facts() {
      return current;
    },
    rescan() {
      current = rescan();
      return current;
    },
    giveWay(ms) {
      if (facts.provider === 'cpu') batcher.giveWay(ms);
    },
    develop: (task, onProgress, signal) => developTask({ ...bench, job: ++lastJob }, task, onProgress, signal),
    close: async () => {
      await shelf.close();
      await upscalers.close();
      await controls.close();
      await judge.close();
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

interface Bench extends Tools {
  readonly shelf: ModelShelf;
  readonly batcher: Batcher;
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
  await checkSources(task, means).catch((reason: unknown) => {
    batcher.forget(job);
    throw reason;
  });
  const { upscale } = task.request;
  if (upscale != null && upscale.from !== null) {
    return await enlargeStart(task, upscale, means).finally(() => batcher.forget(job));
  }
  const size = task.request.hires?.size ?? task.request.size;
  const model = await lendRefined(shelf, task.request.model, {
    size,
    besideBytes: besideBytes(task.request, bench.controls),
    signal,
  });
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

interface Means extends Tools {
  readonly batcher: Batcher;
  readonly job: number;
  readonly onProgress: (progress: DevelopProgress) => void;
  readonly signal: AbortSignal;
}

/** A picture with what it shows, where somebody judges. */
interface JudgedPicture {
  readonly pixels: Pixels;
  readonly scores: PictureScores | undefined;
}

/** Says what pictures show; undefined where nobody judges. @param model whose own checker looks, too, where it has one */
function judging(
  { batcher, judge, job }: Means,
  signal: AbortSignal,
  model: { readonly name: string; readonly checker?: ConceptChecker } = { name: '' },
) {
  const { name, checker } = model;
  const networks = judge.networks(checker);
  return async (pixels: Pixels): Promise<PictureScores | undefined> => {
    if (networks === null) return undefined;
    const asker = { job, model: checker === undefined ? 'judge' : `judge of ${name}`, networks, signal };
    return expectKind('judge', await batcher.ask(asker, { kind: 'judge', pixels })).scores;
  };
}

/** Sides of a sent picture as it is judged: larger than the classifier looks at, small enough that a large picture costs little memory. */
const SOURCE_SIDE_PX = 512;

/** The pictures a user sent, before anything is computed with them. A mask shows nothing. @throws picture_refused, input_image_invalid */
async function checkSources(task: DevelopTask, means: Means): Promise<void> {
  const { initImagePath, controlPaths = [], blendedPaths = [], sourcePolicy } = task;
  if (sourcePolicy === undefined || means.judge.name === null) return;
  const sources = [
    ...(initImagePath === null ? [] : [{ what: 'start picture', file: initImagePath }]),
    // A double exposure may hide from the classifier what each of its pictures shows.
    ...blendedPaths.map((file) => ({ what: 'blended picture', file })),
    ...controlPaths.map((file) => ({ what: 'control picture', file })),
  ];
  const scoresOf = judging(means, means.signal);
  for (const { what, file } of sources) {
    const small = async () => decodeSmall(await readInput(what, file), SOURCE_SIDE_PX);
    const scores = await scoresOf(await means.batcher.hold(small()));
    if (scores !== undefined) checkSource(what, scores, sourcePolicy);
  }
}

/** A picture in the making that would not be allowed is not shown; of what a policy only veils there is no veiled preview. */
function previewRule({ sourcePolicy }: DevelopTask, scoresOf: ReturnType<typeof judging>) {
  if (sourcePolicy === undefined) return {};
  const mayShow = async (pixels: Pixels) => {
    const scores = await scoresOf(pixels);
    return scores === undefined || judgePicture(scores, sourcePolicy).verdict === 'allow';
  };
  return { mayShow };
}

async function developPictures(
  task: DevelopTask,
  model: RefinedModel,
  means: Means,
): Promise<readonly DevelopedPicture[]> {
  const { batcher, upscalers, controls, job, onProgress, signal } = means;
  const { request, jobId } = task;
  const stage = await batcher.hold(setStage(task));
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const asker = { job, model: request.model, networks: model.networks, signal: either };
  const refiner = model.refiner && { ...asker, model: model.refiner.name, networks: model.refiner.networks };
  const size = request.hires?.size ?? stage.size;
  const enlargement = enlargementOf(request.upscale ?? null, size, upscalers);
  const followed = await batcher.hold(setControls(task, stage, controls));
  const wanted = { ...pictureRequest(request, stage.start, upscalers), controls: followed };
  const total = request.count * (stepsTotal(wanted) + tilesOf(enlargement, size));
  let done = 0;
  const onStep = () => onProgress({ jobId, stepsDone: ++done, stepsTotal: total });
  const loras = chosenLoras(request, model);
  const answered = answerer(batcher, asker, means, onStep, refiner, model.facts);
  const answer = (ask: Ask) => answered(withLoras(ask, loras?.stack));
  const nowMs = () => performance.now();
  const onPreview = (preview: Uint8Array) => onProgress({ jobId, stepsDone: done, stepsTotal: total, preview });
  const { facts } = model;
  const watched = {
    facts,
    count: request.count,
    answer,
    onPreview,
    nowMs,
    ...previewRule(task, judging(means, either)),
  };
  const previews = task.previews === true ? new Previews(watched) : null;
  const scoresOf = judging(means, either, { ...model, name: request.model });
  const indices = Array.from({ length: request.count }, (_, index) => index);
  const making = indices.map(async (imageIndex) => {
    const drawing = developPicture(requestOfImage(wanted, imageIndex), model.facts, previews?.watch(imageIndex));
    const pixels = checkNumbers(await drive(enlarged(drawing, stage, enlargement), answer), request.model);
    return { pixels, scores: await scoresOf(pixels) };
  });
  const pictures = await allOrNone(making, stop);
  const recipeFor = (own: ResolvedRequest) => ownRecipe(own, task, loras?.hashes, model.refinedBy);
  const [first, ...others] = await batcher.hold(writeAll(task, pictures, either, recipeFor));
  if (followed.length === 0) return [first!, ...others];
  return [{ ...first!, controlMaps: await batcher.hold(writeMaps(task, followed)) }, ...others];
}

/** What the networks of a request's controls take; undefined without any. */
function besideBytes({ controls }: ResolvedRequest, shelf: ControlShelf): BesideBytes | undefined {
  if (controls == null || controls.length === 0) return undefined;
  const names = new Set(controls.map(({ model }) => model));
  return (latents) => [...names].reduce((sum, name) => sum + shelf.ownBytes(name, latents), 0);
}

/** Undefined without any. @throws model_missing, weights_invalid, model_unsupported */
function chosenLoras({ loras }: ResolvedRequest, model: LentModel): ChosenLoras | undefined {
  if (loras == null || loras.length === 0) return undefined;
  if (model.loras !== undefined) return model.loras.choose(loras);
  throw new DarkroomError('model_missing', `LoRA ${JSON.stringify(loras[0]!.name)}: this installation has none`);
}

/** The ask as somebody's own style has it; a refiner keeps its own. */
function withLoras(ask: Ask, loras: LoraStack | undefined): Ask {
  if (loras === undefined) return ask;
  if (ask.kind === 'text') return ask.expert === undefined ? { ...ask, loras } : ask;
  if (ask.kind !== 'unet' || ask.expert !== undefined) return ask;
  return { ...ask, rows: ask.rows.map((row) => ({ ...row, loras })) };
}

/** Null where the words are to stay private. */
function ownRecipe(
  own: ResolvedRequest,
  { modelHash }: DevelopTask,
  loraHashes?: ReadonlyMap<string, string>,
  refiner?: RefinerCard,
) {
  if (own.privatePrompt === true) return null;
  return recipeText(own, own.seed, { name: own.model, hash: modelHash, loraHashes, refiner });
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
async function enlargeStart(task: DevelopTask, upscale: Upscale, means: Means): Promise<readonly DevelopedPicture[]> {
  const { batcher, upscalers, job, onProgress, signal } = means;
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
    answerer(batcher, asker, means, onStep),
  );
  const before = recipeOf(bytes);
  const recipe = request.privatePrompt === true ? null : upscaledRecipe(before, upscale);
  // Somebody's photograph stays one, however large it is made.
  const origin = before !== null || saysDrawn(bytes) ? 'trainedAlgorithmicMedia' : 'algorithmicallyEnhanced';
  checkNumbers(large, upscale.upscaler ?? request.model);
  const pictures = [{ pixels: large, scores: await judging(means, signal)(large) }];
  return batcher.hold(writeAll(task, pictures, signal, () => recipe, origin));
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

/** @throws model_missing when the upscaler of a second pass is no longer there */
function pictureRequest(
  request: ResolvedRequest,
  start: StartPicture | null,
  upscalers: UpscalerShelf,
): PictureRequest {
  const { negativePrompt, size, steps, guidance, imageGuidance, seed, sampler, schedule, clipSkip } = request;
  const { noiseSource, noiseSeedDelta, variation, hires, tile } = request;
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
    noiseSource,
    noiseSeedDelta,
    variation,
    hires: hires == null ? null : secondPass(hires, upscalers),
    tile,
  };
}

function secondPass({ size, steps, denoise, upscaler }: Hires, upscalers: UpscalerShelf): SecondPass {
  if (isLatentUpscaler(upscaler)) return { size, steps, denoise, latents: upscaler, upscaler: null };
  const card = upscaler === LANCZOS ? null : upscalers.card(upscaler);
  return { size, steps, denoise, latents: null, upscaler: card };
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
  tools: Tools,
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
    if (ask.kind === 'hint') return once(ask.pixels, ask, whoAnswers(ask, asker, refiner, tools));
    if (ask.kind === 'resize') return { kind: 'resize', pixels: await resizePixels(ask.pixels, ask.size) };
    const whom = whoAnswers(ask, asker, refiner, tools);
    const answer = await asked(whom, ask);
    if (ask.kind === 'unet' || ask.kind === 'upscale') onStep();
    return answer;
  };
}

function whoAnswers(ask: NetworkAsk, asker: Asker, refiner: Asker, { upscalers, controls }: Tools): Asker {
  if (ask.kind === 'hint' || ask.kind === 'control') return { ...asker, model: 'controls', networks: controls };
  if (ask.kind === 'upscale') return { ...asker, model: 'upscalers', networks: upscalers };
  return ask.kind === 'unet' && ask.expert === 'refiner' ? refiner : asker;
}

/** Pictures, then for several the grid; nothing is written once the task is cancelled. */
async function writeAll(
  { request, outputDir }: DevelopTask,
  pictures: readonly JudgedPicture[],
  signal: AbortSignal,
  recipeFor: (own: ResolvedRequest) => string | null,
  origin: Origin = 'trainedAlgorithmicMedia',
): Promise<readonly DevelopedPicture[]> {
  const written: DevelopedPicture[] = [];
  await makeFolder(outputDir);
  const write = async (imageIndex: number, fileName: string, { pixels, scores }: JudgedPicture) => {
    if (signal.aborted) throw new DarkroomError('cancelled', 'the job was cancelled');
    const own = requestOfImage(request, Math.max(0, imageIndex));
    const { seed } = own;
    const png = await encodePng(pixels, recipeFor(own), origin);
    const file = await writePicture(path.join(outputDir, fileName), png);
    const size = { widthPx: pixels.width, heightPx: pixels.height };
    written.push({ imageIndex, fileName, seed, ...size, ...file, ...(scores === undefined ? {} : { scores }) });
  };
  for (const [index, pixels] of pictures.entries()) await write(index, `${index}.png`, pixels);
  const whole = () => ({ pixels: gridOf(pictures.map(({ pixels }) => pixels)), scores: undefined });
  if (pictures.length > 1) await write(GRID_INDEX, 'grid.png', whole());
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
