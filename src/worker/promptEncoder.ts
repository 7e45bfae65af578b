// Prompts with weights, of any length, as conditionings: parsed, cut into chunks, encoded a few chunks a call, weighed, joined.
import { weightedTexts } from '../core/promptWeights.ts';
import type { Conditioning } from '../diffusion/asks.ts';
import type { LoraStack } from '../diffusion/loraStack.ts';
import { chunksOf, emphasised, filledUp, joined, type PromptChunk, sideBySide } from '../diffusion/promptChunks.ts';
import { DarkroomError } from '../errors.ts';
import type { OpenModel } from '../runtime/engine.ts';
import type { PromptReader } from './promptEmbeddings.ts';

/** Chunks of one call: a prompt of a thousand characters in some scripts has fifty, and memory grows with every one. */
const CALL_CHUNKS = 16;
/** Chunks of one prompt; a row of the U-Net attends to all of them in every layer. */
const MAX_CHUNKS = 64;

/** A model's tokenizers, one for each of its text encoders. */
export interface Tokenizers {
  readonly tokenizer: PromptReader;
  readonly tokenizer2?: PromptReader | undefined;
}

/**
 * One conditioning a prompt; its tokens are a multiple of the tokenizer's `maxTokens`. Of two text encoders each has its own tokenizer, its
 * own chunks and its own mean kept under weights, as in A1111.
 * @param loras of each prompt
 * @throws request_invalid when a prompt is longer than 64 chunks or the text encoder has fewer layers than `clipSkip`
 */
export async function encodePrompts(
  model: Pick<OpenModel, 'text' | 'text2'>,
  { tokenizer, tokenizer2 }: Tokenizers,
  prompts: readonly string[],
  clipSkip = 1,
  loras: readonly (LoraStack | undefined)[] = [],
): Promise<readonly Conditioning[]> {
  const chunked = prompts.map((prompt) => readChunks(prompt, tokenizer));
  if (model.text2 === undefined || tokenizer2 === undefined)
    return encodeChunks(model.text, tokenizer, chunked, clipSkip, loras);
  const chunked2 = prompts.map((prompt) => readChunks(prompt, tokenizer2));
  const counts = chunked.map((chunks, at) => Math.max(chunks.length, chunked2[at]!.length));
  const filled = (all: typeof chunked) => all.map((chunks, at) => filledUp(chunks, counts[at]!));
  const first = await encodeChunks(model.text, tokenizer, filled(chunked), clipSkip, loras);
  const second = await encodeChunks(model.text2, tokenizer2, filled(chunked2), clipSkip, loras);
  return first.map((state, at) => sideBySide(state, second[at]!));
}

async function encodeChunks(
  encode: OpenModel['text'],
  tokenizer: PromptReader,
  chunked: readonly (readonly PromptChunk[])[],
  clipSkip: number,
  loras: readonly (LoraStack | undefined)[],
): Promise<readonly Conditioning[]> {
  const chunks = chunked.flat();
  const stacks = chunked.flatMap((one, at) => one.map(() => loras[at]));
  const encoded: Conditioning[] = [];
  for (let from = 0; from < chunks.length; from += CALL_CHUNKS) {
    const ids = chunks.slice(from, from + CALL_CHUNKS).map((chunk) => tokenizer.frame(chunk.ids));
    encoded.push(...(await encode(ids, clipSkip, stacks.slice(from, from + CALL_CHUNKS))));
  }
  const weighed = encoded.map((state, at) => emphasised(state, chunks[at]!.weights, tokenizer.leading));
  let next = 0;
  return chunked.map(({ length }) => {
    next += length;
    return joined(weighed.slice(next - length, next));
  });
}

function readChunks(prompt: string, tokenizer: PromptReader): readonly PromptChunk[] {
  return checked(chunksOf(weightedTexts(prompt), tokenizer));
}

function checked(chunks: readonly PromptChunk[]): readonly PromptChunk[] {
  if (chunks.length <= MAX_CHUNKS) return chunks;
  const found = `found ${chunks.length} chunks of tokens`;
  throw new DarkroomError('request_invalid', `prompt: ${found}, expected at most ${MAX_CHUNKS}`, { field: 'prompt' });
}
