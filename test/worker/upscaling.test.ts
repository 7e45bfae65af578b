// Enlarging in the worker: a start picture alone, what was just drawn, with a network and without one, cancelled between tiles.
import { mkdtempSync, realpathSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRecipe } from '../../src/core/recipe.ts';
import type { Upscale } from '../../src/core/upscale.ts';
import type { DevelopProgress } from '../../src/core/worker.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { encodePng, toRgb } from '../../src/image/encode.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { ROOT } from '../../src/root.ts';
import { openUpscaler } from '../../src/runtime/upscaler.ts';
import { scanUpscalers } from '../../src/weights/upscalers.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';

const GOLDEN = path.join(ROOT, 'test/golden/upscalers/models');
const MAX_SIDE = 4096;
const models = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-upscalers-')));
let developer: Developer;
let folder: string;

beforeAll(async () => {
  await cp(path.join(TINY_MODELS, 'sd-small'), path.join(models, 'sd-small'), { recursive: true });
  await cp(path.join(GOLDEN, 'upscalers'), path.join(models, 'upscalers'), { recursive: true });
  await writeFile(path.join(models, 'upscalers', 'RealESRGAN_x4plus.pth'), 'PK\x03\x04');
  await writeFile(path.join(models, 'upscalers', 'broken.safetensors'), 'nothing');
  developer = await openDeveloper({ modelsDir: models, device: 'cpu', threads: 1 });
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-upscaling-'));
});
afterAll(async () => {
  await developer.close();
  await rm(models, { recursive: true });
  await rm(folder, { recursive: true });
});

const never = new AbortController().signal;

/** A picture file of smooth colours, wider than high, with a recipe inside. */
async function pictureFile(width: number, height: number, recipe: string | null): Promise<string> {
  const data = Float32Array.from({ length: 3 * height * width }, (_, at) => Math.sin(at / 37) * Math.cos(at / 91));
  const file = path.join(folder, `${width}x${height}.png`);
  await writeFile(file, await encodePng({ height, width, data }, recipe));
  return file;
}

const enlarging = (upscaler: string | null, scale: number): { upscale: Upscale; initImage: { sha256: string } } => ({
  upscale: { upscaler, scale, from: { widthPx: 32, heightPx: 20 } },
  initImage: { sha256: 'a'.repeat(64) },
});

async function enlarge(name: string, file: string, over: ReturnType<typeof enlarging>, signal = never) {
  const outputDir = path.join(folder, name);
  const steps: DevelopProgress[] = [];
  const [picture] = await developer.develop(makeTask(outputDir, over, file), (step) => steps.push(step), signal);
  return { picture: picture!, bytes: await readFile(path.join(outputDir, picture!.fileName)), steps };
}

test('says at the start which upscalers there are, and why others are not', () => {
  expect(developer.facts.upscalers).toContainEqual({ name: 'x4plus', scale: 4 });
  const refused = developer.facts.refused.filter(({ name }) => name.startsWith('upscalers/'));
  expect(refused.map(({ name }) => name).toSorted()).toEqual([
    'upscalers/RealESRGAN_x4plus.pth',
    'upscalers/broken.safetensors',
  ]);
  expect(refused.find(({ name }) => name.endsWith('.pth'))?.reason).toContain('weights_only=True');
});

