// Pictures as numbers made larger or smaller without a network.
import type { Mask, Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { toPixels } from './decode.ts';
import { toRgb } from './encode.ts';
import { sharp } from './loaders.ts';

/** The same for a mask. */
export async function resizeMask({ height, width, data }: Mask, size: Size): Promise<Mask> {
  const grey = new Float32Array(3 * data.length);
  for (let channel = 0; channel < 3; channel++)
    grey.set(
      data.map((part) => 2 * part - 1),
      channel * data.length,
    );
  const resized = await resizePixels({ height, width, data: grey }, size);
  const plane = size.widthPx * size.heightPx;
  return { height: size.heightPx, width: size.widthPx, data: resized.data.subarray(0, plane).map((x) => (x + 1) / 2) };
}

/** Lanczos over three lobes, by way of 8 bits a channel; the shape is stretched to `size` where it differs. */
export async function resizePixels(pixels: Pixels, size: Size): Promise<Pixels> {
  const raw = { width: pixels.width, height: pixels.height, channels: 3 } as const;
  const rgb = await sharp(toRgb(pixels), { raw })
    .resize(size.widthPx, size.heightPx, { fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer();
  return toPixels(rgb, size);
}
