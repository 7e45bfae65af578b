// The language between a pipeline and whoever runs the networks. A pipeline is a generator that yields asks and is resumed with
// answers; it never calls a network, so asks of many pictures and many jobs can be answered by one call.
import type { PictureScores } from '../core/pictureJudgement.ts';
import type { Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import type { LoraStack } from './loraStack.ts';

export type { Pixels };

/** f32[t, d] hidden states of one prompt, t tokens of width d. The same object is shared by every row that uses it. */
export interface Conditioning {
  readonly tokens: number;
  readonly width: number;
  readonly hidden: Float32Array;
  /** f32[p]: the whole prompt, of its first chunk where it has several, as one vector; only of models that ask for it (SDXL). */
  readonly pooled?: Float32Array;
}

/** f32[c, h, w] of one picture. */
export interface Latents {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** One row of a U-Net call; every row has its own timestep and prompt. */
export interface UnetRow {
  readonly latents: Latents;
  /** Training timestep; fractional values are allowed. */
  readonly timestep: number;
  readonly conditioning: Conditioning;
  /** What the network sees behind the noisy latents, as many rows and columns: a mask and the masked picture, or a picture. */
  readonly extra?: Latents;
  /** What SDXL's network is told beside the prompt. */
  readonly added?: AddedCondition;
  /** Guidance scale less 1, for networks that were distilled to be told it; nothing else guides them. */
  readonly guidance?: number;
  /** Rows of different stacks share a call. */
  readonly loras?: LoraStack;
  /** What controls add; rows with and without share a call. */
  readonly control?: ControlSignal;
  /** The picture goes on beyond its edges as on the other side; true for all rows of a call or for none. */
  readonly tile?: boolean;
}

/** What is added inside the U-Net for one row, every number f32[c, h, w] of its place; null where nothing is. */
export interface ControlSignal {
  /** To every skip, and last to the middle. */
  readonly skips: readonly Latents[] | null;
  /** To every level of the way down, and where there is one more, to the middle. */
  readonly levels: readonly Latents[] | null;
}

/** One row of a ControlNet's call: what the U-Net is told, and what the map says. */
export interface ControlRow extends Pick<UnetRow, 'latents' | 'timestep' | 'conditioning' | 'added' | 'tile'> {
  /** f32[c, h, w]; the same object for all rows of a picture. */
  readonly hint: Latents;
}

/** @source arXiv:2307.01952, section 2.2 */
export interface AddedCondition {
  /** f32[p] of the row's prompt. */
  readonly pooled: Float32Array;
  /** Pixels: height and width before training's resizing, top and left of its crop, then height and width wanted; the refiner has a score for the last two. */
  readonly timeIds: Float32Array;
}

/** Whose networks are asked; absent are the model's own. The refiner is a second model that takes a picture over when little noise is left. */
export type Expert = 'refiner';

/** A prompt as weighted text of any length; schedules and AND are resolved before. */
export interface TextAsk {
  readonly kind: 'text';
  readonly prompt: string;
  /** Layers before the end whose state is taken; 1, as absent, is the last one. */
  readonly clipSkip?: number;
  readonly expert?: Expert;
  readonly loras?: LoraStack;
}

export type Ask =
  | TextAsk
  | { readonly kind: 'unet'; readonly rows: readonly UnetRow[]; readonly expert?: Expert }
  /** What a map says to the control network of that name, once for all steps. */
  | { readonly kind: 'hint'; readonly control: string; readonly pixels: Pixels; readonly tile?: boolean }
  /** What a ControlNet finds at one step. */
  | { readonly kind: 'control'; readonly control: string; readonly rows: readonly ControlRow[] }
  /** Pixels → mean and standard deviation of the posterior, each f32[c, h, w], not yet scaled. */
  | { readonly kind: 'encode'; readonly pixels: Pixels; readonly tile?: boolean }
  /** Latents already divided by the scaling factor → pixels. */
  | { readonly kind: 'decode'; readonly latents: Latents; readonly tile?: boolean }
  /** One pass of an upscaler's network, all at once; `upscaled` cuts pictures into tiles that may be. @see upscaling.ts */
  | { readonly kind: 'upscale'; readonly pixels: Pixels; readonly model: string }
  /** What a finished picture, or one that was sent, shows. */
  | { readonly kind: 'judge'; readonly pixels: Pixels }
  /** Lanczos, by whoever can; no network. */
  | { readonly kind: 'resize'; readonly pixels: Pixels; readonly size: Size };

/** What a network answers. */
export type NetworkAsk = Exclude<Ask, { readonly kind: 'resize' }>;

export type Answer =
  | { readonly kind: 'text'; readonly conditioning: Conditioning }
  /** What the network predicted (epsilon or v), one f32[c, h, w] a row. */
  | { readonly kind: 'unet'; readonly predictions: readonly Float32Array[] }
  /** One of a ControlNet, for its rows; of a T2I-Adapter what is added to every level. */
  | { readonly kind: 'hint'; readonly features: readonly Latents[] }
  /** For every row what is added to the skips, and last to the middle. */
  | { readonly kind: 'control'; readonly residuals: readonly (readonly Latents[])[] }
  | { readonly kind: 'encode'; readonly mean: Latents; readonly std: Float32Array }
  | { readonly kind: 'decode'; readonly pixels: Pixels }
  /** As many times larger as the upscaler is made for. */
  | { readonly kind: 'upscale'; readonly pixels: Pixels }
  | { readonly kind: 'judge'; readonly scores: PictureScores }
  | { readonly kind: 'resize'; readonly pixels: Pixels };

/** @throws internal when whoever answered answered something else */
export function expectKind<K extends Answer['kind']>(kind: K, answer: Answer): Extract<Answer, { kind: K }> {
  if (answer.kind !== kind) throw new DarkroomError('internal', `answer: found ${answer.kind}, expected ${kind}`);
  return answer as Extract<Answer, { kind: K }>;
}
