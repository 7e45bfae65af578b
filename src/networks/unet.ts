// UNet2DConditionModel of the Stable Diffusion 1.x, 2.x and XL kind, built from its config.json: what its fields mean, its blocks, and the
// refusal of every field that asks for something else. Weight names are the module paths of the diffusers class.
// @source diffusers 0.42 models/unets/unet_2d_condition.py, unet_2d_blocks.py.
import { DarkroomError } from '../errors.ts';
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider, scalar } from './dialect.ts';
import { channelsOf, conv2d, groupNorm, type Net, resnetBlock, silu } from './layers.ts';
import { NO_LAYERS } from './loraBranches.ts';
import { addedEmbedding, timeEmbedding } from './timeEmbedding.ts';
import { transformer2d } from './transformer2d.ts';
import { type AddedConfig, readUnetConfig, type UnetConfig } from './unetConfig.ts';
import { type ShapeHint, WeightReader } from './weightReader.ts';

/** Numbers SDXL is told of sizes: height and width, top and left, height and width. Its refiner is told one less. */
export const SDXL_TIME_IDS = 6;

/**
 * sample f32[n,c,h,w], timestep f32[n] (every row its own), conditioning f32[n,t,d] → prediction f32[n,c',h,w]. Networks of SDXL have two
 * more inputs, pooled f32[n,p] and time_ids f32[n,k]; those that are told the guidance scale one, guidance f32[n,g] (`guidanceWaves`).
 * @param branches layers with side branches, each with two more inputs (loraBranches.ts)
 * @param timeIds k; the config tells only how wide pooled prompt and sizes are together
 * @throws model_unsupported, weights_invalid
 */
export function buildUnet(part: Part, provider: Provider, branches = NO_LAYERS, timeIds = SDXL_TIME_IDS): Graph {
  const config = readUnetConfig(new ConfigReader('unet', part.config));
  const g = new GraphBuilder('unet');
  const weights = new WeightReader(g, part.tensors, unetHint);
  const net = { g, weights, dialect: dialectOf(provider), branches };
  const sample = g.input('sample', 'f32', ['n', config.inChannels, 'h', 'w']);
  const timestep = g.input('timestep', 'f32', ['n']);
  const conditioning = g.input('conditioning', 'f32', ['n', 't', config.crossAttentionDim[0]!]);
  const time = silu(net, readTime(net, config, timestep, timeIds));
  g.output('prediction', writeUnet(net, sample, { config, time, conditioning }));
  weights.refuseUnused(() => true);
  return g.build();
}

/** What a block hands on besides its result, shared by all of them. */
interface Context {
  readonly config: UnetConfig;
  readonly time: Value;
  readonly conditioning: Value;
}

/** f32[n,e]: the timestep, and with it whatever else the network is told once for the whole picture. */
function readTime(net: Net, config: UnetConfig, timestep: Value, timeIds: number): Value {
  const { g } = net;
  const { added, guidanceWidth } = config;
  const guidance = guidanceWidth === null ? null : g.input('guidance', 'f32', ['n', guidanceWidth]);
  const time = timeEmbedding(net, timestep, config, guidance);
  if (added === null) return time;
  const pooledWidth = added.inputWidth - timeIds * added.width;
  if (pooledWidth < 1) refusePooledWidth(added, timeIds);
  const pooled = g.input('pooled', 'f32', ['n', pooledWidth]);
  return op.add(g, time, addedEmbedding(net, pooled, g.input('time_ids', 'f32', ['n', timeIds]), config));
}

function refusePooledWidth({ inputWidth, width }: AddedConfig, timeIds: number): never {
  const expected = `more than ${timeIds} times addition_time_embed_dim, ${width}`;
  const message = `unet: config field projection_class_embeddings_input_dim is ${inputWidth}, expected ${expected}`;
  throw new DarkroomError('model_unsupported', message, { part: 'unet', found: inputWidth });
}

function writeUnet(net: Net, sample: Value, context: Context): Value {
  const { config } = context;
  const centred = config.centerInputSample ? centre(net, sample) : sample;
  let x = conv2d(net, centred, 'conv_in', config.channels[0]!, { kernel: config.convInKernel });
  const skips = [x];
  for (const block of config.channels.keys()) x = downBlock(net, x, block, skips, context);
  if (config.midBlock !== null) x = midBlock(net, x, context);
  for (const block of config.channels.keys()) x = upBlock(net, x, block, skips, context);
  const normal = silu(net, groupNorm(net, x, 'conv_norm_out', config.groups, config.epsilon));
  return conv2d(net, normal, 'conv_out', config.outChannels, { kernel: config.convOutKernel });
}

