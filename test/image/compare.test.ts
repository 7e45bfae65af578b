// Pictures compared pixel by pixel, with an independently written PNG (test/e2e/scriptedWorker) as the source of known values.
import { describe, expect, test } from 'vitest';
import { comparePictures } from '../../src/image/compare.ts';
import { sharp } from '../../src/image/loaders.ts';
import { addPngText } from '../../src/image/pngText.ts';
import { plainPng } from '../e2e/scriptedWorker.ts';

const SIZE = { widthPx: 6, heightPx: 4 };

async function withPixel(at: number, value: number): Promise<Buffer> {
  const data = Buffer.alloc(SIZE.widthPx * SIZE.heightPx * 3, 100);
  data[at * 3 + 1] = value;
  return sharp(data, { raw: { width: 6, height: 4, channels: 3 } })
    .png()
    .toBuffer();
}

describe('two pictures', () => {
  test('with the same pixels agree, whatever their texts say', async () => {
    const picture = plainPng(SIZE, 100);
    const named = addPngText(picture, 'parameters', 'a fox');
    expect(await comparePictures(picture, named)).toEqual({ largest: 0, share: 0 });
  });

  test('tell how many pixels differ and by how much', async () => {
    expect(await comparePictures(plainPng(SIZE, 100), plainPng(SIZE, 97))).toEqual({ largest: 3, share: 1 });
    expect(await comparePictures(plainPng(SIZE, 100), await withPixel(23, 90))).toEqual({ largest: 10, share: 1 / 24 });
  });

  test('of different sizes, or damaged, are refused', async () => {
    const turned = plainPng({ widthPx: 4, heightPx: 6 }, 100);
    await expect(comparePictures(plainPng(SIZE, 100), turned)).rejects.toThrow('found 4x6, expected 6x4');
    const cut = plainPng({ widthPx: 64, heightPx: 96 }, 1).subarray(0, 60);
    await expect(comparePictures(cut, cut)).rejects.toThrow('damaged');
  });
});
