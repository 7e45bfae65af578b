// AutoencoderKL: pixels → mean and standard deviation of the latents, and latents → pixels. Scaling of the latents is the pipeline's.
// @source diffusers 0.42 models/autoencoders/autoencoder_kl.py, vae.py; Rombach et al. 2022, section 3.1.
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider, scalar } from './dialect.ts';
import {
  channelsOf,
  conv2d,
  groupNorm,
  imageToTokens,
  linear,
  type Net,
  resnetBlock,
  swishedGroupNorm,
  tokensToImage,
} from './layers.ts';
import { WeightReader } from './weightReader.ts';

export interface AutoencoderConfig {
  readonly pixelChannelsIn: number;
  readonly pixelChannelsOut: number;
  readonly latentChannels: number;
  /** Of every level, the outermost first. */
  readonly channels: readonly number[];
  readonly layersPerBlock: number;
  readonly groups: number;
  readonly hasQuantConv: boolean;
  readonly hasPostQuantConv: boolean;
  readonly hasMidAttention: boolean;
}

/** Fixed in the classes, not in the config. */
const EPSILON = 1e-6;
/** Bounds of the log variance, as the reference clamps it. @source diffusers DiagonalGaussianDistribution. */
const LOG_VARIANCE_BOUNDS = [-30, 20] as const;

/** pixels f32[n,3,h,w] in -1 … 1 → mean and std, each f32[n,c,h/f,w/f]. @throws model_unsupported, weights_invalid */
export function buildEncoder(part: Part, provider: Provider): Graph {
  const { net, config, weights } = openPart('vae_encoder', part, provider);
  const pixels = net.g.input('pixels', 'f32', ['n', config.pixelChannelsIn, 'h', 'w']);
  const [mean, logVariance] = op.split(net.g, writeEncoder(net, config, pixels), 1, 2) as [Value, Value];
  net.g.output('mean', mean);
  net.g.output(
    'std',
    net.g.single(() => standardDeviation(net, logVariance)),
  );
  weights.refuseUnused((name) => /^(encoder|quant_conv)\./.test(name));
  return net.g.build();
}

/** latents f32[n,c,h,w] → pixels f32[n,3,h*f,w*f], not clamped. @throws model_unsupported, weights_invalid */
export function buildDecoder(part: Part, provider: Provider): Graph {
  const { net, config, weights } = openPart('vae_decoder', part, provider);
  const latents = net.g.input('latents', 'f32', ['n', config.latentChannels, 'h', 'w']);
  net.g.output('pixels', writeDecoder(net, config, latents));
  weights.refuseUnused((name) => /^(decoder|post_quant_conv)\./.test(name));
  return net.g.build();
}

function openPart(name: string, part: Part, provider: Provider) {
  const config = readAutoencoderConfig(new ConfigReader('vae', part.config));
  const g = new GraphBuilder(name);
  const weights = new WeightReader(g, part.tensors);
  return { config, weights, net: { g, weights, dialect: dialectOf(provider) } };
}

/** @throws model_unsupported naming the field and its value. */
export function readAutoencoderConfig(reader: ConfigReader): AutoencoderConfig {
  const channels = reader.counts('block_out_channels', [64]);
  const downBlocks = reader.listOf('down_block_types', ['DownEncoderBlock2D'], ['DownEncoderBlock2D']);
  const upBlocks = reader.listOf('up_block_types', ['UpDecoderBlock2D'], ['UpDecoderBlock2D']);
  const config: AutoencoderConfig = {
    pixelChannelsIn: reader.count('in_channels', 3),
    pixelChannelsOut: reader.count('out_channels', 3),
    latentChannels: reader.count('latent_channels', 4),
    channels,
    layersPerBlock: reader.count('layers_per_block', 1),
    groups: reader.count('norm_num_groups', 32),
    hasQuantConv: reader.flag('use_quant_conv', true),
    hasPostQuantConv: reader.flag('use_post_quant_conv', true),
    hasMidAttention: reader.flag('mid_block_add_attention', true),
  };
  if (downBlocks.length !== channels.length) reader.refuse('down_block_types', `${channels.length} blocks`);
  if (upBlocks.length !== channels.length) reader.refuse('up_block_types', `${channels.length} blocks`);
  if (channels.some((count) => count % config.groups !== 0))
    reader.refuse('norm_num_groups', 'a divisor of every block');
  reader.only('act_fn', ['silu', 'swish']);
  for (const field of ['shift_factor', 'latents_mean', 'latents_std']) reader.only(field, [null]);
  // The pipeline reads the scaling factor; force_upcast is the runtime's business (precision.ts).
  reader.skip('scaling_factor', 'sample_size', 'force_upcast');
  reader.refuseUnread();
  return config;
}

