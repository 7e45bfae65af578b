// Two picture files compared pixel by pixel, whatever their metadata say.
import { DarkroomError } from '../errors.ts';
import { openPicture, refusePicture } from './loaders.ts';

export interface Difference {
  /** Largest difference of any channel of any pixel, 0 … 255. */
  readonly largest: number;
  /** Share of the pixels that differ in any channel, 0 … 1. */
  readonly share: number;
}

/** @throws input_image_invalid when a file cannot be read, or their sizes differ */
export async function comparePictures(a: Uint8Array, b: Uint8Array): Promise<Difference> {
  const [first, second] = await Promise.all([rgbOf(a), rgbOf(b)]);
  if (first.width !== second.width || first.height !== second.height) {
    const found = `found ${second.width}x${second.height}, expected ${first.width}x${first.height}`;
    throw new DarkroomError('input_image_invalid', `picture: ${found}`);
  }
  let [largest, pixels] = [0, 0];
  for (let at = 0; at < first.data.length; at += 3) {
    let most = 0;
    for (let channel = at; channel < at + 3; channel += 1) {
      most = Math.max(most, Math.abs(first.data[channel]! - second.data[channel]!));
    }
    if (most > 0) pixels += 1;
    largest = Math.max(largest, most);
  }
  return { largest, share: pixels / (first.width * first.height) };
}

async function rgbOf(bytes: Uint8Array): Promise<{ data: Buffer; width: number; height: number }> {
  try {
    const { data, info } = await openPicture(bytes)
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (cause) {
    throw refusePicture(cause);
  }
}
