// What a request needs to know of a model: computed from its configs, refined by the darkroom.json its owner may put beside them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { DEFAULT_LIMITS, type ModelCard, SAMPLERS, type Size } from '../core/request.ts';
import { formatSize, parseSize } from '../core/size.ts';
import { DarkroomError } from '../errors.ts';
import { nameInMessages, readModelJson } from './modelFiles.ts';

/** A name people can type and Discord can show in a list (100 characters at most), without anything that could be a path. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._()+-]{0,79}$/u;

const hintsSchema = z.strictObject({
  name: z.string().regex(NAME).optional(),
  defaults: z
    .strictObject({
      /** `128x96`: width and height in pixels. */
      size: z
        .string()
        .refine((text) => parseSize(text) !== undefined, 'expected WIDTHxHEIGHT')
        .optional(),
      steps: z.int().min(1).max(DEFAULT_LIMITS.maxSteps).optional(),
      guidance: z.number().min(0).max(DEFAULT_LIMITS.maxGuidance).optional(),
      sampler: z.enum(SAMPLERS).optional(),
      strength: z.number().min(0).max(1).optional(),
      style: z.string().nullable().optional(),
    })
    .optional(),
  /** Style key → phrase, appended to the prompt as it stands: begin it with a comma or a space. */
  styles: z.record(z.string().regex(NAME), z.string().min(1).max(200)).optional(),
});

type Hints = z.infer<typeof hintsSchema>;
type Config = Readonly<Record<string, unknown>>;

/** Ordinary settings for Stable Diffusion 1.x, used where the hints are silent. @source the defaults of its common front ends */
const DEFAULTS = { steps: 25, guidance: 7.5, sampler: 'dpmpp_2m_karras', strength: 0.75, style: null } as const;

/** @throws weights_invalid when a config does not say how large its pictures are or the hints are wrong */
export function makeModelCard(modelsDir: string, folder: string, unet: Config, vae: Config): ModelCard {
  const source = nameInMessages(modelsDir, folder);
  const hints = readHints(modelsDir, path.join(folder, 'darkroom.json'));
  const name = hints.name ?? path.basename(folder);
  if (!NAME.test(name))
    throw invalid(source, 'the folder name', JSON.stringify(name), 'letters, digits, space and ._()+-, at most 80');
  const pixelsPerLatent = 2 ** (levels(vae, `${source}/vae/config.json`) - 1);
  const sizeStepPx = pixelsPerLatent * 2 ** (levels(unet, `${source}/unet/config.json`) - 1);
  const { size: sizeText, ...defaults } = withoutUndefined(hints.defaults ?? {});
  const size = parseSize(sizeText ?? '') ?? nativeSize(unet, pixelsPerLatent, source);
  const card = { name, defaults: { ...DEFAULTS, ...defaults, size }, styles: hints.styles ?? {}, sizeStepPx };
  checkCard(card, source);
  return card;
}

function readHints(modelsDir: string, file: string): Hints {
  if (!existsSync(file)) return {};
  const parsed = hintsSchema.safeParse(readModelJson(modelsDir, file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.join('.');
  throw new DarkroomError('weights_invalid', `${nameInMessages(modelsDir, file)}: ${where}: ${issue.message}`, {
    where,
  });
}

/** Resolutions the network works in; the sides of a picture halve between one and the next. */
function levels(config: Config, source: string): number {
  const channels = config.block_out_channels;
  if (Array.isArray(channels) && channels.length >= 1 && channels.length <= 8) return channels.length;
  throw invalid(source, 'block_out_channels', JSON.stringify(channels), 'a list of 1 to 8 numbers');
}

/** The size the U-Net was trained at; sample_size counts latents, one number or [height, width]. */
function nativeSize(unet: Config, pixelsPerLatent: number, source: string): Size {
  const latents = unet.sample_size;
  const [height, width] = Array.isArray(latents) ? latents : [latents, latents];
  if (!isLength(height) || !isLength(width)) {
    throw invalid(
      `${source}/unet/config.json`,
      'sample_size',
      JSON.stringify(latents),
      'one or two lengths in latents',
    );
  }
  return { widthPx: width * pixelsPerLatent, heightPx: height * pixelsPerLatent };
}

function isLength(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1024;
}

function checkCard(card: ModelCard, source: string): void {
  const { size, style } = card.defaults;
  for (const sidePx of [size.widthPx, size.heightPx]) {
    if (sidePx > 0 && sidePx % card.sizeStepPx === 0) continue;
    throw invalid(source, 'default size', formatSize(size), `multiples of ${card.sizeStepPx} pixels`);
  }
  if (style === null || Object.hasOwn(card.styles, style)) return;
  throw invalid(
    `${source}/darkroom.json`,
    'defaults.style',
    JSON.stringify(style),
    `one of ${Object.keys(card.styles)}`,
  );
}

function invalid(source: string, field: string, found: string | undefined, expected: string): DarkroomError {
  return new DarkroomError('weights_invalid', `${source}: ${field} is ${found}, expected ${expected}`, {
    model: source,
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;
}
