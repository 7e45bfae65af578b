// How much memory the values of a graph take at once, for given sizes of the symbolic axes, without running it: every value lives from the
// node that makes it to the last that reads it. Weights are not counted.
import { DarkroomError } from '../errors.ts';
import type { Dim, Shape } from './dims.ts';
import type { ElementType, Graph, Node, Value } from './graph.ts';

/** Value of every symbolic axis, e.g. { n: 2, h: 64, w: 96 }. */
export type Axes = Readonly<Record<string, number>>;

const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  u8: 1,
  i32: 4,
  i64: 8,
  bool: 1,
};

/** Operators whose result is their first input under another shape or name. */
const ALIASES = new Set(['Reshape', 'Identity']);

/**
 * Bytes of all values alive at the worst moment, inputs and outputs of the graph included.
 * @param scratchOf bytes a node needs for itself while it runs
 * @throws graph_invalid for an axis that is not among `axes`
 */
export function peakBytes(graph: Graph, axes: Axes, scratchOf: (node: Node, axes: Axes) => number): number {
  const live = new LiveValues(graph, axes);
  let peak = live.bytes;
  for (const [index, node] of graph.nodes.entries()) {
    live.begin(node);
    peak = Math.max(peak, live.bytes + scratchOf(node, axes) + bodyBytes(node, axes, scratchOf));
    live.end(index);
  }
  return peak;
}

/** What the dearer body of an If takes at its worst moment, without its result, which is the node's own. */
function bodyBytes({ bodies }: Node, axes: Axes, scratchOf: (node: Node, axes: Axes) => number): number {
  if (bodies === undefined) return 0;
  const peaks = [bodies.whenTrue, bodies.whenFalse].map(({ nodes, output }) => {
    const around = { name: '', inputs: [], weights: [], constants: [] };
    return peakBytes({ ...around, nodes, outputs: [output] }, axes, scratchOf) - bytesOf(output, axes);
  });
  return Math.max(0, ...peaks);
}

/** Bytes of one value. @throws graph_invalid for an axis that is not among `axes` */
export function bytesOf({ type, shape }: Value, axes: Axes): number {
  return ELEMENT_BYTES[type] * elements(shape, axes);
}

/** @throws graph_invalid for an axis that is not among `axes` */
export function elements(shape: Shape, axes: Axes): number {
  return shape.reduce<number>((product, dim) => product * dimValue(dim, axes), 1);
}

class LiveValues {
  readonly #axes: Axes;
  readonly #fixed: ReadonlySet<string>;
  /** Name → the value it is another view of. */
  readonly #roots = new Map<string, Value>();
  readonly #ends = new Map<number, Value[]>();
  bytes: number;

  constructor(graph: Graph, axes: Axes) {
    this.#axes = axes;
    this.#fixed = new Set([...graph.weights, ...graph.constants].map(({ value }) => value.name));
    this.bytes = graph.inputs.reduce((sum, value) => sum + bytesOf(value, axes), 0);
    const lastUse = new Map<string, number>();
    const made = new Map<string, Value>();
    for (const [index, node] of graph.nodes.entries()) {
      this.#nameRoots(node);
      for (const value of [...inputsOf(node), ...node.outputs]) lastUse.set(this.#root(value).name, index);
      for (const value of node.outputs) if (this.#root(value) === value) made.set(value.name, value);
    }
    for (const value of graph.outputs) lastUse.delete(this.#root(value).name);
    for (const [name, index] of lastUse) {
      const value = made.get(name);
      if (value !== undefined) this.#ends.set(index, [...(this.#ends.get(index) ?? []), value]);
    }
  }

  begin({ outputs }: Node): void {
    for (const value of outputs) if (this.#root(value) === value) this.bytes += bytesOf(value, this.#axes);
  }

  end(index: number): void {
    for (const value of this.#ends.get(index) ?? []) this.bytes -= bytesOf(value, this.#axes);
  }

  #nameRoots({ op, inputs, outputs }: Node): void {
    const source = inputs[0];
    if (ALIASES.has(op) && source != null && !this.#fixed.has(source.name)) {
      this.#roots.set(outputs[0]!.name, this.#root(source));
    }
  }

  #root(value: Value): Value {
    return this.#roots.get(value.name) ?? value;
  }
}

function inputsOf({ inputs }: Node): readonly Value[] {
  return inputs.filter((value) => value !== null);
}

const HALVED = /^(ceil|floor)\((.+)\/(\d+)\)$/;

/** @throws graph_invalid for an axis that is not among `axes` */
export function dimValue(dim: Dim, axes: Axes): number {
  if (typeof dim === 'number') return dim;
  if (/^\d+$/.test(dim)) return Number(dim);
  if (axes[dim] !== undefined) return axes[dim];
  const halved = HALVED.exec(dim);
  if (halved !== null && isBalanced(halved[2]!)) {
    const [, rounding, inner, divisor] = halved;
    return Math[rounding as 'ceil' | 'floor'](dimValue(inner!, axes) / Number(divisor));
  }
  const factors = factorsOf(dim);
  if (factors.length > 1) return factors.reduce((product, factor) => product * dimValue(factor, axes), 1);
  throw new DarkroomError('graph_invalid', `axis ${dim}: has no size, known are ${Object.keys(axes).join(', ')}`);
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** Split at the stars outside of brackets. */
function factorsOf(text: string): readonly string[] {
  const factors: string[] = [];
  for (const part of text.split('*')) {
    const last = factors.at(-1);
    if (last !== undefined && !isBalanced(last)) factors[factors.length - 1] = `${last}*${part}`;
    else factors.push(part);
  }
  return factors;
}
