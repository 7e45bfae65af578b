// The attention stage of a U-Net block: every latent place becomes a token that looks at the others and at the prompt.
// @source diffusers 0.42 models/transformers/transformer_2d.py, models/attention.py BasicTransformerBlock (GEGLU, layer norms).
import type { Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import { channelsOf, groupNorm, imageToTokens, layerNorm, linear, type Net, tokensToImage, widthOf } from './layers.ts';

export interface TransformerOptions {
  /** f32[n,t,d]. */
  readonly conditioning: Value;
  readonly heads: number;
  readonly layers: number;
  readonly groups: number;
  /** The first attention of every layer looks at the prompt too, not at the picture. */
  readonly onlyCrossAttention: boolean;
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
export function transformer2d(net: Net, x: Value, name: string, options: TransformerOptions): Value {
  const channels = channelsOf(x);
  const normal = groupNorm(net, x, `${name}.norm`, options.groups, GROUP_NORM_EPSILON);
  let tokens = linear(net, imageToTokens(net, normal), `${name}.proj_in`, channels);
  for (let layer = 0; layer < options.layers; layer++) {
    tokens = transformerBlock(net, tokens, `${name}.transformer_blocks.${layer}`, options);
  }
  const projected = linear(net, tokens, `${name}.proj_out`, channels);
  return op.add(net.g, tokensToImage(net, projected, x), x);
}

function transformerBlock(net: Net, x: Value, name: string, options: TransformerOptions): Value {
  const { conditioning, heads } = options;
  const first = layerNorm(net, x, `${name}.norm1`, LAYER_NORM_EPSILON);
  const seen = options.onlyCrossAttention ? conditioning : first;
  const afterFirst = op.add(net.g, attention(net, first, seen, `${name}.attn1`, heads), x);
  const second = layerNorm(net, afterFirst, `${name}.norm2`, LAYER_NORM_EPSILON);
  const afterSecond = op.add(net.g, attention(net, second, conditioning, `${name}.attn2`, heads), afterFirst);
  const third = layerNorm(net, afterSecond, `${name}.norm3`, LAYER_NORM_EPSILON);
  return op.add(net.g, feedForward(net, third, `${name}.ff.net`), afterSecond);
}

/** Queries from x f32[n,t,d], keys and values from `seen` f32[n,s,e]. */
function attention(net: Net, x: Value, seen: Value, name: string, heads: number): Value {
  const width = widthOf(x);
  const query = linear(net, x, `${name}.to_q`, width, false);
  const key = linear(net, seen, `${name}.to_k`, width, false);
  const value = linear(net, seen, `${name}.to_v`, width, false);
  const mixed = net.dialect.attention(net.g, query, key, value, heads, null);
  return linear(net, mixed, `${name}.to_out.0`, width);
}

/** GEGLU: half of the widened tokens, gated by the GELU of the other half. */
function feedForward(net: Net, x: Value, name: string): Value {
  const width = widthOf(x);
  const wide = linear(net, x, `${name}.0.proj`, 2 * FEED_FORWARD_FACTOR * width);
  const [hidden, gate] = op.split(net.g, wide, 2, 2) as [Value, Value];
  return linear(net, op.mul(net.g, hidden, net.dialect.gelu(net.g, gate)), `${name}.2`, width);
}
