// Tasks with controls on real, tiny networks: rows with and without share calls and stay the pictures made alone, maps lie beside the pictures,
// and what does not fit is refused before anything is drawn.
import { cpSync, mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ControlUse } from '../../src/core/control.ts';
import type { ResolvedRequest, Size } from '../../src/core/request.ts';
import type { DevelopTask } from '../../src/core/worker.ts';
import { controlMap, decodeControl } from '../../src/image/controlMaps.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import type { Activity } from '../../src/worker/protocol.ts';
import { writeControlFolder } from '../support/madeControls.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';

const NEVER = new AbortController().signal;
const SIZE: Size = { widthPx: 96, heightPx: 64 };
/** Of 255; a call of more rows adds up in another order, which can carry one number over a rounding edge. */
const LEVEL = 1.01 / 127.5;

let folder: string;
let modelsDir: string;
let developer: Developer;
let drawing: string;
const activities: Activity[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  modelsDir = path.join(folder, 'models');
  mkdirSync(path.join(modelsDir, 'controlnets'), { recursive: true });
  cpSync(path.join(TINY_MODELS, 'sd-small'), path.join(modelsDir, 'sd-small'), { recursive: true });
  for (const name of ['small-canny', 'small-depth', 'small-sketch', 'mid-tile']) {
    writeControlFolder(path.join(modelsDir, 'controlnets', name), name, 'F32');
  }
  await writeFile(path.join(modelsDir, 'controlnets/broken.safetensors'), 'x');
  const onActivity = (activity: Activity) => activities.push(activity);
  developer = await openDeveloper({ modelsDir, device: 'cpu', threads: 1, onActivity });
  drawing = path.join(folder, 'drawing.png');
  await writeFile(drawing, await picture(150, 100));
});

afterAll(async () => {
  await developer.close();
  await rm(folder, { recursive: true });
});

/** A dark ring and a coloured field. */
function picture(width: number, height: number): Promise<Buffer> {
  const rgb = Buffer.alloc(3 * width * height, 230);
  for (let at = 0; at < width * height; at++) {
    const [y, x] = [Math.floor(at / width), at % width];
    const isRing = Math.abs(Math.hypot(y - height / 2, x - width / 3) - height / 4) < 6;
    rgb.set(isRing ? [20, 30, 60] : x > width * 0.7 ? [200, 80, 40] : [230, 230, 220], 3 * at);
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

function use(kind: ControlUse['kind'], model: string, more: Partial<ControlUse> = {}): ControlUse {
  const image = { sha256: 'ab'.repeat(32) };
  return { kind, image, model, hash: '01234567', strength: 1, start: 0, end: 1, ...more };
}

const CANNY = use('canny', 'small-canny');
const SKETCH = use('scribble', 'small-sketch', { strength: 0.8 });
const DEPTH = use('depth', 'small-depth', { strength: 0.6 });

let tasks = 0;

async function make(over: Partial<ResolvedRequest>, more: Partial<DevelopTask> = {}, by: Developer = developer) {
  const controlPaths = over.controls?.map(() => drawing);
  const task = {
    ...makeTask(path.join(folder, `job${++tasks}`), over),
    ...(controlPaths === undefined ? {} : { controlPaths }),
    ...more,
  };
  const pictures = await by.develop(task, () => {}, NEVER);
  const files = await Promise.all(pictures.map(({ fileName }) => readFile(path.join(task.outputDir, fileName))));
  return { task, pictures, files };
}

async function farthest(a: Uint8Array, b: Uint8Array, size = SIZE): Promise<number> {
  const [left, right] = await Promise.all([decodePicture(a, size), decodePicture(b, size)]);
  return left.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - right.data[i]!)), 0);
}

test('says which networks there are, and what fits', () => {
  const [card] = developer.facts.models;
  expect(card!.controls!.map(({ name, fits }) => [name, fits])).toEqual([
    ['mid-tile', []],
    ['small-canny', ['sd-small']],
    ['small-depth', ['sd-small']],
    ['small-sketch', ['sd-small']],
  ]);
  expect(developer.facts.refused).toMatchObject([{ name: 'controlnets/broken.safetensors' }]);
});

