// The one door between what a user said and what the program does: every default is taken here and every bound checked here.
// Deliberately not here: rounding a bad value into a good one; a user who asks for 100x100 is told which sizes there are.

import { cleanText, countChars } from './cleanText.ts';
import { controlWishOf, resolveControls } from './controlChoice.ts';
import { drawnSize, resolveDrawing, wishOf } from './drawing.ts';
import { resolveLoras, withDefaultsOf } from './loraChoice.ts';
import { MAX_PROMPT_PARTS, promptParts } from './promptParts.ts';
import { repaintWishOf, resolveRepaint } from './repaint.ts';
import {
  MAX_CLIP_SKIP,
  type ModelCard,
  type RequestDraft,
  type RequestLimits,
  type ResolvedRequest,
  refuse,
  SAMPLERS,
  type SamplerName,
  SCHEDULES,
  type ScheduleName,
  SEED_COUNT,
  type Size,
} from './request.ts';
import { formatSize, longestSide, nearestSize, sizeOfAspect } from './size.ts';
import { LANCZOS, resolveUpscale, type UpscalerCard } from './upscale.ts';

/** The card a draft asks for, or the default model's. @throws request_invalid with the names there are. */
export function chooseCard(draft: RequestDraft, cards: readonly ModelCard[], defaultModel: string): ModelCard {
  const name = draft.model ?? defaultModel;
  return (
    cards.find((card) => card.name === name) ??
    refuse('model', name, { kind: 'names', names: cards.map((card) => card.name) })
  );
}

/**
 * A complete, frozen request.
 * @param model the one named by `draft.model`, or the default one when the draft names none.
 * @param randomSeed 0 … 2^32 - 1, used when the draft has no seed.
 * @param upscalers of this installation
 * @throws request_invalid naming the field, what was found and what is allowed.
 */
export function resolveRequest(
  draft: RequestDraft,
  model: ModelCard,
  limits: RequestLimits,
  randomSeed: number,
  upscalers: readonly UpscalerCard[] = [],
): ResolvedRequest {
  if (draft.model !== undefined && draft.model !== model.name)
    refuse('model', draft.model, { kind: 'names', names: [model.name] });
  const loras = resolveLoras(draft.loras ?? [], model);
  const card = withDefaultsOf(loras, model);
  const style = resolveStyle(draft.style, card);
  const { size, repainting } = resolveRepaint(draft, card, resolveSize(draft, card, limits), limits);
  const steps = whole('steps', draft.steps ?? card.defaults.steps, 1, limits.maxSteps);
  const drawn = { size, steps, hasStart: draft.initImage !== undefined };
  // Where the request's own seed is any, the variation's is another one.
  const anySeed = () => (draft.seed === undefined ? (randomSeed + 1) % SEED_COUNT : randomSeed);
  const drawing = resolveDrawing(draft, drawn, { card, limits, upscalers }, anySeed);
  return Object.freeze({
    prompt:
      draft.upscale?.from === undefined
        ? resolvePrompt(draft.prompt, limits)
        : boundedText('prompt', draft.prompt, limits),
    negativePrompt: boundedText('negative', draft.negativePrompt ?? '', limits),
    ...(draft.template === undefined ? {} : { template: boundedText('prompt', draft.template, limits) }),
    model: card.name,
    style,
    stylePhrase: style === null ? '' : card.styles[style]!,
    size,
    steps,
    guidance: within('guidance', draft.guidance ?? card.defaults.guidance, 0, limits.maxGuidance),
    seed: whole('seed', draft.seed ?? randomSeed, 0, SEED_COUNT - 1),
    count: whole('count', draft.count ?? 1, 1, limits.maxCount),
    sampler: resolveSampler(draft.sampler ?? card.defaults.sampler),
    schedule: resolveSchedule(draft.schedule === undefined ? scheduleOf(draft, card) : draft.schedule),
    clipSkip: resolveClipSkip(draft.clipSkip ?? 1),
    ...resolveStart(draft, card),
    ...(draft.blended === undefined ? {} : { blended: draft.blended }),
    ...(loras.length === 0 ? {} : { loras }),
    ...controlsOf(draft, model),
    ...repainting,
    ...drawing,
    ...(draft.upscale === undefined
      ? {}
      : { upscale: resolveUpscale(draft.upscale, upscalers, draft.upscale.from ?? drawnSize({ size, ...drawing })) }),
    ...discretionOf(draft),
  });
}

/**
 * The draft that resolves to this request again; buttons and replies change single fields of it. Of a picture that was only enlarged:
 * what its original was drawn with.
 */
export function draftOf(request: ResolvedRequest): RequestDraft {
  return {
    prompt: request.prompt,
    negativePrompt: request.negativePrompt,
    ...(request.template === undefined ? {} : { template: request.template }),
    model: request.model,
    style: request.style ?? '',
    size: request.size,
    steps: request.steps,
    guidance: request.guidance,
    seed: request.seed,
    count: request.count,
    sampler: request.sampler,
    schedule: request.schedule ?? null,
    ...(request.clipSkip == null ? {} : { clipSkip: request.clipSkip }),
    ...startOf(request),
    ...(request.loras == null ? {} : { loras: request.loras }),
    ...(request.controls == null ? {} : { controls: request.controls.map(controlWishOf) }),
    ...wishOf(request),
    ...(request.upscale?.from == null ? repaintWishOf(request) : {}),
    ...discretionOf(request),
  };
}

