// Several pictures laid over each other, as two exposures of one film: what a blend starts from. Each is cut to the same shape first.

import type { Size } from '../core/request.ts';
import { openPicture, refusePicture, sharp } from './loaders.ts';

/** Light that each level stands for, 0 … 1. @source IEC 61966-2-1 (sRGB) */
const LIGHT = Float64Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

function levelOf(light: number): number {
  const value = light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(255 * value);
}

/**
 * The mean of their light, upright, transparency on white, each scaled to cover `size` and cropped at the centre. PNG.
 * @throws input_image_invalid
 */
export async function doubleExposure(pictures: readonly Uint8Array[], { widthPx, heightPx }: Size): Promise<Buffer> {
  const sum = new Float64Array(widthPx * heightPx * 3);
  for (const picture of pictures) {
    const rgb = await rgbOf(picture, { widthPx, heightPx });
    for (let at = 0; at < sum.length; at += 1) sum[at] = sum[at]! + LIGHT[rgb[at]!]!;
  }
  const data = Buffer.from(sum.map((light) => levelOf(light / pictures.length)));
  return sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .png()
    .toBuffer();
}

async function rgbOf(picture: Uint8Array, { widthPx, heightPx }: Size): Promise<Buffer> {
  try {
    return await openPicture(picture)
      .toColourspace('srgb')
      .resize(widthPx, heightPx, { fit: 'cover', position: 'centre' })
      .flatten({ background: '#ffffff' })
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch (cause) {
    throw refusePicture(cause);
  }
}
