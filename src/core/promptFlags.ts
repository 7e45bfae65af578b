// Options written into the prompt: "a fox --ar 3:2 --seed 5 --no text". One pass over the words, no recursion, no guessing.
// Deliberately not here: bounds and defaults; `resolve` checks those for every way a request can come in.
import { cleanText } from './cleanText.ts';
import { BARE_CONTROL_FLAGS, CONTROL_FLAGS } from './controlFlags.ts';
import { readDoubleColons } from './doubleColons.ts';
import { BARE_DRAWING_FLAGS, DRAWING_FLAGS } from './drawingFlags.ts';
import { merged, parseLora, takeLoraTags } from './lora.ts';
import { parsePan, USUAL_PADDING_PX } from './repaint.ts';
import { type RequestDraft, refuse, SAMPLERS, type SamplerName, SCHEDULES, type ScheduleName } from './request.ts';
import { parseAspect, parseSize } from './size.ts';

type Fields = Omit<RequestDraft, 'prompt'>;
/** @param before what earlier flags set, for those that set parts of one field */
type Read = (value: string, flag: string, before: Fields) => Fields;

type NumberField =
  | 'seed'
  | 'steps'
  | 'guidance'
  | 'count'
  | 'strength'
  | 'clipSkip'
  | 'maskBlurPx'
  | 'onlyMaskedPx'
  | 'imageGuidance'
  | 'zoom';

const readNumber =
  (field: NumberField): Read =>
  (value, flag) => ({
    [field]: /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : refuse(flag, value, { kind: 'number' }),
  });

const readSampler: Read = (value, flag) => {
  const name = value.toLowerCase().replaceAll('-', '_');
  const sampler: SamplerName | undefined = SAMPLERS.find((known) => known === name);
  return { sampler: sampler ?? refuse(flag, value, { kind: 'names', names: SAMPLERS }) };
};

const readSchedule: Read = (value, flag) => {
  const name = value.toLowerCase().replaceAll('-', '_');
  const schedule: ScheduleName | undefined = SCHEDULES.find((known) => known === name);
  return { schedule: schedule ?? refuse(flag, value, { kind: 'names', names: SCHEDULES }) };
};

/** How many times, or by what. */
const readUpscale: Read = (value) => {
  const times = /^(\d{1,2}(?:\.\d{1,4})?)x?$/i.exec(value)?.[1];
  return { upscale: times === undefined ? { upscaler: value } : { scale: Number(times) } };
};

/** Adds up over several flags and tags; `none` asks for none, not even those somebody has by default. */
const readLora: Read = (value, flag, { loras = [] }) => {
  if (value.toLowerCase() === 'none') return { loras: [] };
  const lora = parseLora(value) ?? refuse(flag, value, { kind: 'form', example: 'name:0.8' });
  return { loras: merged([...loras, lora]) };
};

/** How far the pictures of one request are from each other: 100 as far as if each had its own seed, 0 nearly the same. */
const readChaos: Read = (value, flag) => {
  const chaos = /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
  if (!(chaos <= MAX_CHAOS)) refuse(flag, value, { kind: 'whole', low: 0, high: MAX_CHAOS });
  return { variation: { strength: Math.max(1, chaos) / MAX_CHAOS } };
};
const MAX_CHAOS = 100;

const FLAGS: Readonly<Record<string, Read>> = {
  seed: readNumber('seed'),
  steps: readNumber('steps'),
  guidance: readNumber('guidance'),
  cfg: readNumber('guidance'),
  count: readNumber('count'),
  strength: readNumber('strength'),
  'clip-skip': readNumber('clipSkip'),
  ar: (value, flag) => ({ aspect: parseAspect(value) ?? refuse(flag, value, { kind: 'sizeForm', shapes: 'only' }) }),
  size: (value, flag) => ({ size: parseSize(value) ?? refuse(flag, value, { kind: 'sizeForm', shapes: 'not' }) }),
  style: (value) => ({ style: value.toLowerCase() }),
  model: (value) => ({ model: value }),
  sampler: readSampler,
  schedule: readSchedule,
  upscale: readUpscale,
  chaos: readChaos,
  lora: readLora,
  'mask-blur': readNumber('maskBlurPx'),
  'only-masked': readNumber('onlyMaskedPx'),
  'image-cfg': readNumber('imageGuidance'),
  zoom: readNumber('zoom'),
  pan: (value, flag) => ({ pan: parsePan(value) ?? refuse(flag, value, { kind: 'form', example: 'right' }) }),
  ...DRAWING_FLAGS,
  ...CONTROL_FLAGS,
};
/** Flags whose value is everything up to the next flag. */
const PHRASE_FLAGS: readonly string[] = ['no', 'negative'];
/** Flags that stand alone. */
const BARE_FLAGS: Readonly<Record<string, Fields>> = {
  spoiler: { spoiler: true },
  private: { privatePrompt: true },
  'only-masked': { onlyMaskedPx: USUAL_PADDING_PX },
  ...BARE_DRAWING_FLAGS,
};
const FLAG_NAMES: readonly string[] = [
  ...Object.keys(FLAGS),
  ...PHRASE_FLAGS,
  ...Object.keys(BARE_FLAGS),
  ...Object.keys(BARE_CONTROL_FLAGS),
];

