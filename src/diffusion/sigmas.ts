// Sigmas between the training timesteps: reading them off by interpolation, finding a sigma's timestep, and ways of spacing them.
import { betaQuantile } from './betaQuantile.ts';

/** Sigma at a (fractional) timestep, on the straight line between its neighbours. */
export function sigmaAt(timestep: number, sigmas: Float32Array): number {
  const low = Math.min(Math.max(Math.floor(timestep), 0), sigmas.length - 1);
  const high = Math.min(low + 1, sigmas.length - 1);
  return sigmas[low]! + (timestep - low) * (sigmas[high]! - sigmas[low]!);
}

/**
 * Timestep of a sigma, on the straight line between the logarithms of its neighbours; clamped to the training range.
 * The logarithms are rounded to single precision as numpy's are: a whole timestep cut off below depends on it.
 */
export function timestepOfSigma(sigma: number, sigmas: Float32Array): number {
  const above = sigmas.findIndex((trained) => trained > sigma);
  const low = Math.min(Math.max((above === -1 ? sigmas.length : above) - 1, 0), sigmas.length - 2);
  const lowLog = Math.fround(Math.log(sigmas[low]!));
  const highLog = Math.fround(Math.log(sigmas[low + 1]!));
  const weight = (lowLog - Math.log(sigma)) / (lowLog - highLog);
  return low + Math.min(Math.max(weight, 0), 1);
}

/** Curvature of the spacing: higher spends more steps near the clean end. @source arXiv:2206.00364, section 3 */
const KARRAS_RHO = 7;

/** `steps` sigmas from the largest to the smallest, evenly spaced in their 7th roots. @source arXiv:2206.00364, equation 5 */
export function sigmasKarras(steps: number, sigmaMin: number, sigmaMax: number): number[] {
  const minRoot = sigmaMin ** (1 / KARRAS_RHO);
  const maxRoot = sigmaMax ** (1 / KARRAS_RHO);
  return Array.from({ length: steps }, (_, i) => {
    const ramp = steps === 1 ? 0 : i / (steps - 1);
    return (maxRoot + ramp * (minRoot - maxRoot)) ** KARRAS_RHO;
  });
}

/** `steps` sigmas from the largest to the smallest, evenly spaced in their logarithms. @source k-diffusion, get_sigmas_exponential */
export function sigmasExponential(steps: number, sigmaMin: number, sigmaMax: number): number[] {
  const [minLog, maxLog] = [Math.log(sigmaMin), Math.log(sigmaMax)];
  return Array.from({ length: steps }, (_, i) => {
    const ramp = steps === 1 ? 0 : i / (steps - 1);
    return Math.exp(maxLog + ramp * (minLog - maxLog));
  });
}

/** Both shape parameters of the distribution: crowded at either end. @source arXiv:2407.12173 */
const BETA_SHAPE = 0.6;

/** `steps` sigmas at quantiles of the beta distribution over the trained range. @source arXiv:2407.12173 */
export function sigmasBeta(steps: number, sigmaMin: number, sigmaMax: number): number[] {
  return Array.from({ length: steps }, (_, i) => {
    const ramp = steps === 1 ? 0 : i / (steps - 1);
    return sigmaMin + betaQuantile(1 - ramp, BETA_SHAPE) * (sigmaMax - sigmaMin);
  });
}

/** Models the published tables are optimised for: Stable Diffusion 1.5, which serves 2.x as well, and SDXL. */
export type AlignedFor = 'sd' | 'sdxl';

/** Ten optimised steps and where they end. @source arXiv:2404.14507, published with the paper */
const ALIGNED_SIGMAS: Readonly<Record<AlignedFor, readonly number[]>> = {
  sd: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
  sdxl: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029],
};

/**
 * The published ten steps, or other numbers of them read off by interpolating logarithms. The point where the table ends is left
 * out, for the last step goes on to the clean end.
 * @source arXiv:2404.14507, appendix A
 */
export function sigmasAlignYourSteps(steps: number, alignedFor: AlignedFor = 'sd'): number[] {
  const table = ALIGNED_SIGMAS[alignedFor];
  const last = table.length - 1;
  return Array.from({ length: steps }, (_, i) => {
    const at = (i / steps) * last;
    const low = Math.min(Math.floor(at), last - 1);
    const [from, to] = [Math.log(table[low]!), Math.log(table[low + 1]!)];
    return Math.exp(from + (at - low) * (to - from));
  });
}
