// SDE-DPM-Solver++(3M): three-step solver with fresh noise in every step, as k-diffusion has it.
// Deliberately not diffusers' third-order SDE, which adds 1/2 to the weight of the second difference where it must be taken away
// (0.42, multistep_dpm_solver_third_order_update): its weight does not vanish with the length of the step.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { logSnrGain, planDpmpp2m } from './dpmpp2m.ts';
import type { Sampler, Sampling, SamplingContext } from './sampler.ts';

/** A denoised picture and how much log-SNR the step from it gained. */
interface Seen {
  readonly denoised: Float32Array;
  readonly h: number;
}

/** @source k-diffusion, sample_dpmpp_3m_sde with eta 1; its noise is drawn afresh each step instead of from a Brownian tree */
export function* sampleDpmpp3mSde(noisy: Float32Array, { steps, random }: SamplingContext): Sampling {
  let x = noisy;
  let seen: readonly Seen[] = [];
  for (const { from, to } of steps) {
    const denoised = yield { noisy: x, level: from };
    if (to.sigma === 0) x = denoised;
    else {
      const h = logSnrGain(from, to);
      const decay = sigmaOf(to) / sigmaOf(from); // exp(-h)
      const aim = mix(1 - decay ** 2, denoised, 1, curvature(denoised, h, seen));
      x = mix((to.sigma / from.sigma) * decay, x, to.alpha, aim);
      x = mix(1, x, to.sigma * Math.sqrt(1 - decay ** 2), random.randn(x.length));
      seen = [{ denoised, h }, ...seen].slice(0, 2);
    }
  }
  return x;
}

/** What the pictures before say of the one to come: nothing, a line, or a parabola in log-SNR. @param seen latest first */
function curvature(denoised: Float32Array, h: number, [last, older]: readonly Seen[]): Float32Array {
  if (last === undefined) return new Float32Array(denoised.length);
  const phi2 = Math.expm1(-2 * h) / (2 * h) + 1;
  const phi3 = phi2 / (2 * h) - 0.5;
  const r0 = last.h / h;
  const rise = difference(denoised, last.denoised, r0);
  if (older === undefined) return mix(phi2, rise, 0, rise);
  const r1 = older.h / h;
  const riseBefore = difference(last.denoised, older.denoised, r1);
  const bend = mix(1 / (r0 + r1), rise, -1 / (r0 + r1), riseBefore);
  return mix(phi2, mix(1, rise, r0, bend), -phi3, bend);
}

function difference(now: Float32Array, before: Float32Array, r: number): Float32Array {
  return mix(1 / r, now, -1 / r, before);
}

export const dpmpp3mSde: Sampler = { plan: planDpmpp2m, sample: sampleDpmpp3mSde };