/** Flags that take a value, as people may compare them on a sheet. */
export const VALUE_FLAGS: readonly string[] = [...Object.keys(FLAGS), ...PHRASE_FLAGS].filter(
  (name) => name !== 'count',
);

export function isValueFlag(name: string): boolean {
  return VALUE_FLAGS.includes(name);
}

/** "--seed" or, as phones write it, "—seed"; with "=5" attached or not. */
const FLAG_WORD = /^(--|-?[—–]-?|[—–]{2})(\p{L}[\p{L}\p{N}_-]*)(?:=(.*))?$/u;

interface Flag {
  readonly name: string;
  /** What was attached with "=". */
  readonly attached: string | undefined;
}

/**
 * The prompt without its flags, and the fields they set; a flag given twice counts as its last, except --no, which adds up.
 * @param given what was said beside the prompt and its flags speak of: how a control is followed
 * @throws request_invalid for an unknown "--flag", a missing value, or one of the wrong kind.
 */
export function readPrompt(text: string, given: Pick<Fields, 'controls'> = {}): RequestDraft {
  const tagged = takeLoraTags(cleanText(text));
  const words = tagged.prompt.split(' ');
  const prompt: string[] = [];
  const unwanted: string[] = [];
  let fields: Fields = { ...given, ...(tagged.loras.length === 0 ? {} : { loras: merged(tagged.loras) }) };
  for (let at = 0; at < words.length; at += 1) {
    const flag = flagOf(words[at]!);
    if (flag === undefined) {
      prompt.push(words[at]!);
    } else if (isBare(flag)) {
      fields = { ...fields, ...BARE_FLAGS[flag.name], ...BARE_CONTROL_FLAGS[flag.name]?.(fields) };
    } else if (PHRASE_FLAGS.includes(flag.name)) {
      const end = nextFlag(words, at + 1);
      unwanted.push(phraseFor(flag, words.slice(at + 1, end)));
      at = end - 1;
    } else {
      if (flag.attached === undefined) at += 1;
      fields = { ...fields, ...FLAGS[flag.name]!(valueFor(flag, words[at]), `--${flag.name}`, fields) };
    }
  }
  return withFields(readDoubleColons(prompt.join(' ')), fields, unwanted);
}

/** A draft with the fields that `over` sets; a shape there replaces the size below it, and words how others had been written. */
export function overlay(draft: RequestDraft, over: Partial<RequestDraft>): RequestDraft {
  const { size, template, ...rest } = draft;
  const keepsSize = size !== undefined && over.aspect === undefined;
  const keepsTemplate = template !== undefined && over.prompt === undefined;
  return { ...rest, ...(keepsSize ? { size } : {}), ...(keepsTemplate ? { template } : {}), ...over };
}

function withFields(prompt: string, fields: Fields, unwanted: readonly string[]): RequestDraft {
  return { prompt, ...fields, ...(unwanted.length === 0 ? {} : { negativePrompt: unwanted.join(', ') }) };
}

/** "--only-masked" stands alone, "--only-masked=16" does not. */
function isBare({ name, attached }: Flag): boolean {
  const mayBe = Object.hasOwn(BARE_FLAGS, name) || Object.hasOwn(BARE_CONTROL_FLAGS, name);
  return mayBe && !(attached !== undefined && Object.hasOwn(FLAGS, name));
}

/** A dash that opens no known flag stays text, for people write "a cat —sitting"; two hyphens always mean a flag. */
function flagOf(word: string): Flag | undefined {
  const match = FLAG_WORD.exec(word);
  if (match === null) return undefined;
  const name = match[2]!.toLowerCase();
  if (FLAG_NAMES.includes(name)) return { name, attached: match[3] };
  if (match[1] !== '--') return undefined;
  return refuse('flag', `--${name}`, { kind: 'names', names: FLAG_NAMES.map((known) => `--${known}`) });
}

function nextFlag(words: readonly string[], from: number): number {
  let at = from;
  while (at < words.length && flagOf(words[at]!) === undefined) at += 1;
  return at;
}

function valueFor(flag: Flag, next: string | undefined): string {
  const value = flag.attached ?? (next !== undefined && flagOf(next) === undefined ? next : '');
  return value === ''
    ? refuse(`--${flag.name}`, '', { kind: 'some', example: `--${flag.name} ${exampleOf(flag.name)}` })
    : value;
}

function phraseFor(flag: Flag, following: readonly string[]): string {
  const words = flag.attached === undefined ? following : [flag.attached, ...following];
  return words.length === 0
    ? refuse(`--${flag.name}`, '', { kind: 'some', example: `--${flag.name} text` })
    : words.join(' ');
}

function exampleOf(name: string): string {
  const examples: Readonly<Record<string, string>> = {
    ar: '3:2',
    size: '96x64',
    style: 'flat',
    sampler: 'euler',
    schedule: 'karras',
    rng: 'gpu',
    variation: '5:0.2',
    'hires-upscaler': 'latent',
    zoom: '1.5',
    pan: 'right',
    'image-cfg': '1.5',
    control: 'canny:0.8',
    'control-range': '0.2-0.8',
  };
  return examples[name] ?? (name === 'strength' ? '0.7' : name === 'model' ? 'emoji' : '5');
}
