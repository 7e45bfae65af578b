// The config.json of a UNet2DConditionModel: which fields this program computes, with the class's own defaults, and which it refuses.
// @source diffusers 0.42 models/unets/unet_2d_condition.py, the constructor's arguments.
import { DarkroomError } from '../errors.ts';
import type { ConfigReader } from './configReader.ts';

const DOWN_BLOCKS = ['CrossAttnDownBlock2D', 'DownBlock2D'] as const;
const UP_BLOCKS = ['UpBlock2D', 'CrossAttnUpBlock2D'] as const;
const MID_BLOCKS = ['UNetMidBlock2DCrossAttn', 'UNetMidBlock2D', null] as const;

/** What a U-Net and a ControlNet, a copy of its first half, have in common. */
export interface EncoderConfig {
  readonly inChannels: number;
  /** Channels of every level, the outermost first; all lists "by level" go the same way. */
  readonly channels: readonly number[];
  readonly downBlocks: readonly (typeof DOWN_BLOCKS)[number][];
  /** UNetMidBlock2D is one residual block without attention, as diffusers builds it here. */
  readonly midBlock: (typeof MID_BLOCKS)[number];
  /** By level. */
  readonly layersPerBlock: readonly number[];
  readonly heads: readonly number[];
  readonly transformerLayers: readonly number[];
  readonly crossAttentionDim: readonly number[];
  readonly onlyCrossAttention: readonly boolean[];
  /** Whether attention is computed in single precision where the rest is not. */
  readonly isSingleAttention: boolean;
  readonly groups: number;
  readonly epsilon: number;
  readonly convInKernel: number;
  readonly downsamplePadding: number;
  readonly midBlockScaleFactor: number;
  readonly centerInputSample: boolean;
  /** Width of the time embedding. */
  readonly timeWidth: number;
  /** SDXL's pooled prompt and sizes; null for networks that are told neither. */
  readonly added: AddedConfig | null;
  /** Width of the waves a guidance scale becomes; null for networks that are not told it. */
  readonly guidanceWidth: number | null;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
}

export interface UnetConfig extends EncoderConfig {
  readonly outChannels: number;
  /** The innermost first. */
  readonly upBlocks: readonly (typeof UP_BLOCKS)[number][];
  readonly convOutKernel: number;
}

export interface AddedConfig {
  /** Width of the waves one of the sizes becomes. */
  readonly width: number;
  /** Width of the pooled prompt and all waves together. */
  readonly inputWidth: number;
}

/** What training scripts leave in the config when they save averaged weights. @source diffusers training_utils.py EMAModel */
const AVERAGING_FIELDS = [
  'decay',
  'inv_gamma',
  'min_decay',
  'optimization_step',
  'power',
  'update_after_step',
  'use_ema_warmup',
];

/** @throws model_unsupported naming the field and its value. */
export function readUnetConfig(reader: ConfigReader): UnetConfig {
  const encoder = readEncoderConfig(reader, 'unet');
  const levels = encoder.channels.length;
  const crossLevels = Array.from({ length: Math.max(levels - 1, 0) }, () => 'CrossAttnUpBlock2D' as const);
  const config: UnetConfig = {
    ...encoder,
    outChannels: reader.count('out_channels', 4),
    upBlocks: reader.listOf('up_block_types', ['UpBlock2D', ...crossLevels], UP_BLOCKS),
    convOutKernel: reader.count('conv_out_kernel', 3),
  };
  if (config.upBlocks.length !== levels) reader.refuse('up_block_types', `${levels} blocks`);
  if (config.convOutKernel % 2 === 0) reader.refuse('conv_out_kernel', 'an odd number');
  reader.skip(...AVERAGING_FIELDS);
  reader.refuseUnread();
  return config;
}

/**
 * The fields both kinds have; whoever calls reads the others and refuses what is left.
 * @param part how messages call it
 * @throws model_unsupported
 */
export function readEncoderConfig(reader: ConfigReader, part: string): EncoderConfig {
  refuseOtherKinds(reader);
  const channels = reader.counts('block_out_channels', [320, 640, 1280, 1280]);
  const levels = channels.length;
  const crossAttentionDim = reader.countPerBlock('cross_attention_dim', 1280, levels);
  const config: EncoderConfig = {
    inChannels: reader.count('in_channels', 4),
    channels,
    ...readBlocks(reader, levels),
    heads: readHeads(reader, levels),
    crossAttentionDim,
    isSingleAttention: isUpcast(reader) || crossAttentionDim.includes(SD2_TEXT_WIDTH),
    groups: reader.count('norm_num_groups', 32),
    epsilon: reader.real('norm_eps', 1e-5),
    convInKernel: reader.count('conv_in_kernel', 3),
    downsamplePadding: reader.real('downsample_padding', 1),
    midBlockScaleFactor: reader.real('mid_block_scale_factor', 1),
    centerInputSample: reader.flag('center_input_sample', false),
    timeWidth: reader.isSet('time_embedding_dim') ? reader.count('time_embedding_dim', 0) : 4 * channels[0]!,
    flipSinToCos: reader.flag('flip_sin_to_cos', true),
    freqShift: reader.real('freq_shift', 0),
    added: readAdded(reader),
    guidanceWidth: reader.isSet('time_cond_proj_dim') ? reader.count('time_cond_proj_dim', 0) : null,
  };
  checkTogether(reader, config, part);
  reader.skip('use_linear_projection', 'sample_size', 'dropout', 'time_embedding_dim', 'time_cond_proj_dim');
  return config;
}

