// The command line of `imagine`: its options, its help, and the draft they make. Bounds are the request's business, not checked twice.

import { type ControlWish, parseControl } from '../core/control.ts';
import type { DrawingWish } from '../core/drawing.ts';
import { DRAWING_FLAGS } from '../core/drawingFlags.ts';
import { type LoraWish, merged, parseLora, takeLoraTags } from '../core/lora.ts';
import { parsePan } from '../core/repaint.ts';
import type { RequestDraft, SamplerName, ScheduleName } from '../core/request.ts';
import { refuse, SAMPLERS, SCHEDULES } from '../core/request.ts';
import { parseSize } from '../core/size.ts';
import type { UpscaleWish } from '../core/upscale.ts';
import { readArguments } from './arguments.ts';

/** Characters beside the options' column; a window has 80. */
const HELP_CHARS = 58;

export interface ImagineOptions {
  /** Without model and start picture, which need the disk. */
  readonly draft: RequestDraft;
  /** A name under the models folder, or a path to a model folder. */
  readonly model: string | null;
  /** Path of the start picture. */
  readonly image: string | null;
  /** Path of the mask. */
  readonly mask: string | null;
  /** Paths of the pictures that controls follow, in their order; the last is for those that are left, none means the start picture. */
  readonly controlImages: readonly string[];
  /** Path of the picture to write. */
  readonly out: string | null;
  /** Path of a picture or a text with a recipe; the other options change it. */
  readonly recipe: string | null;
  readonly json: boolean;
}

/** Names in a row of the help, a new line before it grows past the window. */
function namesIn(names: readonly string[]): string {
  const line = new RegExp(`(.{1,${HELP_CHARS}} [|]) `, 'g');
  return names.join(' | ').replace(line, `$1\n${' '.repeat(20)}`);
}

export const IMAGINE_HELP = `npm run imagine -- "PROMPT" [options]

  --negative TEXT   what the picture should not show
  --model DIR       a model folder, or its name under the models folder
  --sampler NAME    ${namesIn(SAMPLERS)}
  --schedule NAME   ${namesIn(SCHEDULES)};
                    by default the sampler's own
  --steps N         network steps
  --guidance G      how closely the prompt is followed; 1 is not at all
  --seed S          0 to 4294967295; the same seed makes the same picture
  --size WxH        in pixels, such as 128x96
  --count N         pictures, with the seeds S, S + 1, ...
  --clip-skip N     the text encoder's N-th layer from the end; 1 is the last
  --rng cpu|gpu     whose noise the seed means: torch's, or a graphics card's
  --ensd N          added to the seed for the noise of ancestral samplers
  --variation S:X   X, 0 to 1, of the way to the noise of seed S
  --hires X         draw again X times larger, with --hires-steps N,
                    --hires-denoise X and --hires-upscaler NAME
  --tile            edges that fit together
  --image FILE      a picture to start from
  --strength X      0 to 1, how much of the start picture is replaced
  --mask FILE       what of it is repainted: where this picture is white, or
                    opaque if parts of it are transparent; --image again as
                    the mask means its own transparent parts
  --mask-blur N     pixels by which the mask's edge is softened
  --only-masked N   work on the surroundings of the mask only, N pixels around
                    it, at the size asked for
  --zoom X          the start picture X times smaller on a canvas of the size
  --pan SIDE        left | right | up | down: paint on beyond that side, half a
                    picture; right:0.25 is a quarter
  --image-cfg G     how closely a model that edits pictures keeps to them
  --control KIND    what of a picture is followed: canny, scribble, softedge,
                    silhouette, colour or tile, whose map is made here, or a
                    ready map of depth, pose, lineart, ...; KIND:STRENGTH or
                    KIND:STRENGTH:START-END; may be repeated
  --control-image FILE   the picture; by default that of --image. Further
                    ones belong to further controls
  --control-strength X   0 to 2, of controls that say none; so
  --control-start X, --control-end X   are parts of the steps
  --control-model NAME   a network of models/controlnets, for all of them
  --control-ready   the pictures are maps already
  --control-guess   the control counts more than the words
  --lora NAME:S     a LoRA of models/loras and its strength; may be repeated
  --upscale NAME    enlarge at the end: a file of models/upscalers, or lanczos
  --scale X         how many times; 2 by default
  --recipe FILE     make what the recipe of a picture or a text file says; a
                    prompt and the other options change it
  --out FILE        where the picture goes; by default SEED.png here
  --json            print one JSON object instead of lines
`;

const DRAWING_OPTIONS = Object.fromEntries(
  Object.keys(DRAWING_FLAGS).map((flag) => [flag, { type: 'string' }]),
) as Record<string, { readonly type: 'string' }>;

