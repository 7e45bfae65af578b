// What the folder of LoRAs tells before anything is read: which model each fits, what it is for, how it is called, and why some are refused.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { unetTensors } from '../../src/weights/ldmNames.ts';
import { scanLoras } from '../../src/weights/loraLibrary.ts';
import { moduleNames, readLoraName } from '../../src/weights/loraNames.ts';
import { scanModels } from '../../src/weights/registry.ts';
import type { TensorIndex } from '../../src/weights/tensors.ts';
import { type Entry, safetensorsBytes } from './makeSafetensors.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
const modelsDir = mkdtempSync(path.join(tmpdir(), 'darkroom-loras-'));
afterAll(() => rmSync(modelsDir, { recursive: true }));
const loras = path.join(modelsDir, 'loras');
for (const folder of ['sd-small', 'v-linear']) {
  cpSync(path.join(GOLDEN, 'folders', folder), path.join(modelsDir, folder), { recursive: true });
}
const add = (from: string, to = from) =>
  cpSync(path.join(GOLDEN, 'loras/files', from), path.join(loras, to), { recursive: true });
add('kohya.safetensors', 'ink/[v1] moth:light.safetensors');
add('second.safetensors', 'lcm-lora 8steps.safetensors');
add('peft', 'from peft');
add('tucker.safetensors');
writeFileSync(
  path.join(loras, 'tucker.json'),
  '{"activation text": "bent, twisted", "preferred weight": 0.7, "description": "Bends."}',
);

interface FakeTensor {
  readonly name: string;
  readonly dtype: 'F32';
  readonly shape: readonly number[];
}

const pair = (module: string, inner: number, out: number, rank = 2): FakeTensor[] => [
  { name: `${module}.lora_down.weight`, dtype: 'F32', shape: [rank, inner] },
  { name: `${module}.lora_up.weight`, dtype: 'F32', shape: [out, rank] },
];
const write = (name: string, tensors: readonly FakeTensor[], metadata: Record<string, string> = {}) => {
  mkdirSync(loras, { recursive: true });
  let end = 0;
  const entries = tensors.map(({ name: tensor, dtype, shape }): [string, Entry] => {
    const begin = end;
    end += 4 * shape.reduce((product, length) => product * length, 1);
    return [tensor, { dtype, shape, data_offsets: [begin, end] }];
  });
  const header = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  writeFileSync(path.join(loras, name), safetensorsBytes(header, end));
};
const ATTENTION = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k';
write('xl.safetensors', pair(ATTENTION, 2048, 16), { ss_base_model_version: 'sdxl_base_v1-0' });
write('half idle.safetensors', [
  ...pair('lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q', 16, 16),
  ...pair('lora_te2_text_model_encoder_layers_0_mlp_fc1', 32, 64),
  { name: 'something.else', dtype: 'F32', shape: [1] },
]);
write('biases.safetensors', [...pair(ATTENTION, 16, 16), { name: `${ATTENTION}.diff_b`, dtype: 'F32', shape: [16] }]);
write('turned.safetensors', [{ name: `${ATTENTION}.oft_blocks`, dtype: 'F32', shape: [4, 4, 4] }]);
write('flux.safetensors', [
  { name: 'transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight', dtype: 'F32', shape: [2, 8] },
]);
write('torn.safetensors', pair(ATTENTION, 16, 16).slice(0, 1));
writeFileSync(path.join(loras, 'old.pt'), 'x');

const registry = scanModels(modelsDir);
const library = scanLoras(modelsDir, registry.layouts);
const card = (name: string) => library.cards.find((one) => one.name === name)!;
const reasonOf = (name: string) => library.refused.find((one) => one.name === name)?.reason;

