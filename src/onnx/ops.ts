// The operators the networks are written with, one function each: arguments in the operator's own order, attributes named. ONNX operator
// set 18 and, marked as such, com.microsoft. No function here knows of networks or of providers.
import type { ElementType, GraphBuilder, Value } from './graph.ts';

/** Version of the standard operator set the attributes below belong to. */
export const OPSET = 18;

const MICROSOFT = { domain: 'com.microsoft' } as const;

export interface ConvOptions {
  /** Same for both axes; 1 when left out. */
  readonly stride?: number;
  /** Zero rows and columns added: top, left, bottom, right. */
  readonly pads?: readonly [number, number, number, number];
  /** Parts the channels are cut into, each with kernels of its own; 1 when left out, c where every channel is alone. */
  readonly groups?: number;
}

/** x f32[n,c,h,w] * weight f32[o,c/groups,kh,kw] + bias f32[o] → f32[n,o,h',w']. */
export function conv(g: GraphBuilder, x: Value, weight: Value, bias: Value | null, options: ConvOptions = {}): Value {
  const stride = options.stride ?? 1;
  const inputs = bias === null ? [x, weight] : [x, weight, bias];
  const { groups = 1, pads = [0, 0, 0, 0] } = options;
  return one(g.node('Conv', inputs, { strides: [stride, stride], pads, ...(groups === 1 ? {} : { group: groups }) }));
}

/** The mean of every channel: f32[n,c,h,w] → f32[n,c,1,1]. */
export function globalAveragePool(g: GraphBuilder, x: Value): Value {
  return one(g.node('GlobalAveragePool', [x]));
}

/** x f32[n,d] · weightᵀ + bias, weight f32[o,d] in torch's layout → f32[n,o]. */
export function gemm(g: GraphBuilder, x: Value, weight: Value, bias: Value | null): Value {
  return one(g.node('Gemm', bias === null ? [x, weight] : [x, weight, bias], { transB: 1 }));
}

/** a f32[…,m,k] · b f32[…,k,n], leading axes broadcast. */
export function matMul(g: GraphBuilder, a: Value, b: Value): Value {
  return one(g.node('MatMul', [a, b]));
}

/** a f32[…,m,k] · bᵀ, b f32[…,n,k]. com.microsoft. */
export function fusedMatMulTransposed(g: GraphBuilder, a: Value, b: Value): Value {
  return one(g.node('FusedMatMul', [a, b], { transB: 1 }, MICROSOFT));
}

/** aᵀ · b, a f32[…,k,m], b f32[…,k,n]. com.microsoft. */
export function fusedTransposedMatMul(g: GraphBuilder, a: Value, b: Value): Value {
  return one(g.node('FusedMatMul', [a, b], { transA: 1 }, MICROSOFT));
}

/**
 * Softmax(q·kᵀ / sqrt(d / heads) + bias)·v over `heads` slices of the width: q f32[n,t,d], k and v f32[n,s,d] → f32[n,t,d]. com.microsoft.
 * @param bias f32[1,1,t,s], or null.
 */
export function multiHeadAttention(
  g: GraphBuilder,
  query: Value,
  key: Value,
  value: Value,
  heads: number,
  bias: Value | null,
): Value {
  const inputs = bias === null ? [query, key, value] : [query, key, value, null, null, bias];
  return one(g.node('MultiHeadAttention', inputs, { num_heads: heads }, MICROSOFT));
}

/** Over the last axis, with scale and bias f32[d]. */
export function layerNormalization(g: GraphBuilder, x: Value, scale: Value, bias: Value, epsilon: number): Value {
  return one(g.node('LayerNormalization', [x, scale, bias], { axis: -1, epsilon }));
}

/**
 * Over the last axis of x + skip + bias: the normalised sum, and the sum itself. com.microsoft.
 * @param bias f32[d], or null
 */
export function skipLayerNormalization(
  g: GraphBuilder,
  x: Value,
  skip: Value,
  { scale, shift, epsilon }: { readonly scale: Value; readonly shift: Value; readonly epsilon: number },
  bias: Value | null,
): { readonly normal: Value; readonly sum: Value } {
  const inputs = bias === null ? [x, skip, scale, shift] : [x, skip, scale, shift, bias];
  const names = [undefined, '', ''];
  const [normal, , , sum] = g.node('SkipLayerNormalization', inputs, { epsilon }, { ...MICROSOFT, names });
  return { normal: normal!, sum: sum! };
}

