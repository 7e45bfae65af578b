// What a person's LoRAs add to the networks, as arrays: handed over with every row, so that rows of different people share one call.
// Deliberately not here: files and their formats (weights/loraFile.ts) and how the arrays become inputs of a graph (runtime/loraFeeds.ts).

/** What is added to one layer's product with x: (x·downᵀ)·up; alpha and strength are already in the numbers. */
export interface LoraFactors {
  readonly rank: number;
  /** f32[r, in], of a convolution f32[r, in, k, k]. */
  readonly down: Float32Array;
  /** f32[r, out]. */
  readonly up: Float32Array;
}

/** The layers of one network that are changed, by the path of their module. */
export type SideBranches = ReadonlyMap<string, LoraFactors>;

/** Everything one person has chosen, added up. The same object is shared by all rows that use it, and told apart by identity. */
export interface LoraStack {
  readonly unet: SideBranches;
  /** Of the text encoders, in the order of the model's folder (text_encoder, text_encoder_2). */
  readonly text: readonly SideBranches[];
  /** What no side branch can express, added to the weights of sessions of their own; absent for most. */
  readonly merged?: MergedChanges | undefined;
}

/** Tensor of a network → what is added to it, f32 of the tensor's size. */
export type Changes = ReadonlyMap<string, Float32Array>;

export interface MergedChanges {
  readonly unet: Changes;
  /** As those of the stack. */
  readonly text: readonly Changes[];
}

/** One LoRA of a stack, and how much of it. */
export interface StackEntry {
  readonly lora: LoraStack;
  /** In the network that draws. */
  readonly strength: number;
  /** In the text encoders. */
  readonly textStrength: number;
}

/** Everything added up: the ranks of a layer stand behind one another, the strengths are in the numbers. What counts 0 is left out. */
export function stackLoras(entries: readonly StackEntry[]): LoraStack {
  const encoders = Math.max(0, ...entries.map(({ lora }) => lora.text.length));
  const merged = mergedChanges(entries, encoders);
  return {
    ...(merged === undefined ? {} : { merged }),
    unet: addedUp(entries.map(({ lora, strength }) => [lora.unet, strength])),
    text: Array.from({ length: encoders }, (_, at) =>
      addedUp(entries.map(({ lora, textStrength }) => [lora.text[at] ?? new Map(), textStrength])),
    ),
  };
}

/** Undefined where nobody changes a weight. */
function mergedChanges(entries: readonly StackEntry[], encoders: number): MergedChanges | undefined {
  const unet = summed(entries.map(({ lora, strength }) => [lora.merged?.unet ?? new Map(), strength]));
  const text = Array.from({ length: encoders }, (_, at) =>
    summed(entries.map(({ lora, textStrength }) => [lora.merged?.text[at] ?? new Map(), textStrength])),
  );
  return unet.size === 0 && text.every(({ size }) => size === 0) ? undefined : { unet, text };
}

function summed(parts: readonly Weighed<Changes>[]): Changes {
  const sums = new Map<string, Float32Array>();
  for (const [changes, strength] of parts) {
    if (strength === 0) continue;
    for (const [tensor, change] of changes) {
      const before = sums.get(tensor);
      const next = change.map((value, i) => strength * value + (before?.[i] ?? 0));
      sums.set(tensor, next);
    }
  }
  return sums;
}

type Weighed<T> = readonly [what: T, strength: number];

function addedUp(parts: readonly Weighed<SideBranches>[]): SideBranches {
  const counted = parts.filter(([, strength]) => strength !== 0);
  const modules = new Set(counted.flatMap(([branches]) => [...branches.keys()]));
  return new Map(
    [...modules].map((module) => {
      const here = counted.flatMap(([branches, strength]): readonly Weighed<LoraFactors>[] => {
        const factors = branches.get(module);
        return factors === undefined ? [] : [[factors, strength]];
      });
      return [module, joinedRanks(here)];
    }),
  );
}

function joinedRanks(parts: readonly Weighed<LoraFactors>[]): LoraFactors {
  if (parts.length === 1 && parts[0]![1] === 1) return parts[0]![0];
  return {
    rank: parts.reduce((sum, [{ rank }]) => sum + rank, 0),
    down: joined(parts.map(([{ down }]) => [down, 1])),
    up: joined(parts.map(([{ up }, strength]) => [up, strength])),
  };
}

/** Multiplied and laid behind one another; the array itself where it is the only one and counts 1. */
function joined(parts: readonly Weighed<Float32Array>[]): Float32Array {
  if (parts.length === 1 && parts[0]![1] === 1) return parts[0]![0];
  const whole = new Float32Array(parts.reduce((sum, [{ length }]) => sum + length, 0));
  let at = 0;
  for (const [array, strength] of parts) {
    if (strength === 1) whole.set(array, at);
    // A loop, where map would call a function for every one of millions of numbers.
    else for (let i = 0; i < array.length; i++) whole[at + i] = strength * array[i]!;
    at += array.length;
  }
  return whole;
}
