// From what the network predicts to the denoised picture, the one place that knows the difference.
import { mix, noiseIn } from './latents.ts';
import type { NoiseLevel } from './noiseSchedule.ts';
import type { PredictionType } from './schedulerConfig.ts';

/** @param noisy f32[c, h, w] at `level`; @param prediction the network's output for it. Returns x0, f32[c, h, w]. */
type Denoiser = (noisy: Float32Array, prediction: Float32Array, level: NoiseLevel) => Float32Array;

/** x0 = (x - sigma · epsilon) / alpha. @source arXiv:2006.11239, equation 15 */
export const denoisedFromEpsilon: Denoiser = (noisy, epsilon, { alpha, sigma }) =>
  mix(1 / alpha, noisy, -sigma / alpha, epsilon);

/** x0 = alpha · x - sigma · v. @source arXiv:2202.00512, appendix D */
export const denoisedFromV: Denoiser = (noisy, v, { alpha, sigma }) => mix(alpha, noisy, -sigma, v);

/** The network says x0 itself. */
export const denoisedFromSample: Denoiser = (_noisy, sample) => sample;

export const DENOISERS: Readonly<Record<PredictionType, Denoiser>> = {
  epsilon: denoisedFromEpsilon,
  v_prediction: denoisedFromV,
  sample: denoisedFromSample,
};

/** The way back: what the network must have predicted for a denoised picture; samplers that combine predictions use it. */
export const PREDICTORS: Readonly<Record<PredictionType, Denoiser>> = {
  epsilon: noiseIn,
  v_prediction: (noisy, denoised, { alpha, sigma }) => mix(alpha / sigma, noisy, -1 / sigma, denoised),
  sample: (_noisy, denoised) => denoised,
};
