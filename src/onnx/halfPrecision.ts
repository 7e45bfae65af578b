// The same graph in half precision: values, weights and constants become f16, but for what its nodes say must not, and for its inputs and
// outputs, which stay what they are. At every border lies a Cast. Weights stay byte ranges: stored as f16 they are taken as they lie.
import { DarkroomError } from '../errors.ts';
import type { Constant, Graph, Node, Value, Weight } from './graph.ts';
import { freezeValue, Rewriting } from './rewriting.ts';

type Precision = 'f32' | 'f16';

/**
 * @param keepsSingle inputs an operator takes in single precision only, although the rest of it is half
 * @throws graph_invalid for a constant that does not fit
 */
export function inHalfPrecision(graph: Graph, keepsSingle: (node: Node, input: number) => boolean): Graph {
  return new Halving(graph, keepsSingle).run();
}

/** Inputs that are numbers of the operator itself, not of what it computes: by operator, from which on. */
const SETTINGS_FROM: Readonly<Record<string, number>> = { Resize: 1 };

class Halving {
  readonly #graph: Graph;
  readonly #keepsSingle: (node: Node, input: number) => boolean;
  readonly #outputs: ReadonlySet<string>;
  readonly #rewriting: Rewriting;
  /** By name: the value itself, in the precision it is made in. */
  readonly #made = new Map<string, Value>();
  /** Converted to the other one. */
  readonly #converted = new Map<string, Value>();

  constructor(graph: Graph, keepsSingle: (node: Node, input: number) => boolean) {
    this.#graph = graph;
    this.#keepsSingle = keepsSingle;
    this.#outputs = new Set(graph.outputs.map(({ name }) => name));
    this.#rewriting = new Rewriting(graph.constants);
  }

  run(): Graph {
    const weights = this.#weights();
    for (const node of this.#graph.nodes) this.#take(node);
    return Object.freeze({ ...this.#rewriting.graph(this.#graph), weights: Object.freeze(weights) });
  }

  /** In single precision where any node wants them so; a weight two nodes want differently does not exist in these networks. */
  #weights(): readonly Weight[] {
    const single = new Set<string>();
    for (const node of this.#graph.nodes) {
      for (const [at, value] of node.inputs.entries()) {
        if (value !== null && this.#wanted(node, at) === 'f32') single.add(value.name);
      }
    }
    return this.#graph.weights.map((weight) => {
      if (weight.value.type !== 'f32' || single.has(weight.value.name)) return weight;
      const value = freezeValue({ ...weight.value, type: 'f16' });
      this.#made.set(value.name, value);
      return Object.freeze({ ...weight, value });
    });
  }

  #take(node: Node): void {
    const inputs = node.inputs.map((value, at) => value && this.#in(value, this.#wanted(node, at)));
    const type = this.#precisionOf(node);
    const outputs = node.outputs.map((value) => freezeValue(value.type === 'f32' ? { ...value, type } : value));
    const isCast = node.op === 'Cast' && node.attributes.to === 'f32';
    const attributes = isCast ? Object.freeze({ ...node.attributes, to: type }) : node.attributes;
    this.#rewriting.push({ ...node, inputs: Object.freeze(inputs), outputs: Object.freeze(outputs), attributes });
    for (const value of outputs) this.#made.set(value.name, value);
  }

  #precisionOf({ isSingle, outputs }: Node): Precision {
    return isSingle === true || outputs.some(({ name }) => this.#outputs.has(name)) ? 'f32' : 'f16';
  }

  #wanted(node: Node, input: number): Precision {
    if (input >= (SETTINGS_FROM[node.op] ?? Number.POSITIVE_INFINITY) || this.#keepsSingle(node, input)) return 'f32';
    return this.#precisionOf(node);
  }

  /** The value in a precision; integers as they are. */
  #in(value: Value, type: Precision): Value {
    if (value.type !== 'f32') return this.#made.get(value.name) ?? value;
    const made = this.#made.get(value.name) ?? value;
    if (made.type === type) return made;
    const converted = this.#converted.get(value.name) ?? this.#convert(made, type);
    this.#converted.set(value.name, converted);
    return converted;
  }

  #convert(value: Value, type: Precision): Value {
    const output = { ...value, name: `${value.name}:${type}`, type };
    const constant = this.#rewriting.constantOf(value);
    if (constant !== undefined) return this.#rewriting.constant({ value: output, data: halves(constant) });
    return this.#rewriting.add('Cast', { inputs: [value], output, attributes: { to: type } });
  }
}

function halves({ value, data }: Constant): Uint16Array {
  const numbers = data as Float32Array;
  const tooLarge = numbers.find((number) => Math.abs(number) > LARGEST_HALF);
  if (tooLarge !== undefined) {
    throw new DarkroomError('graph_invalid', `${value.name}: ${tooLarge} does not fit into half precision`);
  }
  return Uint16Array.from(numbers, toHalf);
}

/** The largest finite number of half precision. */
export const LARGEST_HALF = 65_504;
/** Below 2^-14 its numbers are evenly spaced, by 2^-24. */
const SMALLEST_NORMAL = 2 ** -14;
const MANTISSA_BITS = 10;

/** Bits of the half-precision number nearest to one that fits, of two equally near ones the even. */
export function toHalf(number: number): number {
  const sign = Object.is(Math.sign(number), -0) || number < 0 ? 0x8000 : 0;
  const size = Math.abs(number);
  if (size < SMALLEST_NORMAL) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  const mantissa = roundToEven((size / 2 ** exponent - 1) * 2 ** MANTISSA_BITS);
  return sign | (((exponent + 15) << MANTISSA_BITS) + mantissa);
}

function roundToEven(number: number): number {
  const below = Math.floor(number);
  const rest = number - below;
  if (rest === 0.5) return below + (below % 2);
  return rest < 0.5 ? below : below + 1;
}
