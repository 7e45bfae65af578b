// AND: what its parts are, and how a style's phrase comes to every one of them and away again.
import { describe, expect, test } from 'vitest';
import { promptParts, withoutPhrase, withPhrase } from '../../src/core/promptParts.ts';

describe('parts', () => {
  test.each<[string, (readonly [string, number])[]]>([
    ['a cat', [['a cat', 1]]],
    ['ratio 3:2', [['ratio 3:2', 1]]],
    [
      'a cat AND a dog',
      [
        ['a cat', 1],
        ['a dog', 1],
      ],
    ],
    [
      'a cat :1.2 AND a dog AND a penguin :2.2',
      [
        ['a cat', 1.2],
        ['a dog', 1],
        ['a penguin', 2.2],
      ],
    ],
    [
      'a AND b:-.5',
      [
        ['a', 1],
        ['b', -0.5],
      ],
    ],
    [
      '(a:1.3) AND [b:c:5]',
      [
        ['(a:1.3)', 1],
        ['[b:c:5]', 1],
      ],
    ],
    [
      'SAND AND BRANDY and wine',
      [
        ['SAND', 1],
        ['BRANDY and wine', 1],
      ],
    ],
    [
      'a AND b:99999',
      [
        ['a', 1],
        ['b', 1000],
      ],
    ],
    [
      'AND',
      [
        ['', 1],
        ['', 1],
      ],
    ],
  ])('%s', (prompt, expected) => {
    expect(promptParts(prompt).map(({ text, weight }) => [text, weight])).toEqual(expected);
  });
});

test.each([
  ['a cat', 'a cat, flat'],
  ['ratio 3:2', 'ratio 3:2, flat'],
  ['a cat AND a dog', 'a cat, flat AND a dog, flat'],
  ['a cat :1.2 AND a dog: .5', 'a cat, flat :1.2 AND a dog, flat: .5'],
])('a phrase comes to every part of %s and away again', (prompt, phrased) => {
  expect(withPhrase(prompt, ', flat')).toBe(phrased);
  expect(withoutPhrase(phrased, ', flat')).toBe(prompt);
  expect(withoutPhrase(prompt, ', flat')).toBeUndefined();
  expect(withoutPhrase(withPhrase(prompt, ''), '')).toBe(prompt);
});
