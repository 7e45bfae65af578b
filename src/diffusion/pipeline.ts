// One picture from a prompt, or from a prompt and a picture: the Stable Diffusion pipeline as a generator that asks for networks.
// It runs between asks only, so whoever drives it may cancel, preview or interleave other pictures at every ask.
import type { LatentUpscaler } from '../core/hires.ts';
import type { NoiseSourceName, Variation } from '../core/noise.ts';
import { promptParts } from '../core/promptParts.ts';
import type { SamplerName, ScheduleName, Size } from '../core/request.ts';
import type { UpscalerCard } from '../core/upscale.ts';
import { DarkroomError } from '../errors.ts';
import { type Answer, type Ask, type Conditioning, expectKind, type Latents, type Pixels } from './asks.ts';
import { type Controlled, ofSecondPass, type PictureControl, type RoleRow, readControls } from './controls.ts';
import { DENOISERS } from './denoiser.ts';
import { type NetworkAt, type NetworkUse, readNetworks, toldBesides } from './experts.ts';
import {
  type PartWeights,
  type PromptRole,
  rolesOfParts,
  withComposedGuidance,
  withPictureGuidance,
} from './guidance.ts';
import { ImageNoise } from './imageNoise.ts';
import {
  allOf,
  blend,
  type Kept,
  latentMask,
  maskAndPicture,
  type Repaint,
  repaintOf,
  withSource,
} from './inpainting.ts';
import { resizeLatents } from './latentResize.ts';
import { addNoise, clamp, scale } from './latents.ts';
import type { ModelFacts } from './modelFacts.ts';
import type { NoiseLevel } from './noiseSchedule.ts';
import { SAMPLER_TABLE } from './samplers/index.ts';
import {
  asksOf,
  type DenoiseAsk,
  type Plan,
  type Sampler,
  type Sampling,
  type Step,
  twoLooks,
} from './samplers/sampler.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';
import { planOver } from './schedules.ts';
import { upscaled, upscaleTiles } from './upscaling.ts';

/** One picture; a request for several makes one of these for each, with `seedOfImage`. */
export interface PictureRequest {
  /** The whole text, style phrase included. */
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly size: Size;
  readonly steps: number;
  readonly guidance: number;
  /** Scale of the start picture, for networks that are shown it; 1 is none of its own, null and absent are 1.5. */
  readonly imageGuidance?: number | null | undefined;
  readonly seed: number;
  readonly sampler: SamplerName;
  /** Null and absent are the sampler's own. */
  readonly schedule?: ScheduleName | null | undefined;
  /** Layers before the text encoder's end whose state is taken; null, as absent and 1, is the last one. */
  readonly clipSkip?: number | null | undefined;
  readonly start: StartPicture | null;
  /** Null and absent are `cpu`. */
  readonly noiseSource?: NoiseSourceName | null | undefined;
  readonly noiseSeedDelta?: number | null | undefined;
  readonly variation?: Variation | null | undefined;
  /** Only without a start picture. */
  readonly hires?: SecondPass | null | undefined;
  /** Pictures that are followed. */
  readonly controls?: readonly PictureControl[] | null | undefined;
  /** Whether the edges fit together. */
  readonly tile?: boolean | null | undefined;
}

/** What the drawn picture becomes at a larger size. */
export interface SecondPass {
  readonly size: Size;
  /** All of them are run. */
  readonly steps: number;
  /** 0 … 1, how noisy they begin. */
  readonly denoise: number;
  /** How latents are enlarged; null where pixels are, and encoded again. */
  readonly latents: LatentUpscaler | null;
  /** For pixels; null for Lanczos. */
  readonly upscaler: UpscalerCard | null;
}

/** Told what the picture would be without its noise, at every look; scaled latents that nobody changes. */
export type Watch = (denoised: Latents) => void;

