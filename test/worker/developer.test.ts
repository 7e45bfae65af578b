// Tasks on real, tiny networks: what shares its calls with strangers is the picture made alone, and faults stay where they belong.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GRID_INDEX } from '../../src/core/job.ts';
import type { ResolvedRequest, Size } from '../../src/core/request.ts';
import type { DevelopProgress } from '../../src/core/worker.ts';
import type { UnetRow } from '../../src/diffusion/asks.ts';
import { DEFAULT_SCHEDULER } from '../../src/diffusion/schedulerConfig.ts';
import { DarkroomError } from '../../src/errors.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { Batcher, type Networks } from '../../src/worker/batcher.ts';
import { budgetFor } from '../../src/worker/callPlan.ts';
import { type Developer, makeDeveloper, openDeveloper } from '../../src/worker/developer.ts';
import { ModelShelf, type OpenedModel } from '../../src/worker/modelShelf.ts';
import type { Activity } from '../../src/worker/protocol.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';

const NEVER = new AbortController().signal;
const SIZE: Size = { widthPx: 96, heightPx: 64 };
/** Of 255; a call of more rows adds up in another order, which can carry one number over a rounding edge. */
const LEVEL = 1.01 / 127.5;
const HASH = 'c'.repeat(64);

let folder: string;
let developer: Developer;
const activities: Activity[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  const onActivity = (activity: Activity) => activities.push(activity);
  developer = await openDeveloper({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1, onActivity });
});

afterAll(async () => {
  await developer.close();
  await rm(folder, { recursive: true });
});

let tasks = 0;

async function make(over: Partial<ResolvedRequest>, initImagePath: string | null = null) {
  const task = makeTask(path.join(folder, `job${++tasks}`), over, initImagePath);
  const progress: DevelopProgress[] = [];
  const pictures = await developer.develop(task, (step) => progress.push(step), NEVER);
  const files = await Promise.all(pictures.map(({ fileName }) => readFile(path.join(task.outputDir, fileName))));
  return { task, pictures, files, progress };
}

async function farthest(a: Uint8Array | undefined, b: Uint8Array | undefined, size = SIZE): Promise<number> {
  const [left, right] = await Promise.all([decodePicture(a!, size), decodePicture(b!, size)]);
  return left.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - right.data[i]!)), 0);
}

describe('a task', () => {
  test('finds the tiny models and says what runs them', () => {
    expect(developer.facts).toMatchObject({
      pid: process.pid,
      provider: 'cpu',
      providerReason: 'configured',
      refused: [],
    });
    expect(developer.facts.models.map((card) => card.name)).toEqual(['plain-mid', 'sd-small', 'v-linear']);
  });

  test('leaves pictures with their recipe, and a grid of several', async () => {
    const { pictures, files, progress, task } = await make({ count: 3, seed: 4_294_967_294 });
    expect(
      pictures.map(({ imageIndex, fileName, seed, widthPx, heightPx }) => [
        imageIndex,
        fileName,
        seed,
        widthPx,
        heightPx,
      ]),
    ).toEqual([
      [0, '0.png', 4_294_967_294, 96, 64],
      [1, '1.png', 4_294_967_295, 96, 64],
      [2, '2.png', 0, 96, 64],
      [GRID_INDEX, 'grid.png', 4_294_967_294, 196, 132],
    ]);
    expect(readRecipe(files[2]!)).toMatch(
      /^a red heart\nSteps: 3, Sampler: Euler, CFG scale: 4, Seed: 0, Size: 96x64, Model: sd-small/,
    );
    expect(pictures.map(({ sizeBytes }) => sizeBytes)).toEqual(files.map((bytes) => bytes.length));
    expect(await readdir(task.outputDir)).toHaveLength(4);
    expect(progress.at(-1)).toEqual({ jobId: task.jobId, stepsDone: 9, stepsTotal: 9 });
  });

  test('picture k of several is the single picture of seed + k', async () => {
    const several = await make({ count: 3, seed: 20, sampler: 'euler_a' });
    for (const k of [0, 1, 2]) {
      const single = await make({ seed: 20 + k, sampler: 'euler_a' });
      expect(await farthest(several.files[k], single.files[0])).toBeLessThan(LEVEL);
    }
  });

  test('shares its calls with other jobs and stays the picture made alone', async () => {
    const wishes: Partial<ResolvedRequest>[] = [
      { seed: 1, steps: 5, sampler: 'dpmpp_2m_karras' },
      { seed: 2, steps: 3, guidance: 1, prompt: 'fog' },
      { seed: 3, steps: 4, sampler: 'ddim', size: { widthPx: 64, heightPx: 96 } },
      { seed: 4, steps: 3, model: 'v-linear' },
      { seed: 5, steps: 4, count: 2, negativePrompt: 'snow' },
      { seed: 6, prompt: 'a (red:1.3) heart BREAK [two|three] cats', negativePrompt: 'snow' },
      { seed: 7, prompt: 'a heart :1.2 AND fog :-0.3', clipSkip: 2 },
    ];
    const together = await Promise.all(wishes.map((wish) => make(wish)));
    for (const [k, wish] of wishes.entries()) {
      const alone = await make(wish);
      expect(await farthest(together[k]!.files[0], alone.files[0], wish.size)).toBeLessThan(LEVEL);
    }
  });

  test('encodes a prompt once, however many pictures use it', async () => {
    activities.length = 0;
    await make({ count: 4, prompt: 'cat', negativePrompt: 'cat' });
    expect(activities.filter((activity) => activity === 'text')).toHaveLength(1);
  });

  test('starts from a picture; strength says how many steps are run and how much stays', async () => {
    const { files } = await make({ seed: 30 });
    const start = path.join(folder, 'start.png');
    await writeFile(start, files[0]!);
    const image = { sha256: HASH };
    const far = await make({ seed: 31, steps: 10, strength: 0.9, initImage: image }, start);
    const near = await make({ seed: 31, steps: 10, strength: 0.2, initImage: image }, start);
    expect(far.progress.at(-1)?.stepsTotal).toBe(9);
    expect(near.progress.at(-1)?.stepsTotal).toBe(2);
    expect(await farthest(near.files[0], far.files[0])).toBeGreaterThan(LEVEL);
  });
});

