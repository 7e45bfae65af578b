import { describe, expect, test } from 'vitest';
import { readPrompt } from '../../src/core/promptFlags.ts';
import { parseRecipe, recipeText } from '../../src/core/recipe.ts';
import { recipeHere } from '../../src/core/recipeHere.ts';
import { parsePan, usualMaskBlurPx, withoutRepaint } from '../../src/core/repaint.ts';
import { applyReply } from '../../src/core/reply.ts';
import { DEFAULT_LIMITS, type ModelCard, type RequestDraft } from '../../src/core/request.ts';
import { draftOf, resolveRequest } from '../../src/core/resolve.ts';
import { DarkroomError } from '../../src/errors.ts';
import { TEST_CARD } from '../support/cards.ts';

const SOURCE = { sha256: 'ab'.repeat(32) };
const MASK = { sha256: 'cd'.repeat(32) };
const INPAINTING: ModelCard = { ...TEST_CARD, needs: 'image+mask' };
const EDITING: ModelCard = { ...TEST_CARD, needs: 'image' };

const resolve = (draft: Partial<RequestDraft>, card = TEST_CARD) =>
  resolveRequest({ prompt: 'a heart', initImage: SOURCE, ...draft }, card, DEFAULT_LIMITS, 99);

function refusal(draft: Partial<RequestDraft>, card = TEST_CARD): string {
  try {
    resolveRequest({ prompt: 'a heart', ...draft }, card, DEFAULT_LIMITS, 99);
  } catch (thrown) {
    if (thrown instanceof DarkroomError && thrown.code === 'request_invalid') return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

describe('a mask', () => {
  test('softens its edge in proportion to the picture, 4 pixels at 512', () => {
    expect(usualMaskBlurPx({ widthPx: 512, heightPx: 768 })).toBe(4);
    expect(resolve({ mask: MASK })).toMatchObject({ initImage: SOURCE, mask: MASK, maskBlurPx: 1, strength: 0.6 });
    expect(resolve({ mask: MASK, maskBlurPx: 0 })).toMatchObject({ maskBlurPx: 0 });
  });

  test('its surroundings alone, also of a picture with a hole and no mask', () => {
    expect(resolve({ mask: MASK, onlyMaskedPx: 0 })).toMatchObject({ onlyMaskedPx: 0 });
    expect(resolve({ onlyMaskedPx: 32 })).toMatchObject({ onlyMaskedPx: 32 });
  });

  test('none leaves the request as it was', () => {
    const bare = resolve({});
    for (const key of ['mask', 'maskBlurPx', 'onlyMaskedPx', 'imageGuidance', 'outpaint'])
      expect(bare).not.toHaveProperty(key);
  });

  test.each<[Partial<RequestDraft>, RegExp]>([
    [{ mask: MASK }, /^image: found nothing, expected something, as in "\/imagine prompt: … image: …"/],
    [{ onlyMaskedPx: 32 }, /^image: found nothing/],
    [{ zoom: 1.5 }, /^image: found nothing/],
    [{ pan: { side: 'left', part: 0.5 } }, /^image: found nothing/],
    [{ initImage: SOURCE, mask: { sha256: 'x' } }, /^mask: found x, expected a SHA-256/],
    [{ initImage: SOURCE, mask: MASK, maskBlurPx: 65 }, /^mask blur: found 65, expected a whole number from 0 to 64/],
    [
      { initImage: SOURCE, mask: MASK, onlyMaskedPx: 2.5 },
      /^only-masked: found 2.5, expected a whole number from 0 to 256/,
    ],
    [{ initImage: SOURCE, mask: MASK, zoom: 2 }, /^mask: found a mask and a border, expected one of the two/],
  ])('%j is refused', (draft, message) => {
    expect(refusal(draft)).toMatch(message);
  });
});

describe('a model that needs a picture', () => {
  test.each([INPAINTING, EDITING])('($needs) refuses a request without one', (card) => {
    expect(refusal({}, card)).toMatch(/^image: found nothing/);
  });

  test('inpainting without a mask repaints everything', () => {
    expect(resolve({}, INPAINTING)).not.toHaveProperty('mask');
  });

  test('editing follows the picture by 1.5, or by what is asked for; others are not asked', () => {
    expect(resolve({}, EDITING)).toMatchObject({ imageGuidance: 1.5 });
    expect(resolve({ imageGuidance: 0 }, EDITING)).toMatchObject({ imageGuidance: 0 });
    expect(resolve({ imageGuidance: 2 })).not.toHaveProperty('imageGuidance');
    expect(refusal({ initImage: SOURCE, imageGuidance: 31 }, EDITING)).toMatch(/^image guidance: found 31/);
  });
});

describe('a larger canvas', () => {
  test('zooming out keeps the size and puts the odd pixel right and below', () => {
    expect(resolve({ zoom: 1.5 })).toMatchObject({
      size: { widthPx: 96, heightPx: 64 },
      outpaint: { leftPx: 16, rightPx: 16, upPx: 10, downPx: 11 },
    });
  });

  test.each([
    ['right', { widthPx: 144, heightPx: 64 }, { leftPx: 0, rightPx: 48, upPx: 0, downPx: 0 }],
    ['left:0.2', { widthPx: 112, heightPx: 64 }, { leftPx: 16, rightPx: 0, upPx: 0, downPx: 0 }],
    ['up:0.05', { widthPx: 96, heightPx: 80 }, { leftPx: 0, rightPx: 0, upPx: 16, downPx: 0 }],
    ['down:1', { widthPx: 96, heightPx: 128 }, { leftPx: 0, rightPx: 0, upPx: 0, downPx: 64 }],
  ])('panning %s makes it larger, by whole steps of the model', (text, size, outpaint) => {
    expect(resolve({ pan: parsePan(text)! })).toMatchObject({ size, outpaint });
  });

  test('both at once', () => {
    expect(resolve({ zoom: 2, pan: { side: 'up', part: 0.25 } })).toMatchObject({
      size: { widthPx: 96, heightPx: 80 },
      outpaint: { leftPx: 24, rightPx: 24, upPx: 32, downPx: 16 },
    });
  });

  test.each<[Partial<RequestDraft>, RegExp]>([
    [{ zoom: 1 }, /^zoom: found 1, expected a number from 1.05 to 4/],
    [{ zoom: 4.5 }, /^zoom: found 4.5/],
    [{ pan: { side: 'up', part: 2 } }, /^pan: found 2, expected a number from 0.05 to 1/],
    [
      { size: { widthPx: 1024, heightPx: 64 }, pan: { side: 'left', part: 0.5 } },
      /^pan: found 1536, expected at most 1024/,
    ],
    [{ outpaint: { leftPx: 0, rightPx: 0, upPx: 0, downPx: 0 } }, /^outpaint: found 0, 0, 0, 0, expected four borders/],
    [{ outpaint: { leftPx: 48, rightPx: 48, upPx: 0, downPx: 0 } }, /^outpaint: found 48, 48/],
    [{ outpaint: { leftPx: 1.5, rightPx: 0, upPx: 0, downPx: 0 } }, /^outpaint: found 1.5/],
  ])('%j is refused', (draft, message) => {
    expect(refusal({ initImage: SOURCE, ...draft })).toMatch(message);
  });
});

const EVERYTHING = [
  resolve({ mask: MASK }),
  resolve({ mask: MASK, maskBlurPx: 0, onlyMaskedPx: 16, strength: 0 }),
  resolve({ zoom: 1.5, pan: { side: 'right', part: 0.5 } }),
  resolve({ imageGuidance: 0 }, EDITING),
];

test.each(EVERYTHING)('a request is a draft that resolves to it again (%#)', (request) => {
  const card = request.imageGuidance === undefined ? TEST_CARD : EDITING;
  expect(resolveRequest(draftOf(request), card, DEFAULT_LIMITS, 1)).toEqual(request);
});

describe('a recipe', () => {
  test.each(EVERYTHING)('says it and is read back (%#)', (request) => {
    const { draft } = parseRecipe(recipeText(request, request.seed, { name: request.model }));
    const card = request.imageGuidance === undefined ? TEST_CARD : EDITING;
    expect(resolveRequest({ ...draft, count: 1 }, card, DEFAULT_LIMITS, 1)).toEqual(request);
  });

  test('in the words of AUTOMATIC1111', () => {
    const text = recipeText(resolve({ mask: MASK, maskBlurPx: 4, onlyMaskedPx: 16 }), 1, { name: 'testmodel' });
    expect(text).toContain(
      `Init image: ${SOURCE.sha256}, Mask blur: 4, Inpaint area: Only masked, Masked area padding: 16, Mask: ${MASK.sha256}`,
    );
    expect(recipeText(resolve({}, EDITING), 1, { name: 'testmodel' })).toContain('Image CFG scale: 1.5');
  });

  test('of AUTOMATIC1111, which names no files, asks for nothing that cannot be found', () => {
    const text =
      'a cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Denoising strength: 0.75, Mask blur: 4, Inpaint area: Only masked, Masked area padding: 32';
    const { draft } = parseRecipe(text);
    for (const key of ['mask', 'maskBlurPx', 'onlyMaskedPx']) expect(draft).not.toHaveProperty(key);
  });

  test.each([
    ['both files here', [SOURCE.sha256, MASK.sha256], true],
    ['the mask gone', [SOURCE.sha256], false],
    ['the picture gone', [MASK.sha256], false],
  ])('with %s', (_, kept, isWhole) => {
    const recipe = parseRecipe(recipeText(resolve({ mask: MASK, onlyMaskedPx: 8 }), 5, { name: 'testmodel' }));
    const here = {
      cards: [TEST_CARD],
      defaultModel: 'testmodel',
      limits: DEFAULT_LIMITS,
      hashes: { modelOf: () => undefined, hashOf: () => undefined },
      hasStart: (sha256: string) => kept.includes(sha256),
    };
    const { draft, differences } = recipeHere(recipe, here as never);
    expect('mask' in draft && 'initImage' in draft).toBe(isWhole);
    expect('onlyMaskedPx' in draft).toBe(isWhole);
    expect(differences.some(({ kind }) => kind === 'start')).toBe(!isWhole);
  });
});

describe('written into the prompt', () => {
  test.each([
    ['--zoom 1.5', { zoom: 1.5 }],
    ['--pan left', { pan: { side: 'left', part: 0.5 } }],
    ['--pan UP:0.25', { pan: { side: 'up', part: 0.25 } }],
    ['--only-masked', { onlyMaskedPx: 32 }],
    ['--only-masked=16', { onlyMaskedPx: 16 }],
    ['--mask-blur 0', { maskBlurPx: 0 }],
    ['--image-cfg 1.2', { imageGuidance: 1.2 }],
  ])('%s', (flags, fields) => {
    expect(readPrompt(`a cat ${flags} --seed 5`)).toEqual({ prompt: 'a cat', ...fields, seed: 5 });
  });

  test.each(['--pan sideways', '--pan left:', '--pan left:12', '--zoom much', '--pan'])('%s is refused', (flags) => {
    expect(() => readPrompt(`a cat ${flags}`)).toThrow(expect.objectContaining({ code: 'request_invalid' }));
  });
});

describe('a reply', () => {
  const parent = resolve({ mask: MASK, onlyMaskedPx: 8, count: 2 });

  test.each([
    ['--zoom 1.5', 0],
    ['2 --pan left', 1],
  ])('%s grows the picture itself, as much as the model likes', (text, parentImageIndex) => {
    const plan = applyReply(parent, text, 2);
    expect(plan).toMatchObject({ kind: 'variation', parentImageIndex });
    for (const key of ['initImage', 'mask', 'strength', 'seed', 'onlyMaskedPx'])
      expect(plan.draft).not.toHaveProperty(key);
  });

  test('that changes the result no longer has its mask; “again” does', () => {
    expect(applyReply(parent, 'more fog', 2).draft).not.toHaveProperty('mask');
    expect(applyReply(parent, 'again', 2).draft).toMatchObject({ mask: MASK, initImage: SOURCE, onlyMaskedPx: 8 });
  });
});

test('a draft without it', () => {
  expect(withoutRepaint({ ...draftOf(EVERYTHING[1]!), zoom: 2 })).not.toHaveProperty('mask');
});
