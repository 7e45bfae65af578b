// Upscalers of the ESRGAN family: RRDBNet (ESRGAN, BSRGAN, Real-ESRGAN) and SRVGGNetCompact. Pixels in -1 … 1 → larger pixels.
// Which tensors are which, under the three namings there are, is src/weights' business; tiles are the pipeline's.
// @source Wang et al. 2018 (ESRGAN), section 3.1 and figure 4; Wang et al. 2021 (Real-ESRGAN), section 3.3 and appendix
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider, scalar } from './dialect.ts';
import { channelsOf, conv2d, type Net } from './layers.ts';
import { WeightReader } from './weightReader.ts';

interface RrdbConfig {
  readonly features: number;
  readonly blocks: number;
  /** Channels every convolution of a dense block adds. */
  readonly growth: number;
  /** Pixels a side that are folded into channels before anything else: 2 in x2plus, 4 in networks that only clean, else 1. */
  readonly fold: number;
  /** Times the rows and columns double behind the blocks. */
  readonly doublings: number;
}

interface CompactConfig {
  readonly features: number;
  readonly convolutions: number;
  readonly scale: number;
}

const COLOURS = 3;
/** Slope of negative values. */
const LEAK = 0.2;
/** How much a block adds to what it was given. */
const RESIDUAL = 0.2;

/**
 * pixels f32[n,3,h,w] → upscaled f32[n,3,h*s,w*s]; h and w are multiples of `upscalerFold(part)`.
 * @throws model_unsupported, weights_invalid
 */
export function buildUpscaler(part: Part, provider: Provider): Graph {
  const g = new GraphBuilder('upscaler');
  const weights = new WeightReader(g, part.tensors);
  const net: Net = { g, weights, dialect: dialectOf(provider) };
  const reader = new ConfigReader('upscaler', part.config);
  const write = isCompact(part) ? compactWriter(net, reader) : rrdbWriter(net, reader);
  reader.refuseUnread();
  const fold = upscalerFold(part);
  const pixels = g.input('pixels', 'f32', ['n', COLOURS, side('h', fold), side('w', fold)]);
  const shares = op.mul(g, op.add(g, pixels, scalar(g, 1)), scalar(g, 0.5));
  g.output('upscaled', op.sub(g, op.mul(g, write(shares), scalar(g, 2)), scalar(g, 1)));
  weights.refuseUnused(() => true);
  return g.build();
}

/** Rows and columns of a picture must be multiples of this. @throws model_unsupported */
export function upscalerFold(part: Part): number {
  return isCompact(part) ? 1 : new ConfigReader('upscaler', part.config).count('fold', 1);
}

function side(name: string, fold: number): string {
  return fold === 1 ? name : `${fold}*${name}`;
}

function isCompact({ config }: Part): boolean {
  return config._class_name === 'SRVGGNetCompact';
}

function rrdbWriter(net: Net, reader: ConfigReader): (pixels: Value) => Value {
  const config: RrdbConfig = {
    features: reader.count('features', 64),
    blocks: reader.count('blocks', 23),
    growth: reader.count('growth', 32),
    fold: reader.count('fold', 1),
    doublings: Math.log2(reader.count('upsampling', 4)),
  };
  if (!Number.isInteger(config.doublings)) reader.refuse('upsampling', '1, 2, 4 or 8');
  return (pixels) => writeRrdbNet(net, config, pixels);
}

function writeRrdbNet(net: Net, { features, blocks, growth, fold, doublings }: RrdbConfig, pixels: Value): Value {
  const { g } = net;
  const first = conv2d(net, fold === 1 ? pixels : folded(net, pixels, fold), 'conv_first', features);
  let x = first;
  for (let block = 0; block < blocks; block++) x = residualInResidual(net, x, `body.${block}`, growth);
  x = op.add(g, first, conv2d(net, x, 'conv_body', features));
  for (let step = 1; step <= doublings; step++) {
    x = leaky(net, conv2d(net, op.upsampleTwice(g, x), `conv_up${step}`, features));
  }
  return conv2d(net, leaky(net, conv2d(net, x, 'conv_hr', features)), 'conv_last', COLOURS);
}

/** Three dense blocks, scaled, beside the shortcut. */
function residualInResidual(net: Net, x: Value, name: string, growth: number): Value {
  const inner = [1, 2, 3].reduce((value, dense) => denseBlock(net, value, `${name}.rdb${dense}`, growth), x);
  return scaledSum(net, inner, x);
}

/** Five convolutions, each of which sees all before it. */
function denseBlock(net: Net, x: Value, name: string, growth: number): Value {
  const seen = [x];
  for (let step = 1; step <= 4; step++) {
    seen.push(leaky(net, conv2d(net, beside(net, seen), `${name}.conv${step}`, growth)));
  }
  return scaledSum(net, conv2d(net, beside(net, seen), `${name}.conv5`, channelsOf(x)), x);
}

function beside(net: Net, values: readonly Value[]): Value {
  return values.length === 1 ? values[0]! : op.concat(net.g, values, 1);
}

function scaledSum({ g }: Net, inner: Value, x: Value): Value {
  return op.add(g, op.mul(g, inner, scalar(g, RESIDUAL)), x);
}

function leaky({ g }: Net, x: Value): Value {
  return op.leakyRelu(g, x, LEAK);
}

/**
 * Every fold x fold pixels become channels, colour by colour: torch's pixel_unshuffle. A convolution that only copies, because the
 * operator made for it has another order of channels and no kernel on some providers.
 */
function folded({ g }: Net, pixels: Value, fold: number): Value {
  const out = COLOURS * fold * fold;
  const kernel = new Float32Array(out * COLOURS * fold * fold);
  for (let channel = 0; channel < out; channel++) {
    const colour = Math.floor(channel / fold ** 2);
    kernel[(channel * COLOURS + colour) * fold ** 2 + (channel % fold ** 2)] = 1;
  }
  const copies = g.floats(`fold(${fold})`, [out, COLOURS, fold, fold], kernel);
  return op.conv(g, pixels, copies, null, { stride: fold });
}

function compactWriter(net: Net, reader: ConfigReader): (pixels: Value) => Value {
  const config: CompactConfig = {
    features: reader.count('features', 64),
    convolutions: reader.count('convolutions', 16),
    scale: reader.count('scale', 4),
  };
  return (pixels) => writeCompact(net, config, pixels);
}

/** All convolutions at the small size, the last one unfolded; it learns what to add to the picture with every pixel repeated. */
function writeCompact(net: Net, { features, convolutions, scale }: CompactConfig, pixels: Value): Value {
  const { g, weights } = net;
  let x = pixels;
  for (let step = 0; step <= convolutions; step++) {
    const slope = weights.take(`body.${2 * step + 1}.weight`, [features], [features, 1, 1]);
    x = op.prelu(g, conv2d(net, x, `body.${2 * step}`, features), slope);
  }
  const last = conv2d(net, x, `body.${2 * convolutions + 2}`, COLOURS * scale * scale);
  if (scale === 1) return op.add(g, last, pixels);
  return op.add(g, op.depthToSpace(g, last, scale), op.upsample(g, pixels, scale));
}