/** Nothing is controlled where nothing is drawn. */
function controlsOf(draft: RequestDraft, model: ModelCard): Pick<ResolvedRequest, 'controls'> {
  const { controls = [], upscale, initImage } = draft;
  if (controls.length === 0 || upscale?.from !== undefined) return {};
  return { controls: resolveControls(controls, model, initImage) };
}

/** Said only where it is asked for, so that other requests stay as they were. */
function discretionOf({
  spoiler,
  privatePrompt,
}: RequestDraft | ResolvedRequest): Pick<RequestDraft, 'spoiler' | 'privatePrompt'> {
  return {
    ...(spoiler === true ? { spoiler } : {}),
    ...(privatePrompt === true ? { privatePrompt } : {}),
  };
}

function startOf({
  initImage,
  strength,
  upscale,
}: ResolvedRequest): Pick<RequestDraft, 'initImage' | 'strength' | 'upscale'> {
  if (upscale != null && upscale.from !== null) return {};
  return {
    ...(initImage === null ? {} : { initImage }),
    ...(strength === null ? {} : { strength }),
    ...(upscale == null ? {} : { upscale: { upscaler: upscale.upscaler ?? LANCZOS, scale: upscale.scale } }),
  };
}

function resolvePrompt(text: string, limits: RequestLimits): string {
  const prompt = boundedText('prompt', text, limits);
  if (prompt === '') refuse('prompt', '', { kind: 'some', example: '/imagine a red heart' });
  const { length } = promptParts(prompt);
  return length <= MAX_PROMPT_PARTS ? prompt : refuse('AND', length, { kind: 'atMost', max: MAX_PROMPT_PARTS });
}

/** The text's length is told, never the text: errors reach logs. */
function boundedText(field: string, text: string, limits: RequestLimits): string {
  const clean = cleanText(text);
  const chars = countChars(clean);
  if (chars > limits.maxPromptChars) refuse(field, chars, { kind: 'chars', max: limits.maxPromptChars });
  return clean;
}

function resolveStyle(wished: string | undefined, card: ModelCard): string | null {
  const style = wished ?? card.defaults.style ?? '';
  if (Object.hasOwn(card.styles, style)) return style;
  if (style === '' || style === 'none') return null;
  const names = Object.keys(card.styles);
  return refuse('style', style, { kind: 'names', names: [...names, 'none'] });
}

function resolveSize(draft: RequestDraft, card: ModelCard, limits: RequestLimits): Size {
  if (draft.size === undefined && draft.aspect !== undefined) {
    return Object.freeze(sizeOfAspect(draft.aspect, card, limits));
  }
  const size = draft.size ?? card.defaults.size;
  const maxPx = longestSide(card, limits);
  const isAllowed = (sidePx: number) =>
    Number.isInteger(sidePx) && sidePx > 0 && sidePx <= maxPx && sidePx % card.sizeStepPx === 0;
  if (!isAllowed(size.widthPx) || !isAllowed(size.heightPx)) {
    const nearest = formatSize(nearestSize(size, card, limits));
    const rule = { stepPx: card.sizeStepPx, maxPx, nearest };
    refuse('size', formatSize(size), { kind: 'sides', ...rule });
  }
  return Object.freeze({ widthPx: size.widthPx, heightPx: size.heightPx });
}

function resolveSampler(name: string): SamplerName {
  return SAMPLERS.find((sampler) => sampler === name) ?? refuse('sampler', name, { kind: 'names', names: SAMPLERS });
}

function resolveSchedule(name: string | null): ScheduleName | null {
  if (name === null) return null;
  return (
    SCHEDULES.find((schedule) => schedule === name) ?? refuse('schedule', name, { kind: 'names', names: SCHEDULES })
  );
}

/** The model's schedule belongs to the model's sampler. */
function scheduleOf({ sampler }: RequestDraft, { defaults }: ModelCard): ScheduleName | null {
  return (sampler ?? defaults.sampler) === defaults.sampler ? (defaults.schedule ?? null) : null;
}

function resolveClipSkip(layers: number): number | null {
  return whole('clip skip', layers, 1, MAX_CLIP_SKIP) === 1 ? null : layers;
}

/** Strength is read only with a start picture that is drawn over; without a start picture both are null. */
function resolveStart(draft: RequestDraft, card: ModelCard): Pick<ResolvedRequest, 'initImage' | 'strength'> {
  if (draft.initImage === undefined) return { initImage: null, strength: null };
  const { sha256 } = draft.initImage;
  if (!/^[0-9a-f]{64}$/.test(sha256)) refuse('image', sha256, 'a SHA-256 of 64 lower-case hexadecimal digits');
  const initImage = Object.freeze({ sha256 });
  if (draft.upscale?.from !== undefined) return { initImage, strength: null };
  return { initImage, strength: within('strength', draft.strength ?? card.defaults.strength, 0, 1) };
}

function within(field: string, value: number, min: number, max: number): number {
  return value >= min && value <= max ? value : refuse(field, value, { kind: 'within', low: min, high: max });
}

function whole(field: string, value: number, min: number, max: number): number {
  const isFine = Number.isInteger(value) && value >= min && value <= max;
  return isFine ? value : refuse(field, value, { kind: 'whole', low: min, high: max });
}
