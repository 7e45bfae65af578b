import { expect, test } from 'vitest';
import { expectedMs, workOf } from '../../src/core/work.ts';
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
