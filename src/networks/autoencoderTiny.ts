// AutoencoderTiny (TAESD): a small network in an autoencoder's place. It makes latents already scaled, and one for a picture, not a range of them.
// @source diffusers 0.42 models/autoencoders/autoencoder_tiny.py and vae.py (EncoderTiny, DecoderTiny); madebyollin/taesd
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider, scalar } from './dialect.ts';
import { channelsOf, conv2d, type Net } from './layers.ts';
import { WeightReader } from './weightReader.ts';

export interface TinyAutoencoderConfig {
  readonly pixelChannelsIn: number;
  readonly pixelChannelsOut: number;
  readonly latentChannels: number;
  /** Of every stage, in the order they are run; so are the numbers of blocks. */
  readonly encoderChannels: readonly number[];
  readonly encoderBlocks: readonly number[];
  readonly decoderChannels: readonly number[];
  readonly decoderBlocks: readonly number[];
}

/** Latents are held inside ± this by a hyperbolic tangent before they are decoded. @source DecoderTiny.forward */
const LATENT_BOUND = 3;

/** pixels f32[n,3,h,w] in -1 … 1 → mean f32[n,c,h/f,w/f]; there is no spread around it. @throws model_unsupported, weights_invalid */
export function buildTinyEncoder(part: Part, provider: Provider): Graph {
  const { net, config, weights } = openPart('vae_encoder', part, provider);
  const pixels = net.g.input('pixels', 'f32', ['n', config.pixelChannelsIn, 'h', 'w']);
  net.g.output('mean', writeEncoder(net, config, pixels));
  weights.refuseUnused((name) => name.startsWith('encoder.'));
  return net.g.build();
}

/** latents f32[n,c,h,w] → pixels f32[n,3,h*f,w*f], not clamped. @throws model_unsupported, weights_invalid */
export function buildTinyDecoder(part: Part, provider: Provider): Graph {
  const { net, config, weights } = openPart('vae_decoder', part, provider);
  const latents = net.g.input('latents', 'f32', ['n', config.latentChannels, 'h', 'w']);
  net.g.output('pixels', writeDecoder(net, config, latents));
  weights.refuseUnused((name) => name.startsWith('decoder.'));
  return net.g.build();
}

function openPart(name: string, part: Part, provider: Provider) {
  const config = readTinyAutoencoderConfig(new ConfigReader('vae', part.config));
  const g = new GraphBuilder(name);
  const weights = new WeightReader(g, part.tensors);
  return { config, weights, net: { g, weights, dialect: dialectOf(provider) } };
}

/** @throws model_unsupported naming the field and its value */
export function readTinyAutoencoderConfig(reader: ConfigReader): TinyAutoencoderConfig {
  const encoderChannels = reader.counts('encoder_block_out_channels', [64, 64, 64, 64]);
  const decoderChannels = reader.counts('decoder_block_out_channels', [64, 64, 64, 64]);
  const config: TinyAutoencoderConfig = {
    pixelChannelsIn: reader.count('in_channels', 3),
    pixelChannelsOut: reader.count('out_channels', 3),
    latentChannels: reader.count('latent_channels', 4),
    encoderChannels,
    encoderBlocks: reader.counts('num_encoder_blocks', [1, 3, 3, 3], encoderChannels.length),
    decoderChannels,
    decoderBlocks: reader.counts('num_decoder_blocks', [3, 3, 3, 1], decoderChannels.length),
  };
  for (const channels of [encoderChannels, decoderChannels]) {
    if (new Set(channels).size > 1) reader.refuse('block_out_channels', 'the same width at every stage');
  }
  reader.only('act_fn', ['relu']);
  reader.only('upsample_fn', ['nearest']);
  reader.only('upsampling_scaling_factor', [2]);
  reader.only('shift_factor', [0, null]);
  // The pipeline reads scaling_factor and block_out_channels; magnitude and shift only pack latents into pictures.
  reader.skip('scaling_factor', 'block_out_channels', 'latent_magnitude', 'latent_shift', 'force_upcast');
  reader.refuseUnread();
  return config;
}

/** Modules are numbered in one sequence. */
class Sequence {
  readonly #net: Net;
  readonly #name: string;
  #next = 0;

  constructor(net: Net, name: string) {
    this.#net = net;
    this.#name = name;
  }

  conv(x: Value, out: number, options: { readonly stride?: number; readonly bias?: boolean } = {}): Value {
    return conv2d(this.#net, x, this.take(), out, options);
  }

  /** Three convolutions beside the picture itself. @source AutoencoderTinyBlock */
  block(x: Value): Value {
    const { g } = this.#net;
    const name = this.take();
    const layer = (input: Value, at: number) => conv2d(this.#net, input, `${name}.conv.${at}`, channelsOf(x));
    const inner = layer(op.relu(g, layer(op.relu(g, layer(x, 0)), 2)), 4);
    return op.relu(g, op.add(g, inner, x));
  }

  /** The name of the next module; modules without weights are counted too. */
  take(): string {
    return `${this.#name}.${this.#next++}`;
  }
}

function writeEncoder(net: Net, config: TinyAutoencoderConfig, pixels: Value): Value {
  const { g } = net;
  const layers = new Sequence(net, 'encoder.layers');
  let x = op.div(g, op.add(g, pixels, scalar(g, 1)), scalar(g, 2));
  for (const [stage, channels] of config.encoderChannels.entries()) {
    x = layers.conv(x, channels, stage === 0 ? {} : { stride: 2, bias: false });
    for (let block = 0; block < config.encoderBlocks[stage]!; block++) x = layers.block(x);
  }
  return layers.conv(x, config.latentChannels);
}

function writeDecoder(net: Net, config: TinyAutoencoderConfig, latents: Value): Value {
  const { g } = net;
  const layers = new Sequence(net, 'decoder.layers');
  const last = config.decoderChannels.length - 1;
  const bound = scalar(g, LATENT_BOUND);
  let x = op.mul(g, op.tanh(g, op.div(g, latents, bound)), bound);
  x = op.relu(g, layers.conv(x, config.decoderChannels[0]!));
  layers.take();
  for (const [stage, channels] of config.decoderChannels.entries()) {
    for (let block = 0; block < config.decoderBlocks[stage]!; block++) x = layers.block(x);
    if (stage === last) break;
    layers.take();
    x = layers.conv(op.upsampleTwice(g, x), channels, { bias: false });
  }
  x = layers.conv(x, config.pixelChannelsOut);
  return op.sub(g, op.mul(g, x, scalar(g, 2)), scalar(g, 1));
}
