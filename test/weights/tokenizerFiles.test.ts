import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/weights/tokenizerFiles.ts';
import { modelsFolder } from './makeSafetensors.ts';

const GOLDEN = fileURLToPath(new URL('../golden/tokenizer', import.meta.url));
const golden = (name: string) => readFileSync(path.join(GOLDEN, name), 'utf8');
/** Padding token → [text, ids of transformers' CLIPTokenizer, padded and cut to 16]. */
const EXPECTED = JSON.parse(golden('ids.json')) as Record<string, [string, number[]][]>;
const CLIP_FILES = { 'vocab.json': golden('vocab.json'), 'merges.txt': golden('merges.txt') };
const VOCAB_SIZE = Object.keys(JSON.parse(CLIP_FILES['vocab.json'])).length;

function load(files: Readonly<Record<string, string | object>>, maxPositions = 77, vocabSize = VOCAB_SIZE) {
  const inside = Object.fromEntries(Object.entries(files).map(([name, content]) => [`tokenizer/${name}`, content]));
  const folder = modelsFolder(inside);
  return loadTokenizer(folder, path.join(folder, 'tokenizer'), maxPositions, vocabSize);
}

const config = (pad: string) => ({ 'tokenizer_config.json': { model_max_length: 16, pad_token: pad } });

describe('the same ids as transformers', () => {
  const end = EXPECTED['<|endoftext|>']!;
  const fromVocab = load({ ...CLIP_FILES, ...config('<|endoftext|>') });
  const fromJson = load({ 'tokenizer.json': golden('tokenizer.json'), ...config('<|endoftext|>') });
  const padded = load({ ...CLIP_FILES, ...config('!') });

  test.each(end)('%j', (text, ids) => {
    expect([...fromVocab.encode(text)]).toEqual(ids);
    expect([...fromJson.encode(text)]).toEqual(ids);
  });

  test.each(EXPECTED['!']!)('padded with !, %j', (text, ids) => {
    expect([...padded.encode(text)]).toEqual(ids);
  });

  test('markers may be objects, and stand in special_tokens_map.json', () => {
    const special = { pad_token: { content: '!', lstrip: false }, bos_token: '<|startoftext|>' };
    const tokenizer = load({
      ...CLIP_FILES,
      'special_tokens_map.json': special,
      'tokenizer_config.json': { model_max_length: 16 },
    });
    const [text, ids] = EXPECTED['!']![2]!;
    expect([...tokenizer.encode(text)]).toEqual(ids);
  });
});

describe('length', () => {
  const tokenizer = load({ ...CLIP_FILES, ...config('<|endoftext|>') });

  test('a long prompt is cut and keeps its end', () => {
    const ids = tokenizer.encode('red '.repeat(40));
    expect(tokenizer.maxTokens).toBe(16);
    expect(ids).toBeInstanceOf(Int32Array);
    expect([ids.length, ids[0], ids[15]]).toEqual([16, VOCAB_SIZE - 2, VOCAB_SIZE - 1]);
    expect(tokenizer.countTokens('red '.repeat(40))).toBe(40);
  });

  test('counting leaves markers and padding out', () => {
    expect(tokenizer.countTokens('')).toBe(0);
    const ids = tokenizer.encode('a red heart');
    expect(tokenizer.countTokens('a red heart')).toBe(ids.indexOf(VOCAB_SIZE - 1) - 1);
  });

  test.each([
    [16, 77, 16],
    [77, 24, 24],
    [1e30, 24, 24],
    [undefined, 24, 24],
  ])('tokenizer says %s, text encoder %i: %i', (modelMaxLength, positions, expected) => {
    const files = {
      ...CLIP_FILES,
      'tokenizer_config.json': modelMaxLength === undefined ? {} : { model_max_length: modelMaxLength },
    };
    expect(load(files, positions).encode('a red heart')).toHaveLength(expected);
  });
});

describe('what is wrong is named', () => {
  test.each<[string, Readonly<Record<string, string | object>>, RegExp]>([
    [
      'a merge of three',
      { ...CLIP_FILES, 'merges.txt': '#version: 0.2\na b\na b c\n' },
      /merges.txt: line 3 is no pair/,
    ],
    ['an id that is no number', { ...CLIP_FILES, 'vocab.json': { a: 'x' } }, /vocab.json: "a" has the id "x"/],
    [
      'a vocabulary without an end',
      { ...CLIP_FILES, 'vocab.json': { 'a</w>': 0, '<|startoftext|>': 1 } },
      /"<\|endoftext\|>" is missing/,
    ],
    [
      'a padding token nobody knows',
      { 'tokenizer.json': golden('tokenizer.json'), ...config('<pad>') },
      /padding token "<pad>" is not in the vocabulary/,
    ],
    [
      'another kind of tokenizer',
      { 'tokenizer.json': { model: { type: 'Tomorrow' } } },
      /^tokenizer\/tokenizer.json: /,
    ],
    [
      'room for markers only',
      { ...CLIP_FILES, 'tokenizer_config.json': { model_max_length: 2 } },
      /a prompt may have 2 tokens/,
    ],
    [
      'a length that is no number of tokens',
      { ...CLIP_FILES, 'tokenizer_config.json': { model_max_length: 7.5 } },
      /model_max_length is 7.5/,
    ],
  ])('%s', (_, files, message) => {
    expect(() => load(files)).toThrow(message);
    expect(() => load(files)).toThrow(expect.objectContaining({ code: 'weights_invalid' }));
  });

  test('a vocabulary larger than the text encoder’s table', () => {
    expect(() => load(CLIP_FILES, 77, VOCAB_SIZE - 1)).toThrow(/but the text encoder knows 694 tokens/);
  });
});

test('any text of 6,000 characters costs little', () => {
  const tokenizer = load(CLIP_FILES);
  for (const piece of ['a', 'cat ', '😀', '红', '!', ' ', '\u0301', '<|endoftext|', "'s", '\ud800', '1']) {
    const before = process.cpuUsage();
    expect(tokenizer.encode(piece.repeat(6_000 / piece.length))).toHaveLength(77);
    expect(process.cpuUsage(before).user / 1000, `CPU ms for ${JSON.stringify(piece)}`).toBeLessThan(500);
  }
});