export interface GroupNormOptions {
  readonly groups: number;
  readonly epsilon: number;
  /** SiLU behind it. */
  readonly isSwished: boolean;
}

/** Group normalisation of f32[n,c,h,w] with scale and shift f32[c]. com.microsoft. */
export function groupNorm(g: GraphBuilder, x: Value, scale: Value, shift: Value, options: GroupNormOptions): Value {
  return one(g.node('GroupNorm', [x, scale, shift], groupNormAttributes(options), MICROSOFT));
}

/** The same of x + skip, skip f32[n,c] for every place. com.microsoft. */
export function skipGroupNorm(
  g: GraphBuilder,
  x: Value,
  scale: Value,
  shift: Value,
  skip: Value,
  options: GroupNormOptions,
): Value {
  return one(g.node('SkipGroupNorm', [x, scale, shift, skip], groupNormAttributes(options), MICROSOFT));
}

function groupNormAttributes({ groups, epsilon, isSwished }: GroupNormOptions) {
  return { groups, epsilon, activation: isSwished ? 1 : 0, channels_last: 0 };
}

/** x f32[n,t,d] + bias f32[d] + skip f32[n,t,d]. com.microsoft. */
export function biasAdd(g: GraphBuilder, x: Value, bias: Value, skip: Value): Value {
  return one(g.node('BiasAdd', [x, bias, skip], {}, MICROSOFT));
}

/** x f32[n,t,2d] + bias f32[2d]: the first half times the GELU of the second, f32[n,t,d]. com.microsoft. */
export function biasSplitGelu(g: GraphBuilder, x: Value, bias: Value): Value {
  return one(g.node('BiasSplitGelu', [x, bias], {}, MICROSOFT));
}

/** The mean of every two by two, of what there is at an odd end: f32[n,c,h,w] → f32[n,c,ceil(h/2),ceil(w/2)]. */
export function averageOfTwo(g: GraphBuilder, x: Value): Value {
  const attributes = { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, count_include_pad: 0 };
  return one(g.node('AveragePool', [x], attributes));
}

/** Over every axis after the second, with scale and bias f32[c]. */
export function instanceNormalization(g: GraphBuilder, x: Value, scale: Value, bias: Value, epsilon: number): Value {
  return one(g.node('InstanceNormalization', [x, scale, bias], { epsilon }));
}

/** Numpy broadcasting, as in all four. */
export function add(g: GraphBuilder, a: Value, b: Value): Value {
  return one(g.node('Add', [a, b]));
}

export function sub(g: GraphBuilder, a: Value, b: Value): Value {
  return one(g.node('Sub', [a, b]));
}

export function mul(g: GraphBuilder, a: Value, b: Value): Value {
  return one(g.node('Mul', [a, b]));
}

export function div(g: GraphBuilder, a: Value, b: Value): Value {
  return one(g.node('Div', [a, b]));
}

export function identity(g: GraphBuilder, x: Value): Value {
  return one(g.node('Identity', [x]));
}

export function sigmoid(g: GraphBuilder, x: Value): Value {
  return one(g.node('Sigmoid', [x]));
}

export function relu(g: GraphBuilder, x: Value): Value {
  return one(g.node('Relu', [x]));
}

/** x, or alpha · x where it is negative. */
export function leakyRelu(g: GraphBuilder, x: Value, alpha: number): Value {
  return one(g.node('LeakyRelu', [x], { alpha }));
}

/** x, or slope · x where it is negative. @param slope f32[c,1,1], its own for every channel of f32[n,c,h,w]. */
export function prelu(g: GraphBuilder, x: Value, slope: Value): Value {
  return one(g.node('PRelu', [x, slope]));
}

export function tanh(g: GraphBuilder, x: Value): Value {
  return one(g.node('Tanh', [x]));
}

export function erf(g: GraphBuilder, x: Value): Value {
  return one(g.node('Erf', [x]));
}

