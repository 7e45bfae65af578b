// Previews: when they are made, what they show, and that nothing depends on them.
import { expect, test, vi } from 'vitest';
import type { Ask, Latents } from '../../src/diffusion/asks.ts';
import type { ModelFacts } from '../../src/diffusion/modelFacts.ts';
import { fittedMap, previewOf, probePixels, publishedMap } from '../../src/diffusion/preview.ts';
import { TorchRandom } from '../../src/diffusion/rng.ts';
import { DEFAULT_SCHEDULER } from '../../src/diffusion/schedulerConfig.ts';
import { sharp } from '../../src/image/loaders.ts';
import { MAX_PREVIEW_BYTES } from '../../src/image/preview.ts';
import { PREVIEW_MS, Previews } from '../../src/worker/previews.ts';

const SD: ModelFacts = { scheduler: DEFAULT_SCHEDULER, latentChannels: 4, pixelsPerLatent: 8, scalingFactor: 0.18215 };
const noise = (channels: number, height = 6, width = 9): Latents => ({
  channels,
  height,
  width,
  data: new TorchRandom(channels).randn(channels * height * width),
});

/** Lets sharp finish. */
async function made(got: readonly unknown[], count: number): Promise<void> {
  await vi.waitFor(() => expect(got.length).toBe(count), { timeout: 10_000 });
}

test('none in the first seconds, then one every three, of all pictures side by side', async () => {
  let nowMs = 0;
  const got: Uint8Array[] = [];
  const answer = () => Promise.reject(new Error('not asked'));
  const previews = new Previews({ facts: SD, count: 2, answer, onPreview: (one) => got.push(one), nowMs: () => nowMs });
  const [first, second] = [previews.watch(0), previews.watch(1)];
  first(noise(4));
  second(noise(4));
  nowMs = PREVIEW_MS;
  first(noise(4));
  await made(got, 1);
  const { width, height, format } = await sharp(got[0]!).metadata();
  expect(format).toBe('webp');
  expect(width).toBe(384);
  expect(width! / height!).toBeCloseTo((2 * 9 + 4) / 6, 1);
  expect(got[0]!.length).toBeLessThanOrEqual(MAX_PREVIEW_BYTES);
  nowMs += PREVIEW_MS - 1;
  first(noise(4));
  nowMs += 1;
  first(noise(4));
  await made(got, 2);
});

test('an encoder that fails makes no preview, and no noise about it', async () => {
  let nowMs = 0;
  const got: Uint8Array[] = [];
  const asked: Ask[] = [];
  const answer = (ask: Ask) => {
    asked.push(ask);
    return Promise.reject(new Error('cancelled'));
  };
  const facts = { ...SD, latentChannels: 8 };
  const previews = new Previews({ facts, count: 1, answer, onPreview: (one) => got.push(one), nowMs: () => nowMs });
  nowMs = PREVIEW_MS;
  previews.watch(0)(noise(8));
  await vi.waitFor(() => expect(asked.length).toBe(1));
  expect(asked[0]!.kind).toBe('encode');
  expect(got).toEqual([]);
});

test('what may not be shown is no preview; the next look is judged anew', async () => {
  let nowMs = 0;
  const got: Uint8Array[] = [];
  const judged: number[] = [];
  const answer = () => Promise.reject(new Error('not asked'));
  const mayShow = async ({ height, width }: { readonly height: number; readonly width: number }) => {
    judged.push(height * width);
    return judged.length > 2;
  };
  const onPreview = (one: Uint8Array) => void got.push(one);
  const previews = new Previews({ facts: SD, count: 1, answer, onPreview, nowMs: () => nowMs, mayShow });
  const watch = previews.watch(0);
  for (let look = 1; look <= 3; look++) {
    nowMs += PREVIEW_MS;
    // The one before is over when this one is taken.
    await vi.waitFor(() => {
      watch(noise(4));
      expect(judged.length).toBe(look);
    });
  }
  await made(got, 1);
});

test('known autoencoders are told by their scaling factor', () => {
  expect(publishedMap(SD)).toHaveLength(3);
  expect(publishedMap({ ...SD, scalingFactor: 0.13025 })).not.toEqual(publishedMap(SD));
  expect(publishedMap({ ...SD, scalingFactor: 0.5 })).toBeNull();
  expect(publishedMap({ ...SD, latentChannels: 16 })).toBeNull();
});

test('a fitted map finds the colours of an encoder that is linear', () => {
  const pixels = probePixels({ pixelsPerLatent: 4 });
  const cells = { height: pixels.height / 4, width: pixels.width / 4 };
  const plane = cells.height * cells.width;
  const mean = (colour: number, at: number) => {
    const [top, left] = [Math.floor(at / cells.width) * 4, (at % cells.width) * 4];
    let sum = 0;
    for (let k = 0; k < 16; k++) {
      sum += pixels.data[(colour * pixels.height + top + Math.floor(k / 4)) * pixels.width + left + (k % 4)]!;
    }
    return sum / 16;
  };
  // Channel 0 is blue, 1 is red less green, 2 is green and a constant.
  const channels = [
    (at: number) => 3 * mean(2, at),
    (at: number) => mean(0, at) - mean(1, at),
    (at: number) => mean(1, at) + 0.5,
  ];
  const data = Float32Array.from({ length: 3 * plane }, (_, i) => channels[Math.floor(i / plane)]!(i % plane));
  const latents = { channels: 3, ...cells, data };
  const found = previewOf(latents, fittedMap(latents, pixels));
  for (let i = 0; i < 3 * plane; i += 7) {
    expect(Math.abs(found.data[i]! - mean(Math.floor(i / plane), i % plane))).toBeLessThan(0.1);
  }
});
