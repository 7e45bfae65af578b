// What models/loras and models/controlnets ship with, drawn with the model they were made for: each fits, is as small as promised, and does what
// its name says in a way that arithmetic can see.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, type ModelCard, type RequestDraft } from '../../src/core/request.ts';
import { resolveRequest } from '../../src/core/resolve.ts';
import { ROOT } from '../../src/root.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';

const SIDE = 128;
const NEVER = new AbortController().signal;

let folder: string;
let developer: Developer;
let card: ModelCard;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-shipped-'));
  developer = await openDeveloper({ modelsDir: path.join(ROOT, 'models'), device: 'cpu', threads: 1 });
  card = developer.facts.models.find(({ name }) => name === 'emoji')!;
});
afterAll(async () => {
  await developer.close();
  await rm(folder, { recursive: true });
});

let tasks = 0;

/** u8[128, 128, 3] */
async function draw(draft: Partial<RequestDraft>, controlPaths: readonly string[] = []): Promise<Uint8Array> {
  const request = resolveRequest({ prompt: 'red heart', seed: 5, count: 1, ...draft }, card, DEFAULT_LIMITS, 0);
  const outputDir = path.join(folder, `job${++tasks}`);
  const task = { jobId: String(tasks), attempt: 1, request, initImagePath: null, controlPaths, outputDir };
  const [picture] = await developer.develop(task, () => {}, NEVER);
  return sharp(await readFile(path.join(outputDir, picture!.fileName)))
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** Mean level of the outermost pixels, 0 … 255. */
function groundOf(rgb: Uint8Array): number {
  const border = Array.from({ length: SIDE }, (_, i) => [
    i,
    SIDE * (SIDE - 1) + i,
    SIDE * i,
    SIDE * i + SIDE - 1,
  ]).flat();
  return border.reduce((sum, at) => sum + rgb[3 * at]! + rgb[3 * at + 1]! + rgb[3 * at + 2]!, 0) / (3 * border.length);
}

/** Of all pixels: those where one channel is 60 levels or more from another. */
function colouredPart(rgb: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    const [red, green, blue] = [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) >= 60) count += 1;
  }
  return (3 * count) / rgb.length;
}

describe('the LoRAs', () => {
  test('fit the shipped model, take 2 MB at most each and say how they are called', () => {
    const loras = (card.loras ?? []).filter(({ name }) => ['neon', 'outline', 'zibbo'].includes(name));
    expect(loras.map(({ name, triggers, fits }) => [name, triggers, fits])).toEqual([
      ['neon', ['neon sign'], ['emoji']],
      ['outline', ['outline drawing'], ['emoji']],
      ['zibbo', ['zibbo'], ['emoji']],
    ]);
    for (const { sizeBytes, idle } of loras) expect([sizeBytes <= 2_000_000, idle]).toEqual([true, undefined]);
  });

  test('neon has a dark ground, outline no colours', async () => {
    const base = await draw({});
    const neon = await draw({ loras: [{ name: 'neon' }] });
    const outline = await draw({ loras: [{ name: 'outline' }] });
    expect([groundOf(base) > 240, groundOf(neon) < 80, groundOf(outline) > 235]).toEqual([true, true, true]);
    expect([colouredPart(base) > 0.3, colouredPart(outline) < 0.05]).toEqual([true, true]);
  });
});

describe('the ControlNet', () => {
  test('puts the figure where the silhouette is', async () => {
    const bits = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
      const [y, x] = [Math.floor(at / SIDE), at % SIDE];
      return ((x - 36) / 30) ** 2 + ((y - 78) / 44) ** 2 <= 1 ? 255 : 0;
    });
    const map = path.join(folder, 'map.png');
    const png = await sharp(bits, { raw: { width: SIDE, height: SIDE, channels: 1 } })
      .png()
      .toBuffer();
    await writeFile(map, png);
    const image = { sha256: createHash('sha256').update(png).digest('hex') };
    const base = await draw({});
    const having = await draw({ controls: [{ kind: 'silhouette', ready: true, image }] }, [map]);
    expect(overlap(base, bits)).toBeLessThan(0.5);
    expect(overlap(having, bits)).toBeGreaterThan(0.8);
  });
});

/** Intersection over union of what is not nearly white and what the map says. */
function overlap(rgb: Uint8Array, bits: Uint8Array): number {
  let [both, either] = [0, 0];
  for (const [at, bit] of bits.entries()) {
    const isDrawn = Math.min(rgb[3 * at]!, rgb[3 * at + 1]!, rgb[3 * at + 2]!) < 231;
    both += Number(isDrawn && bit > 0);
    either += Number(isDrawn || bit > 0);
  }
  return both / either;
}
