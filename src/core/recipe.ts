// A picture's recipe as the text other tools write into PNG files and read out of them ("parameters"), written and read.
// Deliberately not here: the PNG; src/image keeps the text in a chunk. What a foreign recipe asks for is judged by `resolve`.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/infotext_utils.py (grammar) and processing.py (order of the fields)

import { controlFields, readControlUnits } from './controlRecipe.ts';
import { drawingFields, isHires, readDrawing } from './drawingRecipe.ts';
import { loraTag, takeLoraTags } from './lora.ts';
import { withoutPhrase } from './promptParts.ts';
import { readRepaint, repaintFields } from './repaintRecipe.ts';
import {
  promptText,
  type RefinerCard,
  type RequestDraft,
  type ResolvedRequest,
  refuse,
  SAMPLERS,
  type SamplerName,
  SCHEDULES,
  type ScheduleName,
  SEED_COUNT,
  type Size,
} from './request.ts';
import { formatSize, parseSize } from './size.ts';
import { LANCZOS, type Upscale } from './upscale.ts';

export interface RecipeModel {
  readonly name: string;
  /** Hex digits naming the weights, as many as the writer has. */
  readonly hash?: string | undefined;
  /** LoRA → the hash other tools know it by. */
  readonly loraHashes?: ReadonlyMap<string, string> | undefined;
  /** Who did the last steps. */
  readonly refiner?: RefinerCard | undefined;
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

const SAMPLER_TITLES: Readonly<Record<SamplerName, string>> = {
  ddim: 'DDIM',
  ddpm: 'DDPM',
  euler: 'Euler',
  euler_a: 'Euler a',
  dpmpp_2m: 'DPM++ 2M',
  dpmpp_2m_karras: 'DPM++ 2M',
  heun: 'Heun',
  unipc: 'UniPC',
  dpmpp_2m_sde: 'DPM++ 2M SDE',
  dpmpp_sde: 'DPM++ SDE',
  lms: 'LMS',
  pndm: 'PLMS',
  dpm2: 'DPM2',
  dpm2_a: 'DPM2 a',
  dpmpp_2s_a: 'DPM++ 2S a',
  lcm: 'LCM',
  deis: 'DEIS',
  tcd: 'TCD',
  dpmpp_3m_sde: 'DPM++ 3M SDE',
};

/** As AUTOMATIC1111 writes them; leading and trailing have no name there. */
const SCHEDULE_TITLES: Readonly<Record<ScheduleName, string>> = {
  leading: 'Leading',
  trailing: 'Trailing',
  linspace: 'Uniform',
  karras: 'Karras',
  exponential: 'Exponential',
  sgm_uniform: 'SGM Uniform',
  beta: 'Beta',
  ays: 'Align Your Steps',
};

/** What AUTOMATIC1111 takes for `Automatic` and where nothing is said; for the other samplers it is uniform. */
const AUTOMATIC: Readonly<Partial<Record<SamplerName, ScheduleName>>> = {
  dpmpp_2m: 'karras',
  dpmpp_sde: 'karras',
  dpmpp_2s_a: 'karras',
  dpm2: 'karras',
  dpm2_a: 'karras',
  dpmpp_2m_sde: 'exponential',
  dpmpp_3m_sde: 'exponential',
};

/** What its uniform is for samplers that have no other: sigmas of evenly laid timesteps, or the timesteps of DDIM. */
const UNIFORM: Readonly<Partial<Record<SamplerName, ScheduleName>>> = {
  euler: 'linspace',
  euler_a: 'linspace',
  heun: 'linspace',
  lms: 'linspace',
  ddim: 'leading',
  pndm: 'leading',
};

/**
 * The recipe of one picture. The prompt is the text the network read, style phrase included, so that other tools make the same.
 * @param seed the picture's own, `seedOfImage(request.seed, k)`
 */
export function recipeText(request: ResolvedRequest, seed: number, model: RecipeModel): string {
  const words = promptText(request);
  const prompt = [words, ...(request.loras ?? []).map(loraTag)].join(' ');
  const plain = compose(prompt, request.negativePrompt, recipeFields(request, seed, model));
  const read = splitRecipe(plain);
  const exact: Field[] = [
    ['Words before the style', wordsBefore(request, words)],
    ['Exact prompt', takeLoraTags(read.prompt).prompt === words ? undefined : JSON.stringify(words)],
    [
      'Exact negative prompt',
      read.negativePrompt === request.negativePrompt ? undefined : JSON.stringify(request.negativePrompt),
    ],
  ];
  return compose(prompt, request.negativePrompt, [...recipeFields(request, seed, model), ...exact]);
}

/** Only where taking the phrase away again does not give the prompt back. */
function wordsBefore({ prompt, style, stylePhrase }: ResolvedRequest, whole: string): string | undefined {
  const isSame = style === null || withoutPhrase(whole, stylePhrase) === prompt;
  return isSame ? undefined : JSON.stringify(prompt);
}

type Field = readonly [name: string, value: string | undefined];

function recipeFields(request: ResolvedRequest, seed: number, model: RecipeModel): readonly Field[] {
  return [
    ['Steps', String(request.steps)],
    ['Sampler', SAMPLER_TITLES[request.sampler]],
    ['Schedule type', scheduleTitle(request)],
    ['CFG scale', String(request.guidance)],
    ['Seed', String(seed)],
    ['Size', formatSize(request.size)],
    ['Model hash', model.hash],
    ['Model', quoteValue(model.name)],
    ['Clip skip', request.clipSkip == null ? undefined : String(request.clipSkip)],
    ['Refiner', model.refiner && quoteValue(model.refiner.model)],
    ['Refiner switch at', model.refiner && String(model.refiner.switchAt)],
    ['Denoising strength', denoisingOf(request)],
    ['Init image', request.initImage?.sha256],
    ...repaintFields(request),
    ['Style', request.style === null ? undefined : quoteValue(request.style)],
    ['Style phrase', request.style === null ? undefined : JSON.stringify(request.stylePhrase)],
    ['Schedule', request.schedule ?? undefined],
    ['Template', request.template === undefined ? undefined : JSON.stringify(request.template)],
    ['Lora hashes', loraHashes(request, model)],
    ...controlFields(request),
    ...drawingFields(request, quoteValue),
    ...(request.upscale == null ? [] : upscaleFields(request.upscale)),
    ['Version', 'Darkroom'],
  ];
}

/** Only of those whose hash is known. @source A1111 extensions-builtin/Lora/extra_networks_lora.py */
function loraHashes({ loras }: ResolvedRequest, { loraHashes: hashes }: RecipeModel): string | undefined {
  const known = (loras ?? []).filter(({ name }) => hashes?.has(name));
  return known.length === 0
    ? undefined
    : JSON.stringify(known.map(({ name }) => `${name}: ${hashes!.get(name)}`).join(', '));
}

/** Of a start picture, or of the second pass; there is never both. */
function denoisingOf({ strength, hires }: ResolvedRequest): string | undefined {
  const share = strength ?? hires?.denoise;
  return share === undefined ? undefined : String(share);
}

/** As A1111 writes them when it enlarges a picture that is done. */
function upscaleFields({ upscaler, scale }: Upscale): readonly Field[] {
  return [
    ['Postprocess upscale by', String(scale)],
    ['Postprocess upscaler', quoteValue(upscaler ?? 'Lanczos')],
  ];
}

/**
 * The recipe of a picture that was only enlarged: what its file said before, and the enlarging.
 * @param before null where the file said nothing
 */
export function upscaledRecipe(before: string | null, upscale: Upscale): string {
  const added = upscaleFields(upscale);
  if (before === null) return compose('', '', [...added, ['Version', 'Darkroom']]).trim();
  const lines = before.trimEnd().split('\n');
  const hasFields = readFields(lines.at(-1)!).size >= MIN_FIELDS;
  const text = added.map(([name, value]) => `${name}: ${value}`).join(', ');
  return hasFields ? `${lines.join('\n')}, ${text}` : `${lines.join('\n')}\n${text}, Version: Darkroom`;
}

/** Uniform is said where silence would mean another one elsewhere. */
function scheduleTitle({ sampler, schedule }: ResolvedRequest): string | undefined {
  const chosen = schedule ?? (sampler === 'dpmpp_2m_karras' ? 'karras' : null);
  if (chosen !== null) return SCHEDULE_TITLES[chosen];
  return AUTOMATIC[sampler] === undefined ? undefined : 'Uniform';
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
  const tagged = takeLoraTags(prompt);
  const whole = fields.get('Exact prompt') ?? tagged.prompt;
  const bare = fields.has('Style')
    ? (fields.get('Words before the style') ?? withoutPhrase(whole, stylePhrase))
    : undefined;
  const draft: Partial<Writable<RequestDraft>> = {
    prompt: bare ?? whole,
    negativePrompt: fields.get('Exact negative prompt') ?? negativePrompt,
    model: fields.get('Model'),
    style: bare === undefined ? undefined : fields.get('Style'),
    loras: tagged.loras.length === 0 ? undefined : tagged.loras,
    ...readNumbers(fields),
    ...readUpscale(fields),
    ...readSampler(fields),
    ...readDrawing(fields),
    ...readRepaint(fields),
    ...readControls(fields),
  };
  return { draft: withoutUndefined(draft), fields };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] | undefined };

