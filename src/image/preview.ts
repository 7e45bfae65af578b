// A picture in the making, small enough to send every few seconds.
import type { Pixels } from '../core/pixels.ts';
import { toRgb } from './encode.ts';
import { sharp } from './loaders.ts';

/** Longer side, in pixels; what a message shows without a click. */
const PREVIEW_PX = 384;
/** More than this is not sent: a preview is worth little, and every edit uploads it anew. */
export const MAX_PREVIEW_BYTES = 32 * 1024;

/** A WebP of at most MAX_PREVIEW_BYTES, enlarged from a pixel a latent cell; null where it would be larger. */
export async function encodePreview(pixels: Pixels): Promise<Uint8Array | null> {
  const raw = { width: pixels.width, height: pixels.height, channels: 3 } as const;
  const webp = await sharp(toRgb(pixels), { raw })
    .resize(PREVIEW_PX, PREVIEW_PX, { fit: 'inside', kernel: 'cubic' })
    .webp({ quality: 70 })
    .toBuffer();
  return webp.length <= MAX_PREVIEW_BYTES ? webp : null;
}