describe('pictures that follow something', () => {
  test('share their calls with others that do not, and stay the pictures made alone', async () => {
    const wishes: Partial<ResolvedRequest>[] = [
      { seed: 1, controls: [CANNY] },
      { seed: 2 },
      { seed: 3, controls: [CANNY, DEPTH, SKETCH] },
      { seed: 4, controls: [{ ...CANNY, guess: true, start: 0.3 }], count: 2 },
      { seed: 5, controls: [SKETCH], guidance: 1 },
      { seed: 6, controls: [CANNY], size: { widthPx: 64, heightPx: 96 } },
    ];
    const start = activities.length;
    const together = await Promise.all(wishes.map((wish) => make(wish)));
    const shared = activities.slice(start).filter((activity) => activity === 'unet').length;
    const between = activities.length;
    for (const [at, wish] of wishes.entries()) {
      const alone = await make(wish);
      for (const [k, file] of alone.files.entries()) {
        const { widthPx, heightPx } = alone.pictures[k]!;
        expect(await farthest(together[at]!.files[k]!, file, { widthPx, heightPx })).toBeLessThan(LEVEL);
      }
    }
    const apart = activities.slice(between).filter((activity) => activity === 'unet').length;
    expect(shared).toBeLessThan(apart);
    expect(await farthest(together[0]!.files[0]!, (await make({ seed: 1 })).files[0]!)).toBeGreaterThan(0.2);
  });

  test('of strength 0 are the pictures without', async () => {
    const zero = await make({ seed: 9, controls: [{ ...CANNY, strength: 0 }] });
    expect(await farthest(zero.files[0]!, (await make({ seed: 9 })).files[0]!)).toBe(0);
  });

  test('have their maps beside them, of their own size', async () => {
    const { task, pictures } = await make({
      seed: 7,
      count: 2,
      controls: [CANNY, { ...DEPTH, kind: 'tile', ready: true }],
    });
    expect(pictures.map(({ controlMaps }) => controlMaps?.map(({ kind, fileName }) => [kind, fileName]))).toEqual([
      [
        ['canny', 'control-1.png'],
        ['tile', 'control-2.png'],
      ],
      undefined,
      undefined,
    ]);
    const source = await decodeControl(await readFile(drawing));
    for (const [name, kind] of [
      ['control-1.png', 'canny'],
      ['control-2.png', 'map'],
    ] as const) {
      const written = await decodePicture(await readFile(path.join(task.outputDir, name)), SIZE);
      expect(written.data).toEqual((await controlMap(kind, source, SIZE)).data);
    }
  });

  test('in a second pass follow the map at the larger size', async () => {
    const hires = { scale: 1.5, steps: 2, denoise: 0.7, upscaler: 'latent', size: { widthPx: 144, heightPx: 96 } };
    const followed = await make({ seed: 8, controls: [CANNY], hires });
    expect(followed.pictures[0]).toMatchObject({
      widthPx: 144,
      heightPx: 96,
      controlMaps: [{ widthPx: 96, heightPx: 64 }],
    });
    const plain = await make({ seed: 8, hires });
    expect(await farthest(followed.files[0]!, plain.files[0]!, hires.size)).toBeGreaterThan(0.2);
  });

  test('under a mask alone follow what lies there', async () => {
    const mask = path.join(folder, 'mask.png');
    const hole = {
      input: { create: { width: 40, height: 40, channels: 3 as const, background: '#fff' } },
      left: 20,
      top: 20,
    };
    const black = sharp({ create: { width: 150, height: 100, channels: 3, background: '#000' } });
    await writeFile(mask, await black.composite([hole]).png().toBuffer());
    const image = { sha256: 'ab'.repeat(32) };
    const over = { initImage: image, strength: 1, mask: { sha256: 'cd'.repeat(32) }, maskBlurPx: 0, onlyMaskedPx: 10 };
    const { task, pictures } = await make(
      { ...over, controls: [use('map', 'small-canny')] },
      { initImagePath: drawing, maskPath: mask },
    );
    expect(pictures[0]).toMatchObject({ widthPx: 150, heightPx: 100 });
    const map = await decodePicture(await readFile(path.join(task.outputDir, 'control-1.png')), SIZE);
    const cut = await sharp(await readFile(drawing))
      .extract({ left: 0, top: 10, width: 90, height: 60 })
      .png()
      .toBuffer();
    const expected = await decodePicture(cut, SIZE);
    const off = map.data.reduce((sum, value, i) => sum + Math.abs(value - expected.data[i]!), 0) / map.data.length;
    expect(off).toBeLessThan(0.05);
  });

  test('that are repainted show an inpainting network their hole', async () => {
    const mask = path.join(folder, 'half.png');
    const half = {
      input: { create: { width: 75, height: 100, channels: 3 as const, background: '#fff' } },
      left: 0,
      top: 0,
    };
    const black = sharp({ create: { width: 150, height: 100, channels: 3, background: '#000' } });
    await writeFile(mask, await black.composite([half]).png().toBuffer());
    const over = {
      initImage: { sha256: 'ab'.repeat(32) },
      strength: 1,
      mask: { sha256: 'cd'.repeat(32) },
      maskBlurPx: 0,
    };
    const { task } = await make(
      { ...over, controls: [use('inpaint', 'small-canny')] },
      { initImagePath: drawing, maskPath: mask },
    );
    const map = await decodePicture(await readFile(path.join(task.outputDir, 'control-1.png')), SIZE);
    expect(Math.max(...map.data.subarray(0, 40))).toBe(-1);
    expect(Math.min(...map.data.subarray(56, 90))).toBeGreaterThan(0);
  });
});

describe('what cannot be followed', () => {
  test('a picture that did not come, is none, or a network that is gone', async () => {
    await expect(make({ controls: [CANNY] }, { controlPaths: [] })).rejects.toMatchObject({ code: 'request_invalid' });
    const text = path.join(modelsDir, 'sd-small/model_index.json');
    await expect(make({ controls: [CANNY] }, { controlPaths: [text] })).rejects.toMatchObject({
      code: 'input_image_invalid',
    });
    const gone = make({ controls: [use('canny', 'gone')] });
    await expect(gone).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringContaining('small-canny'),
    });
  });

  test('for want of memory is told before anything is drawn; without the control there is enough', async () => {
    const small = await openDeveloper({ modelsDir, device: 'cpu', threads: 1, memoryLimit: '420M' });
    await expect(make({ seed: 1, controls: [CANNY, DEPTH] }, {}, small)).rejects.toMatchObject({
      code: 'request_invalid',
      details: { kind: 'memory' },
    });
    expect((await make({ seed: 1 }, {}, small)).pictures).toHaveLength(1);
    await small.close();
  });
});
