// SDE-DPM-Solver++(2M): the two-step solver with fresh noise in every step. Lu et al., arXiv:2211.01095, section 5; midpoint kind.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { extrapolate, planDpmpp2m } from './dpmpp2m.ts';
import { endsInFirstOrder, type Sampler, type Sampling, type SamplingContext, type Step } from './sampler.ts';

/** @source diffusers, DPMSolverMultistepScheduler with algorithm_type sde-dpmsolver++ */
export function* sampleDpmpp2mSde(noisy: Float32Array, context: SamplingContext): Sampling {
  const { steps, random } = context;
  let x = noisy;
  let previous: { readonly step: Step; readonly denoised: Float32Array } | null = null;
  for (const step of steps) {
    const { from, to } = step;
    const denoised = yield { noisy: x, level: from };
    const decay = sigmaOf(to) / sigmaOf(from); // exp(-h)
    const aim = previous === null || endsInFirstOrder(step, context) ? denoised : extrapolate(step, denoised, previous);
    x = mix((to.sigma / from.sigma) * decay, x, to.alpha * (1 - decay ** 2), aim);
    // Noise is drawn for the last step too, where it counts nothing, because torch draws it.
    x = mix(1, x, to.sigma * Math.sqrt(1 - decay ** 2), random.randn(x.length));
    previous = { step, denoised };
  }
  return x;
}

export const dpmpp2mSde: Sampler = { plan: planDpmpp2m, sample: sampleDpmpp2mSde, obeysFinalSigma: true };
