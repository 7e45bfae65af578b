// How LoRAs that replace a model's own number of steps are used, as their makers' cards say, whatever they are called here.
import { expect, test } from 'vitest';
import { knownUse } from '../../src/weights/loraNotes.ts';

const trailing = { schedule: 'trailing' } as const;

test.each([
  ['lcm-lora-sdv1-5', { sampler: 'lcm', steps: 6, guidance: 1.5 }],
  ['lcm-lora 8steps', { sampler: 'lcm', steps: 8, guidance: 1.5 }],
  ['lcm-lora-sdxl/pytorch_lora_weights', { sampler: 'lcm', steps: 6, guidance: 1.5 }],
  ['sdxl_lightning_4step_lora', { sampler: 'euler', ...trailing, steps: 4, guidance: 1 }],
  ['sdxl_lightning_8step_lora', { sampler: 'euler', ...trailing, steps: 8, guidance: 1 }],
  ['Hyper-SD15-1step-lora', { sampler: 'tcd', ...trailing, steps: 1, guidance: 1 }],
  ['Hyper-SDXL-8steps-lora', { sampler: 'ddim', ...trailing, steps: 8, guidance: 1 }],
  ['Hyper-SDXL-12steps-CFG-lora', { sampler: 'ddim', ...trailing, steps: 12, guidance: 5 }],
  ['TCD-SDXL-LoRA/pytorch_lora_weights', { sampler: 'tcd', steps: 4, guidance: 1 }],
  ['dmd2_sdxl_4step_lora_fp16', { sampler: 'lcm', steps: 4, guidance: 1 }],
  ['ink moth', {}],
  ['watchdog', {}],
  ['lightning bolts/ink', {}],
])('%s', (name, use) => expect(knownUse(`/models/loras/${name}.safetensors`)).toEqual(use));
