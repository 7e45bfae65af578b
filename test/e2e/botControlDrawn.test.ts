// Following a picture with real networks behind the local Discord: the map that is shown is the one that was followed, strength 0 gives the
// picture without it to the bit, and a reply goes on following.
import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { controlMap, decodeControl } from '../../src/image/controlMaps.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { toRgb } from '../../src/image/encode.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { ROOT } from '../../src/root.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { paintedPng } from '../image/makePng.ts';
import { writeControlFolder } from '../support/madeControls.ts';
import { filesOf, House } from './house.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SIZE = { widthPx: 96, heightPx: 64 };
const modelsDir = mkdtempSync(path.join(tmpdir(), 'darkroom-followed-'));
cpSync(path.join(ROOT, 'test/golden/folders/sd-small'), path.join(modelsDir, 'sd-small'), { recursive: true });
for (const name of ['small-canny', 'sd2-canny']) {
  const folder = path.join(modelsDir, 'controlnets', name);
  mkdirSync(folder, { recursive: true });
  writeControlFolder(folder, name, 'F32');
}

let developer: Developer;
let house: House;
beforeAll(async () => {
  developer = await openDeveloper({ modelsDir, device: 'cpu', threads: 1 });
  const worker = {
    ready: async () => developer.facts,
    develop: (...args: Parameters<Developer['develop']>) => developer.develop(...args),
    close: async () => {},
  };
  house = await House.open({ real: { worker, cards: developer.facts.models } });
});
afterAll(async () => {
  await house.close();
  await developer.close();
  await rm(modelsDir, { recursive: true });
});

/** A disc on paper, larger and of another shape than what is drawn. */
const drawing = paintedPng(180, 150, (x, y) =>
  (x - 90) ** 2 + (y - 75) ** 2 < 1800 ? [200, 30, 60] : [250, 250, 245],
);
const upload = { name: 'disc.png', bytes: drawing, contentType: 'image/png' };

async function draw(options: Record<string, unknown>) {
  const made = await house.picture({ prompt: 'a red heart', size: '96x64', steps: 3, seed: 7, ...options } as never);
  const [picture] = house.store.pictures(made.job.id);
  const bytes = await readFile(path.join(house.dataDir, picture!.path));
  return { ...made, bytes, pixels: toRgb(await decodeWhole(bytes, 1024)) };
}

const apart = (a: Uint8ClampedArray, b: Uint8ClampedArray) =>
  a.filter((level, at) => level !== b[at]).length / a.length;

test('the picture follows the very map that is shown, as far as it is asked to', async () => {
  const { alice } = house;
  const { choices } = await house.emulator.as(alice).autocomplete(house.channelId, 'imagine', 'control', '');
  expect(choices).toEqual([{ name: 'edges (canny)', value: 'canny' }]);
  const plain = await draw({});
  const followed = await draw({ control: 'canny', control_image: upload });
  expect(apart(followed.pixels, plain.pixels)).toBeGreaterThan(0.2);
  const file = filesOf(followed.message).find(({ filename }) => filename.includes('control'));
  const shown = Buffer.from(await (await fetch(file!.url)).arrayBuffer());
  const expected = await controlMap('canny', await decodeControl(drawing), SIZE);
  expect(toRgb(await decodeWhole(shown, 1024))).toEqual(toRgb(expected));
  expect(expected.data.some((level) => level === 1)).toBe(true);

  const loosely = await draw({ control: 'canny', control_image: upload, control_strength: 0 });
  expect(apart(loosely.pixels, plain.pixels)).toBe(0);
  const early = await draw({ prompt: 'a red heart --control-range 0-0.4', control: 'canny', control_image: upload });
  expect(apart(early.pixels, plain.pixels)).toBeGreaterThan(0);
  expect(apart(early.pixels, followed.pixels)).toBeGreaterThan(0);
});

test('the same recipe gives the same picture, a reply goes on following, and the file names the network', async () => {
  const followed = await draw({ control: 'canny', control_image: upload, control_strength: 0.8 });
  const again = await draw({ control: 'canny', control_image: upload, control_strength: 0.8 });
  expect(apart(again.pixels, followed.pixels)).toBe(0);
  await house.emulator.as(house.alice).reply(again.message.id, '--control none --seed 7');
  const without = await house.jobIn('delivered', house.alice, ({ id }) => id !== again.job.id);
  expect(without.job.request.controls ?? []).toEqual([]);
  await house.emulator.as(house.alice).reply(again.message.id, 'more fog');
  const changed = await house.jobIn('delivered', house.alice, ({ id }) => id !== without.job.id);
  expect(changed.job.request.controls).toEqual(again.job.request.controls);
  expect(house.store.controlMaps(changed.job.id)).toHaveLength(1);
  expect(readRecipe(again.bytes)).toContain('small-canny');
});

test('what cannot be told from a picture is said, and nothing is charged', async () => {
  const { alice } = house;
  const used = house.used(alice);
  const noise = paintedPng(40, 30, (x, y) => [(x * 97 + y * 31) % 256, (x * 13 + y * 57) % 256, (x * y * 7) % 256]);
  const control_image = { name: 'noise.png', bytes: noise, contentType: 'image/png' };
  const prompt = 'a heart --control-model small-canny';
  const options = { prompt, size: '96x64', steps: 2, control: 'silhouette', control_image };
  await house.emulator.as(alice).command(house.channelId, 'imagine', options as never);
  const { job, message } = await house.jobIn('failed', alice);
  expect(message.content).toContain('nothing stands out in it; a silhouette needs a transparent background');
  expect([job.error?.code, house.used(alice)]).toEqual(['input_image_invalid', used]);
});
