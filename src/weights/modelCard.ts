// What a request needs to know of a model: computed from its configs, refined by the hints its owner may put beside them (hints.ts).
import type { ModelCard, ModelFamily, ModelNeeds, Size } from '../core/request.ts';
import { formatSize, parseSize } from '../core/size.ts';
import { type SamplingAdvice, samplingAdvice } from '../diffusion/schedulerAdvice.ts';
import { DarkroomError } from '../errors.ts';
import { type Hints, NAME } from './hints.ts';
import { needsOfInputChannels } from './modelKinds.ts';

type Config = Readonly<Record<string, unknown>>;

/** Ordinary settings for Stable Diffusion 1.x, used where the hints are silent. @source the defaults of its common front ends */
const DEFAULTS = { steps: 25, guidance: 7.5, sampler: 'dpmpp_2m_karras', strength: 0.75, style: null } as const;

const SDXL_GUIDANCE = 5;

export interface CardSources {
  /** What messages call the folder or file. */
  readonly source: string;
  /** The same for the hints. */
  readonly hintsSource: string;
  /** Used where the hints do not name the model. */
  readonly name: string;
  readonly family: ModelFamily;
  readonly hints: Hints;
  readonly unet: Config;
  readonly vae: Config;
  /** scheduler_config.json; absent for a single file, whose name alone may say how it was distilled. */
  readonly scheduler?: Config;
}

/** @throws weights_invalid when a config does not say how large its pictures are or the hints are wrong */
export function makeModelCard({
  source,
  hintsSource,
  family,
  hints,
  unet,
  vae,
  scheduler,
  ...sources
}: CardSources): ModelCard {
  const name = hints.name ?? sources.name;
  if (!NAME.test(name))
    throw invalid(source, 'the name', JSON.stringify(name), 'letters, digits, space and ._()+-, at most 80');
  const pixelsPerLatent = 2 ** (levels(vae, `${source}/vae/config.json`) - 1);
  const sizeStepPx = pixelsPerLatent * 2 ** (levels(unet, `${source}/unet/config.json`) - 1);
  const { size: sizeText, ...defaults } = withoutUndefined(hints.defaults ?? {});
  const advice = samplingAdvice({
    distilled: hints.distilled,
    scheduler,
    name: sources.name,
    hasGuidanceInput: typeof unet.time_cond_proj_dim === 'number',
  });
  const size = parseSize(sizeText ?? '') ?? nativeSize(unet, pixelsPerLatent, source);
  const needs = needsOf(unet, vae);
  const usual = needs === undefined ? ordinary(family) : { ...ordinary(family), strength: 1 };
  const card = {
    name,
    family,
    ...(needs === undefined ? {} : { needs }),
    defaults: { ...usual, ...advice, ...ownSampling(defaults, advice), size },
    styles: hints.styles ?? {},
    sizeStepPx,
    ...(hints.refiner === undefined ? {} : { refiner: hints.refiner }),
  };
  checkCard(card, source, hintsSource);
  return card;
}

/** Channels of a U-Net and of an autoencoder that do not say theirs. @source diffusers UNet2DConditionModel, AutoencoderKL */
const USUAL_CHANNELS = 4;

/** What the network sees of the picture it must be given takes the place of starting from it: nothing of it need be kept under the noise. */
function needsOf(unet: Config, vae: Config): ModelNeeds | undefined {
  return needsOfInputChannels(
    Number(unet.in_channels ?? USUAL_CHANNELS),
    Number(vae.latent_channels ?? USUAL_CHANNELS),
  );
}

/** @source diffusers, StableDiffusionXLPipeline, and StableDiffusionPipeline as above */
function ordinary(family: ModelFamily) {
  return { ...DEFAULTS, guidance: family.startsWith('sdxl') ? SDXL_GUIDANCE : DEFAULTS.guidance };
}

/** A schedule belongs to its sampler: an owner who names another sampler alone means that one's own. */
function ownSampling<T extends { sampler?: string; schedule?: unknown }>(
  defaults: T,
  advice: SamplingAdvice | undefined,
) {
  const isOther = advice?.schedule != null && defaults.sampler !== undefined && defaults.sampler !== advice.sampler;
  return isOther && defaults.schedule === undefined ? { ...defaults, schedule: null } : defaults;
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

function checkCard(card: ModelCard, source: string, hintsSource: string): void {
  const { size, style } = card.defaults;
  for (const sidePx of [size.widthPx, size.heightPx]) {
    if (sidePx > 0 && sidePx % card.sizeStepPx === 0) continue;
    throw invalid(source, 'default size', formatSize(size), `multiples of ${card.sizeStepPx} pixels`);
  }
  if (style === null || Object.hasOwn(card.styles, style)) return;
  throw invalid(hintsSource, 'defaults.style', JSON.stringify(style), `one of ${Object.keys(card.styles)}`);
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
