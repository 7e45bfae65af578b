// Classifier-free guidance: which prompts the network is asked about at a scale, and how its answers become one.
import { mix } from './latents.ts';

/** uncond is the negative prompt, cond the prompt. */
export type PromptRole = 'uncond' | 'cond';

/**
 * Prompts needed at this scale, in the order of their rows. At 1 the negative prompt cancels out and at 0 the prompt does,
 * so neither is computed.
 */
export function rolesAt(guidanceScale: number): readonly PromptRole[] {
  if (guidanceScale === 1) return ['cond'];
  if (guidanceScale === 0) return ['uncond'];
  return ['uncond', 'cond'];
}

/** What each part of a prompt joined by AND counts; a prompt without AND is one part of weight 1. */
export type PartWeights = readonly number[];

/**
 * Roles of a prompt of several parts: every part is measured against uncond, so that is left out at no scale. Nor is it where the picture has
 * a scale of its own.
 */
export function rolesOfParts(guidanceScale: number, parts: PartWeights, pictureScale = 1): readonly PromptRole[] {
  if (isSingle(parts) && pictureScale === 1) return rolesAt(guidanceScale);
  return guidanceScale === 0 ? ['uncond'] : ['uncond', ...parts.map(() => 'cond' as const)];
}

function isSingle(parts: PartWeights): boolean {
  return parts.length === 1 && parts[0] === 1;
}

/**
 * uncond + scale · Σ weight · (cond - uncond), one cond a part.
 * @source Liu et al. 2022, arXiv:2206.01714, equation 11
 */
export function withComposedGuidance(
  guidanceScale: number,
  predictions: readonly Float32Array[],
  parts: PartWeights,
  rescale = 0,
): Float32Array {
  const [uncond, ...conds] = predictions;
  if (isSingle(parts) || conds.length === 0) return withGuidance(guidanceScale, predictions, rescale);
  const cond = uncond!.map((from, i) => conds.reduce((sum, to, k) => sum + parts[k]! * (to[i]! - from), from));
  return withGuidance(guidanceScale, [uncond!, cond], rescale);
}

/**
 * uncond + scale · (cond - uncond). @source arXiv:2207.12598, equation 6, with scale = 1 + w
 * @param rescale 0 … 1: how far the spread is brought back to that of cond
 */
export function withGuidance(guidanceScale: number, predictions: readonly Float32Array[], rescale = 0): Float32Array {
  const [uncond, cond] = predictions;
  if (cond === undefined) return uncond!;
  const guided = mix(1 - guidanceScale, uncond!, guidanceScale, cond);
  return rescale === 0 ? guided : rescaled(guided, cond, rescale);
}

/**
 * Two scales, for networks that are shown a picture: how closely it is followed beside how closely the words are. One more prediction is
 * needed, of uncond without the picture, unless the picture's scale is 1.
 * @param bare that prediction
 * @param guided what guidance by the words made of the others, all of which saw the picture
 * @param pictured uncond with the picture
 * @source arXiv:2211.09800, equation 3
 */
export function withPictureGuidance(
  pictureScale: number,
  bare: Float32Array,
  pictured: Float32Array,
  guided: Float32Array,
): Float32Array {
  return guided.map((value, i) => value + (pictureScale - 1) * (pictured[i]! - bare[i]!));
}

/** Guidance widens the predictions and, from pure noise on, overexposes the picture. @source arXiv:2305.08891, equations 15 and 16 */
function rescaled(guided: Float32Array, cond: Float32Array, rescale: number): Float32Array {
  const spread = spreadOf(guided);
  if (spread === 0) return guided;
  const factor = (rescale * spreadOf(cond)) / spread + (1 - rescale);
  return guided.map((value) => factor * value);
}

/** Standard deviation. */
function spreadOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
