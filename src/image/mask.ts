// Masks from pictures people hand in: what is white, opaque or, in the start picture itself, transparent; and their edges made soft.
// Deliberately not here: what a mask does to pixels (canvas.ts) and to latents (src/diffusion/inpainting.ts).
import type { Mask } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { DarkroomError, type ErrorDetails } from '../errors.ts';
import { pictureSize } from './decode.ts';
import { gaussianBlur } from './gaussian.ts';
import { openPicture, refusePicture, sharp } from './loaders.ts';

/** As much as two shapes may differ, for pictures that were made smaller and rounded on the way. */
const MOST_STRETCH = 1.03;
const HALF = 0.5;

/**
 * A mask over the start picture as `decodePicture` would show it at `size`. White is repainted; of a mask with transparent parts, what is
 * opaque. A mask of another size is stretched to the start picture's own, `of`.
 * @source AUTOMATIC1111 stable-diffusion-webui, modules/processing.py, create_binary_mask (grey levels are kept here)
 * @throws input_image_invalid when it is no picture, of another shape, or marks nothing
 */
export async function decodeMask(bytes: Uint8Array, of: Size, size: Size): Promise<Mask> {
  const own = await named(() => pictureSize(bytes));
  checkShape(own, of);
  const { data, info } = await named(() =>
    openPicture(bytes)
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true }),
  );
  const levels = repaintLevels(data);
  const mask = await fitted(levels, { widthPx: info.width, heightPx: info.height }, of, size);
  if (isEmpty(mask)) throw refuseMask('marks nothing', 'white where the picture is to be repainted', 'mask_empty');
  return mask;
}

/**
 * The transparent parts of a start picture at `size`. Null where it has none, and for one that was cut out, all of whose corners are
 * transparent: that has a background rather than a hole, unless `isMeant`.
 * @throws input_image_invalid
 */
export async function decodeHole(bytes: Uint8Array, size: Size, isMeant: boolean): Promise<Mask | null> {
  const { widthPx: width, heightPx: height } = size;
  const mask = await named(async () => {
    const picture = openPicture(bytes);
    const { hasAlpha } = await picture.metadata();
    if (!hasAlpha) return null;
    const fit = { fit: 'cover', position: 'centre' } as const;
    const alpha = await picture.resize(width, height, fit).extractChannel('alpha').raw({ depth: 'uchar' }).toBuffer();
    return { width, height, data: partsOf(alpha, true) };
  });
  if (mask === null || isEmpty(mask)) {
    if (isMeant)
      throw refuseMask('has no transparent parts', 'some where the picture is to be repainted', 'mask_empty');
    return null;
  }
  const corners = [0, width - 1, (height - 1) * width, height * width - 1];
  const isCutOut = corners.every((at) => mask.data[at]! >= HALF);
  return isCutOut && !isMeant ? null : mask;
}

function isEmpty({ data }: Mask): boolean {
  return !data.some((level) => level >= HALF);
}

/** u8[h, w, 4] → u8[h, w]. Luma is rounded as Pillow does it. @source Pillow, Convert.c, L24: ITU-R 601-2 in 16 bits */
function repaintLevels(rgba: Uint8Array): Uint8Array {
  const count = rgba.length / 4;
  const levels = new Uint8Array(count);
  let isOpaque = true;
  for (let at = 0; at < count && isOpaque; at++) isOpaque = rgba[4 * at + 3] === 255;
  for (let at = 0; at < count; at++) {
    const luma = rgba[4 * at]! * 19595 + rgba[4 * at + 1]! * 38470 + rgba[4 * at + 2]! * 7471;
    levels[at] = isOpaque ? (luma + 0x8000) >> 16 : rgba[4 * at + 3]!;
  }
  return levels;
}

/** Stretched to the start picture's own size, then cropped as that is. */
async function fitted(levels: Uint8Array, own: Size, of: Size, size: Size): Promise<Mask> {
  const isSame = own.widthPx === of.widthPx && own.heightPx === of.heightPx;
  const stretched = isSame ? levels : await resized(levels, own, of, 'fill');
  const isFit = of.widthPx === size.widthPx && of.heightPx === size.heightPx;
  const cropped = isFit ? stretched : await resized(stretched, of, size, 'cover');
  return { height: size.heightPx, width: size.widthPx, data: partsOf(cropped) };
}

function resized(levels: Uint8Array, from: Size, to: Size, fit: 'fill' | 'cover'): Promise<Buffer> {
  const raw = { width: from.widthPx, height: from.heightPx, channels: 1 } as const;
  return sharp(levels, { raw })
    .resize(to.widthPx, to.heightPx, { fit, position: 'centre' })
    .extractChannel(0)
    .raw({ depth: 'uchar' })
    .toBuffer();
}

function checkShape(own: Size, of: Size): void {
  const stretch = own.widthPx / own.heightPx / (of.widthPx / of.heightPx);
  if (Math.max(stretch, 1 / stretch) <= MOST_STRETCH) return;
  const found = `${own.widthPx}x${own.heightPx}`;
  const expected = `the shape of the start picture, ${of.widthPx}x${of.heightPx}`;
  throw refuseMask(`has ${found} pixels`, expected, 'mask_shape');
}

function refuseMask(found: string, expected: string, reason: string): DarkroomError {
  const details: ErrorDetails = { reason };
  return new DarkroomError('input_image_invalid', `mask: ${found}, expected ${expected}`, details);
}

/** What is wrong with the mask's file, said of the mask. */
async function named<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const { message, details } = refusePicture(cause);
    throw new DarkroomError('input_image_invalid', message.replace(/^picture:/, 'mask:'), details, { cause });
  }
}

/** Standard deviations a blur looks to each side. @source AUTOMATIC1111, modules/processing.py: kernel 2 · int(2.5 · blur + 0.5) + 1 */
const BLUR_REACH = 2.5;

/** Gaussian blur with a standard deviation of `blurPx`, in 256 levels; beyond its edges the mask goes on as it is there. */
export function blurredMask(mask: Mask, blurPx: number): Mask {
  if (blurPx === 0) return mask;
  const { width, height } = mask;
  const data = gaussianBlur(mask, blurPx, BLUR_REACH);
  for (let at = 0; at < data.length; at++) data[at] = Math.round(255 * data[at]!) / 255;
  return { width, height, data };
}

/** u8 → 0 … 1, or 1 … 0. */
function partsOf(levels: Uint8Array, isInverse = false): Float32Array {
  const parts = new Float32Array(levels.length);
  for (let at = 0; at < parts.length; at++) parts[at] = (isInverse ? 255 - levels[at]! : levels[at]!) / 255;
  return parts;
}
