// JSON as strangers write it: what is read, and what is refused with its place.
import { describe, expect, test } from 'vitest';
import { CONFIG_LIMITS, parseStrictJson } from '../../src/weights/strictJson.ts';

describe('strict JSON', () => {
  // diffusers' DPM-Solver folders carry "lambda_min_clipped": -Infinity, which JSON.parse refuses.
  test('reads the bare numbers Python writes, and leaves strings alone', () => {
    const text = '{"a": -Infinity, "b": [Infinity, NaN, 1.5], "Infinity \\" NaN": "NaN, Infinity"}';
    const expected = { a: -Infinity, b: [Infinity, null, 1.5], 'Infinity " NaN': 'NaN, Infinity' };
    expect(parseStrictJson(text)).toEqual(expected);
  });

  test.each([
    ['{"a": 1, "a": 2}', /"a" appears twice/],
    ['{"a": Infinitely}', /not valid JSON/],
    ['{"a": "b}', /has no end/],
    [`${'['.repeat(40)}${']'.repeat(40)}`, /nested deeper than 32/],
  ])('refuses %s', (text, message) => {
    expect(() => parseStrictJson(text)).toThrow(message);
  });

  test('a safetensors header holds whole numbers only', () => {
    expect(() => parseStrictJson('{"a": NaN}', { ...CONFIG_LIMITS, integersOnly: true })).toThrow(/unexpected "N"/);
  });
});
