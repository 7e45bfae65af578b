// Whether a picture of some size can be made in the memory there is, told before anything is computed: the larger of what the U-Net and the
// autoencoder need alone, since each gives way to the other.
import type { Size } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import type { Grid } from '../runtime/engine.ts';
import { gib } from '../runtime/memory.ts';

/** Of rows and columns of latents. */
export type BesideBytes = (latents: Grid) => number;

export interface PictureMemory {
  /** Infinity where nothing is limited. */
  readonly limitBytes: number;
  /** Sides of pictures are multiples of it. */
  readonly stepPx: number;
  /** What a picture of this size takes at its worst moment. @param beside what other networks take while the U-Net draws */
  needBytes(size: Size, beside?: BesideBytes): number;
}

/** @throws request_invalid with what is needed, what there is and the largest picture of this shape that fits */
export function checkPictureFits(limits: PictureMemory, size: Size, beside?: BesideBytes): void {
  const memory = { ...limits, needBytes: (other: Size) => limits.needBytes(other, beside) };
  const need = memory.needBytes(size);
  if (need <= memory.limitBytes) return;
  const largest = largestThatFits(memory, size);
  const found = `${size.widthPx}x${size.heightPx}`;
  const nearest = largest === null ? '' : `${largest.widthPx}x${largest.heightPx}`;
  const advice = nearest === '' ? 'no size fits' : `the largest that fits is ${nearest}`;
  const [needGib, haveGib] = [gib(need), gib(memory.limitBytes)];
  const message = `size: ${found} needs ${needGib} GiB of memory and there are ${haveGib} GiB; ${advice}`;
  throw new DarkroomError('request_invalid', message, {
    field: 'size',
    kind: 'memory',
    found,
    needGib,
    haveGib,
    nearest,
  });
}

/** The same shape, sides rounded down to steps; null when not even one step fits. */
function largestThatFits(memory: PictureMemory, { widthPx, heightPx }: Size): Size | null {
  const { stepPx } = memory;
  const longer = Math.max(widthPx, heightPx);
  const scaled = (steps: number): Size => {
    const side = (px: number) => Math.max(stepPx, Math.floor((px * steps) / longer) * stepPx);
    return { widthPx: side(widthPx), heightPx: side(heightPx) };
  };
  let [low, high] = [0, Math.ceil(longer / stepPx)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (memory.needBytes(scaled(middle)) <= memory.limitBytes) low = middle;
    else high = middle;
  }
  return low === 0 ? null : scaled(low);
}
