import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRecipe, recipeText } from '../../src/core/recipe.ts';
import { type ResolvedRequest, SAMPLERS, SCHEDULES } from '../../src/core/request.ts';
import { draftOf } from '../../src/core/resolve.ts';

const REQUEST: ResolvedRequest = {
  prompt: 'a red heart',
  negativePrompt: 'blurry, dark',
  model: 'emoji',
  style: 'noto',
  stylePhrase: ', noto style',
  size: { widthPx: 96, heightPx: 64 },
  steps: 20,
  guidance: 7.5,
  seed: 40,
  count: 2,
  sampler: 'dpmpp_2m_karras',
  initImage: null,
  strength: null,
};

test('the form other tools read', () => {
  expect(recipeText(REQUEST, 41, { name: 'emoji', hash: '0a1b2c3d4e' })).toBe(
    [
      'a red heart, noto style',
      'Negative prompt: blurry, dark',
      'Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 41, Size: 96x64, Model hash: 0a1b2c3d4e, ' +
        'Model: emoji, Style: noto, Style phrase: ", noto style", RNG: CPU, Version: Darkroom',
    ].join('\n'),
  );
});

test('nothing is written for what the request does not have; 0 is a value', () => {
  const request = {
    ...REQUEST,
    negativePrompt: '',
    style: null,
    stylePhrase: '',
    guidance: 0,
    sampler: 'euler',
  } as const;
  expect(recipeText(request, 0, { name: 'a, b' })).toBe(
    'a red heart\nSteps: 20, Sampler: Euler, CFG scale: 0, Seed: 0, Size: 96x64, Model: "a, b", RNG: CPU, Version: Darkroom',
  );
});

describe('write, then read', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', ' ', '\n', ',', ':', '"', '\\', 'é', '心', '\r', '\0', '\ud800') }),
    fc.constantFrom('Negative prompt: x', 'a\nNegative prompt: b', 'a\nSteps: 1, Seed: 2, Size: 3x4', '"', '\\'),
  );
  const request = fc.record({
    prompt: nasty,
    negativePrompt: nasty,
    model: nasty,
    style: fc.option(nasty),
    stylePhrase: nasty,
    size: fc.record({ widthPx: fc.integer({ min: 1, max: 2048 }), heightPx: fc.integer({ min: 1, max: 2048 }) }),
    steps: fc.integer({ min: 1, max: 150 }),
    guidance: fc.double({ min: 0, max: 30, noNaN: true }).map((value) => value + 0),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    count: fc.constant(1),
    sampler: fc.constantFrom(...SAMPLERS),
    schedule: fc.option(fc.constantFrom(...SCHEDULES)),
    initImage: fc.option(fc.constant({ sha256: '0123456789abcdef'.repeat(4) })),
    strength: fc.option(fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)),
  });

  test('every request comes back as its own draft', () => {
    fc.assert(
      fc.property(request, (drawn) => {
        const styled = drawn.style === null ? { ...drawn, stylePhrase: '' } : drawn;
        const { draft } = parseRecipe(recipeText(styled, styled.seed, { name: styled.model }));
        expect(draft).toEqual(expectedDraft(styled));
      }),
      { numRuns: 2_000 },
    );
  });

  /** Count is no part of a picture's recipe, and what the request lacks is not in the draft. */
  function expectedDraft(drawn: ResolvedRequest) {
    const { prompt, negativePrompt, model, size, steps, guidance, seed } = drawn;
    // With a schedule of its own the Karras kind is the plain one.
    const isKarrasKind = drawn.schedule !== null && drawn.sampler === 'dpmpp_2m_karras';
    const sampler = isKarrasKind ? 'dpmpp_2m' : drawn.sampler;
    return {
      ...{ prompt, negativePrompt, model, size, steps, guidance, seed, sampler },
      ...(drawn.schedule === null ? {} : { schedule: drawn.schedule }),
      ...(drawn.style === null ? {} : { style: drawn.style }),
      ...(drawn.initImage === null ? {} : { initImage: drawn.initImage }),
      ...(drawn.strength === null ? {} : { strength: drawn.strength }),
    };
  }

  test('the draft resolves to the same fields the request has', () => {
    const { draft } = parseRecipe(recipeText(REQUEST, REQUEST.seed, { name: REQUEST.model }));
    expect({ ...draftOf(REQUEST), ...draft }).toEqual(draftOf(REQUEST));
  });
});

