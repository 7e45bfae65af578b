// A picture request: the draft a user makes, the resolved request the rest of the program reads, and the one door between them.
// Deliberately not here: quotas and moderation; they judge a resolved request.

import type { ControlCard, ControlUse, ControlWish } from './control.ts';
import type { Drawing, DrawingWish } from './drawing.ts';
import type { LoraCard, LoraUse, LoraWish } from './lora.ts';
import { withPhrase } from './promptParts.ts';
import type { Repainting, RepaintWish } from './repaint.ts';
import type { Upscale, UpscaleWish } from './upscale.ts';

export { refuse } from './refusal.ts';

export const SAMPLERS = [
  'ddim',
  'ddpm',
  'euler',
  'euler_a',
  'dpmpp_2m',
  'dpmpp_2m_karras',
  'heun',
  'unipc',
  'dpmpp_2m_sde',
  'dpmpp_sde',
  'lms',
  'pndm',
  'dpm2',
  'dpm2_a',
  'dpmpp_2s_a',
  'lcm',
  'deis',
  'tcd',
  'dpmpp_3m_sde',
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** How noise falls from step to step. The first three space timesteps, the others sigmas. */
export const SCHEDULES = [
  'leading',
  'trailing',
  'linspace',
  'karras',
  'exponential',
  'sgm_uniform',
  'beta',
  'ays',
] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

/** Kinds of network that what is made for one kind (LoRAs, embeddings, ControlNets) fits, and no other. */
export const MODEL_FAMILIES = ['sd1', 'sd2', 'sdxl', 'sdxl-refiner'] as const;
export type ModelFamily = (typeof MODEL_FAMILIES)[number];

/**
 * What a model cannot do without: a start picture (instruct-pix2pix), or one and a mask of what to repaint (inpainting; without a mask all
 * of it is).
 */
export const MODEL_NEEDS = ['image', 'image+mask'] as const;
export type ModelNeeds = (typeof MODEL_NEEDS)[number];

export interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Width to height, as in 3:2; only the relation counts. */
export interface Aspect {
  readonly width: number;
  readonly height: number;
}

/** The picture an image-to-image request starts from; the bytes lie in the data folder under their hash. */
export interface InitImage {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** What a user said; everything but the prompt may be missing. */
export interface RequestDraft extends RepaintWish, DrawingWish {
  readonly prompt: string;
  readonly negativePrompt?: string;
  /** The prompt as it was written, where words of it were drawn from lists. */
  readonly template?: string;
  readonly model?: string;
  /** Key of one of the model's styles; '' or 'none' asks for no style where the model has a default one. */
  readonly style?: string;
  readonly size?: Size;
  /** A shape instead of a size; read only without `size`. */
  readonly aspect?: Aspect;
  readonly steps?: number;
  /** Classifier-free guidance scale; 1 means none, 0 means the negative prompt alone. */
  readonly guidance?: number;
  /** 0 … 2^32 - 1. */
  readonly seed?: number;
  readonly count?: number;
  readonly sampler?: SamplerName;
  /** Null is the sampler's own; absent is the model's, where the sampler is the model's too, and else the sampler's own. */
  readonly schedule?: ScheduleName | null;
  /** Layers before the text encoder's end whose state is taken; 1 is the last one. */
  readonly clipSkip?: number;
  readonly initImage?: InitImage;
  /** What the start picture was blended from: looked at one by one, and not drawn from. Another request from this one does not take it over. */
  readonly blended?: readonly InitImage[];
  /** 0 … 1, how much of the start picture is replaced; read only with a start picture. */
  readonly strength?: number;
  /** Empty asks for none where somebody has a default stack. */
  readonly loras?: readonly LoraWish[];
  /** Pictures whose edges, depth or the like are followed; empty asks for none. */
  readonly controls?: readonly ControlWish[];
  /** Enlarges what is drawn, or with `from` the start picture instead of drawing anything. */
  readonly upscale?: UpscaleWish;
  /** Whether the pictures are covered until somebody clicks on them. */
  readonly spoiler?: boolean;
  /** Whether the words stay out of the channel and out of the files. */
  readonly privatePrompt?: boolean;
}

/** Pictures that may be blended into one. */
export const MAX_BLENDED = 5;

/** Complete and frozen; this is what goes into the database and into the PNG. */
export interface ResolvedRequest extends Repainting, Drawing {
  /** As the user wrote it, without the style's phrase. */
  readonly prompt: string;
  readonly negativePrompt: string;
  /** Absent where nothing of the prompt was drawn from lists. */
  readonly template?: string | undefined;
  readonly model: string;
  readonly style: string | null;
  /** Appended to the prompt before it is tokenised; '' without a style. */
  readonly stylePhrase: string;
  readonly size: Size;
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number;
  readonly count: number;
  readonly sampler: SamplerName;
  /** Null is the sampler's own; absent in requests stored before there was a choice. */
  readonly schedule?: ScheduleName | null | undefined;
  /** Null is the last layer; absent in requests stored before there was a choice. */
  readonly clipSkip?: number | null | undefined;
  readonly initImage: InitImage | null;
  /** Null, as absent, is none. */
  readonly blended?: readonly InitImage[] | null | undefined;
  readonly strength: number | null;
  /** Null, as absent, is none. */
  readonly loras?: readonly LoraUse[] | null | undefined;
  /** Null, as absent, is none. */
  readonly controls?: readonly ControlUse[] | null | undefined;
  /** Null, as absent, leaves the pictures as they are drawn. */
  readonly upscale?: Upscale | null | undefined;
  /** Absent is false, for both. */
  readonly spoiler?: boolean | undefined;
  readonly privatePrompt?: boolean | undefined;
}

/** What a request needs to know of the model that will answer it. */
export interface ModelCard {
  /** The folder's name under models/, the key users choose by. */
  readonly name: string;
  readonly family: ModelFamily;
  /** Absent for models that make pictures from words alone. */
  readonly needs?: ModelNeeds | undefined;
  readonly defaults: {
    readonly size: Size;
    readonly steps: number;
    readonly guidance: number;
    readonly sampler: SamplerName;
    /** Belongs to that sampler; null, as absent, is its own. */
    readonly schedule?: ScheduleName | null | undefined;
    readonly strength: number;
    readonly style: string | null;
  };
  /** Style key → phrase appended to the prompt. */
  readonly styles: Readonly<Record<string, string>>;
  /** Both sides of a picture are multiples of this, in pixels. */
  readonly sizeStepPx: number;
  /** Every LoRA of this installation, whether it fits or not; absent, as empty, where there are none. */
  readonly loras?: readonly LoraCard[] | undefined;
  /** Every control network of this installation, likewise. */
  readonly controls?: readonly ControlCard[] | undefined;
  readonly refiner?: RefinerCard | undefined;
}

/** Another model that does the last steps of a model's pictures. */
export interface RefinerCard {
  readonly model: string;
  /** The part of the way from pure noise, 0 … 1, that is behind the picture when it is handed over. */
  readonly switchAt: number;
}

export interface RequestLimits {
  readonly maxPromptChars: number;
  readonly maxSteps: number;
  readonly maxCount: number;
  readonly maxSidePx: number;
  readonly maxGuidance: number;
}

export const DEFAULT_LIMITS: RequestLimits = {
  maxPromptChars: 1000,
  maxSteps: 150,
  maxCount: 4,
  maxSidePx: 1024,
  maxGuidance: 30,
};

export const SEED_COUNT = 2 ** 32;

/** Layers of the largest text encoder of this kind but one; a model with fewer refuses by itself. A1111's slider ends here too. */
export const MAX_CLIP_SKIP = 12;

/** The seed of picture k: the k-th after the request's own, so that it can be made again alone. */
export function seedOfImage(seed: number, imageIndex: number): number {
  return (seed + imageIndex) % SEED_COUNT;
}

/** Nothing is drawn: the start picture itself is made larger. */
export function isOnlyEnlarged({ upscale }: Pick<ResolvedRequest, 'upscale'>): boolean {
  return upscale != null && upscale.from !== null;
}

/** The text handed to the networks: the style's phrase stands in every part of a prompt joined by AND. */
export function promptText(request: ResolvedRequest): string {
  return withPhrase(request.prompt, request.stylePhrase);
}
