// Which few of the training timesteps a sampler visits, noisiest first.
import type { TimestepSpacing } from './schedulerConfig.ts';

export interface SpacingRequest {
  readonly spacing: TimestepSpacing;
  /** Timesteps wanted. */
  readonly steps: number;
  readonly numTrainTimesteps: number;
  /** Added to leading timesteps. */
  readonly stepsOffset: number;
}

/**
 * `steps` timesteps, falling; those of linspace may be fractional.
 * @source arXiv:2305.08891, table 2; diffusers, DDIMScheduler.set_timesteps
 */
export function spacedTimesteps({ spacing, steps, numTrainTimesteps, stepsOffset }: SpacingRequest): number[] {
  const fromNoisiest = (timestepOf: (index: number) => number) =>
    Array.from({ length: steps }, (_, i) => timestepOf(steps - 1 - i));
  switch (spacing) {
    case 'leading': {
      const stride = Math.floor(numTrainTimesteps / steps);
      return fromNoisiest((index) => index * stride + stepsOffset);
    }
    case 'trailing': {
      const stride = numTrainTimesteps / steps;
      return fromNoisiest((index) => roundHalfEven(numTrainTimesteps - (steps - 1 - index) * stride) - 1);
    }
    case 'linspace': {
      // A single step is asked where numpy.linspace puts its only point: at the start.
      const stride = steps === 1 ? 0 : (numTrainTimesteps - 1) / (steps - 1);
      return fromNoisiest((index) => index * stride);
    }
  }
}

/**
 * `steps` fractional timesteps from the last trained one down, the first clean one left out.
 * @source Stability-AI generative-models, LegacyDDPMDiscretization, as web UIs name it ("SGM Uniform")
 */
export function sgmUniformTimesteps(steps: number, numTrainTimesteps: number): number[] {
  return Array.from({ length: steps }, (_, i) => (numTrainTimesteps - 1) * (1 - i / steps));
}

/** Halves go to the even neighbour, as numpy and IEEE 754 round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
