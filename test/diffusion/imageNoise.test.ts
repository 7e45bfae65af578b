// The noise a picture begins with, and latents enlarged for its second pass, against torch.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LatentUpscaler } from '../../src/core/hires.ts';
import { ImageNoise, type NoisePlan } from '../../src/diffusion/imageNoise.ts';
import { resizeLatents } from '../../src/diffusion/latentResize.ts';
import { PhiloxRandom } from '../../src/diffusion/philox.ts';
import { TorchRandom } from '../../src/diffusion/rng.ts';
import { ROOT } from '../../src/root.ts';

interface Golden {
  readonly shape: readonly [number, number, number];
  readonly resized: readonly {
    readonly how: LatentUpscaler;
    readonly to: [number, number];
    readonly result: number[];
  }[];
  readonly noises: readonly {
    readonly strength: number;
    readonly resizeFrom: readonly [number, number] | null;
    readonly sameSeed?: true;
    readonly result: number[];
  }[];
}

const golden = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/drawing.json'), 'utf8')) as Golden;

/** Single precision. */
const TOLERANCE = 5e-6;

function expectClose(found: Float32Array, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(TOLERANCE);
}

describe('latents are enlarged as by torch.nn.functional.interpolate', () => {
  test.each(golden.resized)('$how to $to', ({ how, to: [height, width], result }) => {
    const [channels, rows, columns] = golden.shape;
    const data = new TorchRandom(3).randn(channels * rows * columns);
    const found = resizeLatents({ channels, height: rows, width: columns, data }, { height, width }, how);
    expect([found.channels, found.height, found.width]).toEqual([channels, height, width]);
    expectClose(found.data, result);
  });
});

const SHAPE = { channels: 2, height: 6, width: 5 };
const PLAIN: NoisePlan = { seed: 11, source: 'cpu', seedDelta: 0, variation: null };

describe('noise between two seeds, and of another size', () => {
  test.each(golden.noises)('strength $strength from $resizeFrom', ({ strength, resizeFrom, sameSeed, result }) => {
    const from = resizeFrom === null ? null : { height: resizeFrom[0], width: resizeFrom[1] };
    const noise = new ImageNoise({ ...PLAIN, variation: { seed: sameSeed ? 11 : 12, strength, from } });
    expectClose(noise.first(SHAPE), result);
  });

  test('strength 0 is the seed’s own noise and 1 the other’s', () => {
    const at = (strength: number) => new ImageNoise({ ...PLAIN, variation: { seed: 12, strength, from: null } });
    expect(at(0).first(SHAPE)).toEqual(new TorchRandom(11).randn(60));
    expectClose(at(1).first(SHAPE), [...new TorchRandom(12).randn(60)]);
  });
});

describe('what samplers draw afterwards', () => {
  test('goes on with the generator of the first noise', () => {
    const [noise, torch] = [new ImageNoise(PLAIN), new TorchRandom(11)];
    expect(noise.first(SHAPE)).toEqual(torch.randn(60));
    expect(noise.randn(20)).toEqual(torch.randn(20));
  });

  test('is another seed’s with a delta, from its beginning', () => {
    const noise = new ImageNoise({ ...PLAIN, seedDelta: 31337 });
    expect(noise.first(SHAPE)).toEqual(new TorchRandom(11).randn(60));
    expect(noise.randn(20)).toEqual(new TorchRandom(11 + 31337).randn(20));
  });

  test('does not notice a variation', () => {
    const variation = { seed: 12, strength: 0.3, from: null };
    const [plain, varied] = [new ImageNoise(PLAIN), new ImageNoise({ ...PLAIN, variation })];
    plain.first(SHAPE);
    varied.first(SHAPE);
    expect(varied.randn(20)).toEqual(plain.randn(20));
  });

  test('comes from the graphics card’s generator where that is asked for', () => {
    const noise = new ImageNoise({ ...PLAIN, source: 'gpu', seedDelta: 0 });
    const philox = new PhiloxRandom(11);
    expect(noise.first(SHAPE)).toEqual(philox.randn(60));
    expect(noise.randn(20)).toEqual(philox.randn(20));
  });
});