function writeEncoder(net: Net, config: AutoencoderConfig, pixels: Value): Value {
  const last = config.channels.length - 1;
  let x = conv2d(net, pixels, 'encoder.conv_in', config.channels[0]!);
  for (const [level, channels] of config.channels.entries()) {
    const name = `encoder.down_blocks.${level}`;
    for (let layer = 0; layer < config.layersPerBlock; layer++) {
      x = resnet(net, x, `${name}.resnets.${layer}`, channels, config);
    }
    if (level < last) x = halve(net, x, `${name}.downsamplers.0.conv`);
  }
  x = midBlock(net, x, 'encoder.mid_block', config);
  x = swishedGroupNorm(net, x, 'encoder.conv_norm_out', { groups: config.groups, epsilon: EPSILON });
  x = conv2d(net, x, 'encoder.conv_out', 2 * config.latentChannels);
  return config.hasQuantConv ? conv2d(net, x, 'quant_conv', 2 * config.latentChannels, { kernel: 1 }) : x;
}

function writeDecoder(net: Net, config: AutoencoderConfig, latents: Value): Value {
  const levels = config.channels.toReversed();
  let x = latents;
  if (config.hasPostQuantConv) x = conv2d(net, x, 'post_quant_conv', config.latentChannels, { kernel: 1 });
  x = midBlock(net, conv2d(net, x, 'decoder.conv_in', levels[0]!), 'decoder.mid_block', config);
  for (const [position, channels] of levels.entries()) {
    const name = `decoder.up_blocks.${position}`;
    for (let layer = 0; layer <= config.layersPerBlock; layer++) {
      x = resnet(net, x, `${name}.resnets.${layer}`, channels, config);
    }
    if (position < levels.length - 1) {
      x = conv2d(net, op.upsampleTwice(net.g, x), `${name}.upsamplers.0.conv`, channels);
    }
  }
  x = swishedGroupNorm(net, x, 'decoder.conv_norm_out', { groups: config.groups, epsilon: EPSILON });
  return conv2d(net, x, 'decoder.conv_out', config.pixelChannelsOut);
}

function resnet(net: Net, x: Value, name: string, out: number, config: AutoencoderConfig): Value {
  return resnetBlock(net, x, name, { out, groups: config.groups, epsilon: EPSILON, time: null });
}

/** Half the rows and columns, rounded down: zeros below and right only, as the first autoencoders were trained. */
function halve(net: Net, x: Value, name: string): Value {
  return conv2d(net, x, name, channelsOf(x), { stride: 2, pads: [0, 0, 1, 1] });
}

function midBlock(net: Net, x: Value, name: string, config: AutoencoderConfig): Value {
  const channels = channelsOf(x);
  const first = resnet(net, x, `${name}.resnets.0`, channels, config);
  const attended = config.hasMidAttention ? placeAttention(net, first, `${name}.attentions.0`, config) : first;
  return resnet(net, attended, `${name}.resnets.1`, channels, config);
}

/** One head over all places. */
function placeAttention(net: Net, x: Value, name: string, config: AutoencoderConfig): Value {
  const channels = channelsOf(x);
  const tokens = imageToTokens(net, groupNorm(net, x, `${name}.group_norm`, config.groups, EPSILON));
  const project = (from: Value, part: string) => linear(net, from, `${name}.${part}`, channels);
  const mixed = net.dialect.attention(
    net.g,
    project(tokens, 'to_q'),
    project(tokens, 'to_k'),
    project(tokens, 'to_v'),
    1,
    null,
  );
  return op.add(net.g, tokensToImage(net, project(mixed, 'to_out.0'), x), x);
}

/** exp(log variance / 2). */
function standardDeviation(net: Net, logVariance: Value): Value {
  const { g } = net;
  const [low, high] = LOG_VARIANCE_BOUNDS;
  const bounded = op.clip(g, logVariance, scalar(g, low), scalar(g, high));
  return op.exp(g, op.mul(g, bounded, scalar(g, 0.5)));
}
