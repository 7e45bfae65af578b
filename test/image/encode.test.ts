import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Pixels } from '../../src/core/pixels.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { encodePng, thumbnail, toRgb } from '../../src/image/encode.ts';
import { gridOf } from '../../src/image/grid.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { paintedPng, pngChunk } from './makePng.ts';

function pixelsOf(width: number, height: number, level: (channel: number, x: number, y: number) => number): Pixels {
  const data = new Float32Array(3 * width * height);
  data.forEach((_, index) => {
    const within = index % (width * height);
    data[index] = level(Math.floor(index / (width * height)), within % width, Math.floor(within / width));
  });
  return { width, height, data };
}

const RECIPE = 'a red heart\nSteps: 20, Sampler: Euler, Seed: 1';

describe('PNG', () => {
  test('every level survives the way out and in again', async () => {
    const level = (index: number) => 2 * Math.fround((index % 256) / 255) - 1;
    const pixels = pixelsOf(32, 24, (channel, x, y) => level(channel * 85 + y * 32 + x));
    const png = await encodePng(pixels, RECIPE);
    const back = await decodePicture(png, { widthPx: 32, heightPx: 24 });
    expect(back.data).toEqual(pixels.data);
  });

  test('beyond -1 … 1 is cut, the middle goes to even, no number is black', () => {
    const pixels = pixelsOf(4, 1, (_, x) => [-3, 3, Number.NaN, 0][x]!);
    expect([...toRgb(pixels)].filter((_, index) => index % 3 === 0)).toEqual([0, 255, 0, 128]);
  });

  test('three channels, the right way round', async () => {
    const pixels = pixelsOf(9, 6, (channel, x, y) => [x / 8, y / 5, -1][channel]!);
    const { data, info } = await sharp(await encodePng(pixels, null))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 9, height: 6, channels: 3 });
    expect([...data.subarray(0, 3)]).toEqual([128, 128, 0]);
    expect([...data.subarray(3 * 8, 3 * 9)]).toEqual([255, 128, 0]);
    expect([...data.subarray(3 * 9 * 5, 3 * 9 * 5 + 3)]).toEqual([128, 255, 0]);
  });
});

describe('the recipe in the file', () => {
  const picture = pixelsOf(9, 6, () => 0);

  test.each([
    ['Latin-1', 'un coup élégant ÿ\nSteps: 3', 'tEXt'],
    ['everything else', '红心 сердце 😀\nSteps: 3', 'iTXt'],
    ['an empty text', '', 'tEXt'],
  ])('%s: readable by us and by libvips', async (_, text, chunk) => {
    const png = await encodePng(picture, text);
    expect(png.toString('latin1', 37, 41)).toBe(chunk);
    expect(readRecipe(png)).toBe(text);
    const { comments } = await sharp(png).metadata();
    const shown = comments?.find((comment) => comment.keyword === 'parameters')?.text;
    if (chunk === 'iTXt') expect(shown).toBe(text);
    expect((await sharp(png).raw().toBuffer()).length).toBe(9 * 6 * 3);
  });

  test('no recipe, no chunk', async () => {
    const png = await encodePng(picture, null);
    expect(readRecipe(png)).toBeUndefined();
    expect((await sharp(png).metadata()).comments).toBeUndefined();
  });

  test('compressed forms, which other tools write', () => {
    const packed = deflateSync(Buffer.from('心 Steps: 3'));
    const international = Buffer.concat([Buffer.from('parameters\0\x01\0en\0\0'), packed]);
    const plain = Buffer.concat([Buffer.from('parameters\0\0'), deflateSync(Buffer.from('Steps: 3'))]);
    expect(readRecipe(paintedPng(3, 2, () => [1, 2, 3], [pngChunk('iTXt', international)]))).toBe('心 Steps: 3');
    expect(readRecipe(paintedPng(3, 2, () => [1, 2, 3], [pngChunk('zTXt', plain)]))).toBe('Steps: 3');
  });

  test('other texts are passed over, other files have none', () => {
    const other = [pngChunk('tEXt', Buffer.from('Software\0x')), pngChunk('tEXt', Buffer.from('parameters\0mine'))];
    expect(readRecipe(paintedPng(3, 2, () => [1, 2, 3], other))).toBe('mine');
    expect(readRecipe(Buffer.from('GIF89a'))).toBeUndefined();
    expect(readRecipe(Buffer.alloc(0))).toBeUndefined();
  });

  test('a text of a megabyte and more is left alone, packed or not', () => {
    const bomb = Buffer.concat([Buffer.from('parameters\0\0'), deflateSync(Buffer.alloc(50_000_000))]);
    expect(() => readRecipe(paintedPng(3, 2, () => [1, 2, 3], [pngChunk('zTXt', bomb)]))).toThrow(/cannot be unpacked/);
    const long = pngChunk('tEXt', Buffer.concat([Buffer.from('parameters\0'), Buffer.alloc(1_100_000, 'a')]));
    expect(readRecipe(paintedPng(3, 2, () => [1, 2, 3], [long]))).toBeUndefined();
  });

  test('damage is named at every length', async () => {
    const png = await encodePng(picture, RECIPE);
    for (let length = 8; length < png.length - 1; length++) {
      const cut = png.subarray(0, length);
      try {
        expect(readRecipe(cut)).toBe(RECIPE);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'input_image_invalid' });
      }
    }
    const flipped = Buffer.from(png);
    flipped[50]! ^= 1;
    expect(() => readRecipe(flipped)).toThrow(/wrong checksum at byte 33/);
  });
});

