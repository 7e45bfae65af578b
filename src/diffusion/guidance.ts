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

/** uncond + scale · (cond - uncond). @source arXiv:2207.12598, equation 6, with scale = 1 + w */
export function withGuidance(guidanceScale: number, predictions: readonly Float32Array[]): Float32Array {
  const [uncond, cond] = predictions;
  if (cond === undefined) return uncond!;
  return mix(1 - guidanceScale, uncond!, guidanceScale, cond);
}
