// Pictures as emojis and stickers: Discord's sizes, plain backgrounds gone, what lies inside untouched.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { EXPRESSION_LIMITS, expressionPicture } from '../../src/image/emojiPicture.ts';

/** A red ring with a white middle, on white, not in the middle of the picture. */
async function ring(): Promise<Buffer> {
  const [width, height] = [160, 100];
  const data = Buffer.alloc(width * height * 3, 255);
  for (let at = 0; at < width * height; at += 1) {
    const distance = Math.hypot((at % width) - 60, Math.floor(at / width) - 50);
    if (distance < 30 && distance > 12) data.set([220, 20, 30], 3 * at);
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

async function alphaAt(png: Buffer) {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { ...info, at: (x: number, y: number) => data[4 * (y * info.width + x) + 3]! };
}

test.each(['emoji', 'sticker'] as const)(
  '%s: square, of the size Discord takes, cut out and filling it',
  async (kind) => {
    const { sidePx, maxBytes } = EXPRESSION_LIMITS[kind];
    const png = (await expressionPicture(await ring(), kind, true))!;
    expect(png.length).toBeLessThanOrEqual(maxBytes);
    const { width, height, at } = await alphaAt(png);
    expect([width, height]).toEqual([sidePx, sidePx]);
    const middle = sidePx / 2;
    expect(at(2, 2)).toBe(0);
    expect(at(middle, Math.round(sidePx * 0.06))).toBeGreaterThan(250);
    expect(at(Math.round(sidePx * 0.06), middle)).toBeGreaterThan(250);
    // The white inside the ring is not connected with the edge: it stays.
    expect(at(middle, middle)).toBe(255);
  },
);

test('with its background kept, a wide picture has transparent bars and nothing else', async () => {
  const { at } = await alphaAt((await expressionPicture(await ring(), 'emoji', false))!);
  expect([at(64, 2), at(64, 64), at(2, 64), at(64, 125)]).toEqual([0, 255, 255, 0]);
});

test('noise is made to fit, and an all-background picture is no error', async () => {
  const noise = Buffer.from(
    Array.from({ length: 512 * 512 * 3 }, (_, index) => (index * 7919 + (index >> 3) * 31) % 256),
  );
  const picture = await sharp(noise, { raw: { width: 512, height: 512, channels: 3 } })
    .png()
    .toBuffer();
  expect((await expressionPicture(picture, 'sticker', false))!.length).toBeLessThanOrEqual(512 * 1024);
  const plain = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  expect((await alphaAt((await expressionPicture(plain, 'emoji', true))!)).at(64, 64)).toBe(0);
});
