// The composite steps of a network in ONNX's standard operators alone, which every provider has. What is fused elsewhere is written out here.
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import * as op from '../../onnx/ops.ts';
import type { GroupNorm, LayerNorm, NormedSum, Sum } from './steps.ts';

/** A constant f32 scalar, named by its value. */
export function scalar(g: GraphBuilder, value: number): Value {
  return g.floats(`f32(${value})`, [], Float32Array.of(value));
}

export function attention(g: GraphBuilder, q: Value, k: Value, v: Value, heads: number, bias: Value | null): Value {
  const scale = scalar(g, 1 / Math.sqrt((q.shape[2] as number) / heads));
  const [query, value] = [q, v].map((x) => op.transpose(g, byHead(g, x, heads), [0, 2, 1, 3])) as [Value, Value];
  const key = op.transpose(g, byHead(g, k, heads), [0, 2, 3, 1]);
  const scores = op.matMul(g, op.mul(g, query, scale), key);
  const weights = op.softmax(g, bias === null ? scores : op.add(g, scores, bias));
  const mixed = op.transpose(g, op.matMul(g, weights, value), [0, 2, 1, 3]);
  return op.reshape(g, mixed, g.integers(0, 0, q.shape[2] as number));
}

/** f32[n,t,d] → f32[n,t,heads,d/heads]. */
function byHead(g: GraphBuilder, x: Value, heads: number): Value {
  return op.reshape(g, x, g.integers(0, 0, heads, (x.shape[2] as number) / heads));
}

export function swish(g: GraphBuilder, x: Value, alpha: number): Value {
  return op.mul(g, x, op.sigmoid(g, alpha === 1 ? x : op.mul(g, x, scalar(g, alpha))));
}

export function gelu(g: GraphBuilder, x: Value): Value {
  const erf = op.erf(g, op.mul(g, x, scalar(g, Math.SQRT1_2)));
  return op.mul(g, op.mul(g, x, scalar(g, 0.5)), op.add(g, erf, scalar(g, 1)));
}

/** As an instance normalisation over the groups: the fused operator exists on CUDA and DirectML only. */
export function groupNorm(g: GraphBuilder, x: Value, norm: GroupNorm): Value {
  const channels = x.shape[1] as number;
  const shifted = withAdded(g, x, norm);
  const [scale, shift] = [norm.scale([channels, 1, 1]), norm.shift([channels, 1, 1])];
  const ones = g.floats(`ones(${norm.groups})`, [norm.groups], new Float32Array(norm.groups).fill(1));
  const zeros = g.floats(`zeros(${norm.groups})`, [norm.groups], new Float32Array(norm.groups));
  const grouped = op.reshape(g, shifted, g.integers(0, norm.groups, -1));
  const normal = op.instanceNormalization(g, grouped, ones, zeros, norm.epsilon);
  return op.add(g, op.mul(g, op.reshape(g, normal, op.shapeOf(g, shifted)), scale), shift);
}

/** What is normalised: x f32[n,c,h,w] and what is added to it. */
export function withAdded(g: GraphBuilder, x: Value, { added }: GroupNorm): Value {
  return added === null ? x : op.add(g, x, op.reshape(g, added, g.integers(0, x.shape[1] as number, 1, 1)));
}

export function addSum(g: GraphBuilder, { product, bias, skip }: Sum): Value {
  return op.add(g, op.add(g, product, bias), skip);
}

export function addAndNorm(g: GraphBuilder, parts: Sum, { scale, shift, epsilon }: LayerNorm): NormedSum {
  const sum = addSum(g, parts);
  return { sum, normal: op.layerNormalization(g, sum, scale, shift, epsilon) };
}

/** @param activate x · Φ(x) */
export function splitGelu(
  g: GraphBuilder,
  x: Value,
  bias: Value,
  activate: (g: GraphBuilder, x: Value) => Value,
): Value {
  const [hidden, gate] = op.split(g, op.add(g, x, bias), 2, 2) as [Value, Value];
  return op.mul(g, hidden, activate(g, gate));
}
