// Control maps against OpenCV and NumPy (test/golden/make_control.py), and what arithmetic alone can promise.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Pixels } from '../../src/core/pixels.ts';
import { cannyEdges } from '../../src/image/canny.ts';
import { type ControlPicture, controlMap, decodeControl } from '../../src/image/controlMaps.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { toRgb } from '../../src/image/encode.ts';
import { edgeStrengths } from '../../src/image/lineMaps.ts';
import { paintedPng, pngFile } from './makePng.ts';

const GOLDEN = path.join(import.meta.dirname, '..', 'golden', 'control');
const PICTURES = ['shapes', 'texture', 'speckle'] as const;

async function golden(name: string): Promise<Pixels> {
  return decodeWhole(await readFile(path.join(GOLDEN, `${name}.png`)), 1024);
}

const sizeOf = ({ width, height }: Pixels) => ({ widthPx: width, heightPx: height });
/** One level a pixel, of a picture that is grey. */
function levelsOf(pixels: Pixels): number[] {
  const rgb = toRgb(pixels);
  expect(rgb.every((level, at) => level === rgb[at - (at % 3)])).toBe(true);
  return [...rgb.filter((_, at) => at % 3 === 0)];
}

const share = (levels: readonly number[], isIt: (level: number) => boolean) =>
  levels.filter(isIt).length / levels.length;

type Colour = readonly number[];

/** Strokes of `widthPx`: a frame with a slant through it. */
const drawing = (width: number, height: number, widthPx: number, [ink, paper]: [Colour, Colour]) =>
  paintedPng(width, height, (x, y) => {
    const [left, right] = [x - width / 8, (7 * width) / 8 - x];
    const [top, bottom] = [y - height / 8, (7 * height) / 8 - y];
    const isInside = Math.min(left, right, top, bottom) >= 0;
    const isFrame = isInside && Math.min(left, right, top, bottom) < widthPx;
    const isSlant = isInside && Math.abs(x / width - y / height) * height < widthPx;
    return isFrame || isSlant ? ink : paper;
  });

describe('Canny', () => {
  test.each(PICTURES)('finds the edges OpenCV finds in %s, to the bit', async (name) => {
    const picture = await golden(name);
    const edges = levelsOf(await controlMap('canny', picture, sizeOf(picture)));
    expect(edges).toEqual(levelsOf(await golden(`edges_${name}`)));
    expect(share(edges, (level) => level === 255)).toBeGreaterThan(0.02);
  });

  test.each(PICTURES)('also with other thresholds in %s', async (name) => {
    const picture = await golden(name);
    const edges = cannyEdges(toRgb(picture), sizeOf(picture), { low: 40, high: 90 });
    expect([...edges]).toEqual(levelsOf(await golden(`edges_low_${name}`)));
  });

  test('of one colour finds nothing', async () => {
    const plain = await decodeControl(paintedPng(24, 16, () => [90, 120, 200]));
    expect(new Set(levelsOf(await controlMap('canny', plain, sizeOf(plain))))).toEqual(new Set([0]));
  });
});

describe('scribbles and soft edges', () => {
  // Sums are taken in another order than OpenCV's: pixels that lie on the threshold may fall on the other side.
  test.each(PICTURES)('scribbles of %s follow its stronger edges', async (name) => {
    const picture = await golden(name);
    const scribbles = levelsOf(await controlMap('scribble', picture, sizeOf(picture)));
    const expected = levelsOf(await golden(`scribble_${name}`));
    const others = scribbles.filter((level, at) => level !== expected[at]).length;
    expect(others).toBeLessThanOrEqual(Math.floor(scribbles.length / 1000));
  });

  test.each(PICTURES)('soft edges of %s are the gradient, at most a level apart', async (name) => {
    const picture = await golden(name);
    const strengths = edgeStrengths(toRgb(picture), sizeOf(picture));
    const expected = levelsOf(await golden(`softedge_${name}`));
    const apart = expected.map((level, at) => Math.abs(Math.min(255, strengths[at]!) - level));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  });

  test('soft edges are white where the picture changes most, and black where it does not', async () => {
    const halves = await decodeControl(paintedPng(96, 64, (x) => (x < 48 ? [200, 30, 30] : [230, 230, 230])));
    const levels = levelsOf(await controlMap('softedge', halves, { widthPx: 96, heightPx: 64 }));
    const at = (x: number) => levels[32 * 96 + x]!;
    expect([at(10), at(47), at(48), at(85)]).toEqual([0, 255, 255, 0]);
  });

  test('a faint grain is no edge', async () => {
    const grain = await decodeControl(paintedPng(96, 64, (x, y) => [120 + ((x * 7 + y * 3) % 3), 120, 120]));
    expect(Math.max(...levelsOf(await controlMap('softedge', grain, { widthPx: 96, heightPx: 64 })))).toBeLessThan(80);
  });
});

