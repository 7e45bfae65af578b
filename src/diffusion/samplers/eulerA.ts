// Euler with ancestral noise: every step goes below its aim and is noised up to it again. k-diffusion, sample_euler_ancestral.
import { mix, scale } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { planEuler } from './euler.ts';
import type { Sampler, Sampling, SamplingContext } from './sampler.ts';

export function* sampleEulerA(noisy: Float32Array, { steps, random }: SamplingContext): Sampling {
  let x = scale(1 / (steps[0]?.from.alpha ?? 1), noisy);
  for (const { from, to } of steps) {
    const denoised = yield { noisy: scale(from.alpha, x), level: from };
    const { sigmaDown, sigmaUp } = ancestralSplit(sigmaOf(from), sigmaOf(to));
    const keep = sigmaDown / sigmaOf(from);
    x = mix(keep, x, 1 - keep, denoised);
    // Noise is drawn for the last step too, where it counts nothing, because torch draws it.
    x = mix(1, x, sigmaUp, random.randn(x.length));
  }
  return scale(steps.at(-1)?.to.alpha ?? 1, x);
}

/** sigmaDown² + sigmaUp² = sigmaTo², with as much noise anew as the posterior has (eta 1). */
export function ancestralSplit(sigmaFrom: number, sigmaTo: number) {
  const up = (sigmaTo ** 2 * (sigmaFrom ** 2 - sigmaTo ** 2)) / sigmaFrom ** 2;
  return { sigmaUp: Math.sqrt(up), sigmaDown: Math.sqrt(sigmaTo ** 2 - up) };
}

export const eulerA: Sampler = { plan: planEuler, sample: sampleEulerA, isSigmaKind: true };
