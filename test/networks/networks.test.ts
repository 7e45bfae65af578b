// Whole networks against the names and shapes diffusers and transformers give the published configs, and the refusals.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildDecoder, buildEncoder } from '../../src/networks/autoencoderKl.ts';
import { buildClipText } from '../../src/networks/clipText.ts';
import { PROVIDERS } from '../../src/networks/dialect.ts';
import { timeFrequencies } from '../../src/networks/timeEmbedding.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import { serializeModel } from '../../src/onnx/modelProto.ts';
import { ROOT } from '../../src/root.ts';
import { fakeTensors } from './fakeTensors.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;
interface Header {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Shapes;
}
const HEADERS = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/networks/headers.json'), 'utf8')) as Readonly<
  Record<string, Header>
>;

const BUILDERS = { unet: buildUnet, text: buildClipText, encoder: buildEncoder, decoder: buildDecoder } as const;

/** The published network with some config fields and tensors replaced (undefined: taken away). */
function build(
  header: string,
  kind: keyof typeof BUILDERS,
  config: Readonly<Record<string, unknown>> = {},
  tensors: Readonly<Record<string, readonly number[] | undefined>> = {},
) {
  const { config: published, tensors: shapes } = HEADERS[header]!;
  const changed = Object.entries({ ...shapes, ...tensors }).filter(([, shape]) => shape !== undefined);
  const part = { config: { ...published, ...config }, tensors: fakeTensors(Object.fromEntries(changed) as Shapes) };
  return BUILDERS[kind](part, 'cpu');
}

describe('published configs name every tensor of their weights, with its shape, and no other', () => {
  test.each([
    ['sd15_unet', 'unet', 686],
    ['sd21_unet', 'unet', 686],
    ['sd15_text', 'text', 196],
    ['sd21_text', 'text', 372],
    ['sd_vae', 'encoder', 108],
    ['sd_vae', 'decoder', 140],
  ] as const)('%s, %s', (header, kind, tensors) => {
    expect(build(header, kind).weights).toHaveLength(tensors);
  });

  test('the same network for every provider', () => {
    const { config, tensors } = HEADERS.sd15_unet!;
    for (const provider of PROVIDERS) {
      const graph = buildUnet({ config, tensors: fakeTensors(tensors) }, provider);
      expect(graph.weights).toHaveLength(686);
      expect(graph.outputs[0]).toMatchObject({ name: 'prediction', shape: ['n', 4, 'h', 'w'] });
    }
  });

  test('a graph of 860 million parameters has 0.3 MB at most', () => {
    expect(serializeModel(build('sd15_unet', 'unet')).bytes.length).toBeLessThan(300_000);
  });

  test('the autoencoder halves three times and doubles three times', () => {
    expect(build('sd_vae', 'encoder').outputs.map(({ shape }) => shape)).toEqual([
      ['n', 4, 'floor(h/8)', 'floor(w/8)'],
      ['n', 4, 'floor(h/8)', 'floor(w/8)'],
    ]);
    expect(build('sd_vae', 'decoder').outputs[0]!.shape).toEqual(['n', 3, '8*h', '8*w']);
  });
});

