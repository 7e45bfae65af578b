// The other seeds' promise: noise of a graphics card, as torch and AUTOMATIC1111 draw it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PhiloxRandom } from '../../src/diffusion/philox.ts';
import { ROOT } from '../../src/root.ts';

interface Golden {
  readonly cases: readonly { readonly seed: number; readonly sizes: readonly number[]; readonly base64: string }[];
}

const golden = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/philox.json'), 'utf8')) as Golden;

/** Single precision on their side, double on ours; a radius near 6 shows most of it. */
const TOLERANCE = 3e-6;

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function drawAll(seed: number, sizes: readonly number[]): number[] {
  const random = new PhiloxRandom(seed);
  return sizes.flatMap((size) => [...random.randn(size)]);
}

describe('PhiloxRandom draws what torch draws on CUDA', () => {
  test.each(golden.cases)('seed $seed, sizes $sizes', ({ seed, sizes, base64 }) => {
    const expected = floats(base64);
    const drawn = drawAll(seed, sizes);
    expect(drawn.length).toBe(expected.length);
    expect(Math.max(...drawn.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(TOLERANCE);
  });

  // @source the example in AUTOMATIC1111's modules/rng_philox.py
  test('seed 0 as AUTOMATIC1111 documents it', () => {
    const documented = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
      -0.36314407, -1.67105067, 2.26550497,
    ];
    expect([...new PhiloxRandom(0).randn(12)]).toEqual(documented.map((value) => expect.closeTo(value, 6)));
  });
});

test('all 64 bits of a seed count, unlike on the CPU', () => {
  expect(new PhiloxRandom(5 + 2 ** 32).randn(8)).not.toEqual(new PhiloxRandom(5).randn(8));
  expect(new PhiloxRandom(5n + (1n << 64n)).randn(8)).toEqual(new PhiloxRandom(5).randn(8));
});

test('a longer draw begins with the shorter one; the next draw is another', () => {
  const [random, longer] = [new PhiloxRandom(3), new PhiloxRandom(3)];
  const first = random.randn(10);
  expect([...longer.randn(50).subarray(0, 10)]).toEqual([...first]);
  expect(random.randn(10)).not.toEqual(first);
});

test('is normal: mean 0, variance 1, kurtosis 3', () => {
  const values = new PhiloxRandom(3).randn(200_000);
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
  expect(moment(1)).toBeCloseTo(0, 2);
  expect(moment(2)).toBeCloseTo(1, 2);
  expect(moment(4)).toBeCloseTo(3, 1);
});
