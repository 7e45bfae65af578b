// A network whose weights somebody's LoRA changes for good: the same graph, in which a constant is added to each of those weights. The runtime
// adds them up once, when the session is built, so that a step costs what it always does; the price is a session of its own.
import type { Constant, Graph, Node, Value } from '../onnx/graph.ts';

/** Tensor → what is added to it, as many numbers as it has. */
export type WeightChanges = ReadonlyMap<string, Float32Array>;

/** What the network has not is left out: a text encoder that ends early lacks its last layers. */
export function mergedGraph(graph: Graph, changes: WeightChanges): Graph {
  const additions = new Map<string, Node>();
  const constants: Constant[] = [...graph.constants];
  const weights = graph.weights.map((weight) => {
    const { value } = weight;
    const change = changes.get(value.name);
    if (change === undefined) return weight;
    const base: Value = Object.freeze({ ...value, name: `${value.name}:base` });
    const delta: Value = Object.freeze({ name: `${value.name}:change`, type: 'f32', shape: value.shape });
    constants.push(Object.freeze({ value: delta, data: change }));
    additions.set(value.name, sum(base, delta, value));
    return Object.freeze({ ...weight, value: base });
  });
  return Object.freeze({
    ...graph,
    weights: Object.freeze(weights),
    constants: Object.freeze(constants),
    nodes: Object.freeze(withAdditions(graph.nodes, additions)),
  });
}

function sum(a: Value, b: Value, result: Value): Node {
  const inputs = Object.freeze([a, b]);
  return Object.freeze({ op: 'Add', domain: '', inputs, outputs: [result], attributes: Object.freeze({}) });
}

/** Each right before the first node that takes its sum, so that a network loaded in pieces hands no weight from one to the next. */
function withAdditions(nodes: readonly Node[], additions: ReadonlyMap<string, Node>): Node[] {
  const left = new Map(additions);
  return nodes.flatMap((node) => {
    const wanted = node.inputs.flatMap((input) => (input === null ? [] : (left.get(input.name) ?? [])));
    for (const { outputs } of wanted) left.delete(outputs[0]!.name);
    return [...wanted, node];
  });
}
