// Weights, long prompts, BREAK and clip skip through tokenizer and networks, against PyTorch (test/golden/make_prompts.py); pictures
// of two of them through the whole pipeline. A prompt without signs in one chunk is to the last bit what its tokens alone give.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Conditioning } from '../../src/diffusion/asks.ts';
import { ROOT } from '../../src/root.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { encodePrompts } from '../../src/worker/promptEncoder.ts';
import {
  develop,
  FOLDERS,
  type GoldenCase,
  relativeDistance,
  requestOf,
  toBytes,
  worstByte,
} from '../support/goldenPipelines.ts';

const GOLDEN = path.join(ROOT, 'test/golden');

interface GoldenText {
  readonly key: string;
  readonly folder: string;
  readonly prompt: string;
  readonly clipSkip: number;
}

const golden = JSON.parse(readFileSync(path.join(GOLDEN, 'prompts.json'), 'utf8')) as {
  readonly texts: readonly GoldenText[];
  readonly pictures: readonly (GoldenCase & { readonly clipSkip: number })[];
};
const file = path.join(GOLDEN, 'prompts.safetensors');
const index = openSafetensors(GOLDEN, file);
const bytes = readFileSync(file);

function recorded(name: string): { readonly shape: readonly number[]; readonly data: Uint8Array } {
  const tensor = index.get(name);
  if (tensor === undefined) throw new Error(`golden prompts: nothing recorded under ${name}`);
  return {
    shape: tensor.shape,
    data: Uint8Array.from(bytes.subarray(tensor.offset, tensor.offset + tensor.sizeBytes)),
  };
}

const floats = (name: string) => new Float32Array(recorded(name).data.buffer);

const folders = [...new Set(golden.texts.map(({ folder }) => folder))];
const registry = scanModels(FOLDERS);

describe.each(folders)('%s', (name) => {
  const folder = registry.open(name);
  const opening = openModel(folder, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());
  const encode = async (prompts: readonly string[], clipSkip = 1): Promise<readonly Conditioning[]> =>
    encodePrompts(await opening, folder, prompts, clipSkip);

  test.each(golden.texts.filter((text) => text.folder === name))('$key', async ({ key, prompt, clipSkip }) => {
    const [found] = await encode([prompt], clipSkip);
    const { shape } = recorded(key);
    expect([found!.tokens, found!.width]).toEqual(shape);
    const expected = floats(key);
    const worst = found!.hidden.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
    expect(worst).toBeLessThan(2e-5);
  });

  test('prompts of different lengths in one call are what they are alone', async () => {
    const prompts = golden.texts
      .filter((text) => text.folder === name && text.clipSkip === 1)
      .map(({ prompt }) => prompt);
    const together = await encode(prompts);
    for (const [k, prompt] of prompts.entries()) {
      const [alone] = await encode([prompt]);
      const distance = alone!.hidden.reduce((most, x, at) => Math.max(most, Math.abs(x - together[k]!.hidden[at]!)), 0);
      expect(distance).toBeLessThan(1e-5);
    }
  });

  test('without signs, and in one chunk, not a bit changes', async () => {
    for (const prompt of ['a red heart', '', 'two cats, the moon', 'ratio 3:2; what?']) {
      const [plain] = await (await opening).text([folder.tokenizer.encode(prompt)]);
      const [found] = await encode([prompt]);
      expect(found).toEqual(plain);
    }
  });

  test('more layers than there are cannot be skipped', async () => {
    await expect(encode(['a'], 4)).rejects.toMatchObject({
      code: 'request_invalid',
      message: expect.stringMatching(/^clip skip: found 4, expected 1 to [123], the layers of/),
    });
  });

  test('a prompt of more than 64 chunks is refused', async () => {
    await expect(encode([Array(65).fill('a').join(' BREAK ')])).rejects.toThrow(
      'prompt: found 65 chunks of tokens, expected at most 64',
    );
  });
});

test.each(golden.pictures)('$key is the picture diffusers makes', async (picture) => {
  const folder = registry.open(picture.folder);
  const model = await openModel(folder, { provider: 'cpu', threads: 1 });
  try {
    const made = await develop({ ...requestOf(picture), clipSkip: picture.clipSkip }, model, folder);
    expect(relativeDistance(made.latents, floats(`${picture.key}/latents`))).toBeLessThan(1e-3);
    expect(worstByte(toBytes(made.pixels), recorded(`${picture.key}/pixels`).data)).toBeLessThanOrEqual(2);
  } finally {
    await model.close();
  }
});
