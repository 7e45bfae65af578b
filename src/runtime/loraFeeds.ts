// From the stacks of a call's rows to the inputs of its side branches: nothing where nobody changes a layer, one factor for all where all rows
// share a stack, and otherwise one a row, padded with zeros to the largest rank in the call.
import type { LoraFactors, SideBranches } from '../diffusion/loraStack.ts';
import type { Provider } from '../networks/dialect.ts';
import { type LoraTarget, loraInputs } from '../networks/loraBranches.ts';
import type { Input } from './session.ts';

type Feeds = Readonly<Record<string, Input>>;
/** The stack of one row; null for the network as it is. */
type RowBranches = SideBranches | null;

/** Makes the inputs of one network's side branches, call after call. What does not change is kept, so that it is handed over for nothing. */
export class LoraFeeds {
  readonly #targets: readonly LoraTarget[];
  readonly #unused: ReadonlyMap<LoraTarget, Feeds>;
  readonly #allUnused: Feeds;
  /** Inputs of factors that were the only ones in a call. */
  readonly #sole = new WeakMap<LoraFactors, Feeds>();
  /** Of the newest mixed call: the steps of a batch are the same rows again, and their factors are laid out once. */
  #mixed: { readonly rows: readonly RowBranches[]; readonly feeds: Feeds } | null = null;

  constructor(targets: readonly LoraTarget[], provider: Provider) {
    this.#targets = targets;
    this.#unused = unusedFeeds(targets, leastRank(provider));
    this.#allUnused = Object.assign({}, ...this.#unused.values());
  }

  /** @param rows one a row of the call, in order; the same object for rows of the same stack */
  of(rows: readonly RowBranches[]): Feeds {
    const stacks = [...new Set(rows)];
    if (stacks.every((stack) => stack === null)) return this.#allUnused;
    if (stacks.length === 1) return this.#feeds(rows, stacks);
    const known = this.#mixed;
    if (known !== null && known.rows.length === rows.length && rows.every((row, at) => row === known.rows[at])) {
      return known.feeds;
    }
    // Given back before the new ones are made: they may be hundreds of megabytes.
    this.#mixed = null;
    this.#mixed = { rows: [...rows], feeds: this.#feeds(rows, stacks) };
    return this.#mixed.feeds;
  }

  #feeds(rows: readonly RowBranches[], stacks: readonly RowBranches[]): Feeds {
    return Object.assign({}, ...this.#targets.map((target) => this.#feedsOf(target, rows, stacks)));
  }

  #feedsOf(target: LoraTarget, rows: readonly RowBranches[], stacks: readonly RowBranches[]): Feeds {
    const { module } = target;
    if (stacks.every((stack) => !stack?.has(module))) return this.#unused.get(target)!;
    if (stacks.length === 1) return this.#soleFeeds(target, stacks[0]!.get(module)!);
    const factorsOf = new Map(stacks.map((stack) => [stack, stack?.get(module)]));
    const factors = rows.map((row) => factorsOf.get(row));
    return target.kernel === null ? linearFeeds(target, factors) : convFeeds(target, factors);
  }

  #soleFeeds(target: LoraTarget, factors: LoraFactors): Feeds {
    const known = this.#sole.get(factors);
    if (known !== undefined) return known;
    const { rank, down, up } = factors;
    const made =
      target.kernel === null ? linearInputs(target, { rows: 1, rank, down, up }) : convFeeds(target, [factors]);
    this.#sole.set(factors, made);
    return made;
  }
}

/**
 * WebGPU crashed on a rank of 0 and DirectML forbids it; there an unused branch has one rank of zeros.
 * @source measured with onnxruntime-node 1.30; microsoft/onnxruntime#21483, #25326
 */
function leastRank(provider: Provider): number {
  return provider === 'cpu' ? 0 : 1;
}

function unusedFeeds(targets: readonly LoraTarget[], rank: number): ReadonlyMap<LoraTarget, Feeds> {
  const zeros = new Float32Array(rank * Math.max(0, ...targets.map((one) => Math.max(downLength(one), one.out))));
  return new Map(
    targets.map((target) => {
      const down = zeros.subarray(0, rank * downLength(target));
      const up = zeros.subarray(0, rank * target.out);
      const inputs = target.kernel === null ? linearInputs : convInputs;
      return [target, inputs(target, { rows: 1, rank, down, up })];
    }),
  );
}

/** Numbers of one rank's row of `down`. */
function downLength({ in: width, kernel }: LoraTarget): number {
  return width * (kernel ?? 1) ** 2;
}

interface Packed {
  /** 1 where one factor is for all. */
  readonly rows: number;
  readonly rank: number;
  readonly down: Float32Array;
  readonly up: Float32Array;
}

/** down f32[rows, r, in], up f32[rows, r, out]. */
function linearInputs({ module, in: width, out }: LoraTarget, { rows, rank, down, up }: Packed): Feeds {
  const names = loraInputs(module);
  return {
    [names.down]: { data: down, dims: [rows, rank, width] },
    [names.up]: { data: up, dims: [rows, rank, out] },
  };
}

/** down f32[r, in, k, k], up f32[rows, out, r]. */
function convInputs({ module, in: width, out, kernel }: LoraTarget, { rows, rank, down, up }: Packed): Feeds {
  const names = loraInputs(module);
  return {
    [names.down]: { data: down, dims: [rank, width, kernel!, kernel!] },
    [names.up]: { data: up, dims: [rows, out, rank] },
  };
}

/** Every row its own factors, behind them zeros up to the largest rank. */
function linearFeeds(target: LoraTarget, factors: readonly (LoraFactors | undefined)[]): Feeds {
  const rows = factors.length;
  const rank = Math.max(...factors.map((one) => one?.rank ?? 0));
  const down = new Float32Array(rows * rank * target.in);
  const up = new Float32Array(rows * rank * target.out);
  for (const [row, one] of factors.entries()) {
    if (one === undefined) continue;
    down.set(one.down, row * rank * target.in);
    up.set(one.up, row * rank * target.out);
  }
  return linearInputs(target, { rows, rank, down, up });
}

/** The kernels of all stacks behind one another, and for every row the way back from its own. */
function convFeeds(target: LoraTarget, factors: readonly (LoraFactors | undefined)[]): Feeds {
  const starts = new Map<LoraFactors, number>();
  let rank = 0;
  for (const one of factors) {
    if (one === undefined || starts.has(one)) continue;
    starts.set(one, rank);
    rank += one.rank;
  }
  const down = new Float32Array(rank * downLength(target));
  for (const [one, start] of starts) down.set(one.down, start * downLength(target));
  const up = new Float32Array(factors.length * target.out * rank);
  for (const [row, one] of factors.entries()) {
    if (one !== undefined) placeColumns(up, row * target.out * rank + starts.get(one)!, rank, one, target.out);
  }
  return convInputs(target, { rows: factors.length, rank, down, up });
}

/** Writes the ranks of `one.up` f32[r, out] as columns of a matrix that is `width` wide, the first of them from `at` on. */
function placeColumns(matrix: Float32Array, at: number, width: number, one: LoraFactors, out: number): void {
  for (let k = 0; k < one.rank; k++) {
    for (let o = 0; o < out; o++) matrix[at + o * width + k] = one.up[k * out + o]!;
  }
}
