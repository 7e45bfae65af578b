// A recipe from anywhere, brought to this installation: what it becomes, and what is said to be different.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRecipe, recipeText } from '../../src/core/recipe.ts';
import { type Here, recipeHere } from '../../src/core/recipeHere.ts';
import { DEFAULT_LIMITS, type ModelCard, type RequestDraft, SAMPLERS, SCHEDULES } from '../../src/core/request.ts';
import { resolveRequest } from '../../src/core/resolve.ts';
import { TEST_CARD } from '../support/cards.ts';

/** Prefers a schedule and a style of its own, which a recipe that says nothing of them must not get. */
const INK: ModelCard = {
  ...TEST_CARD,
  name: 'Ink v2',
  defaults: { ...TEST_CARD.defaults, schedule: 'beta', style: 'noto' },
  styles: { flat: ', flat style', noto: ', ink style' },
};
const HASHES: Readonly<Record<string, string>> = { testmodel: '0a1b2c3d4e', 'Ink v2': 'ffeeddccbb' };

const HERE: Here = {
  cards: [INK, TEST_CARD],
  defaultModel: 'testmodel',
  limits: DEFAULT_LIMITS,
  hashes: {
    hashOf: (model) => HASHES[model],
    modelOf: (hash) => Object.keys(HASHES).find((model) => HASHES[model] === hash.toLowerCase()),
  },
  loras: ['Soft Light', 'ink'],
  loraOf: (hash) => (hash === '0123456789ab' ? 'Soft Light' : undefined),
  hasStart: (sha256) => sha256.startsWith('aa'),
};

const read = (lastLine: string, prompt = 'a fox') =>
  recipeHere(parseRecipe(`${prompt}\nSteps: 20, Seed: 5, ${lastLine}`), HERE);

describe('which model', () => {
  test.each([
    ['Size: 96x64, Model: testmodel', 'testmodel', []],
    ['Size: 96x64, Model: TESTMODEL.safetensors', 'testmodel', []],
    ['Model hash: 0a1b2c3d4e, Model: testmodel', 'testmodel', []],
    ['Model hash: FFEEDDCCBB, Model: dreamy_8', 'Ink v2', [{ kind: 'modelName', asked: 'dreamy_8', here: 'Ink v2' }]],
    ['Model hash: ffeeddccbb, CFG scale: 7', 'Ink v2', []],
    [
      'Model hash: 1111111111, Model: sub/testmodel',
      'testmodel',
      [{ kind: 'modelHash', name: 'testmodel', asked: '1111111111', here: '0a1b2c3d4e' }],
    ],
    [
      'Model hash: 1111111111, Model: dreamy_8',
      'testmodel',
      [{ kind: 'model', asked: 'dreamy_8 [1111111111]', instead: 'testmodel' }],
    ],
    ['Model hash: 11111111, CFG scale: 7', 'testmodel', [{ kind: 'model', asked: '[11111111]', instead: 'testmodel' }]],
    ['CFG scale: 7', 'testmodel', []],
  ])('%s', (fields, model, differences) => {
    const found = read(fields);
    expect(found.draft.model).toBe(model);
    expect(found.differences).toEqual(differences);
  });
});

test('everything else that is different is said, and what comes closest is taken', () => {
  const { draft, differences } = read(
    'Sampler: DPM adaptive, CFG scale: 45, Size: 600x100, Denoising strength: 0.4, Face restoration: CodeFormer, ENSD: 31337, Eta: 0.5, ' +
      'Lora hashes: "gentle: 0123456789ab, gone: ffffffffffff", Version: v1.10.1',
    'a fox <lora:gentle:0.7> <lora:ink:1> <lora:gone:0.5>',
  );
  expect(draft).toEqual({
    prompt: 'a fox',
    loras: [
      { name: 'Soft Light', strength: 0.7, textStrength: 0.7 },
      { name: 'ink', strength: 1, textStrength: 1 },
    ],
    negativePrompt: '',
    model: 'testmodel',
    style: '',
    steps: 20,
    seed: 5,
    guidance: 30,
    size: { widthPx: 608, heightPx: 96 },
    noiseSource: 'gpu',
    noiseSeedDelta: 31337,
  });
  expect(differences).toEqual([
    { kind: 'sampler', asked: 'DPM adaptive', instead: 'dpmpp_2m' },
    { kind: 'size', asked: '600x100', instead: '608x96' },
    { kind: 'number', field: 'guidance', asked: '45', instead: '30' },
    { kind: 'start' },
    { kind: 'loras', names: ['gone'] },
    { kind: 'fields', names: ['Face restoration', 'Eta'] },
  ]);
});

