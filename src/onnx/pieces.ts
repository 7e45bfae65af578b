// Cuts a graph into consecutive parts that can be loaded one after another: while a runtime rearranges the weights of one part, those of
// the others exist once. Knows nodes and values, no runtime.
import type { Graph, Node, Value } from './graph.ts';

/**
 * Consecutive parts of the graph, each a graph of its own; what one leaves for later ones is among its outputs and their inputs.
 * @param costOf what a node adds to its part; a new part begins where the sum would pass `limit`
 * @returns the graph itself when one part holds it all
 */
export function inPieces(graph: Graph, costOf: (node: Node) => number, limit: number): readonly Graph[] {
  const runs = consecutive(graph.nodes, costOf, limit);
  if (runs.length === 1) return [graph];
  const lastUse = new Map<string, number>();
  for (const [run, nodes] of runs.entries()) {
    for (const { name } of nodes.flatMap(inputsOf)) lastUse.set(name, run);
  }
  return runs.map((nodes, run) => pieceOf(graph, nodes, run, (value) => (lastUse.get(value.name) ?? -1) > run));
}

function consecutive(nodes: readonly Node[], costOf: (node: Node) => number, limit: number): readonly Node[][] {
  const runs: Node[][] = [[]];
  let sum = 0;
  for (const node of nodes) {
    const cost = costOf(node);
    if (sum > 0 && sum + cost > limit) {
      runs.push([]);
      sum = 0;
    }
    runs.at(-1)!.push(node);
    sum += cost;
  }
  return runs;
}

function pieceOf(graph: Graph, nodes: readonly Node[], run: number, isUsedLater: (value: Value) => boolean): Graph {
  const taken = new Map(nodes.flatMap(inputsOf).map((value) => [value.name, value]));
  const made = nodes.flatMap(({ outputs }) => outputs);
  const weights = graph.weights.filter(({ value }) => taken.has(value.name));
  const constants = graph.constants.filter(({ value }) => taken.has(value.name));
  for (const { name } of [...made, ...[...weights, ...constants].map(({ value }) => value)]) taken.delete(name);
  const results = new Set(graph.outputs.map(({ name }) => name));
  return Object.freeze({
    name: `${graph.name}_${run}`,
    inputs: Object.freeze([...taken.values()]),
    outputs: Object.freeze(made.filter((value) => results.has(value.name) || isUsedLater(value))),
    weights: Object.freeze(weights),
    constants: Object.freeze(constants),
    nodes: Object.freeze([...nodes]),
  });
}

function inputsOf({ inputs }: Node): readonly Value[] {
  return inputs.filter((value) => value !== null);
}
