// Pictures as numbers, cut, joined and laid over one another: the surroundings of a mask, a canvas that grows, what is not repainted put back.
// Deliberately not here: making them larger or smaller (resize.ts).
import type { Mask, Pixels } from '../core/pixels.ts';
import type { Border } from '../core/repaint.ts';
import type { Size } from '../core/request.ts';

/** A rectangle; right and bottom are not part of it. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * What is worked on around a mask: its bounding box, padded, then grown to the shape of `size` as far as the picture goes.
 * @source diffusers VaeImageProcessor.get_crop_region
 */
export function cropRegion(mask: Mask, { widthPx, heightPx }: Size, paddingPx: number): Region {
  const box = boundsOf(mask);
  const [left, right] = [Math.max(box.left - paddingPx, 0), Math.min(box.right + paddingPx, mask.width)];
  const [top, bottom] = [Math.max(box.top - paddingPx, 0), Math.min(box.bottom + paddingPx, mask.height)];
  const wanted = widthPx / heightPx;
  if ((right - left) / (bottom - top) > wanted) {
    const grown = grownSpan(top, bottom, Math.trunc((right - left) / wanted - (bottom - top)), mask.height);
    return { left, right, top: grown.from, bottom: grown.to };
  }
  const grown = grownSpan(left, right, Math.trunc((bottom - top) * wanted - (right - left)), mask.width);
  return { left: grown.from, right: grown.to, top, bottom };
}

/** Every pixel that is not wholly untouched. */
function boundsOf({ width, height, data }: Mask): Region {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let at = 0; at < data.length; at++) {
    if (data[at] === 0) continue;
    const x = at % width;
    const y = (at - x) / width;
    if (x < left) left = x;
    if (x >= right) right = x + 1;
    if (y < top) top = y;
    if (y >= bottom) bottom = y + 1;
  }
  return { left, top, right, bottom };
}

/** Half to either side, moved back inside where it would leave the picture. */
function grownSpan(from: number, to: number, added: number, length: number): { from: number; to: number } {
  let start = from - Math.floor(added / 2);
  let end = to + added - Math.floor(added / 2);
  const beyond = Math.max(0, end - length);
  [start, end] = [start - beyond, end - beyond];
  if (start < 0) [start, end] = [0, end - start];
  return { from: start, to: Math.min(end, length) };
}

/** Of pictures f32[3, h, w] and masks f32[h, w] alike. */
export function cropped<T extends Pixels | Mask>(picture: T, { left, top, right, bottom }: Region): T {
  const [width, height] = [right - left, bottom - top];
  const channels = picture.data.length / (picture.width * picture.height);
  const data = new Float32Array(channels * width * height);
  for (let row = 0; row < channels * height; row++) {
    const from = Math.floor(row / height) * picture.height + top + (row % height);
    data.set(picture.data.subarray(from * picture.width + left, from * picture.width + right), row * width);
  }
  return { ...picture, width, height, data };
}

/** `picture` with `patch` laid on it at the left upper corner of a region. */
export function pasted(picture: Pixels, patch: Pixels, { left, top }: Pick<Region, 'left' | 'top'>): Pixels {
  const data = picture.data.slice();
  for (let row = 0; row < 3 * patch.height; row++) {
    const to = Math.floor(row / patch.height) * picture.height + top + (row % patch.height);
    data.set(patch.data.subarray(row * patch.width, (row + 1) * patch.width), to * picture.width + left);
  }
  return { ...picture, data };
}

/** `over` where the mask is 1, `under` where it is 0 to the bit, both in parts in between. @source diffusers VaeImageProcessor.apply_overlay */
export function overlaid(over: Pixels, under: Pixels, { data: mask }: Mask): Pixels {
  const plane = mask.length;
  const data = under.data.slice();
  for (let at = 0; at < data.length; at++) {
    const part = mask[at % plane]!;
    if (part !== 0) data[at] = part * over.data[at]! + (1 - part) * data[at]!;
  }
  return { ...under, data };
}

/** Where a picture of one size lies in another that it fills in one direction: in the middle. @source diffusers VaeImageProcessor._resize_and_fill */
export function fittedRegion({ width, height }: Pick<Mask, 'width' | 'height'>, { widthPx, heightPx }: Size): Region {
  const isWider = widthPx / heightPx < width / height;
  const fittedWidth = isWider ? widthPx : Math.floor((width * heightPx) / height);
  const fittedHeight = isWider ? Math.floor((height * widthPx) / width) : heightPx;
  const left = Math.floor(widthPx / 2) - Math.floor(fittedWidth / 2);
  const top = Math.floor(heightPx / 2) - Math.floor(fittedHeight / 2);
  return { left, top, right: left + fittedWidth, bottom: top + fittedHeight };
}