/** The picture an image-to-image request begins from, already of the request's size. */
export interface StartPicture {
  readonly pixels: Pixels;
  /** 0 … 1; how much of the steps is run, and so how much is replaced. */
  readonly strength: number;
  /** Absent for a picture that is replaced everywhere. */
  readonly repaint?: Repaint | undefined;
}

export interface Picture {
  /** Held inside -1 … 1. */
  readonly pixels: Pixels;
  /** As the sampler left them, scaled. */
  readonly latents: Latents;
}

type Pipeline<T> = Generator<Ask, T, Answer>;

/** U-Net asks one picture makes, one a step that is run and more where the sampler looks twice, and asks of an upscaler between two passes. */
export function stepsTotal(request: Pick<PictureRequest, 'steps' | 'start' | 'sampler' | 'size' | 'hires'>): number {
  const sampler = SAMPLER_TABLE[request.sampler];
  const { hires } = request;
  const second =
    hires == null ? 0 : asksOf(sampler, hires.steps) + upscaleTiles(request.size, hires.upscaler, hires.size);
  return asksOf(sampler, stepsRun(request)) + second;
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
 * Develops one picture. Asks come in this order: text for every text the prompts pass through, hint for every control, encode when there is a start picture, unet
 * `stepsTotal` times, each after a control for every ControlNet, decode; a second pass asks for its own before the last. Noise is drawn from the seed's own generator in the order of diffusers' pipelines.
 * @source diffusers, StableDiffusionPipeline and StableDiffusionImg2ImgPipeline; where guidance is 0 … 1 they drop it, we apply it
 * @throws request_invalid when the size, the start picture or the step count does not fit the model.
 */
export function developPicture(request: PictureRequest, model: ModelFacts, watch: Watch = () => {}): Pipeline<Picture> {
  const developing = develop(request, model, watch);
  return request.tile === true ? seamless(developing) : developing;
}

/** The same asks, of networks whose pictures go on beyond their edges. */
function* seamless<T>(pipeline: Pipeline<T>): Pipeline<T> {
  let result = pipeline.next();
  while (!result.done) result = pipeline.next(yield seamlessAsk(result.value));
  return result.value;
}

function seamlessAsk(ask: Ask): Ask {
  if (ask.kind === 'unet') return { ...ask, rows: ask.rows.map((row) => ({ ...row, tile: true })) };
  if (ask.kind === 'control') return { ...ask, rows: ask.rows.map((row) => ({ ...row, tile: true })) };
  return ask.kind === 'encode' || ask.kind === 'decode' || ask.kind === 'hint' ? { ...ask, tile: true } : ask;
}

function* develop(request: PictureRequest, model: ModelFacts, watch: Watch): Pipeline<Picture> {
  const drawn = yield* drawOnce(request, model, watch);
  const { hires } = request;
  const latents = hires == null ? drawn : yield* drawAgain(drawn, request, hires, model, watch);
  return { pixels: yield* decode(latents, model), latents };
}

function* drawOnce(request: PictureRequest, model: ModelFacts, watch: Watch): Pipeline<Latents> {
  const shape = latentShape(request.size, model);
  const random = noiseOf(request, model);
  const plan = planOf(request, request.steps, model);
  const steps = plan.steps.slice(request.steps - stepsRun(request));
  const noiseScale = noiseScaleOf(request, plan);
  const beginning = begin(request, shape, model, random, noiseScale, steps[0]?.from);
  return yield* drawn({ request, shape, random, steps, plannedSteps: request.steps, beginning }, model, watch);
}

/** Beyond this share the plan would hardly be longer than the steps that are run. @source A1111, setup_img2img_steps */
const MOST_DENOISE = 0.999;

/**
 * The second pass: the picture enlarged, noised from the seed anew at the larger size, and drawn on.
 * @source A1111, StableDiffusionProcessingTxt2Img.sample_hr_pass; the steps asked for are the last of a longer plan (setup_img2img_steps)
 */
function* drawAgain(
  first: Latents,
  { hires: _, ...request }: PictureRequest,
  hires: SecondPass,
  model: ModelFacts,
  watch: Watch,
): Pipeline<Latents> {
  const again = { ...request, size: hires.size, controls: ofSecondPass(request.controls ?? []) };
  const shape = latentShape(hires.size, model);
  const random = noiseOf(request, model);
  const wished = Math.trunc(hires.steps / Math.min(hires.denoise, MOST_DENOISE));
  const plannedSteps = Math.max(hires.steps, Math.min(wished, model.scheduler.numTrainTimesteps));
  const steps = planOf(request, plannedSteps, model).steps.slice(plannedSteps - hires.steps);
  const clean = yield* enlarged(first, hires, model, random);
  const noisy = addNoise(clean, random.first(shape), steps[0]!.from);
  const beginning = beginningAt({ noisy, extra: null, kept: null });
  return yield* drawn({ request: again, shape, random, steps, plannedSteps, beginning }, model, watch);
}

/** f32[c, h, w] at the size of the second pass, without noise. */
function* enlarged(
  latents: Latents,
  { latents: how, upscaler, size }: SecondPass,
  model: ModelFacts,
  random: ImageNoise,
): Pipeline<Float32Array> {
  if (how !== null) return resizeLatents(latents, latentShape(size, model), how).data;
  const pixels = yield* upscaled(yield* decode(latents, model), upscaler, size);
  return yield* encoded(pixels, model, random);
}

// biome-ignore lint/correctness/useYield: a beginning that is known asks for nothing
function* beginningAt(beginning: Beginning): Pipeline<Beginning> {
  return beginning;
}

function planOf({ schedule, sampler }: PictureRequest, steps: number, { scheduler, conditions }: ModelFacts): Plan {
  const isXl = conditions?.added !== undefined;
  const config = asStableDiffusion(scheduler, isXl);
  return planOver(schedule ?? null, SAMPLER_TABLE[sampler], config, steps, isXl ? 'sdxl' : 'sd');
}

function noiseOf(
  { seed, noiseSource, noiseSeedDelta, variation }: PictureRequest,
  { pixelsPerLatent }: ModelFacts,
): ImageNoise {
  const cells = (sidePx: number) => Math.max(1, Math.floor(sidePx / pixelsPerLatent));
  const from = variation?.resizeFrom;
  return new ImageNoise({
    seed,
    source: noiseSource ?? 'cpu',
    seedDelta: noiseSeedDelta ?? 0,
    variation:
      variation == null
        ? null
        : {
            seed: variation.seed,
            strength: variation.strength,
            from: from == null ? null : { height: cells(from.heightPx), width: cells(from.widthPx) },
          },
  });
}

/** Samplers that A1111 begins at noise of variance 1; the others at sigma times the noise. @source its sd_samplers_timesteps.py */
const BEGIN_AT_ONE: readonly SamplerName[] = ['ddim', 'pndm', 'unipc'];

/** Noise of the graphics card is asked for to make again what A1111 made, so it is made as large as there. */
function noiseScaleOf({ noiseSource, sampler }: PictureRequest, plan: Plan): number {
  const first = plan.steps[0];
  return noiseSource !== 'gpu' || BEGIN_AT_ONE.includes(sampler) || first === undefined
    ? plan.noiseScale
    : first.from.sigma;
}

/** One walk of a sampler. */
interface Pass {
  readonly request: PictureRequest;
  readonly shape: Shape;
  readonly random: ImageNoise;
  /** Those that are run, the end of `plannedSteps`. */
  readonly steps: readonly Step[];
  readonly plannedSteps: number;
  readonly beginning: Pipeline<Beginning>;
}

function* drawn(
  { request, shape, random, steps, plannedSteps, beginning }: Pass,
  model: ModelFacts,
  watch: Watch,
): Pipeline<Latents> {
  const config = asStableDiffusion(model.scheduler, model.conditions?.added !== undefined);
  const sampler = SAMPLER_TABLE[request.sampler];
  const pictureScale = pictureScaleOf(request, model);
  const guidance = model.conditions?.toldGuidance === true ? UNGUIDED : request.guidance;
  const networkAt = yield* readNetworks(
    { ...request, guidance, pictureScale },
    looksOf(sampler, request.start === null ? steps.length : plannedSteps),
    model,
    steps.map(({ from }) => from),
  );
  const controlled = yield* readControls(request.controls ?? [], asksOf(sampler, steps.length));
  const { noisy, kept, extra } = yield* beginning;
  const sampling = sampler.sample(noisy, { steps, random, config, plannedSteps });
  const data = yield* denoise(sampling, {
    request,
    parts: promptParts(request.prompt).map(({ weight }) => weight),
    pictureScale,
    kept,
    extra,
    networkAt,
    controlled,
    guidance,
    shape,
    rescale: model.guidanceRescale ?? 0,
    watch,
  });
  return { ...shape, data };
}

/**
 * diffusers' Stable Diffusion pipelines overrule a folder here: leading timesteps begin at 1, but for SDXL, whose pipelines believe their
 * folder, and latents, which are no pixels, are never clipped.
 * @source diffusers, StableDiffusionPipeline.__init__
 */
export function asStableDiffusion(config: SchedulerConfig, isXl = false): SchedulerConfig {
  return { ...config, stepsOffset: isXl ? config.stepsOffset : 1, clipRange: null };
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

/** Where sampling begins, and what it is told of the start picture on the way. */
interface Beginning {
  /** f32[c, h, w] at the first level that is run. */
  readonly noisy: Float32Array;
  /** What the network sees behind the latents; null for networks that see nothing else. */
  readonly extra: Latents | null;
  /** Null where nothing of a start picture is to be kept, or the network itself sees to it. */
  readonly kept: Kept | null;
}

/**
 * Pure noise, or the start picture noised to the first level; strength 0 runs no step. With a mask, or a network that sees the picture
 * anyhow, strength 1 begins with pure noise.
 * @source diffusers, the prepare_latents of its pipelines, and of inpainting prepare_mask_latents too; the generator is used in their order
 */
function* begin(
  request: PictureRequest,
  shape: Shape,
  model: ModelFacts,
  random: ImageNoise,
  noiseScale: number,
  first: NoiseLevel | undefined,
): Pipeline<Beginning> {
  const { start } = request;
  const needs = model.conditions?.needs;
  if (start === null) {
    if (needs !== undefined) throw startMissing();
    return { noisy: scale(noiseScale, random.first(shape)), extra: null, kept: null };
  }
  checkStart(start, request.size);
  if (needs === 'image') return yield* beginEditing(start, shape, model, random, noiseScale, first);
  if (needs === undefined && start.repaint === undefined) {
    const clean = yield* encoded(start.pixels, model, random);
    return {
      noisy: first === undefined ? clean : addNoise(clean, random.first(shape), first),
      extra: null,
      kept: null,
    };
  }
  return yield* beginRepainting(start, shape, model, random, noiseScale, first);
}

/** The source is encoded where it is kept or begun from; the masked picture where the network sees it. */
function* beginRepainting(
  start: StartPicture,
  shape: Shape,
  model: ModelFacts,
  random: ImageNoise,
  noiseScale: number,
  first: NoiseLevel | undefined,
): Pipeline<Beginning> {
  const sees = model.conditions?.needs === 'image+mask';
  const clean = sees && start.strength === 1 ? null : yield* drawnFrom(start.pixels, model, random);
  const noise = random.first(shape);
  const noisy = noisedStart(start, clean?.data ?? null, noise, noiseScale, first);
  const { mask, masked } = start.repaint ?? repaintOf(start.pixels, allOf(start.pixels));
  const cells = latentMask(mask, shape);
  if (sees) {
    const data = yield* encoded(masked, model, random);
    return { noisy, extra: maskAndPicture(cells, { ...shape, data }), kept: null };
  }
  // diffusers encodes the masked picture for every network, and what this draws decides what ancestral samplers draw later.
  if (clean!.drawn > 0) random.randn(clean!.drawn);
  return { noisy, extra: null, kept: { clean: clean!.data, noise, cells } };
}

/** The network sees the mean of the picture's latents, which diffusers does not scale here. */
function* beginEditing(
  start: StartPicture,
  shape: Shape,
  model: ModelFacts,
  random: ImageNoise,
  noiseScale: number,
  first: NoiseLevel | undefined,
): Pipeline<Beginning> {
  const { mean } = expectKind('encode', yield { kind: 'encode', pixels: start.pixels });
  const clean = scale(model.scalingFactor, mean.data);
  const noise = random.first(shape);
  const noisy = noisedStart(start, clean, noise, noiseScale, first);
  const cells = start.repaint === undefined ? null : latentMask(start.repaint.mask, shape);
  return { noisy, extra: mean, kept: cells === null ? null : { clean, noise, cells } };
}

/** @param clean not read at strength 1 */
function noisedStart(
  { strength }: StartPicture,
  clean: Float32Array | null,
  noise: Float32Array,
  noiseScale: number,
  first: NoiseLevel | undefined,
): Float32Array {
  if (strength === 1 || clean === null) return scale(noiseScale, noise);
  return first === undefined ? clean : addNoise(clean, noise, first);
}

/**
 * f32[c, h, w] drawn from the encoder's posterior, scaled.
 *  With a graphics card's noise nothing is drawn here, as nothing is where that noise is from; the mean is what comes out then.
 */
function* encoded(pixels: Pixels, model: ModelFacts, random: ImageNoise): Pipeline<Float32Array> {
  return (yield* drawnFrom(pixels, model, random)).data;
}

interface DrawnLatents {
  readonly data: Float32Array;
  /** Numbers the drawing took. */
  readonly drawn: number;
}

function* drawnFrom(pixels: Pixels, { scalingFactor }: ModelFacts, random: ImageNoise): Pipeline<DrawnLatents> {
  const { mean, std } = expectKind('encode', yield { kind: 'encode', pixels });
  if (random.source === 'gpu') return { data: scale(scalingFactor, mean.data), drawn: 0 };
  const drawn = random.randn(std.length);
  const data = mean.data.map((value, i) => scalingFactor * Math.fround(value + (std[i] ?? 0) * (drawn[i] ?? 0)));
  return { data, drawn: std.length };
}

function checkStart({ pixels, repaint }: StartPicture, { widthPx, heightPx }: Size): void {
  for (const [what, { width, height }] of Object.entries({ 'start picture': pixels, mask: repaint?.mask ?? pixels })) {
    if (width === widthPx && height === heightPx) continue;
    const found = `${width}x${height}`;
    throw new DarkroomError('request_invalid', `${what}: found ${found}, expected ${widthPx}x${heightPx}`, {
      field: 'start',
    });
  }
}

function startMissing(): DarkroomError {
  return new DarkroomError('request_invalid', 'start picture: found none, expected one: this model changes pictures', {
    field: 'start',
  });
}

/** @source arXiv:2211.09800 and the default of diffusers' pipeline */
const USUAL_PICTURE_SCALE = 1.5;

/** 1 for networks that are shown no picture, and for inpainting: there it is no thing to follow more or less. */
function pictureScaleOf({ imageGuidance }: PictureRequest, { conditions }: ModelFacts): number {
  return conditions?.needs === 'image' ? (imageGuidance ?? USUAL_PICTURE_SCALE) : 1;
}

/** The scale at which the prompt's row is all there is. */
const UNGUIDED = 1;

interface Denoising {
  readonly request: PictureRequest;
  readonly parts: PartWeights;
  readonly pictureScale: number;
  readonly kept: Kept | null;
  readonly extra: Latents | null;
  readonly networkAt: NetworkAt;
  readonly controlled: Controlled;
  /** Scale the predictions are brought together with. */
  readonly guidance: number;
  readonly shape: Shape;
  readonly rescale: number;
  readonly watch: Watch;
}

/** Walks a sampler: each of its asks becomes one U-Net ask with a row per prompt, guided and turned into the denoised picture. */
function* denoise(sampling: Sampling, denoising: Denoising): Pipeline<Float32Array> {
  const { kept, shape, watch } = denoising;
  let result = sampling.next();
  for (let look = 0; !result.done; look += 1) {
    const ask = kept === null || look === 0 ? result.value : withSource(result.value, kept);
    const use = denoising.networkAt(ask.level);
    const told = rowsOf(ask, denoising, use, look);
    // A refiner was trained with no control, and its levels are others.
    const rows = use.expert === null ? yield* denoising.controlled(look, told) : told.map(({ row }) => row);
    const answer = yield { kind: 'unet', rows, ...(use.expert === null ? {} : { expert: use.expert }) };
    const denoised = denoisedFrom(expectKind('unet', answer).predictions, ask, denoising, use);
    const seen = kept === null ? denoised : blend(kept, denoised, kept.clean);
    watch({ ...shape, data: seen });
    result = sampling.next(seen);
  }
  return kept === null ? result.value : blend(kept, result.value, kept.clean);
}

/** A row per prompt; where the picture has a scale of its own, one before them, of the negative prompt without the picture. */
function rowsOf({ noisy, level }: DenoiseAsk, denoising: Denoising, use: NetworkUse, look: number): RoleRow[] {
  const { shape, extra, pictureScale, request } = denoising;
  const latents: Latents = { ...shape, data: noisy };
  const row = (conditioning: Conditioning, role: PromptRole, seen: Latents | null): RoleRow => ({
    row: {
      latents,
      timestep: level.timestep,
      conditioning,
      ...(seen === null ? {} : { extra: seen }),
      ...toldBesides(conditioning, role, use, request),
    },
    role,
  });
  const conditionings = use.conditioningsAt(look);
  const rows = conditionings.map((conditioning, at) => row(conditioning, use.roles[at]!, extra));
  return pictureScale === 1 ? rows : [row(conditionings[0]!, 'uncond', nothingOf(extra!)), ...rows];
}

function nothingOf({ data, ...shape }: Latents): Latents {
  return { ...shape, data: new Float32Array(data.length) };
}

function denoisedFrom(
  predictions: readonly Float32Array[],
  { noisy, level }: DenoiseAsk,
  { guidance, parts, pictureScale, rescale }: Denoising,
  { predictionType }: NetworkUse,
): Float32Array {
  const hasBare = pictureScale !== 1;
  const rows = rolesOfParts(guidance, parts, pictureScale).length + Number(hasBare);
  if (predictions.length !== rows || predictions.some((row) => row.length !== noisy.length)) {
    const found = predictions.map((row) => row.length).join(', ');
    const expected = `${rows} of ${noisy.length}`;
    throw new DarkroomError('internal', `unet answer: found predictions of ${found} numbers, expected ${expected}`);
  }
  const pictured = hasBare ? predictions.slice(1) : predictions;
  const guided = withComposedGuidance(guidance, pictured, parts, rescale);
  const both = hasBare ? withPictureGuidance(pictureScale, predictions[0]!, pictured[0]!, guided) : guided;
  return DENOISERS[predictionType](noisy, both, level);
}

function* decode(latents: Latents, { scalingFactor }: ModelFacts): Pipeline<Pixels> {
  const unscaled = { ...latents, data: latents.data.map((value) => value / scalingFactor) };
  const { pixels } = expectKind('decode', yield { kind: 'decode', latents: unscaled });
  return { ...pixels, data: clamp(pixels.data, 1) };
}
