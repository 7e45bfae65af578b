// The layers the networks share, each named by the module whose weights it takes: `conv2d(net, x, 'conv_in', …)` reads conv_in.weight and
// conv_in.bias. Letters: n rows, c channels, h and w latent or pixel rows and columns, t tokens, d width.
import { dimProduct } from '../onnx/dims.ts';
import type { GraphBuilder, Value } from '../onnx/graph.ts';
import { type Axes, dimValue } from '../onnx/liveness.ts';
import * as op from '../onnx/ops.ts';
import type { Dialect } from './dialect.ts';
import type { GroupNorm, LayerNorm } from './dialects/steps.ts';
import {
  addConvBranch,
  type BranchedLayers,
  branchedLinear,
  branchedProductOfRows,
  isBranched,
  mergesLoras,
  NO_LAYERS,
  productOfRows,
  rowsBranch,
} from './loraBranches.ts';
import type { WeightReader } from './weightReader.ts';

/** What every layer writes with. */
export interface Net {
  readonly g: GraphBuilder;
  readonly weights: WeightReader;
  readonly dialect: Dialect;
  /** Layers that get side branches (loraBranches.ts); absent is none. */
  readonly branches?: BranchedLayers;
  /** Sizes the axes mostly have: how a side branch is computed cheapest depends on them (loraBranches.ts). */
  readonly usual?: Axes;
  /** f32[n,c,h,w] whose places the tokens are; absent where they are none. */
  readonly picture?: Value;
}

/** Lines of a picture that are worth a product of their own: measured, 64 places are as fast as any, 32 lose a tenth. */
const LONG_LINE = 64;

/** Tokens a row mostly has; 0 where nobody knows. */
function usualTokensOf({ usual }: Net, x: Value): number {
  return usual === undefined ? 0 : dimValue(x.shape[1]!, usual);
}

/** The picture whose places the tokens are, where its lines are long; or null. */
function linesOf({ usual, picture }: Net, x: Value): Value | null {
  if (usual === undefined || picture === undefined) return null;
  const [height, width] = picture.shape.slice(2);
  const isOfPicture = x.shape[1] === dimProduct([height!, width!]);
  return isOfPicture && dimValue(width!, usual) >= LONG_LINE ? picture : null;
}

function hasBranch({ branches = NO_LAYERS }: Net, module: string): boolean {
  return isBranched(branches, module);
}

export function silu(net: Net, x: Value): Value {
  return net.dialect.swish(net.g, x, 1);
}

export interface Conv2dOptions extends op.ConvOptions {
  /** Side of the square kernel; 3 when left out. */
  readonly kernel?: number;
  /** Whether there is one; true when left out. */
  readonly bias?: boolean;
}

const PADS_OF_3 = [1, 1, 1, 1] as const;

/** f32[n,c,h,w] → f32[n,out,h',w']; without `pads` the kernel keeps the size. */
export function conv2d(net: Net, x: Value, name: string, out: number, options: Conv2dOptions = {}): Value {
  const kernel = options.kernel ?? 3;
  const side = Math.floor((kernel - 1) / 2);
  const pads = options.pads ?? (kernel === 3 ? PADS_OF_3 : ([side, side, side, side] as const));
  const weight = net.weights.take(`${name}.weight`, [out, channelsOf(x), kernel, kernel]);
  const bias = options.bias === false ? null : net.weights.take(`${name}.bias`, [out]);
  const product = op.conv(net.g, x, weight, bias, { ...options, pads });
  if (!hasBranch(net, name)) return product;
  const convolve = (side: Value) => op.conv(net.g, x, side, null, { ...options, pads });
  return addConvBranch(net.g, product, x, name, kernel, convolve);
}

/** f32[n,t,d] → f32[n,t,out]. */
export function linear(net: Net, x: Value, name: string, out: number, hasBias = true): Value {
  const product = linearProduct(net, x, name, out);
  return hasBias ? op.add(net.g, product, net.weights.take(`${name}.bias`, [out])) : product;
}

function linearProduct(net: Net, x: Value, module: string, out: number): Value {
  const { g, dialect, weights } = net;
  const [name, shape] = [`${module}.weight`, [out, widthOf(x)]] as const;
  if (mergesLoras(dialect, out, widthOf(x), usualTokensOf(net, x))) {
    const [weight, picture] = [weights.take(name, shape, [1, ...shape]), linesOf(net, x)];
    return hasBranch(net, module)
      ? branchedProductOfRows(g, dialect, x, weight, { module, picture })
      : productOfRows(g, dialect, x, weight, picture);
  }
  const weight = weights.take(name, shape);
  return hasBranch(net, module)
    ? branchedLinear(g, dialect, x, weight, module)
    : dialect.matMulTransposed(g, x, weight);
}

