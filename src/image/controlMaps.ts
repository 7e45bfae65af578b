// From a picture to the map a control network follows: edges, scribbles, soft edges, silhouette, colours and a coarse copy are made here, by
// arithmetic; every other kind (pose, depth, …) is a map already and only brought to the size. Deliberately not here: which network it is for.
import type { ControlKind } from '../core/control.ts';
import type { Mask, Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import { cannyEdges } from './canny.ts';
import { pictureSize, toPixels } from './decode.ts';
import { toRgb } from './encode.ts';
import { drawnLines, scribblesOf, softEdges } from './lineMaps.ts';
import { openPicture, refusePicture, sharp } from './loaders.ts';
import { silhouetteOf } from './silhouette.ts';

/** A picture to be followed, transparency on white. */
export interface ControlPicture extends Pixels {
  /** 1 where it is opaque; absent where it has no transparent parts. */
  readonly alpha?: Mask | undefined;
}

/** Longest side a map is made from, in pixels: no picture is drawn larger, and a photograph's grain is no line. */
const MAX_SIDE_PX = 2048;

/** A picture handed in, upright and at its own size, or smaller where it is very large. @throws input_image_invalid */
export async function decodeControl(bytes: Uint8Array): Promise<ControlPicture> {
  const { widthPx, heightPx } = await pictureSize(bytes);
  try {
    const isLarge = Math.max(widthPx, heightPx) > MAX_SIDE_PX;
    const picture = openPicture(bytes).toColourspace('srgb').ensureAlpha();
    const fitted = isLarge ? picture.resize(MAX_SIDE_PX, MAX_SIDE_PX, { fit: 'inside' }) : picture;
    const { data, info } = await fitted.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return onWhite(data, { widthPx: info.width, heightPx: info.height });
  } catch (cause) {
    throw refusePicture(cause);
  }
}

/** u8[h, w, 4] */
function onWhite(rgba: Uint8Array, size: Size): ControlPicture {
  const count = size.widthPx * size.heightPx;
  const rgb = new Uint8Array(3 * count);
  const alpha = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    const part = rgba[4 * at + 3]! / 255;
    alpha[at] = part;
    for (let c = 0; c < 3; c++) rgb[3 * at + c] = Math.round(255 + part * (rgba[4 * at + c]! - 255));
  }
  const isOpaque = alpha.every((part) => part === 1);
  const pixels = toPixels(rgb, size);
  return isOpaque ? pixels : { ...pixels, alpha: { width: size.widthPx, height: size.heightPx, data: alpha } };
}

/**
 * The map of a kind at the size of the picture that will follow it, cropped at the centre where the shapes differ. Edges are looked for at
 * that size, so that their lines are as thin as those networks were trained with.
 * @returns f32[3, h, w] in -1 … 1, as pictures are
 * @throws input_image_invalid where nothing of the kind can be told from the picture
 */
export async function controlMap(kind: ControlKind, picture: ControlPicture, size: Size): Promise<Pixels> {
  switch (kind) {
    case 'canny':
    case 'scribble':
      return (await linesOf(picture, size)) ?? grey(lineMap(kind, toRgb(await fitted(picture, size)), size), size);
    case 'softedge':
      return (await softLinesOf(picture, size)) ?? grey(softEdges(toRgb(await fitted(picture, size)), size), size);
    case 'silhouette': {
      const alpha = picture.alpha === undefined ? null : await fittedMask(picture.alpha, size);
      return grey(silhouetteOf(toRgb(await fitted(picture, size)), alpha, size), size);
    }
    case 'colour':
      return toPixels(colourCells(toRgb(await fitted(picture, size)), size), size);
    case 'tile':
      return coarse(picture, size);
    case 'segmentation':
      // Every colour names a thing; one between two would name a third.
      return fitted(picture, size, 'nearest');
    default:
      return fitted(picture, size);
  }
}

function lineMap(kind: 'canny' | 'scribble', rgb: ArrayLike<number>, size: Size): Uint8Array {
  return kind === 'canny' ? cannyEdges(rgb, size) : scribblesOf(rgb, size);
}

