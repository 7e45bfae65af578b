import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Pixels } from '../../src/core/pixels.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { MAX_PICTURE_PIXELS } from '../../src/image/loaders.ts';
import { paintedPng, pngChunk, pngFile } from './makePng.ts';

/** Red tells the column, green the row. */
const painted = (x: number, y: number) => [x * 20, y * 30, 7];
const whole = (level: number) => Math.round((level + 1) * 127.5);

/** [r, g, b] of one pixel, 0 … 255. */
function at({ width, height, data }: Pixels, x: number, y: number): number[] {
  return [0, 1, 2].map((channel) => whole(data[(channel * height + y) * width + x]!));
}

function corners(pixels: Pixels) {
  const [right, bottom] = [pixels.width - 1, pixels.height - 1];
  return [at(pixels, 0, 0), at(pixels, right, 0), at(pixels, 0, bottom), at(pixels, right, bottom)];
}

describe('what comes out', () => {
  test('a picture of the wanted size comes out as it is, channels first', async () => {
    const pixels = await decodePicture(paintedPng(9, 6, painted), { widthPx: 9, heightPx: 6 });
    expect([pixels.width, pixels.height, pixels.data.length]).toEqual([9, 6, 3 * 9 * 6]);
    for (let y = 0; y < 6; y++) for (let x = 0; x < 9; x++) expect(at(pixels, x, y)).toEqual(painted(x, y));
    expect(pixels.data[0]).toBe(-1);
    expect(pixels.data[1]).toBe(Math.fround(2 * Math.fround(20 / 255) - 1));
  });

  test('black is -1 and white is 1', async () => {
    const pixels = await decodePicture(
      paintedPng(3, 2, (x) => [x * 127, 255, 0]),
      { widthPx: 3, heightPx: 2 },
    );
    expect([pixels.data[0], pixels.data[6], pixels.data[12]]).toEqual([-1, 1, -1]);
  });

  test('a wider one loses its sides, a higher one top and bottom, equally', async () => {
    const wide = await decodePicture(paintedPng(12, 4, painted), { widthPx: 6, heightPx: 4 });
    expect([at(wide, 0, 0), at(wide, 5, 3)]).toEqual([painted(3, 0), painted(8, 3)]);
    const high = await decodePicture(paintedPng(4, 8, painted), { widthPx: 4, heightPx: 2 });
    expect([at(high, 0, 0), at(high, 3, 1)]).toEqual([painted(0, 3), painted(3, 4)]);
  });

  test('scaling keeps left left and top top', async () => {
    const bytes = paintedPng(90, 60, (x, y) => [x < 45 ? 0 : 240, y < 30 ? 0 : 240, 0]);
    const pixels = await decodePicture(bytes, { widthPx: 12, heightPx: 8 });
    expect(corners(pixels)).toEqual([
      [0, 0, 0],
      [240, 0, 0],
      [0, 240, 0],
      [240, 240, 0],
    ]);
    const enlarged = await decodePicture(
      paintedPng(3, 2, (x) => [x * 100, 0, 0]),
      { widthPx: 96, heightPx: 64 },
    );
    expect([enlarged.width, enlarged.height, at(enlarged, 0, 63)[0]]).toEqual([96, 64, 0]);
    expect(at(enlarged, 95, 0)[0]).toBeGreaterThanOrEqual(200);
  });

  test('transparency lies on white', async () => {
    const bytes = paintedPng(3, 2, (x) => [255, 0, 0, [0, 128, 255][x]!]);
    const pixels = await decodePicture(bytes, { widthPx: 3, heightPx: 2 });
    expect([at(pixels, 0, 1), at(pixels, 2, 1)]).toEqual([
      [255, 255, 255],
      [255, 0, 0],
    ]);
    expect(at(pixels, 1, 0)[1]).toBeGreaterThanOrEqual(126);
    expect(at(pixels, 1, 0)[1]).toBeLessThanOrEqual(128);
  });

  test('a camera held sideways: EXIF orientation 6 is turned upright', async () => {
    const bytes = await sharp(paintedPng(60, 90, (x, y) => [x < 30 ? 0 : 250, y < 45 ? 0 : 250, 0]))
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const pixels = await decodePicture(bytes, { widthPx: 90, heightPx: 60 });
    const near = corners(pixels).map((colour) => colour.map((value) => (value > 125 ? 250 : 0)));
    // stored bottom left is shown top left
    expect(near).toEqual([
      [0, 250, 0],
      [0, 0, 0],
      [250, 250, 0],
      [250, 0, 0],
    ]);
  });

  test('grey, palette, 16 bits and CMYK become three channels', async () => {
    const source = sharp(paintedPng(12, 8, (x) => (x < 6 ? [40, 40, 40] : [200, 200, 200])));
    const forms = [
      source.clone().greyscale().png(),
      source.clone().png({ palette: true }),
      source.clone().toColourspace('rgb16').png(),
      source.clone().toColourspace('cmyk').jpeg({ quality: 100 }),
      source.clone().webp({ lossless: true }),
    ];
    for (const form of forms) {
      const pixels = await decodePicture(await form.toBuffer(), { widthPx: 12, heightPx: 8 });
      expect(pixels.data).toHaveLength(3 * 12 * 8);
      expect(Math.abs(at(pixels, 1, 1)[0]! - 40)).toBeLessThan(30);
      expect(Math.abs(at(pixels, 10, 6)[2]! - 200)).toBeLessThan(30);
    }
  });

  test('only the first frame of many', async () => {
    const [width, height, frames] = [12, 8, 400];
    const rgb = Buffer.alloc(width * height * frames * 3);
    for (let frame = 0; frame < frames; frame++)
      rgb.fill(frame === 0 ? 250 : frame % 100, frame * width * height * 3, (frame + 1) * width * height * 3);
    const raw = { width, height: height * frames, channels: 3, pageHeight: height } as const;
    const bytes = await sharp(rgb, { raw }).webp({ lossless: true, loop: 0 }).toBuffer();
    const pixels = await decodePicture(bytes, { widthPx: width, heightPx: height });
    expect(corners(pixels)).toEqual(Array(4).fill([250, 250, 250]));
  });
});

