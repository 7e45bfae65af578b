// ControlNetModel, built from its config.json: a copy of a U-Net's way down and middle that sees a map too, and says what is to be added to
// every skip. Two graphs: what the map says, which is the same at every step, and the rest.
// @source Zhang et al. 2023, arXiv:2302.05543, section 3; diffusers 0.42 models/controlnets/controlnet.py.
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider, scalar } from './dialect.ts';
import { channelsOf, conv2d, type Net, silu } from './layers.ts';
import { downBlock, midBlock, readTime } from './unetBlocks.ts';
import { type EncoderConfig, readEncoderConfig } from './unetConfig.ts';
import { WeightReader } from './weightReader.ts';

export interface ControlNetConfig {
  readonly encoder: EncoderConfig;
  /** Channels of the map's own layers; every one after the first halves the map. */
  readonly hintChannels: readonly number[];
  readonly isBlueFirst: boolean;
  /** What is found is averaged over the picture. */
  readonly isPooled: boolean;
}

const PART = 'controlnet';
/** How a network's first half and the layers of its map begin. */
const HINT = 'controlnet_cond_embedding.';
const COLOURS = 3;

/** @throws model_unsupported naming the field and its value */
export function readControlNetConfig({ config }: Pick<Part, 'config'>): ControlNetConfig {
  const reader = new ConfigReader(PART, config);
  const encoder = readEncoderConfig(reader, PART);
  reader.only('conditioning_channels', [COLOURS]);
  const read = {
    encoder,
    hintChannels: reader.counts('conditioning_embedding_out_channels', [16, 32, 96, 256]),
    isBlueFirst: reader.oneOf('controlnet_conditioning_channel_order', 'rgb', ['rgb', 'bgr']) === 'bgr',
    isPooled: reader.flag('global_pool_conditions', false),
  };
  reader.refuseUnread();
  return read;
}

/** pixels f32[n,3,h,w] in -1 … 1 → hint f32[n,c,h',w'] of the latents' size. @throws model_unsupported, weights_invalid */
export function buildControlHint(part: Part, provider: Provider): Graph {
  const { encoder, hintChannels, isBlueFirst } = readControlNetConfig(part);
  const g = new GraphBuilder('controlnet_hint');
  const weights = new WeightReader(g, part.tensors);
  const net = { g, weights, dialect: dialectOf(provider) };
  const pixels = g.input('pixels', 'f32', ['n', COLOURS, 'h', 'w']);
  const ordered = isBlueFirst ? op.gather(g, pixels, g.integers(2, 1, 0), 1) : pixels;
  const shares = op.mul(g, op.add(g, ordered, scalar(g, 1)), scalar(g, 0.5));
  g.output('hint', writeHint(net, shares, hintChannels, encoder.channels[0]!));
  weights.refuseUnused(isOfHint);
  return g.build();
}

function isOfHint(name: string): boolean {
  return name.startsWith(HINT);
}

function writeHint(net: Net, shares: Value, channels: readonly number[], out: number): Value {
  let x = silu(net, conv2d(net, shares, `${HINT}conv_in`, channels[0]!));
  for (const [level, next] of channels.slice(1).entries()) {
    x = silu(net, conv2d(net, x, `${HINT}blocks.${2 * level}`, channelsOf(x)));
    x = silu(net, conv2d(net, x, `${HINT}blocks.${2 * level + 1}`, next, { stride: 2, pads: [1, 1, 1, 1] }));
  }
  return conv2d(net, x, `${HINT}conv_out`, out);
}

/**
 * sample f32[n,c,h,w], timestep f32[n], conditioning f32[n,t,d], hint f32[n?,c',h,w], and of SDXL's pooled f32[n,p] and time_ids f32[n,k] →
 * residual_0 … residual_k, one for every skip of the U-Net and the last for its middle.
 * @throws model_unsupported, weights_invalid
 */
export function buildControlNet(part: Part, provider: Provider, timeIds: number): Graph {
  const { encoder: config } = readControlNetConfig(part);
  const g = new GraphBuilder('controlnet');
  const weights = new WeightReader(g, part.tensors);
  const net = { g, weights, dialect: dialectOf(provider) };
  const sample = g.input('sample', 'f32', ['n', config.inChannels, 'h', 'w']);
  const timestep = g.input('timestep', 'f32', ['n']);
  const conditioning = g.input('conditioning', 'f32', ['n', 't', config.crossAttentionDim[0]!]);
  const hint = g.input('hint', 'f32', ['n?', config.channels[0]!, 'h', 'w']);
  const time = silu(net, readTime(net, config, timestep, timeIds));
  const context = { config, time, conditioning };
  let x = op.add(g, conv2d(net, sample, 'conv_in', config.channels[0]!, { kernel: config.convInKernel }), hint);
  const skips = [x];
  for (const block of config.channels.keys()) x = downBlock(net, x, block, skips, context);
  x = midBlock(net, x, context);
  const places = [...skips.map((_, at) => `controlnet_down_blocks.${at}`), 'controlnet_mid_block'];
  for (const [at, skip] of [...skips, x].entries()) {
    g.output(`residual_${at}`, conv2d(net, skip, places[at]!, channelsOf(skip), { kernel: 1 }));
  }
  weights.refuseUnused((name) => !isOfHint(name));
  return g.build();
}
