// UniPC of order 2, B2 (data prediction): a predictor, and a corrector that uses the next look, so it costs none of its own.
// Zhao, Bai, Rao, Zhou, Lu, "UniPC", arXiv:2302.04867, algorithms 5 and 6.
import { mix } from '../latents.ts';
import { sigmaOf } from '../noiseSchedule.ts';
import { extrapolate, logSnrGain, planDpmpp2m } from './dpmpp2m.ts';
import type { Sampler, Sampling, SamplingContext, Step } from './sampler.ts';

/** A step taken: where it began, what was seen there. */
interface Taken {
  readonly step: Step;
  readonly start: Float32Array;
  readonly denoised: Float32Array;
}

/** @source diffusers, UniPCMultistepScheduler with its defaults (solver_order 2, bh2, lower_order_final) */
export function* sampleUniPc(noisy: Float32Array, { steps, config }: SamplingContext): Sampling {
  let x = noisy;
  let taken: readonly Taken[] = [];
  for (const step of steps) {
    const denoised = yield { noisy: x, level: step.from };
    const start = taken.length === 0 ? x : correct(denoised, taken);
    const previous = taken[0];
    const isFirstOrder =
      previous === undefined || step.to.sigma === 0 || (config.lowerOrderFinal && step === steps.at(-1));
    const aim = isFirstOrder ? denoised : extrapolate(step, denoised, previous);
    x = move(step, start, aim);
    taken = [{ step, start, denoised }, ...taken].slice(0, 2);
  }
  return x;
}

/** The exact way of the linear part, with the denoised picture held at `aim`. */
function move({ from, to }: Step, start: Float32Array, aim: Float32Array): Float32Array {
  return mix(to.sigma / from.sigma, start, to.alpha * (1 - sigmaOf(to) / sigmaOf(from)), aim);
}

/** The last step again, now that its end was seen; with the step before it, where there is one. */
function correct(seen: Float32Array, [last, older]: readonly Taken[]): Float32Array {
  const { step, start, denoised } = last!;
  const change = mix(1, seen, -1, denoised);
  if (older === undefined) return move(step, start, mix(1, denoised, 0.5, change));
  const h = logSnrGain(step.from, step.to);
  const r = -logSnrGain(older.step.from, step.from) / h;
  const { before, after } = correctorWeights(h, r);
  const changeBefore = mix(1 / r, older.denoised, -1 / r, denoised);
  return move(step, start, mix(1, denoised, 1, mix(before, changeBefore, after, change)));
}

/** Solves R(h) a = b of order 2 with nodes r (below 0) and 1. @source arXiv:2302.04867, equation 10, B(h) = exp(h) - 1 at -h */
function correctorWeights(h: number, r: number): { before: number; after: number } {
  const b = Math.expm1(-h);
  const phi2 = b / -h - 1;
  const phi3 = phi2 / -h - 0.5;
  const [first, second] = [phi2 / b, (2 * phi3) / b];
  const before = (first - second) / (1 - r);
  return { before, after: first - before };
}

export const unipc: Sampler = { plan: planDpmpp2m, sample: sampleUniPc, obeysFinalSigma: true };
