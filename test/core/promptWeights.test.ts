// Weights in brackets. The first table is what AUTOMATIC1111 documents of parse_prompt_attention; the second its rarer habits.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainText, weightedTexts } from '../../src/core/promptWeights.ts';
import { leastCpuMs } from '../support/leastCpuMs.ts';

const pairs = (prompt: string) => weightedTexts(prompt).map(({ text, weight }) => [text, weight]);

describe('documented cases', () => {
  test.each<[string, (readonly [string, number])[]]>([
    ['normal text', [['normal text', 1]]],
    [
      'an (important) word',
      [
        ['an ', 1],
        ['important', 1.1],
        [' word', 1],
      ],
    ],
    ['(unbalanced', [['unbalanced', 1.1]]],
    ['\\(literal\\]', [['(literal]', 1]]],
    ['(unnecessary)(parens)', [['unnecessaryparens', 1.1]]],
    [
      'a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).',
      [
        ['a ', 1],
        ['house', 1.5730000000000004],
        [' ', 1.1],
        ['on', 1],
        [' a ', 1.1],
        ['hill', 0.55],
        [', sun, ', 1.1],
        ['sky', 1.4641000000000006],
        ['.', 1.1],
      ],
    ],
  ])('%s', (prompt, expected) => {
    const found = pairs(prompt);
    expect(found.map(([text]) => text)).toEqual(expected.map(([text]) => text));
    for (const [k, [, weight]] of expected.entries()) expect(found[k]![1]).toBeCloseTo(weight, 12);
  });
});

describe('rarer habits', () => {
  test.each<[string, (readonly [string, number])[]]>([
    ['', [['', 1]]],
    ['()', [['', 1]]],
    ['a) b] c', [['a) b] c', 1]]],
    ['a \\\\ b', [['a \\ b', 1]]],
    ['b\\locked', [['blocked', 1]]],
    ['(a:1.5)', [['a', 1.5]]],
    ['(a: 1.5 )', [['a', 1.5]]],
    ['(a:-.5)', [['a', -0.5]]],
    ['(a:0)', [['a', 0]]],
    ['(a:b)', [['a:b', 1.1]]],
    ['(a:1.2.3)', [['a:1.2.3', 1.1]]],
    ['a:1.5)', [['a:1.5)', 1]]],
    [
      'at 3:2, (at) 12:30',
      [
        ['at 3:2, ', 1],
        ['at', 1.1],
        [' 12:30', 1],
      ],
    ],
    ['[less]', [['less', 1 / 1.1]]],
    ['(a:99999)', [['a', 1000]]],
    ['(((((a:999):-999):999):999):999)', [['a', -1000]]],
    [
      '😀 (猫:1.2)',
      [
        ['😀 ', 1],
        ['猫', 1.2],
      ],
    ],
  ])('%s', (prompt, expected) => {
    expect(pairs(prompt)).toEqual(expected);
  });

  test('brackets may overlap: each weighs what stands between its ends', () => {
    const [a, b, c] = weightedTexts('(a [b) c]');
    expect([a, b, c]).toEqual([
      { text: 'a ', weight: 1.1 },
      { text: 'b', weight: 1.1 / 1.1 },
      { text: ' c', weight: 1 / 1.1 },
    ]);
  });

  test('BREAK opens a chunk, inside brackets too, and takes the spaces around it', () => {
    expect(weightedTexts('a BREAK b')).toEqual([
      { text: 'a', weight: 1 },
      { text: 'b', weight: 1, startsChunk: true },
    ]);
    expect(weightedTexts('(a BREAK b:1.5) BREAKING')).toEqual([
      { text: 'a', weight: 1.5 },
      { text: 'b', weight: 1.5, startsChunk: true },
      { text: ' BREAKING', weight: 1 },
    ]);
  });
});

test('plain text is the words without their signs', () => {
  expect(plainText('a (very [red]:1.3) \\(old\\) BREAK fox')).toBe('a very red (old) fox');
});

test('no text is lost or invented, and every weight is a finite number', () => {
  const prompts = fc
    .array(fc.constantFrom('(', ')', '[', ']', ':1.2)', '\\', 'cat', ' ', ':', 'BREAK', '9'))
    .map((x) => x.join(''));
  fc.assert(
    fc.property(prompts, (prompt) => {
      const texts = weightedTexts(prompt);
      expect(texts.length).toBeGreaterThan(0);
      expect(texts.every(({ weight }) => Number.isFinite(weight) && Math.abs(weight) <= 1000)).toBe(true);
      const count = (text: string) => text.split('cat').length;
      expect(count(texts.map(({ text }) => text).join('|'))).toBe(count(prompt));
    }),
  );
});

test('a prompt without signs is one stretch of weight 1, untouched', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const prompt = text.replace(/[\\()[\]]|BREAK/g, '');
      expect(weightedTexts(prompt)).toEqual([{ text: prompt, weight: 1 }]);
    }),
  );
});

test.each([
  ['open brackets', '(a'.repeat(3000)],
  ['nested', `${'('.repeat(1500)}${'\\'.repeat(1500)}${'a['.repeat(750)}${')'.repeat(1500)}`],
  ['colons', ':'.repeat(6000)],
  ['numbers', ':1'.repeat(3000)],
  ['spaces', `BREAK${' '.repeat(5990)}`],
])('6,000 characters take less than 10 ms: %s', (_, prompt) => {
  expect(leastCpuMs(() => weightedTexts(prompt))).toBeLessThan(10);
});
