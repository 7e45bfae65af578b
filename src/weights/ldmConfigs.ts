// The configs a single-file checkpoint lacks: what its tensors' shapes say, and for the rest what every published model of the family has.
// They are written as a diffusers folder would have them, so that the networks check them as they check those.
import type { ModelFamily } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import type { TensorIndex } from './tensors.ts';

type Config = Readonly<Record<string, unknown>>;

/** Group normalisation of every published U-Net and autoencoder of the family; the shapes do not show it. */
const GROUPS = 32;
/** Attention heads at every level of Stable Diffusion 1.x. @source v1-inference.yaml, num_heads */
const SD1_HEADS = 8;
/** Width of a head in Stable Diffusion 2.x and in both text encoders. @source v2-inference.yaml, num_head_channels */
const HEAD_WIDTH = 64;
/** @source v1-inference.yaml, v2-inference.yaml, sd_xl_base.yaml and sd_xl_refiner.yaml, scale_factor */
const SCALING_FACTORS: Readonly<Record<ModelFamily, number>> = {
  sd1: 0.18215,
  sd2: 0.18215,
  sdxl: 0.13025,
  'sdxl-refiner': 0.13025,
};

/**
 * @param tensors under diffusers' names
 * @param sampleSize latents a side of the pictures it was trained on
 * @param pooledWidth of the prompt as one vector, null for families without
 * @throws weights_invalid
 */
