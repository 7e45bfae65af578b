// Why a LoRA is refused, reason by reason: what the message says is what its owner needs to know.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { checkLora } from '../../src/weights/loraCheck.ts';
import { loadLora, readLora } from '../../src/weights/loraFile.ts';
import { FAMILY_NAMES } from '../../src/weights/loraLibrary.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { FOLDERS } from '../support/goldenPipelines.ts';
import { safetensorsBytes } from './makeSafetensors.ts';

const modelsDir = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-refusals-')));
afterAll(() => rmSync(modelsDir, { recursive: true }));
cpSync(path.join(FOLDERS, 'sd-small'), path.join(modelsDir, 'sd-small'), { recursive: true });
const folder = path.join(modelsDir, 'loras');
mkdirSync(folder);
const registry = scanModels(modelsDir);
const small = registry.open('sd-small');

type Shapes = Readonly<Record<string, readonly number[]>>;

function headerOf(
  shapes: Shapes,
  metadata: Readonly<Record<string, string>> = {},
): { text: string; dataBytes: number } {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += 4 * shape.reduce((total, length) => total * length, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
  });
  return { text: JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }), dataBytes: end };
}

function put(name: string, shapes: Shapes, metadata?: Readonly<Record<string, string>>): string {
  const { text, dataBytes } = headerOf(shapes, metadata);
  const file = path.join(folder, name);
  writeFileSync(file, safetensorsBytes(text, dataBytes));
  return file;
}

/** A query of sd-small, 16 numbers to 16. */
const QUERY = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q';
const KEY = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k';
const pair = (module: string, inner = 16, out = 16, rank = 2): Shapes => ({
  [`${module}.lora_down.weight`]: [rank, inner],
  [`${module}.lora_up.weight`]: [out, rank],
});

/** Read and brought to the model. */
function load(file: string) {
  return loadLora(modelsDir, readLora(modelsDir, file), small, FAMILY_NAMES[small.family]);
}

function refusalOf(work: () => unknown): { readonly code: string; readonly message: string } {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof DarkroomError) return thrown;
    throw thrown;
  }
  throw new Error('it was taken');
}

test('the adapter all of these are made from is taken', () => {
  expect(load(put('whole.safetensors', pair(QUERY))).unet.size).toBe(1);
});

describe('a file that is no LoRA for these models', () => {
  test.each<[string, Shapes, RegExp]>([
    [
      'words',
      { 'some.words': [2] },
      /is no layer of a LoRA \(its first tensor is some\.words\); LoRAs for Stable Diffusion 1\.x/,
    ],
    ['nothing', {}, /its first tensor is none/],
    [
      'Flux',
      { 'transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight': [2, 8] },
      /is a LoRA for Flux; LoRAs for/,
    ],
    [
      'SD 3',
      { 'transformer.transformer_blocks.0.attn.to_q.lora_A.weight': [2, 8] },
      /for Stable Diffusion 3 or another/,
    ],
    ['Cascade', { 'lora_prior_unet_down_blocks_0.lora_down.weight': [2, 8] }, /is a LoRA for Stable Cascade/],
  ])('%s', (_, shapes, words) => {
    expect(refusalOf(() => load(put('other.safetensors', shapes)))).toMatchObject({
      code: 'model_unsupported',
      message: expect.stringMatching(words),
    });
  });

  test('of another family: both are named, and the layer that tells', () => {
    const xl = put('xl.safetensors', pair(KEY, 2048));
    expect(refusalOf(() => load(xl))).toMatchObject({
      code: 'model_unsupported',
      message: expect.stringMatching(
        /xl\.safetensors: is a LoRA for SDXL, and sd-small is of the Stable Diffusion 1\.x kind: .*attn2_to_k.* changes 2048 to 16 numbers/,
      ),
    });
    const stray = put('stray.safetensors', pair('lora_unet_down_blocks_7_resnets_0_conv1'), { ss_v2: 'True' });
    expect(refusalOf(() => load(stray)).message).toMatch(
      /is a LoRA for Stable Diffusion 2\.x, and sd-small is .*: none of its 1 layers is among the model's/,
    );
  });
});

