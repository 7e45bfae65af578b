// The defaults of a card follow the model's own scheduler, then the owner's hints.
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/core/request.ts';
import { resolveRequest } from '../../src/core/resolve.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { sdFolder } from './makeFolder.ts';
import { modelsFolder } from './makeSafetensors.ts';

const TURBO = {
  _class_name: 'EulerDiscreteScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  timestep_spacing: 'trailing',
};

function cardOf(hints?: object, scheduler: object = TURBO) {
  const files = {
    'scheduler/scheduler_config.json': scheduler,
    ...(hints === undefined ? {} : { 'darkroom.json': hints }),
  };
  const { cards, refused } = scanModels(modelsFolder(sdFolder('m', files)));
  expect(refused).toEqual([]);
  return cards[0]!;
}

test('a distilled model comes with its sampler, schedule, few steps and no guidance', () => {
  const { defaults } = cardOf();
  expect(defaults).toMatchObject({ sampler: 'euler', schedule: 'trailing', steps: 4, guidance: 1 });
  const lcm = { _class_name: 'LCMScheduler', original_inference_steps: 50 };
  expect(cardOf({}, lcm).defaults).toMatchObject({ sampler: 'lcm', schedule: null, steps: 6, guidance: 1 });
});

test("the owner's word replaces it: a field alone, or the kind", () => {
  expect(cardOf({ defaults: { steps: 2 } }).defaults).toMatchObject({ sampler: 'euler', steps: 2, guidance: 1 });
  expect(cardOf({ distilled: 'hyper' }).defaults).toMatchObject({ sampler: 'ddim', schedule: 'trailing', steps: 8 });
  // Trailing belonged to Euler; another sampler comes with its own schedule.
  const other = cardOf({ defaults: { sampler: 'dpmpp_2m' } });
  expect(other.defaults).toMatchObject({ sampler: 'dpmpp_2m', schedule: null });
});

test("a request takes the card's schedule with the card's sampler, and only with it", () => {
  const card = cardOf();
  const resolve = (draft: object) => resolveRequest({ prompt: 'fox', ...draft }, card, DEFAULT_LIMITS, 5).schedule;
  expect(resolve({})).toBe('trailing');
  expect(resolve({ sampler: 'euler' })).toBe('trailing');
  expect(resolve({ schedule: null })).toBe(null);
  expect(resolve({ sampler: 'ddim' })).toBe(null);
  expect(resolve({ sampler: 'ddim', schedule: 'karras' })).toBe('karras');
});
