// DEIS, log-rho kind of order 2: the noise as a line in log sigma, integrated exactly. Zhang and Chen, arXiv:2204.13902.
import { mix } from '../latents.ts';
import { sigmaOf, smallestLevel } from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { planDpmpp2m } from './dpmpp2m.ts';
import { endsInFirstOrder, type Plan, type Sampler, type Sampling, type SamplingContext } from './sampler.ts';
import { denoisedAt, enterSigmaSpace, leaveSigmaSpace } from './sigmaSpace.ts';

/** Ends at the smallest trained sigma, not at the clean end. @source diffusers, DEISMultistepScheduler.set_timesteps */
export function planDeis(config: SchedulerConfig, steps: number): Plan {
  const plan = planDpmpp2m(config, steps);
  const end = smallestLevel(config);
  return { ...plan, steps: plan.steps.map((step) => (step.to.sigma === 0 ? { ...step, to: end } : step)) };
}

/** @source diffusers, DEISMultistepScheduler with its defaults (solver_order 2) */
export function* sampleDeis(noisy: Float32Array, context: SamplingContext): Sampling {
  const { steps } = context;
  let x = enterSigmaSpace(noisy, steps);
  let previous: { readonly sigma: number; readonly noise: Float32Array } | null = null;
  for (const step of steps) {
    const [sigma, sigmaNext] = [sigmaOf(step.from), sigmaOf(step.to)];
    const denoised = yield* denoisedAt(x, step.from);
    const noise = mix(1 / sigma, x, -1 / sigma, denoised);
    if (previous === null || endsInFirstOrder(step, context)) x = mix(1, x, sigmaNext - sigma, noise);
    else {
      const now = lineIntegral(sigmaNext, sigma, previous.sigma) - lineIntegral(sigma, sigma, previous.sigma);
      const before = lineIntegral(sigmaNext, previous.sigma, sigma) - lineIntegral(sigma, previous.sigma, sigma);
      x = mix(1, mix(1, x, now, noise), before, previous.noise);
    }
    previous = { sigma, noise };
  }
  return leaveSigmaSpace(x, steps);
}

/** Antiderivative at sigma of the line in log sigma that is 1 at `one` and 0 at `zero`. @source arXiv:2204.13902, equation 15 */
function lineIntegral(sigma: number, one: number, zero: number): number {
  return (sigma * (Math.log(sigma) - Math.log(zero) - 1)) / (Math.log(one) - Math.log(zero));
}

export const deis: Sampler = { plan: planDeis, sample: sampleDeis };
