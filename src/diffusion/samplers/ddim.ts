// DDIM with eta 0: deterministic. Song, Meng, Ermon, "Denoising Diffusion Implicit Models", arXiv:2010.02502, equation 12.
import { clamp, mix, noiseIn } from '../latents.ts';
import { alphasCumprod, levelOfAlphaBar, type NoiseLevel } from '../noiseSchedule.ts';
import type { SchedulerConfig } from '../schedulerConfig.ts';
import { roundHalfEven, spacedTimesteps } from '../timesteps.ts';
import { checkSteps, type Plan, type Sampler, type Sampling, type SamplingContext } from './sampler.ts';

/**
 * Every step goes back floor(T / steps) training timesteps, whatever the spacing says the next one is.
 * @source diffusers, DDIMScheduler.step (prev_timestep)
 */
export function planDdim(config: SchedulerConfig, steps: number): Plan {
  checkSteps(steps, config);
  const bars = alphasCumprod(config);
  const stride = Math.floor(config.numTrainTimesteps / steps);
  const end: NoiseLevel = levelOfAlphaBar(config.setAlphaToOne ? 1 : bars[0]!, -1);
  const level = (timestep: number) => levelOfAlphaBar(bars[timestep]!, timestep);
  const plan = ddimTimesteps(config, steps).map((timestep) => ({
    from: level(timestep),
    to: timestep - stride >= 0 ? level(timestep - stride) : end,
  }));
  return { steps: plan, noiseScale: 1 };
}

/** Whole timesteps, leading unless the model says otherwise; shared with DDPM. */
export function ddimTimesteps(config: SchedulerConfig, steps: number): number[] {
  const spacing = config.timestepSpacing ?? 'leading';
  return spacedTimesteps({ ...config, spacing, steps }).map(roundHalfEven);
}

export function* sampleDdim(noisy: Float32Array, { steps, config }: SamplingContext): Sampling {
  let x = noisy;
  for (const { from, to } of steps) {
    const denoised = yield { noisy: x, level: from };
    // The direction keeps the network's own noise even where the picture is clipped (diffusers' default).
    const noise = noiseIn(x, denoised, from);
    x = mix(to.alpha, clamp(denoised, config.clipRange), to.sigma, noise);
  }
  return x;
}

export const ddim: Sampler = { plan: planDdim, sample: sampleDdim };
