// Two text encoders, each with its own tokenizer: what they say of a prompt stands side by side, whatever each of them cuts where.
import { expect, test } from 'vitest';
import type { Conditioning } from '../../src/diffusion/asks.ts';
import type { PromptTokenizer } from '../../src/weights/promptTokenizer.ts';
import { encodePrompts } from '../../src/worker/promptEncoder.ts';

/** One id a letter, `room` a chunk. @param padding id that chunks are filled up with */
function letters(room: number, padding: number): PromptTokenizer {
  const idsOf = (text: string) => [...text.replaceAll(' ', '')].map((letter) => letter.charCodeAt(0));
  const frame = (ids: readonly number[]) => {
    const framed = new Int32Array(room + 2).fill(padding);
    framed.set([1, ...ids, 2]);
    return framed;
  };
  return {
    maxTokens: room + 2,
    room,
    leading: 1,
    comma: undefined,
    idsOf,
    frame,
    countTokens: (text) => idsOf(text).length,
    encode: (text) => frame(idsOf(text).slice(0, room)),
  };
}

/** Says the ids themselves, `width` times each; the pooled prompt is the first word's id. */
function parrot(width: number, isPooled: boolean) {
  const calls: number[][] = [];
  const encode = async (tokenIds: readonly Int32Array[]): Promise<readonly Conditioning[]> => {
    calls.push(...tokenIds.map((ids) => [...ids]));
    return tokenIds.map((ids) => ({
      tokens: ids.length,
      width,
      hidden: Float32Array.from({ length: ids.length * width }, (_, at) => ids[Math.floor(at / width)]!),
      ...(isPooled ? { pooled: Float32Array.of(ids[1]!) } : {}),
    }));
  };
  return { encode, calls };
}

test('token by token behind one another, each with its own padding; the pooled prompt is the second one’s', async () => {
  const [first, second] = [parrot(1, false), parrot(2, true)];
  const model = { text: first.encode, text2: second.encode };
  const [state] = await encodePrompts(model, { tokenizer: letters(3, 7), tokenizer2: letters(3, 0) }, ['ab']);
  expect(state).toEqual({
    tokens: 5,
    width: 3,
    hidden: Float32Array.of(1, 1, 1, 97, 97, 97, 98, 98, 98, 2, 2, 2, 7, 0, 0),
    pooled: Float32Array.of(97),
  });
});

test('where one of them needs more chunks, the other gets empty ones; the pooled prompt is the first chunk’s', async () => {
  const [first, second] = [parrot(1, false), parrot(1, true)];
  const model = { text: first.encode, text2: second.encode };
  const halved = {
    ...letters(3, 0),
    idsOf: (text: string) =>
      letters(3, 0)
        .idsOf(text)
        .filter((id) => id % 2 === 0),
  };
  const prompts = ['abcdef', 'b'];
  const [long, short] = await encodePrompts(model, { tokenizer: letters(3, 7), tokenizer2: halved }, prompts);
  expect(first.calls).toEqual([
    [1, 97, 98, 99, 2],
    [1, 100, 101, 102, 2],
    [1, 98, 2, 7, 7],
  ]);
  expect(second.calls).toEqual([
    [1, 98, 100, 102, 2],
    [1, 2, 0, 0, 0],
    [1, 98, 2, 0, 0],
  ]);
  expect([long!.tokens, long!.width, [...long!.pooled!]]).toEqual([10, 2, [98]]);
  expect([...long!.hidden.slice(10, 20)]).toEqual([1, 1, 100, 2, 101, 0, 102, 0, 2, 0]);
  expect([short!.tokens, [...short!.pooled!]]).toEqual([5, [98]]);
});

test('weights change each encoder’s state by itself and leave the pooled prompt alone', async () => {
  const [first, second] = [parrot(1, false), parrot(1, true)];
  const model = { text: first.encode, text2: second.encode };
  const tokenizers = { tokenizer: letters(3, 7), tokenizer2: letters(3, 0) };
  const [state] = await encodePrompts(model, tokenizers, ['(a:2)b']);
  const sides = [0, 1].map((side) => [...state!.hidden].filter((_, at) => at % 2 === side));
  for (const [side, padding] of [7, 0].entries()) {
    const plain = [1, 97, 98, 2, padding];
    const weighed = plain.map((value, at) => value * (at === 1 ? 2 : 1));
    const ratio = sum(plain) / sum(weighed);
    for (const [at, value] of sides[side]!.entries()) expect(value).toBeCloseTo(weighed[at]! * ratio, 4);
  }
  expect(state!.pooled).toEqual(Float32Array.of(97));
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
