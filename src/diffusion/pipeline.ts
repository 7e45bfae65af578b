// One picture from a prompt, or from a prompt and a picture: the Stable Diffusion pipeline as a generator that asks for networks.
// It runs between asks only, so whoever drives it may cancel, preview or interleave other pictures at every ask.
import type { SamplerName, Size } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import type { Answer, Ask, Conditioning, Latents, Pixels, UnetRow } from './asks.ts';
import { DENOISERS } from './denoiser.ts';
import { rolesAt, withGuidance } from './guidance.ts';
import { addNoise, clamp, scale } from './latents.ts';
import type { ModelFacts } from './modelFacts.ts';
import type { NoiseLevel } from './noiseSchedule.ts';
import { TorchRandom } from './rng.ts';
import { SAMPLER_TABLE } from './samplers/index.ts';
import type { DenoiseAsk, Sampling } from './samplers/sampler.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';

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

/** U-Net asks one picture makes: the steps, or with a start picture floor(steps · strength) of them. */
export function stepsTotal({ steps, start }: Pick<PictureRequest, 'steps' | 'start'>): number {
  return start === null ? steps : Math.min(Math.trunc(steps * start.strength), steps);
}

/**
 * Develops one picture. Asks come in this order: text once or twice, encode when there is a start picture, unet `stepsTotal`
 * times, decode. Noise is drawn from the seed's own generator in the order of diffusers' pipelines.
 * @source diffusers, StableDiffusionPipeline and StableDiffusionImg2ImgPipeline; where guidance is 0 … 1 they drop it, we apply it
 * @throws request_invalid when the size, the start picture or the step count does not fit the model.
 */
export function* developPicture(request: PictureRequest, model: ModelFacts): Pipeline<Picture> {
  const config = asStableDiffusion(model.scheduler);
  const shape = latentShape(request.size, model);
  const sampler = SAMPLER_TABLE[request.sampler];
  const random = new TorchRandom(request.seed);
  const plan = sampler.plan(config, request.steps);
  const conditionings = yield* readPrompts(request);
  const steps = plan.steps.slice(request.steps - stepsTotal(request));
  const noisy =
    request.start === null
      ? scale(plan.noiseScale, random.randn(shape.channels * shape.height * shape.width))
      : yield* noisyStart(request.start, request.size, model, random, steps[0]?.from);
  const sampling = sampler.sample(noisy, { steps, random, config });
  const data = yield* denoise(sampling, {
    request,
    conditionings,
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

function* readPrompts({ guidance, prompt, negativePrompt }: PictureRequest): Pipeline<Conditioning[]> {
  const conditionings: Conditioning[] = [];
  for (const role of rolesAt(guidance)) {
    const answer = yield { kind: 'text', prompt: role === 'cond' ? prompt : negativePrompt };
    conditionings.push(expectKind('text', answer).conditioning);
  }
  return conditionings;
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
  readonly conditionings: readonly Conditioning[];
  readonly shape: Shape;
  readonly predictionType: SchedulerConfig['predictionType'];
  readonly rescale: number;
}

/** Walks a sampler: each of its asks becomes one U-Net ask with a row per prompt, guided and turned into the denoised picture. */
function* denoise(sampling: Sampling, denoising: Denoising): Pipeline<Float32Array> {
  let result = sampling.next();
  while (!result.done) {
    const answer = yield { kind: 'unet', rows: rowsOf(result.value, denoising) };
    result = sampling.next(denoisedFrom(expectKind('unet', answer).predictions, result.value, denoising));
  }
  return result.value;
}

function rowsOf({ noisy, level }: DenoiseAsk, { conditionings, shape }: Denoising): UnetRow[] {
  const latents: Latents = { ...shape, data: noisy };
  return conditionings.map((conditioning) => ({ latents, timestep: level.timestep, conditioning }));
}

function denoisedFrom(
  predictions: readonly Float32Array[],
  { noisy, level }: DenoiseAsk,
  { request, conditionings, predictionType, rescale }: Denoising,
): Float32Array {
  if (predictions.length !== conditionings.length || predictions.some((row) => row.length !== noisy.length)) {
    const found = predictions.map((row) => row.length).join(', ');
    const expected = `${conditionings.length} of ${noisy.length}`;
    throw new DarkroomError('internal', `unet answer: found predictions of ${found} numbers, expected ${expected}`);
  }
  return DENOISERS[predictionType](noisy, withGuidance(request.guidance, predictions, rescale), level);
}

function* decode(latents: Latents, { scalingFactor }: ModelFacts): Pipeline<Pixels> {
  const unscaled = { ...latents, data: latents.data.map((value) => value / scalingFactor) };
  const { pixels } = expectKind('decode', yield { kind: 'decode', latents: unscaled });
  return { ...pixels, data: clamp(pixels.data, 1) };
}

function expectKind<K extends Answer['kind']>(kind: K, answer: Answer): Extract<Answer, { kind: K }> {
  if (answer.kind !== kind) throw new DarkroomError('internal', `answer: found ${answer.kind}, expected ${kind}`);
  return answer as Extract<Answer, { kind: K }>;
}
