// UNet2DConditionModel of the Stable Diffusion 1.x, 2.x and XL kind, built from its config.json (unetConfig.ts) out of its blocks (unetBlocks.ts).
// Weight names are the module paths of the diffusers class.
// @source diffusers 0.42 models/unets/unet_2d_condition.py.
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import type { Axes } from '../onnx/liveness.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { addLevel, addSkip, type ControlPlaces, NO_PLACES } from './controlInputs.ts';
import { dialectOf, type Provider, scalar } from './dialect.ts';
import { conv2d, type Net, silu, swishedGroupNorm } from './layers.ts';
import { NO_LAYERS } from './loraBranches.ts';
import { type Context, downBlock, midBlock, readTime, upBlock } from './unetBlocks.ts';
import { readUnetConfig, type UnetConfig } from './unetConfig.ts';
import { type ShapeHint, WeightReader } from './weightReader.ts';

/** Numbers SDXL is told of sizes: height and width, top and left, height and width. Its refiner is told one less. */
export const SDXL_TIME_IDS = 6;

/**
 * sample f32[n,c,h,w], timestep f32[n] (every row its own), conditioning f32[n,t,d] → prediction f32[n,c',h,w]. Networks of SDXL have two
 * more inputs, pooled f32[n,p] and time_ids f32[n,k]; those that are told the guidance scale one, guidance f32[n,g] (`guidanceWaves`).
 * @param branches layers with side branches, each with two more inputs (loraBranches.ts)
 * @param timeIds k; the config tells only how wide pooled prompt and sizes are together
 * @param places where controls may add something, each with one more input (controlInputs.ts)
 * @throws model_unsupported, weights_invalid
 */
export function buildUnet(
  part: Part,
  provider: Provider,
  branches = NO_LAYERS,
  timeIds = SDXL_TIME_IDS,
  places = NO_PLACES,
): Graph {
  const reader = new ConfigReader('unet', part.config);
  const config = readUnetConfig(reader);
  const g = new GraphBuilder('unet');
  const weights = new WeightReader(g, part.tensors, unetHint);
  const net = { g, weights, dialect: dialectOf(provider), branches, usual: usualAxes(reader) };
  const sample = g.input('sample', 'f32', ['n', config.inChannels, 'h', 'w']);
  const timestep = g.input('timestep', 'f32', ['n']);
  const conditioning = g.input('conditioning', 'f32', ['n', 't', config.crossAttentionDim[0]!]);
  const time = silu(net, readTime(net, config, timestep, timeIds));
  const atLevel = places.levels ? (level: number, x: Value) => addLevel(net, x, level) : undefined;
  const context = { config, time, conditioning, ...(atLevel === undefined ? {} : { atLevel }) };
  g.output('prediction', writeUnet(net, sample, context, places));
  weights.refuseUnused(() => true);
  return g.build();
}

/** Of Stable Diffusion 1.x, where the config tells none. */
const USUAL_SIDE = 64;
/** What CLIP's text encoders read at once. */
const PROMPT_TOKENS = 77;

/** The size the network was trained at: what it mostly works at. */
function usualAxes(reader: ConfigReader): Axes {
  const sides = reader.isSet('sample_size') ? reader.countPerBlock('sample_size', USUAL_SIDE, 2) : [];
  return { h: sides[0] ?? USUAL_SIDE, w: sides[1] ?? USUAL_SIDE, t: PROMPT_TOKENS };
}

function writeUnet(net: Net, sample: Value, context: Context<UnetConfig>, places: ControlPlaces): Value {
  const { config } = context;
  const centred = config.centerInputSample ? centre(net, sample) : sample;
  let x = conv2d(net, centred, 'conv_in', config.channels[0]!, { kernel: config.convInKernel });
  const skips = [x];
  for (const block of config.channels.keys()) x = downBlock(net, x, block, skips, context);
  x = midBlock(net, x, context);
  if (places.skips) {
    x = addSkip(net, x, skips.length);
    for (const [index, skip] of skips.entries()) skips[index] = addSkip(net, skip, index);
  }
  for (const block of config.channels.keys()) x = upBlock(net, x, block, skips, context);
  const { groups, epsilon } = config;
  const normal = swishedGroupNorm(net, x, 'conv_norm_out', { groups, epsilon });
  return conv2d(net, normal, 'conv_out', config.outChannels, { kernel: config.convOutKernel });
}

/** 0 … 1 → -1 … 1. */
function centre(net: Net, sample: Value): Value {
  return op.sub(net.g, op.mul(net.g, sample, scalar(net.g, 2)), scalar(net.g, 1));
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
