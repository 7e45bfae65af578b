import { describe, expect, test } from 'vitest';
import { dimConvolved, dimProduct, dimQuotient } from '../../src/onnx/dims.ts';

describe('symbolic sizes', () => {
  test.each([
    [['h', 2, 'w'], '2*h*w'],
    [['w', 'h'], 'h*w'],
    [[3, 4], 12],
    [['2*h', '2*w'], '4*h*w'],
    [[], 1],
    [['h', 0], 0],
  ])('the product of %j is %s', (dims, product) => {
    expect(dimProduct(dims)).toBe(product);
  });

  test.each([
    ['8*h*n*w', '4*n', '2*h*w'],
    ['h*w', 'h*w', 1],
    [12, 4, 3],
    ['4*ceil(h/2)', 'ceil(h/2)', 4],
  ])('%s / %s is %s', (a, b, quotient) => {
    expect(dimQuotient(a, b)).toBe(quotient);
  });

  test.each([
    ['h', 'w'],
    [12, 5],
    ['h', 2],
  ])('%s / %s is refused', (a, b) => {
    expect(() => dimQuotient(a, b)).toThrow(`${a} is not divisible by ${b}`);
  });

  test.each([
    ['h', 3, 1, 2, 'h'],
    ['h', 3, 2, 2, 'ceil(h/2)'],
    ['ceil(h/2)', 3, 2, 2, 'ceil(h/4)'],
    ['h', 3, 2, 1, 'floor(h/2)'],
    ['floor(h/4)', 3, 2, 1, 'floor(h/8)'],
    ['4*h', 3, 2, 2, '2*h'],
    [15, 3, 2, 2, 8],
    [15, 3, 2, 1, 7],
    [14, 1, 1, 0, 14],
  ])('%s convolved with kernel %i, stride %i, padding %i is %s', (length, kernel, stride, padding, result) => {
    expect(dimConvolved(length, kernel, stride, padding)).toBe(result);
  });

  test('folding by as much as a length is a multiple of', () => {
    expect(dimConvolved('4*h', 4, 4, 0)).toBe('h');
    expect(dimConvolved('4*h', 2, 2, 0)).toBe('2*h');
  });

  test('a symbolic length no network needs is refused, not guessed', () => {
    expect(() => dimConvolved('h', 3, 3, 0)).toThrow('symbolic length h with kernel 3, stride 3');
  });
});
