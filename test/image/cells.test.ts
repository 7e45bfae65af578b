// Cells of a picture: the mask is white exactly where they are, and the names can be seen on bright and dark pictures.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { cellName, readCells, writeCells } from '../../src/core/cells.ts';
import { maskOfCells, picturedCells } from '../../src/image/cells.ts';

test('names go A to D across and 1 to 4 down', () => {
  expect([0, 3, 4, 15].map(cellName)).toEqual(['A1', 'D1', 'A2', 'D4']);
});

test('a choice of cells goes through a button and back', () => {
  for (const cells of [[0], [0, 7, 15], Array.from({ length: 16 }, (_, cell) => cell)]) {
    expect(readCells(writeCells(cells))).toEqual(cells);
  }
  expect(readCells('zz')).toEqual([]);
});

test('a mask covers its cells to the edge, and nothing else, at sides that four does not divide', async () => {
  const [width, height] = [97, 66];
  const png = await maskOfCells([0, 7, 15], { width, height });
  const data = await sharp(png).greyscale().raw().toBuffer();
  const at = (x: number, y: number) => data[y * width + x];
  expect([at(0, 0), at(24, 16), at(25, 0), at(0, 17)]).toEqual([255, 255, 0, 0]);
  expect([at(96, 17), at(96, 16), at(72, 20), at(96, 65), at(73, 50), at(72, 65)]).toEqual([255, 0, 0, 255, 255, 0]);
  const share = data.filter((level) => level === 255).length / data.length;
  expect(share).toBeCloseTo(3 / 16, 1);
});

test('every cell is marked on any picture', async () => {
  for (const background of ['#ffffff', '#000000']) {
    const picture = sharp({ create: { width: 96, height: 64, channels: 3, background } });
    const shown = await picturedCells(await picture.png().toBuffer());
    const { data, info } = await sharp(shown).greyscale().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([640, 427]);
    for (let cell = 0; cell < 16; cell += 1) {
      const [left, top] = [(cell % 4) * 160, Math.floor((cell / 4) | 0) * 107];
      const levels: number[] = [];
      for (let y = top + 4; y < top + 24; y += 1)
        for (let x = left + 4; x < left + 30; x += 1) levels.push(data[y * info.width + x]!);
      expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(90);
    }
  }
});
