// Learned words in prompts, from /imagine to the picture: a real model behind the bot, the embeddings of models/embeddings.
import { realpathSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DevelopProgress, DevelopTask } from '../../src/core/worker.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { ROOT } from '../../src/root.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { TEST_CARD } from '../support/cards.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';
import { House, textOf } from './house.ts';
import { ScriptedWorker } from './scriptedWorker.ts';

let modelsDir: string;
let developer: Developer;
let house: House;

/** The real thing, in this process. */
class RealWorker extends ScriptedWorker {
  override async develop(task: DevelopTask, onProgress: (progress: DevelopProgress) => void, signal: AbortSignal) {
    this.tasks.push(task);
    return [...(await developer.develop(task, onProgress, signal))];
  }
}

beforeAll(async () => {
  modelsDir = realpathSync(await mkdtemp(path.join(tmpdir(), 'darkroom-models-')));
  await cp(path.join(TINY_MODELS, 'sd-small'), path.join(modelsDir, TEST_CARD.name), { recursive: true });
  await cp(path.join(ROOT, 'test/golden/embeddings/models/embeddings'), path.join(modelsDir, 'embeddings'), {
    recursive: true,
  });
  developer = await openDeveloper({ modelsDir, device: 'cpu', threads: 1 });
  // Opened before anybody waits for it.
  const warm = { model: TEST_CARD.name, steps: 1 };
  await developer.develop(makeTask(path.join(modelsDir, 'warm'), warm), () => {}, new AbortController().signal);
  house = await House.open({ worker: new RealWorker() });
});
afterAll(async () => {
  await house.close();
  await developer.close();
  await rm(modelsDir, { recursive: true });
});

const SAME = { style: 'none', seed: 5, steps: 2, guidance: 4 };

async function pictureOf(options: Record<string, string | number>): Promise<Buffer> {
  const { job } = await house.picture({ ...SAME, ...options });
  return readFile(path.join(house.dataDir, house.store.pictures(job.id)[0]!.path));
}

test('a learned word changes the picture, weighed and in the negative prompt too, and stands in the recipe', async () => {
  const prompts = [
    { prompt: 'a house' },
    { prompt: 'a my-style house' },
    { prompt: 'a (My-Style:1.4) house' },
    { prompt: 'a house', negative: '<cat-toy>' },
  ];
  const files: Buffer[] = [];
  for (const options of prompts) files.push(await pictureOf(options));
  const pixels = files.map((file) => file.subarray(file.indexOf('IDAT')).toString('base64'));
  expect(new Set(pixels).size).toBe(prompts.length);
  expect(readRecipe(files[2]!)).toContain('a (My-Style:1.4) house\nSteps: 2');
});

test('one made for another kind of model is refused by name, with both kinds, and nothing is charged', async () => {
  const before = house.used(house.alice);
  await house.emulator.as(house.alice).command(house.channelId, 'imagine', { ...SAME, prompt: 'a house, xl-look' });
  const { message } = await house.jobIn('failed');
  const said = textOf(message).replaceAll('\\', '');
  expect(said).toContain('embedding xl-look: found one for 64 and 128 wide, expected one for testmodel (16 wide)');
  expect(house.used(house.alice)).toBe(before);
});