/** f32[n,d] → f32[n,out]. */
export function linearOfRows(net: Net, x: Value, name: string, out: number): Value {
  const weight = net.weights.take(`${name}.weight`, [out, widthOf(x)]);
  const product = op.gemm(net.g, x, weight, net.weights.take(`${name}.bias`, [out]));
  return hasBranch(net, name) ? op.add(net.g, product, rowsBranch(net.g, net.dialect, x, name, out)) : product;
}

/** Over the last axis. */
export function layerNorm(net: Net, x: Value, name: string, epsilon: number): Value {
  const { scale, shift } = layerNormOf(net, widthOf(x), name, epsilon);
  return op.layerNormalization(net.g, x, scale, shift, epsilon);
}

/** What layer `name` normalises tokens of some width with. */
export function layerNormOf({ weights }: Net, width: number, name: string, epsilon: number): LayerNorm {
  const scale = weights.take(`${name}.weight`, [width]);
  return { scale, shift: weights.take(`${name}.bias`, [width]), epsilon };
}

/** Group normalisation of f32[n,c,h,w]: every group of c / groups channels to mean 0 and variance 1, then scale and shift a channel. */
export function groupNorm(net: Net, x: Value, name: string, groups: number, epsilon: number): Value {
  return net.dialect.groupNorm(net.g, x, groupNormOf(net, x, name, { groups, epsilon, isSwished: false, added: null }));
}

/** The same, and SiLU behind it. @param added f32[n,c], added at every place before; or null */
export function swishedGroupNorm(
  net: Net,
  x: Value,
  name: string,
  {
    groups,
    epsilon,
    added = null,
  }: { readonly groups: number; readonly epsilon: number; readonly added?: Value | null },
): Value {
  return net.dialect.groupNorm(net.g, x, groupNormOf(net, x, name, { groups, epsilon, isSwished: true, added }));
}

function groupNormOf(net: Net, x: Value, name: string, rest: Omit<GroupNorm, 'scale' | 'shift'>): GroupNorm {
  const take = (part: string) => (as: readonly number[]) => net.weights.take(`${name}.${part}`, [channelsOf(x)], as);
  return { scale: take('weight'), shift: take('bias'), ...rest };
}

/** f32[n,c,h,w] → f32[n,h*w,c]. */
export function imageToTokens(net: Net, x: Value): Value {
  return op.transpose(net.g, op.reshape(net.g, x, net.g.integers(0, channelsOf(x), -1)), [0, 2, 1]);
}

/** f32[n,h*w,c] → f32[n,c,h,w], h and w as in `like`. */
export function tokensToImage(net: Net, x: Value, like: Value): Value {
  return op.reshape(net.g, op.transpose(net.g, x, [0, 2, 1]), op.shapeOf(net.g, like));
}

export interface ResnetOptions {
  readonly out: number;
  readonly groups: number;
  readonly epsilon: number;
  /** silu(time embedding) f32[n,e], or null in the autoencoder, which has none. */
  readonly time: Value | null;
  /** What the sum is divided by; 1 when left out. */
  readonly scaleFactor?: number;
}

/** Two normalised convolutions beside a shortcut. @source diffusers ResnetBlock2D. */
export function resnetBlock(net: Net, x: Value, name: string, options: ResnetOptions): Value {
  const { g } = net;
  const { out, groups, epsilon, time, scaleFactor = 1 } = options;
  const first = swishedGroupNorm(net, x, `${name}.norm1`, { groups, epsilon });
  const early = conv2d(net, first, `${name}.conv1`, out);
  const added = time === null ? null : linearOfRows(net, time, `${name}.time_emb_proj`, out);
  const second = swishedGroupNorm(net, early, `${name}.norm2`, { groups, epsilon, added });
  const hidden = conv2d(net, second, `${name}.conv2`, out);
  const shortcut = channelsOf(x) === out ? x : conv2d(net, x, `${name}.conv_shortcut`, out, { kernel: 1 });
  const sum = op.add(g, shortcut, hidden);
  return scaleFactor === 1 ? sum : op.div(g, sum, g.floats(`f32(${scaleFactor})`, [], Float32Array.of(scaleFactor)));
}

export function channelsOf(x: Value): number {
  return x.shape[1] as number;
}

export function widthOf(x: Value): number {
  return x.shape.at(-1) as number;
}
