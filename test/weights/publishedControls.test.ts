// What the control networks people download say of themselves: the configs of the published kinds are understood, fit the models they were made
// for and no others, and what is another kind of network is refused with its name.
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ModelFamily } from '../../src/core/request.ts';
import { ConfigReader } from '../../src/networks/configReader.ts';
import { readControlNetConfig } from '../../src/networks/controlNet.ts';
import { readAdapterConfig } from '../../src/networks/t2iAdapter.ts';
import { readUnetConfig } from '../../src/networks/unetConfig.ts';
import { checkControl } from '../../src/runtime/control.ts';
import { type ControlFile, readControlFile } from '../../src/weights/controlNet.ts';
import { fitsModel, scanControls } from '../../src/weights/controlNetLibrary.ts';
import { controlTensors, writeControlFolder } from '../support/madeControls.ts';
import { writeTensors } from '../support/madeModels.ts';
import { modelsFolder, putFile } from './makeSafetensors.ts';

type Config = Readonly<Record<string, unknown>>;

const CROSS = 'CrossAttnDownBlock2D';
const PLAIN = 'DownBlock2D';

/** What ControlNetModel.save_config wrote in early 2023; @source lllyasviel/sd-controlnet-canny, config.json */
const SD1: Config = {
  _class_name: 'ControlNetModel',
  _diffusers_version: '0.14.0.dev0',
  act_fn: 'silu',
  attention_head_dim: 8,
  block_out_channels: [320, 640, 1280, 1280],
  class_embed_type: null,
  conditioning_embedding_out_channels: [16, 32, 96, 256],
  controlnet_conditioning_channel_order: 'rgb',
  cross_attention_dim: 768,
  down_block_types: [CROSS, CROSS, CROSS, PLAIN],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  num_class_embeds: null,
  only_cross_attention: false,
  projection_class_embeddings_input_dim: null,
  resnet_time_scale_shift: 'default',
  upcast_attention: false,
  use_linear_projection: false,
};

/** @source thibaud/controlnet-sd21-canny-diffusers */
const SD2: Config = {
  ...SD1,
  attention_head_dim: [5, 10, 20, 20],
  cross_attention_dim: 1024,
  use_linear_projection: true,
};

/** @source diffusers/controlnet-canny-sdxl-1.0, xinsir/controlnet-openpose-sdxl-1.0 */
const XL: Config = {
  _class_name: 'ControlNetModel',
  _diffusers_version: '0.20.0.dev0',
  _name_or_path: 'valhalla/depth-2',
  act_fn: 'silu',
  addition_embed_type: 'text_time',
  addition_embed_type_num_heads: 64,
  addition_time_embed_dim: 256,
  attention_head_dim: [5, 10, 20],
  block_out_channels: [320, 640, 1280],
  class_embed_type: null,
  conditioning_channels: 3,
  conditioning_embedding_out_channels: [16, 32, 96, 256],
  controlnet_conditioning_channel_order: 'rgb',
  cross_attention_dim: 2048,
  down_block_types: [PLAIN, CROSS, CROSS],
  downsample_padding: 1,
  encoder_hid_dim: null,
  encoder_hid_dim_type: null,
  flip_sin_to_cos: true,
  freq_shift: 0,
  global_pool_conditions: false,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  num_attention_heads: null,
  num_class_embeds: null,
  only_cross_attention: false,
  projection_class_embeddings_input_dim: 2816,
  resnet_time_scale_shift: 'default',
  transformer_layers_per_block: [1, 2, 10],
  upcast_attention: null,
  use_linear_projection: true,
};

