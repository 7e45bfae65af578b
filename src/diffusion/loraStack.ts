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
}
