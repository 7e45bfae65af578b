// One picture from a prompt, or from a prompt and a picture: the Stable Diffusion pipeline as a generator that asks for networks.
// It runs between asks only, so whoever drives it may cancel, preview or interleave other pictures at every ask.
import { promptParts } from '../core/promptParts.ts';
import type { SamplerName, ScheduleName, Size } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import { type Answer, type Ask, expectKind, type Latents, type Pixels, type UnetRow } from './asks.ts';
import { DENOISERS } from './denoiser.ts';
import { type PartWeights, rolesOfParts, withComposedGuidance } from './guidance.ts';
import { addNoise, clamp, scale } from './latents.ts';
import type { ModelFacts } from './modelFacts.ts';
import type { NoiseLevel } from './noiseSchedule.ts';
import { type ConditioningsAt, readPrompts } from './promptReading.ts';
import { TorchRandom } from './rng.ts';
import { SAMPLER_TABLE } from './samplers/index.ts';
import { asksOf, type DenoiseAsk, type Sampler, type Sampling, twoLooks } from './samplers/sampler.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';
import { planOver } from './schedules.ts';

/** One picture; a request for several makes one of these for each, with `seedOfImage`. */
export interface PictureRequest {
  /** The whole text, style phrase included. */
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly size: Size;
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number;
  readonly sampler: SamplerName;
  /** Null and absent are the sampler's own. */
  readonly schedule?: ScheduleName | null | undefined;
  /** Layers before the text encoder's end whose state is taken; null, as absent and 1, is the last one. */
  readonly clipSkip?: number | null | undefined;
  readonly start: StartPicture | null;
}

/** The picture an image-to-image request begins from, already of the request's size. */
export interface StartPicture {
  readonly pixels: Pixels;
  /** 0 … 1; how much of the steps is run, and so how much is replaced. */
  readonly strength: number;
}

export interface Picture {
  /** Held inside -1 … 1. */
  readonly pixels: Pixels;
  /** As the sampler left them, scaled. */
  readonly latents: Latents;
}

type Pipeline<T> = Generator<Ask, T, Answer>;

/** U-Net asks one picture makes: one a step that is run, more where the sampler looks twice. */
export function stepsTotal(request: Pick<PictureRequest, 'steps' | 'start' | 'sampler'>): number {
  return asksOf(SAMPLER_TABLE[request.sampler], stepsRun(request));
}

/** What a prompt's `when` counts: A1111 plans two looks for every step of a sampler that looks twice, the last one included. */
function looksOf({ asks }: Sampler, steps: number): number {
  return asks === twoLooks ? 2 * steps : steps;
}

/** The steps, or with a start picture floor(steps · strength) of them. */
function stepsRun({ steps, start }: Pick<PictureRequest, 'steps' | 'start'>): number {
  return start === null ? steps : Math.min(Math.trunc(steps * start.strength), steps);
}

/**
 * Develops one picture. Asks come in this order: text for every text the prompts pass through, encode when there is a start picture, unet `stepsTotal`
 * times, decode. Noise is drawn from the seed's own generator in the order of diffusers' pipelines.
 * @source diffusers, StableDiffusionPipeline and StableDiffusionImg2ImgPipeline; where guidance is 0 … 1 they drop it, we apply it
 * @throws request_invalid when the size, the start picture or the step count does not fit the model.
 */
export function* developPicture(request: PictureRequest, model: ModelFacts): Pipeline<Picture> {
  const config = asStableDiffusion(model.scheduler);
  const shape = latentShape(request.size, model);
  const sampler = SAMPLER_TABLE[request.sampler];
  const random = new TorchRandom(request.seed);
  const plan = planOver(request.schedule ?? null, sampler, config, request.steps);
  const conditioningsAt = yield* readPrompts(request, looksOf(sampler, request.steps));
  const steps = plan.steps.slice(request.steps - stepsRun(request));
  const noisy =
    request.start === null
      ? scale(plan.noiseScale, random.randn(shape.channels * shape.height * shape.width))
      : yield* noisyStart(request.start, request.size, model, random, steps[0]?.from);
  const sampling = sampler.sample(noisy, { steps, random, config });
  const data = yield* denoise(sampling, {
    request,
    parts: promptParts(request.prompt).map(({ weight }) => weight),
    conditioningsAt,
    shape,
    predictionType: config.predictionType,
    rescale: model.guidanceRescale ?? 0,
  });
  const latents = { ...shape, data };
  return { pixels: yield* decode(latents, model), latents };
}

