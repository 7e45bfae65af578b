// scheduler_config.json as strangers publish it: what is read, what is passed over, what is refused and in which words.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SCHEDULER, parseSchedulerConfig } from '../../src/diffusion/schedulerConfig.ts';
import { ROOT } from '../../src/root.ts';

/** As published with Stable Diffusion 1.5. */
const SD15 = {
  _class_name: 'PNDMScheduler',
  _diffusers_version: '0.6.0',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
  clip_sample: false,
};

test('the file of Stable Diffusion 1.5', () => {
  expect(parseSchedulerConfig(SD15)).toEqual({
    ...DEFAULT_SCHEDULER,
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: 'scaled_linear',
    setAlphaToOne: false,
    stepsOffset: 1,
    clipRange: null,
  });
});

test('an empty file is the defaults; 0 and false are values', () => {
  expect(parseSchedulerConfig({})).toEqual(DEFAULT_SCHEDULER);
  const zeros = { steps_offset: 0, beta_start: 0, clip_sample: false, set_alpha_to_one: false };
  expect(parseSchedulerConfig(zeros)).toEqual({
    ...DEFAULT_SCHEDULER,
    betaStart: 0,
    clipRange: null,
    setAlphaToOne: false,
  });
});

test("null is the same as nothing, as in diffusers' own files", () => {
  const nulls = Object.fromEntries(
    ['trained_betas', 'timestep_spacing', 'variance_type', 'prediction_type', 'thresholding', 'beta_start'].map(
      (key) => [key, null],
    ),
  );
  expect(parseSchedulerConfig(nulls)).toEqual(DEFAULT_SCHEDULER);
});

test('every golden folder is read', () => {
  const folders = path.join(ROOT, 'test/golden/folders');
  for (const name of readdirSync(folders)) {
    const file = path.join(folders, name, 'scheduler/scheduler_config.json');
    expect(Object.isFrozen(parseSchedulerConfig(JSON.parse(readFileSync(file, 'utf8')))), name).toBe(true);
  }
});

describe('what is not built is refused by name', () => {
  test.each([
    [{ _class_name: 'FlowMatchEulerDiscreteScheduler' }, '_class_name is "FlowMatchEulerDiscreteScheduler"'],
    [{ _class_name: 'EDMEulerScheduler' }, '_class_name is "EDMEulerScheduler"'],
    [{ _class_name: 'EDMDPMSolverMultistepScheduler' }, '_class_name is "EDMDPMSolverMultistepScheduler"'],
    [
      { beta_schedule: 'sigmoid' },
      'beta_schedule is "sigmoid", expected one of linear, scaled_linear, squaredcos_cap_v2',
    ],
    [{ prediction_type: 'flow_prediction' }, 'prediction_type is "flow_prediction"'],
    [{ timestep_spacing: 'dense' }, 'timestep_spacing is "dense"'],
    [{ variance_type: 'learned_range' }, 'variance_type is "learned_range"'],
    [{ thresholding: true }, 'thresholding is true, expected false'],
    [{ use_flow_sigmas: true }, 'use_flow_sigmas is true, expected false'],
    [{ timestep_type: 'continuous' }, 'timestep_type is "continuous", expected discrete'],
    [{ final_sigmas_type: 'sigma_max' }, 'final_sigmas_type is "sigma_max", expected one of zero, sigma_min'],
    [{ lambda_min_clipped: -5.1 }, 'lambda_min_clipped is -5.1'],
    [
      { rescale_betas_zero_snr: true },
      'rescale_betas_zero_snr is true, expected false where prediction_type is epsilon',
    ],
  ])('%o', (file, message) => {
    expect(() => parseSchedulerConfig(file)).toThrow(
      expect.objectContaining({ code: 'model_unsupported', message: expect.stringContaining(message) }),
    );
  });
});

describe('what is malformed is refused with what was found', () => {
  test.each([
    [null, 'the file is null, expected a JSON object'],
    [[], 'the file is [], expected a JSON object'],
    ['linear', 'the file is "linear"'],
    [{ num_train_timesteps: 0 }, 'num_train_timesteps is 0, expected an integer of 1 or more'],
    [{ num_train_timesteps: 1e12 }, 'num_train_timesteps is 1000000000000, expected at most 100000'],
    [{ num_train_timesteps: '1000' }, 'num_train_timesteps is "1000"'],
    [{ beta_end: 2 }, 'beta_end is 2, expected a number in 0 … 1'],
    [{ beta_start: 'small' }, 'beta_start is "small"'],
    [{ steps_offset: -1 }, 'steps_offset is -1'],
    [{ set_alpha_to_one: 1 }, 'set_alpha_to_one is 1, expected true or false'],
    [{ clip_sample: true, clip_sample_range: 0 }, 'clip_sample_range is 0'],
    [{ trained_betas: [0.1, 'x'] }, 'trained_betas is [0.1,"x"], expected numbers in 0 … 1'],
    [{ trained_betas: [0.1, 0.2] }, 'trained_betas.length is 2, expected num_train_timesteps = 1000'],
  ])('%o', (file, message) => {
    expect(() => parseSchedulerConfig(file)).toThrow(
      expect.objectContaining({ code: 'weights_invalid', message: expect.stringContaining(message) }),
    );
  });
});
