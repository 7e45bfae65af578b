// DPM-Solver++ (stochastic): both halves of a step are ancestral, and the noise of the whole contains that of its first half.
// The noise has the law of diffusers' Brownian tree but not its numbers: they come from torchsde, whose generator is its own.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { planEuler } from './euler.ts';
import { ancestralSplit } from './eulerA.ts';
import { type Sampler, type Sampling, type SamplingContext, twoLooks } from './sampler.ts';
import { denoisedAt, enterSigmaSpace, leaveSigmaSpace, levelFinder, towards } from './sigmaSpace.ts';

/**
 * Two draws of the picture's generator a step, one for each half; the last step draws none.
 * @source k-diffusion, sample_dpmpp_sde (eta 1, r 1/2); diffusers, DPMSolverSDEScheduler
 */
export function* sampleDpmppSde(noisy: Float32Array, { steps, random, config }: SamplingContext): Sampling {
  const levelAt = levelFinder(config);
  let x = enterSigmaSpace(noisy, steps);
  for (const { from, to } of steps) {
    const [sigma, sigmaNext] = [sigmaOf(from), sigmaOf(to)];
    const denoised = yield* denoisedAt(x, from);
    if (sigmaNext === 0) x = denoised;
    else {
      const middle = levelAt(Math.sqrt(sigma * sigmaNext));
      const [first, second] = [random.randn(x.length), random.randn(x.length)];
      const halfway = ancestral(x, denoised, sigma, sigmaOf(middle), first);
      const denoisedHalfway = yield* denoisedAt(halfway, middle);
      const whole = wholeNoise(first, second, (sigma - sigmaOf(middle)) / (sigma - sigmaNext));
      x = ancestral(x, denoisedHalfway, sigma, sigmaNext, whole);
    }
  }
  return leaveSigmaSpace(x, steps);
}

function ancestral(x: Float32Array, denoised: Float32Array, from: number, to: number, noise: Float32Array) {
  const { sigmaDown, sigmaUp } = ancestralSplit(from, to);
  return mix(1, towards(x, denoised, from, sigmaDown), sigmaUp, noise);
}

/** Increment of a Brownian motion in sigma over a whole step, to variance 1, from those of its parts; the first is `share` of it. */
export function wholeNoise(first: Float32Array, second: Float32Array, share: number): Float32Array {
  return mix(Math.sqrt(share), first, Math.sqrt(1 - share), second);
}

export const dpmppSde: Sampler = { plan: planEuler, sample: sampleDpmppSde, asks: twoLooks, isSigmaKind: true };