/** An animation of one frame shown so often. @source developers.google.com/speed/webp/docs/riff_container */
function longWebp(frame: Buffer, frames: number, { width, height }: { width: number; height: number }): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  };
  const u24 = (value: number) => Buffer.from([value & 255, (value >> 8) & 255, value >> 16]);
  const size = Buffer.concat([u24(width - 1), u24(height - 1)]);
  const still = frame.subarray(12);
  const one = chunk('ANMF', Buffer.concat([u24(0), u24(0), size, u24(20), Buffer.from([0]), still]));
  const body = Buffer.concat([
    chunk('VP8X', Buffer.concat([Buffer.from([0x02, 0, 0, 0]), size])),
    chunk('ANIM', Buffer.alloc(6)),
    ...Array<Buffer>(frames).fill(one),
  ]);
  return Buffer.concat([chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), body]))]);
}

test('of a WebP with ten thousand frames one is decoded', async () => {
  const size = { width: 512, height: 256 };
  const create = { ...size, channels: 3, background: { r: 250, g: 250, b: 250 } } as const;
  const bytes = longWebp(await sharp({ create }).webp({ lossless: true }).toBuffer(), 10_000, size);
  expect((await sharp(bytes).metadata()).pages).toBe(10_000);
  const before = process.cpuUsage();
  const pixels = await decodePicture(bytes, { widthPx: 512, heightPx: 256 });
  expect(corners(pixels)).toEqual(Array(4).fill([250, 250, 250]));
  // All frames together are 3.9 GB of pixels and take many seconds.
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
});

describe('what is refused', () => {
  const size = { widthPx: 96, heightPx: 64 };
  const refusal = async (bytes: Uint8Array) => decodePicture(bytes, size).catch((thrown: unknown) => thrown);
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'input_image_invalid', message: expect.stringMatching(message) });

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', Buffer.alloc(0), /^picture: is empty, expected a PNG, JPEG or WebP picture$/],
    [
      'an SVG that reads a file',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
      /is an SVG or other XML/,
    ],
    ['an SVG behind a declaration', Buffer.from('\n <?xml version="1.0"?><svg/>'), /is an SVG or other XML/],
    ['a GIF', Buffer.from('GIF89a\x01\0\x01\0'), /is a GIF/],
    ['a HEIC picture', Buffer.from('\0\0\0\x18ftypheic'), /is an AVIF or HEIC/],
    ['a TIFF', Buffer.from('II*\0aaaa'), /is a TIFF/],
    ['a BMP', Buffer.from('BMaaaaaa'), /is a BMP/],
    ['a PDF', Buffer.from('%PDF-1.7'), /is a PDF/],
    ['text', Buffer.from('hello there'), /is something else/],
    ['an SVG that says it is WebP', Buffer.from('RIFFaaaaWEBP<svg/>'), /is damaged or incomplete/],
    ['a PNG with nothing in it', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), /is damaged or incomplete/],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toEqual(refused(message));
  });

  test('14000x14000 pixels in 25 KB', async () => {
    const rows = Buffer.alloc(14_000 * (1 + 14_000 / 8));
    const bomb = pngFile({ width: 14_000, height: 14_000, colourType: 0, bitDepth: 1, rows });
    expect(bomb.length).toBeLessThan(600_000);
    expect(await refusal(bomb)).toEqual(refused(new RegExp(`more than ${MAX_PICTURE_PIXELS} pixels`)));
  });

  test('a header that promises more pixels than follow', async () => {
    const rows = Buffer.alloc(10 * 31);
    const bytes = pngFile({ width: 6_000, height: 6_000, colourType: 2, bitDepth: 8, rows });
    expect(await refusal(bytes)).toEqual(refused(/damaged or incomplete/));
  });

  test('a file larger than any we take', async () => {
    const bytes = paintedPng(9, 6, painted, [pngChunk('tEXt', Buffer.alloc(33 * 1024 * 1024, 'a'))]);
    expect(await refusal(bytes)).toEqual(refused(/has \d+ bytes, expected at most 33554432/));
  });

  test('the first half of a PNG, a JPEG and a WebP', async () => {
    const noise = Buffer.from(Array.from({ length: 120 * 80 * 3 }, (_, index) => (index * index * 7919) % 251));
    const source = sharp(noise, { raw: { width: 120, height: 80, channels: 3 } });
    for (const form of [source.clone().png(), source.clone().jpeg(), source.clone().webp()]) {
      const bytes = await form.toBuffer();
      expect(await refusal(bytes.subarray(0, bytes.length / 2))).toEqual(refused(/damaged or incomplete/));
    }
  });

  test('every decoder but three is out of reach, even when called by its name', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="6"/>');
    await expect(sharp(svg).toBuffer()).rejects.toThrow();
    await expect(
      sharp(Buffer.from('GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1')).toBuffer(),
    ).rejects.toThrow();
    await expect(sharp('/etc/hostname').toBuffer()).rejects.toThrow();
  });
});
