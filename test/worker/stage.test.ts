// Tasks with masks and larger canvases on real, tiny networks: what comes back untouched, what diffusers makes of the same surroundings,
// batches, and the models that need a picture.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResolvedRequest, Size } from '../../src/core/request.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { encodePng, toRgb } from '../../src/image/encode.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { setStage } from '../../src/worker/stage.ts';
import { paintedPng } from '../image/makePng.ts';
import {
  INPAINTING_MODELS,
  maskOf,
  type OnlyMaskedCase,
  onlyMaskedCases,
  pixelsOf,
  type Recorded,
  recordedArray,
} from '../support/goldenInpainting.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';

const NEVER = new AbortController().signal;
const SIZE: Size = { widthPx: 96, heightPx: 64 };
const SOURCE = { sha256: 'a'.repeat(64) };
const MASK = { sha256: 'b'.repeat(64) };

let folder: string;
let ordinary: Developer;
let needing: Developer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  ordinary = await openDeveloper({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1 });
  needing = await openDeveloper({ modelsDir: INPAINTING_MODELS, device: 'cpu', threads: 1 });
});
afterAll(async () => {
  await ordinary.close();
  await needing.close();
  await rm(folder, { recursive: true });
});

let files = 0;
async function put(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, `${++files}.png`);
  await writeFile(file, bytes);
  return file;
}

interface Asked extends Partial<ResolvedRequest> {
  readonly source: Uint8Array;
  readonly drawn?: Uint8Array;
}

async function taskOf({ source, drawn, ...over }: Asked) {
  const request = { initImage: SOURCE, strength: 0.7, ...(drawn === undefined ? {} : { mask: MASK }), ...over };
  const task = makeTask(path.join(folder, `job${++files}`), request, await put(source));
  return { ...task, maskPath: drawn === undefined ? null : await put(drawn) };
}

async function make(asked: Asked, developer = ordinary) {
  const task = await taskOf(asked);
  const pictures = await developer.develop(task, () => {}, NEVER);
  return Promise.all(pictures.map(({ fileName }) => readFile(path.join(task.outputDir, fileName))));
}

const rgb = async (png: Uint8Array, size = SIZE) => toRgb(await decodePicture(png, size));
const source = paintedPng(96, 64, (x, y) => [(x * 5) % 256, (y * 7) % 256, 128]);
const half = paintedPng(96, 64, (x) => (x >= 48 ? [255, 255, 255] : [0, 0, 0]));

/** Places whose pixels differ. */
async function changed(a: Uint8Array, b: Uint8Array, size = SIZE): Promise<number[]> {
  const [left, right] = [await rgb(a, size), await rgb(b, size)];
  const places = Array.from({ length: size.widthPx * size.heightPx }, (_, at) => at);
  return places.filter((at) => [0, 1, 2].some((channel) => left[3 * at + channel] !== right[3 * at + channel]));
}

describe('a mask', () => {
  test('lets nothing else change; its softened edge reaches two and a half blurs beyond it', async () => {
    const [hard] = await make({ source, drawn: half, maskBlurPx: 0 });
    expect((await changed(hard!, source)).every((at) => at % 96 >= 48)).toBe(true);
    const [soft] = await make({ source, drawn: half, maskBlurPx: 4 });
    const columns = (await changed(soft!, source)).map((at) => at % 96);
    expect(Math.min(...columns)).toBeGreaterThanOrEqual(38);
    expect(Math.min(...columns)).toBeLessThan(48);
    expect(readRecipe(soft!)).toContain(`Mask blur: 4, Mask: ${MASK.sha256}`);
  });

  test('picture k of several is the single picture of seed + k', async () => {
    const [, second] = await make({ source, drawn: half, seed: 20, count: 2, sampler: 'euler_a' });
    const [alone] = await make({ source, drawn: half, seed: 21, sampler: 'euler_a' });
    const [a, b] = [await rgb(second!), await rgb(alone!)];
    expect(Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))).toBeLessThanOrEqual(1);
  });

  test('of thin strokes that miss every latent cell’s first pixel still repaints', async () => {
    const stroke = paintedPng(96, 64, (x) => (x === 51 ? [255, 255, 255] : [0, 0, 0]));
    const [made] = await make({ source, drawn: stroke, maskBlurPx: 0, strength: 1 });
    const places = await changed(made!, source);
    expect(places.length).toBeGreaterThan(32);
    expect(places.every((at) => at % 96 === 51)).toBe(true);
  });

  test('strength 0 gives the start picture back', async () => {
    const [made] = await make({ source, drawn: half, strength: 0, maskBlurPx: 0 });
    expect((await changed(made!, source)).every((at) => at % 96 >= 48)).toBe(true);
  });

  test.each([
    ['black', paintedPng(96, 64, () => [0, 0, 0]), 'mask_empty'],
    ['of another shape', paintedPng(64, 96, () => [255, 255, 255]), 'mask_shape'],
    ['no picture', Buffer.from('hello'), undefined],
  ])('that is %s fails the task', async (_, drawn, reason) => {
    const error: unknown = await make({ source, drawn }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'input_image_invalid', message: expect.stringMatching(/^mask: /) });
    expect((error as { details: { reason?: string } }).details.reason).toBe(reason);
  });

  test('that is gone fails the task', async () => {
    const task = { ...(await taskOf({ source, drawn: half })), maskPath: path.join(folder, 'gone.png') };
    await expect(setStage(task)).rejects.toMatchObject({ message: 'mask: cannot be read (ENOENT)' });
    await expect(setStage({ ...task, maskPath: null })).rejects.toMatchObject({ code: 'request_invalid' });
  });
});

