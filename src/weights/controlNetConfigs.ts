// The configs a control network without config.json lacks: what its tensors' shapes say, and for the rest what every published one has.
import { countResnets, countTransformers, countWhile, has, lengthOf, list } from './ldmConfigs.ts';
import type { TensorIndex } from './tensors.ts';

type Config = Readonly<Record<string, unknown>>;

/** Group normalisation of every published one; the shapes do not show it. */
const GROUPS = 32;
/** Heads of every level of Stable Diffusion 1.x. @source v1-inference.yaml, num_heads */
const SD1_HEADS = 8;
/** Width of a head elsewhere. */
const HEAD_WIDTH = 64;
/** Tokens of SDXL, for networks that do not look at them. */
const XL_TOKENS = 2048;
/** Waves one of SDXL's sizes becomes. @source sd_xl_base.yaml */
const SIZE_WAVES = 256;

/** @param tensors under diffusers' names. @throws weights_invalid */
export function inferControlNetConfig(tensors: TensorIndex): Config {
  const levels = countWhile((level) => has(tensors, `down_blocks.${level}.resnets.0.conv1.weight`));
  const channels = list(levels, (level) => lengthOf(tensors, `down_blocks.${level}.resnets.0.conv1.weight`, 0));
  const attends = (level: number) => has(tensors, `down_blocks.${level}.attentions.0.norm.weight`);
  return {
    _class_name: 'ControlNetModel',
    in_channels: lengthOf(tensors, 'conv_in.weight', 1),
    block_out_channels: channels,
    layers_per_block: list(levels, (level) => countResnets(tensors, `down_blocks.${level}`)),
    down_block_types: list(levels, (level) => (attends(level) ? 'CrossAttnDownBlock2D' : 'DownBlock2D')),
    mid_block_type: midBlockOf(tensors),
    transformer_layers_per_block: list(levels, (level) =>
      Math.max(1, countTransformers(tensors, level === levels - 1 ? 'mid_block' : `down_blocks.${level}`)),
    ),
    cross_attention_dim: tokenWidth(tensors),
    attention_head_dim: projectsByConvolution(tensors)
      ? SD1_HEADS
      : list(levels, (level) => Math.max(1, channels[level]! / HEAD_WIDTH)),
    norm_num_groups: GROUPS,
    conditioning_embedding_out_channels: hintChannels(tensors),
    ...(has(tensors, 'add_embedding.linear_1.weight') ? addition(tensors) : {}),
  };
}

function midBlockOf(tensors: TensorIndex): string | null {
  if (has(tensors, 'mid_block.attentions.0.norm.weight')) return 'UNetMidBlock2DCrossAttn';
  return has(tensors, 'mid_block.resnets.0.conv1.weight') ? 'UNetMidBlock2D' : null;
}

/** So does Stable Diffusion 1.x; 2.x and XL multiply by a matrix. */
function projectsByConvolution(tensors: TensorIndex): boolean {
  const projection = [...tensors.names()].find((name) => name.endsWith('.proj_in.weight'));
  return projection !== undefined && tensors.get(projection)!.shape.length === 4;
}

function tokenWidth(tensors: TensorIndex): number {
  const reads = [...tensors.names()].find((name) => name.endsWith('.attn2.to_k.weight'));
  return reads === undefined ? XL_TOKENS : lengthOf(tensors, reads, 1);
}

function addition(tensors: TensorIndex): Config {
  return {
    addition_embed_type: 'text_time',
    addition_time_embed_dim: SIZE_WAVES,
    projection_class_embeddings_input_dim: lengthOf(tensors, 'add_embedding.linear_1.weight', 1),
  };
}

/** Every second layer of the map's own gives the next width. */
function hintChannels(tensors: TensorIndex): readonly number[] {
  const name = (place: string) => `controlnet_cond_embedding.${place}.weight`;
  const halvings = countWhile((level) => has(tensors, name(`blocks.${2 * level + 1}`)));
  return [
    lengthOf(tensors, name('conv_in'), 0),
    ...list(halvings, (level) => lengthOf(tensors, name(`blocks.${2 * level + 1}`), 0)),
  ];
}

/** Channels of folded maps, grey or coloured: 8 pixels a side are folded, 16 for SDXL. */
const FOLDED: Readonly<Record<number, readonly [colours: number, fold: number]>> = {
  64: [1, 8],
  192: [3, 8],
  256: [1, 16],
  768: [3, 16],
};

/** @param tensors under diffusers' names. @throws weights_invalid */
export function inferAdapterConfig(tensors: TensorIndex): Config {
  const isLight = has(tensors, 'adapter.body.0.out_conv.weight');
  const first = isLight ? 'adapter.body.0.in_conv.weight' : 'adapter.conv_in.weight';
  const [colours, fold] = FOLDED[lengthOf(tensors, first, 1)] ?? [3, 8];
  const levels = countWhile((level) => has(tensors, `adapter.body.${level}.resnets.0.block1.weight`));
  const width = (level: number) =>
    lengthOf(tensors, `adapter.body.${level}.${isLight ? 'out_conv' : 'resnets.0.block1'}.weight`, 0);
  const widths = list(levels, width);
  return {
    _class_name: 'T2IAdapter',
    adapter_type: isLight ? 'light_adapter' : fold === 16 ? 'full_adapter_xl' : 'full_adapter',
    in_channels: colours,
    channels: isLight ? widths.slice(0, -1) : widths,
    num_res_blocks: countWhile((block) => has(tensors, `adapter.body.0.resnets.${block}.block1.weight`)),
    downscale_factor: fold,
  };
}
