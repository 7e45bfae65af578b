// Side branches of a network: every layer a LoRA can touch computes y + (x·downᵀ)·up with both factors as inputs of the graph, so that other
// people's styles are other arrays and never another session. Rank is free at every call; with rank 0 a branch adds nothing. Where a layer has
// many tokens the same is computed as x·(weight + upᵀ·down)ᵀ, with less arithmetic, and as x·weightᵀ while no one uses the branch.
// Which arrays belong into the inputs is the engine's business (runtime/loraFeeds.ts).
// @source Hu et al. 2021, arXiv:2106.09685, section 4.1; for convolutions KohakuBlueleaf/LyCORIS, LoCon
import type { Dim } from '../onnx/dims.ts';
import type { Graph, GraphBuilder, Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Dialect } from './dialect.ts';

/** Layers that have side branches, by the paths of their modules: only those somebody's LoRA changes, for each is two inputs and, used or not, nodes. */
export type BranchedLayers = ReadonlySet<string> | 'every';
export const NO_LAYERS: BranchedLayers = new Set();

export function isBranched(layers: BranchedLayers, module: string): boolean {
  return layers === 'every' || layers.has(module);
}

/** Layers of either; the first itself where the second adds none. */
export function bothLayers(first: BranchedLayers, second: BranchedLayers): BranchedLayers {
  if (first === 'every' || second === 'every') return 'every';
  return [...second].every((module) => first.has(module)) ? first : new Set([...first, ...second]);
}

/** One layer with a side branch, by the path of its module. */
export interface LoraTarget {
  readonly module: string;
  /** Width or channels the layer reads. */
  readonly in: number;
  /** Width or channels it makes. */
  readonly out: number;
  /** Side of the square kernel of a convolution; null for a linear layer. */
  readonly kernel: number | null;
}

const DOWN = '.lora_down';
const UP = '.lora_up';

/** Names of a target's two inputs. */
export function loraInputs(module: string): { readonly down: string; readonly up: string } {
  return { down: module + DOWN, up: module + UP };
}

/** Rows of a factor: one for all, or one for every row of the call. */
const ROWS: Dim = 'n?';

/** A linear layer whose weight a LoRA may change. */
export interface Branch {
  readonly module: string;
  /** f32[n,c,h,w] of which the tokens are the places, where its lines are long enough to be multiplied one by one; or null. */
  readonly picture: Value | null;
}

/**
 * Whether a layer computes with a weight of its own for every row, f32[n,out,in]: where tokens · r · (in + out) multiplications are more than
 * r · in · out. Deliberately the same for layers without a branch and for rows without a LoRA: what a row's picture is rounded to must depend
 * neither on whom it is computed with nor on which LoRAs are installed.
 * @param usualTokens a row mostly has; 0 where nobody knows
 */
export function mergesLoras({ choosesInRuns }: Dialect, out: number, width: number, usualTokens: number): boolean {
  return choosesInRuns && usualTokens * (width + out) > width * out;
}

/**
 * x · weightᵀ of such a layer.
 * @param x f32[n,t,in]
 * @param weight f32[1,out,in]
 * @returns f32[n,t,out]
 */
export function productOfRows(
  g: GraphBuilder,
  dialect: Dialect,
  x: Value,
  weight: Value,
  picture: Value | null,
): Value {
  if (picture === null) return dialect.matMulTransposed(g, x, weight);
  const [, out, width] = weight.shape as readonly [unknown, number, number];
  const lines = op.concat(g, [g.integers(0), op.shapeOf(g, picture, 2, 3), g.integers(-1, width)], 0);
  // A line and what comes of it stay in the processor's cache.
  const product = dialect.matMulTransposed(
    g,
    op.reshape(g, x, lines),
    op.reshape(g, weight, g.integers(0, 1, out, width)),
  );
  return op.reshape(g, product, g.integers(0, -1, out));
}

/** The same and what a LoRA adds to it. Declares down f32[n?,r,in] and up f32[n?,r,out], one row for all or one for each. */
export function branchedProductOfRows(
  g: GraphBuilder,
  dialect: Dialect,
  x: Value,
  weight: Value,
  { module, picture }: Branch,
): Value {
  const factors = declareFactors(g, x, module, weight.shape[1] as number);
  const merged = () => mergedWeight(g, x, weight, factors);
  // Only the weight is chosen, and not the product: what a choice yields gets its memory anew from the system at every step, and products
  // are much larger than weights.
  const chosen = g.choose(isUsed(g, factors), merged, () => op.identity(g, weight));
  return productOfRows(g, dialect, x, chosen, picture);
}

