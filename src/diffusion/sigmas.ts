// Sigmas between the training timesteps: reading them off by interpolation, finding a sigma's timestep, Karras spacing.

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