describe('a drawing of lines', () => {
  const BLACK: Colour = [0, 0, 0];
  const WHITE: Colour = [255, 255, 255];
  const size = { widthPx: 144, heightPx: 96 };

  test.each(['canny', 'scribble', 'softedge'] as const)('is its own map: %s follows the lines', async (kind) => {
    const onPaper = await decodeControl(drawing(144, 96, 3, [BLACK, WHITE]));
    const onBlack = await decodeControl(drawing(144, 96, 3, [WHITE, BLACK]));
    const [map, same] = [await controlMap(kind, onPaper, size), await controlMap(kind, onBlack, size)];
    expect(levelsOf(map)).toEqual(levelsOf(same));
    expect(levelsOf(map)).toEqual(levelsOf(onBlack));
  });

  test('keeps thin lines where it is made a quarter as large', async () => {
    const onPaper = await decodeControl(drawing(576, 384, 2, [BLACK, WHITE]));
    const levels = levelsOf(await controlMap('scribble', onPaper, size));
    const column = (x: number) => levels.filter((_, at) => at % 144 === x);
    expect(share(column(18), (level) => level === 255)).toBeGreaterThan(0.7);
    expect(new Set(levels)).toEqual(new Set([0, 255]));
  });

  test('with filled parts is a picture like any other', async () => {
    const disc = paintedPng(144, 96, (x, y) => ((x - 72) ** 2 + (y - 48) ** 2 < 900 ? BLACK : WHITE));
    const levels = levelsOf(await controlMap('canny', await decodeControl(disc), size));
    expect(levels[48 * 144 + 72]).toBe(0);
    expect(share(levels, (level) => level === 255)).toBeLessThan(0.03);
  });
});

describe('a silhouette', () => {
  const size = { widthPx: 48, heightPx: 32 };
  const disc = (x: number, y: number) => (x - 24) ** 2 + (y - 16) ** 2 < 100;

  test('is what is opaque, where a picture has transparent parts', async () => {
    const cutOut = await decodeControl(paintedPng(48, 32, (x, y) => [255, 255, 255, disc(x, y) ? 200 : 90]));
    const levels = levelsOf(await controlMap('silhouette', cutOut, size));
    expect(levels).toEqual(Array.from({ length: 48 * 32 }, (_, at) => (disc(at % 48, Math.floor(at / 48)) ? 255 : 0)));
  });

  test('is what is not the background, holes of the same colour included', async () => {
    const ring = (x: number, y: number) => disc(x, y) && !((x - 24) ** 2 + (y - 16) ** 2 < 16);
    const paper = (x: number, y: number) => 250 - ((x + y) % 12);
    const picture = paintedPng(48, 32, (x, y) => (ring(x, y) ? [200, 40, 40] : [paper(x, y), paper(x, y), 240]));
    const levels = levelsOf(await controlMap('silhouette', await decodeControl(picture), size));
    expect(levels).toEqual(Array.from({ length: 48 * 32 }, (_, at) => (disc(at % 48, Math.floor(at / 48)) ? 255 : 0)));
  });

  test('is refused where there is no plain background, and where nothing stands out', async () => {
    const noise = await golden('speckle');
    await expect(controlMap('silhouette', noise, sizeOf(noise))).rejects.toMatchObject({
      code: 'input_image_invalid',
      details: { reason: 'silhouette' },
      message:
        'control picture: has no plain background, expected transparent parts or one colour around what is to be followed',
    });
    const plain = await decodeControl(paintedPng(48, 32, () => [255, 255, 255]));
    await expect(controlMap('silhouette', plain, size)).rejects.toMatchObject({ details: { reason: 'silhouette' } });
  });
});

