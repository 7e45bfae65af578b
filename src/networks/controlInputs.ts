// Where controls enter a U-Net: what a ControlNet found is added to every skip and to the middle, what a T2I-Adapter found to every level of
// the way down. All of it are inputs of the graph of full size or of one number, 0 where nobody is controlled, so that rows with and without
// controls share a call. Which arrays belong into them is the engine's business (runtime/controlFeeds.ts).
// @source diffusers 0.42 models/unets/unet_2d_condition.py, forward: down_block_additional_residuals, down_intrablock_additional_residuals
import type { Graph, Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Net } from './layers.ts';

/** What may be added to a U-Net; every place costs a pass over its values, so only where something that fits is at hand. */
export interface ControlPlaces {
  /** By ControlNets. */
  readonly skips: boolean;
  /** By T2I-Adapters. */
  readonly levels: boolean;
}

export const NO_PLACES: ControlPlaces = { skips: false, levels: false };

const SKIP = 'control_skip_';
const LEVEL = 'control_level_';

/** The last of them is the middle. */
export function addSkip(net: Net, x: Value, index: number): Value {
  return added(net, x, `${SKIP}${index}`);
}

/** The one after the last block is the middle. */
export function addLevel(net: Net, x: Value, level: number): Value {
  return added(net, x, `${LEVEL}${level}`);
}

/** Declares f32[n,c,h,w] of which every axis may be 1. */
function added({ g }: Net, x: Value, name: string): Value {
  const control = g.input(
    name,
    'f32',
    x.shape.map((dim) => `${dim}?`),
  );
  return op.add(g, x, control);
}

export interface ControlTargets {
  /** Names of the inputs, in the order ControlNets give their residuals; empty where the graph takes none. */
  readonly skips: readonly string[];
  readonly levels: readonly string[];
}

export function controlTargets({ inputs }: Graph): ControlTargets {
  const names = inputs.map(({ name }) => name);
  const beginning = (prefix: string) => names.filter((name) => name.startsWith(prefix)).toSorted(byNumber);
  return { skips: beginning(SKIP), levels: beginning(LEVEL) };
}

function byNumber(a: string, b: string): number {
  const number = (name: string) => Number(/\d+$/.exec(name)?.[0]);
  return number(a) - number(b);
}
