// Linear multistep: the slopes of up to four steps, as a polynomial in sigma, integrated exactly. Katherine Crowson, k-diffusion.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { planEuler } from './euler.ts';
import type { Sampler, Sampling, SamplingContext } from './sampler.ts';
import { denoisedAt, enterSigmaSpace, leaveSigmaSpace } from './sigmaSpace.ts';

const ORDER = 4;

/** @source diffusers, LMSDiscreteScheduler; k-diffusion, sample_lms */
export function* sampleLms(noisy: Float32Array, { steps }: SamplingContext): Sampling {
  let x = enterSigmaSpace(noisy, steps);
  let slopes: readonly Float32Array[] = [];
  let sigmas: readonly number[] = [];
  for (const { from, to } of steps) {
    const sigma = sigmaOf(from);
    const denoised = yield* denoisedAt(x, from);
    slopes = [mix(1 / sigma, x, -1 / sigma, denoised), ...slopes].slice(0, ORDER);
    sigmas = [sigma, ...sigmas].slice(0, ORDER);
    const weights = lmsWeights(sigmas, sigmaOf(to));
    x = slopes.reduce((sum, slope, k) => mix(1, sum, weights[k]!, slope), x);
  }
  return leaveSigmaSpace(x, steps);
}

/** Node of Gauss's two-point rule on -1 … 1, exact for cubics. */
const GAUSS_NODE = 1 / Math.sqrt(3);

/**
 * Integrals over sigmas[0] … sigmaNext of the Lagrange polynomials that are 1 at one of the sigmas and 0 at the others.
 * @param sigmas of the latest steps, latest first, at most four
 */
export function lmsWeights(sigmas: readonly number[], sigmaNext: number): number[] {
  const middle = (sigmas[0]! + sigmaNext) / 2;
  const half = (sigmaNext - sigmas[0]!) / 2;
  return sigmas.map((at, k) => {
    const others = sigmas.filter((_, other) => other !== k);
    const lagrange = (tau: number) => others.reduce((product, other) => product * ((tau - other) / (at - other)), 1);
    return half * (lagrange(middle - half * GAUSS_NODE) + lagrange(middle + half * GAUSS_NODE));
  });
}

export const lms: Sampler = { plan: planEuler, sample: sampleLms, isSigmaKind: true };