describe('a form that cannot run here', () => {
  test.each<[string, Shapes, string]>([
    ['OFT', { [`${QUERY}.oft_blocks`]: [4, 4, 4] }, 'turns weights (OFT) (1 layers,'],
    ['OFT of another program', { [`${QUERY}.oft_diag`]: [4, 4, 4] }, 'turns weights (OFT)'],
    ['GLoRA', { [`${QUERY}.a1.weight`]: [2, 16] }, 'is a GLoRA'],
    ['whole biases', { [`${QUERY}.bias`]: [16] }, 'holds whole biases'],
    ['whole weights', { [`${QUERY}.weight`]: [16, 16], ...pair(KEY) }, 'holds whole weights (1 layers,'],
  ])('%s', (_, shapes, words) => {
    const refusal = refusalOf(() => load(put('form.safetensors', shapes)));
    expect(refusal.code).toBe('model_unsupported');
    expect(refusal.message).toContain(words);
    expect(refusal.message).toContain('merge it into a copy of the model instead');
  });
});

describe('a file that contradicts itself', () => {
  test.each<[string, Shapes, Readonly<Record<string, string>>, RegExp]>([
    ['a factor is missing', { [`${QUERY}.lora_down.weight`]: [2, 16] }, {}, /its factor up is missing/],
    [
      'one factor twice',
      { ...pair(QUERY), 'unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight': [2, 16] },
      {},
      /is there under two names/,
    ],
    [
      'factors of two ranks',
      { [`${QUERY}.lora_down.weight`]: [2, 16], [`${QUERY}.lora_up.weight`]: [16, 3] },
      {},
      /the factors of this layer do not fit each other/,
    ],
    [
      'half a LoHa',
      { [`${QUERY}.hada_w1_a`]: [16, 2], [`${QUERY}.hada_w1_b`]: [2, 16] },
      {},
      /its factor hada_w2_[ab] is missing/,
    ],
    ['half a LoKr', { [`${QUERY}.lokr_w1`]: [4, 4] }, {}, /its factor lokr_w2(_[ab])? is missing/],
    ['lengths of another layer', { ...pair(QUERY), [`${QUERY}.dora_scale`]: [7, 1] }, {}, /has 7 lengths, expected 16/],
    [
      'notes that are no JSON',
      pair(QUERY),
      { lora_adapter_metadata: '{"unet.r": ' },
      /lora_adapter_metadata is no JSON/,
    ],
    ['notes that are a list', pair(QUERY), { lora_adapter_metadata: '[1]' }, /lora_adapter_metadata is no JSON object/],
  ])('%s', (_, shapes, metadata, words) => {
    expect(refusalOf(() => load(put('wrong.safetensors', shapes, metadata)))).toMatchObject({
      code: 'weights_invalid',
      message: expect.stringMatching(words),
    });
  });

  test('what is cut off, and what is a pickle', () => {
    const { text, dataBytes } = headerOf(pair(QUERY));
    const file = path.join(folder, 'cut.safetensors');
    writeFileSync(file, safetensorsBytes(text, dataBytes - 4));
    expect(refusalOf(() => load(file)).code).toBe('weights_invalid');
    const pickle = path.join(folder, 'old.pt');
    writeFileSync(pickle, 'x');
    expect(refusalOf(() => load(pickle))).toMatchObject({ code: 'model_unsupported', message: /pickle/ });
    mkdirSync(path.join(folder, 'empty'));
    expect(refusalOf(() => load(path.join(folder, 'empty'))).code).toBe('model_missing');
  });
});

test('what would take more than 2 GiB beside the model is refused before a number is read', () => {
  const rank = 2 ** 24 + 1;
  const { text, dataBytes } = headerOf(pair(QUERY, 16, 16, rank));
  const file = path.join(folder, 'huge.safetensors');
  writeFileSync(file, safetensorsBytes(text, 0));
  // Nothing of it is on the disk.
  truncateSync(file, 8 + text.length + dataBytes);
  expect(refusalOf(() => load(file))).toMatchObject({
    code: 'model_unsupported',
    message: expect.stringMatching(/would take 2048 MiB beside the model, expected at most 2048/),
  });
});

describe('a file somebody hands in, read whole', () => {
  test('fits nothing here: what it is for, and what there is', async () => {
    const xl = put('xl.safetensors', pair(KEY, 2048));
    await expect(checkLora(folder, xl, registry.layouts)).rejects.toThrow(
      /is a LoRA for SDXL, and fits none of the models here \(sd-small\): .*changes 2048 to 16 numbers/,
    );
  });

  test('holds numbers that are none', async () => {
    const { text, dataBytes } = headerOf(pair(QUERY));
    const bytes = safetensorsBytes(text, dataBytes);
    bytes.writeFloatLE(Number.NaN, bytes.length - 4);
    const file = path.join(folder, 'broken.safetensors');
    writeFileSync(file, bytes);
    await expect(checkLora(folder, file, registry.layouts)).rejects.toThrow(
      /lora_up\.weight: found 1 of 32 that are none, expected finite numbers/,
    );
  });
});
