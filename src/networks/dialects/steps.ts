// What the composite steps of a network are told: the words a dialect (dialect.ts) and the layers (layers.ts) share.
import type { Value } from '../../onnx/graph.ts';

export interface GroupNorm {
  /** The weights f32[c], or the same numbers under another shape. */
  readonly scale: (as: readonly number[]) => Value;
  readonly shift: (as: readonly number[]) => Value;
  readonly groups: number;
  readonly epsilon: number;
  /** Whether SiLU follows. */
  readonly isSwished: boolean;
  /** f32[n,c], added at every place before anything else; or null. */
  readonly added: Value | null;
}

export interface LayerNorm {
  readonly scale: Value;
  readonly shift: Value;
  readonly epsilon: number;
}

/** What a stage of a transformer makes of its tokens: product f32[n,t,d] + bias f32[d], to be added to the tokens, skip f32[n,t,d]. */
export interface Sum {
  readonly product: Value;
  readonly bias: Value;
  readonly skip: Value;
}

export interface NormedSum {
  readonly sum: Value;
  readonly normal: Value;
}
