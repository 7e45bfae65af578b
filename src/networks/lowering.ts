// The last step before a graph is written: the same computation, laid out and in the precision a provider runs best. Everything before, such
// as side branches and seamless edges, knows of neither.
import { channelsLast } from '../onnx/channelsLast.ts';
import type { Graph } from '../onnx/graph.ts';
import { inHalfPrecision } from '../onnx/halfPrecision.ts';
import { dialectOf, type Provider } from './dialect.ts';
import { keepsSingle, type Precision } from './precision.ts';

/** Inputs and outputs keep their names, types and shapes. */
export function lowered(graph: Graph, provider: Provider, precision: Precision): Graph {
  const laidOut = dialectOf(provider).isChannelsLast ? channelsLast(graph) : graph;
  return precision === 'fp16' ? inHalfPrecision(laidOut, keepsSingle(provider)) : laidOut;
}
