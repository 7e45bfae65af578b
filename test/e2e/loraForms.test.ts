// One adapter written by several programs gives one picture: files of every naming and form that hold the same change, and a picture of every
// other form beside the same picture without it.
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Ask } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { type LoraStack, stackLoras } from '../../src/diffusion/loraStack.ts';
import { developPicture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { ROOT } from '../../src/root.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { loadLora, readLora } from '../../src/weights/loraFile.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { factsOf } from '../../src/worker/modelShelf.ts';
import { encodePrompts } from '../../src/worker/promptEncoder.ts';
import { answerWith, FOLDERS, relativeDistance, toBytes, worstByte } from '../support/goldenPipelines.ts';

vi.setConfig({ testTimeout: 120_000 });

const GOLDEN = path.join(ROOT, 'test/golden');
const folder = scanModels(FOLDERS).open('sd-small');
const loraLayers = () => ({ unet: 'every' as const, text: ['every' as const] });
const opening = openModel({ ...folder, loraLayers }, { provider: 'cpu', threads: 1 });
afterAll(async () => (await opening).close());

const REQUEST: PictureRequest = {
  prompt: 'two cats look at the moon',
  negativePrompt: 'fog',
  size: { widthPx: 96, heightPx: 64 },
  steps: 3,
  guidance: 5,
  seed: 41,
  sampler: 'euler',
  start: null,
};

/** @param textStrength 0 where not every file of the group has a part for the words */
function stackOf(name: string, textStrength: number): LoraStack {
  const lora = loadLora(GOLDEN, readLora(GOLDEN, path.join(GOLDEN, 'loras/files', name)), folder, '');
  return stackLoras([{ lora, strength: 0.9, textStrength }]);
}

async function picture(loras?: LoraStack) {
  const model = await opening;
  const answer = async (ask: Ask) => {
    if (loras === undefined) return answerWith(model, folder, ask);
    if (ask.kind === 'text') {
      const [conditioning] = await encodePrompts(model, folder, [ask.prompt], ask.clipSkip, [loras]);
      return { kind: 'text' as const, conditioning: conditioning! };
    }
    const own = ask.kind === 'unet' ? { ...ask, rows: ask.rows.map((row) => ({ ...row, loras })) } : ask;
    return answerWith(model, folder, own);
  };
  return drive(developPicture(REQUEST, factsOf(folder)), answer);
}

const plain = picture();

describe('files of one adapter give one picture', () => {
  test.each([
    ['words and picture', 1, ['kohya.safetensors', 'diffusers.safetensors']],
    ['linear layers', 0, ['kohya.safetensors', 'kohya-original.safetensors', 'diffusers.safetensors', 'peft']],
    ['attention', 0, ['diffusers-old.safetensors', 'diffusers-middle.safetensors', 'kohya-no-alpha.safetensors']],
    ['convolutions (LoCon)', 0, ['locon.safetensors', 'locon-original.safetensors']],
    ['lengths (DoRA)', 0, ['dora.safetensors', 'dora-peft.safetensors']],
  ] as const)('%s', async (_, textStrength, files) => {
    const made = [];
    for (const file of files) made.push(await picture(stackOf(file, textStrength)));
    for (const { latents, pixels } of made.slice(1)) {
      expect(relativeDistance(latents, made[0]!.latents.data)).toBeLessThan(1e-5);
      expect(worstByte(toBytes(pixels), toBytes(made[0]!.pixels))).toBeLessThanOrEqual(1);
    }
    expect(relativeDistance(made[0]!.latents, (await plain).latents.data)).toBeGreaterThan(0.01);
  });
});

describe('every form changes the picture, its opposite changes it otherwise, and nothing of it nothing', () => {
  test.each([
    'loha.safetensors',
    'loha-large.safetensors',
    'loha-tucker.safetensors',
    'lokr.safetensors',
    'lokr-full.safetensors',
    'lokr-tucker.safetensors',
    'tucker.safetensors',
    'dora.safetensors',
  ])('%s', async (file) => {
    const { unet, text } = loadLora(GOLDEN, readLora(GOLDEN, path.join(GOLDEN, 'loras/files', file)), folder, '');
    const at = (strength: number) => picture(stackLoras([{ lora: { unet, text }, strength, textStrength: strength }]));
    const [base, with1, against] = [await plain, await at(1), await at(-1)];
    expect(relativeDistance(with1.latents, base.latents.data)).toBeGreaterThan(0.01);
    expect(relativeDistance(against.latents, base.latents.data)).toBeGreaterThan(0.01);
    expect(relativeDistance(against.latents, with1.latents.data)).toBeGreaterThan(0.01);
    expect((await at(0)).latents.data).toEqual(base.latents.data);
  });
});
