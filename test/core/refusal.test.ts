// The nearest name to a mistyped one, and what a refusal carries beside its English.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearestName, refuse, typingMistakes } from '../../src/core/refusal.ts';
import { SAMPLERS } from '../../src/core/request.ts';
import { toDarkroomError } from '../../src/errors.ts';

describe('the nearest name', () => {
  test.each([
    ['eular', 'euler'],
    ['DPM++ 2M', 'dpmpp_2m'],
    ['dpm++2mkarras', 'dpmpp_2m_karras'],
    ['unipcc', 'unipc'],
    ['hen', 'heun'],
    ['euler-a', 'euler_a'],
  ])('of %s is %s', (typed, name) => expect(nearestName(typed, SAMPLERS)).toBe(name));

  test.each(['magic', '', 'x', 'картина'])('of %j is nothing', (typed) => {
    expect(nearestName(typed, SAMPLERS)).toBeUndefined();
  });

  test('of a name that exists is that name', () => {
    for (const name of SAMPLERS) expect(nearestName(name, [name, ...SAMPLERS])).toBe(name);
  });
});

describe('typing mistakes', () => {
  test.each([
    ['seed', 'sede', 1],
    ['seed', 'seed', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('%s → %s is %i', (a, b, mistakes) => expect(typingMistakes(a, b)).toBe(mistakes));

  test('are the same both ways, and never more than the longer word has letters', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(typingMistakes(a, b)).toBe(typingMistakes(b, a));
        expect(typingMistakes(a, b)).toBeLessThanOrEqual(Math.max([...a].length, [...b].length));
      }),
    );
  });
});

test('a refusal carries what was found and what is allowed as data', () => {
  const error = (() => {
    try {
      return refuse('steps', 151, { kind: 'whole', low: 1, high: 150 });
    } catch (thrown) {
      return toDarkroomError(thrown);
    }
  })();
  expect(error.message).toBe('steps: found 151, expected a whole number from 1 to 150');
  expect(error.details).toEqual({ field: 'steps', found: '151', kind: 'whole', low: 1, high: 150 });
});
