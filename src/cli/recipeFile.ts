// `imagine --recipe FILE`: the recipe of a picture or a text file, brought to what this installation has, and what is different, in lines.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config.ts';
import { parseRecipe, type Recipe } from '../core/recipe.ts';
import { type Difference, type Here, recipeHere } from '../core/recipeHere.ts';
import { DEFAULT_LIMITS, type RequestDraft } from '../core/request.ts';
import type { WorkerFacts } from '../core/worker.ts';
import { DarkroomError, type ErrorCode } from '../errors.ts';
import { readPictureText } from '../image/pictureText.ts';
import { makeLog } from '../log.ts';
import { ModelHashes } from '../weights/modelHashes.ts';
import { extraFiles } from '../weights/registry.ts';

/** Bytes; a picture a person made, not a film. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** @throws input_image_invalid when there is no recipe in it */
export async function readRecipeFile(file: string): Promise<Recipe> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new DarkroomError('input_image_invalid', `${file}: cannot be read (${cause.code})`, {}, { cause });
  });
  if (bytes.length > MAX_FILE_BYTES) throw noRecipe(file, `it has ${bytes.length} bytes`);
  const found = readPictureText(bytes);
  if (found?.kind === 'other') throw noRecipe(file, `it was made with ${found.tool}, whose recipes are not read here`);
  const recipe = parseRecipe(found?.text ?? textOf(bytes, file));
  if (found !== undefined || recipe.fields.size > 0) return recipe;
  throw noRecipe(file, 'its last line has no fields such as Steps, Seed and Size');
}

function textOf(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw noRecipe(file, 'no program wrote one into it');
  }
}

function noRecipe(file: string, why: string): DarkroomError {
  return new DarkroomError('input_image_invalid', `${path.basename(file)}: found no recipe: ${why}`);
}

export interface RecipeDraft {
  readonly draft: RequestDraft;
  /** A line for everything that is different here. */
  readonly notes: readonly string[];
}

/**
 * @param facts of the models there are; the one a hash names is looked for among them, which reads their files where nobody has yet
 * @param modelName the model somebody chose instead of the recipe's
 */
export async function draftOfRecipe(
  recipe: Recipe,
  facts: WorkerFacts,
  defaultModel: string,
  modelName: string | null,
  places: Places,
): Promise<RecipeDraft> {
  const asked = modelName === null ? recipe : withoutModel(recipe, modelName);
  return withHashes(facts, places, async (hashes) => {
    const { models: cards, upscalers = [] } = facts;
    const here = { cards, defaultModel, limits: DEFAULT_LIMITS, upscalers: upscalers.map(({ name }) => name) };
    const known: Here = {
      ...here,
      hashes: { modelOf: (hash) => hashes.modelOf(hash), hashOf: (name) => hashes.knownHashOf(name) },
      loraOf: (hash) => hashes.loraOf(hash),
    };
    const first = recipeHere(asked, known);
    if (!isFoundByHash(first, asked)) return inLines(first);
    hashes.learn();
    await hashes.settled();
    return inLines(recipeHere(asked, known));
  });
}

/** Whether something is missing that the recipe names by a hash too; then the files here are worth reading. */
function isFoundByHash({ differences }: { readonly differences: readonly Difference[] }, { fields }: Recipe): boolean {
  const lacks = (kind: Difference['kind']) => differences.some((one) => one.kind === kind);
  return (lacks('model') && fields.has('Model hash')) || (lacks('loras') && fields.has('Lora hashes'));
}

function withoutModel({ draft, fields }: Recipe, model: string): Recipe {
  const rest = new Map([...fields].filter(([name]) => name !== 'Model hash'));
  return { draft: { ...draft, model }, fields: rest };
}

type Places = Pick<Config, 'dataDir' | 'modelsDir'>;

/** A picture can be made whatever the bot's database is like. */
const NO_BOOK: readonly ErrorCode[] = ['store_failed', 'migration_failed', 'disk_full'];

/** The model's hash where the bot or `models verify` has learned it; ten digits. */
export async function knownHashOf(model: string, facts: WorkerFacts, places: Places): Promise<string | undefined> {
  if (!existsSync(bookFile(places))) return undefined;
  try {
    return await withHashes(facts, places, async (hashes) => hashes.knownHashOf(model));
  } catch (thrown) {
    if (thrown instanceof DarkroomError && NO_BOOK.includes(thrown.code)) return undefined;
    throw thrown;
  }
}

function bookFile({ dataDir }: Places): string {
  return path.join(dataDir, 'darkroom.db');
}

/** In the bot's own book where there is one; else nothing is kept. */
async function withHashes<T>(
  facts: WorkerFacts,
  places: Places,
  work: (hashes: ModelHashes) => Promise<T>,
): Promise<T> {
  const { modelsDir } = places;
  const file = bookFile(places);
  // Loaded only here: the first picture does not wait for a database nobody asks.
  const { openFileBook } = await import('../store/sqliteFileBook.ts');
  const book = openFileBook({ file: existsSync(file) ? file : ':memory:' });
  const models = new Map(Object.entries(facts.modelFiles ?? {}));
  const extras = extraFiles(modelsDir).filter((file) => file.startsWith('loras/'));
  const hashes = new ModelHashes({ modelsDir, book, log: makeLog('silent'), models, extras });
  try {
    return await work(hashes);
  } finally {
    await hashes.close();
    book.close();
  }
}

function inLines({ draft, differences }: { draft: RequestDraft; differences: readonly Difference[] }): RecipeDraft {
  return { draft, notes: differences.map(lineOf) };
}

function lineOf(difference: Difference): string {
  switch (difference.kind) {
    case 'model':
      return `model ${difference.asked}: not here, ${difference.instead} is taken; the picture will be another one`;
    case 'modelName':
      return `model ${difference.asked}: called ${difference.here} here, the weights are the same`;
    case 'modelHash':
      return `model ${difference.name}: other weights, ${difference.asked} there and ${difference.here} here`;
    case 'sampler':
      return `sampler ${difference.asked}: not known, ${difference.instead} is taken`;
    case 'schedule':
      return `schedule ${difference.asked}: not known, the sampler's own is taken`;
    case 'size':
      return `size ${difference.asked}: not possible here, ${difference.instead} is taken`;
    case 'number':
      return `${difference.field} ${difference.asked}: too much here, ${difference.instead} is taken`;
    case 'start':
      return 'start picture: not in the recipe; give it with --image';
    case 'loras':
      return `LoRAs not here: ${difference.names.join(', ')}`;
    case 'upscaler':
      return `upscaler ${difference.asked}: not here, left out`;
    case 'fields':
      return `without a meaning here: ${difference.names.join(', ')}`;
  }
}
