// Which sampler, schedule, steps and guidance a published folder or file name speaks for.
import { describe, expect, test } from 'vitest';
import { samplingAdvice } from '../../src/diffusion/schedulerAdvice.ts';

const plain = { name: 'my-model', hasGuidanceInput: false };
const FEW = { steps: 4, guidance: 1 };

/** Files as published, shortened to the fields that matter. */
const SDXL_TURBO = {
  _class_name: 'EulerAncestralDiscreteScheduler',
  prediction_type: 'epsilon',
  timestep_spacing: 'trailing',
};
const SD_TURBO = { ...SDXL_TURBO, _class_name: 'EulerDiscreteScheduler', use_karras_sigmas: false };
const SDXL_BASE = { ...SD_TURBO, timestep_spacing: 'leading' };
const ZERO_SNR = { ...SD_TURBO, prediction_type: 'v_prediction', rescale_betas_zero_snr: true };

describe('the scheduler of a folder', () => {
  test.each([
    ['Stable Diffusion 1.5', { _class_name: 'PNDMScheduler' }, undefined],
    ['a training script', { _class_name: 'DDPMScheduler' }, undefined],
    ['SDXL', SDXL_BASE, { sampler: 'euler', schedule: null }],
    ['SDXL-Turbo', SDXL_TURBO, { sampler: 'euler_a', schedule: 'trailing', ...FEW }],
    ['SD-Turbo', SD_TURBO, { sampler: 'euler', schedule: 'trailing', ...FEW }],
    ['v and zero SNR, which is no distillation', ZERO_SNR, { sampler: 'euler', schedule: 'trailing' }],
    ['LCM', { _class_name: 'LCMScheduler' }, { sampler: 'lcm', schedule: null, steps: 6, guidance: 1 }],
    ['TCD', { _class_name: 'TCDScheduler' }, { sampler: 'tcd', schedule: null, ...FEW }],
    [
      'DPM++ with Karras',
      { _class_name: 'DPMSolverMultistepScheduler', use_karras_sigmas: true, algorithm_type: 'dpmsolver++' },
      { sampler: 'dpmpp_2m', schedule: 'karras' },
    ],
    [
      'SDE-DPM++ of third order, exponential',
      {
        _class_name: 'DPMSolverMultistepScheduler',
        algorithm_type: 'sde-dpmsolver++',
        solver_order: 3,
        use_exponential_sigmas: true,
      },
      { sampler: 'dpmpp_3m_sde', schedule: 'exponential' },
    ],
    [
      'SDE-DPM++',
      { _class_name: 'DPMSolverMultistepScheduler', algorithm_type: 'sde-dpmsolver++', use_beta_sigmas: true },
      { sampler: 'dpmpp_2m_sde', schedule: 'beta' },
    ],
    [
      'Lu, who is exponential',
      { _class_name: 'DPMSolverMultistepScheduler', use_lu_lambdas: true },
      { sampler: 'dpmpp_2m', schedule: 'exponential' },
    ],
    ['DEIS', { _class_name: 'DEISMultistepScheduler' }, { sampler: 'deis', schedule: null }],
    ['UniPC', { _class_name: 'UniPCMultistepScheduler' }, { sampler: 'unipc', schedule: null }],
  ])('%s', (_, scheduler, expected) => {
    expect(samplingAdvice({ ...plain, scheduler })).toEqual(expected);
  });

  test('a U-Net that is told the guidance scale is a consistency model and is told a high one', () => {
    const advice = samplingAdvice({ ...plain, hasGuidanceInput: true, scheduler: { _class_name: 'LCMScheduler' } });
    expect(advice).toEqual({ sampler: 'lcm', schedule: null, steps: 4, guidance: 8.5 });
    expect(samplingAdvice({ ...plain, hasGuidanceInput: true })?.sampler).toBe('lcm');
  });
});

describe('published names, the last resort', () => {
  test.each([
    ['sdxl_lightning_4step', 'euler', 'trailing', 4],
    ['sdxl_lightning_8step_unet', 'euler', 'trailing', 8],
    ['RealVisXL_V4.0_Lightning', 'euler', 'trailing', 4],
    ['Hyper-SD15-12steps', 'ddim', 'trailing', 12],
    ['Hyper-SDXL-1step', 'ddim', 'trailing', 1],
    ['DreamShaperXL_Turbo_v2', 'euler_a', 'trailing', 4],
    ['LCM_Dreamshaper_v7', 'lcm', null, 6],
    ['some-tcd-merge', 'tcd', null, 4],
  ])('%s', (name, sampler, schedule, steps) => {
    expect(samplingAdvice({ name, hasGuidanceInput: false })).toEqual({ sampler, schedule, steps, guidance: 1 });
  });

  test.each(['hyperrealism_v3', 'hyper-real', 'calcmodel', 'dreamshaper_8', 'v1-5-pruned', 'model_25steps'])(
    '%s says nothing',
    (name) => {
      expect(samplingAdvice({ name, hasGuidanceInput: false })).toBeUndefined();
    },
  );

  test("the owner's word counts most, then the scheduler", () => {
    const name = 'fast_lightning_8step';
    expect(samplingAdvice({ ...plain, name, distilled: 'lcm', scheduler: SD_TURBO })?.sampler).toBe('lcm');
    expect(samplingAdvice({ ...plain, name, scheduler: { _class_name: 'TCDScheduler' } })?.sampler).toBe('tcd');
  });
});
