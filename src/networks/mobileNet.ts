// MobileNetV2 with a few dense layers behind it: a small picture → the share of every class. Normalisations are already part of the
// convolutions, and kernels are stored in 256 levels (models/safety/nsfwjs/recipe).
// @source Sandler et al. 2018, table 2 and figure 3; keras-applications mobilenet_v2.py; nsfwjs 4.3.0
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { scalar } from './dialect.ts';
import { channelsOf, widthOf } from './layers.ts';
import { WeightReader } from './weightReader.ts';

export interface MobileNetConfig {
  /** Rows and columns of the picture, in pixels. */
  readonly imageSize: number;
  readonly stemChannels: number;
  readonly blocks: readonly BlockConfig[];
  readonly headChannels: number;
  /** Of the layers between the mean of every channel and the classes. */
  readonly denseChannels: readonly number[];
  readonly classes: readonly string[];
}

interface BlockConfig {
  /** Channels between the first and the last convolution. */
  readonly inner: number;
  readonly channels: number;
  readonly stride: number;
}

interface Net {
  readonly g: GraphBuilder;
  readonly weights: WeightReader;
}

const COLOURS = 3;
/** Every halving has to meet an even side. */
const SIDE_STEP = 32;
/** Activations end here, so that few bits suffice for them. */
const RELU_TOP = 6;

/**
 * pixels f32[n,3,s,s] in 0 … 1 → scores f32[n,k] that sum to 1, in the order of `classes`; s is the config's image_size.
 * @throws model_unsupported, weights_invalid
 */
export function buildMobileNet(part: Part): Graph {
  const config = readMobileNetConfig(part);
  const g = new GraphBuilder('classifier');
  const weights = new WeightReader(g, part.tensors);
  const net = { g, weights };
  const pixels = g.input('pixels', 'f32', ['n', COLOURS, config.imageSize, config.imageSize]);
  g.output('scores', op.softmax(g, writeClasses(net, config, writeFeatures(net, config, pixels))));
  weights.refuseUnused(() => true);
  return g.build();
}

/** @throws model_unsupported naming the field and its value */
export function readMobileNetConfig({ config }: Part): MobileNetConfig {
  const reader = new ConfigReader('classifier', config);
  const channels = reader.counts('block_channels', []);
  const inner = reader.counts('block_inner_channels', [], channels.length);
  const strides = reader.counts('block_strides', [], channels.length);
  const read: MobileNetConfig = {
    imageSize: reader.count('image_size', 224),
    stemChannels: reader.count('stem_channels', 32),
    blocks: channels.map((out, block) => ({ inner: inner[block]!, channels: out, stride: strides[block]! })),
    headChannels: reader.count('head_channels', 1280),
    denseChannels: reader.counts('dense_channels', []),
    classes: reader.names('classes'),
  };
  if (read.imageSize % SIDE_STEP !== 0) reader.refuse('image_size', `a multiple of ${SIDE_STEP}`);
  reader.refuseUnread();
  return read;
}

/** f32[n,c]: every channel's mean over the picture. */
function writeFeatures(net: Net, config: MobileNetConfig, pixels: Value): Value {
  let x = relu6(net, spatial(net, pixels, 'stem', config.stemChannels, 2));
  for (const [block, wanted] of config.blocks.entries()) x = invertedResidual(net, x, `blocks.${block}`, wanted);
  x = relu6(net, pointwise(net, x, 'head', config.headChannels));
  return op.reshape(net.g, op.globalAveragePool(net.g, x), net.g.integers(0, config.headChannels));
}

function writeClasses(net: Net, { denseChannels, classes }: MobileNetConfig, features: Value): Value {
  const hidden = denseChannels.reduce((x, out, at) => op.relu(net.g, dense(net, x, `dense.${at}`, out)), features);
  return dense(net, hidden, `dense.${denseChannels.length}`, classes.length);
}

/** Wide inside, narrow at both ends; the first block is as wide inside as what it is given. */
function invertedResidual(net: Net, x: Value, name: string, { inner, channels, stride }: BlockConfig): Value {
  const isExpanded = inner !== channelsOf(x);
  const wide = isExpanded ? relu6(net, pointwise(net, x, `${name}.expand`, inner)) : x;
  const mixed = relu6(net, spatial(net, wide, `${name}.depthwise`, inner, stride, inner));
  const narrow = pointwise(net, mixed, `${name}.project`, channels);
  return stride === 1 && channels === channelsOf(x) ? op.add(net.g, narrow, x) : narrow;
}

/** 1x1. */
function pointwise({ g, weights }: Net, x: Value, name: string, out: number): Value {
  const weight = weights.takeLevels(name, [out, channelsOf(x), 1, 1]);
  return op.conv(g, x, weight, weights.take(`${name}.bias`, [out]));
}

/** 3x3. Halving an even side, the original adds its zeros below and to the right alone. */
function spatial({ g, weights }: Net, x: Value, name: string, out: number, stride: number, groups = 1): Value {
  const weight = weights.takeLevels(name, [out, channelsOf(x) / groups, 3, 3]);
  const pads = stride === 2 ? ([0, 0, 1, 1] as const) : ([1, 1, 1, 1] as const);
  return op.conv(g, x, weight, weights.take(`${name}.bias`, [out]), { stride, pads, groups });
}

function dense({ g, weights }: Net, x: Value, name: string, out: number): Value {
  return op.gemm(g, x, weights.takeLevels(name, [out, widthOf(x)]), weights.take(`${name}.bias`, [out]));
}

function relu6({ g }: Net, x: Value): Value {
  return op.clip(g, x, scalar(g, 0), scalar(g, RELU_TOP));
}