/** Width of the text Stable Diffusion 2.x reads; its attention overflows in half precision, also where its config does not say so. */
const SD2_TEXT_WIDTH = 1024;

function isUpcast(reader: ConfigReader): boolean {
  reader.skip('upcast_attention');
  return reader.isSet('upcast_attention') && reader.flag('upcast_attention', false);
}

function readBlocks(reader: ConfigReader, levels: number) {
  const crossLevels = Array.from({ length: Math.max(levels - 1, 0) }, () => 'CrossAttnDownBlock2D' as const);
  const downBlocks = reader.listOf('down_block_types', [...crossLevels, 'DownBlock2D'], DOWN_BLOCKS);
  const midBlock = reader.oneOf('mid_block_type', 'UNetMidBlock2DCrossAttn', MID_BLOCKS);
  // The middle has as many as the last level.
  const attends = downBlocks.map(
    (block, level) =>
      block === 'CrossAttnDownBlock2D' || (level === levels - 1 && midBlock === 'UNetMidBlock2DCrossAttn'),
  );
  return {
    downBlocks,
    midBlock,
    layersPerBlock: reader.countPerBlock('layers_per_block', 2, levels),
    transformerLayers: reader.countPerBlockOrNone('transformer_layers_per_block', 1, levels, attends),
    onlyCrossAttention: reader.flagPerBlock('only_cross_attention', false, levels),
  };
}

/** `attention_head_dim` holds the number of heads; the name was a mistake that published configs made permanent (diffusers issue 2011). */
function readHeads(reader: ConfigReader, levels: number): readonly number[] {
  const heads = reader.countPerBlock('attention_head_dim', 8, levels);
  if (!reader.isSet('num_attention_heads')) reader.skip('num_attention_heads');
  else return reader.countPerBlock('num_attention_heads', 8, levels);
  return heads;
}

/** Without the type, the widths must be absent too: elsewhere they mean other embeddings. */
function readAdded(reader: ConfigReader): AddedConfig | null {
  const type = reader.oneOf('addition_embed_type', null, [null, 'text_time']);
  if (type === null) {
    reader.only('addition_time_embed_dim', [null]);
    reader.only('projection_class_embeddings_input_dim', [null]);
    return null;
  }
  return {
    width: reader.count('addition_time_embed_dim', 256),
    inputWidth: reader.count('projection_class_embeddings_input_dim', 2816),
  };
}

/** Fields that belong to other networks of the same class. */
function refuseOtherKinds(reader: ConfigReader): void {
  reader.only('act_fn', ['silu', 'swish']);
  reader.only('class_embed_type', [null]);
  reader.only('num_class_embeds', [null]);
  reader.only('encoder_hid_dim', [null]);
  reader.only('encoder_hid_dim_type', [null]);
  reader.only('time_embedding_type', ['positional']);
  reader.only('time_embedding_act_fn', [null]);
  reader.only('timestep_post_act', [null]);
  reader.only('resnet_time_scale_shift', ['default']);
  reader.only('resnet_skip_time_act', [false]);
  reader.only('resnet_out_scale_factor', [1]);
  reader.only('dual_cross_attention', [false]);
  reader.only('attention_type', ['default'], 'gated attention belongs to GLIGEN, which is not supported');
  reader.only('class_embeddings_concat', [false]);
  reader.only('mid_block_only_cross_attention', [null, false]);
  reader.only('cross_attention_norm', [null]);
  reader.only('reverse_transformer_layers_per_block', [null]);
  // Only read by an embedding that is refused above.
  reader.skip('addition_embed_type_num_heads');
}

function checkTogether(reader: ConfigReader, config: EncoderConfig, part: string): void {
  const levels = config.channels.length;
  if (config.downBlocks.length !== levels) reader.refuse('down_block_types', `${levels} blocks`);
  if (config.convInKernel % 2 === 0) reader.refuse('conv_in_kernel', 'an odd number');
  if (![0, 1].includes(config.downsamplePadding)) reader.refuse('downsample_padding', '0 or 1');
  if (new Set(config.crossAttentionDim).size > 1) reader.refuse('cross_attention_dim', 'the same width everywhere');
  for (const [level, channels] of config.channels.entries()) {
    if (channels % config.groups !== 0) refuseDivision(part, 'norm_num_groups', config.groups, channels);
    if (channels % config.heads[level]! !== 0)
      refuseDivision(part, 'attention_head_dim', config.heads[level]!, channels);
  }
}

function refuseDivision(part: string, field: string, divisor: number, channels: number): never {
  const message = `${part}: config field ${field} is ${divisor}, expected a divisor of ${channels} channels`;
  throw new DarkroomError('model_unsupported', message, { part, field, found: divisor });
}
