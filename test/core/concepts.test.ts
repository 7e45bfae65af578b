// Cosines and thresholds in small: care lowers every threshold, alone it forbids nothing. Compared with diffusers in test/runtime.
import { expect, test } from 'vitest';
import { type Concepts, conceptScore, cosine } from '../../src/core/concepts.ts';

/** A vector of length 2 whose cosine with [1, 0] is as said. */
const at = (share: number) => Float32Array.of(2 * share, 2 * Math.sqrt(1 - share ** 2));
const EAST = Float32Array.of(1, 0);
const WEST = Float32Array.of(-3, 0);

const CONCEPTS: Concepts = { forbidden: [EAST], thresholds: [0.5], special: [], specialThresholds: [] };

test('a cosine does not know lengths', () => {
  expect(cosine(at(0.25), EAST)).toBeCloseTo(0.25, 6);
  expect(cosine(at(0.25), WEST)).toBeCloseTo(-0.25, 6);
});

test('the score is how far the nearest concept is beyond its threshold, in three digits', () => {
  expect(conceptScore(at(0.7), CONCEPTS)).toBe(0.2);
  expect(conceptScore(at(0.5004), CONCEPTS)).toBe(0);
  expect(conceptScore(at(0.5006), CONCEPTS)).toBe(0.001);
  const two = { ...CONCEPTS, forbidden: [EAST, WEST], thresholds: [0.9, -0.9] };
  expect(conceptScore(at(0.7), two)).toBe(0.2);
});

test('special care lowers the thresholds of all, and of special ones that follow', () => {
  const special = { ...CONCEPTS, special: [EAST], specialThresholds: [0.4] };
  expect(conceptScore(at(0.495), special)).toBe(0.005);
  expect(conceptScore(at(0.495), { ...special, specialThresholds: [0.6] })).toBe(-0.005);
  const chain = { ...special, special: [EAST, EAST], specialThresholds: [0.4, 0.499] };
  expect(conceptScore(at(0.495), chain)).toBe(0.005);
  expect(conceptScore(at(0.3), { ...special, specialThresholds: [0.1] })).toBe(-0.19);
});
