// Everyone their own style: three people with three stacks press Enter together, their rows share every network call, and each gets the picture
// they would have got alone. Real networks, the real bot, the local Discord.
import { cpSync, mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ImageWorker } from '../../src/core/worker.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { readRecipe } from '../../src/image/pngText.ts';
import { ROOT } from '../../src/root.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { House } from './house.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
const PROMPT = 'two cats look at the moon';
const STEPS = 3;
/** A busy machine takes seconds for what takes milliseconds. */
const PATIENCE_MS = 30_000;

const modelsDir = mkdtempSync(path.join(tmpdir(), 'darkroom-loras-'));
cpSync(path.join(GOLDEN, 'folders/sd-small'), path.join(modelsDir, 'sd-small'), { recursive: true });
for (const name of ['kohya', 'second', 'locon']) {
  const file = `${name}.safetensors`;
  cpSync(path.join(GOLDEN, 'loras/files', file), path.join(modelsDir, 'loras', file));
}

const sessions = vi.spyOn(InferenceSession, 'create');
let unetCalls = 0;
let developer: Developer;
let house: House;
/** Tasks are held back until so many have come. */
let together = 1;

function gated(inner: Developer): ImageWorker {
  let waiting: (() => void)[] = [];
  const arrive = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < together) return;
      for (const go of waiting) go();
      waiting = [];
    });
  return {
    ready: async () => inner.facts,
    async develop(task, onProgress, signal) {
      await arrive();
      return inner.develop(task, onProgress, signal);
    },
    close: async () => {},
  };
}

const count = (activity: string) => {
  if (activity === 'unet') unetCalls += 1;
};

beforeAll(async () => {
  developer = await openDeveloper({ modelsDir, device: 'cpu', threads: 1, onActivity: count });
  const real = { worker: gated(developer), cards: developer.facts.models };
  house = await House.open({ jobsPerWorker: 3, real });
});
afterAll(async () => {
  await house.close();
  await developer.close();
  await rm(modelsDir, { recursive: true });
});

const say = (user: string, command: string, options: Record<string, string | number> = {}) =>
  house.emulator.as(user).command(house.channelId, command, options);

/** On disk; that its message follows is told elsewhere. */
async function pictureOf(user: string, isIt: (seed: number) => boolean): Promise<Buffer> {
  const made = () => {
    const job = house.newest(user);
    return job !== undefined && isIt(job.request.seed) ? house.store.pictures(job.id)[0] : undefined;
  };
  await house.emulator.until(() => made() !== undefined, PATIENCE_MS);
  return readFile(path.join(house.dataDir, made()!.path));
}

const pixelsOf = async (png: Buffer) => (await decodeWhole(png, 1024)).data;

/** Of values from -1 to 1. */
function furthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

test('three stacks in one batch: each picture is the one made alone, in one call a step', async () => {
  const { alice, bob, owner } = house;
  const people = [alice, bob, owner];
  await say(alice, 'lora use', { name: 'kohya', strength: 0.8 });
  await say(bob, 'lora use', { name: 'second' });
  await say(bob, 'lora stack', { name: 'locon', strength: 0.5, text_strength: 0 });
  const options = { prompt: PROMPT, seed: 11, steps: STEPS };
  const alone: Float32Array[] = [];
  for (const user of people) {
    await say(user, 'imagine', options);
    alone.push(await pixelsOf(await pictureOf(user, (seed) => seed === 11)));
  }
  const opened = sessions.mock.calls.length;
  [unetCalls, together] = [0, 3];
  await Promise.all(people.map((user) => say(user, 'imagine', { ...options, seed: 12 })));
  await Promise.all(people.map((user) => pictureOf(user, (seed) => seed === 12)));
  expect(unetCalls).toBe(STEPS);
  [unetCalls, together] = [0, 3];
  await Promise.all(people.map((user) => say(user, 'imagine', { ...options, prompt: ` ${PROMPT}`, seed: 11 })));
  const mixed = await Promise.all(people.map(async (user) => pixelsOf(await pictureOf(user, (seed) => seed === 11))));
  for (const [k, picture] of mixed.entries()) {
    expect(furthest(picture, alone[k]!)).toBeLessThan(2 / 127);
    for (const other of alone.toSpliced(k, 1)) expect(furthest(picture, other)).toBeGreaterThan(20 / 127);
  }
  expect(sessions.mock.calls.length).toBe(opened);
  together = 1;
});

test('the recipe in the file names the stack with strengths and hashes', async () => {
  const recipe = readRecipe(await pictureOf(house.bob, () => true));
  expect(recipe).toContain(`${PROMPT} <lora:second:1> <lora:locon:0:0.5>`);
  expect(recipe).toMatch(/Lora hashes: "second: [0-9a-f]{12}, locon: [0-9a-f]{12}"/);
});

test('a restart keeps every stack, and /lora clear ends one', async () => {
  const before = [house.alice, house.bob].map((user) => house.store.loraStack(user));
  await house.stopBot();
  await house.startBot();
  expect([house.alice, house.bob].map((user) => house.store.loraStack(user))).toEqual(before);
  expect(before[1]).toEqual([
    { name: 'second', strength: 1, textStrength: 1 },
    { name: 'locon', strength: 0.5, textStrength: 0 },
  ]);
  await say(house.alice, 'imagine', { prompt: PROMPT, seed: 21, steps: STEPS });
  await pictureOf(house.alice, (seed) => seed === 21);
  expect(house.newest(house.alice)?.request.loras).toEqual([{ name: 'kohya', strength: 0.8, textStrength: 0.8 }]);
  await say(house.alice, 'lora clear');
  await say(house.alice, 'imagine', { prompt: `${PROMPT} <lora:second:0.3>`, seed: 22, steps: STEPS });
  await pictureOf(house.alice, (seed) => seed === 22);
  expect(house.newest(house.alice)?.request).toMatchObject({
    prompt: PROMPT,
    loras: [{ name: 'second', strength: 0.3, textStrength: 0.3 }],
  });
});