/** A picture or mask in the middle of a larger one, its outermost pixels carried on to the edges. */
export function carriedOn<T extends Pixels | Mask>(picture: T, { widthPx, heightPx }: Size, { left, top }: Region): T {
  const channels = picture.data.length / (picture.width * picture.height);
  const plane = widthPx * heightPx;
  const inside = (place: number, length: number) => Math.min(length - 1, Math.max(0, place));
  const data = Float32Array.from({ length: channels * plane }, (_, at) => {
    const row = inside(Math.floor((at % plane) / widthPx) - top, picture.height);
    const column = inside((at % widthPx) - left, picture.width);
    return picture.data[(Math.floor(at / plane) * picture.height + row) * picture.width + column]!;
  });
  return { ...picture, width: widthPx, height: heightPx, data };
}

/** The rectangle a border leaves free. */
export function innerRegion({ widthPx, heightPx }: Size, { leftPx, rightPx, upPx, downPx }: Border): Region {
  return { left: leftPx, top: upPx, right: widthPx - rightPx, bottom: heightPx - downPx };
}

/** 1 on the border, and inside falling to 0 over `overlapPx` pixels, so that what is painted grows out of the picture. */
export function borderMask(size: Size, border: Border, overlapPx: number): Mask {
  const { widthPx: width, heightPx: height } = size;
  const data = new Float32Array(width * height);
  for (let at = 0; at < data.length; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const inside = Math.min(
      border.leftPx === 0 ? Number.POSITIVE_INFINITY : x - border.leftPx + 1,
      border.rightPx === 0 ? Number.POSITIVE_INFINITY : width - border.rightPx - x,
      border.upPx === 0 ? Number.POSITIVE_INFINITY : y - border.upPx + 1,
      border.downPx === 0 ? Number.POSITIVE_INFINITY : height - border.downPx - y,
    );
    data[at] = Math.min(1, Math.max(0, 1 - inside / (overlapPx + 1)));
  }
  return { width, height, data };
}

/** An empty canvas with a picture on it. */
export function onCanvas(picture: Pixels, { widthPx: width, heightPx: height }: Size, region: Region): Pixels {
  return pasted({ width, height, data: new Float32Array(3 * width * height) }, picture, region);
}

/**
 * What is unknown, filled with a smooth continuation of what is known: every hole gets the mean around it, coarser the wider the hole.
 * @source Gortler et al., The Lumigraph, 1996, section 3.4 (pull and push)
 */
export function filled(picture: Pixels, unknown: Mask): Pixels {
  const { width, height } = picture;
  const known = unknown.data.map((part) => Number(part < 1));
  const channels = [0, 1, 2].map((c) => picture.data.subarray(c * width * height, (c + 1) * width * height));
  const data = new Float32Array(picture.data.length);
  for (const [c, channel] of channels.entries()) {
    data.set(pullPush(channel, known, width, height), c * width * height);
  }
  return { width, height, data };
}

/** @param known f32[h, w], 1 or, on coarser levels, in parts */
function pullPush(values: Float32Array, known: Float32Array, width: number, height: number): Float32Array {
  if (!known.some((part) => part < 1) || (width === 1 && height === 1)) return values;
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const sums = new Float32Array(halfWidth * halfHeight);
  const weights = new Float32Array(halfWidth * halfHeight);
  for (let at = 0; at < values.length; at++) {
    const to = Math.floor(Math.floor(at / width) / 2) * halfWidth + Math.floor((at % width) / 2);
    sums[to] = sums[to]! + known[at]! * values[at]!;
    weights[to] = weights[to]! + known[at]!;
  }
  const means = sums.map((sum, at) => (weights[at] === 0 ? 0 : sum / weights[at]!));
  const coarse = pullPush(
    means,
    weights.map((weight) => Math.min(1, weight)),
    halfWidth,
    halfHeight,
  );
  const whole = values.slice();
  for (let at = 0; at < whole.length; at++) {
    const part = known[at]!;
    if (part === 1) continue;
    const column = at % width;
    const guess = between(coarse, halfWidth, halfHeight, (column - 0.5) / 2, ((at - column) / width - 0.5) / 2);
    whole[at] = part * whole[at]! + (1 - part) * guess;
  }
  return whole;
}

/** The value at a place between four, straight lines from one to the next; beyond the edges it is as on them. */
function between(values: Float32Array, width: number, height: number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [near, far] = [Math.max(0, left), Math.min(width - 1, left + 1)];
  const [upper, lower] = [Math.max(0, top) * width, Math.min(height - 1, top + 1) * width];
  const above = values[upper + near]! + (x - left) * (values[upper + far]! - values[upper + near]!);
  const below = values[lower + near]! + (x - left) * (values[lower + far]! - values[lower + near]!);
  return above + (y - top) * (below - above);
}