describe('grid', () => {
  const plain = (value: number) => pixelsOf(64, 48, (channel, x) => (channel === 0 && x === 0 ? 1 : value));
  const redAt = (grid: Pixels, x: number, y: number) => grid.data[y * grid.width + x];

  test.each([
    [1, 64, 48],
    [2, 132, 48],
    [3, 132, 100],
    [4, 132, 100],
  ])('%i pictures make a sheet of %ix%i', (count, width, height) => {
    const grid = gridOf(Array.from({ length: count }, () => plain(0)));
    expect([grid.width, grid.height, grid.data.length]).toEqual([width, height, 3 * width * height]);
  });

  test('pictures stand in reading order, the last place of three is empty', () => {
    const grid = gridOf([plain(0.1), plain(0.2), plain(0.3)]);
    const blue = (x: number, y: number) => grid.data[2 * 132 * 100 + y * 132 + x];
    expect([blue(5, 5), blue(73, 5), blue(5, 57)].map((value) => value?.toFixed(1))).toEqual(['0.1', '0.2', '0.3']);
    const background = blue(66, 5);
    expect([blue(64, 0), blue(67, 47), blue(5, 50), blue(131, 99)]).toEqual(Array(4).fill(background));
    expect([redAt(grid, 0, 0), redAt(grid, 68, 0), redAt(grid, 0, 52)]).toEqual([1, 1, 1]);
  });

  test('sizes that differ are our own mistake', () => {
    const other = pixelsOf(48, 64, () => 0);
    expect(() => gridOf([plain(0), other])).toThrow(/picture 1 is 48x64, expected 64x48/);
    expect(() => gridOf([])).toThrow(/found no pictures/);
  });
});

describe('thumbnail', () => {
  test('fits into the square, keeps its shape, is not enlarged', async () => {
    const png = await encodePng(
      pixelsOf(120, 80, (_, x) => x / 120),
      null,
    );
    expect(await sharp(await thumbnail(png, 60)).metadata()).toMatchObject({ format: 'webp', width: 60, height: 40 });
    expect(await sharp(await thumbnail(png, 500)).metadata()).toMatchObject({ width: 120, height: 80 });
  });

  test('opens no more than decodePicture does', async () => {
    await expect(thumbnail(Buffer.from('<svg/>'), 60)).rejects.toThrow(/is an SVG/);
  });
});
