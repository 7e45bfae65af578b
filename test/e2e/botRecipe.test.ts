// Recipes in pictures: other people's through the context menu, read, compared with what is here, and made; our own with their model's hash.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SeenMessage } from '../../src/emulator/views.ts';
import { addPngText } from '../../src/image/pngText.ts';
import { eventually, House, labelsOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

const golden = (name: string) => readFileSync(fileURLToPath(new URL(`../golden/pictures/${name}`, import.meta.url)));
const HASHES = {
  hashOf: (model: string) => (model === 'testmodel' ? '0a1b2c3d4e' : undefined),
  modelOf: (hash: string) => (hash === '0a1b2c3d4e' ? 'testmodel' : undefined),
  loraOf: () => undefined,
};

let house: House;
beforeEach(async () => {
  // A recipe from elsewhere asks for a picture a hundred times the size of the test model's.
  house = await House.open({ hashes: HASHES, rules: { dailyQuota: 200 } });
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const bob = () => house.emulator.as(house.bob);
const pngWith = (recipe: string) => addPngText(plainPng({ widthPx: 32, heightPx: 16 }, 3), 'parameters', recipe);

/** Bob posts a picture, Alice asks for its recipe. */
async function recipeOf(bytes: Buffer, contentType = 'image/png'): Promise<SeenMessage> {
  const upload = await bob().upload(house.channelId, [{ name: 'cat.png', bytes, contentType }]);
  return answerTo(upload.id);
}

async function answerTo(messageId: string): Promise<SeenMessage> {
  const { message } = await alice().messageMenu(messageId, 'Recipe');
  expect(message).toMatchObject({ ephemeral: true });
  const seen = () => house.emulator.view(house.channelId, house.alice).find((one) => one.id === message!.id);
  return eventually(() => (seen()?.content === '' ? undefined : seen()));
}

describe('other people’s pictures', () => {
  test('say what is different here, and are made at the press of a button', async () => {
    const shown = await recipeOf(golden('a1111.jpg'), 'image/jpeg');
    expect(shown.content).toContain('a fox in the snow, 雪');
    expect(shown.content.replaceAll('\\', '')).toContain(
      'The model v1-5-pruned-emaonly [6ce0161689] is not here; I would take **testmodel**',
    );
    expect(shown.content).toContain('These LoRAs are not here: soft.');
    expect(labelsOf(shown)).toEqual(['Make it here']);
    await alice().click(shown.id, 'Make it here');
    const isAsked = (one: SeenMessage) => labelsOf(one).includes('Make it');
    const asked = await eventually(() => house.emulator.view(house.channelId, house.alice).find(isAsked));
    await alice().click(asked.id, 'Make it');
    const { job } = await house.jobIn('delivered');
    expect(job).toMatchObject({ kind: 'imagine', parentJobId: null });
    expect(job.request).toMatchObject({
      prompt: 'a fox in the snow, 雪',
      negativePrompt: 'text, лишнее',
      model: 'testmodel',
      style: null,
      size: { widthPx: 512, heightPx: 768 },
      steps: 20,
      guidance: 7,
      seed: 1234567890,
      sampler: 'dpmpp_2m_karras',
      clipSkip: 2,
    });
  });

  test('with the same weights under another name need nothing', async () => {
    const text =
      'a fox\nSteps: 9, Sampler: Euler, CFG scale: 3, Seed: 8, Size: 96x64, Model hash: 0a1b2c3d4e, Model: elsewhere';
    const shown = await recipeOf(pngWith(text));
    expect(shown.content).toContain('is called **testmodel** here; the weights are the same');
    await alice().click(shown.id, 'Make it here');
    const { job } = await house.jobIn('delivered');
    expect(job.request).toMatchObject({
      prompt: 'a fox',
      model: 'testmodel',
      sampler: 'euler',
      steps: 9,
      seed: 8,
      style: null,
    });
  });

  test('that cannot be made have no button', async () => {
    const shown = await recipeOf(pngWith(`${'very '.repeat(400)}long\nSteps: 9, Sampler: Euler, Seed: 8, Size: 96x64`));
    expect(shown.content).toContain('It cannot be made here: prompt');
    expect(shown.content.length).toBeLessThanOrEqual(2_000);
    expect(labelsOf(shown)).toEqual([]);
  });

  test('of tools with other forms, without a recipe, and damaged ones are answered in words', async () => {
    expect((await recipeOf(golden('comfyui.png'))).content).toContain('made with ComfyUI');
    expect((await recipeOf(golden('plain.png'))).content).toContain('no recipe here');
    expect((await recipeOf(golden('a1111.png').subarray(0, 200))).content).toContain('no recipe here');
  });

  test('a recipe in words is read too, and its markdown is inert', async () => {
    const said = await bob().say(
      house.channelId,
      'a fox\nSteps: 9, Sampler: Euler, Seed: 8, Size: 96x64, Model: **@everyone**',
    );
    const shown = await answerTo(said.id);
    expect(shown.content).toContain('The model \\*\\*\\@everyone\\*\\* is not here');
    expect(labelsOf(shown)).toEqual(['Make it here']);
  });

  test('a recipe that was swept away is missed in words', async () => {
    const shown = await recipeOf(pngWith('a fox\nSteps: 9, Sampler: Euler, Seed: 8, Size: 96x64'));
    const { rm } = await import('node:fs/promises');
    await rm(path.join(house.dataDir, 'inputs'), { recursive: true });
    const { message } = await alice().click(shown.id, 'Make it here');
    expect(message?.content).toContain('I no longer have this recipe');
    expect(house.newest()).toBeUndefined();
  });
});

describe('our own', () => {
  test('the worker is told the model’s hash', async () => {
    await house.picture();
    expect(house.worker.tasks[0]).toMatchObject({ modelHash: '0a1b2c3d4e' });
  });

  test('the recipe shows the hash the file carries, whatever the model is today', async () => {
    const { job, message } = await house.picture();
    const file = path.join(house.dataDir, house.store.pictures(job.id)[0]!.path);
    const text = 'a red heart\nSteps: 9, Seed: 8, Size: 96x64, Model hash: 1111111111, Model: testmodel';
    await writeFile(file, addPngText(await readFile(file), 'parameters', text));
    await alice().messageMenu(message.id, 'Recipe');
    const shown = await eventually(() =>
      house.emulator.view(house.channelId, house.alice).find(({ content }) => content.includes('model:')),
    );
    expect(shown.content).toContain('model: testmodel [1111111111]');
  });
});
