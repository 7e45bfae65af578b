// What controls add to the rows of one call, as inputs of the U-Net's graph: one zero where no row is controlled, else a place of full size with
// zeros for the rows that are not.
import type { ControlSignal, Latents } from '../diffusion/asks.ts';
import { DarkroomError } from '../errors.ts';
import { type ControlTargets, controlTargets } from '../networks/controlInputs.ts';
import type { Graph } from '../onnx/graph.ts';
import { stack } from './rows.ts';
import type { Input } from './session.ts';

/** Broadcast over everything; the same object at every call. */
const NOTHING: Input = { data: new Float32Array(1), dims: [1, 1, 1, 1] };

const known = new WeakMap<Graph, ControlTargets>();

/**
 * @param signals of each row
 * @throws internal when a row is controlled and the graph takes no controls, or other ones
 */
export function controlFeeds(
  graph: Graph,
  signals: readonly (ControlSignal | undefined)[],
): Readonly<Record<string, Input>> {
  const targets = known.get(graph) ?? controlTargets(graph);
  known.set(graph, targets);
  return {
    ...feedsOf(
      targets.skips,
      signals.map((signal) => signal?.skips ?? null),
    ),
    ...feedsOf(
      targets.levels,
      signals.map((signal) => signal?.levels ?? null),
    ),
  };
}

/** @param rows what each adds at the places, null for nothing; the last places may get none */
function feedsOf(places: readonly string[], rows: readonly (readonly Latents[] | null)[]): Record<string, Input> {
  const count = Math.max(0, ...rows.map((row) => row?.length ?? 0));
  if (count > places.length) {
    throw new DarkroomError('internal', `control: found something for ${count} places, expected ${places.length}`);
  }
  const inputs = places.map((_, place) => inputOf(rows.map((row) => row?.[place] ?? null)));
  return Object.fromEntries(places.map((name, place) => [name, inputs[place]!]));
}

function inputOf(rows: readonly (Latents | null)[]): Input {
  const first = rows.find((row) => row !== null);
  if (first === undefined || first === null) return NOTHING;
  const { channels, height, width } = first;
  const nothing = new Float32Array(first.data.length);
  return { data: stack(rows.map((row) => row?.data ?? nothing)), dims: [rows.length, channels, height, width] };
}