test('a refiner is no difference where the model here has the same', () => {
  const recipe = parseRecipe(
    'a fox\nSteps: 20, Seed: 5, Model: testmodel, Refiner: fine [0123456789], Refiner switch at: 0.8',
  );
  const withRefiner = (switchAt: number) => ({
    ...HERE,
    cards: HERE.cards.map((card) => ({ ...card, refiner: { model: 'fine', switchAt } })),
  });
  expect(recipeHere(recipe, withRefiner(0.8)).differences).toEqual([]);
  const names = ['Refiner', 'Refiner switch at'];
  expect(recipeHere(recipe, withRefiner(0.7)).differences).toEqual([{ kind: 'fields', names }]);
  expect(recipeHere(recipe, HERE).differences).toEqual([{ kind: 'fields', names }]);
});

test('a schedule nobody knows here, and one that is only silence', () => {
  expect(read('Sampler: Euler, Schedule type: KL Optimal').differences).toEqual([
    { kind: 'schedule', asked: 'KL Optimal' },
  ]);
  const silent = read('Sampler: DPM++ 2M, Model: Ink v2, Schedule type: Uniform');
  expect([silent.draft.schedule, silent.differences]).toEqual([null, []]);
});

test('a second pass is no start picture', () => {
  expect(read('Denoising strength: 0.5, Hires upscale: 2').differences).toEqual([]);
});

test('a style that is another one here becomes words', () => {
  const words = recipeText(
    resolveRequest({ prompt: 'a fox', style: 'noto', model: 'testmodel' }, TEST_CARD, DEFAULT_LIMITS, 1),
    1,
    { name: 'Ink v2' },
  );
  const { draft } = recipeHere(parseRecipe(words), HERE);
  expect([draft.prompt, draft.style]).toEqual(['a fox, noto style', '']);
});

describe('write, read, resolve: the same request', () => {
  const prompt = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('a', ' ', '\n', ',', ':', '"', '\\', 'é', '心', 'AND'),
      minLength: 1,
      maxLength: 40,
    }),
    fc.constantFrom('a, flat style', 'x AND y :0.5', 'a\nSteps: 1, Seed: 2, Size: 3x4', 'Negative prompt: b'),
  );
  const side = fc.integer({ min: 1, max: 64 }).map((steps) => steps * TEST_CARD.sizeStepPx);
  const drafts = fc.record(
    {
      prompt,
      negativePrompt: prompt,
      model: fc.constantFrom('testmodel', 'Ink v2'),
      style: fc.constantFrom('', 'flat', 'noto'),
      size: fc.record({ widthPx: side, heightPx: side }),
      steps: fc.integer({ min: 1, max: 150 }),
      guidance: fc.double({ min: 0, max: 30, noNaN: true }).map((value) => value + 0),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      sampler: fc.constantFrom(...SAMPLERS),
      schedule: fc.option(fc.constantFrom(...SCHEDULES)),
      clipSkip: fc.integer({ min: 1, max: 12 }),
      initImage: fc.constant({ sha256: 'aa'.repeat(32) }),
      strength: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
    },
    { requiredKeys: ['prompt', 'model'] },
  );

  test('for every field, with and without it', () => {
    fc.assert(
      fc.property(drafts, fc.boolean(), (drawn, isRenamed) => {
        const card = HERE.cards.find(({ name }) => name === drawn.model)!;
        const request = resolvable(drawn as RequestDraft, card);
        fc.pre(request !== undefined);
        const model = { name: isRenamed ? 'another name' : card.name, hash: HASHES[card.name] };
        const { draft, differences } = recipeHere(parseRecipe(recipeText(request!, request!.seed, model)), HERE);
        expect(differences.filter(({ kind }) => kind !== 'modelName')).toEqual([]);
        expect(withoutKarrasKind(resolveRequest(draft, card, DEFAULT_LIMITS, 0))).toEqual(withoutKarrasKind(request!));
      }),
      { numRuns: 3_000 },
    );
  });

  /** Prompts of spaces, or of too many parts, are none. */
  function resolvable(draft: RequestDraft, card: ModelCard) {
    try {
      return resolveRequest(draft, card, DEFAULT_LIMITS, 9);
    } catch {
      return undefined;
    }
  }

  /** The Karras kind is the plain sampler with that schedule under one name; another schedule wins over it. */
  function withoutKarrasKind(request: ReturnType<typeof resolveRequest>) {
    if (request.sampler !== 'dpmpp_2m_karras') return request;
    return { ...request, sampler: 'dpmpp_2m', schedule: request.schedule ?? 'karras' };
  }
});