export function exp(g: GraphBuilder, x: Value): Value {
  return one(g.node('Exp', [x]));
}

export function sin(g: GraphBuilder, x: Value): Value {
  return one(g.node('Sin', [x]));
}

export function cos(g: GraphBuilder, x: Value): Value {
  return one(g.node('Cos', [x]));
}

/** Over the last axis. */
export function softmax(g: GraphBuilder, x: Value): Value {
  return one(g.node('Softmax', [x], { axis: -1 }));
}

/** low, high: f32 scalars. */
export function clip(g: GraphBuilder, x: Value, low: Value, high: Value): Value {
  return one(g.node('Clip', [x, low, high]));
}

/** x · Φ(x), the exact form. com.microsoft. */
export function gelu(g: GraphBuilder, x: Value): Value {
  return one(g.node('Gelu', [x], {}, MICROSOFT));
}

/** x · sigmoid(alpha · x); alpha 1 is SiLU, 1.702 CLIP's quick GELU. com.microsoft. */
export function quickGelu(g: GraphBuilder, x: Value, alpha: number): Value {
  return one(g.node('QuickGelu', [x], { alpha }, MICROSOFT));
}

export function cast(g: GraphBuilder, x: Value, to: ElementType): Value {
  return x.type === to ? x : one(g.node('Cast', [x], { to }));
}

/** @param perm output axis i is input axis perm[i]. */
export function transpose(g: GraphBuilder, x: Value, perm: readonly number[]): Value {
  return one(g.node('Transpose', [x], { perm }));
}

/** @param target i64[k]: 0 copies the axis at its place, one -1 takes the rest. */
export function reshape(g: GraphBuilder, x: Value, target: Value): Value {
  return one(g.node('Reshape', [x, target]));
}

/** i64: the sizes of axes start … end (exclusive; all that follow when left out). */
export function shapeOf(g: GraphBuilder, x: Value, start = 0, end?: number): Value {
  return one(g.node('Shape', [x], end === undefined ? { start } : { start, end }));
}

/** Stretched by numpy's broadcasting. @param target i64[k] */
export function expand(g: GraphBuilder, x: Value, target: Value): Value {
  return one(g.node('Expand', [x, target]));
}

export function concat(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  return one(g.node('Concat', values, { axis }));
}

/** Rows of `table` along `axis`. */
export function gather(g: GraphBuilder, table: Value, indices: Value, axis = 0): Value {
  return one(g.node('Gather', [table, indices], { axis }));
}

/** The first `end` places of one axis. @param end i64[1]. */
export function sliceStart(g: GraphBuilder, x: Value, end: Value, axis: number): Value {
  return one(g.node('Slice', [x, g.integers(0), end, g.integers(axis)]));
}

/** Equal parts along an axis. */
export function split(g: GraphBuilder, x: Value, axis: number, parts: number): readonly Value[] {
  return g.node('Split', [x], { axis, num_outputs: parts });
}

const NEAREST = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' } as const;

/** Every row and column twice: f32[n,c,h,w] → f32[n,c,2h,2w]. */
export function upsampleTwice(g: GraphBuilder, x: Value): Value {
  return upsample(g, x, 2);
}

/** Every row and column `factor` times: f32[n,c,h,w] → f32[n,c,factor*h,factor*w]. */
export function upsample(g: GraphBuilder, x: Value, factor: number): Value {
  const scales = g.floats(`scales(1,1,${factor},${factor})`, [4], Float32Array.of(1, 1, factor, factor));
  return one(g.node('Resize', [x, null, scales], NEAREST));
}

/** Channels as rows and columns, as torch's pixel_shuffle has them: f32[n,c*b*b,h,w] → f32[n,c,b*h,b*w]. */
export function depthToSpace(g: GraphBuilder, x: Value, blocksize: number): Value {
  return one(g.node('DepthToSpace', [x], { blocksize, mode: 'CRD' }));
}

/** Nearest row and column, rounded down. @param sizes i64[4], all axes. */
export function resizeTo(g: GraphBuilder, x: Value, sizes: Value): Value {
  return one(g.node('Resize', [x, null, null, sizes], NEAREST));
}

function one(values: readonly Value[]): Value {
  return values[0]!;
}
