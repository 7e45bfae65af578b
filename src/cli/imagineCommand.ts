// `imagine` without a bot: options → request → pictures on disk, in this process, by the code the image process runs.
import { createHash, randomInt } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Config, readConfig } from '../config.ts';
import type { ControlMapFile } from '../core/control.ts';
import { GRID_INDEX } from '../core/job.ts';
import { overlay } from '../core/promptFlags.ts';
import { recipeText } from '../core/recipe.ts';
import {
  DEFAULT_LIMITS,
  type ModelCard,
  type RequestDraft,
  type ResolvedRequest,
  SEED_COUNT,
} from '../core/request.ts';
import { chooseCard, resolveRequest } from '../core/resolve.ts';
import type { DevelopedPicture, WorkerFacts } from '../core/worker.ts';
import { DarkroomError } from '../errors.ts';
import { ROOT } from '../root.ts';
import { readModelLayout } from '../weights/modelFolder.ts';
import { type Developer, openDeveloper } from '../worker/developer.ts';
import { IMAGINE_HELP, type ImagineOptions, parseImagine } from './imagineOptions.ts';
import { placePicture } from './placePicture.ts';
import { progressBar } from './progressBar.ts';
import { draftOfRecipe, knownHashOf, readRecipeFile } from './recipeFile.ts';
import { EXIT_OK, type Terminal } from './terminal.ts';

/** @returns the exit code. @throws DarkroomError, whose exit code is `exitCodeOf` */
export async function imagine(argv: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  const options = parseImagine(argv);
  if (options === null) {
    terminal.print(IMAGINE_HELP);
    return EXIT_OK;
  }
  const config = readConfig(terminal.environment, ROOT);
  const { device, precision, threads, memoryLimit, modelsDir } = config;
  const source = modelSource(options.model, modelsDir, terminal.folder);
  const means = { device, precision, threads, memoryLimit, judging: 'nobody' } as const;
  const developer = await openDeveloper({ modelsDir: source.modelsDir, ...means });
  try {
    const { facts } = developer;
    const places = { modelsDir: source.modelsDir, dataDir: config.dataDir };
    const complete = await withRecipe(options, source.name, facts, places, terminal);
    const { request, files } = await resolve(complete, source.name, facts, terminal.folder);
    const modelHash = await knownHashOf(request.model, facts, places);
    const placed = await develop(developer, request, { modelHash, files }, options, terminal, signal);
    report(request, modelHash, placed, developer, options.json, terminal);
  } finally {
    await developer.close();
  }
  return EXIT_OK;
}

interface ModelSource {
  readonly modelsDir: string;
  /** Null asks for the installation's own default. */
  readonly name: string | null;
}

/** A path names a folder anywhere; a bare word is a name under the models folder. @throws what is wrong with the folder */
function modelSource(model: string | null, modelsDir: string, folder: string): ModelSource {
  if (model === null || !/[/\\]/.test(model)) return { modelsDir, name: model };
  const modelPath = realPath(path.resolve(folder, model));
  const parent = path.dirname(modelPath);
  return { modelsDir: parent, name: readModelLayout(parent, modelPath).card.name };
}

function realPath(modelPath: string): string {
  try {
    return realpathSync(modelPath);
  } catch (cause) {
    throw new DarkroomError(
      'model_missing',
      `${modelPath}: found nothing, expected a model folder or a .safetensors file`,
      {},
      { cause },
    );
  }
}

/** The recipe's draft below what the command line says; what is different here goes to stderr. */
async function withRecipe(
  options: ImagineOptions,
  modelName: string | null,
  facts: WorkerFacts,
  places: Pick<Config, 'dataDir' | 'modelsDir'>,
  terminal: Terminal,
): Promise<ImagineOptions> {
  if (options.recipe === null || facts.models.length === 0) return options;
  const recipe = await readRecipeFile(path.resolve(terminal.folder, options.recipe));
  const found = await draftOfRecipe(recipe, facts, defaultModel(facts.models), modelName, places);
  for (const note of found.notes) terminal.printError(`${note}\n`);
  const { prompt, ...changes } = options.draft;
  return { ...options, draft: overlay(found.draft, prompt === '' ? changes : options.draft) };
}

interface Resolved {
  readonly request: ResolvedRequest;
  /** Hash → the picture's file. */
  readonly files: ReadonlyMap<string, string>;
}