describe('a scan', () => {
  test('finds files in folders and PEFT’s folders, under names that can be typed', () => {
    expect(library.cards.map(({ name }) => name)).toEqual([
      '_v1_ moth_light',
      'biases',
      'from peft',
      'half idle',
      'lcm-lora 8steps',
      'tucker',
      'xl',
    ]);
  });

  test('each fits the models whose layers it changes, by their sizes', () => {
    expect(card('_v1_ moth_light').fits).toEqual(['sd-small']);
    expect(card('from peft').fits).toEqual(['sd-small']);
    expect(card('xl')).toMatchObject({ fits: [], family: 'SDXL' });
  });

  test('what fits nothing is named', () => {
    expect(card('half idle').idle).toEqual([
      'lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight',
      'something.else',
    ]);
    expect(card('_v1_ moth_light').idle).toBeUndefined();
  });

  test('trigger words come from captions, the trainer’s phrase, or another program’s note', () => {
    expect(card('_v1_ moth_light').triggers).toEqual(['inkmoth']);
    expect(card('lcm-lora 8steps').triggers).toEqual(['mothlight', 'dusk']);
    expect(card('tucker')).toMatchObject({
      triggers: ['bent', 'twisted'],
      about: 'Bends.',
      defaults: { strength: 0.7 },
    });
  });

  test('a LoRA for few steps brings its sampler', () => {
    expect(card('lcm-lora 8steps').defaults).toEqual({ sampler: 'lcm', steps: 8, guidance: 1.5 });
  });

  test.each([
    ['turned.safetensors', 'turns weights (OFT) (1 layers, '],
    ['flux.safetensors', 'is a LoRA for Flux'],
    ['torn.safetensors', 'its factor up is missing'],
    ['old.pt', 'pickle'],
  ])('%s is refused: %s', (name, reason) => expect(reasonOf(name)).toContain(reason));

  test('an owner’s note that cannot be read refuses that LoRA alone', () => {
    writeFileSync(path.join(loras, 'tucker.darkroom.json'), '{"strength": 99}');
    const again = scanLoras(modelsDir, registry.layouts);
    expect(again.refused.find(({ name }) => name === 'tucker.safetensors')?.reason).toContain(
      'tucker.darkroom.json: strength',
    );
    expect(again.cards).toHaveLength(library.cards.length - 1);
    rmSync(path.join(loras, 'tucker.darkroom.json'));
  });
});

describe('looking again', () => {
  const again = scanLoras(modelsDir, registry.layouts);
  const added = path.join(loras, 'later.safetensors');

  test('without a change keeps every card as it is', () => {
    const { cards } = again;
    expect(again.rescan()).toBe(false);
    expect(again.cards).toBe(cards);
  });

  test('finds a new file, its layers, its note and its picture, and that it is gone', () => {
    const before = again.layersOf('sd-small');
    cpSync(path.join(GOLDEN, 'loras/files/locon.safetensors'), added);
    expect(again.rescan()).toBe(true);
    expect(again.cards.map(({ name }) => name)).toContain('later');
    const conv = [...again.layersOf('sd-small').unet].filter((module) => !before.unet.has(module));
    expect(conv).toContain('conv_in');
    writeFileSync(path.join(loras, 'later.darkroom.json'), '{"triggers": ["late"]}');
    writeFileSync(path.join(loras, 'later.png'), 'a');
    expect(again.rescan()).toBe(true);
    const found = () => again.cards.find(({ name }) => name === 'later');
    expect(found()).toMatchObject({ triggers: ['late'], preview: 'loras/later.png' });
    writeFileSync(path.join(loras, 'later.preview.webp'), 'b');
    again.rescan();
    expect(found()?.preview).toBe('loras/later.preview.webp');
    for (const ending of ['safetensors', 'darkroom.json', 'png', 'preview.webp']) {
      rmSync(path.join(loras, `later.${ending}`));
    }
    expect(again.rescan()).toBe(true);
    expect(found()).toBeUndefined();
    expect(again.layersOf('sd-small')).toEqual(before);
  });

  test('a model’s layers are those of the LoRAs that fit it, by its parts', () => {
    const { unet, text, text2 } = library.layersOf('sd-small');
    const { unet: ofTucker } = library.load('tucker', registry.open('sd-small')).branches;
    for (const module of ofTucker.keys()) expect(unet.has(module)).toBe(true);
    expect(text.size).toBeGreaterThan(0);
    expect(text2.size).toBe(0);
    expect(library.layersOf('v-linear').unet.size).toBe(0);
  });
});

