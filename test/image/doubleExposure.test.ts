// Pictures over each other: the mean of their light, whatever their sizes and transparency.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { doubleExposure } from '../../src/image/doubleExposure.ts';

const SIZE = { widthPx: 96, heightPx: 64 };
const plain = (background: string, width = 96, height = 64) =>
  sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer();
const firstPixel = async (png: Buffer) => [...(await sharp(png).raw().toBuffer()).subarray(0, 3)];

test('black and white give half the light, which is level 188', async () => {
  const png = await doubleExposure([await plain('#000000ff'), await plain('#ffffffff', 30, 200)], SIZE);
  expect(await firstPixel(png)).toEqual([188, 188, 188]);
  expect(await sharp(png).metadata()).toMatchObject({ width: 96, height: 64 });
});

test('the same picture over itself stays as it is, to the level', async () => {
  const noise = Buffer.from(Array.from({ length: 96 * 64 * 3 }, (_, at) => (at * 97) % 256));
  const png = await sharp(noise, { raw: { width: 96, height: 64, channels: 3 } })
    .png()
    .toBuffer();
  expect(
    (
      await sharp(await doubleExposure([png, png, png], SIZE))
        .raw()
        .toBuffer()
    ).equals(noise),
  ).toBe(true);
});

test('order does not matter, transparency is white, and what is no picture is refused', async () => {
  const three = await Promise.all(['#ff0000ff', '#00ff00ff', '#00000000'].map((colour) => plain(colour)));
  const [a, b] = await Promise.all([doubleExposure(three, SIZE), doubleExposure([...three].reverse(), SIZE)]);
  expect(a.equals(b)).toBe(true);
  expect(await firstPixel(a)).toEqual([213, 213, 156]);
  await expect(doubleExposure([Buffer.from('no picture')], SIZE)).rejects.toMatchObject({
    code: 'input_image_invalid',
  });
});