/** Only of our own files: another installation's upscalers are others, and a picture of theirs can be drawn without. */
function readUpscale(fields: ReadonlyMap<string, string>): Partial<Writable<RequestDraft>> {
  const [scale, name] = [readNumber(fields.get('Postprocess upscale by')), fields.get('Postprocess upscaler')];
  if (scale === undefined || name === undefined || fields.get('Version') !== 'Darkroom') return {};
  return { upscale: { upscaler: name === 'Lanczos' ? LANCZOS : name, scale } };
}

function readControls(fields: ReadonlyMap<string, string>): Partial<Writable<RequestDraft>> {
  const units = readControlUnits(fields);
  return units.length === 0 ? {} : { controls: units.map(({ wish }) => wish) };
}

function readNumbers(fields: ReadonlyMap<string, string>): Partial<Writable<RequestDraft>> {
  const initImage = fields.get('Init image');
  const seed = readWhole(fields.get('Seed'));
  return {
    steps: readWhole(fields.get('Steps')),
    guidance: readNumber(fields.get('CFG scale')),
    seed: seed !== undefined && seed < SEED_COUNT ? seed : undefined,
    size: readSize(fields.get('Size')),
    // With a second pass it says how much of that one is drawn anew.
    strength: isHires(fields) ? undefined : readNumber(fields.get('Denoising strength')),
    clipSkip: readWhole(fields.get('Clip skip')),
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

/** Our own files name the schedule exactly; older ones of others write its title behind the sampler's. */
function readSampler(
  fields: ReadonlyMap<string, string>,
): Pick<Partial<Writable<RequestDraft>>, 'sampler' | 'schedule'> {
  const [, title, suffix] = /^(.*?)(?: (Karras|Exponential))?$/.exec(fields.get('Sampler') ?? '') ?? [];
  const sampler = SAMPLERS.find((name) => SAMPLER_TITLES[name] === title);
  const exact = SCHEDULES.find((name) => name === fields.get('Schedule'));
  const schedule = exact ?? readSchedule(fields.get('Schedule type') ?? suffix, sampler);
  if (sampler !== 'dpmpp_2m' || schedule !== 'karras' || exact !== undefined) return { sampler, schedule };
  return { sampler: 'dpmpp_2m_karras', schedule: undefined };
}

/** Uniform is what our own files say for a schedule that is the sampler's own, where others would take another. */
function readSchedule(title: string | undefined, sampler: SamplerName | undefined): ScheduleName | undefined {
  const automatic = sampler === undefined ? undefined : AUTOMATIC[sampler];
  if (title === 'Automatic') return automatic ?? (sampler === undefined ? undefined : UNIFORM[sampler]);
  if (title === 'Uniform' && automatic !== undefined) return undefined;
  return SCHEDULES.find((name) => SCHEDULE_TITLES[name] === title);
}

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