describe('a config field that changes the computation is refused by name and value', () => {
  test.each([
    ['addition_embed_type', 'text_image', 'expected null or "text_time"'],
    ['addition_time_embed_dim', 256, 'expected null'],
    ['class_embed_type', 'timestep', 'expected null'],
    ['time_cond_proj_dim', 'wide', 'expected a whole number of at least 1'],
    ['encoder_hid_dim', 4096, 'expected null'],
    ['resnet_time_scale_shift', 'scale_shift', 'expected "default"'],
    ['dual_cross_attention', true, 'expected false'],
    [
      'mid_block_type',
      'UNetMidBlock2DSimpleCrossAttn',
      'expected "UNetMidBlock2DCrossAttn" or "UNetMidBlock2D" or null',
    ],
    ['act_fn', 'gelu', 'expected "silu" or "swish"'],
    ['down_block_types', ['AttnDownBlock2D'], 'expected a list of "CrossAttnDownBlock2D", "DownBlock2D"'],
    ['down_block_types', ['DownBlock2D'], 'expected 4 blocks'],
    ['attention_head_dim', [8, 8, 8], 'expected a list of 4 whole numbers'],
    ['attention_head_dim', 7, 'expected a divisor of 320'],
    ['norm_num_groups', null, 'expected a whole number of at least 1'],
    ['norm_num_groups', 48, 'expected a divisor of 320'],
    ['transformer_layers_per_block', [[1, 2], 1, 1, 1], 'expected a list of 4'],
    ['a_field_of_the_future', 'yes', 'no such field'],
  ])('unet %s = %j', (field, value, reason) => {
    const attempt = () => build('sd15_unet', 'unet', { [field]: value });
    expect(attempt).toThrow(expect.objectContaining({ code: 'model_unsupported' }));
    expect(attempt).toThrow(`unet: config field ${field} is ${JSON.stringify(value)}`);
    expect(attempt).toThrow(reason);
  });

  test.each([
    ['decoder', 'shift_factor', 0.1],
    ['encoder', 'latents_mean', [0, 0, 0, 0]],
    ['decoder', 'up_block_types', ['AttnUpDecoderBlock2D']],
    ['text', 'hidden_act', 'relu'],
    ['text', 'model_type', 't5'],
  ] as const)('%s %s = %j', (kind, field, value) => {
    const header = kind === 'text' ? 'sd15_text' : 'sd_vae';
    const attempt = () => build(header, kind, { [field]: value });
    expect(attempt).toThrow(`config field ${field} is ${JSON.stringify(value)}`);
  });

  test('fields of later versions that are off or empty do no harm', () => {
    expect(build('sd15_unet', 'unet', { _diffusers_version: '9', later_flag: false, later_list: null }).name).toBe(
      'unet',
    );
  });
});

describe('weights that do not fit are named, with what was found and expected', () => {
  test.each([
    [
      'conv_in.weight',
      [320, 9, 3, 3],
      'has shape [320,9,3,3], expected [320,4,3,3]; is this an inpainting checkpoint?',
    ],
    [
      'conv_in.weight',
      [320, 8, 3, 3],
      'has shape [320,8,3,3], expected [320,4,3,3]; is this an instruct-pix2pix checkpoint?',
    ],
    [
      'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight',
      [320, 1024],
      'has shape [320,1024], expected [320,768]; are these Stable Diffusion 2.x weights?',
    ],
    ['conv_out.bias', [3], 'has shape [3], expected [4]'],
    ['mid_block.resnets.1.conv2.weight', undefined, 'is missing, expected [1280,1280,3,3]'],
  ])('%s %j', (name, shape, reason) => {
    const attempt = () => build('sd15_unet', 'unet', {}, { [name]: shape });
    expect(attempt).toThrow(expect.objectContaining({ code: 'weights_invalid' }));
    expect(attempt).toThrow(`part.safetensors: ${name} ${reason}`);
  });

  test('a 1x1 convolution and a matrix are the same bytes', () => {
    const name = 'down_blocks.0.attentions.0.proj_in.weight';
    expect(build('sd15_unet', 'unet', {}, { [name]: [320, 320] }).weights).toHaveLength(686);
  });

  test('tensors no layer uses are refused: the config describes another network', () => {
    const attempt = () => build('sd15_unet', 'unet', { mid_block_type: null });
    expect(attempt).toThrow(/46 tensors belong to no layer that config.json describes: mid_block/);
  });

  test('position ids and a text projection are no part of the computation', () => {
    const idle = { 'text_model.embeddings.position_ids': [1, 77], 'text_projection.weight': [768, 768] };
    expect(build('sd15_text', 'text', {}, idle).weights).toHaveLength(196);
  });

  test('integer weights are refused', () => {
    const { config, tensors } = HEADERS.sd15_unet!;
    const part = { config, tensors: fakeTensors(tensors, 'I8') };
    expect(() => buildUnet(part, 'cpu')).toThrow('is stored as I8, expected F32, F16 or BF16');
  });
});

test('time frequencies fall from 1 to 1/10000 in equal ratios', () => {
  const frequencies = timeFrequencies(160, 0);
  expect(frequencies[0]).toBe(1);
  expect(frequencies[80]).toBeCloseTo(0.01, 8);
  expect(timeFrequencies(5, 1)[4]).toBeCloseTo(1e-4, 10);
});
