// How much noise a picture holds at each training timestep: betas, their cumulative products, noise levels and sigmas.
// Computed in single precision where PyTorch does, because 1 - alpha-bar near the clean end magnifies every rounding.
import type { SchedulerConfig } from './schedulerConfig.ts';

/**
 * One amount of noise: a picture x0 there is `alpha · x0 + sigma · noise`, alpha² + sigma² = 1 (variance preserving).
 * The samplers of the sigma kind write x0 + s · noise with s = sigma / alpha; that is the same picture divided by alpha.
 */
export interface NoiseLevel {
  /** Training timestep the network is told; fractional for some samplers, -1 for the clean end. */
  readonly timestep: number;
  readonly alpha: number;
  readonly sigma: number;
}

/** The clean end. */
export const CLEAN: NoiseLevel = { timestep: -1, alpha: 1, sigma: 0 };

/** Alpha-bar that stands in for 0 where a sampler divides by it. @source diffusers, EulerDiscreteScheduler */
const SMALLEST_ALPHA_BAR = 2 ** -24;

/** Largest beta of the cosine schedule. @source arXiv:2102.09672, section 3.2 */
const COSINE_MAX_BETA = 0.999;

/** f32[T] alpha-bar of every training timestep, falling. @source arXiv:2006.11239, section 2 */
export function alphasCumprod(config: SchedulerConfig): Float32Array {
  const betas = trainingBetas(config);
  return cumulativeAlphas(config.rescaleBetasZeroSnr ? betasWithZeroSnr(betas) : betas);
}

/** The same, with a tiny last value instead of 0, for samplers that divide by it. */
export function positiveAlphasCumprod(config: SchedulerConfig): Float32Array {
  const bars = alphasCumprod(config);
  if (config.rescaleBetasZeroSnr) bars[bars.length - 1] = SMALLEST_ALPHA_BAR;
  return bars;
}

export function levelOfAlphaBar(alphaBar: number, timestep: number): NoiseLevel {
  return { timestep, alpha: Math.sqrt(alphaBar), sigma: Math.sqrt(1 - alphaBar) };
}

/** @param sigma noise beside a picture of its full size (the sigma / alpha of a level). */
export function levelOfSigma(sigma: number, timestep: number): NoiseLevel {
  const alpha = 1 / Math.sqrt(sigma * sigma + 1);
  return { timestep, alpha, sigma: sigma * alpha };
}

/** Noise beside a picture of its full size. */
export function sigmaOf(level: NoiseLevel): number {
  return level.sigma / level.alpha;
}

/** f32[T] sigma of every training timestep, rising. */
export function trainingSigmas(bars: Float32Array): Float32Array {
  return bars.map((bar) => Math.sqrt(Math.fround(Math.fround(1 - bar) / bar)));
}

/** The cleanest level the network was trained at. */
export function smallestLevel(config: SchedulerConfig): NoiseLevel {
  return levelOfSigma(trainingSigmas(alphasCumprod(config))[0]!, 0);
}

function trainingBetas(config: SchedulerConfig): Float32Array {
  const { betaStart, betaEnd, numTrainTimesteps } = config;
  if (config.trainedBetas !== null) return Float32Array.from(config.trainedBetas);
  switch (config.betaSchedule) {
    case 'linear':
      return linspace(betaStart, betaEnd, numTrainTimesteps);
    case 'scaled_linear':
      return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), numTrainTimesteps).map((root) => root * root);
    case 'squaredcos_cap_v2':
      return Float32Array.from({ length: numTrainTimesteps }, (_, i) => cosineBeta(i, numTrainTimesteps));
  }
}

/** @source arXiv:2102.09672, equation 17: alpha-bar(t) = cos²((t + 0.008) / 1.008 · pi / 2) */
function cosineBeta(index: number, count: number): number {
  const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  return Math.min(1 - alphaBar((index + 1) / count) / alphaBar(index / count), COSINE_MAX_BETA);
}

/** torch.linspace in single precision: it counts up from the start for the first half and down from the end for the second. */
function linspace(start: number, end: number, count: number): Float32Array {
  const step = count === 1 ? 0 : Math.fround((Math.fround(end) - Math.fround(start)) / (count - 1));
  const half = Math.floor(count / 2);
  return Float32Array.from({ length: count }, (_, i) =>
    i < half || count === 1 ? Math.fround(start) + step * i : Math.fround(end) - step * (count - 1 - i),
  );
}

/** Products are kept in double precision and rounded one by one, as torch.cumprod does. */
function cumulativeAlphas(betas: Float32Array): Float32Array {
  let product = 1;
  return betas.map((beta) => {
    product *= Math.fround(1 - beta);
    return product;
  });
}

/** Square roots of alpha-bar are shifted to end at 0 and stretched to begin where they began. @source arXiv:2305.08891, algorithm 1 */
function betasWithZeroSnr(betas: Float32Array): Float32Array {
  const roots = cumulativeAlphas(betas).map(Math.sqrt);
  const first = roots[0]!;
  const last = roots[roots.length - 1]!;
  const stretch = Math.fround(first / Math.fround(first - last));
  const bars = roots.map((root) => Math.fround(Math.fround(root - last) * stretch) ** 2);
  return bars.map((bar, i) => 1 - (i === 0 ? bar : Math.fround(bar / bars[i - 1]!)));
}