/** 0 … 1 → -1 … 1. */
function centre(net: Net, sample: Value): Value {
  return op.sub(net.g, op.mul(net.g, sample, scalar(net.g, 2)), scalar(net.g, 1));
}

function downBlock(net: Net, input: Value, block: number, skips: Value[], context: Context): Value {
  const { config } = context;
  const name = `down_blocks.${block}`;
  const out = config.channels[block]!;
  let x = input;
  for (let layer = 0; layer < config.layersPerBlock[block]!; layer++) {
    x = resnet(net, x, `${name}.resnets.${layer}`, out, context);
    if (config.downBlocks[block] === 'CrossAttnDownBlock2D') {
      x = attend(net, x, `${name}.attentions.${layer}`, block, context);
    }
    skips.push(x);
  }
  if (block === config.channels.length - 1) return x;
  x = downsample(net, x, `${name}.downsamplers.0.conv`, config.downsamplePadding);
  skips.push(x);
  return x;
}

function midBlock(net: Net, input: Value, context: Context): Value {
  const { config } = context;
  const out = channelsOf(input);
  const x = resnet(net, input, 'mid_block.resnets.0', out, context, config.midBlockScaleFactor);
  if (config.midBlock === 'UNetMidBlock2D') return x;
  const block = config.channels.length - 1;
  const attended = attend(net, x, 'mid_block.attentions.0', block, context, false);
  return resnet(net, attended, 'mid_block.resnets.1', out, context, config.midBlockScaleFactor);
}

/** @param position 0 for the deepest. Its settings are those of the down block of the same depth, one layer more. */
function upBlock(net: Net, input: Value, position: number, skips: Value[], context: Context): Value {
  const { config } = context;
  const name = `up_blocks.${position}`;
  const block = config.channels.length - 1 - position;
  let x = input;
  for (let layer = 0; layer <= config.layersPerBlock[block]!; layer++) {
    x = op.concat(net.g, [x, skips.pop()!], 1);
    x = resnet(net, x, `${name}.resnets.${layer}`, config.channels[block]!, context);
    if (config.upBlocks[position] === 'CrossAttnUpBlock2D') {
      x = attend(net, x, `${name}.attentions.${layer}`, block, context);
    }
  }
  return block === 0 ? x : upsample(net, x, `${name}.upsamplers.0.conv`, skips.at(-1)!);
}

function resnet(net: Net, x: Value, name: string, out: number, context: Context, scaleFactor = 1): Value {
  const { groups, epsilon } = context.config;
  return resnetBlock(net, x, name, { out, groups, epsilon, time: context.time, scaleFactor });
}

function attend(
  net: Net,
  x: Value,
  name: string,
  block: number,
  { config, conditioning }: Context,
  onlyCrossAttention = config.onlyCrossAttention[block]!,
): Value {
  return transformer2d(net, x, name, {
    conditioning,
    heads: config.heads[block]!,
    layers: config.transformerLayers[block]!,
    groups: config.groups,
    onlyCrossAttention,
  });
}

/** Half the rows and columns, rounded up; padding 0 stands for one row and column of zeros below and right. */
function downsample(net: Net, x: Value, name: string, padding: number): Value {
  const pads = padding === 0 ? ([0, 0, 1, 1] as const) : ([padding, padding, padding, padding] as const);
  return conv2d(net, x, name, channelsOf(x), { stride: 2, pads });
}

/** To the size of the skip it will meet: twice, or one less where halving rounded up. */
function upsample(net: Net, x: Value, name: string, skip: Value): Value {
  const { g } = net;
  const sizes = op.concat(g, [op.shapeOf(g, x, 0, 2), op.shapeOf(g, skip, 2)], 0);
  return conv2d(net, op.resizeTo(g, x, sizes), name, channelsOf(x));
}

const INPUT_CHANNEL_HINTS: Readonly<Record<number, string>> = {
  9: 'is this an inpainting checkpoint?',
  8: 'is this an instruct-pix2pix checkpoint?',
  7: 'is this an upscaler?',
};

const CONDITIONING_HINTS: Readonly<Record<number, string>> = {
  768: 'are these Stable Diffusion 1.x weights?',
  1024: 'are these Stable Diffusion 2.x weights?',
  2048: 'are these SDXL weights?',
};

const unetHint: ShapeHint = (name, found, expected) => {
  if (name === 'conv_in.weight') return INPUT_CHANNEL_HINTS[found[1] ?? 0];
  if (/\.attn2\.to_[kv]\.weight$/.test(name) && found[1] !== expected[1]) return CONDITIONING_HINTS[found[1] ?? 0];
  return undefined;
};
