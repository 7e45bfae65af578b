// Upscalers of every kind and naming against PyTorch (make_upscalers.py: networks after the papers, and spandrel's).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Pixels } from '../../src/core/pixels.ts';
import type { Answer, Ask } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { upscaled, upscaleTiles } from '../../src/diffusion/upscaling.ts';
import { ROOT } from '../../src/root.ts';
import { MemoryBudget, MemoryShare } from '../../src/runtime/memory.ts';
import { type OpenUpscaler, openUpscaler } from '../../src/runtime/upscaler.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { scanUpscalers } from '../../src/weights/upscalers.ts';

const GOLDEN = path.join(ROOT, 'test/golden/upscalers');
const registry = scanUpscalers(path.join(GOLDEN, 'models'));
const SETTINGS = { provider: 'cpu', threads: 1 } as const;

/** f32[3,h,w] in 0 … 1 as recorded, here in -1 … 1. */
function recorded(name: string): Pixels {
  const file = path.join(GOLDEN, 'upscalers.safetensors');
  const tensor = openSafetensors(GOLDEN, file).get(name)!;
  const bytes = readFileSync(file).subarray(tensor.offset, tensor.offset + tensor.sizeBytes);
  const [, height, width] = tensor.shape as [number, number, number];
  const data = new Float32Array(Uint8Array.from(bytes).buffer).map((share) => 2 * share - 1);
  return { height, width, data };
}

function distance(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  const apart = a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0);
  return Math.sqrt(apart / b.reduce((sum, value) => sum + value ** 2, 0));
}

async function withUpscaler<T>(name: string, use: (upscaler: OpenUpscaler) => Promise<T>): Promise<T> {
  const upscaler = openUpscaler(registry.open(name), SETTINGS);
  try {
    return await use(upscaler);
  } finally {
    await upscaler.close();
  }
}

test('what each file is gets told from its tensors', () => {
  expect(registry.refused).toEqual([]);
  expect(Object.fromEntries(registry.cards.map(({ name, scale }) => [name, scale]))).toEqual({
    x1compact: 1,
    x1fold: 1,
    x1old: 1,
    x2compact: 2,
    x2old: 2,
    x2plus: 2,
    x4bsrgan: 4,
    x4compact: 4,
    x4old: 4,
    x4plus: 4,
    x8old: 8,
  });
});

describe.each(registry.cards)('$name makes what PyTorch makes', ({ name, scale }) => {
  test('of a whole picture', async () => {
    const made = await withUpscaler(name, (upscaler) => upscaler.upscale(recorded('picture')));
    expect([made.height, made.width]).toEqual([12 * scale, 16 * scale]);
    expect(distance(made.data, recorded(name).data)).toBeLessThan(1e-5);
  });
});

describe('memory', () => {
  test.each(['x2plus', 'x4compact'])('%s is accounted for, and refused where it does not fit', async (name) => {
    const roomy = new MemoryBudget(2 ** 30);
    const upscaler = openUpscaler(registry.open(name), { ...SETTINGS, memory: new MemoryShare(roomy) });
    const before = roomy.usedBytes;
    await upscaler.upscale(recorded('picture'));
    expect(roomy.usedBytes).toBeGreaterThan(before);
    await upscaler.close();
    expect(roomy.usedBytes).toBe(before);
    const narrow = { ...SETTINGS, memory: new MemoryShare(new MemoryBudget(before + 1)) };
    const refused = openUpscaler(registry.open(name), narrow).upscale(recorded('picture'));
    await expect(refused).rejects.toMatchObject({ code: 'request_invalid', details: { kind: 'memory' } });
  });
});

/** A smooth picture: pictures are, and noise would make every seam look like a fault. */
function smooth(height: number, width: number): Pixels {
  const data = Float32Array.from({ length: 3 * height * width }, (_, at) => {
    const [y, x] = [Math.floor(at / width) % height, at % width];
    return Math.sin(y / 17 + Math.floor(at / (height * width))) * Math.cos(x / 23);
  });
  return { height, width, data };
}

describe('tiles', () => {
  const answering =
    (upscaler: OpenUpscaler, tiles: Pixels[] = []) =>
    async (ask: Ask): Promise<Answer> => {
      if (ask.kind !== 'upscale') throw new Error(`${ask.kind} was asked`);
      tiles.push(ask.pixels);
      return { kind: 'upscale', pixels: await upscaler.upscale(ask.pixels) };
    };

  test.each([
    ['x4compact', 1e-5],
    ['x2plus', 2e-3],
    ['x1fold', 2e-3],
  ] as const)('%s: put together they are what the whole picture gives', async (name, tolerance) => {
    const card = registry.open(name).card;
    const picture = smooth(214, 398);
    const size = { widthPx: 398 * card.scale, heightPx: 214 * card.scale };
    const tiles: Pixels[] = [];
    await withUpscaler(name, async (upscaler) => {
      const whole = await upscaler.upscale(picture);
      const made = await drive(upscaled(picture, card, size), answering(upscaler, tiles));
      expect([made.height, made.width]).toEqual([whole.height, whole.width]);
      const clamped = whole.data.map((value) => Math.min(1, Math.max(-1, value)));
      // The compact one sees less far than a tile looks around; the others see further, and notice a seam a little.
      expect(distance(made.data, clamped)).toBeLessThan(tolerance);
    });
    expect(tiles.length).toBe(6);
    expect(upscaleTiles({ widthPx: 398, heightPx: 214 }, card, size)).toBe(6);
    expect(Math.max(...tiles.flatMap(({ height, width }) => [height, width]))).toBeLessThanOrEqual(160 + 2 * 16);
  });
});
