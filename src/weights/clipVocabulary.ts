// CLIP's own vocabulary, for single-file checkpoints, which carry none: 48,894 merges lie beside this file, the rest follows from them.
// @source openai/CLIP bpe_simple_vocab_16e6.txt.gz (MIT), lines 2 to 48,895; simple_tokenizer.py for the order of the vocabulary
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../root.ts';
import { CLIP_TOKENS } from './clipTokenizer.ts';

const MERGES_FILE = path.join(ROOT, 'src/weights/clipMerges.txt.gz');

/** Tokens of every CLIP text encoder ever published for Stable Diffusion: 256 bytes, as many word ends, merges and two markers. */
export const CLIP_VOCAB_SIZE = 49_408;

export interface ClipVocabulary {
  /** Token → id. */
  readonly vocab: Readonly<Record<string, number>>;
  /** As merges.txt has them. */
  readonly merges: string;
}

export function readClipVocabulary(): ClipVocabulary {
  const merges = gunzipSync(readFileSync(MERGES_FILE)).toString('utf8');
  const bytes = byteCharacters();
  const merged = merges
    .split('\n')
    .slice(1, -1)
    .map((line) => line.replace(' ', ''));
  const tokens = [...bytes, ...bytes.map((byte) => `${byte}</w>`), ...merged, CLIP_TOKENS.begin, CLIP_TOKENS.end];
  return { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges };
}

/** A visible character for each of the 256 bytes: the visible ones of Latin-1 for themselves, then 256, 257 … for the others in turn. */
function byteCharacters(): readonly string[] {
  const isVisible = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const others = all.filter((byte) => !isVisible(byte)).map((_, at) => 256 + at);
  return [...all.filter(isVisible), ...others].map((code) => String.fromCharCode(code));
}
