import { expect, test } from 'vitest';
import { expectedMs, needsOf, workOf } from '../../src/core/work.ts';
import { testRequest } from '../support/cards.ts';

const SHA = { sha256: 'ab'.repeat(32) };

// 96x64 is one and a half units of 64x64.
test.each([
  [{ steps: 10, guidance: 1 }, 15],
  [{ steps: 10, guidance: 4 }, 30],
  [{ steps: 10, guidance: 0 }, 30],
  [{ steps: 10, guidance: 1, count: 4 }, 60],
  [{ steps: 10, guidance: 1, prompt: 'a AND b' }, 45],
  [{ steps: 10, guidance: 4, prompt: 'a AND b :0.5 AND c' }, 60],
  [{ steps: 10, guidance: 1, initImage: SHA, strength: 0.5 }, 7.5],
  [{ steps: 10, guidance: 1, initImage: SHA, strength: 0 }, 1.5],
  [{ steps: 10, guidance: 1, controls: [{ kind: 'canny', image: SHA }] }, 21],
  [
    {
      steps: 10,
      guidance: 1,
      controls: [
        { kind: 'canny', image: SHA, end: 0.5 },
        { kind: 'pose', image: SHA },
      ],
    },
    24,
  ],
] as const)('%j is %d units', (draft, units) => expect(workOf(testRequest(draft))).toBeCloseTo(units, 9));

test('expected time is whole milliseconds, never none', () => {
  expect([expectedMs(15, 10), expectedMs(1, 0.6), expectedMs(1, 0)]).toEqual([150, 1, 1]);
});

test('a request needs its model, LoRAs, control networks and upscalers, and where nothing is drawn the upscaler alone', () => {
  const plain = testRequest();
  const lora = (name: string) => ({ name, strength: 1, textStrength: 1 });
  expect(needsOf(plain)).toEqual(['testmodel']);
  const controls = testRequest({ controls: [{ kind: 'pose', image: SHA }] });
  expect(needsOf({ ...controls, loras: [lora('ink'), lora('old photo')] })).toEqual([
    'testmodel',
    'lora/ink',
    'lora/old photo',
    'control/poses',
  ]);
  const hires = { size: { widthPx: 192, heightPx: 128 }, scale: 2, steps: 4, denoise: 0.5 };
  const upscale = { upscaler: 'sharp', scale: 2, from: null };
  expect(needsOf({ ...plain, upscale, hires: { ...hires, upscaler: 'esrgan' } })).toEqual([
    'testmodel',
    'sharp',
    'esrgan',
  ]);
  expect(
    needsOf({ ...plain, upscale: { ...upscale, upscaler: null }, hires: { ...hires, upscaler: 'latent' } }),
  ).toEqual(['testmodel']);
  expect(needsOf({ ...plain, upscale: { ...upscale, from: plain.size }, loras: [lora('ink')] })).toEqual(['sharp']);
});
