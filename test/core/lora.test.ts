import { describe, expect, test } from 'vitest';
import { formatLora, fuzzy, type LoraCard, loraTag, merged, parseLora, takeLoraTags } from '../../src/core/lora.ts';
import { readPrompt } from '../../src/core/promptFlags.ts';
import { parseRecipe, recipeText } from '../../src/core/recipe.ts';
import { DEFAULT_LIMITS, type ModelCard, type RequestDraft } from '../../src/core/request.ts';
import { draftOf, resolveRequest } from '../../src/core/resolve.ts';
import { TEST_CARD } from '../support/cards.ts';

function card(name: string, more: Partial<LoraCard> = {}): LoraCard {
  return { name, family: 'SDXL', fits: [TEST_CARD.name], triggers: [], defaults: {}, sizeBytes: 1, ...more };
}

const MODEL: ModelCard = {
  ...TEST_CARD,
  loras: [
    card('ink'),
    card('soft light', { defaults: { strength: 0.6 } }),
    card('elsewhere', { fits: [] }),
    card('sprint', { defaults: { sampler: 'lcm', schedule: 'trailing', steps: 4, guidance: 1 } }),
  ],
};
const resolve = (draft: Partial<RequestDraft>) =>
  resolveRequest({ prompt: 'a fox', ...draft }, MODEL, DEFAULT_LIMITS, 7);

describe('what people write', () => {
  test.each([
    ['ink', { name: 'ink' }],
    ['ink:0.8', { name: 'ink', strength: 0.8 }],
    ['ink:-1:0', { name: 'ink', strength: -1, textStrength: 0 }],
    ['soft light:.5', { name: 'soft light', strength: 0.5 }],
  ])('--lora %s', (text, expected) => expect(parseLora(text)).toEqual(expected));

  test.each(['', ':1', 'ink:much', 'ink:1:2:3', '<ink>'])('%s is no LoRA', (text) => {
    expect(parseLora(text)).toBeUndefined();
  });

  test('tags are taken out of the prompt; the strength of the text stands first in them', () => {
    const { prompt, loras } = takeLoraTags('a fox <lora:ink:0.5> in fog <lora:soft light:te=0.2:unet=1>, <lora:a:1:0>');
    expect(prompt).toBe('a fox in fog ,');
    expect(loras).toEqual([
      { name: 'ink', strength: 0.5, textStrength: 0.5 },
      { name: 'soft light', strength: 1, textStrength: 0.2 },
      { name: 'a', strength: 0, textStrength: 1 },
    ]);
  });

  test('what is no tag stays', () => {
    expect(takeLoraTags('a  <lora:> b <lora:x:huge>')).toEqual({ prompt: 'a  <lora:> b <lora:x:huge>', loras: [] });
  });

  test('tags and flags of one prompt add up, and the last word on a LoRA counts', () => {
    expect(readPrompt('a fox <lora:ink:0.5> --lora soft_light --lora ink:0.9 --steps 3')).toEqual({
      prompt: 'a fox',
      steps: 3,
      loras: [{ name: 'ink', strength: 0.9 }, { name: 'soft_light' }],
    });
    expect(readPrompt('a fox --lora none')).toEqual({ prompt: 'a fox', loras: [] });
    expect(() => readPrompt('a fox --lora ink:very')).toThrow('--lora');
  });

  test.each([
    { name: 'ink', strength: 0.8, textStrength: 0.8 },
    { name: 'soft light', strength: -0.5, textStrength: 0 },
  ])('$name is written as it is read', (use) => {
    expect(takeLoraTags(loraTag(use)).loras).toEqual([use]);
    expect(parseLora(formatLora(use))).toMatchObject({ name: use.name, strength: use.strength });
  });

  test('the same LoRA twice counts as its last, at its first place', () => {
    expect(merged([{ name: 'a' }, { name: 'b' }, { name: 'a', strength: 2 }])).toEqual([
      { name: 'a', strength: 2 },
      { name: 'b' },
    ]);
  });
});

describe('in a request', () => {
  test('strengths nobody said are the LoRA’s own, and the text’s that of the picture', () => {
    expect(resolve({ loras: [{ name: 'INK', strength: 0.3 }, { name: 'soft_light' }] }).loras).toEqual([
      { name: 'ink', strength: 0.3, textStrength: 0.3 },
      { name: 'soft light', strength: 0.6, textStrength: 0.6 },
    ]);
  });

  test('one for another family is refused with both, one nobody has with those there are', () => {
    expect(() => resolve({ loras: [{ name: 'elsewhere' }] })).toThrow(/Stable Diffusion 1\.x.*SDXL/);
    expect(() => resolve({ loras: [{ name: 'nobody' }] })).toThrow('one of ink, soft light, sprint');
  });

  test.each([4.5, -4.5, Number.NaN])('strength %d is refused', (strength) => {
    expect(() => resolve({ loras: [{ name: 'ink', strength }] })).toThrow('-4');
  });

  test('a LoRA that needs its sampler brings it, and what somebody asks for wins', () => {
    const brought = resolve({ loras: [{ name: 'sprint' }] });
    expect(brought).toMatchObject({ sampler: 'lcm', schedule: 'trailing', steps: 4, guidance: 1 });
    expect(resolve({ loras: [{ name: 'sprint' }], steps: 9, sampler: 'euler' })).toMatchObject({
      sampler: 'euler',
      steps: 9,
      guidance: 1,
    });
  });

  test('a draft of a request keeps its LoRAs; a request without them has no such field', () => {
    const request = resolve({ loras: [{ name: 'ink' }] });
    expect(draftOf(request).loras).toEqual(request.loras);
    expect(resolve({})).not.toHaveProperty('loras');
  });
});

describe('in a recipe', () => {
  const request = resolve({
    prompt: 'a fox, fog',
    loras: [
      { name: 'ink', strength: 0.5 },
      { name: 'soft light', textStrength: 0 },
    ],
  });
  const hashes = new Map([['ink', '0123456789ab']]);
  const text = recipeText(request, request.seed, { name: MODEL.name, loraHashes: hashes });

  test('tags stand behind the words and hashes in the fields, as A1111 has them', () => {
    expect(text.split('\n')[0]).toBe('a fox, fog, flat style <lora:ink:0.5> <lora:soft light:0:0.6>');
    expect(text).toContain('Lora hashes: "ink: 0123456789ab"');
    expect(text).not.toContain('Exact prompt');
  });

  test('reading it back asks for the same', () => {
    const { draft } = parseRecipe(text);
    expect(draft.prompt).toBe('a fox, fog');
    expect(resolve(draft).loras).toEqual(request.loras);
  });
});

describe('names people half remember', () => {
  const names = ['add detail', 'Ink wash', 'pink hair', 'midnight snack', 'kin'];
  test.each([
    ['ink', ['Ink wash', 'pink hair', 'midnight snack']],
    ['ih', ['pink hair', 'midnight snack', 'Ink wash']],
    ['KIN', ['kin']],
    ['zzz', []],
  ])('%s', (typed, expected) => expect(fuzzy(names, (name) => name, typed)).toEqual(expected));

  test('nothing typed is everything, by name', () => {
    expect(fuzzy(['b', 'a'], (name) => name, ' ')).toEqual(['a', 'b']);
  });
});
