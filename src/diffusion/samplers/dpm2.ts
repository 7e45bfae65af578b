// DPM-Solver-2 as k-diffusion has it: the slope in the (geometric) middle of a step carries it over. Lu et al., arXiv:2206.00927.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { planEuler } from './euler.ts';
import { type Sampler, type Sampling, type SamplingContext, twoLooks } from './sampler.ts';
import { denoisedAt, enterSigmaSpace, leaveSigmaSpace, levelFinder, towards } from './sigmaSpace.ts';

/** @source diffusers, KDPM2DiscreteScheduler; k-diffusion, sample_dpm_2 without churn */
export function* sampleDpm2(noisy: Float32Array, { steps, config }: SamplingContext): Sampling {
  const levelAt = levelFinder(config);
  let x = enterSigmaSpace(noisy, steps);
  for (const { from, to } of steps) {
    const [sigma, sigmaNext] = [sigmaOf(from), sigmaOf(to)];
    const denoised = yield* denoisedAt(x, from);
    if (sigmaNext === 0) x = denoised;
    else {
      const middle = levelAt(Math.sqrt(sigma * sigmaNext));
      const halfway = towards(x, denoised, sigma, sigmaOf(middle));
      const denoisedHalfway = yield* denoisedAt(halfway, middle);
      x = mix(1, x, (sigmaNext - sigma) / sigmaOf(middle), mix(1, halfway, -1, denoisedHalfway));
    }
  }
  return leaveSigmaSpace(x, steps);
}

export const dpm2: Sampler = { plan: planEuler, sample: sampleDpm2, asks: twoLooks, isSigmaKind: true };