describe('a hole in the start picture', () => {
  const holed = paintedPng(96, 64, (x, y) => [
    (x * 5) % 256,
    (y * 7) % 256,
    128,
    x >= 32 && x < 64 && y >= 16 ? 0 : 255,
  ]);
  const isHole = (at: number) => at % 96 >= 32 && at % 96 < 64 && at >= 16 * 96;

  test('is repainted, and nothing else', async () => {
    const [made] = await make({ source: holed, maskBlurPx: 0, strength: 1 });
    const places = await changed(made!, source);
    expect(places.every(isHole)).toBe(true);
    expect(places.length).toBeGreaterThan(0.9 * 32 * 48);
  });

  test('begins from what is around it', async () => {
    const { start } = await setStage(await taskOf({ source: holed }));
    // Blue is the same everywhere but in the hole, which is white without any filling.
    const blue = start!.pixels.data.subarray(2 * 96 * 64);
    expect(Math.max(...blue)).toBeLessThan(0.05);
  });

  test('a cut-out picture is none, unless it is named as its own mask', async () => {
    const cutOut = paintedPng(96, 64, (x) => [200, 0, 0, x >= 32 && x < 64 ? 255 : 0]);
    expect((await setStage(await taskOf({ source: cutOut }))).start?.repaint).toBeUndefined();
    const named = await setStage(await taskOf({ source: cutOut, mask: SOURCE, maskBlurPx: 0 }));
    expect([...named.start!.repaint!.mask.data.subarray(30, 34)]).toEqual([1, 1, 0, 0]);
  });
});

const png = ({ shape, bytes }: Recorded) => encodePng(pixelsOf({ shape, bytes }), null);
const greyPng = ({ shape: [height, width], bytes }: Recorded) =>
  paintedPng(width!, height!, (x, y) => Array(3).fill(bytes[y * width! + x]!));

describe('only the surroundings of a mask', () => {
  const OWN = { widthPx: 168, heightPx: 140 };
  const asked = async (golden: OnlyMaskedCase) => ({
    source: await png(recordedArray('only-masked/picture')),
    drawn: greyPng(recordedArray(`only-masked/${golden.name}/mask`)),
    prompt: golden.prompt,
    negativePrompt: golden.negative,
    seed: golden.seed,
    steps: golden.steps,
    guidance: golden.guidance,
    sampler: golden.sampler,
    strength: golden.strength,
    maskBlurPx: 0,
    onlyMaskedPx: golden.padding,
  });

  // Nothing is resized in the first. In the second Pillow enlarges by Lanczos, libvips by a cubic, and the random picture is all edges.
  test.each([
    [onlyMaskedCases[0]!, 0.1, 2],
    [onlyMaskedCases[1]!, 20, 200],
  ])(
    'are repainted as diffusers does it ($name); the picture keeps its size, and the rest of it',
    async (golden, mean, most) => {
      const [made] = await make(await asked(golden));
      expect([made!.readUInt32BE(16), made!.readUInt32BE(20)]).toEqual([OWN.widthPx, OWN.heightPx]);
      const [ours, theirs] = [await rgb(made!, OWN), recordedArray(`only-masked/${golden.name}/pixels`).bytes];
      const mask = maskOf(recordedArray(`only-masked/${golden.name}/mask`));
      const before = recordedArray('only-masked/picture').bytes;
      const isSame = (at: number) => [0, 1, 2].every((channel) => ours[3 * at + channel] === before[3 * at + channel]);
      expect([...mask.data.keys()].filter((at) => mask.data[at] === 0).every(isSame)).toBe(true);
      const inside = [...ours.keys()].filter((at) => mask.data[Math.floor(at / 3)]! > 0);
      const differences = inside.map((at) => Math.abs(ours[at]! - theirs[at]!));
      expect(differences.reduce((sum, value) => sum + value, 0) / inside.length).toBeLessThan(mean);
      expect(Math.max(...differences)).toBeLessThanOrEqual(most);
    },
  );

  test('are refused where there is neither a mask nor a hole', async () => {
    const error: unknown = await make({ source, onlyMaskedPx: 8 }).catch((thrown) => thrown);
    expect(error).toMatchObject({ message: 'mask: found none, expected one to work on' });
  });

  test('a picture too large is made smaller first', async () => {
    const large = paintedPng(2100, 1400, (x) => [x % 256, 0, 0]);
    const { size } = await setStage(await taskOf({ source: large, drawn: half, onlyMaskedPx: 0 }));
    expect(size).toEqual({ widthPx: 2048, heightPx: 1365 });
  });
});

