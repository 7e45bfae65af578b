// A map as a T2I-Adapter takes it: grey or coloured shares of 0 … 1, every few pixels folded into the channels of one cell.
import type { Pixels } from '../core/pixels.ts';
import type { Latents } from '../diffusion/asks.ts';
import { DarkroomError } from '../errors.ts';
import type { AdapterConfig } from '../networks/t2iAdapter.ts';

/** How bright red, green and blue are. @source ITU-R BT.601, as Pillow's convert('L') has it */
const BRIGHTNESS = [0.299, 0.587, 0.114] as const;

/**
 * f32[3, h, w] in -1 … 1 → f32[c·f·f, h/f, w/f], as torch's pixel_unshuffle orders them.
 * @throws request_invalid when the sides are no multiples of f
 */
export function foldedCells(map: Pixels, { inChannels, fold }: Pick<AdapterConfig, 'inChannels' | 'fold'>): Latents {
  const [height, width] = [map.height / fold, map.width / fold];
  if (!Number.isInteger(height) || !Number.isInteger(width)) {
    const found = `${map.width}x${map.height}`;
    throw new DarkroomError(
      'request_invalid',
      `size: found ${found}, expected multiples of ${fold} px for this control`,
      {
        field: 'size',
      },
    );
  }
  const shares = inChannels === 1 ? greyOf(map) : map.data.map((value) => (value + 1) / 2);
  const data = new Float32Array(shares.length);
  let at = 0;
  for (let channel = 0; channel < inChannels; channel++) {
    for (let step = 0; step < fold * fold; step++) {
      const [below, right] = [Math.floor(step / fold), step % fold];
      for (let y = 0; y < height; y++) {
        const row = (channel * map.height + y * fold + below) * map.width + right;
        for (let x = 0; x < width; x++) data[at++] = shares[row + x * fold]!;
      }
    }
  }
  return { channels: inChannels * fold * fold, height, width, data };
}

function greyOf({ data }: Pixels): Float32Array {
  const plane = data.length / 3;
  return Float32Array.from({ length: plane }, (_, at) => {
    const sum = BRIGHTNESS.reduce((total, share, channel) => total + share * data[channel * plane + at]!, 0);
    return (sum + 1) / 2;
  });
}
