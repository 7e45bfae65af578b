// A picture enlarged by an upscaler network: cut into tiles that see a little of their neighbours, put together again, brought to the wanted
// size. As a generator of asks, so that whoever drives it may cancel, count or serve others between two tiles.
import type { Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import type { UpscalerCard } from '../core/upscale.ts';
import { DarkroomError } from '../errors.ts';
import { type Answer, type Ask, expectKind } from './asks.ts';
import { clamp } from './latents.ts';

/**
 * Pixels a side of what a tile contributes. With its surroundings a pass of Real-ESRGAN's 4x network takes some 0.4 GB (measured: 0.27 GB for
 * 160 pixels in all, 0.6 GB for 224) and a few seconds of a slow processor, after which a cancellation is heard.
 */
const TILE_PX = 160;
/**
 * Pixels a tile sees beyond its own on every side; what they give is cut off. Both are multiples of 4, because networks that fold pixels
 * into channels count from the tile's corner. @source Real-ESRGAN, RealESRGANer.tile_process: 10
 */
const CONTEXT_PX = 16;

/**
 * The picture at exactly `size`, held inside -1 … 1. One pass, or as many as fit below the size where the network enlarges less; Lanczos does the rest.
 * @param upscaler null for Lanczos alone
 */
export function* upscaled(pixels: Pixels, upscaler: UpscalerCard | null, size: Size): Generator<Ask, Pixels, Answer> {
  let large = pixels;
  for (let left = passesOf(pixels, upscaler, size); left > 0; left -= 1) large = yield* onePass(large, upscaler!);
  if (large.width === size.widthPx && large.height === size.heightPx) return large;
  return expectKind('resize', yield { kind: 'resize', pixels: large, size }).pixels;
}

/** Asks of an upscaler's network that `upscaled` makes. */
export function upscaleTiles(from: Size, upscaler: UpscalerCard | null, to: Size): number {
  let [height, width] = [from.heightPx, from.widthPx];
  let tiles = 0;
  for (let left = passesOf({ height, width }, upscaler, to); left > 0; left -= 1) {
    tiles += starts(height).length * starts(width).length;
    height *= upscaler!.scale;
    width *= upscaler!.scale;
  }
  return tiles;
}

function passesOf({ height, width }: Omit<Pixels, 'data'>, upscaler: UpscalerCard | null, to: Size): number {
  if (upscaler === null) return 0;
  const factor = Math.max(to.heightPx / height, to.widthPx / width);
  return upscaler.scale === 1 ? 1 : Math.max(1, Math.floor(Math.log(factor) / Math.log(upscaler.scale) + 1e-9));
}

function starts(length: number): readonly number[] {
  return Array.from({ length: Math.ceil(length / TILE_PX) }, (_, index) => index * TILE_PX);
}

function* onePass(pixels: Pixels, { name, scale }: UpscalerCard): Generator<Ask, Pixels, Answer> {
  const [height, width] = [pixels.height * scale, pixels.width * scale];
  const whole: Pixels = { height, width, data: new Float32Array(3 * height * width) };
  for (const top of starts(pixels.height)) {
    for (const left of starts(pixels.width)) {
      const seen = surroundings(pixels, top, left);
      const answer = yield { kind: 'upscale', pixels: cut(pixels, seen), model: name };
      place(checked(expectKind('upscale', answer).pixels, seen, scale, name), seen, whole, scale);
    }
  }
  return { ...whole, data: clamp(whole.data, 1) };
}

/** What one tile sees, and which part of it counts; rows and columns of the picture. */
interface Tile {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly own: { readonly top: number; readonly left: number; readonly height: number; readonly width: number };
}

function surroundings({ height, width }: Pixels, top: number, left: number): Tile {
  const [y, x] = [Math.max(0, top - CONTEXT_PX), Math.max(0, left - CONTEXT_PX)];
  const own = { top, left, height: Math.min(TILE_PX, height - top), width: Math.min(TILE_PX, width - left) };
  const bottom = Math.min(height, top + own.height + CONTEXT_PX);
  const right = Math.min(width, left + own.width + CONTEXT_PX);
  return { top: y, left: x, height: bottom - y, width: right - x, own };
}

function cut(pixels: Pixels, { top, left, height, width }: Tile): Pixels {
  if (height === pixels.height && width === pixels.width) return pixels;
  const data = new Float32Array(3 * height * width);
  for (let row = 0; row < 3 * height; row++) {
    const channel = Math.floor(row / height);
    const from = (channel * pixels.height + top + (row % height)) * pixels.width + left;
    data.set(pixels.data.subarray(from, from + width), row * width);
  }
  return { height, width, data };
}

function place(made: Pixels, { top, left, own }: Tile, whole: Pixels, scale: number): void {
  const [skipRows, skipColumns] = [(own.top - top) * scale, (own.left - left) * scale];
  const [rows, columns] = [own.height * scale, own.width * scale];
  for (let row = 0; row < 3 * rows; row++) {
    const [channel, y] = [Math.floor(row / rows), row % rows];
    const from = (channel * made.height + skipRows + y) * made.width + skipColumns;
    const to = (channel * whole.height + own.top * scale + y) * whole.width + own.left * scale;
    whole.data.set(made.data.subarray(from, from + columns), to);
  }
}

function checked(made: Pixels, { height, width }: Tile, scale: number, name: string): Pixels {
  if (made.height === height * scale && made.width === width * scale) return made;
  const [found, expected] = [`${made.width}x${made.height}`, `${width * scale}x${height * scale}`];
  throw new DarkroomError('internal', `${name}: answered ${found} pixels, expected ${expected}`);
}
