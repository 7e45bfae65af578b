// The composite steps of a network as single operators of com.microsoft, and for which sizes their CUDA kernels exist.
// @source onnxruntime contrib_ops/cuda/diffusion: group_norm.cc, group_norm_common_base.cc, bias_split_gelu.cc, bias_add.cc
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import * as op from '../../onnx/ops.ts';
import type { GroupNorm, LayerNorm, NormedSum, Sum } from './steps.ts';

export function groupNorm(g: GraphBuilder, x: Value, norm: GroupNorm): Value {
  const channels = [x.shape[1] as number];
  const [scale, shift] = [norm.scale(channels), norm.shift(channels)];
  return norm.added === null
    ? op.groupNorm(g, x, scale, shift, norm)
    : op.skipGroupNorm(g, x, scale, shift, norm.added, norm);
}

export function addSum(g: GraphBuilder, { product, bias, skip }: Sum): Value {
  return op.biasAdd(g, product, bias, skip);
}

export function addAndNorm(g: GraphBuilder, { product, bias, skip }: Sum, norm: LayerNorm): NormedSum {
  return op.skipLayerNormalization(g, product, skip, norm, bias);
}

/** Channels its kernel was made and is tested for: those of every published U-Net and autoencoder. */
const GROUP_NORM_CHANNELS = new Set([
  128, 256, 512, 1024, 2048, 320, 640, 1280, 2560, 960, 1920, 384, 768, 1152, 1536, 2304, 3072,
]);
const MOST_GROUPS = 32;

/** Its threads take two neighbouring channels, so that a group has an even number of them. */
export function fitsGroupNorm(x: Value, { groups }: GroupNorm): boolean {
  const channels = x.shape[1] as number;
  return GROUP_NORM_CHANNELS.has(channels) && groups <= MOST_GROUPS && (channels / groups) % 2 === 0;
}

const BIAS_ADD_WIDTHS = new Set<unknown>([320, 640, 1280]);

export function fitsBiasAdd({ product }: Sum): boolean {
  return BIAS_ADD_WIDTHS.has(product.shape[2]);
}

const SPLIT_GELU_WIDTHS = new Set<unknown>([2560, 5120, 10240]);

/** @param x f32[n,t,2d] */
export function fitsSplitGelu(x: Value): boolean {
  return SPLIT_GELU_WIDTHS.has(x.shape[2]);
}
