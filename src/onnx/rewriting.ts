// What passes from graph to graph have in common: nodes and constants are collected anew, under names that say what they came from.
import type { Attributes, Constant, Domain, Graph, Node, Value } from './graph.ts';

export interface NewNode {
  readonly inputs: readonly (Value | null)[];
  readonly output: Value;
  readonly attributes?: Attributes;
  readonly domain?: Domain;
}

export class Rewriting {
  readonly #constants: Map<string, Constant>;
  readonly #nodes: Node[] = [];

  constructor(constants: readonly Constant[]) {
    this.#constants = new Map(constants.map((constant) => [constant.value.name, constant]));
  }

  /** Takes a node over. */
  push(node: Node): void {
    this.#nodes.push(Object.freeze(node));
  }

  /** Adds a node with one output, which it returns. */
  add(op: string, { inputs, output, attributes = {}, domain = '' }: NewNode): Value {
    const value = freezeValue(output);
    this.push({ op, domain, inputs: Object.freeze([...inputs]), outputs: Object.freeze([value]), attributes });
    return value;
  }

  /** A constant i64 vector, named as the builder names it, so that one that is there already is used. */
  integers(...contents: readonly number[]): Value {
    const value: Value = { name: `i64(${contents.join(',')})`, type: 'i64', shape: [contents.length], contents };
    return this.constant({ value, data: BigInt64Array.from(contents, BigInt) });
  }

  /** The one of this name if there is one already. */
  constant(made: Constant): Value {
    const constant = this.#constants.get(made.value.name) ?? { ...made, value: freezeValue(made.value) };
    this.#constants.set(constant.value.name, constant);
    return constant.value;
  }

  constantOf(value: Value): Constant | undefined {
    return this.#constants.get(value.name);
  }

  /** The graph with what was collected in the place of its nodes; constants nobody reads are left out. */
  graph(graph: Graph): Graph {
    const read = new Set(this.#nodes.flatMap(({ inputs }) => inputs.map((value) => value?.name)));
    const constants = [...this.#constants.values()].filter(({ value }) => read.has(value.name));
    return Object.freeze({ ...graph, constants: Object.freeze(constants), nodes: Object.freeze([...this.#nodes]) });
  }
}

export function freezeValue(value: Value): Value {
  return Object.freeze({ ...value, shape: Object.freeze([...value.shape]) });
}