export function inferUnetConfig(
  tensors: TensorIndex,
  family: ModelFamily,
  sampleSize: number,
  pooledWidth: number | null,
): Config {
  const levels = countWhile((level) => has(tensors, `down_blocks.${level}.resnets.0.conv1.weight`));
  const channels = list(levels, (level) => lengthOf(tensors, `down_blocks.${level}.resnets.0.conv1.weight`, 0));
  const attends = (side: string) => (level: number) => has(tensors, `${side}_blocks.${level}.attentions.0.norm.weight`);
  const isInnermost = (level: number) => level === levels - 1;
  const heads = (level: number) => (attends('down')(level) || isInnermost(level) ? channels[level]! / HEAD_WIDTH : 1);
  return {
    _class_name: 'UNet2DConditionModel',
    sample_size: sampleSize,
    in_channels: lengthOf(tensors, 'conv_in.weight', 1),
    out_channels: lengthOf(tensors, 'conv_out.weight', 0),
    block_out_channels: channels,
    layers_per_block: list(levels, (level) => countResnets(tensors, `down_blocks.${level}`)),
    down_block_types: list(levels, (level) => (attends('down')(level) ? 'CrossAttnDownBlock2D' : 'DownBlock2D')),
    mid_block_type: 'UNetMidBlock2DCrossAttn',
    up_block_types: list(levels, (level) => (attends('up')(level) ? 'CrossAttnUpBlock2D' : 'UpBlock2D')),
    transformer_layers_per_block: list(levels, (level) =>
      Math.max(1, countTransformers(tensors, isInnermost(level) ? 'mid_block' : `down_blocks.${level}`)),
    ),
    cross_attention_dim: lengthOf(tensors, 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight', 1),
    attention_head_dim: family === 'sd1' ? SD1_HEADS : list(levels, heads),
    use_linear_projection: family !== 'sd1',
    norm_num_groups: GROUPS,
    ...(pooledWidth === null ? {} : inferAddition(tensors, family, pooledWidth)),
  };
}

/** How many numbers SDXL's U-Nets are told. @source sd_xl_base.yaml and sd_xl_refiner.yaml, conditioner_config */
const TOLD_NUMBERS: Readonly<Partial<Record<ModelFamily, number>>> = { sdxl: 6, 'sdxl-refiner': 5 };

function inferAddition(tensors: TensorIndex, family: ModelFamily, pooledWidth: number): Config {
  const inputWidth = lengthOf(tensors, 'add_embedding.linear_1.weight', 1);
  return {
    addition_embed_type: 'text_time',
    addition_time_embed_dim: (inputWidth - pooledWidth) / (TOLD_NUMBERS[family] ?? 1),
    projection_class_embeddings_input_dim: inputWidth,
  };
}

export function countResnets(tensors: TensorIndex, block: string): number {
  return countWhile((layer) => has(tensors, `${block}.resnets.${layer}.conv1.weight`));
}

export function countTransformers(tensors: TensorIndex, block: string): number {
  const path = `${block}.attentions.0.transformer_blocks`;
  return countWhile((layer) => has(tensors, `${path}.${layer}.norm1.weight`));
}

/** @param tensors under diffusers' names. @param family whose latents it makes. @throws weights_invalid */
export function inferAutoencoderConfig(tensors: TensorIndex, family: ModelFamily): Config {
  const levels = countWhile((level) => has(tensors, `encoder.down_blocks.${level}.resnets.0.conv1.weight`));
  return {
    _class_name: 'AutoencoderKL',
    in_channels: lengthOf(tensors, 'encoder.conv_in.weight', 1),
    out_channels: lengthOf(tensors, 'decoder.conv_out.weight', 0),
    latent_channels: lengthOf(tensors, 'decoder.conv_in.weight', 1),
    block_out_channels: list(levels, (level) =>
      lengthOf(tensors, `encoder.down_blocks.${level}.resnets.0.conv1.weight`, 0),
    ),
    layers_per_block: countResnets(tensors, 'encoder.down_blocks.0'),
    down_block_types: list(levels, () => 'DownEncoderBlock2D'),
    up_block_types: list(levels, () => 'UpDecoderBlock2D'),
    use_quant_conv: has(tensors, 'quant_conv.weight'),
    use_post_quant_conv: has(tensors, 'post_quant_conv.weight'),
    mid_block_add_attention: has(tensors, 'decoder.mid_block.attentions.0.to_q.weight'),
    norm_num_groups: GROUPS,
    scaling_factor: SCALING_FACTORS[family],
  };
}

/** OpenAI's CLIP, the text encoder of 1.x and SDXL's first one, or OpenCLIP's, that of 2.x and SDXL's second. */
export type ClipMaker = 'openai' | 'openclip';

/** @param tensors under transformers' names. @throws weights_invalid */
export function inferTextConfig(tensors: TensorIndex, maker: ClipMaker): Config {
  const [vocabSize, width] = [0, 1].map((axis) => lengthOf(tensors, TOKEN_TABLE, axis)) as [number, number];
  return {
    model_type: 'clip_text_model',
    vocab_size: vocabSize,
    hidden_size: width,
    intermediate_size: lengthOf(tensors, 'text_model.encoder.layers.0.mlp.fc1.weight', 0),
    num_hidden_layers: countWhile((layer) => has(tensors, `text_model.encoder.layers.${layer}.layer_norm1.weight`)),
    num_attention_heads: width / HEAD_WIDTH,
    max_position_embeddings: lengthOf(tensors, 'text_model.embeddings.position_embedding.weight', 0),
    hidden_act: maker === 'openai' ? 'quick_gelu' : 'gelu',
    ...inferProjection(tensors),
  };
}

/** The original matrix lies the other way round. */
function inferProjection(tensors: TensorIndex): Config {
  const width = tensors.get('text_projection')?.shape[1] ?? tensors.get('text_projection.weight')?.shape[0];
  return width === undefined ? {} : { projection_dim: width };
}

const TOKEN_TABLE = 'text_model.embeddings.token_embedding.weight';

export interface NoiseFacts {
  readonly prediction: 'epsilon' | 'v';
  readonly zeroTerminalSnr: boolean;
}

/**
 * As the published folders say it; how timesteps are spaced those of 1.x and 2.x leave to each sampler, those of XL do not.
 * @source v1-inference.yaml, linear_start and linear_end; stable-diffusion-xl-base-1.0, scheduler_config.json
 */
export function ldmSchedulerConfig({ prediction, zeroTerminalSnr }: NoiseFacts, family: ModelFamily): Config {
  return {
    beta_schedule: 'scaled_linear',
    beta_start: 0.00085,
    beta_end: 0.012,
    num_train_timesteps: 1000,
    steps_offset: 1,
    set_alpha_to_one: false,
    clip_sample: false,
    prediction_type: prediction === 'v' ? 'v_prediction' : 'epsilon',
    ...(family === 'sdxl' || family === 'sdxl-refiner' ? { timestep_spacing: 'leading' } : {}),
    // From pure noise on, the first step must be the noisiest. @source arXiv:2305.08891, section 3.3
    ...(zeroTerminalSnr ? { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' } : {}),
  };
}

export function has(tensors: TensorIndex, name: string): boolean {
  return tensors.get(name) !== undefined;
}

export function lengthOf(tensors: TensorIndex, name: string, axis: number): number {
  const shape = tensors.get(name)?.shape;
  const problem = shape === undefined ? 'is missing' : `has the shape [${shape}]`;
  const length = shape?.[axis];
  if (length !== undefined && length > 0) return length;
  throw new DarkroomError('weights_invalid', `${tensors.source}: ${name} ${problem}, expected an axis ${axis}`, {
    source: tensors.source,
    tensor: name,
  });
}

export function list<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => item(index));
}

export function countWhile(isThere: (index: number) => boolean): number {
  let count = 0;
  while (isThere(count)) count += 1;
  return count;
}
