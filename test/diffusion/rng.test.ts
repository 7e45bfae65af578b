// The seed's promise: the noise of a seed is torch's noise of that seed.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { TorchRandom } from '../../src/diffusion/rng.ts';
import { ROOT } from '../../src/root.ts';

interface Golden {
  readonly torch: string;
  readonly cases: readonly { readonly seed: number; readonly sizes: readonly number[]; readonly base64: string }[];
}

const golden = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/random.json'), 'utf8')) as Golden;

/** Torch computes log, sin and cos in single precision with its own vector code; measured distance is below half of this. */
const TOLERANCE = 2e-6;

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function drawAll(seed: number, sizes: readonly number[]): number[] {
  const random = new TorchRandom(seed);
  return sizes.flatMap((size) => [...random.randn(size)]);
}

describe('TorchRandom draws what torch draws', () => {
  test.each(golden.cases)('seed $seed, sizes $sizes', ({ seed, sizes, base64 }) => {
    const expected = floats(base64);
    const drawn = drawAll(seed, sizes);
    expect(drawn.length).toBe(expected.length);
    const worst = Math.max(...drawn.map((value, i) => Math.abs(value - expected[i]!)));
    expect(worst).toBeLessThan(TOLERANCE);
  });

  test('short draws are equal to the last bit, being made in double precision on both sides', () => {
    for (const { seed, sizes, base64 } of golden.cases.filter((entry) => entry.sizes.every((size) => size < 16))) {
      expect(drawAll(seed, sizes)).toEqual([...floats(base64)]);
    }
  });
});

describe('TorchRandom', () => {
  test('takes the low 32 bits of a seed, as torch does', () => {
    expect(new TorchRandom(2 ** 32 + 5).randn(20)).toEqual(new TorchRandom(5).randn(20));
    expect(new TorchRandom(5n + (1n << 60n)).randn(20)).toEqual(new TorchRandom(5).randn(20));
    expect(new TorchRandom(5).randn(20)).not.toEqual(new TorchRandom(6).randn(20));
  });

  test('is normal: mean 0, variance 1, kurtosis 3', () => {
    const values = new TorchRandom(3).randn(200_000);
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(moment(1)).toBeCloseTo(0, 2);
    expect(moment(2)).toBeCloseTo(1, 2);
    expect(moment(4)).toBeCloseTo(3, 1);
  });

  test('an empty draw takes nothing from the generator', () => {
    const random = new TorchRandom(9);
    expect(random.randn(0).length).toBe(0);
    expect(random.randn(4)).toEqual(new TorchRandom(9).randn(4));
  });
});
