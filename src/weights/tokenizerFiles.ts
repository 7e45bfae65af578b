// The tokenizer folder of a model: tokenizer.json where there is one, else CLIP's vocab.json and merges.txt, the only thing
// older Stable Diffusion folders have. @huggingface/tokenizers does the work; this says with which tokens, and how long.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { DarkroomError } from '../errors.ts';
import { CLIP_TOKENS, clipTokenizerJson } from './clipTokenizer.ts';
import { readClipVocabulary } from './clipVocabulary.ts';
import { isRecord, nameInMessages, readModelJson, readModelText } from './modelFiles.ts';
import type { PromptTokenizer } from './promptTokenizer.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws model_missing naming the file, without reading any */
export function checkTokenizerFiles(folder: string, source: string): void {
  if (existsSync(path.join(folder, 'tokenizer.json'))) return;
  for (const name of ['vocab.json', 'merges.txt']) {
    if (existsSync(path.join(folder, name))) continue;
    throw new DarkroomError('model_missing', `${source}/${name}: there is no such file, and no tokenizer.json either`);
  }
}

/**
 * @param maxPositions `max_position_embeddings` of the text encoder; no prompt may have more tokens
 * @param vocabSize `vocab_size` of the text encoder; no token may have a larger id
 * @param padToken overrules the folder's own
 * @throws model_missing, weights_invalid
 */
export function loadTokenizer(
  modelsDir: string,
  folder: string,
  maxPositions: number,
  vocabSize: number,
  padToken: string | null = null,
): PromptTokenizer {
  const source = nameInMessages(modelsDir, folder);
  const config = readOptional(modelsDir, path.join(folder, 'tokenizer_config.json'));
  const special = { ...readOptional(modelsDir, path.join(folder, 'special_tokens_map.json')), ...config };
  const json = readTokenizerJson(modelsDir, folder, special);
  return refusingWhatThrows(source, () => {
    const tokenizer = new Tokenizer(json, config);
    checkVocabulary(tokenizer, vocabSize, source);
    const padId = paddingId(tokenizer, padToken ?? tokenText(special.pad_token) ?? CLIP_TOKENS.end, source);
    return promptTokenizer(tokenizer, promptLength(config.model_max_length, maxPositions, source), padId, source);
  });
}

/**
 * The tokenizer of CLIP itself, for models that carry none.
 * @param source what messages call the model
 * @throws weights_invalid when the text encoder has fewer tokens
 */
export function loadClipTokenizer(
  source: string,
  maxPositions: number,
  vocabSize: number,
  padToken: string | null,
): PromptTokenizer {
  const { vocab, merges } = readClipVocabulary();
  const { begin, end } = CLIP_TOKENS;
  const padding = padToken ?? end;
  const json = clipTokenizerJson(vocab, merges, { begin, end, unknown: end, padding, source });
  return refusingWhatThrows(source, () => {
    const tokenizer = new Tokenizer(json, {});
    checkVocabulary(tokenizer, vocabSize, source);
    return promptTokenizer(tokenizer, maxPositions, paddingId(tokenizer, padding, source), source);
  });
}

