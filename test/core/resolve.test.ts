import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, type RequestDraft, SAMPLERS } from '../../src/core/request.ts';
import { chooseCard, draftOf, resolveRequest } from '../../src/core/resolve.ts';
import { DarkroomError } from '../../src/errors.ts';
import { TEST_CARD } from '../support/cards.ts';

const resolve = (draft: Partial<RequestDraft>) =>
  resolveRequest({ prompt: 'a heart', ...draft }, TEST_CARD, DEFAULT_LIMITS, 99);
const SHA = 'ab'.repeat(32);

function refusal(draft: Partial<RequestDraft>): string {
  try {
    resolve(draft);
  } catch (thrown) {
    if (thrown instanceof DarkroomError && thrown.code === 'request_invalid') return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

describe('defaults', () => {
  test('an empty draft takes all of the card', () => {
    expect(resolve({})).toEqual({
      prompt: 'a heart',
      negativePrompt: '',
      model: 'testmodel',
      style: 'flat',
      stylePhrase: ', flat style',
      size: { widthPx: 96, heightPx: 64 },
      steps: 12,
      guidance: 4,
      seed: 99,
      count: 1,
      sampler: 'dpmpp_2m',
      schedule: null,
      clipSkip: null,
      initImage: null,
      strength: null,
    });
  });

  test('0 and "" are values, not absences', () => {
    const request = resolve({ seed: 0, guidance: 0, style: '', strength: 0, initImage: { sha256: SHA } });
    expect(request).toMatchObject({ seed: 0, guidance: 0, style: null, stylePhrase: '', strength: 0 });
  });

  test('strength is the card’s with a start picture and null without one', () => {
    expect(resolve({ initImage: { sha256: SHA } }).strength).toBe(0.6);
    expect(resolve({ strength: 0.3 }).strength).toBeNull();
  });

  test('a shape becomes a size of the default area; a size wins over a shape', () => {
    expect(resolve({ aspect: { width: 2, height: 3 } }).size).toEqual({ widthPx: 64, heightPx: 96 });
    const both = resolve({ aspect: { width: 1, height: 1 }, size: { widthPx: 32, heightPx: 48 } });
    expect(both.size).toEqual({ widthPx: 32, heightPx: 48 });
  });

  test('a style called "none" that the model has is that style', () => {
    const card = { ...TEST_CARD, styles: { none: ', plain' } };
    const request = resolveRequest({ prompt: 'x', style: 'none' }, card, DEFAULT_LIMITS, 1);
    expect(request).toMatchObject({ style: 'none', stylePhrase: ', plain' });
  });
});

test('the result is frozen through and through', () => {
  const request = resolve({ initImage: { sha256: SHA } });
  expect([request, request.size, request.initImage].every(Object.isFrozen)).toBe(true);
});

test('a request made a draft again resolves to itself', () => {
  for (const draft of [{}, { style: '' }, { initImage: { sha256: SHA }, strength: 0 }, { seed: 0, guidance: 0 }]) {
    const request = resolve(draft);
    expect(resolveRequest(draftOf(request), TEST_CARD, DEFAULT_LIMITS, 12345)).toEqual(request);
  }
});

test.each<[Partial<RequestDraft>, string]>([
  [{ prompt: ' \u200b ' }, 'prompt: found nothing, expected something, as in "/imagine a red heart"'],
  [{ prompt: 'x'.repeat(1001) }, 'prompt: found 1001 characters, expected at most 1000'],
  [{ negativePrompt: 'x'.repeat(1001) }, 'negative: found 1001 characters, expected at most 1000'],
  [{ steps: 0 }, 'steps: found 0, expected a whole number from 1 to 150'],
  [{ steps: 2.5 }, 'steps: found 2.5, expected a whole number from 1 to 150'],
  [{ guidance: -1 }, 'guidance: found -1, expected a number from 0 to 30'],
  [{ guidance: Number.NaN }, 'guidance: found NaN, expected a number from 0 to 30'],
  [{ seed: 2 ** 32 }, 'seed: found 4294967296, expected a whole number from 0 to 4294967295'],
  [{ count: 5 }, 'count: found 5, expected a whole number from 1 to 4'],
  [
    { size: { widthPx: 100, heightPx: 64 } },
    'size: found 100x64, expected sides that are multiples of 16 px up to 1024 px; nearest 96x64',
  ],
  [
    { size: { widthPx: 0, heightPx: 4096 } },
    'size: found 0x4096, expected sides that are multiples of 16 px up to 1024 px; nearest 16x1024',
  ],
  [{ style: 'oil' }, 'style: found oil, expected one of flat, noto, none'],
  [{ style: 'constructor' }, 'style: found constructor, expected one of flat, noto, none'],
  [{ model: '../etc' }, 'model: found ../etc, expected one of testmodel'],
  [{ sampler: 'plms' as 'ddim' }, `sampler: found plms, expected one of ${SAMPLERS.join(', ')}`],
  [
    { schedule: 'bumpy' as 'beta' },
    'schedule: found bumpy, expected one of leading, trailing, linspace, karras, exponential, sgm_uniform, beta, ays',
  ],
  [{ initImage: { sha256: SHA }, strength: 1.1 }, 'strength: found 1.1, expected a number from 0 to 1'],
  [{ initImage: { sha256: '../x' } }, 'image: found ../x, expected a SHA-256 of 64 lower-case hexadecimal digits'],
  [{ style: 'y'.repeat(300) }, `style: found ${'y'.repeat(40)}…, expected one of flat, noto, none`],
])('refuses %j', (draft, message) => {
  expect(refusal(draft)).toBe(message);
});

test('a refused prompt is never repeated', () => {
  expect(refusal({ prompt: `secret ${'x'.repeat(1000)}` })).not.toContain('secret');
});

test('the card is chosen by name, the default one without a name', () => {
  const other = { ...TEST_CARD, name: 'other' };
  expect(chooseCard({ prompt: 'x', model: 'other' }, [TEST_CARD, other], 'testmodel')).toBe(other);
  expect(chooseCard({ prompt: 'x' }, [other, TEST_CARD], 'testmodel')).toBe(TEST_CARD);
  expect(() => chooseCard({ prompt: 'x', model: 'toString' }, [TEST_CARD, other], 'testmodel')).toThrow(
    'model: found toString, expected one of testmodel, other',
  );
});

describe('clip skip', () => {
  test('1 is the last layer, which is what silence means', () => {
    expect([resolve({ clipSkip: 1 }).clipSkip, resolve({ clipSkip: 2 }).clipSkip]).toEqual([null, 2]);
    expect(draftOf(resolve({ clipSkip: 3 })).clipSkip).toBe(3);
    expect(draftOf(resolve({}))).not.toHaveProperty('clipSkip');
  });

  test.each([0, 13, 1.5, Number.NaN])('%s is refused', (clipSkip) => {
    expect(() => resolve({ clipSkip })).toThrow(`clip skip: found ${clipSkip}, expected a whole number from 1 to 12`);
  });
});

test('at most eight parts are joined by AND', () => {
  const parts = (count: number) => Array(count).fill('fog').join(' AND ');
  expect(resolve({ prompt: parts(8) }).prompt).toBe(parts(8));
  expect(() => resolve({ prompt: parts(9) })).toThrow('AND: found 9, expected at most 8');
});
