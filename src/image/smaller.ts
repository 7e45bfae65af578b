// A finished picture for a place that takes fewer bytes: WebP with the same recipe and the same mark of origin, exact where that is enough.
// The PNG itself is never touched.
import { openOwnPicture, refusePicture } from './loaders.ts';
import { readRecipe } from './pngText.ts';
import { type Origin, originXmp, saysDrawn } from './provenance.ts';
import { addWebpTexts } from './webpText.ts';

/** libwebp's own limit of a side, in pixels. */
const MAX_SIDE_PX = 16_383;
/** After the exact one; below 60 a smaller picture would look better. */
const QUALITIES = [95, 88, 80, 70, 60] as const;
/** Each step after that has half the pixels. */
const SMALLER_SIDES = 6;
/** An exact WebP has some 60 to 90 of a PNG's bytes in a hundred: where that is far too many it is not even tried. */
const EXACT_PART = 0.5;

export interface SmallerPicture {
  readonly bytes: Buffer;
  /** Whether every pixel is the original's. */
  readonly isExact: boolean;
}

/**
 * The best WebP of at most `maxBytes`: exact, then lossy, then lossy with fewer pixels. Undefined when even that is too large.
 * @param png a finished picture with its texts
 * @throws input_image_invalid when it cannot be read
 */
export async function smallerPicture(png: Uint8Array, maxBytes: number): Promise<SmallerPicture | undefined> {
  try {
    const recipe = readRecipe(png) ?? null;
    const origin: Origin = recipe !== null || saysDrawn(png) ? 'trainedAlgorithmicMedia' : 'algorithmicallyEnhanced';
    const texts = { recipe, xmp: originXmp(origin) };
    for await (const { webp, isExact } of encodings(png, maxBytes)) {
      const bytes = addWebpTexts(webp, texts);
      if (bytes.length <= maxBytes) return { bytes, isExact };
    }
    return undefined;
  } catch (cause) {
    throw refusePicture(cause);
  }
}

interface Encoding {
  readonly webp: Buffer;
  readonly isExact: boolean;
}

/** Best first; each is made only when the one before was too large. */
async function* encodings(png: Uint8Array, maxBytes: number): AsyncGenerator<Encoding> {
  const { width = 1, height = 1 } = await openOwnPicture(png).metadata();
  const longest = Math.max(width, height);
  const isNear = png.length * EXACT_PART <= maxBytes;
  if (longest <= MAX_SIDE_PX && isNear) {
    yield { webp: await openOwnPicture(png).webp({ lossless: true, effort: 4 }).toBuffer(), isExact: true };
  }
  if (longest <= MAX_SIDE_PX) {
    for (const quality of QUALITIES) {
      yield { webp: await openOwnPicture(png).webp({ quality, smartSubsample: true }).toBuffer(), isExact: false };
    }
  }
  let side = Math.min(longest, MAX_SIDE_PX * Math.SQRT2);
  for (let step = 0; step < SMALLER_SIDES; step += 1) {
    side = Math.floor(side / Math.SQRT2);
    const resized = openOwnPicture(png).resize(side, side, { fit: 'inside' });
    yield { webp: await resized.webp({ quality: 80, smartSubsample: true }).toBuffer(), isExact: false };
  }
}
