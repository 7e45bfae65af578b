// What the classifier sees of a picture. The whole way from file to scores is compared with the original in test/runtime/classifier.test.ts.
import { describe, expect, test } from 'vitest';
import { classifierPixels } from '../../src/image/classifierPixels.ts';
import { toPixels } from '../../src/image/decode.ts';

/** u8[h,w,3] of a formula. */
function picture(heightPx: number, widthPx: number, level: (y: number, x: number, channel: number) => number) {
  const rgb = new Uint8Array(3 * heightPx * widthPx);
  for (let at = 0; at < rgb.length; at++) {
    const [channel, place] = [at % 3, Math.floor(at / 3)];
    rgb[at] = level(Math.floor(place / widthPx), place % widthPx, channel);
  }
  return toPixels(rgb, { widthPx, heightPx });
}

describe('classifierPixels', () => {
  test('at its own size a picture stays what it is', () => {
    const same = classifierPixels(
      picture(8, 8, (y, x, channel) => 20 * y + 3 * x + channel),
      8,
    );
    for (const [channel, y, x] of [
      [0, 0, 0],
      [1, 2, 5],
      [2, 7, 7],
    ] as const) {
      expect(same[(channel * 8 + y) * 8 + x]).toBeCloseTo((20 * y + 3 * x + channel) / 255, 7);
    }
  });

  test('corners lie on corners, rows are not columns', () => {
    const seen = classifierPixels(
      picture(3, 5, (y, x, channel) => (channel === 0 ? 100 * y : channel === 1 ? 50 * x : 7)),
      4,
    );
    const plane = (channel: number) => [...seen.subarray(16 * channel, 16 * channel + 16)].map((share) => 255 * share);
    const rounded = (values: number[]) => values.map((value) => Math.round(value * 100) / 100);
    expect(rounded(plane(0).filter((_, at) => at % 4 === 0))).toEqual([0, 66.67, 133.33, 200]);
    expect(rounded(plane(1).slice(0, 4))).toEqual([0, 66.67, 133.33, 200]);
    expect(rounded(plane(2))).toEqual(new Array(16).fill(7));
  });

  test.each([
    [40, 90, 8],
    [9, 7, 8],
  ])('of %i x %i pixels the nearest four make each of 8 x 8, whichever way they are fetched', (height, width, side) => {
    const level = (y: number, x: number, channel: number) => (37 * y + 11 * x * x + 85 * channel) % 256;
    const seen = classifierPixels(picture(height, width, level), side);
    for (let at = 0; at < seen.length; at++) {
      const [channel, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
      const [down, across] = [(y * (height - 1)) / (side - 1), (x * (width - 1)) / (side - 1)];
      let sum = 0;
      for (const row of [Math.floor(down), Math.floor(down) + 1]) {
        for (const column of [Math.floor(across), Math.floor(across) + 1]) {
          const share = (1 - Math.abs(down - row)) * (1 - Math.abs(across - column));
          if (share > 0) sum += share * level(row, column, channel);
        }
      }
      expect(255 * seen[at]!).toBeCloseTo(sum, 3);
    }
  });

  test('it sees the 8-bit colours of the file, not what the network made', () => {
    const made = { height: 1, width: 1, data: Float32Array.of(-1.7, 0.001, 3) };
    expect([...classifierPixels(made, 2)].map((share) => share * 255)).toEqual(
      [0, 0, 0, 0, 128, 128, 128, 128, 255, 255, 255, 255].map((level) => expect.closeTo(level, 4)),
    );
  });
});
