// A network whose pictures go on beyond their edges as on the other side, so that they repeat without a seam: the same graph, in which every
// convolution that was padded with zeros is padded with what lies across. Weights, inputs and outputs stay as they are.
// @source diffusers and A1111 do it by giving every Conv2d padding_mode 'circular'
import type { Dim } from '../onnx/dims.ts';
import type { Constant, Graph, Node, Value } from '../onnx/graph.ts';

/** Axes of f32[n,c,h,w]. */
const [ROWS, COLUMNS] = [2, 3];

/** The last place of any axis. */
const END = 2 ** 31 - 1;

/**
 * Only convolutions padded alike on all sides wrap: one row of zeros below and right, as encoders halve with, is no padding of the
 * convolution's own where the graph comes from.
 */
export function seamlessGraph(graph: Graph): Graph {
  const wrapper = new Wrapper(graph.constants);
  const nodes = graph.nodes.flatMap((node) => wrapper.wrapped(node));
  return Object.freeze({ ...graph, constants: Object.freeze(wrapper.constants), nodes: Object.freeze(nodes) });
}

class Wrapper {
  readonly #constants: Map<string, Constant>;
  /** By name; a convolution and its side branch read the same. */
  readonly #made = new Map<string, Value>();

  constructor(constants: readonly Constant[]) {
    this.#constants = new Map(constants.map((constant) => [constant.value.name, constant]));
  }

  get constants(): Constant[] {
    return [...this.#constants.values()];
  }

  /** The node, behind those that lay the padding around what it reads. */
  wrapped(node: Node): readonly Node[] {
    const pads = (node.attributes.pads ?? []) as readonly number[];
    const [reach = 0] = pads;
    const [x, ...weights] = node.inputs;
    if (node.op !== 'Conv' || reach === 0 || pads.some((pad) => pad !== reach)) return [node];
    const nodes: Node[] = [];
    const wide = this.#wrapAxis(x!, COLUMNS, reach, nodes);
    const inputs = Object.freeze([this.#wrapAxis(wide, ROWS, reach, nodes), ...weights]);
    const attributes = Object.freeze({ ...node.attributes, pads: pads.map(() => 0) });
    return [...nodes, Object.freeze({ ...node, inputs, attributes })];
  }

  /** The last `reach` lines before the first, the first after the last. */
  #wrapAxis(x: Value, axis: number, reach: number, nodes: Node[]): Value {
    const name = `${x.name}_wrapped_${axis}_${reach}`;
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const before = this.#slice(`${name}_before`, x, axis, [-reach, END], nodes);
    const after = this.#slice(`${name}_after`, x, axis, [0, reach], nodes);
    const whole = along(name, x, axis, longer(x.shape[axis]!, 2 * reach));
    nodes.push(nodeOf('Concat', [before, x, after], whole, { axis }));
    this.#made.set(name, whole);
    return whole;
  }

  #slice(name: string, x: Value, axis: number, [from, to]: readonly [number, number], nodes: Node[]): Value {
    const part = along(name, x, axis, from < 0 ? -from : to);
    nodes.push(nodeOf('Slice', [x, ...[from, to, axis].map((value) => this.#integer(value))], part, {}));
    return part;
  }

  /** Named as the builder names them, so that one that is there already is used. */
  #integer(value: number): Value {
    const name = `i64(${value})`;
    const made: Constant = Object.freeze({
      value: Object.freeze({ name, type: 'i64', shape: [1], contents: [value] }),
      data: BigInt64Array.of(BigInt(value)),
    });
    const constant = this.#constants.get(name) ?? made;
    this.#constants.set(name, constant);
    return constant.value;
  }
}

function along(name: string, x: Value, axis: number, length: Dim): Value {
  return Object.freeze({ name, type: x.type, shape: x.shape.map((dim, at) => (at === axis ? length : dim)) });
}

function nodeOf(op: string, inputs: readonly Value[], output: Value, attributes: Node['attributes']): Node {
  return Object.freeze({ op, domain: '', inputs: Object.freeze([...inputs]), outputs: [output], attributes });
}

function longer(dim: Dim, by: number): Dim {
  return typeof dim === 'number' ? dim + by : `(${dim}+${by})`;
}
