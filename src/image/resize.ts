// Pictures as numbers made larger or smaller without a network.
import type { Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { toPixels } from './decode.ts';
import { toRgb } from './encode.ts';
import { sharp } from './loaders.ts';

/** Lanczos over three lobes, by way of 8 bits a channel; the shape is stretched to `size` where it differs. */
export async function resizePixels(pixels: Pixels, size: Size): Promise<Pixels> {
  const raw = { width: pixels.width, height: pixels.height, channels: 3 } as const;
  const rgb = await sharp(toRgb(pixels), { raw })
    .resize(size.widthPx, size.heightPx, { fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer();
  return toPixels(rgb, size);
}
