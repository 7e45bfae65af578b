// Where a long prompt is cut, and what weights do to numbers. Whole encodings are compared with PyTorch in test/e2e/prompts.test.ts.
import { describe, expect, test } from 'vitest';
import { weightedTexts } from '../../src/core/promptWeights.ts';
import type { Conditioning } from '../../src/diffusion/asks.ts';
import { type ChunkRules, chunksOf, emphasised, joined, padded } from '../../src/diffusion/promptChunks.ts';

/** Every letter is a token; 15 of them a chunk, so that a comma may lie 4 before its end. */
const RULES: ChunkRules = {
  room: 15,
  comma: ','.codePointAt(0),
  idsOf: (text) => [...text.replaceAll(' ', '')].map((letter) => letter.codePointAt(0)!),
};
const cut = (prompt: string, rules = RULES) =>
  chunksOf(weightedTexts(prompt), rules).map(({ ids }) => String.fromCodePoint(...ids));

describe('cuts', () => {
  test.each<[string, string[]]>([
    ['', ['']],
    ['abc', ['abc']],
    ['abcdefghijklmno', ['abcdefghijklmno']],
    ['abcdefghijklmnop', ['abcdefghijklmno', 'p']],
    ['abcdefghijk,mnopq', ['abcdefghijk,', 'mnopq']],
    ['abcdefghij,lmnopq', ['abcdefghij,lmno', 'pq']],
    ['abcdefghijklmno,q', ['abcdefghijklmno', ',q']],
    ['abcdefghijklmn,pq', ['abcdefghijklmn,', 'pq']],
    ['abcdefghijk,(mno:1.2)pq', ['abcdefghijk,', 'mnopq']],
    ['ab BREAK cd', ['ab', 'cd']],
    ['BREAK cd', ['', 'cd']],
    ['ab BREAK', ['ab']],
    ['ab BREAK BREAK cd', ['ab', '', 'cd']],
    ['abcdefghijk, BREAK mnopqrstuvwxyzabcd', ['abcdefghijk,', 'mnopqrstuvwxyza', 'bcd']],
  ])('%j', (prompt, expected) => expect(cut(prompt)).toEqual(expected));

  test('where a comma is no token there is no place to prefer', () => {
    expect(cut('abcdefghijk,mnopq', { ...RULES, comma: undefined })).toEqual(['abcdefghijk,mno', 'pq']);
  });

  test('weights stay with their tokens across a cut', () => {
    const [first, second] = chunksOf(weightedTexts('abcdefghijk,(mno:2)pq'), RULES);
    expect(first!.weights).toEqual(Array(12).fill(1));
    expect(second!.weights).toEqual([2, 2, 2, 1, 1]);
  });
});

const STATE: Conditioning = { tokens: 4, width: 2, hidden: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

describe('weights', () => {
  test('multiply their rows, then the mean is restored', () => {
    const { hidden } = emphasised(STATE, [2, 0], 1);
    const weighed = [1, 2, 6, 8, 0, 0, 7, 8];
    const ratio = 36 / weighed.reduce((sum, value) => sum + value);
    hidden.forEach((value, at) => {
      expect(value).toBeCloseTo(weighed[at]! * ratio, 5);
    });
  });

  test('of 1 change nothing, not even the object', () => {
    expect(emphasised(STATE, [1, 1], 1)).toBe(STATE);
    expect(emphasised(STATE, [], 1)).toBe(STATE);
  });

  test('that leave no mean leave numbers', () => {
    const state = { tokens: 2, width: 1, hidden: Float32Array.of(1, 1) };
    expect(emphasised(state, [1, -1], 0).hidden).toEqual(Float32Array.of(1, -1));
  });
});

test('chunks stand one after another, and shorter ones end in empty chunks', () => {
  const empty = { ...STATE, hidden: STATE.hidden.map((value) => -value) };
  const both = joined([STATE, empty]);
  expect(both).toEqual({ tokens: 8, width: 2, hidden: Float32Array.of(...STATE.hidden, ...empty.hidden) });
  expect(padded(STATE, 8, empty)).toEqual(both);
  expect(padded(both, 8, empty)).toBe(both);
  expect(joined([STATE])).toBe(STATE);
});
