// DPM-Solver++(2S) with ancestral noise: single steps with a look in their middle. Lu et al., arXiv:2211.01095, algorithm 1.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { planEuler } from './euler.ts';
import { ancestralSplit } from './eulerA.ts';
import { type Sampler, type Sampling, type SamplingContext, twoLooks } from './sampler.ts';
import { denoisedAt, enterSigmaSpace, leaveSigmaSpace, levelFinder, towards } from './sigmaSpace.ts';

/** @source k-diffusion, sample_dpmpp_2s_ancestral; diffusers has no such scheduler */
export function* sampleDpmpp2sA(noisy: Float32Array, { steps, random, config }: SamplingContext): Sampling {
  const levelAt = levelFinder(config);
  let x = enterSigmaSpace(noisy, steps);
  for (const { from, to } of steps) {
    const sigma = sigmaOf(from);
    const denoised = yield* denoisedAt(x, from);
    if (to.sigma === 0) x = denoised;
    else {
      const { sigmaDown, sigmaUp } = ancestralSplit(sigma, sigmaOf(to));
      const middle = levelAt(Math.sqrt(sigma * sigmaDown));
      const denoisedHalfway = yield* denoisedAt(towards(x, denoised, sigma, sigmaOf(middle)), middle);
      x = mix(1, towards(x, denoisedHalfway, sigma, sigmaDown), sigmaUp, random.randn(x.length));
    }
  }
  return leaveSigmaSpace(x, steps);
}

export const dpmpp2sA: Sampler = { plan: planEuler, sample: sampleDpmpp2sA, asks: twoLooks, isSigmaKind: true };