describe('what other tools wrote', () => {
  test('an older file, sampler and schedule in one', () => {
    const text = `girl with a pearl earring,
oil painting
Negative prompt: photo, (blurry:1.2)
lowres
Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 6, Seed: 965400086, Size: 512x768, Model hash: 45dee52b, Hashes: "{""}", Lora hashes: "a: 12, b: 34", Version: v1.6.0`;
    const { draft, fields } = parseRecipe(text);
    expect(draft).toEqual({
      prompt: 'girl with a pearl earring,\noil painting',
      negativePrompt: 'photo, (blurry:1.2)\nlowres',
      steps: 30,
      sampler: 'dpmpp_2m_karras',
      guidance: 6,
      seed: 965400086,
      size: { widthPx: 512, heightPx: 768 },
      noiseSource: 'gpu',
    });
    expect(fields.get('Lora hashes')).toBe('a: 12, b: 34');
    expect(fields.get('Version')).toBe('v1.6.0');
  });

  test.each([
    ['Sampler: Euler a', 'euler_a'],
    ['Sampler: DPM++ 2M, Schedule type: Automatic', 'dpmpp_2m_karras'],
    ['Sampler: DPM++ 2M, Schedule type: Exponential', 'dpmpp_2m'],
    ['Sampler: DPM++ 2M', 'dpmpp_2m'],
    ['Sampler: UniPC', 'unipc'],
    ['Sampler: PLMS', 'pndm'],
    ['Sampler: DPM++ 2S a Karras', 'dpmpp_2s_a'],
    ['Sampler: DPM adaptive', undefined],
  ])('%s is %s', (text, sampler) => {
    expect(parseRecipe(`x\nSteps: 4, Seed: 1, ${text}`).draft.sampler).toBe(sampler);
  });

  test.each([
    ['Sampler: DPM++ SDE Karras', 'karras'],
    ['Sampler: DPM++ 3M SDE Exponential', 'exponential'],
    ['Sampler: DPM++ 2M SDE, Schedule type: Automatic', 'exponential'],
    ['Sampler: DPM++ 2M, Schedule type: Karras', undefined],
    ['Sampler: DPM++ 2M, Schedule type: Uniform', undefined],
    ['Sampler: Euler, Schedule type: Uniform', 'linspace'],
    ['Sampler: Euler, Schedule type: Automatic', 'linspace'],
    ['Sampler: LCM, Schedule type: Automatic', undefined],
    ['Sampler: Euler a, Schedule type: Align Your Steps', 'ays'],
    ['Sampler: Euler a, Schedule type: SGM Uniform', 'sgm_uniform'],
    ['Sampler: Euler a, Schedule type: Turbo', undefined],
  ])('the schedule of %s is %s', (text, schedule) => {
    expect(parseRecipe(`x\nSteps: 4, Seed: 1, ${text}`).draft.schedule).toBe(schedule);
  });

  test('a last line with two fields belongs to the prompt', () => {
    const { draft, fields } = parseRecipe('a cat\nwith Steps: 4, Seed: 1');
    expect(draft).toEqual({ prompt: 'a cat\nwith Steps: 4, Seed: 1', negativePrompt: '' });
    expect(fields.size).toBe(0);
  });

  test('values that are none are passed over', () => {
    const { draft } = parseRecipe('x\nSteps: many, Seed: 99999999999, Size: big, CFG scale: -1, Init image: ../x');
    expect(draft).toEqual({ prompt: 'x', negativePrompt: '' });
  });

  test.each(['', '\n', 'Negative prompt:', ',,,,', ':::', '"', 'a: ", b: ", c: "'])(
    '%j is read without complaint',
    (text) => {
      expect(parseRecipe(text).draft.prompt).toBe(text.startsWith('Negative') ? '' : text.trim());
    },
  );
});

test('texts made to be slow are not', () => {
  const size = 60_000;
  for (const piece of ['a', 'a ', ',', ':', '"', 'a:"', 'a:"\\",', '\\', 'a,', ' ', 'a: b,', 'a:"b" ', '\n']) {
    const text = `x\n${piece.repeat(size / piece.length)}`;
    const before = process.cpuUsage();
    parseRecipe(text);
    const { user } = process.cpuUsage(before);
    expect(user / 1000, `CPU ms for ${JSON.stringify(piece)}`).toBeLessThan(500);
  }
  expect(() => parseRecipe('a'.repeat(70_000))).toThrow(/found 70000 characters, expected at most 65536/);
});

test('clip skip is written where it is not 1, and read', () => {
  const text = recipeText({ ...REQUEST, clipSkip: 2 }, 41, { name: 'emoji' });
  expect(text).toContain(', Model: emoji, Clip skip: 2, ');
  expect(parseRecipe(text).draft.clipSkip).toBe(2);
  expect(recipeText({ ...REQUEST, clipSkip: null }, 41, { name: 'emoji' })).not.toContain('Clip skip');
});

test('who did the last steps is written as A1111 writes it', () => {
  const text = recipeText(REQUEST, 41, { name: 'emoji', refiner: { model: 'fine, one', switchAt: 0.75 } });
  expect(text).toContain(', Model: emoji, Refiner: "fine, one", Refiner switch at: 0.75, ');
  expect(recipeText(REQUEST, 41, { name: 'emoji' })).not.toContain('Refiner');
});

test('in a prompt joined by AND the style is written into every part, and taken out of every part again', () => {
  const prompt = 'a (red:1.2) heart :1.5 AND fog';
  const text = recipeText({ ...REQUEST, prompt }, 41, { name: 'emoji' });
  expect(text.split('\n')[0]).toBe('a (red:1.2) heart, noto style :1.5 AND fog, noto style');
  expect(parseRecipe(text).draft).toMatchObject({ prompt, style: 'noto' });
});
