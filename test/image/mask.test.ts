import { describe, expect, test } from 'vitest';
import type { Mask } from '../../src/core/pixels.ts';
import { blurredMask, decodeHole, decodeMask } from '../../src/image/mask.ts';
import { paintedPng } from './makePng.ts';

const SIZE = { widthPx: 24, heightPx: 16 };
const level = ({ width, data }: Mask, x: number, y: number) => Math.round(255 * data[y * width + x]!);
const right = (width: number, height: number) =>
  paintedPng(width, height, (x) => (x >= width / 2 ? [255, 255, 255] : [0, 0, 0]));
const thrown = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a mask', () => {
  test('is white where it repaints; colours count as Pillow weighs them', async () => {
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 255],
    ] as const;
    const mask = await decodeMask(
      paintedPng(24, 16, (x) => colours[Math.floor(x / 6)]!),
      SIZE,
      SIZE,
    );
    expect([0, 6, 12, 18].map((x) => level(mask, x, 5))).toEqual([76, 150, 29, 255]);
  });

  test('with transparent parts is opaque where it repaints, whatever its colour', async () => {
    const mask = await decodeMask(
      paintedPng(24, 16, (x, y) => [0, 0, 0, y < 8 ? 255 : 40 * Number(x > 3)]),
      SIZE,
      SIZE,
    );
    expect([level(mask, 5, 2), level(mask, 5, 12), level(mask, 1, 12)]).toEqual([255, 40, 0]);
  });

  test.each([
    ['half the size', 12, 8],
    ['three times the size', 72, 48],
    ['a pixel off in shape', 49, 32],
  ])('of another size (%s) is stretched to the picture’s', async (_, width, height) => {
    const mask = await decodeMask(right(width, height), SIZE, SIZE);
    expect([mask.width, mask.height]).toEqual([24, 16]);
    expect([level(mask, 4, 3), level(mask, 20, 12)]).toEqual([0, 255]);
  });

  test('of another shape is refused with both sizes', async () => {
    expect(await thrown(decodeMask(right(16, 24), SIZE, SIZE))).toMatchObject({
      code: 'input_image_invalid',
      message: 'mask: has 16x24 pixels, expected the shape of the start picture, 24x16',
      details: { reason: 'mask_shape' },
    });
  });

  test('is cropped as the picture is', async () => {
    // A picture of 32x16 shown at 16x16 loses 8 columns on either side.
    const bar = paintedPng(32, 16, (x) => (x >= 10 && x < 14 ? [255, 255, 255] : [0, 0, 0]));
    const mask = await decodeMask(bar, { widthPx: 32, heightPx: 16 }, { widthPx: 16, heightPx: 16 });
    expect([1, 2, 5, 6].map((x) => level(mask, x, 8))).toEqual([0, 255, 255, 0]);
  });

  test.each([
    ['black everywhere', [0, 0, 0]],
    ['dark grey everywhere', [120, 120, 120]],
  ])('that is %s is refused', async (_, colour) => {
    const all = paintedPng(24, 16, () => colour);
    expect(await thrown(decodeMask(all, SIZE, SIZE))).toMatchObject({
      code: 'input_image_invalid',
      message: 'mask: marks nothing, expected white where the picture is to be repainted',
    });
  });

  test.each([
    ['no picture', Buffer.from('<svg/>')],
    ['half a picture', right(24, 16).subarray(0, 60)],
  ])('that is %s is refused as a mask', async (_, bytes) => {
    const error = await thrown(decodeMask(bytes, SIZE, SIZE));
    expect(error).toMatchObject({ code: 'input_image_invalid', message: expect.stringMatching(/^mask: /) });
  });
});

describe('a hole', () => {
  const withHole = paintedPng(24, 16, (x, y) => [200, 0, 0, x >= 8 && x < 16 && y >= 8 ? 0 : 255]);
  const cutOut = paintedPng(24, 16, (x, y) => [200, 0, 0, x >= 8 && x < 16 && y >= 4 && y < 12 ? 255 : 0]);

  test('is what is transparent in a picture', async () => {
    const hole = (await decodeHole(withHole, SIZE, false))!;
    expect([level(hole, 10, 12), level(hole, 2, 12), level(hole, 10, 2)]).toEqual([255, 0, 0]);
  });

  test('is none in a picture without transparency, nor in one that was cut out', async () => {
    expect(await decodeHole(right(24, 16), SIZE, false)).toBeNull();
    expect(await decodeHole(cutOut, SIZE, false)).toBeNull();
    expect(
      await decodeHole(
        paintedPng(24, 16, () => [1, 2, 3, 255]),
        SIZE,
        false,
      ),
    ).toBeNull();
  });

  test('is the background of one that was cut out where that is meant', async () => {
    const hole = (await decodeHole(cutOut, SIZE, true))!;
    expect([level(hole, 0, 0), level(hole, 10, 6)]).toEqual([255, 0]);
    const error = await thrown(decodeHole(right(24, 16), SIZE, true));
    expect(error).toMatchObject({ message: expect.stringContaining('mask: has no transparent parts') });
  });
});

describe('a soft edge', () => {
  const hard: Mask = {
    width: 24,
    height: 16,
    data: Float32Array.from({ length: 384 }, (_, at) => Number(at % 24 >= 12)),
  };

  test('of no width changes nothing', () => {
    expect(blurredMask(hard, 0)).toBe(hard);
  });

  test('is a Gaussian, even on both sides, no wider than two and a half of its deviations', () => {
    const soft = blurredMask(hard, 2);
    const row = Array.from({ length: 24 }, (_, x) => soft.data[7 * 24 + x]!);
    for (let x = 0; x < 12; x++) expect(row[x]! + row[23 - x]!).toBeCloseTo(1, 1.9);
    expect(row.slice(0, 7)).toEqual(Array(7).fill(0));
    expect(row.slice(17)).toEqual(Array(7).fill(1));
    // The integral of the Gaussian over the pixel beside the edge: half of it, less the part under one half pixel.
    expect(row[12]).toBeCloseTo(0.6, 1);
    expect(soft.data.every((part, at) => part === row[at % 24])).toBe(true);
  });
});
