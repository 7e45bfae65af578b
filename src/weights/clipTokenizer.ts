// CLIP's tokenizer as a tokenizer.json object, for folders that have only its vocabulary and its merges.
// @source openai/CLIP simple_tokenizer.py (pattern, lower case, word ends); transformers CLIPTokenizer (normaliser, markers)
import { DarkroomError } from '../errors.ts';

export const CLIP_TOKENS = { begin: '<|startoftext|>', end: '<|endoftext|>' } as const;

export interface ClipMarkers {
  readonly begin: string;
  readonly end: string;
  readonly unknown: string;
  readonly padding: string;
  /** How messages name the folder. */
  readonly source: string;
}

const WORD_END = '</w>';
const WORDS = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/**
 * @param vocab token → id
 * @param merges merges.txt: a version line, then one `left right` a line, the most frequent first
 * @throws weights_invalid
 */
export function clipTokenizerJson(
  vocab: Readonly<Record<string, unknown>>,
  merges: string,
  markers: ClipMarkers,
): Readonly<Record<string, unknown>> {
  const idOf = (token: string) => checkId(vocab[token], token, markers.source);
  for (const token of Object.keys(vocab)) idOf(token);
  const special = [...new Set([markers.begin, markers.end, markers.unknown, markers.padding])];
  return {
    version: '1.0',
    added_tokens: special.map((content) => ({ id: idOf(content), content, special: true, normalized: false })),
    normalizer: sequence('normalizers', [
      { type: 'NFC' },
      { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
      { type: 'Lowercase' },
    ]),
    pre_tokenizer: sequence('pretokenizers', [
      { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    ]),
    post_processor: {
      type: 'RobertaProcessing',
      sep: [markers.end, idOf(markers.end)],
      cls: [markers.begin, idOf(markers.begin)],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: markers.unknown,
      continuing_subword_prefix: '',
      end_of_word_suffix: WORD_END,
      fuse_unk: false,
      vocab,
      merges: readMerges(merges, markers.source),
    },
  };
}

function sequence(key: string, steps: readonly object[]): object {
  return { type: 'Sequence', [key]: steps };
}

function checkId(id: unknown, token: string, source: string): number {
  if (Number.isSafeInteger(id) && (id as number) >= 0) return id as number;
  const problem = id === undefined ? 'is missing' : `has the id ${JSON.stringify(id)}`;
  throw new DarkroomError('weights_invalid', `${source}/vocab.json: ${JSON.stringify(token)} ${problem}`);
}

function readMerges(text: string, source: string): readonly (readonly [string, string])[] {
  const lines = text.split(/\r?\n/);
  const first = lines[0]?.startsWith('#version') ? 1 : 0;
  return lines.slice(first).flatMap((line, index): [string, string][] => {
    if (line === '') return [];
    const pair = line.split(' ');
    if (pair.length === 2 && pair[0] !== '' && pair[1] !== '') return [pair as [string, string]];
    throw new DarkroomError('weights_invalid', `${source}/merges.txt: line ${first + index + 1} is no pair of tokens`);
  });
}
