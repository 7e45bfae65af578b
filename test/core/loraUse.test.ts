// What LoRAs bring along: their sampler, steps and guidance where nobody says others, and the words they know.
import { expect, test } from 'vitest';
import { type LoraCard, withLoraWords } from '../../src/core/lora.ts';
import { DEFAULT_LIMITS, type RequestDraft } from '../../src/core/request.ts';
import { resolveRequest } from '../../src/core/resolve.ts';
import { TEST_CARD } from '../support/cards.ts';

const card = (name: string, more: Partial<LoraCard> = {}): LoraCard => ({
  name,
  family: 'Stable Diffusion 1.x',
  fits: [TEST_CARD.name],
  triggers: [],
  defaults: {},
  sizeBytes: 1,
  ...more,
});
const loras = [
  card('few', { defaults: { sampler: 'euler', schedule: 'trailing', steps: 4, guidance: 1, strength: 0.9 } }),
  card('ink', { triggers: ['inkmoth', 'Dusk', 'a', 'fourth'] }),
  card('plain'),
];
const resolve = (draft: Omit<RequestDraft, 'prompt'>) =>
  resolveRequest({ prompt: 'x', ...draft }, { ...TEST_CARD, loras }, DEFAULT_LIMITS, 1);

test('a LoRA for few steps brings what it needs; what somebody asks for wins', () => {
  const use = { sampler: 'euler', schedule: 'trailing', steps: 4, guidance: 1 };
  expect(resolve({ loras: [{ name: 'few' }] })).toMatchObject({ ...use, loras: [{ name: 'few', strength: 0.9 }] });
  expect(resolve({ loras: [{ name: 'few' }, { name: 'ink' }] })).toMatchObject(use);
  expect(resolve({ loras: [{ name: 'few' }], steps: 8, guidance: 0 })).toMatchObject({ ...use, steps: 8, guidance: 0 });
  expect(resolve({ loras: [{ name: 'few' }], sampler: 'heun' })).toMatchObject({ sampler: 'heun', schedule: null });
  const { sampler, steps, guidance } = TEST_CARD.defaults;
  expect(resolve({ loras: [{ name: 'ink' }] })).toMatchObject({ sampler, steps, guidance });
});

test.each([
  ['suggest', 'a hill', 'a hill'],
  ['before', 'a hill', 'inkmoth, Dusk, a hill'],
  ['after', 'a hill', 'a hill, inkmoth, Dusk'],
  ['after', 'DUSK, an inkmoth', 'DUSK, an inkmoth'],
  ['before', '', 'inkmoth, Dusk, a'],
] as const)('words %s of "%s"', (place, prompt, expected) => {
  expect(withLoraWords(prompt, [{ name: 'ink' }, { name: 'plain' }, { name: 'gone' }], loras, place)).toBe(expected);
  expect(withLoraWords(prompt, [{ name: 'ink', strength: 0 }], loras, place)).toBe(prompt);
});

test('a misspelt LoRA is told what was meant, also where there are hundreds', () => {
  const message = 'LoRA: found plian, expected one of few, ink, plain; nearest is plain';
  expect(() => resolve({ loras: [{ name: 'plian' }] })).toThrow(message);
  const many = Array.from({ length: 300 }, (_, at) => card(`lora${at}`));
  const refused = () =>
    resolveRequest({ prompt: 'x', loras: [{ name: 'lroa271' }] }, { ...TEST_CARD, loras: many }, DEFAULT_LIMITS, 1);
  expect(refused).toThrow(/lora38, lora39, …; nearest is lora271$/);
  expect(() =>
    resolveRequest({ prompt: 'x', loras: [{ name: 'ink' }] }, { ...TEST_CARD, loras: [] }, DEFAULT_LIMITS, 1),
  ).toThrow('LoRA: found ink, expected nothing; there are none');
});
