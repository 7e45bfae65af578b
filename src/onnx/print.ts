// A graph as short text, one line a node, for reading and for snapshots in tests. Values get numbers in order of appearance, so the text
// does not change when an unrelated node is added elsewhere.
import { showShape } from './dims.ts';
import type { Attributes, Body, Graph, Node, Value } from './graph.ts';

/**
 * `%0 = Conv(sample, conv_in.weight, conv_in.bias) pads=[1,1,1,1] : f32[n,32,h,w]`. Weights and constants go by name,
 * the rest by number.
 */
export function printGraph(graph: Graph): string {
  const labels = new Map<string, string>();
  for (const { name } of graph.inputs) labels.set(name, name);
  for (const { value } of [...graph.weights, ...graph.constants]) labels.set(value.name, value.name);
  for (const { name } of graph.outputs) labels.set(name, name);
  const head = `${graph.name}(${graph.inputs.map(typed).join(', ')})`;
  return [head, ...indented(graph.nodes.flatMap((node) => printNode(node, labels)))].join('\n');
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

/** One line, and behind that of an If those of its bodies. What these read of the graph around them is seen in them alone. */
function printNode(node: Node, labels: Map<string, string>): readonly string[] {
  const given = node.bodies === undefined ? node.inputs : node.inputs.slice(0, 1);
  const inputs = given.map((value) => (value === null ? '-' : labels.get(value.name)));
  const outputs = node.outputs.map((value) => labelOf(value, labels));
  const types = node.outputs.map((value) => `${value.type}${showShape(value.shape)}`);
  const attributes = printAttributes(node.attributes) + (node.isSingle === true ? ' single' : '');
  const line = `${outputs.join(', ')} = ${node.op}(${inputs.join(', ')})${attributes} : ${types.join(', ')}`;
  if (node.bodies === undefined) return [line];
  const { whenTrue, whenFalse } = node.bodies;
  return [line, 'then:', ...printBody(whenTrue, labels), 'else:', ...printBody(whenFalse, labels)];
}

function printBody({ nodes, output }: Body, labels: Map<string, string>): readonly string[] {
  const lines = nodes.flatMap((node) => printNode(node, labels));
  return indented([...lines, `yield ${labels.get(output.name)}`]);
}

function labelOf(value: Value, labels: Map<string, string>): string {
  const label = labels.get(value.name) ?? `%${[...labels.values()].filter((known) => known.startsWith('%')).length}`;
  labels.set(value.name, label);
  return label;
}

function printAttributes(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}=${typeof value === 'object' ? `[${value.join(',')}]` : value}`)
    .join('');
}

function typed(value: Value): string {
  return `${value.name} ${value.type}${showShape(value.shape)}`;
}
