// A weighted prompt of any length as chunks, each as many tokens as the text encoder reads at once, and what weights do to its answer.
// Deliberately not here: the signs of the language (core/promptWeights) and the networks.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/sd_hijack_clip.py and sd_emphasis.py ("Original")
import type { WeightedText } from '../core/promptWeights.ts';
import type { Conditioning } from './asks.ts';

/** What of a tokenizer decides where a prompt is cut. */
export interface ChunkRules {
  /** Tokens of a chunk beside its markers; 75 for CLIP. */
  readonly room: number;
  /** The token of a comma; undefined where a comma is no token of its own. */
  readonly comma: number | undefined;
  /** Tokens of a text, uncut and without markers. */
  readonly idsOf: (text: string) => readonly TokenUnit[];
}

/** A token, or several that stay in one chunk. */
export type TokenUnit = number | readonly number[];

/** Tokens without markers and padding, and the weight of each. */
export interface PromptChunk {
  readonly ids: number[];
  readonly weights: number[];
}

/** How far behind a full chunk's end a comma may lie for the cut to go there instead; A1111's setting of 20 in 75. */
const commaReach = (room: number) => Math.round((room * 20) / 75);

/** The prompt's chunks, one at least. A cut goes behind a comma near the end, and every BREAK makes one. */
export function chunksOf(texts: readonly WeightedText[], { room, comma, idsOf }: ChunkRules): readonly PromptChunk[] {
  const chunks: PromptChunk[] = [emptyChunk()];
  let lastComma = -1;
  const open = () => {
    lastComma = -1;
    chunks.push(emptyChunk());
    return chunks.at(-1)!;
  };
  for (const { text, weight, startsChunk } of texts) {
    if (startsChunk === true) open();
    for (const unit of idsOf(text)) {
      const ids = typeof unit === 'number' ? [unit] : unit;
      const chunk = chunks.at(-1)!;
      const length = chunk.ids.length;
      if (unit === comma) lastComma = length;
      else if (length === room && lastComma !== -1 && length - lastComma <= commaReach(room)) {
        const from = lastComma + 1;
        const next = open();
        next.ids.push(...chunk.ids.splice(from));
        next.weights.push(...chunk.weights.splice(from));
      }
      const target = chunks.at(-1)!.ids.length + ids.length > room ? open() : chunks.at(-1)!;
      target.ids.push(...ids);
      target.weights.push(...ids.map(() => weight));
    }
  }
  if (chunks.length > 1 && chunks.at(-1)!.ids.length === 0) chunks.pop();
  return chunks;
}

/** The prompt with empty chunks behind it until it has so many. */
export function filledUp(chunks: readonly PromptChunk[], count: number): readonly PromptChunk[] {
  return [...chunks, ...Array.from({ length: count - chunks.length }, emptyChunk)];
}

function emptyChunk(): PromptChunk {
  return { ids: [], weights: [] };
}

/**
 * Every token's row times its weight, the mean of the whole as it was. Without weights the very same object.
 * @param weights of the tokens from `leading` on; markers and padding count 1
 */
export function emphasised(chunk: Conditioning, weights: readonly number[], leading: number): Conditioning {
  if (weights.every((weight) => weight === 1)) return chunk;
  const hidden = chunk.hidden.map((value, at) => value * (weights[Math.floor(at / chunk.width) - leading] ?? 1));
  const ratio = meanOf(chunk.hidden) / meanOf(hidden);
  return { ...chunk, hidden: Number.isFinite(ratio) ? hidden.map((value) => value * ratio) : hidden };
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What two text encoders say of the same chunks, token by token behind one another; the second says the prompt as one vector too. */
export function sideBySide(first: Conditioning, second: Conditioning): Conditioning {
  const width = first.width + second.width;
  const hidden = new Float32Array(first.tokens * width);
  for (let token = 0; token < first.tokens; token++) {
    hidden.set(first.hidden.subarray(token * first.width, (token + 1) * first.width), token * width);
    const rest = second.hidden.subarray(token * second.width, (token + 1) * second.width);
    hidden.set(rest, token * width + first.width);
  }
  return { ...second, width, hidden };
}

/** Chunks one after another along the tokens; a single one is itself. As one vector the prompt is what its first chunk is. */
export function joined(chunks: readonly Conditioning[]): Conditioning {
  const [first] = chunks;
  if (chunks.length === 1) return first!;
  const hidden = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.hidden.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    hidden.set(chunk.hidden, at);
    at += chunk.hidden.length;
  }
  return { ...first!, tokens: chunks.reduce((sum, { tokens }) => sum + tokens, 0), hidden };
}

/** The conditioning with encodings of an empty chunk behind it, until it has so many tokens. */
export function padded(conditioning: Conditioning, tokens: number, empty: Conditioning): Conditioning {
  const missing = (tokens - conditioning.tokens) / empty.tokens;
  return missing === 0 ? conditioning : joined([conditioning, ...Array<Conditioning>(missing).fill(empty)]);
}
