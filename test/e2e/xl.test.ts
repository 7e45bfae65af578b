// SDXL, its refiner and a latent consistency model against diffusers, picture by picture, from folders and from single files. Tolerances as
// in oracle.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Answer, Ask } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { developPicture, type Picture } from '../../src/diffusion/pipeline.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import type { ModelFolder } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { openDeveloper } from '../../src/worker/developer.ts';
import { factsOf } from '../../src/worker/modelShelf.ts';
import {
  answerWith,
  type GoldenCase,
  goldenLatents,
  goldenPixels,
  relativeDistance,
  requestOf,
  toBytes,
  worstByte,
  xlCases,
} from '../support/goldenPipelines.ts';
import { makeXlModels } from '../support/madeModels.ts';
import { type Distance, layoutTable, writeOracleSection } from '../support/oracleTable.ts';
import { makeTask } from '../support/tasks.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const folder = makeXlModels();
const registry = scanModels(folder);
const opened = new Map<string, Promise<OpenModel>>();
const folders = new Map<string, ModelFolder>();
afterAll(async () => {
  for (const model of opened.values()) await (await model).close();
  await rm(folder, { recursive: true });
});

function folderOf(name: string): ModelFolder {
  const found = folders.get(name) ?? registry.open(name);
  folders.set(name, found);
  return found;
}

function modelOf(name: string): Promise<OpenModel> {
  const found = opened.get(name) ?? openModel(folderOf(name), { provider: 'cpu', threads: 1 });
  opened.set(name, found);
  return found;
}

/** Asks answered by a model and its refiner. */
function answerBy(base: string, refiner: string) {
  return async (ask: Ask): Promise<Answer> => {
    const name = 'expert' in ask && ask.expert === 'refiner' ? refiner : base;
    return answerWith(await modelOf(name), folderOf(name), ask);
  };
}

/** The picture of a recorded case, by a model and, where the case says so, a refiner. */
async function develop(golden: GoldenCase, base: string, refiner: string): Promise<Picture> {
  const facts = factsOf(folderOf(base));
  const { switchAt } = golden;
  if (switchAt == null) return drive(developPicture(requestOf(golden), facts), answerBy(base, refiner));
  const { conditions = {}, scheduler } = factsOf(folderOf(refiner));
  const use = { switchAt, conditions, predictionType: scheduler.predictionType };
  const pipeline = developPicture(requestOf(golden), { ...facts, refiner: use });
  return drive(pipeline, answerBy(base, refiner));
}

const distances = new Map<readonly [string, string], Distance>();
afterAll(() =>
  writeOracleSection('Stable Diffusion XL and latent consistency models by layout', layoutTable(distances)),
);

function expectGolden(picture: Picture, golden: GoldenCase, layout: string): void {
  const latents = relativeDistance(picture.latents, goldenLatents(golden));
  const bytes = worstByte(toBytes(picture.pixels), goldenPixels(golden));
  const refined = golden.switchAt == null ? '' : ', refined';
  distances.set([layout + refined, golden.sampler], { latents, bytes });
  expect(latents).toBeLessThanOrEqual(LATENT_TOLERANCE);
  expect(bytes).toBeLessThanOrEqual(PIXEL_TOLERANCE);
}

test('every layout is listed, with its family and what it was trained for', () => {
  expect(registry.refused).toEqual([]);
  expect(registry.cards.map(({ name, family, defaults }) => [name, family, defaults.size.widthPx])).toEqual([
    ['base', 'sdxl', 128],
    ['base-single', 'sdxl', 1024],
    ['lcm', 'sd1', 128],
    ['lcmxl', 'sdxl', 128],
    ['refiner', 'sdxl-refiner', 128],
    ['refiner-single', 'sdxl-refiner', 1024],
    ['zsnr-single', 'sdxl', 1024],
  ]);
});

const isMarked = ({ marks = [] }: GoldenCase) => marks.length > 0;

const FOLDER_LAYOUTS: Readonly<Record<string, string>> = {
  base: 'XL base folder, fp16, sharded',
  refiner: 'XL refiner folder, fp32',
  lcm: 'LCM folder, fp32',
  lcmxl: 'LCM XL folder, fp32',
};
const SINGLE_LAYOUTS: Readonly<Record<string, string>> = {
  base: 'XL base single file, fp16',
  refiner: 'XL refiner single file, bf16',
};

