import { describe, expect, test } from 'vitest';
import { canFollow, FINAL_STATES, isFinal, isJobId, type JobState, jobIdFromBytes } from '../../src/core/job.ts';

const STATES: readonly JobState[] = [
  'accepted',
  'queued',
  'running',
  'developed',
  'failing',
  'cancelling',
  'delivered',
  'failed',
  'cancelled',
  'expired',
];

describe('states', () => {
  test('nothing follows a final state, and no state follows itself', () => {
    for (const from of STATES) {
      expect(canFollow(from, from)).toBe(false);
      if (isFinal(from)) expect(STATES.filter((to) => canFollow(from, to))).toEqual([]);
    }
  });

  test('every state reaches an end, and every end is reached', () => {
    const reach = (from: JobState, seen: readonly JobState[] = []): readonly JobState[] =>
      seen.includes(from)
        ? []
        : [from, ...STATES.filter((to) => canFollow(from, to)).flatMap((to) => reach(to, [...seen, from]))];
    for (const from of STATES) expect(reach(from).some(isFinal)).toBe(true);
    expect(FINAL_STATES.filter((end) => !reach('accepted').includes(end))).toEqual([]);
  });

  test('pictures end delivered or failed, never cancelled', () => {
    expect(STATES.filter((to) => canFollow('developed', to))).toEqual(['delivered', 'failed']);
  });
});

describe('ids', () => {
  test('each byte gives one character by its five low bits', () => {
    expect(jobIdFromBytes(Uint8Array.of(0, 1, 25, 26, 31, 32, 63, 255, 224, 2, 99))).toBe('abz27a77ac');
  });
  test.each([
    ['abcdefghij', true],
    ['a234567xyz', true],
    ['abcdefghi', false],
    ['abcdefghijk', false],
    ['ABCDEFGHIJ', false],
    ['abcdefghi1', false],
    ['../../../a', false],
  ])('%s is an id: %s', (text, expected) => expect(isJobId(text)).toBe(expected));
});