describe('a start picture alone', () => {
  test('goes through the network at its own size and shape, and keeps its recipe', async () => {
    const before = 'a red heart\nSteps: 3, Sampler: Euler, CFG scale: 4, Seed: 11, Size: 32x20, Version: Darkroom';
    const file = await pictureFile(32, 20, before);
    const { picture, bytes, steps } = await enlarge('own', file, enlarging('x4plus', 4));
    expect(picture).toMatchObject({ widthPx: 128, heightPx: 80, imageIndex: 0 });
    expect(steps).toEqual([{ jobId: 'own', stepsDone: 1, stepsTotal: 1 }]);
    const recipe = readRecipe(bytes)!;
    expect(recipe).toBe(`${before}, Postprocess upscale by: 4, Postprocess upscaler: x4plus`);
    expect(parseRecipe(recipe).draft).toMatchObject({
      prompt: 'a red heart',
      upscale: { upscaler: 'x4plus', scale: 4 },
    });
    const network = openUpscaler(scanUpscalers(GOLDEN).open('x4plus'), { provider: 'cpu', threads: 1 });
    const expected = await network.upscale(await decodeWhole(await readFile(file), MAX_SIDE));
    await network.close();
    expect(toRgb(await decodeWhole(bytes, MAX_SIDE))).toEqual(toRgb(expected));
  });

  test('is brought to the wanted scale, whatever the network is made for', async () => {
    const file = await pictureFile(32, 20, null);
    for (const [upscaler, scale, passes] of [
      ['x4plus', 2, 1],
      ['x2plus', 4, 2],
      ['x2plus', 3, 1],
      ['x1fold', 1, 1],
      ['x1fold', 2, 1],
      [null, 2.5, 0],
    ] as const) {
      const { picture, bytes, steps } = await enlarge(`${upscaler}-${scale}`, file, enlarging(upscaler, scale));
      expect([picture.widthPx, picture.heightPx]).toEqual([32 * scale, 20 * scale]);
      expect(steps).toHaveLength(passes);
      expect(readRecipe(bytes)).toBe(
        `Postprocess upscale by: ${scale}, Postprocess upscaler: ${upscaler ?? 'Lanczos'}, Version: Darkroom`,
      );
    }
  });

  test('is told in tiles, and can be cancelled between two of them', async () => {
    const file = await pictureFile(400, 200, null);
    const outputDir = path.join(folder, 'cancelled');
    const abort = new AbortController();
    const steps: number[] = [];
    const work = developer.develop(
      makeTask(outputDir, enlarging('x2plus', 2), file),
      ({ stepsDone, stepsTotal }) => {
        steps.push(stepsDone);
        expect(stepsTotal).toBe(6);
        if (stepsDone === 2) abort.abort();
      },
      abort.signal,
    );
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
    expect(steps).toEqual([1, 2]);
  });

  test('that would become too large, or an upscaler that is gone, is refused', async () => {
    const file = await pictureFile(400, 200, null);
    const tooLarge = developer.develop(
      makeTask(path.join(folder, 'large'), enlarging(null, 8), await pictureFile(600, 20, null)),
      () => {},
      never,
    );
    await expect(tooLarge).rejects.toMatchObject({ code: 'request_invalid', details: { field: 'scale', high: 6.82 } });
    const gone = developer.develop(makeTask(path.join(folder, 'gone'), enlarging('x9', 2), file), () => {}, never);
    await expect(gone).rejects.toThrow('upscaler "x9": not found, known are: x1compact');
  });
});

test('what is drawn is enlarged before it is written, and the recipe says so', async () => {
  const upscale = { upscaler: 'x2old', scale: 2, from: null };
  const outputDir = path.join(folder, 'drawn');
  const steps: DevelopProgress[] = [];
  const pictures = await developer.develop(
    makeTask(outputDir, { upscale, count: 2 }),
    (step) => steps.push(step),
    never,
  );
  expect(pictures.map(({ widthPx, heightPx }) => [widthPx, heightPx])).toEqual([
    [192, 128],
    [192, 128],
    [390, 128],
  ]);
  expect(steps.at(-1)).toEqual({ jobId: 'drawn', stepsDone: 8, stepsTotal: 8 });
  const recipe = readRecipe(await readFile(path.join(outputDir, '0.png')))!;
  expect(recipe).toContain('Size: 96x64');
  expect(parseRecipe(recipe).draft).toMatchObject({ upscale: { upscaler: 'x2old', scale: 2 } });
});