const PUBLISHED: readonly (readonly [string, Config, ModelFamily])[] = [
  ['sd-controlnet-canny', SD1, 'sd1'],
  ['control_v11e_sd15_shuffle', { ...SD1, conditioning_channels: 3, global_pool_conditions: true }, 'sd1'],
  ['control_v1p_sd15_qrcode_monster', { ...SD1, mid_block_type: 'UNetMidBlock2DCrossAttn' }, 'sd1'],
  ['controlnet-sd21-canny-diffusers', SD2, 'sd2'],
  ['controlnet-canny-sdxl-1.0', XL, 'sdxl'],
  ['controlnet-canny-sdxl-1.0-mid', { ...XL, transformer_layers_per_block: [0, 1, 1] }, 'sdxl'],
  ['controlnet-canny-sdxl-1.0-mid', { ...XL, transformer_layers_per_block: 1 }, 'sdxl'],
  [
    'controlnet-canny-sdxl-1.0-small',
    {
      ...XL,
      down_block_types: [PLAIN, PLAIN, PLAIN],
      mid_block_type: 'UNetMidBlock2D',
      transformer_layers_per_block: [0, 0, 0],
    },
    'sdxl',
  ],
  [
    'controlnet-depth-sdxl-1.0-small',
    {
      ...XL,
      down_block_types: [PLAIN, PLAIN, PLAIN],
      mid_block_type: 'UNetMidBlock2D',
      transformer_layers_per_block: 1,
    },
    'sdxl',
  ],
];

/** @source TencentARC/t2iadapter_*_sd14v1, t2iadapter_*_sd15v2, t2i-adapter-*-sdxl-1.0 */
const ADAPTERS: readonly (readonly [string, Config, readonly ModelFamily[]])[] = [
  ['t2iadapter_canny_sd14v1', { channels: [320, 640, 1280, 1280], in_channels: 1, num_res_blocks: 2 }, ['sd1']],
  ['t2iadapter_depth_sd15v2', { channels: [320, 640, 1280, 1280], in_channels: 3, num_res_blocks: 2 }, ['sd1']],
  [
    't2iadapter_color_sd14v1',
    {
      adapter_type: 'light_adapter',
      channels: [320, 640, 1280],
      in_channels: 3,
      num_res_blocks: 4,
      downscale_factor: 8,
    },
    ['sd1'],
  ],
  [
    't2i-adapter-canny-sdxl-1.0',
    { adapter_type: 'full_adapter_xl', channels: [320, 640, 1280, 1280], downscale_factor: 16, num_res_blocks: 2 },
    ['sdxl'],
  ],
  ['my adapter', { channels: [320, 640, 1280, 1280], in_channels: 3, num_res_blocks: 2 }, ['sd1', 'sd2']],
];

const SHARED = { in_channels: 4, out_channels: 4, layers_per_block: 2, sample_size: 64 };
const UNETS: Readonly<Record<'sd1' | 'sd2' | 'sdxl', Config>> = {
  sd1: { ...SHARED, block_out_channels: [320, 640, 1280, 1280], cross_attention_dim: 768, attention_head_dim: 8 },
  sd2: {
    ...SHARED,
    block_out_channels: [320, 640, 1280, 1280],
    cross_attention_dim: 1024,
    attention_head_dim: [5, 10, 20, 20],
    use_linear_projection: true,
  },
  sdxl: {
    ...SHARED,
    block_out_channels: [320, 640, 1280],
    cross_attention_dim: 2048,
    attention_head_dim: [5, 10, 20],
    down_block_types: [PLAIN, CROSS, CROSS],
    up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    transformer_layers_per_block: [1, 2, 10],
    use_linear_projection: true,
    addition_embed_type: 'text_time',
    addition_time_embed_dim: 256,
    projection_class_embeddings_input_dim: 2816,
  },
};
const vae = { config: { block_out_channels: [128, 256, 512, 512] } };

function fittingFamilies(name: string, network: ControlFile['network'], config: Config): readonly string[] {
  const file = { name, network, part: { config } } as ControlFile;
  return Object.entries(UNETS).flatMap(([family, unet]) => {
    const model = { name: family, family, unet: { config: unet }, vae } as unknown;
    return fitsModel(file, model as Parameters<typeof fitsModel>[1]) ? [family] : [];
  });
}