describe('from folders', () => {
  test.each(xlCases.filter((golden) => !isMarked(golden)))('$key', async (golden) => {
    expectGolden(await develop(golden, golden.folder, 'refiner'), golden, FOLDER_LAYOUTS[golden.folder]!);
  });
});

describe('from single files', () => {
  const cases = xlCases.filter((golden) => !isMarked(golden) && !golden.folder.startsWith('lcm'));
  test.each(cases)('$key', async (golden) => {
    const picture = await develop(golden, `${golden.folder}-single`, 'refiner-single');
    expectGolden(picture, golden, SINGLE_LAYOUTS[golden.folder]!);
  });

  test.each(xlCases.filter(isMarked))('marked as v prediction with zero terminal SNR: $sampler', async (golden) => {
    expectGolden(await develop(golden, 'zsnr-single', 'refiner'), golden, 'XL single file, fp32, v, zero terminal SNR');
  });
});

test('rows of three pictures in every call, each with its own prompts, pooled and negative', async () => {
  const cases = ['base/euler/text', 'base/euler/pair-1', 'base/dpmpp_2m/no-negative'].map(
    (key) => xlCases.find((golden) => golden.key === key)!,
  );
  const model = await modelOf('base');
  const pipelines = cases.map((golden) => developPicture(requestOf(golden), factsOf(folderOf('base'))));
  let results = pipelines.map((pipeline) => pipeline.next());
  while (!results.every(({ done }) => done)) {
    const asks = results.map(({ value }) => value as Ask);
    const rows = asks.flatMap((ask) => (ask.kind === 'unet' ? ask.rows : []));
    const predictions = rows.length === 0 ? [] : [...(await model.unet(rows))];
    const answers: Answer[] = [];
    for (const ask of asks) {
      if (ask.kind === 'unet') answers.push({ kind: 'unet', predictions: predictions.splice(0, ask.rows.length) });
      else answers.push(await answerBy('base', 'refiner')(ask));
    }
    results = pipelines.map((pipeline, k) => pipeline.next(answers[k]!));
  }
  for (const [k, { value }] of results.entries()) expectGolden(value as Picture, cases[k]!, FOLDER_LAYOUTS.base!);
});

describe('the whole way of a task', () => {
  const hints = path.join(folder, 'base', 'darkroom.json');
  const output = `${folder}-job`;
  afterAll(() => rm(output, { recursive: true }));

  test('the refiner of the hints takes both pictures of a task over', async () => {
    const golden = xlCases.find(({ key }) => key === 'base/euler/refined')!;
    writeFileSync(hints, JSON.stringify({ refiner: { model: 'refiner' } }));
    const developer = await openDeveloper({ modelsDir: folder, device: 'cpu', threads: 1 });
    const { prompt, negative, steps, guidance, seed, sampler } = golden;
    const over = { prompt, negativePrompt: negative, steps, guidance, seed, sampler, model: 'base', count: 2 };
    const progress: number[] = [];
    const task = makeTask(output, over);
    const pictures = await developer.develop(
      task,
      ({ stepsDone }) => progress.push(stepsDone),
      new AbortController().signal,
    );
    expect(progress.at(-1)).toBe(2 * steps);
    expect(pictures.map((picture) => picture.fileName)).toEqual(['0.png', '1.png', 'grid.png']);
    const png = readFileSync(path.join(output, '0.png'));
    expect(readRecipe(png)).toContain(', Refiner: refiner, Refiner switch at: 0.8, ');
    const pixels = await decodePicture(png, { widthPx: golden.width, heightPx: golden.height });
    expect(worstByte(toBytes(pixels), goldenPixels(golden))).toBeLessThanOrEqual(PIXEL_TOLERANCE);
    await developer.close();
  });

  test('a model whose refiner is not there is refused with its name', () => {
    writeFileSync(hints, JSON.stringify({ refiner: { model: 'nobody', switchAt: 0.7 } }));
    const { cards, refused } = scanModels(folder);
    expect(cards.map(({ name }) => name)).not.toContain('base');
    expect(refused).toEqual([
      { name: 'base', reason: expect.stringMatching(/^base: its hints name the refiner nobody, .*refiner-single/) },
    ]);
  });
});
