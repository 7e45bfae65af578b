// Prompts with weights, of any length, as conditionings: parsed, cut into chunks, encoded a few chunks a call, weighed, joined.
import { weightedTexts } from '../core/promptWeights.ts';
import type { Conditioning } from '../diffusion/asks.ts';
import { chunksOf, emphasised, joined, type PromptChunk } from '../diffusion/promptChunks.ts';
import { DarkroomError } from '../errors.ts';
import type { OpenModel } from '../runtime/engine.ts';
import type { PromptTokenizer } from '../weights/promptTokenizer.ts';

/** Chunks of one call: a prompt of a thousand characters in some scripts has fifty, and memory grows with every one. */
const CALL_CHUNKS = 16;
/** Chunks of one prompt; a row of the U-Net attends to all of them in every layer. */
const MAX_CHUNKS = 64;

/**
 * One conditioning a prompt; its tokens are a multiple of the tokenizer's `maxTokens`.
 * @throws request_invalid when a prompt is longer than 64 chunks or the text encoder has fewer layers than `clipSkip`
 */
export async function encodePrompts(
  model: Pick<OpenModel, 'text'>,
  tokenizer: PromptTokenizer,
  prompts: readonly string[],
  clipSkip = 1,
): Promise<readonly Conditioning[]> {
  const chunked = prompts.map((prompt) => checked(chunksOf(weightedTexts(prompt), tokenizer)));
  const chunks = chunked.flat();
  const encoded: Conditioning[] = [];
  for (let from = 0; from < chunks.length; from += CALL_CHUNKS) {
    const part = chunks.slice(from, from + CALL_CHUNKS);
    encoded.push(
      ...(await model.text(
        part.map(({ ids }) => tokenizer.frame(ids)),
        clipSkip,
      )),
    );
  }
  const weighed = encoded.map((state, at) => emphasised(state, chunks[at]!.weights, tokenizer.leading));
  let next = 0;
  return chunked.map(({ length }) => {
    next += length;
    return joined(weighed.slice(next - length, next));
  });
}

function checked(chunks: readonly PromptChunk[]): readonly PromptChunk[] {
  if (chunks.length <= MAX_CHUNKS) return chunks;
  const found = `found ${chunks.length} chunks of tokens`;
  throw new DarkroomError('request_invalid', `prompt: ${found}, expected at most ${MAX_CHUNKS}`, { field: 'prompt' });
}