/**
 * x · weightᵀ and what a LoRA adds to it, where that is less than changing the weight. Declares down f32[n?,r,in] and up f32[n?,r,out], one row
 * for all or one for each.
 * @param x f32[n,t,in]
 * @param weight f32[out,in]
 * @returns f32[n,t,out]
 */
export function branchedLinear(g: GraphBuilder, dialect: Dialect, x: Value, weight: Value, module: string): Value {
  const factors = declareFactors(g, x, module, weight.shape[0] as number);
  const own = dialect.matMulTransposed(g, x, weight);
  const side = () => sideBranch(g, dialect, x, factors);
  if (!dialect.choosesInRuns) return op.add(g, own, side());
  return op.add(
    g,
    own,
    g.choose(isUsed(g, factors), side, () => nothing(g)),
  );
}

interface Factors {
  readonly down: Value;
  readonly up: Value;
}

function declareFactors(g: GraphBuilder, x: Value, module: string, out: number): Factors {
  const rank = `r(${module})`;
  const names = loraInputs(module);
  const down = g.input(names.down, 'f32', [ROWS, rank, x.shape.at(-1)!]);
  return { down, up: g.input(names.up, 'f32', [ROWS, rank, out]) };
}

/** Whether anybody's rank is more than 0. */
function isUsed(g: GraphBuilder, { down }: Factors): Value {
  return op.cast(g, op.shapeOf(g, down, 1, 2), 'bool');
}

function sideBranch(g: GraphBuilder, dialect: Dialect, x: Value, { down, up }: Factors): Value {
  return op.matMul(g, dialect.matMulTransposed(g, x, down), up);
}

/** Nothing, wherever it is added. */
function nothing(g: GraphBuilder): Value {
  return op.identity(g, g.floats('nothing', [1, 1, 1], new Float32Array(1)));
}

/**
 * weight + upᵀ·down f32[n,out,in]. One for every row, also where all are the same: the runtime would make one product of all rows then, and
 * what it writes would no longer fit into the processor's cache, which costs more.
 */
function mergedWeight(g: GraphBuilder, x: Value, weight: Value, { down, up }: Factors): Value {
  const rows = op.expand(g, up, op.concat(g, [op.shapeOf(g, x, 0, 1), g.integers(1, 1)], 0));
  return op.add(g, op.fusedTransposedMatMul(g, rows, down), weight);
}

/** What a LoRA adds to the product of x f32[n,in] → f32[n,out]. */
export function rowsBranch(g: GraphBuilder, dialect: Dialect, x: Value, module: string, out: number): Value {
  const tokens = op.reshape(g, x, g.integers(-1, 1, x.shape[1] as number));
  const branch = sideBranch(g, dialect, tokens, declareFactors(g, tokens, module, out));
  return op.reshape(g, branch, g.integers(-1, out));
}

/**
 * Declares down f32[r,in,k,k], the ranks of all rows behind one another, and up f32[n?,out,r], which is zero where a rank is not the row's: a
 * convolution has one kernel for all its rows, so who gets what is decided behind it.
 * Deliberately not a second convolution: on the CPU one of 0 channels leaves its output as the memory was.
 * @param product f32[n,out,h',w'], what the layer itself makes
 * @param convolve as the layer itself does, without a bias
 * @returns product and branch added up
 */
export function addConvBranch(
  g: GraphBuilder,
  product: Value,
  x: Value,
  module: string,
  kernel: number,
  convolve: (weight: Value) => Value,
): Value {
  const rank = `r(${module})`;
  const names = loraInputs(module);
  const out = product.shape[1]!;
  const down = g.input(names.down, 'f32', [rank, x.shape[1]!, kernel, kernel]);
  const up = g.input(names.up, 'f32', [ROWS, out, rank]);
  const places = op.reshape(g, product, g.integers(0, 0, -1));
  const size = [op.shapeOf(g, x, 0, 1), op.shapeOf(g, down, 0, 1), op.shapeOf(g, places, 2)];
  const hidden = op.reshape(g, convolve(down), op.concat(g, size, 0));
  return op.reshape(g, op.add(g, places, op.matMul(g, up, hidden)), op.shapeOf(g, product));
}

/** The targets of a graph, in the order they are computed. */
export function loraTargets(graph: Graph): readonly LoraTarget[] {
  const shapes = new Map(graph.inputs.map(({ name, shape }) => [name, shape as readonly (number | string)[]]));
  return [...shapes].flatMap(([name, shape]) => {
    if (!name.endsWith(DOWN)) return [];
    const module = name.slice(0, -DOWN.length);
    const isConv = shape.length === 4;
    const out = shapes.get(module + UP)![isConv ? 1 : 2] as number;
    return [{ module, in: shape[isConv ? 1 : 2] as number, out, kernel: isConv ? (shape[2] as number) : null }];
  });
}
