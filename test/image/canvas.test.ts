// The arithmetic around masks, held to diffusers' VaeImageProcessor where it has one (test/golden/inpainting/make_inpainting.py), and to
// what it says elsewhere.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Mask, Pixels } from '../../src/core/pixels.ts';
import {
  borderMask,
  carriedOn,
  cropped,
  cropRegion,
  filled,
  fittedRegion,
  innerRegion,
  onCanvas,
  overlaid,
  pasted,
} from '../../src/image/canvas.ts';
import { toRgb } from '../../src/image/encode.ts';
import { INPAINTING, maskOf, pixelsOf, recordedArray } from '../support/goldenInpainting.ts';

interface Crop {
  readonly width: number;
  readonly height: number;
  readonly box: readonly [number, number, number, number];
  readonly padding: number;
  readonly target: readonly [number, number];
  readonly region: readonly [number, number, number, number];
}

const crops = JSON.parse(readFileSync(path.join(INPAINTING, 'crops.json'), 'utf8')) as readonly Crop[];

function boxMask({ width, height, box }: Pick<Crop, 'width' | 'height' | 'box'>): Mask {
  const [left, top, right, bottom] = box;
  const isIn = (at: number) =>
    at % width >= left && at % width < right && Math.floor(at / width) >= top && Math.floor(at / width) < bottom;
  return { width, height, data: Float32Array.from({ length: width * height }, (_, at) => Number(isIn(at))) };
}

/** Every number is its own place. */
function numbered(width: number, height: number): Pixels {
  return { width, height, data: Float32Array.from({ length: 3 * width * height }, (_, at) => at / 1000) };
}

describe('the surroundings of a mask', () => {
  test.each(crops)('$box of $width x $height, padded by $padding, for $target', (crop) => {
    const size = { widthPx: crop.target[0], heightPx: crop.target[1] };
    const { left, top, right, bottom } = cropRegion(boxMask(crop), size, crop.padding);
    expect([left, top, right, bottom]).toEqual(crop.region);
  });

  test('cut out and pasted back are where they were', () => {
    const picture = numbered(7, 5);
    const region = { left: 2, top: 1, right: 6, bottom: 4 };
    const cut = cropped(picture, region);
    expect([cut.width, cut.height, cut.data.length]).toEqual([4, 3, 36]);
    expect(cut.data[0]).toBe(picture.data[1 * 7 + 2]);
    expect(cut.data.at(-1)).toBe(picture.data[2 * 35 + 3 * 7 + 5]);
    expect(pasted({ ...picture, data: new Float32Array(105) }, cut, region).data.filter((x) => x !== 0)).toHaveLength(
      36,
    );
    expect(pasted(picture, cut, region)).toEqual(picture);
  });

  test('in another shape fill it one way, their edges carried on', () => {
    const fit = fittedRegion({ width: 6, height: 2 }, { widthPx: 12, heightPx: 8 });
    expect(fit).toEqual({ left: 0, top: 2, right: 12, bottom: 6 });
    const carried = carriedOn(numbered(12, 4), { widthPx: 12, heightPx: 8 }, fit);
    const column = Array.from({ length: 8 }, (_, row) => Math.round(carried.data[row * 12]! * 1000));
    expect(column).toEqual([0, 0, 0, 12, 24, 36, 36, 36]);
    expect(cropped(carried, fit)).toEqual(numbered(12, 4));
  });
});

describe('laid over', () => {
  test('through a soft mask, as diffusers does it with Pillow', () => {
    const [start, made] = [recordedArray('start/96x64'), recordedArray('sd-small/ddim/all/0/pixels')];
    const mask = maskOf(recordedArray('mask/soft/96x64'));
    const ours = toRgb(overlaid(pixelsOf(made), pixelsOf(start), mask));
    const theirs = recordedArray('overlay').bytes;
    const worst = ours.reduce((most, value, at) => Math.max(most, Math.abs(value - theirs[at]!)), 0);
    expect(worst).toBeLessThanOrEqual(2);
  });

  test('what the mask leaves alone is the same to the bit, every level of 256', () => {
    const levels = Uint8Array.from({ length: 3 * 256 }, (_, at) => Math.floor(at / 3));
    const under = pixelsOf({ shape: [1, 256, 3], bytes: levels });
    const over = { ...under, data: new Float32Array(under.data.length).fill(0.3) };
    const none = { width: 256, height: 1, data: new Float32Array(256) };
    expect(toRgb(overlaid(over, under, none))).toEqual(new Uint8ClampedArray(levels));
    expect(overlaid(over, under, { ...none, data: none.data.map(() => 1) }).data).toEqual(over.data);
  });
});

describe('a canvas that grows', () => {
  const size = { widthPx: 12, heightPx: 8 };
  const border = { leftPx: 4, rightPx: 0, upPx: 0, downPx: 2 };

  test('leaves room for the picture', () => {
    const inner = innerRegion(size, border);
    expect(inner).toEqual({ left: 4, top: 0, right: 12, bottom: 6 });
    const canvas = onCanvas(numbered(8, 6), size, inner);
    expect(cropped(canvas, inner)).toEqual(numbered(8, 6));
  });

  test('is masked on the border and fades inward, but not where there is none', () => {
    const row = (mask: Mask, y: number) =>
      Array.from({ length: 12 }, (_, x) => Number(mask.data[y * 12 + x]!.toFixed(2)));
    expect(row(borderMask(size, border, 0), 0)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(row(borderMask(size, border, 3), 0)).toEqual([1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0, 0, 0]);
    expect(row(borderMask(size, border, 3), 7)).toEqual(Array(12).fill(1));
  });

  test('is filled smoothly with what is next to it, and what is known stays', () => {
    const picture = { width: 12, height: 8, data: new Float32Array(3 * 96).map((_, at) => (at % 12 < 4 ? -0.5 : 0.5)) };
    const unknown = boxMask({ width: 12, height: 8, box: [8, 0, 12, 8] });
    const broken = { ...picture, data: picture.data.map((value, at) => (unknown.data[at % 96] === 1 ? 99 : value)) };
    const whole = filled(broken, unknown);
    for (const [at, value] of whole.data.entries()) {
      if (unknown.data[at % 96] === 0) expect(value).toBe(picture.data[at]);
      else expect(Math.abs(value)).toBeLessThanOrEqual(0.5);
    }
    // Beside the right half, not the mean of both.
    expect(whole.data[8]).toBeGreaterThan(0.2);
  });
});