describe('published configs are understood and fit the models of their family alone', () => {
  test.each(PUBLISHED)('%s', (name, config, family) => {
    expect(readControlNetConfig({ config })).toMatchObject({ isPooled: name.includes('shuffle'), isBlueFirst: false });
    expect(fittingFamilies(name, 'controlnet', config)).toEqual([family]);
  });

  test.each(ADAPTERS)('%s', (name, config, families) => {
    expect(readAdapterConfig({ config: { _class_name: 'T2IAdapter', ...config } })).toMatchObject({
      channels: config.channels,
    });
    expect(fittingFamilies(name, 't2i-adapter', config)).toEqual(families);
  });

  test('no layers are said only of blocks that have none', () => {
    const reader = new ConfigReader('unet', { ...UNETS.sdxl, transformer_layers_per_block: [0, 2, 10] });
    expect(readUnetConfig(reader).transformerLayers).toEqual([0, 2, 10]);
    expect(() => readControlNetConfig({ config: { ...XL, transformer_layers_per_block: [0, 0, 10] } })).toThrow(
      'config field transformer_layers_per_block is [0,0,10], expected a list of 3 whole numbers, 0 only for blocks',
    );
    const small = { ...XL, down_block_types: [PLAIN, PLAIN, PLAIN], transformer_layers_per_block: [0, 0, 0] };
    expect(() => readControlNetConfig({ config: small })).toThrow('transformer_layers_per_block');
  });

  test.each([
    ['conditioning_channels', 6, 'conditioning_channels is 6, expected 3'],
    ['class_embed_type', 'timestep', 'class_embed_type is "timestep"'],
    ['num_control_type', 8, 'num_control_type is 8'],
  ])('what would compute something else is refused: %s', (field, value, words) => {
    expect(() => readControlNetConfig({ config: { ...XL, [field]: value } })).toThrow(words);
  });
});

describe('files', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  const emptyFolder = () => {
    const folder = modelsFolder({ 'controlnets/keep.txt': '' });
    folders.push(folder);
    return folder;
  };

  // Its folder names the plain class.
  test('a ControlNet-Union in a folder is refused as what it is', () => {
    const root = emptyFolder();
    const folder = path.join(root, 'controlnets/controlnet-union-sdxl-1.0');
    putFile(root, 'controlnets/controlnet-union-sdxl-1.0/config.json', {});
    writeControlFolder(folder, 'small-canny', 'F16');
    const more = { shape: [6, 8], data: new Float32Array(48) };
    const tensors = controlTensors('small-canny').set('task_embedding', more);
    writeTensors(path.join(folder, 'diffusion_pytorch_model.safetensors'), tensors, 'F16');
    const { cards, refused } = scanControls(root, [], checkControl);
    expect(cards).toEqual([]);
    expect(refused[0]?.reason).toContain('controlnet-union-sdxl-1.0: is a ControlNet-Union');
  });

  test('a single file pools where the YAML beside it says so, else where it is a shuffle', () => {
    const root = emptyFolder();
    const pools = (name: string, yaml?: string) => {
      const file = path.join(root, 'controlnets', `${name}.safetensors`);
      writeTensors(file, controlTensors('single-depth'), 'F16');
      if (yaml !== undefined) writeFileSync(file.replace('.safetensors', '.yaml'), yaml);
      return readControlNetConfig(readControlFile(root, file).part).isPooled;
    };
    expect(pools('control_v11p_sd15_canny_fp16')).toBe(false);
    expect(pools('control_v11e_sd15_shuffle_fp16')).toBe(true);
    const yaml = (value: string) =>
      `model:\n  params:\n    only_mid_control: False\n    global_average_pooling: ${value}\n`;
    expect(pools('averaged', yaml('True'))).toBe(true);
    expect(pools('shuffle of mine', yaml('False'))).toBe(false);
    expect(pools('control_v11e_sd15_shuffle', 'model:\n  params:\n    scale_factor: 0.18215\n')).toBe(true);
  });
});