/** The package takes a tokenizer.json on trust and fails with whatever it stumbles over, some of it at the first text only. */
function refusingWhatThrows<T>(source: string, build: () => T): T {
  try {
    return build();
  } catch (cause) {
    if (cause instanceof DarkroomError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DarkroomError('weights_invalid', `${source}/tokenizer.json: ${reason.slice(0, 200)}`, {}, { cause });
  }
}

function paddingId(tokenizer: Tokenizer, token: string, source: string): number {
  const id = tokenizer.token_to_id(token);
  if (id !== undefined) return id;
  throw invalid(source, `the padding token ${JSON.stringify(token)} is not in the vocabulary`);
}

/** Folders without a limit of their own say 1e30, so the shorter of the two counts. */
function promptLength(modelMaxLength: unknown, maxPositions: number, source: string): number {
  const length = modelMaxLength ?? maxPositions;
  if (typeof length === 'number' && Number.isInteger(length) && length > 0) return Math.min(length, maxPositions);
  throw invalid(source, `model_max_length is ${JSON.stringify(length)}, expected a number of tokens`);
}

function readOptional(modelsDir: string, file: string): Json {
  return existsSync(file) ? readModelJson(modelsDir, file) : {};
}

function readTokenizerJson(modelsDir: string, folder: string, special: Json): Json {
  const file = path.join(folder, 'tokenizer.json');
  if (existsSync(file)) return readModelJson(modelsDir, file);
  const vocab = readModelJson(modelsDir, path.join(folder, 'vocab.json'));
  const merges = readModelText(modelsDir, path.join(folder, 'merges.txt'));
  return clipTokenizerJson(vocab, merges, {
    begin: tokenText(special.bos_token) ?? CLIP_TOKENS.begin,
    end: tokenText(special.eos_token) ?? CLIP_TOKENS.end,
    unknown: tokenText(special.unk_token) ?? CLIP_TOKENS.end,
    padding: tokenText(special.pad_token) ?? CLIP_TOKENS.end,
    source: nameInMessages(modelsDir, folder),
  });
}

/** Special tokens are written as text or as an object with its flags. */
function tokenText(value: unknown): string | undefined {
  if (isRecord(value)) return tokenText(value.content);
  return typeof value === 'string' ? value : undefined;
}

/** A token beyond the text encoder's table would read another tensor's bytes or fail in the middle of a job. */
function checkVocabulary(tokenizer: Tokenizer, vocabSize: number, source: string): void {
  for (const [token, id] of tokenizer.get_vocab()) {
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
    throw invalid(source, `${JSON.stringify(token)} has the id ${id}, but the text encoder knows ${vocabSize} tokens`);
  }
}

function promptTokenizer(tokenizer: Tokenizer, maxTokens: number, padId: number, source: string): PromptTokenizer {
  const { before, after } = readMarkers(tokenizer, source);
  const room = maxTokens - before.length - after.length;
  if (room < 1) throw invalid(source, `a prompt may have ${maxTokens} tokens, too few for its markers`);
  const idsOf = (text: string): readonly number[] =>
    tokenizer.encode(plainText(text), { add_special_tokens: false }).ids;
  const frame = (ids: readonly number[]) => {
    const framed = new Int32Array(maxTokens).fill(padId);
    framed.set([...before, ...ids, ...after]);
    return framed;
  };
  const [comma, ...more] = idsOf(',');
  return {
    maxTokens,
    room,
    leading: before.length,
    comma: more.length === 0 ? comma : undefined,
    countTokens: (text) => idsOf(text).length,
    idsOf,
    frame,
    encode: (text) => frame(idsOf(text).slice(0, room)),
  };
}

/** What the tokenizer puts before and after every text, read off a one-letter text. */
function readMarkers(tokenizer: Tokenizer, source: string): { before: readonly number[]; after: readonly number[] } {
  const bare: readonly number[] = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const marked: readonly number[] = tokenizer.encode('a').ids;
  const start = marked.findIndex((_, at) => bare.every((id, k) => marked[at + k] === id));
  if (bare.length === 0 || start === -1) throw invalid(source, 'does not encode the letter a');
  return { before: marked.slice(0, start), after: marked.slice(start + bare.length) };
}

/**
 * Capital sigma as its ordinary small letter: JavaScript lower-cases it by its place in the word, the reference letter by letter.
 * @source huggingface/tokenizers, NormalizedString::lowercase
 */
function plainText(text: string): string {
  return text.replaceAll('Σ', 'σ');
}

function invalid(source: string, problem: string): DarkroomError {
  return new DarkroomError('weights_invalid', `${source}: ${problem}`, { folder: source });
}