async function resolve(
  { draft, image, mask, controlImages }: ImagineOptions,
  modelName: string | null,
  { models: cards, upscalers = [] }: WorkerFacts,
  folder: string,
): Promise<Resolved> {
  if (cards.length === 0) {
    throw new DarkroomError('model_missing', 'models folder: found no model that can be used; npm run doctor says why');
  }
  const named: RequestDraft = { ...draft, ...(modelName === null ? {} : { model: modelName }) };
  const files = new Map<string, string>();
  const inputOf = async (file: string) => {
    const place = path.resolve(folder, file);
    const sha256 = await hashOf(place);
    files.set(sha256, place);
    return { sha256 };
  };
  const followed = await Promise.all(controlImages.map(inputOf));
  const controls = draft.controls?.map((wish, at) => {
    const own = followed[at] ?? followed.at(-1);
    return own === undefined ? wish : { ...wish, image: own };
  });
  const whole = {
    ...named,
    ...(image === null ? {} : { initImage: await inputOf(image) }),
    ...(mask === null ? {} : { mask: await inputOf(mask) }),
    ...(controls === undefined ? {} : { controls }),
  };
  const card = chooseCard(whole, cards, defaultModel(cards));
  return { request: resolveRequest(whole, card, DEFAULT_LIMITS, randomInt(SEED_COUNT), upscalers), files };
}

/** The shipped model where it is there, else the first by name. */
function defaultModel(cards: readonly ModelCard[]): string {
  return (cards.find((card) => card.name === 'emoji') ?? cards[0]!).name;
}

async function hashOf(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DarkroomError('input_image_invalid', `${file}: cannot be read (${code})`, {}, { cause });
  }
}

interface PlacedPicture extends Omit<DevelopedPicture, 'fileName' | 'controlMaps'> {
  readonly path: string;
  /** The maps it was drawn by. */
  readonly controlMaps?: readonly PlacedMap[];
}

interface PlacedMap extends Omit<ControlMapFile, 'fileName'> {
  readonly path: string;
}

async function develop(
  developer: Developer,
  request: ResolvedRequest,
  { modelHash, files }: Pick<Resolved, 'files'> & { readonly modelHash: string | undefined },
  { image, mask, out }: ImagineOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly PlacedPicture[]> {
  const outputDir = await mkdtemp(path.join(tmpdir(), 'darkroom-'));
  const bar = progressBar(terminal);
  try {
    const pathOf = (file: string | null) => (file === null ? null : path.resolve(terminal.folder, file));
    const controlPaths = (request.controls ?? []).map((control) => files.get(control.image.sha256)!);
    const inputs = { initImagePath: pathOf(image), maskPath: pathOf(mask), controlPaths };
    const task = { jobId: 'imagine', attempt: 1, request, ...inputs, outputDir, modelHash };
    const pictures = await developer.develop(task, (step) => bar.show(step.stepsDone, step.stepsTotal), signal);
    return await place(pictures, outputDir, (picture) =>
      path.resolve(terminal.folder, wantedPath(picture, request, out)),
    );
  } finally {
    bar.clear();
    await rm(outputDir, { recursive: true, force: true });
  }
}

async function place(
  pictures: readonly DevelopedPicture[],
  outputDir: string,
  wanted: (picture: DevelopedPicture) => string,
): Promise<readonly PlacedPicture[]> {
  const placed: PlacedPicture[] = [];
  for (const picture of pictures) {
    const { fileName, controlMaps, ...facts } = picture;
    const maps = await placeMaps(controlMaps ?? [], outputDir, wanted(picture));
    const file = await placePicture(path.join(outputDir, fileName), wanted(picture));
    placed.push({ ...facts, path: file, ...(maps.length === 0 ? {} : { controlMaps: maps }) });
  }
  return placed;
}

/** Beside the picture: `7-control-1.png`. */
async function placeMaps(
  maps: readonly ControlMapFile[],
  outputDir: string,
  picture: string,
): Promise<readonly PlacedMap[]> {
  const { dir, name } = path.parse(picture);
  const placed: PlacedMap[] = [];
  for (const { fileName, ...facts } of maps) {
    const wanted = path.join(dir, `${name}-${fileName}`);
    placed.push({ ...facts, path: await placePicture(path.join(outputDir, fileName), wanted) });
  }
  return placed;
}

/** `7.png`, of several `7.png`, `8.png`, `7-grid.png`; with --out heart.png of several `heart-7.png`, `heart-8.png`, `heart-grid.png`. */
function wantedPath({ imageIndex, seed }: DevelopedPicture, request: ResolvedRequest, out: string | null): string {
  if (out === null) return imageIndex === GRID_INDEX ? `${seed}-grid.png` : `${seed}.png`;
  const { dir, name, ext } = path.parse(out);
  if (request.count === 1) return path.join(dir, `${name}${ext || '.png'}`);
  return path.join(dir, `${name}-${imageIndex === GRID_INDEX ? 'grid' : seed}${ext || '.png'}`);
}

function report(
  request: ResolvedRequest,
  modelHash: string | undefined,
  pictures: readonly PlacedPicture[],
  { facts }: Developer,
  asJson: boolean,
  terminal: Terminal,
): void {
  const recipe = recipeText(request, request.seed, { name: request.model, hash: modelHash });
  if (asJson) terminal.print(`${JSON.stringify({ pictures, request, recipe, provider: facts.provider })}\n`);
  else terminal.print(`${pictures.flatMap(pathsOf).join('\n')}\n${recipe}\n`);
}

function pathsOf({ path: picture, controlMaps = [] }: PlacedPicture): readonly string[] {
  return [picture, ...controlMaps.map((map) => map.path)];
}
