// The one place that knows how execution providers differ: which operators each of them runs well for the composite steps of a network.
// The networks say what is computed; a dialect says with which nodes.
// @source per-provider kernels: onnxruntime docs/OperatorKernels.md and docs/ContribOperators.md at 1.30.
import type { GraphBuilder, Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';

/** `webgpu-plain` is WebGPU on an adapter that computes the fused attention wrong. */
export const PROVIDERS = ['cpu', 'cuda', 'webgpu', 'webgpu-plain', 'dml', 'coreml'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What the runtime calls it. */
export function executionProvider(provider: Provider): string {
  return provider === 'webgpu-plain' ? 'webgpu' : provider;
}

export interface Dialect {
  /** Whether rows can be picked from a table in half precision on any device; WebGPU needs an adapter with shader-f16 for it. */
  readonly picksHalfPrecision: boolean;
  /** x f32[…,i] · weightᵀ, weight f32[o,i] as torch stores it, or one for each row. */
  matMulTransposed(g: GraphBuilder, x: Value, weight: Value): Value;
  /** Softmax(q·kᵀ / sqrt(d / heads) + bias)·v; q f32[n,t,d], k, v f32[n,s,d], bias f32[1,1,t,s] or null. */
  attention(g: GraphBuilder, q: Value, k: Value, v: Value, heads: number, bias: Value | null): Value;
  /** x · sigmoid(alpha · x). */
  swish(g: GraphBuilder, x: Value, alpha: number): Value;
  /** x · Φ(x). */
  gelu(g: GraphBuilder, x: Value): Value;
}

/** Fused operators of com.microsoft. */
const FUSED: Dialect = {
  picksHalfPrecision: true,
  matMulTransposed: (g, x, weight) =>
    op.matMul(g, x, op.transpose(g, weight, weight.shape.length === 3 ? [0, 2, 1] : [1, 0])),
  attention: op.multiHeadAttention,
  swish: op.quickGelu,
  gelu: op.gelu,
};

/** FusedMatMul reads the weight as it lies; it has a kernel on the CPU and on CUDA, and none on WebGPU. */
const FUSED_TRANSPOSED: Dialect = { ...FUSED, matMulTransposed: op.fusedMatMulTransposed };

/** The standard operator set alone: for providers that hand every com.microsoft node back to the CPU. */
const STANDARD: Dialect = {
  ...FUSED,
  attention: standardAttention,
  swish: (g, x, alpha) => op.mul(g, x, op.sigmoid(g, alpha === 1 ? x : op.mul(g, x, scalar(g, alpha)))),
  gelu: standardGelu,
};

const DIALECTS: Readonly<Record<Provider, Dialect>> = {
  cpu: FUSED_TRANSPOSED,
  cuda: FUSED_TRANSPOSED,
  webgpu: { ...FUSED, picksHalfPrecision: false },
  'webgpu-plain': { ...FUSED, picksHalfPrecision: false, attention: standardAttention },
  dml: FUSED,
  coreml: STANDARD,
};

export function dialectOf(provider: Provider): Dialect {
  return DIALECTS[provider];
}

/** A constant f32 scalar, named by its value. */
export function scalar(g: GraphBuilder, value: number): Value {
  return g.floats(`f32(${value})`, [], Float32Array.of(value));
}

function standardAttention(g: GraphBuilder, q: Value, k: Value, v: Value, heads: number, bias: Value | null): Value {
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

function standardGelu(g: GraphBuilder, x: Value): Value {
  const erf = op.erf(g, op.mul(g, x, scalar(g, Math.SQRT1_2)));
  return op.mul(g, op.mul(g, x, scalar(g, 0.5)), op.add(g, erf, scalar(g, 1)));
}