/** A drawing of lines is followed as it is: its edges would be two lines for each of its own. */
async function linesOf(picture: ControlPicture, size: Size): Promise<Pixels | null> {
  const ink = drawnLines(toRgb(picture), sizeOf(picture), 'few');
  if (ink === null) return null;
  const levels = await fittedLevels(ink, sizeOf(picture), size);
  const shrink = Math.min(picture.width / size.widthPx, picture.height / size.heightPx);
  const threshold = 255 * Math.min(0.5, Math.max(LEAST_INK, 0.5 / shrink));
  return grey(
    levels.map((level) => (level >= threshold ? 255 : 0)),
    size,
  );
}

/** Of a pixel made from many: with less ink in it no line went through. */
const LEAST_INK = 0.1;

async function softLinesOf(picture: ControlPicture, size: Size): Promise<Pixels | null> {
  const ink = drawnLines(toRgb(picture), sizeOf(picture), 'any');
  return ink === null ? null : grey(await fittedLevels(ink, sizeOf(picture), size), size);
}

/** Cells on the shorter side. @source TencentARC, T2I-Adapter: means of 64x64 pixels of pictures of 512 */
const CELLS = 8;

/** u8[h, w, 3] → the same, one colour a cell */
function colourCells(rgb: ArrayLike<number>, { widthPx, heightPx }: Size): Uint8Array {
  const sidePx = Math.min(widthPx, heightPx) / CELLS;
  const [rows, columns] = [Math.round(heightPx / sidePx), Math.round(widthPx / sidePx)];
  const out = new Uint8Array(3 * widthPx * heightPx);
  for (let cell = 0; cell < rows * columns; cell++) {
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    const places: number[] = [];
    for (let y = edge(row, rows, heightPx); y < edge(row + 1, rows, heightPx); y++) {
      for (let x = edge(column, columns, widthPx); x < edge(column + 1, columns, widthPx); x++)
        places.push(y * widthPx + x);
    }
    for (let c = 0; c < 3; c++) {
      const mean = Math.round(places.reduce((sum, at) => sum + rgb[3 * at + c]!, 0) / places.length);
      for (const at of places) out[3 * at + c] = mean;
    }
  }
  return out;
}

function edge(index: number, count: number, lengthPx: number): number {
  return Math.floor((index * lengthPx) / count);
}

/** How much smaller the copy is from which details are made anew. @source lllyasviel, ControlNet 1.1, tile: made for copies up to eight times smaller */
const COARSER = 4;

async function coarse(picture: ControlPicture, size: Size): Promise<Pixels> {
  const side = (px: number) => Math.max(1, Math.round(px / COARSER));
  const small = await fitted(picture, { widthPx: side(size.widthPx), heightPx: side(size.heightPx) });
  return fitted(small, size, 'cubic');
}

type Kernel = 'lanczos3' | 'cubic' | 'nearest';

/** Scaled to cover `size` and cropped at the centre. */
async function fitted(picture: Pixels, size: Size, kernel: Kernel = 'lanczos3'): Promise<Pixels> {
  const { width, height, data } = picture;
  if (width === size.widthPx && height === size.heightPx) return { width, height, data };
  const rgb = await sharp(toRgb(picture), { raw: { width, height, channels: 3 } })
    .resize(size.widthPx, size.heightPx, { fit: 'cover', position: 'centre', kernel })
    .raw()
    .toBuffer();
  return toPixels(rgb, size);
}

/** The same of one plane. */
async function fittedLevels(levels: Uint8Array, from: Size, size: Size): Promise<Uint8Array> {
  if (from.widthPx === size.widthPx && from.heightPx === size.heightPx) return levels;
  return sharp(levels, { raw: { width: from.widthPx, height: from.heightPx, channels: 1 } })
    .resize(size.widthPx, size.heightPx, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
    .extractChannel(0)
    .raw({ depth: 'uchar' })
    .toBuffer();
}

async function fittedMask({ width, height, data }: Mask, size: Size): Promise<Mask> {
  const levels = Uint8Array.from(data, (part) => Math.round(255 * part));
  const fit = await fittedLevels(levels, { widthPx: width, heightPx: height }, size);
  return { width: size.widthPx, height: size.heightPx, data: Float32Array.from(fit, (level) => level / 255) };
}

/** u8[h, w] → a grey picture */
function grey(levels: Uint8Array, size: Size): Pixels {
  const rgb = new Uint8Array(3 * levels.length);
  for (let at = 0; at < rgb.length; at++) rgb[at] = levels[Math.floor(at / 3)]!;
  return toPixels(rgb, size);
}

function sizeOf({ width, height }: Pixels): Size {
  return { widthPx: width, heightPx: height };
}
