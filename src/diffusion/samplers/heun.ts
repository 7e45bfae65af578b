// Heun steps: Euler there, a second look at the end, and again with the mean slope. Karras et al., arXiv:2206.00364, algorithm 1.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { planEuler } from './euler.ts';
import { type Sampler, type Sampling, type SamplingContext, twoLooks } from './sampler.ts';
import { denoisedAt, enterSigmaSpace, leaveSigmaSpace, towards } from './sigmaSpace.ts';

export function* sampleHeun(noisy: Float32Array, { steps }: SamplingContext): Sampling {
  let x = enterSigmaSpace(noisy, steps);
  for (const { from, to } of steps) {
    const [sigma, sigmaNext] = [sigmaOf(from), sigmaOf(to)];
    const denoised = yield* denoisedAt(x, from);
    const ahead = towards(x, denoised, sigma, sigmaNext);
    if (sigmaNext === 0) x = ahead;
    else {
      const denoisedAhead = yield* denoisedAt(ahead, to);
      const slopes = mix(1, slope(x, denoised, sigma), 1, slope(ahead, denoisedAhead, sigmaNext));
      x = mix(1, x, (sigmaNext - sigma) / 2, slopes);
    }
  }
  return leaveSigmaSpace(x, steps);
}

/** dx / dsigma of the probability-flow ODE. @source arXiv:2206.00364, equation 1 */
function slope(x: Float32Array, denoised: Float32Array, sigma: number): Float32Array {
  return mix(1 / sigma, x, -1 / sigma, denoised);
}

export const heun: Sampler = { plan: planEuler, sample: sampleHeun, asks: twoLooks, isSigmaKind: true };
