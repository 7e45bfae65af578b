// DPM-Solver-2 with ancestral noise: each step goes below its aim by the slope in its middle and is noised up to it again.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { planEuler } from './euler.ts';
import { ancestralSplit } from './eulerA.ts';
import { type Sampler, type Sampling, type SamplingContext, twoLooks } from './sampler.ts';
import { denoisedAt, enterSigmaSpace, leaveSigmaSpace, levelFinder, towards } from './sigmaSpace.ts';

/** @source diffusers, KDPM2AncestralDiscreteScheduler; k-diffusion, sample_dpm_2_ancestral */
export function* sampleDpm2A(noisy: Float32Array, { steps, random, config }: SamplingContext): Sampling {
  const levelAt = levelFinder(config);
  let x = enterSigmaSpace(noisy, steps);
  for (const { from, to } of steps) {
    const sigma = sigmaOf(from);
    const denoised = yield* denoisedAt(x, from);
    if (to.sigma === 0) x = denoised;
    else {
      const { sigmaDown, sigmaUp } = ancestralSplit(sigma, sigmaOf(to));
      const middle = levelAt(Math.sqrt(sigma * sigmaDown));
      const halfway = towards(x, denoised, sigma, sigmaOf(middle));
      const denoisedHalfway = yield* denoisedAt(halfway, middle);
      x = mix(1, x, (sigmaDown - sigma) / sigmaOf(middle), mix(1, halfway, -1, denoisedHalfway));
      x = mix(1, x, sigmaUp, random.randn(x.length));
    }
  }
  return leaveSigmaSpace(x, steps);
}

export const dpm2A: Sampler = { plan: planEuler, sample: sampleDpm2A, asks: twoLooks, isSigmaKind: true };
