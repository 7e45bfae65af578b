// Picture sizes read from first bytes, against files sharp wrote.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { imageFacts } from '../../src/emulator/imageSize.ts';

const picture = () => sharp({ create: { width: 96, height: 64, channels: 3, background: '#c33' } });

test.each([
  ['image/png', () => picture().png()],
  ['image/jpeg', () => picture().jpeg()],
  ['image/jpeg', () => picture().jpeg({ progressive: true }).withMetadata()],
  ['image/gif', () => picture().gif()],
  ['image/webp', () => picture().webp()],
  ['image/webp', () => picture().webp({ lossless: true })],
  ['image/webp', () => picture().webp().withMetadata()],
])('%s', async (contentType, make) => {
  expect(imageFacts(await make().toBuffer())).toEqual({ contentType, widthPx: 96, heightPx: 64 });
});

test('other bytes, and broken ones, are no picture', async () => {
  const jpeg = await picture().jpeg().toBuffer();
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    jpeg.subarray(0, 20),
    Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]),
  ]) {
    expect(imageFacts(bytes)).toBeUndefined();
  }
});
