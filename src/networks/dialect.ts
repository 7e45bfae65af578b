// The one place that knows how execution providers differ: which operators each of them runs well for the composite steps of a network.
// The networks say what is computed; a dialect says with which nodes. In which precision is another matter (precision.ts).
// @source per-provider kernels: onnxruntime docs/OperatorKernels.md and docs/ContribOperators.md at 1.30.
import type { GraphBuilder, Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import * as fused from './dialects/fused.ts';
import * as standard from './dialects/standard.ts';
import type { GroupNorm, LayerNorm, NormedSum, Sum } from './dialects/steps.ts';

export { scalar } from './dialects/standard.ts';

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
  /** Whether pictures lie with their channels innermost: where convolutions and group norms are fastest so. */
  readonly isChannelsLast: boolean;
  /** Whether a run may leave parts of the graph out for nothing: where nodes are queued for a device, asking for a condition stops the queue. */
  readonly choosesInRuns: boolean;
  /** x f32[…,i] · weightᵀ, weight f32[o,i] as torch stores it, or one for each row. */
  matMulTransposed(g: GraphBuilder, x: Value, weight: Value): Value;
  /** Softmax(q·kᵀ / sqrt(d / heads) + bias)·v; q f32[n,t,d], k, v f32[n,s,d], bias f32[1,1,t,s] or null. */
  attention(g: GraphBuilder, q: Value, k: Value, v: Value, heads: number, bias: Value | null): Value;
  /** x · sigmoid(alpha · x). */
  swish(g: GraphBuilder, x: Value, alpha: number): Value;
  /** x · Φ(x). */
  gelu(g: GraphBuilder, x: Value): Value;
  /** Every group of c / groups channels of f32[n,c,h,w] to mean 0 and variance 1, then scale and shift a channel, then perhaps SiLU. */
  groupNorm(g: GraphBuilder, x: Value, norm: GroupNorm): Value;
  /** All parts added up. */
  addSum(g: GraphBuilder, parts: Sum): Value;
  /** The same, and beside it the sum normalised over its last axis. */
  addAndNorm(g: GraphBuilder, parts: Sum, norm: LayerNorm): NormedSum;
  /** x f32[n,t,2d] + bias f32[2d]: the first half, gated by the GELU of the second. */
  splitGelu(g: GraphBuilder, x: Value, bias: Value): Value;
}

/** Fused operators of com.microsoft that every provider but CoreML has; the rest in standard ones. */
const FUSED: Dialect = {
  picksHalfPrecision: true,
  isChannelsLast: false,
  choosesInRuns: false,
  matMulTransposed: (g, x, weight) =>
    op.matMul(g, x, op.transpose(g, weight, weight.shape.length === 3 ? [0, 2, 1] : [1, 0])),
  attention: op.multiHeadAttention,
  swish: op.quickGelu,
  gelu: op.gelu,
  groupNorm: (g, x, norm) => {
    const normal = standard.groupNorm(g, x, norm);
    return norm.isSwished ? op.quickGelu(g, normal, 1) : normal;
  },
  addSum: standard.addSum,
  addAndNorm: standard.addAndNorm,
  splitGelu: (g, x, bias) => standard.splitGelu(g, x, bias, op.gelu),
};

/** FusedMatMul reads the weight as it lies; it has a kernel on the CPU and on CUDA, and none on WebGPU. */
const CPU: Dialect = { ...FUSED, choosesInRuns: true, matMulTransposed: op.fusedMatMulTransposed };

/**
 * Everything the graph optimiser for diffusion fuses, and in its order of gain.
 * @source onnxruntime python/tools/transformers/models/stable_diffusion/README.md
 */
const CUDA: Dialect = {
  ...CPU,
  choosesInRuns: false,
  isChannelsLast: true,
  groupNorm: (g, x, norm) => (fused.fitsGroupNorm(x, norm) ? fused.groupNorm(g, x, norm) : FUSED.groupNorm(g, x, norm)),
  addSum: (g, parts) => (fused.fitsBiasAdd(parts) ? fused.addSum(g, parts) : FUSED.addSum(g, parts)),
  addAndNorm: fused.addAndNorm,
  splitGelu: (g, x, bias) => (fused.fitsSplitGelu(x) ? op.biasSplitGelu(g, x, bias) : FUSED.splitGelu(g, x, bias)),
};

/** The group norm of pictures as they lie. Deliberately without SkipGroupNorm and the smaller fusions, which have no kernel or gain nothing. */
const DML: Dialect = {
  ...FUSED,
  groupNorm: (g, x, norm) => fused.groupNorm(g, standard.withAdded(g, x, norm), { ...norm, added: null }),
};

/** Its kernel of BiasSplitGelu takes any width; CUDA's and that of BiasAdd do not. */
const WEBGPU: Dialect = {
  ...FUSED,
  picksHalfPrecision: false,
  addSum: (g, parts) => (fused.fitsBiasAdd(parts) ? fused.addSum(g, parts) : FUSED.addSum(g, parts)),
  addAndNorm: fused.addAndNorm,
  splitGelu: op.biasSplitGelu,
};

/** The standard operator set alone: for providers that hand every com.microsoft node back to the CPU. */
const STANDARD: Dialect = {
  ...FUSED,
  attention: standard.attention,
  swish: standard.swish,
  gelu: standard.gelu,
  groupNorm: (g, x, norm) => {
    const normal = standard.groupNorm(g, x, norm);
    return norm.isSwished ? standard.swish(g, normal, 1) : normal;
  },
  splitGelu: (g, x, bias) => standard.splitGelu(g, x, bias, standard.gelu),
};

const DIALECTS: Readonly<Record<Provider, Dialect>> = {
  cpu: CPU,
  cuda: CUDA,
  webgpu: WEBGPU,
  'webgpu-plain': { ...WEBGPU, attention: standard.attention },
  dml: DML,
  coreml: STANDARD,
};

export function dialectOf(provider: Provider): Dialect {
  return DIALECTS[provider];
}
