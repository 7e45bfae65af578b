// Prompts that change from step to step. The first two tables are what AUTOMATIC1111 documents of its schedules, 10 steps each;
// `[{b|d{:.5]` is documented there but not what its grammar does: here it is.
import { describe, expect, test } from 'vitest';
import { scheduleOf, textAt } from '../../src/core/promptSchedule.ts';
import { leastCpuMs } from '../support/leastCpuMs.ts';

const pairs = (prompt: string, steps = 10, before = 0) =>
  scheduleOf(prompt, steps, before).map(({ untilStep, text }) => [untilStep, text]);
const inTurn = (...texts: string[]) => Array.from({ length: 10 }, (_, k) => [k + 1, texts[k % texts.length]]);

describe('documented cases', () => {
  test.each<[string, unknown]>([
    ['test', [[10, 'test']]],
    [
      'a [b:3]',
      [
        [3, 'a '],
        [10, 'a b'],
      ],
    ],
    [
      'a [b: 3]',
      [
        [3, 'a '],
        [10, 'a b'],
      ],
    ],
    [
      'a [[[b]]:2]',
      [
        [2, 'a '],
        [10, 'a [[b]]'],
      ],
    ],
    [
      '[(a:2):3]',
      [
        [3, ''],
        [10, '(a:2)'],
      ],
    ],
    [
      'a [b : c : 1] d',
      [
        [1, 'a b  d'],
        [10, 'a  c  d'],
      ],
    ],
    [
      'a[b:[c:d:2]:1]e',
      [
        [1, 'abe'],
        [2, 'ace'],
        [10, 'ade'],
      ],
    ],
    ['a [unbalanced', [[10, 'a [unbalanced']]],
    [
      'a [b:.5] c',
      [
        [5, 'a  c'],
        [10, 'a b c'],
      ],
    ],
    [
      'a [{b|d{:.5] c',
      [
        [5, 'a  c'],
        [10, 'a {b|d{ c'],
      ],
    ],
    [
      '((a][:b:c [d:3]',
      [
        [3, '((a][:b:c '],
        [10, '((a][:b:c d'],
      ],
    ],
    ['[a|(b:1.1)]', inTurn('a', '(b:1.1)')],
    ['[fe|]male', inTurn('female', 'male')],
    ['[fe|||]male', inTurn('female', 'male', 'male', 'male')],
  ])('%s', (prompt, expected) => {
    expect(pairs(prompt)).toEqual(expected);
  });

  test.each<[string, unknown]>([
    ['a [b:.5] c', [[10, 'a b c']]],
    [
      'a [b:1.5] c',
      [
        [5, 'a  c'],
        [10, 'a b c'],
      ],
    ],
  ])('%s in a second pass of 10 after 10', (prompt, expected) => {
    expect(pairs(prompt, 10, 10)).toEqual(expected);
  });

  test('the landscape of the manual', () => {
    const prompt =
      'fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75][ in foreground::0.6][: in background:0.25] [shoddy:masterful:0.5]';
    expect(pairs(prompt, 100)).toEqual([
      [25, 'fantasy landscape with a mountain and an oak in foreground shoddy'],
      [50, 'fantasy landscape with a lake and an oak in foreground in background shoddy'],
      [60, 'fantasy landscape with a lake and an oak in foreground in background masterful'],
      [75, 'fantasy landscape with a lake and an oak in background masterful'],
      [100, 'fantasy landscape with a lake and a christmas tree in background masterful'],
    ]);
  });
});

describe('rarer cases', () => {
  test.each<[string, unknown]>([
    [
      '[a::3]',
      [
        [3, 'a'],
        [4, ''],
      ],
    ],
    ['[a:1.0]', [[4, '']]],
    ['[a:9]', [[4, '']]],
    ['[a:0] [b:-1]', [[4, 'a b']]],
    ['[a:b:c:3]', [[4, '[a:b:c:3]']]],
    ['[a:b]', [[4, '[a:b]']]],
    [
      '[a\\:b:2]',
      [
        [2, ''],
        [4, 'a\\:b'],
      ],
    ],
    ['\\[a:2]', [[4, '\\[a:2]']]],
    ['a [(b:2] c:3]', [[4, 'a [(b:2] c:3]']]],
    [
      '(a [b:2] c)',
      [
        [2, '(a  c)'],
        [4, '(a b c)'],
      ],
    ],
    [
      '[[a|b]:c:2]',
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
        [4, 'c'],
      ],
    ],
    ['a | b', [[4, 'a | b']]],
    ['at 3:2 [sic]', [[4, 'at 3:2 [sic]']]],
  ])('%s', (prompt, expected) => {
    expect(pairs(prompt, 4)).toEqual(expected);
  });

  test('look k reads the first text whose step is not below k', () => {
    const schedule = scheduleOf('[a:b:1] [c|d]', 4);
    expect([0, 1, 2, 3, 9].map((look) => textAt(schedule, look))).toEqual(['a c', 'a c', 'b d', 'b c', 'b d']);
  });
});

test.each([
  ['open brackets', '[('.repeat(3000)],
  ['nested changes', `${'['.repeat(1000)}a${':1]'.repeat(1000)}`],
  ['nested brackets', `${'('.repeat(1500)}${'[a:1]'.repeat(600)}${')'.repeat(1500)}`],
  ['turns', '[a|b]'.repeat(1200)],
  ['bars', `[${'|'.repeat(6000)}]`],
])('6,000 characters take less than 10 ms to read: %s', (_, prompt) => {
  expect(leastCpuMs(() => scheduleOf(prompt, 2))).toBeLessThan(10);
});
