// The attention stage of a U-Net block: every latent place becomes a token that looks at the others and at the prompt.
// @source diffusers 0.42 models/transformers/transformer_2d.py, models/attention.py BasicTransformerBlock (GEGLU, layer norms).
import type { Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { NormedSum, Sum } from './dialects/steps.ts';
import {
  channelsOf,
  groupNorm,
  imageToTokens,
  layerNormOf,
  linear,
  type Net,
  tokensToImage,
  widthOf,
} from './layers.ts';

export interface TransformerOptions {
  /** f32[n,t,d]. */
  readonly conditioning: Value;
  readonly heads: number;
  readonly layers: number;
  readonly groups: number;
  /** The first attention of every layer looks at the prompt too, not at the picture. */
  readonly onlyCrossAttention: boolean;
  /** The sums of queries and keys do not fit into half precision: Stable Diffusion 2.x. Absent is no. */
  readonly isSingleAttention?: boolean;
}

/** Fixed in the classes, not in the config. */
const GROUP_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;
/** Width of the feed-forward layer over the width of the tokens. */
const FEED_FORWARD_FACTOR = 4;

/**
 * f32[n,c,h,w] → f32[n,c,h,w]. proj_in and proj_out are 1x1 convolutions in SD 1.x and linear layers in SD 2.x: the same bytes and,
 * applied to tokens, the same product, so use_linear_projection makes no difference here.
 */
export function transformer2d(around: Net, x: Value, name: string, options: TransformerOptions): Value {
  const net = { ...around, picture: x };
  const channels = channelsOf(x);
  const normal = groupNorm(net, x, `${name}.norm`, options.groups, GROUP_NORM_EPSILON);
  let tokens: Value | Sum = linear(net, imageToTokens(net, normal), `${name}.proj_in`, channels);
  for (let layer = 0; layer < options.layers; layer++) {
    tokens = transformerBlock(net, tokens, `${name}.transformer_blocks.${layer}`, options);
  }
  const projected = linear(net, added(net, tokens), `${name}.proj_out`, channels);
  return op.add(net.g, tokensToImage(net, projected, x), x);
}

/** @returns what is still to be added up: the next norm does it along the way */
function transformerBlock(net: Net, x: Value | Sum, name: string, options: TransformerOptions): Sum {
  const { conditioning } = options;
  const first = normed(net, x, `${name}.norm1`);
  const seen = options.onlyCrossAttention ? conditioning : first.normal;
  const second = normed(net, attention(net, first, seen, `${name}.attn1`, options), `${name}.norm2`);
  const third = normed(net, attention(net, second, conditioning, `${name}.attn2`, options), `${name}.norm3`);
  return feedForward(net, third, `${name}.ff.net`);
}

/** Tokens, and the same normalised. */
function normed(net: Net, x: Value | Sum, name: string): NormedSum {
  const width = widthOf(isSum(x) ? x.skip : x);
  const norm = layerNormOf(net, width, name, LAYER_NORM_EPSILON);
  if (isSum(x)) return net.dialect.addAndNorm(net.g, x, norm);
  return { sum: x, normal: op.layerNormalization(net.g, x, norm.scale, norm.shift, norm.epsilon) };
}

function added(net: Net, x: Value | Sum): Value {
  return isSum(x) ? net.dialect.addSum(net.g, x) : x;
}

function isSum(x: Value | Sum): x is Sum {
  return 'skip' in x;
}

/** The last layer of a stage, with the tokens its result is added to. */
function besides(net: Net, x: Value, name: string, skip: Value): Sum {
  const width = widthOf(skip);
  return { product: linear(net, x, name, width, false), bias: net.weights.take(`${name}.bias`, [width]), skip };
}

/** Queries from the normalised tokens f32[n,t,d], keys and values from `seen` f32[n,s,e]. */
function attention(net: Net, { sum, normal }: NormedSum, seen: Value, name: string, options: TransformerOptions): Sum {
  const width = widthOf(normal);
  const query = linear(net, normal, `${name}.to_q`, width, false);
  const key = linear(net, seen, `${name}.to_k`, width, false);
  const value = linear(net, seen, `${name}.to_v`, width, false);
  const mix = () => net.dialect.attention(net.g, query, key, value, options.heads, null);
  const mixed = options.isSingleAttention === true ? net.g.single(mix) : mix();
  return besides(net, mixed, `${name}.to_out.0`, sum);
}

/** GEGLU: half of the widened tokens, gated by the GELU of the other half. */
function feedForward(net: Net, { sum, normal }: NormedSum, name: string): Sum {
  const wideWidth = 2 * FEED_FORWARD_FACTOR * widthOf(normal);
  const wide = linear(net, normal, `${name}.0.proj`, wideWidth, false);
  const gated = net.dialect.splitGelu(net.g, wide, net.weights.take(`${name}.0.proj.bias`, [wideWidth]));
  return besides(net, gated, `${name}.2`, sum);
}