describe('a task that cannot be done', () => {
  test('names the models there are', async () => {
    await expect(make({ model: 'ice' })).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringContaining('sd-small'),
    });
  });

  test('refuses a start picture that is none, and leaves no file', async () => {
    const start = path.join(folder, 'broken.png');
    await writeFile(start, 'GIF89a and no more');
    const making = make({ strength: 0.5, initImage: { sha256: HASH } }, start);
    await expect(making).rejects.toMatchObject({ code: 'input_image_invalid', audience: 'user' });
    expect(await readdir(folder)).not.toContain(`job${tasks}`);
  });

  test('says when the start picture is gone', async () => {
    const making = make({ strength: 0.5, initImage: { sha256: HASH } }, path.join(folder, 'nowhere.png'));
    await expect(making).rejects.toMatchObject({ code: 'input_image_invalid' });
  });

  test('never takes a request with a start picture for one without', async () => {
    await expect(make({ strength: 0.5, initImage: { sha256: HASH } })).rejects.toMatchObject({
      code: 'request_invalid',
    });
  });

  test('of a size the model cannot make fails alone, beside a good one', async () => {
    const [good, bad] = await Promise.allSettled([
      make({ seed: 8 }),
      make({ seed: 9, size: { widthPx: 92, heightPx: 64 } }),
    ]);
    expect(good.status).toBe('fulfilled');
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'request_invalid' } });
  });

  test('cannot write where a file lies in the way', async () => {
    const inTheWay = path.join(folder, 'file');
    await writeFile(inTheWay, '');
    await expect(developer.develop(makeTask(inTheWay), () => {}, NEVER)).rejects.toMatchObject({
      code: 'store_failed',
    });
  });

  test('leaves no file when it is cancelled between steps', async () => {
    const task = makeTask(path.join(folder, 'cancelled'), { steps: 40 });
    const abort = new AbortController();
    const steps: number[] = [];
    const onProgress = ({ stepsDone }: DevelopProgress) => {
      steps.push(stepsDone);
      if (stepsDone === 2) abort.abort();
    };
    await expect(developer.develop(task, onProgress, abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
    expect(steps).toEqual([1, 2]);
    expect(await readdir(folder)).not.toContain('cancelled');
  });
});

describe('networks that fail', () => {
  /** Networks without a model behind them; `fault` breaks the first U-Net call of the first opening. */
  function faultyDeveloper(fault: (rows: readonly UnetRow[]) => Float32Array[]) {
    let openings = 0;
    const open = async (): Promise<OpenedModel> => {
      let isFaulty = ++openings === 1;
      const networks: Networks = {
        text: async (prompts) => prompts.map(() => ({ tokens: 1, width: 1, hidden: Float32Array.of(1) })),
        unet: async (rows) => {
          if (!isFaulty) return rows.map(({ latents }) => latents.data.map((value) => value / 2));
          isFaulty = false;
          return fault(rows);
        },
        encode: async () => [],
        decode: async (all) =>
          all.map(({ height, width, data }) => ({ height, width, data: data.slice(0, 3 * height * width) })),
      };
      return { networks, facts, close: async () => {} };
    };
    const batcher = new Batcher({ budget: budgetFor('cpu') });
    return { developer: makeDeveloper(developer.facts, new ModelShelf(open), batcher), openings: () => openings };
  }

  const facts = { scheduler: DEFAULT_SCHEDULER, latentChannels: 4, pixelsPerLatent: 1, scalingFactor: 1 };
  const task = (name: string) => makeTask(path.join(folder, name), { size: { widthPx: 6, heightPx: 4 } });

  test('end as the job’s error, and the next job gets the model opened anew', async () => {
    const faulty = faultyDeveloper(() => {
      throw new DarkroomError('runtime_failed', 'unet: out of memory');
    });
    const making = faulty.developer.develop(task('lost'), () => {}, NEVER);
    await expect(making).rejects.toMatchObject({ code: 'runtime_failed', message: 'unet: out of memory' });
    expect(await faulty.developer.develop(task('found'), () => {}, NEVER)).toHaveLength(1);
    expect(faulty.openings()).toBe(2);
  });

  test('by giving no numbers are told, not shown as a black picture', async () => {
    const faulty = faultyDeveloper((rows) => rows.map(({ latents }) => latents.data.map(() => Number.NaN)));
    const making = faulty.developer.develop(task('black'), () => {}, NEVER);
    await expect(making).rejects.toMatchObject({
      code: 'runtime_failed',
      message: expect.stringContaining('found NaN at 0 of 72'),
    });
    expect(await readdir(folder)).not.toContain('black');
  });
});

test.each([
  ['cpu', [400]],
  ['cuda', []],
])('a machine that computes on %s gives way only where the processor is what is short', (provider, expected) => {
  const asked: number[] = [];
  const batcher = new Batcher({ budget: budgetFor('cpu') });
  batcher.giveWay = (ms) => void asked.push(ms);
  const shelf = new ModelShelf(() => Promise.reject(new Error('nothing is opened here')));
  makeDeveloper({ ...developer.facts, provider }, shelf, batcher).giveWay(400);
  expect(asked).toEqual(expected);
});
