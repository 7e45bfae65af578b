// SDXL, its refiner and a latent consistency model against diffusers, picture by picture, from folders and from single files. Tolerances as
// in oracle.test.ts.
import { rm } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import type { Answer, Ask } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { developPicture, type Picture } from '../../src/diffusion/pipeline.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import type { ModelFolder } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
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

/** The picture of a recorded case, by a model and, where the case says so, a refiner. */
async function develop(golden: GoldenCase, base: string, refiner: string): Promise<Picture> {
  const facts = factsOf(folderOf(base));
  const answer = async (ask: Ask): Promise<Answer> => {
    const name = 'expert' in ask && ask.expert === 'refiner' ? refiner : base;
    return answerWith(await modelOf(name), folderOf(name), ask);
  };
  const { switchAt } = golden;
  if (switchAt == null) return drive(developPicture(requestOf(golden), facts), answer);
  const { conditions = {}, scheduler } = factsOf(folderOf(refiner));
  const use = { switchAt, conditions, predictionType: scheduler.predictionType };
  return drive(developPicture(requestOf(golden), { ...facts, refiner: use }), answer);
}

function expectGolden(picture: Picture, golden: GoldenCase): void {
  expect(relativeDistance(picture.latents, goldenLatents(golden))).toBeLessThanOrEqual(LATENT_TOLERANCE);
  expect(worstByte(toBytes(picture.pixels), goldenPixels(golden))).toBeLessThanOrEqual(PIXEL_TOLERANCE);
}

test('every layout is listed, with its family and what it was trained for', () => {
  expect(registry.refused).toEqual([]);
  expect(registry.cards.map(({ name, family, defaults }) => [name, family, defaults.size.widthPx])).toEqual([
    ['base', 'sdxl', 128],
    ['base-single', 'sdxl', 1024],
    ['lcm', 'sd1', 128],
    ['refiner', 'sdxl-refiner', 128],
    ['refiner-single', 'sdxl-refiner', 1024],
  ]);
});

describe('from folders', () => {
  test.each(xlCases)('$key', async (golden) => {
    expectGolden(await develop(golden, golden.folder, 'refiner'), golden);
  });
});

describe('from single files', () => {
  const cases = xlCases.filter(({ folder: model }) => model !== 'lcm');
  test.each(cases)('$key', async (golden) => {
    expectGolden(await develop(golden, `${golden.folder}-single`, 'refiner-single'), golden);
  });
});