describe('colours and a coarse copy', () => {
  test.each(PICTURES)('cells of %s have the mean of their pixels', async (name) => {
    const picture = await golden(name);
    expect(toRgb(await controlMap('colour', picture, sizeOf(picture)))).toEqual(toRgb(await golden(`cells_${name}`)));
  });

  test('a tile keeps the colours of places and loses what is finer than a few pixels', async () => {
    const board = paintedPng(96, 64, (x, y) => {
      const level = (x + y) % 2 === 0 ? 0 : 200;
      return x < 48 ? [level, 0, 0] : [0, level, 0];
    });
    const rgb = toRgb(await controlMap('tile', await decodeControl(board), { widthPx: 96, heightPx: 64 }));
    const at = (x: number, y: number) => [0, 1, 2].map((c) => rgb[3 * (y * 96 + x) + c]!);
    for (const [x, y] of [
      [20, 20],
      [21, 20],
      [20, 41],
    ] as const) {
      expect(Math.abs(at(x, y)[0]! - 100)).toBeLessThanOrEqual(3);
      expect(at(x, y)[1]).toBe(0);
    }
    expect(Math.abs(at(76, 20)[1]! - 100)).toBeLessThanOrEqual(3);
  });
});

describe('a ready map', () => {
  test('of the right size is taken to the bit', async () => {
    const picture = await golden('texture');
    const map = await controlMap('depth', picture, sizeOf(picture));
    expect(map.data).toEqual(picture.data);
  });

  test('is scaled to cover the size and cropped at the centre', async () => {
    const wide = await decodeControl(paintedPng(96, 32, (x) => (x < 32 || x >= 64 ? [255, 0, 0] : [0, 0, 255])));
    const map = await controlMap('pose', wide, { widthPx: 64, heightPx: 64 });
    const rgb = toRgb(map);
    const at = (x: number) => [0, 1, 2].map((c) => rgb[3 * (32 * 64 + x) + c]!);
    expect([map.width, map.height, at(4), at(60)]).toEqual([64, 64, [0, 0, 255], [0, 0, 255]]);
  });

  test('of segments gets no colours of its own', async () => {
    const segments = await decodeControl(paintedPng(30, 20, (x) => (x < 17 ? [120, 120, 80] : [4, 200, 3])));
    const rgb = toRgb(await controlMap('segmentation', segments, { widthPx: 96, heightPx: 64 }));
    const colours = new Set(Array.from({ length: 96 * 64 }, (_, at) => [...rgb.slice(3 * at, 3 * at + 3)].join(' ')));
    expect(colours).toEqual(new Set(['120 120 80', '4 200 3']));
  });
});

describe('a picture to be followed', () => {
  test('keeps its size, with transparency on white', async () => {
    const picture: ControlPicture = await decodeControl(paintedPng(30, 20, (x) => [10, 20, 30, x < 15 ? 255 : 51]));
    expect([picture.width, picture.height]).toEqual([30, 20]);
    expect([...toRgb(picture).slice(0, 3)]).toEqual([10, 20, 30]);
    expect([...toRgb(picture).slice(3 * 20, 3 * 20 + 3)]).toEqual([206, 208, 210]);
    expect(picture.alpha?.data[20]).toBeCloseTo(0.2, 6);
  });

  test('may be a depth map of 16 bits of grey', async () => {
    const rows = Buffer.alloc(16 * (1 + 2 * 24));
    for (let y = 0; y < 16; y++) for (let x = 0; x < 24; x++) rows.writeUInt16BE(x * 2570, y * 49 + 1 + 2 * x);
    const depth = await decodeControl(pngFile({ width: 24, height: 16, colourType: 0, bitDepth: 16, rows }));
    expect(depth.alpha).toBeUndefined();
    const levels = levelsOf(await controlMap('depth', depth, { widthPx: 24, heightPx: 16 }));
    expect(levels.slice(24, 48)).toEqual(Array.from({ length: 24 }, (_, x) => 10 * x));
  });

  test('without transparent parts has no alpha; a very large one is made smaller; what is no picture is refused', async () => {
    expect((await decodeControl(paintedPng(30, 20, () => [1, 2, 3]))).alpha).toBeUndefined();
    const large = await decodeControl(paintedPng(2400, 30, () => [1, 2, 3]));
    expect([large.width, large.height]).toEqual([2048, 26]);
    await expect(decodeControl(Buffer.from('GIF89a'))).rejects.toMatchObject({ code: 'input_image_invalid' });
  });
});