const OPTIONS = {
  negative: { type: 'string' },
  model: { type: 'string' },
  sampler: { type: 'string' },
  schedule: { type: 'string' },
  lora: { type: 'string', multiple: true },
  steps: { type: 'string' },
  guidance: { type: 'string' },
  seed: { type: 'string' },
  size: { type: 'string' },
  count: { type: 'string' },
  'clip-skip': { type: 'string' },
  ...DRAWING_OPTIONS,
  tile: { type: 'boolean' },
  image: { type: 'string' },
  strength: { type: 'string' },
  mask: { type: 'string' },
  'mask-blur': { type: 'string' },
  'only-masked': { type: 'string' },
  zoom: { type: 'string' },
  pan: { type: 'string' },
  'image-cfg': { type: 'string' },
  control: { type: 'string', multiple: true },
  'control-image': { type: 'string', multiple: true },
  'control-strength': { type: 'string' },
  'control-start': { type: 'string' },
  'control-end': { type: 'string' },
  'control-model': { type: 'string' },
  'control-ready': { type: 'boolean' },
  'control-guess': { type: 'boolean' },
  upscale: { type: 'string' },
  scale: { type: 'string' },
  recipe: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** @returns null when help was asked for. @throws request_invalid naming the option */
export function parseImagine(argv: readonly string[]): ImagineOptions | null {
  const { values, positionals } = readArguments(argv, OPTIONS);
  if (values.help === true) return null;
  if (positionals.length === 0 && values.recipe === undefined)
    refuse('prompt', 'nothing', 'a text, such as "a red heart"');
  for (const option of ['strength', 'mask', 'mask-blur', 'only-masked', 'zoom', 'pan', 'image-cfg'] as const) {
    const value = values[option];
    if (value !== undefined && values.image === undefined) refuse(option, value, '--image FILE too');
  }
  const tagged = takeLoraTags(positionals.join(' '));
  const draft = {
    prompt: tagged.prompt,
    loras: lorasOf([...tagged.loras, ...(values.lora ?? []).map(lora)]),
    negativePrompt: values.negative,
    sampler: values.sampler === undefined ? undefined : sampler(values.sampler),
    schedule: values.schedule === undefined ? undefined : schedule(values.schedule),
    steps: number('steps', values.steps),
    guidance: number('guidance', values.guidance),
    seed: number('seed', values.seed),
    count: number('count', values.count),
    strength: number('strength', values.strength),
    clipSkip: number('clip-skip', values['clip-skip']),
    maskBlurPx: number('mask-blur', values['mask-blur']),
    onlyMaskedPx: number('only-masked', values['only-masked']),
    zoom: number('zoom', values.zoom),
    pan:
      values.pan === undefined ? undefined : (parsePan(values.pan) ?? refuse('pan', values.pan, 'right or right:0.5')),
    imageGuidance: number('image-cfg', values['image-cfg']),
    ...drawingOf(values),
    tile: values.tile,
    controls: controlsOf(values),
    upscale: upscaleOf(values.upscale, number('scale', values.scale)),
    size: values.size === undefined ? undefined : (parseSize(values.size) ?? refuse('size', values.size, 'WxH')),
  };
  return {
    draft: withoutUndefined(draft),
    model: values.model ?? null,
    image: values.image ?? null,
    mask: values.mask ?? null,
    controlImages: values['control-image'] ?? [],
    out: values.out ?? null,
    recipe: values.recipe ?? null,
    json: values.json ?? false,
  };
}

/** The flags of a prompt that say how a picture is drawn, read the same way. */
function drawingOf(values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>): DrawingWish {
  let wish: DrawingWish = {};
  for (const [flag, read] of Object.entries(DRAWING_FLAGS)) {
    const value = values[flag];
    if (typeof value === 'string') wish = { ...wish, ...read(value, `--${flag}`, wish) };
  }
  return wish;
}

interface ControlValues {
  readonly control?: readonly string[];
  readonly 'control-image'?: readonly string[];
  readonly 'control-strength'?: string;
  readonly 'control-start'?: string;
  readonly 'control-end'?: string;
  readonly 'control-model'?: string;
  readonly 'control-ready'?: boolean;
  readonly 'control-guess'?: boolean;
  readonly image?: string;
}

const ABOUT_CONTROLS = ['image', 'strength', 'start', 'end', 'model', 'ready', 'guess'] as const;

function controlsOf(values: ControlValues): readonly ControlWish[] | undefined {
  const { control: texts } = values;
  if (texts === undefined) {
    const idle = ABOUT_CONTROLS.find((about) => values[`control-${about}`] !== undefined);
    return idle === undefined ? undefined : refuse(`control-${idle}`, 'no control', '--control KIND too');
  }
  if (values['control-image'] === undefined && values.image === undefined)
    refuse('control', texts[0]!, '--control-image FILE too');
  const said = withoutUndefined({
    strength: number('control-strength', values['control-strength']),
    start: number('control-start', values['control-start']),
    end: number('control-end', values['control-end']),
    model: values['control-model'],
    ready: values['control-ready'],
    guess: values['control-guess'],
  });
  return texts.map((text) => ({ ...said, ...control(text) }));
}

function control(text: string): ControlWish {
  return parseControl(text) ?? refuse('control', text, 'a kind, or a kind and a strength: canny:0.8');
}

function lora(text: string): LoraWish {
  return parseLora(text) ?? refuse('lora', text, 'a name, or a name and a strength: ink:0.8');
}

function lorasOf(wishes: readonly LoraWish[]): readonly LoraWish[] | undefined {
  return wishes.length === 0 ? undefined : merged(wishes);
}

function schedule(text: string): ScheduleName {
  return SCHEDULES.find((name) => name === text) ?? refuse('schedule', text, `one of ${SCHEDULES.join(', ')}`);
}

function upscaleOf(upscaler: string | undefined, scale: number | undefined): UpscaleWish | undefined {
  if (upscaler === undefined && scale === undefined) return undefined;
  return { ...(upscaler === undefined ? {} : { upscaler }), ...(scale === undefined ? {} : { scale }) };
}

function sampler(text: string): SamplerName {
  return SAMPLERS.find((name) => name === text) ?? refuse('sampler', text, `one of ${SAMPLERS.join(', ')}`);
}

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : refuse(option, text, 'a number');
}

type Said<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(draft: T): Said<T> {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as Said<T>;
}
