// A stranger's picture → the numbers an encoder network takes.
import type { Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import { openPicture, refusePicture } from './loaders.ts';

/**
 * Upright by its EXIF orientation, transparency on white, scaled to cover `size` and cropped at the centre, in sRGB.
 * @throws input_image_invalid with what is wrong with the picture
 */
export async function decodePicture(bytes: Uint8Array, size: Size): Promise<Pixels> {
  try {
    const { data } = await openPicture(bytes)
      .toColourspace('srgb')
      .resize(size.widthPx, size.heightPx, { fit: 'cover', position: 'centre' })
      .flatten({ background: '#ffffff' })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return toPixels(data, size);
  } catch (cause) {
    throw refusePicture(cause);
  }
}

/** Upright. @throws input_image_invalid */
export async function pictureSize(bytes: Uint8Array): Promise<Size> {
  try {
    const { autoOrient } = await openPicture(bytes).metadata();
    return { widthPx: autoOrient.width, heightPx: autoOrient.height };
  } catch (cause) {
    throw refusePicture(cause);
  }
}

/** The same at the picture's own size, nothing cropped. @throws input_image_invalid, also when a side is longer than `maxSidePx` */
export async function decodeWhole(bytes: Uint8Array, maxSidePx: number): Promise<Pixels> {
  try {
    const { widthPx, heightPx } = await pictureSize(bytes);
    if (Math.max(widthPx, heightPx) > maxSidePx) {
      const problem = `picture: has ${widthPx}x${heightPx} pixels, expected sides of at most ${maxSidePx}`;
      throw new DarkroomError('input_image_invalid', problem);
    }
    const { data, info } = await openPicture(bytes)
      .toColourspace('srgb')
      .flatten({ background: '#ffffff' })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return toPixels(data, { widthPx: info.width, heightPx: info.height });
  } catch (cause) {
    throw refusePicture(cause);
  }
}

/**
 * The same made smaller until no side is longer than `maxSidePx`, every pixel counting: what a picture shows to people who see it small. An
 * image made to show something else where only some of its pixels are looked at shows it here, too.
 * @throws input_image_invalid
 */
export async function decodeSmall(bytes: Uint8Array, maxSidePx: number): Promise<Pixels> {
  try {
    const { data, info } = await openPicture(bytes)
      .toColourspace('srgb')
      .resize(maxSidePx, maxSidePx, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return toPixels(data, { widthPx: info.width, heightPx: info.height });
  } catch (cause) {
    throw refusePicture(cause);
  }
}

/** 0 … 255 → -1 … 1, in single precision. @source diffusers VaeImageProcessor.normalize: 2 · (x / 255) - 1 */
const LEVELS = Float32Array.from({ length: 256 }, (_, level) => 2 * Math.fround(level / 255) - 1);

/** u8[h, w, 3] → f32[3, h, w] */
export function toPixels(rgb: Uint8Array, { widthPx: width, heightPx: height }: Size): Pixels {
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at++) {
    data[at] = LEVELS[rgb[3 * at]!]!;
    data[plane + at] = LEVELS[rgb[3 * at + 1]!]!;
    data[2 * plane + at] = LEVELS[rgb[3 * at + 2]!]!;
  }
  return { height, width, data };
}
