// A picture's recipe as the text other tools write into PNG files and read out of them ("parameters"), written and read.
// Deliberately not here: the PNG; src/image keeps the text in a chunk. What a foreign recipe asks for is judged by `resolve`.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/infotext_utils.py (grammar) and processing.py (order of the fields)
import {
  promptText,
  type RequestDraft,
  type ResolvedRequest,
  refuse,
  type SamplerName,
  SEED_COUNT,
  type Size,
} from './request.ts';
import { formatSize, parseSize } from './size.ts';

export interface RecipeModel {
  readonly name: string;
  /** Hex digits naming the weights, as many as the writer has. */
  readonly hash?: string;
}

export interface Recipe {
  /** What of the recipe this program understands. */
  readonly draft: RequestDraft;
  /** Every field of the last line, as written. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Characters; our own recipes stay under 10,000. Posted pictures can carry anything. */
const MAX_RECIPE_CHARS = 64 * 1024;
/** A last line with fewer fields is part of the prompt. */
const MIN_FIELDS = 3;
const NEGATIVE = 'Negative prompt:';

const SAMPLER_TITLES: Readonly<Record<SamplerName, readonly [sampler: string, schedule?: string]>> = {
  ddim: ['DDIM'],
  ddpm: ['DDPM'],
  euler: ['Euler'],
  euler_a: ['Euler a'],
  dpmpp_2m: ['DPM++ 2M', 'Uniform'],
  dpmpp_2m_karras: ['DPM++ 2M', 'Karras'],
};

/**
 * The recipe of one picture. The prompt is the text the network read, style phrase included, so that other tools make the same.
 * @param seed the picture's own, `seedOfImage(request.seed, k)`
 */
export function recipeText(request: ResolvedRequest, seed: number, model: RecipeModel): string {
  const prompt = promptText(request);
  const plain = compose(prompt, request.negativePrompt, recipeFields(request, seed, model));
  const read = splitRecipe(plain);
  const exact: Field[] = [
    ['Exact prompt', read.prompt === prompt ? undefined : JSON.stringify(prompt)],
    [
      'Exact negative prompt',
      read.negativePrompt === request.negativePrompt ? undefined : JSON.stringify(request.negativePrompt),
    ],
  ];
  return compose(prompt, request.negativePrompt, [...recipeFields(request, seed, model), ...exact]);
}

type Field = readonly [name: string, value: string | undefined];

function recipeFields(request: ResolvedRequest, seed: number, model: RecipeModel): readonly Field[] {
  const [sampler, schedule] = SAMPLER_TITLES[request.sampler];
  return [
    ['Steps', String(request.steps)],
    ['Sampler', sampler],
    ['Schedule type', schedule],
    ['CFG scale', String(request.guidance)],
    ['Seed', String(seed)],
    ['Size', formatSize(request.size)],
    ['Model hash', model.hash],
    ['Model', quoteValue(model.name)],
    ['Denoising strength', request.strength === null ? undefined : String(request.strength)],
    ['Init image', request.initImage?.sha256],
    ['Style', request.style === null ? undefined : quoteValue(request.style)],
    ['Style phrase', request.style === null ? undefined : JSON.stringify(request.stylePhrase)],
    ['Version', 'Darkroom'],
  ];
}

function compose(prompt: string, negativePrompt: string, fields: readonly Field[]): string {
  const known = fields.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}`);
  const negative = negativePrompt === '' ? [] : [`${NEGATIVE} ${negativePrompt}`];
  return [prompt, ...negative, known.join(', ')].join('\n');
}

/** Values that would end early or lose spaces are written as JSON strings. */
function quoteValue(value: string): string {
  return /^[^\s,:"\\]([^,:"\\\n]*[^\s,:"\\])?$/.test(value) ? value : JSON.stringify(value);
}

/**
 * Reads a recipe of any tool that writes this form; a text without fields is all prompt.
 * @throws request_invalid when it is longer than any recipe
 */
export function parseRecipe(text: string): Recipe {
  if (text.length > MAX_RECIPE_CHARS) refuse('recipe', `${text.length} characters`, `at most ${MAX_RECIPE_CHARS}`);
  const { prompt, negativePrompt, fields } = splitRecipe(text);
  const stylePhrase = fields.get('Style phrase') ?? '';
  const whole = fields.get('Exact prompt') ?? prompt;
  const isStyled = fields.has('Style') && whole.endsWith(stylePhrase);
  const draft: Partial<Writable<RequestDraft>> = {
    prompt: isStyled ? whole.slice(0, whole.length - stylePhrase.length) : whole,
    negativePrompt: fields.get('Exact negative prompt') ?? negativePrompt,
    model: fields.get('Model'),
    style: isStyled ? fields.get('Style') : undefined,
    ...readNumbers(fields),
    sampler: readSampler(fields),
  };
  return { draft: withoutUndefined(draft), fields };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] | undefined };

function readNumbers(fields: ReadonlyMap<string, string>): Partial<Writable<RequestDraft>> {
  const initImage = fields.get('Init image');
  const seed = readWhole(fields.get('Seed'));
  return {
    steps: readWhole(fields.get('Steps')),
    guidance: readNumber(fields.get('CFG scale')),
    seed: seed !== undefined && seed < SEED_COUNT ? seed : undefined,
    size: readSize(fields.get('Size')),
    strength: readNumber(fields.get('Denoising strength')),
    initImage: initImage !== undefined && /^[0-9a-f]{64}$/.test(initImage) ? { sha256: initImage } : undefined,
  };
}

function readWhole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function readSize(text: string | undefined): Size | undefined {
  return text === undefined ? undefined : parseSize(text);
}

/** Older files write the schedule behind the sampler; newer ones say `Automatic` where they mean Karras for this sampler. */
function readSampler(fields: ReadonlyMap<string, string>): SamplerName | undefined {
  const title = fields.get('Sampler') ?? '';
  const schedule = fields.get('Schedule type') ?? (title.endsWith(' Karras') ? 'Karras' : '');
  const name = title.replace(/ Karras$/, '');
  if (name === 'DPM++ 2M') return schedule === 'Karras' || schedule === 'Automatic' ? 'dpmpp_2m_karras' : 'dpmpp_2m';
  return SAMPLER_NAMES.find((sampler) => SAMPLER_TITLES[sampler][0] === name);
}

const SAMPLER_NAMES = Object.keys(SAMPLER_TITLES) as SamplerName[];

interface RecipeParts {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly fields: ReadonlyMap<string, string>;
}

function splitRecipe(text: string): RecipeParts {
  const lines = text.trim().split('\n');
  const fields = readFields(lines.at(-1)!);
  const hasFields = fields.size >= MIN_FIELDS;
  const words = (hasFields ? lines.slice(0, -1) : lines).map((line) => line.trim());
  const at = words.findIndex((line) => line.startsWith(NEGATIVE));
  const positive = at === -1 ? words : words.slice(0, at);
  const negative = at === -1 ? [] : words.slice(at);
  return {
    prompt: positive.join('\n'),
    negativePrompt: negative.join('\n').slice(NEGATIVE.length).trim(),
    fields: hasFields ? fields : new Map(),
  };
}

/** One field and the comma after it; what has no `name:` is passed over. Each character is looked at a bounded number of times. */
const FIELD = /\s*([^,:"]*)(?::\s*("(?:[^"\\]|\\.)*"(?=\s*(?:,|$))|[^,]*))?(?:,|"|$)/y;

function readFields(line: string): Map<string, string> {
  const fields = new Map<string, string>();
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < line.length) {
    const match = FIELD.exec(line);
    if (match === null) break;
    const name = match[1]!.trim();
    if (match[2] !== undefined && /^[\p{L}\p{N}_][\p{L}\p{N}_ \-/]+$/u.test(name)) fields.set(name, unquote(match[2]));
  }
  return fields;
}

function unquote(value: string): string {
  const text = value.trim();
  if (!text.startsWith('"') || !text.endsWith('"')) return text;
  try {
    const inner: unknown = JSON.parse(text);
    return typeof inner === 'string' ? inner : text;
  } catch {
    return text; // another tool's quoting; its value stays as written
  }
}

function withoutUndefined(draft: Partial<Writable<RequestDraft>>): RequestDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== undefined),
  ) as unknown as RequestDraft;
}