describe('a larger canvas', () => {
  const outpaint = { leftPx: 16, rightPx: 16, upPx: 10, downPx: 11 };

  test('holds the picture in its middle, untouched away from the border', async () => {
    const [made] = await make({ source, outpaint, strength: 1 });
    const inner = { widthPx: 64, heightPx: 43 };
    const [small, whole] = [await rgb(source, inner), await rgb(made!)];
    for (let y = 8; y < 35; y++) {
      for (let x = 8; x < 56; x++) {
        const [from, to] = [3 * (y * 64 + x), 3 * ((y + 10) * 96 + x + 16)];
        expect([...whole.subarray(to, to + 3)]).toEqual([...small.subarray(from, from + 3)]);
      }
    }
    expect(readRecipe(made!)).toContain('Outpaint: left 16 right 16 up 10 down 11');
  });

  test('begins from a continuation of the picture', async () => {
    const { start } = await setStage(await taskOf({ source, outpaint }));
    expect(Math.max(...start!.pixels.data.subarray(2 * 96 * 64))).toBeLessThan(0.05);
    expect(start!.repaint!.masked.data[0]).toBe(0);
  });
});

describe('models that need a picture', () => {
  const both = { model: 'inpaint9', sampler: 'ddim' } as const;

  test('say so, and their makers load', () => {
    expect(needing.facts.refused).toEqual([]);
    expect(needing.facts.models.map(({ name, needs }) => [name, needs])).toEqual([
      ['inpaint9', 'image+mask'],
      ['inpaint9-one', 'image+mask'],
      ['pix2pix', 'image'],
    ]);
  });

  test('inpainting: with a mask that part, without one everything', async () => {
    const [part] = await make({ source, drawn: half, maskBlurPx: 0, strength: 1, ...both }, needing);
    expect((await changed(part!, source)).every((at) => at % 96 >= 48)).toBe(true);
    const white = paintedPng(96, 64, () => [255, 255, 255]);
    const [all] = await make({ source, drawn: white, maskBlurPx: 0, strength: 1, ...both }, needing);
    const [none] = await make({ source, strength: 1, ...both }, needing);
    expect(await changed(all!, none!)).toEqual([]);
  });

  test('editing: two scales, picture k of several is the single one of seed + k', async () => {
    const edit = { source, model: 'pix2pix', sampler: 'ddim', imageGuidance: 1.5, strength: 1 } as const;
    const [, second] = await make({ ...edit, seed: 7, count: 2 }, needing);
    const [alone] = await make({ ...edit, seed: 8 }, needing);
    const [a, b] = [await rgb(second!), await rgb(alone!)];
    expect(Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))).toBeLessThanOrEqual(1);
    const [closer] = await make({ ...edit, seed: 8, imageGuidance: 3 }, needing);
    expect((await changed(closer!, alone!)).length).toBeGreaterThan(100);
  });

  test('editing under a mask keeps the rest', async () => {
    const edit = { model: 'pix2pix', sampler: 'ddim', imageGuidance: 1.5, strength: 1, maskBlurPx: 0 } as const;
    const [made] = await make({ source, drawn: half, ...edit }, needing);
    expect((await changed(made!, source)).every((at) => at % 96 >= 48)).toBe(true);
  });

  test('a request without a picture is refused before anything is computed', async () => {
    const task = makeTask(path.join(folder, 'bare'), { model: 'inpaint9' });
    await expect(needing.develop(task, () => {}, NEVER)).rejects.toMatchObject({
      code: 'request_invalid',
      message: 'start picture: found none, expected one: this model changes pictures',
    });
  });
});