describe('loading', () => {
  test('the wrong family is refused with both', () => {
    expect(() => library.load('xl', registry.open('sd-small'))).toThrow(
      /is a LoRA for SDXL, and sd-small is of the Stable Diffusion 1\.x kind: .* changes 2048 to 16 numbers, expected 16 to 16/,
    );
    expect(() => library.load('from peft', registry.open('v-linear'))).toThrow('and v-linear is');
  });

  test('the hash is of the numbers: the notes in the header do not count', () => {
    const model = registry.open('sd-small');
    const { hash } = library.load('tucker', model);
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(library.load('from peft', model).hash).not.toBe(hash);
  });

  test('a name nobody has', () => {
    expect(() => library.versionOf('../../etc/passwd')).toThrow('not found, known are');
  });
});

/** Names and shapes alone. */
function indexOf(shapes: Readonly<Record<string, readonly number[]>>): TensorIndex {
  const range = (name: string) => ({
    name,
    dtype: 'F16' as const,
    shape: shapes[name]!,
    file: '',
    offset: 0,
    sizeBytes: 0,
  });
  return {
    source: 'names',
    names: () => Object.keys(shapes),
    get: (name) => (name in shapes ? range(name) : undefined),
  };
}

const readJson = (file: string) => JSON.parse(readFileSync(path.join(GOLDEN, file), 'utf8'));
const ORIGINAL = 'model.diffusion_model.';

test.each(['sd15', 'sd21'])('every module of %s is found by its own name and by the original code’s', (family) => {
  const original = Object.entries<string>(readJson('families/names.json')[family]);
  const unet = original.filter(([name]) => name.startsWith(ORIGINAL));
  const shapes = unet.map(([name, shape]) => [name.slice(ORIGINAL.length), shape.split('x').map(Number)]);
  const renamed = unetTensors(indexOf(Object.fromEntries(shapes)));
  const names = moduleNames('unet', renamed);
  const weights = [...renamed.names()].filter((name) => /weight$/.test(name) && renamed.get(name)!.shape.length > 1);
  expect(weights.length).toBeGreaterThan(200);
  for (const name of weights) {
    const module = name.slice(0, -'.weight'.length);
    const old = renamed.get(name)!.name.slice(0, -'.weight'.length);
    expect([names.get(module.replaceAll('.', '_')), names.get(old.replaceAll('.', '_'))]).toEqual([module, module]);
  }
});

test.each([
  ['input_blocks_3_0_op', 'down_blocks.0.downsamplers.0.conv'],
  ['input_blocks_4_1_transformer_blocks_1_attn2_to_k', 'down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k'],
  ['input_blocks_7_0_in_layers_2', 'down_blocks.2.resnets.0.conv1'],
  ['middle_block_1_proj_in', 'mid_block.attentions.0.proj_in'],
  ['output_blocks_2_1_transformer_blocks_9_ff_net_2', 'up_blocks.0.attentions.2.transformer_blocks.9.ff.net.2'],
  ['output_blocks_5_2_conv', 'up_blocks.1.upsamplers.0.conv'],
  ['output_blocks_8_0_skip_connection', 'up_blocks.2.resnets.2.conv_shortcut'],
  ['label_emb_0_2', 'add_embedding.linear_2'],
])('SDXL: %s is %s', (original, module) => {
  const { tensors } = readJson('networks/headers.json').sdxl_unet;
  expect(moduleNames('unet', indexOf(tensors)).get(original)).toBe(module);
});

test.each([
  ['lora_unet_down_blocks_0.lora_down.weight', 'unet', 'down_blocks_0', 'down'],
  ['lora_te2_text_model.alpha', 'text2', 'text_model', 'alpha'],
  ['unet.mid_block.attn1.processor.to_out_lora.up.weight', 'unet', 'mid_block_attn1_to_out_0', 'up'],
  ['text_encoder.text_model.self_attn.to_q_lora.down.weight', 'text', 'text_model_self_attn_q_proj', 'down'],
  ['text_encoder.layers.0.q_proj.lora_linear_layer.up.weight', 'text', 'layers_0_q_proj', 'up'],
  ['base_model.model.mid_block.to_q.lora_A.default.weight', 'unet', 'mid_block_to_q', 'down'],
  ['unet.mid_block.conv1.lora_magnitude_vector', 'unet', 'mid_block_conv1', 'magnitude'],
  ['lora_unet_x.lokr_w2_b', 'unet', 'x', 'lokr_w2_b'],
])('%s', (name, part, module, factor) => expect(readLoraName(name)).toEqual({ part, module, factor }));
