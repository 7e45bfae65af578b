// Pictures too large for the autoencoder at once: encoded and decoded in tiles that overlap by a quarter and are blended into each other, so
// that memory is bounded by a tile. Every tile is normalised by itself, so the numbers differ a little from those of the whole picture.
// @source diffusers 0.42 models/autoencoders/autoencoder_kl.py, tiled_decode, _tiled_encode, blend_v, blend_h
import type { Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { type Answer, expectKind, type Latents, type NetworkAsk } from './asks.ts';
import type { ModelFacts } from './modelFacts.ts';

/**
 * Pixels of a picture that still goes through in one piece: 1024x1024, the size SDXL draws at. Its decoder then holds three tensors of a
 * gigabyte; memory grows with the area.
 */
export const WHOLE_PX = 1024 * 1024;

/** Pixels a side of a tile where the autoencoder's config names none; and the bounds of what it may name. */
const TILE_PX = { usual: 512, least: 256, most: 1024 };
const OVERLAP = 0.25;

/** How an autoencoder's pictures are cut. */
export interface Tiling {
  readonly tileLatents: number;
  readonly pixelsPerLatent: number;
}

export function tilingOf({ pixelsPerLatent, autoencoderPx }: TilingFacts): Tiling {
  const tilePx = Math.min(Math.max(autoencoderPx ?? TILE_PX.usual, TILE_PX.least), TILE_PX.most);
  return { tileLatents: Math.max(4, Math.floor(tilePx / pixelsPerLatent)), pixelsPerLatent };
}

type TilingFacts = Pick<ModelFacts, 'pixelsPerLatent' | 'autoencoderPx'>;

export function needsTiles({ widthPx, heightPx }: Size): boolean {
  return widthPx * heightPx > WHOLE_PX;
}

/** What the autoencoder sees at once, at most, of a picture of this size: what its memory is measured by. */
export function largestPiece(size: Size, facts: TilingFacts): Size {
  if (!needsTiles(size)) return size;
  const { tileLatents, pixelsPerLatent } = tilingOf(facts);
  const tilePx = tileLatents * pixelsPerLatent;
  return { widthPx: Math.min(size.widthPx, tilePx), heightPx: Math.min(size.heightPx, tilePx) };
}

/** As one decode ask, but of any size. */
export function* decodedInTiles(latents: Latents, tiling: Tiling): Generator<NetworkAsk, Pixels, Answer> {
  const rows: Planes[][] = [];
  for (const top of startsOf(latents.height, tiling.tileLatents)) {
    const row: Planes[] = [];
    for (const left of startsOf(latents.width, tiling.tileLatents)) {
      const tile = cut(latents, { top, left, side: tiling.tileLatents });
      const { pixels } = expectKind('decode', yield { kind: 'decode', latents: tile });
      row.push({ channels: pixels.data.length / (pixels.height * pixels.width), ...pixels });
    }
    rows.push(row);
  }
  const { height, width, data } = blended(rows, tiling.tileLatents * tiling.pixelsPerLatent);
  return { height, width, data };
}

/** As one encode ask, but of any size. The spread is blended by its logarithm, as the network gives it. */
export function* encodedInTiles(
  pixels: Pixels,
  { tileLatents, pixelsPerLatent }: Tiling,
): Generator<NetworkAsk, Pick<Extract<Answer, { kind: 'encode' }>, 'mean' | 'std'>, Answer> {
  const side = tileLatents * pixelsPerLatent;
  const means: Planes[][] = [];
  const spreads: Planes[][] = [];
  for (const top of startsOf(pixels.height, side)) {
    const [meanRow, spreadRow]: [Planes[], Planes[]] = [[], []];
    for (const left of startsOf(pixels.width, side)) {
      const { height, width, data } = cut({ channels: 3, ...pixels }, { top, left, side });
      const { mean, std } = expectKind('encode', yield { kind: 'encode', pixels: { height, width, data } });
      meanRow.push(mean);
      spreadRow.push({ ...mean, channels: std.length === 0 ? 0 : mean.channels, data: std.map(Math.log) });
    }
    means.push(meanRow);
    spreads.push(spreadRow);
  }
  return { mean: blended(means, tileLatents), std: blended(spreads, tileLatents).data.map(Math.exp) };
}

/** f32[c, h, w] */
type Planes = Latents;

function startsOf(length: number, tile: number): readonly number[] {
  const stride = Math.floor(tile * (1 - OVERLAP));
  return Array.from({ length: Math.ceil(length / stride) }, (_, index) => index * stride);
}

interface Place {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

/** A square of the planes, smaller where they end. */
function cut({ channels, height, width, data }: Planes, { top, left, side }: Place): Planes {
  const [rows, columns] = [Math.min(side, height - top), Math.min(side, width - left)];
  const tile = { channels, height: rows, width: columns, data: new Float32Array(channels * rows * columns) };
  for (let line = 0; line < channels * rows; line++) {
    const from = (Math.floor(line / rows) * height + top + (line % rows)) * width + left;
    tile.data.set(data.subarray(from, from + columns), line * columns);
  }
  return tile;
}

/** Every tile faded into the one above and the one to its left, what the next one covers cut off, and all put together. */
function blended(rows: readonly (readonly Planes[])[], side: number): Planes {
  const fade = Math.floor(side * OVERLAP);
  const kept = side - fade;
  for (const [i, row] of rows.entries()) {
    for (const [j, tile] of row.entries()) {
      if (i > 0) fadeDown(rows[i - 1]![j]!, tile, fade);
      if (j > 0) fadeRight(row[j - 1]!, tile, fade);
    }
  }
  const height = rows.reduce((sum, [tile]) => sum + Math.min(kept, tile!.height), 0);
  const width = rows[0]!.reduce((sum, tile) => sum + Math.min(kept, tile.width), 0);
  const whole = { channels: rows[0]![0]!.channels, height, width };
  const data = new Float32Array(whole.channels * height * width);
  for (const [i, row] of rows.entries()) {
    for (const [j, tile] of row.entries()) put(tile, { top: i * kept, left: j * kept, side: kept }, { ...whole, data });
  }
  return { ...whole, data };
}

/** Changes `below`: its first lines come out of the last lines of `above`. */
function fadeDown(above: Planes, below: Planes, fade: number): void {
  const lines = Math.min(above.height, below.height, fade);
  for (let line = 0; line < below.channels * lines; line++) {
    const [channel, y] = [Math.floor(line / lines), line % lines];
    const from = (channel * above.height + above.height - lines + y) * above.width;
    const to = (channel * below.height + y) * below.width;
    for (let x = 0; x < below.width; x++) {
      below.data[to + x] = above.data[from + x]! * (1 - y / lines) + below.data[to + x]! * (y / lines);
    }
  }
}

/** Changes `right`: its first columns come out of the last columns of `left`. */
function fadeRight(left: Planes, right: Planes, fade: number): void {
  const columns = Math.min(left.width, right.width, fade);
  for (let line = 0; line < right.channels * right.height; line++) {
    const from = (line + 1) * left.width - columns;
    const to = line * right.width;
    for (let x = 0; x < columns; x++) {
      right.data[to + x] = left.data[from + x]! * (1 - x / columns) + right.data[to + x]! * (x / columns);
    }
  }
}

function put(tile: Planes, { top, left, side }: Place, whole: Planes): void {
  const [rows, columns] = [Math.min(side, tile.height), Math.min(side, tile.width)];
  for (let line = 0; line < tile.channels * rows; line++) {
    const [channel, y] = [Math.floor(line / rows), line % rows];
    const from = (channel * tile.height + y) * tile.width;
    whole.data.set(tile.data.subarray(from, from + columns), (channel * whole.height + top + y) * whole.width + left);
  }
}
