// The mark of origin in every file, and WebP for places that take fewer bytes: same pixels where it can be, same recipe always.
import { spawnSync } from 'node:child_process';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Pixels } from '../../src/core/pixels.ts';
import { comparePictures } from '../../src/image/compare.ts';
import { encodePng } from '../../src/image/encode.ts';
import { readPictureText } from '../../src/image/pictureText.ts';
import { saysDrawn } from '../../src/image/provenance.ts';
import { smallerPicture } from '../../src/image/smaller.ts';

const RECIPE = 'un coup élégant 红心 😀\nNegative prompt: x\nSteps: 3, Sampler: Euler, Seed: 5, Version: Darkroom';
const MARK = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

/** Smooth with some noise, odd sides: compresses neither to nothing nor not at all. */
function picture(width = 97, height = 63): Pixels {
  const plane = width * height;
  const data = Float32Array.from({ length: 3 * plane }, (_, at) => {
    const noise = ((at * 2654435761) % 4096) / 4096 - 0.5;
    return Math.sin((at % width) / 9) * 0.6 + noise * 0.4;
  });
  return { width, height, data };
}

describe('the mark of origin', () => {
  test.each([
    ['with its recipe', RECIPE],
    ['of a private prompt', null],
  ])('stands in a PNG %s, where libvips finds it too', async (_, recipe) => {
    const png = await encodePng(picture(), recipe);
    expect(saysDrawn(png)).toBe(true);
    const { xmpAsString } = await sharp(png).metadata();
    expect(xmpAsString).toContain(MARK);
    expect(readPictureText(png)).toEqual(recipe === null ? undefined : { kind: 'recipe', text: recipe });
  });

  test('of a picture that was only enlarged is another one, in WebP too', async () => {
    const png = await encodePng(picture(), null, 'algorithmicallyEnhanced');
    expect(saysDrawn(png)).toBe(false);
    const small = await smallerPicture(png, 1e6);
    expect((await sharp(small!.bytes).metadata()).xmpAsString).toContain('algorithmicallyEnhanced');
  });
});

describe('a picture for fewer bytes', () => {
  test('is exact where that is enough, and keeps recipe and mark', async () => {
    const png = await encodePng(picture(), RECIPE);
    const small = await smallerPicture(png, png.length);
    expect(small?.isExact).toBe(true);
    expect((await comparePictures(png, small!.bytes)).largest).toBe(0);
    expect(readPictureText(small!.bytes)).toEqual({ kind: 'recipe', text: RECIPE });
    expect((await sharp(small!.bytes).metadata()).xmpAsString).toContain(MARK);
  });

  test('loses quality step by step, then pixels, and never the recipe', async () => {
    const png = await encodePng(picture(), RECIPE);
    const sizes = await Promise.all([6000, 3500, 2500, 1600].map((max) => smallerPicture(png, max)));
    for (const [at, max] of [6000, 3500, 2500, 1600].entries()) {
      expect(sizes[at]!.bytes.length).toBeLessThanOrEqual(max);
      expect(readPictureText(sizes[at]!.bytes)).toEqual({ kind: 'recipe', text: RECIPE });
    }
    const widths = await Promise.all(sizes.map(async (one) => (await sharp(one!.bytes).metadata()).width));
    expect(widths[0]).toBe(97);
    expect(widths.at(-1)).toBeLessThan(97);
  });

  test('is not made where nothing is small enough', async () => {
    expect(await smallerPicture(await encodePng(picture(), RECIPE), 300)).toBeUndefined();
  });

  test('with a private prompt carries the mark alone', async () => {
    const small = await smallerPicture(await encodePng(picture(), null), 1e6);
    expect(readPictureText(small!.bytes)).toBeUndefined();
    const { exif, xmpAsString } = await sharp(small!.bytes).metadata();
    expect(exif).toBeUndefined();
    expect(xmpAsString).toContain(MARK);
  });
});

// An independent reader where there is one (Debian: libimage-exiftool-perl). Last seen to agree: ExifTool 12.57.
const hasExiftool = spawnSync('exiftool', ['-ver']).status === 0;

describe.skipIf(!hasExiftool)('ExifTool', () => {
  const read = (input: Buffer) => {
    const { stdout } = spawnSync('exiftool', ['-j', '-n', '-G1', '-a', '-'], { input });
    const [found] = JSON.parse(stdout.toString('utf8')) as [Record<string, unknown>];
    return found;
  };

  test('reads mark and recipe in PNG and WebP, finds the files sound, and nothing of us in private ones', async () => {
    const png = await encodePng(picture(), RECIPE);
    const [exact, lossy] = await Promise.all([1e6, 3500].map(async (max) => (await smallerPicture(png, max))!.bytes));
    expect(read(png)['XMP-iptcExt:DigitalSourceType']).toBe(MARK);
    expect(read(png)['PNG:Parameters']).toBe(RECIPE);
    for (const webp of [exact!, lossy!]) {
      const found = read(webp);
      expect(found['XMP-iptcExt:DigitalSourceType']).toBe(MARK);
      expect(found['ExifIFD:UserComment']).toBe(RECIPE);
      expect([found['RIFF:ImageWidth'], found['RIFF:ImageHeight']]).toEqual([97, 63]);
      expect(found['ExifTool:Warning']).toBeUndefined();
    }
    const bare = read((await smallerPicture(await encodePng(picture(), null), 1e6))!.bytes);
    const groups = Object.keys(bare).filter((name) => /^(XMP|IFD|ExifIFD|PNG)/.test(name));
    expect(groups).toEqual(['XMP-iptcExt:DigitalSourceType']);
  });
});
