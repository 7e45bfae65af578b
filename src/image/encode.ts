// Numbers → picture files: PNG with its recipe and the mark of its origin, and small previews.
import type { Pixels } from '../core/pixels.ts';
import { openPicture, refusePicture, sharp } from './loaders.ts';
import { addPngText, addPngXmp, RECIPE_KEYWORD } from './pngText.ts';
import { type Origin, originXmp } from './provenance.ts';

/**
 * @param recipe the A1111 text that goes into the file; null for a file without one
 * @param origin what the file says of itself, recipe or not
 */
export async function encodePng(
  pixels: Pixels,
  recipe: string | null,
  origin: Origin = 'trainedAlgorithmicMedia',
): Promise<Buffer> {
  const raw = { width: pixels.width, height: pixels.height, channels: 3 } as const;
  const bare = await sharp(toRgb(pixels), { raw }).png({ adaptiveFiltering: true }).toBuffer();
  const png = addPngXmp(bare, originXmp(origin));
  return recipe === null ? png : addPngText(png, RECIPE_KEYWORD, recipe);
}

/** A WebP of a picture file whose longer side is at most `maxSidePx`; never enlarged. @throws input_image_invalid */
export async function thumbnail(bytes: Uint8Array, maxSidePx: number): Promise<Buffer> {
  try {
    return await openPicture(bytes)
      .resize(maxSidePx, maxSidePx, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .toBuffer();
  } catch (cause) {
    throw refusePicture(cause);
  }
}

/**
 * f32[3, h, w] → u8[h, w, 3]; the clamped array rounds halves to even, as numpy does, and
 * sums are rounded to single precision as they are there.
 * @source diffusers VaeImageProcessor.denormalize and numpy_to_pil: round(255 · clamp(x / 2 + 0.5, 0, 1))
 */
export function toRgb({ width, height, data }: Pixels): Uint8ClampedArray {
  const plane = width * height;
  const rgb = new Uint8ClampedArray(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    for (let at = 0; at < plane; at++) {
      rgb[3 * at + channel] = Math.fround(255 * Math.fround(data[channel * plane + at]! / 2 + 0.5));
    }
  }
  return rgb;
}