/**
 * diffusers' Stable Diffusion pipelines overrule a folder here: leading timesteps begin at 1, and latents, which are no pixels,
 * are never clipped.
 * @source diffusers, StableDiffusionPipeline.__init__
 */
export function asStableDiffusion(config: SchedulerConfig): SchedulerConfig {
  return { ...config, stepsOffset: 1, clipRange: null };
}

type Shape = Omit<Latents, 'data'>;

function latentShape({ widthPx, heightPx }: Size, { latentChannels, pixelsPerLatent }: ModelFacts): Shape {
  for (const [field, sidePx] of Object.entries({ widthPx, heightPx })) {
    if (sidePx > 0 && sidePx % pixelsPerLatent === 0) continue;
    throw new DarkroomError('request_invalid', `${field}: found ${sidePx}, expected a multiple of ${pixelsPerLatent}`, {
      field,
    });
  }
  return { channels: latentChannels, height: heightPx / pixelsPerLatent, width: widthPx / pixelsPerLatent };
}

/** Latents drawn from the encoder's posterior, then noised to the first level that is run; strength 0 runs none. */
function* noisyStart(
  { pixels }: StartPicture,
  { widthPx, heightPx }: Size,
  { scalingFactor }: ModelFacts,
  random: TorchRandom,
  first: NoiseLevel | undefined,
): Pipeline<Float32Array> {
  if (pixels.width !== widthPx || pixels.height !== heightPx) {
    const found = `${pixels.width}x${pixels.height}`;
    throw new DarkroomError('request_invalid', `start picture: found ${found}, expected ${widthPx}x${heightPx}`, {
      field: 'start',
    });
  }
  const { mean, std } = expectKind('encode', yield { kind: 'encode', pixels });
  const drawn = random.randn(std.length);
  const latents = mean.data.map((value, i) => scalingFactor * Math.fround(value + (std[i] ?? 0) * (drawn[i] ?? 0)));
  return first === undefined ? latents : addNoise(latents, random.randn(latents.length), first);
}

interface Denoising {
  readonly request: PictureRequest;
  readonly parts: PartWeights;
  readonly conditioningsAt: ConditioningsAt;
  readonly shape: Shape;
  readonly predictionType: SchedulerConfig['predictionType'];
  readonly rescale: number;
}

/** Walks a sampler: each of its asks becomes one U-Net ask with a row per prompt, guided and turned into the denoised picture. */
function* denoise(sampling: Sampling, denoising: Denoising): Pipeline<Float32Array> {
  let result = sampling.next();
  for (let look = 0; !result.done; look += 1) {
    const answer = yield { kind: 'unet', rows: rowsOf(result.value, denoising, look) };
    result = sampling.next(denoisedFrom(expectKind('unet', answer).predictions, result.value, denoising));
  }
  return result.value;
}

function rowsOf({ noisy, level }: DenoiseAsk, { conditioningsAt, shape }: Denoising, look: number): UnetRow[] {
  const latents: Latents = { ...shape, data: noisy };
  return conditioningsAt(look).map((conditioning) => ({ latents, timestep: level.timestep, conditioning }));
}

function denoisedFrom(
  predictions: readonly Float32Array[],
  { noisy, level }: DenoiseAsk,
  { request, parts, predictionType, rescale }: Denoising,
): Float32Array {
  const rows = rolesOfParts(request.guidance, parts).length;
  if (predictions.length !== rows || predictions.some((row) => row.length !== noisy.length)) {
    const found = predictions.map((row) => row.length).join(', ');
    const expected = `${rows} of ${noisy.length}`;
    throw new DarkroomError('internal', `unet answer: found predictions of ${found} numbers, expected ${expected}`);
  }
  return DENOISERS[predictionType](noisy, withComposedGuidance(request.guidance, predictions, parts, rescale), level);
}

function* decode(latents: Latents, { scalingFactor }: ModelFacts): Pipeline<Pixels> {
  const unscaled = { ...latents, data: latents.data.map((value) => value / scalingFactor) };
  const { pixels } = expectKind('decode', yield { kind: 'decode', latents: unscaled });
  return { ...pixels, data: clamp(pixels.data, 1) };
}
