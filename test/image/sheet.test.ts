// Sheets: every picture in its place, labels that can be seen, places left for what was not made; on a machine without any font, too.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { drawLabel } from '../../src/image/labels.ts';
import { saysDrawn } from '../../src/image/provenance.ts';
import { drawSheet } from '../../src/image/sheet.ts';

const plain = (colour: string, width = 240, height = 160) =>
  sharp({ create: { width, height, channels: 3, background: colour } })
    .png()
    .toBuffer();

async function pixelsOf(png: Buffer) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  return { ...info, at };
}

/** How many pixels of a rectangle are nearly white, as letters are. */
async function lightPixels(png: Buffer, left: number, top: number, width: number, height: number): Promise<number> {
  const { data } = await sharp(png)
    .extract({ left, top, width, height })
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return data.filter((level) => level > 180).length;
}

describe('a sheet', () => {
  test('holds its pictures row by row, labels above and beside, and nothing where nothing was made', async () => {
    const colours = ['#ff0000', '#00ff00', '#0000ff', '#ffff00', '#ff00ff'];
    const cells = [...(await Promise.all(colours.map((colour) => plain(colour)))), null];
    const png = await drawSheet({ columns: ['cfg 3', 'cfg 5', 'cfg 7'], rows: ['euler', 'ddim'], cells });
    const { width, height, at } = await pixelsOf(png);
    const [firstX, firstY] = [width - 14 - 3 * 240 - 12, height - 14 - 2 * 160 - 6];
    const seen = colours.map((_, index) =>
      at(firstX + (index % 3) * 246 + 5, firstY + Math.floor(index / 3) * 166 + 5),
    );
    expect(seen).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 0],
      [255, 0, 255],
    ]);
    expect(at(firstX + 2 * 246 + 5, firstY + 166 + 5)).toEqual([0x2b, 0x2d, 0x31]);
    for (const column of [0, 1, 2])
      expect(await lightPixels(png, firstX + column * 246, 0, 240, firstY)).toBeGreaterThan(40);
    for (const row of [0, 1]) expect(await lightPixels(png, 0, firstY + row * 166, firstX, 160)).toBeGreaterThan(40);
    expect(saysDrawn(png)).toBe(true);
  });

  test('enlarges small pictures, and keeps many large ones in bounds', async () => {
    const small = await pixelsOf(
      await drawSheet({ columns: ['1', '2'], rows: [], cells: [await plain('#f00', 32, 24), null] }),
    );
    expect(small.width).toBeGreaterThan(2 * 160);
    const large = await plain('#0f0', 1024, 512);
    const columns = Array.from({ length: 25 }, (_, index) => `steps ${index}`);
    const many = await pixelsOf(await drawSheet({ columns, rows: [], cells: columns.map(() => large) }));
    expect(many.width).toBeLessThanOrEqual(4096 + 28);
  });

  test('breaks long labels and shows signs as they are', async () => {
    const { widthPx, heightPx } = await drawLabel('<b>&amp; dpmpp_2m_sde_with_a_long_name', {
      sizePx: 16,
      colour: '#ffffff',
      maxWidthPx: 120,
    });
    expect(widthPx).toBeLessThanOrEqual(125);
    expect(heightPx).toBeGreaterThan(30);
    expect((await drawLabel('', { sizePx: 16, colour: '#ffffff', maxWidthPx: 120 })).heightPx).toBeGreaterThan(0);
  });

  test('has its letters on a machine without fonts', async () => {
    // Fontconfig reads its file once a process, so that another process has to draw; letters differ from each other, boxes do not.
    const script = `
      const sharp = require('sharp');
      const draw = (text) => sharp({ text: { text, font: 'Noto Sans 20', fontfile: 'src/image/labels.ttf', dpi: 72 } }).raw().toBuffer();
      Promise.all([draw('iiii'), draw('WWWW'), draw('жжжж')]).then((all) => console.log(JSON.stringify(all.map((one) => one.length))));`;
    const bare = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>';
    const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-fonts-'));
    writeFileSync(`${folder}/fonts.conf`, bare);
    const env = { ...process.env, FONTCONFIG_FILE: `${folder}/fonts.conf` };
    const { stdout } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
    const [i, w, zhe] = JSON.parse(stdout) as [number, number, number];
    expect(w).toBeGreaterThan(2 * i);
    expect(zhe).not.toBe(i);
  });
});
