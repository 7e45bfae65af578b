import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyReply, REPLY_STRENGTHS, replyOrder } from '../../src/core/reply.ts';
import { DEFAULT_LIMITS } from '../../src/core/request.ts';
import { draftOf, resolveRequest } from '../../src/core/resolve.ts';
import { DarkroomError } from '../../src/errors.ts';
import { anyText } from '../support/anyText.ts';
import { TEST_CARD, testRequest } from '../support/cards.ts';

const PARENT = testRequest({ prompt: 'a red heart', negativePrompt: 'text', seed: 5, count: 4, guidance: 0 });
const { vary, text: more, colour } = REPLY_STRENGTHS;

/** Reply to four pictures → kind, picture, prompt, negative prompt, strength. */
test.each([
  ['2', ['variation', 1, 'a red heart', 'text', vary]],
  ['#4', ['variation', 3, 'a red heart', 'text', vary]],
  ['V1', ['variation', 0, 'a red heart', 'text', vary]],
  ['2️⃣', ['variation', 1, 'a red heart', 'text', vary]],
  ['2 again', ['variation', 1, 'a red heart', 'text', vary]],
  ['2 in blue', ['reply', 1, 'a red heart, blue', 'text', colour]],
  ['2, in blue', ['reply', 1, 'a red heart, blue', 'text', colour]],
  ['3: more fog', ['reply', 2, 'a red heart, more fog', 'text', more]],
  ['in blue', ['reply', 0, 'a red heart, blue', 'text', colour]],
  ['blue', ['reply', 0, 'a red heart, blue', 'text', colour]],
  ['Blue!', ['reply', 0, 'a red heart, Blue', 'text', colour]],
  ['make it light blue', ['reply', 0, 'a red heart, light blue', 'text', colour]],
  ['but in red and white', ['reply', 0, 'a red heart, red and white', 'text', colour]],
  ['indigo', ['reply', 0, 'a red heart, indigo', 'text', colour]],
  ['with a blue hat', ['reply', 0, 'a red heart, with a blue hat', 'text', colour]],
  ['more fog', ['reply', 0, 'a red heart, more fog', 'text', more]],
  ['make it more foggy', ['reply', 0, 'a red heart, more foggy', 'text', more]],
  ['no people', ['reply', 0, 'a red heart', 'text, people', more]],
  ['without the text, more fog', ['reply', 0, 'a red heart, more fog', 'text', more]],
  ['no people and no cars', ['reply', 0, 'a red heart', 'text, people, cars', more]],
  ['northern lights', ['reply', 0, 'a red heart, northern lights', 'text', more]],
  ['蓝色', ['reply', 0, 'a red heart, 蓝色', 'text', colour]],
  ['2 换成蓝色', ['reply', 1, 'a red heart, 蓝色', 'text', colour]],
  ['不要人', ['reply', 0, 'a red heart', 'text, 人', more]],
  ['синий', ['reply', 0, 'a red heart, синий', 'text', colour]],
  ['без людей', ['reply', 0, 'a red heart', 'text, людей', more]],
  ['10cc album', ['reply', 0, 'a red heart, 10cc album', 'text', more]],
] as const)('%j', (text, expected) => {
  const { kind, parentImageIndex, draft } = applyReply(PARENT, text, 4);
  expect([kind, parentImageIndex, draft.prompt, draft.negativePrompt, draft.strength]).toEqual(expected);
  expect(draft).not.toHaveProperty('seed');
  expect(draft).not.toHaveProperty('initImage');
  expect(draft).toMatchObject({ guidance: 0, count: 4, style: 'flat', size: { widthPx: 96, heightPx: 64 } });
});

test.each(['again', 'Again!', 'reroll', 'one more', '🔁', 'ещё раз', '再来一次', ''])(
  '%j makes the same with a new seed',
  (text) => {
    const { seed: _, ...same } = draftOf(PARENT);
    expect(applyReply(PARENT, text, 4)).toEqual({ kind: 'again', parentImageIndex: null, draft: same });
  },
);

describe('options', () => {
  test('alone: the same request, its seed kept, so that only the option shows', () => {
    const plan = applyReply(PARENT, '--steps 40', 4);
    expect(plan).toEqual({ kind: 'again', parentImageIndex: null, draft: { ...draftOf(PARENT), steps: 40 } });
  });
  test('a seed alone', () => expect(applyReply(PARENT, '—seed 9', 4).draft.seed).toBe(9));
  test('beside text they count too', () => {
    const { draft, parentImageIndex } = applyReply(PARENT, '2 in blue --seed 0 --strength 0.2 --count 1', 4);
    expect(parentImageIndex).toBe(1);
    expect(draft).toMatchObject({ prompt: 'a red heart, blue', seed: 0, strength: 0.2, count: 1 });
  });
  test('a shape replaces the parent’s size', () => {
    const { draft } = applyReply(PARENT, 'more fog --ar 1:2', 4);
    expect(draft.size).toBeUndefined();
    expect(resolveRequest(draft, TEST_CARD, DEFAULT_LIMITS, 1).size).toEqual({ widthPx: 48, heightPx: 112 });
  });
  test('--no joins what the parent did not want', () => {
    expect(applyReply(PARENT, '--no people', 4).draft.negativePrompt).toBe('text, people');
    expect(applyReply(PARENT, 'again --no people', 4).draft.negativePrompt).toBe('text, people');
    expect(applyReply(PARENT, 'no cars --no people', 4).draft.negativePrompt).toBe('text, cars, people');
  });
  test('again with a seed takes it', () => expect(applyReply(PARENT, 'again --seed 3', 4).draft.seed).toBe(3));
  test('strengths are the caller’s to choose', () => {
    const { draft } = applyReply(PARENT, 'blue', 4, { vary: 0.1, text: 0.2, colour: 0.3 });
    expect(draft.strength).toBe(0.3);
  });
});

describe('the parent', () => {
  test('a colour takes the place of the colour of the reply before', () => {
    const blue = testRequest({ prompt: 'a red heart, blue' });
    expect(applyReply(blue, 'green', 1).draft.prompt).toBe('a red heart, green');
    expect(applyReply(blue, 'more fog', 1).draft.prompt).toBe('a red heart, blue, more fog');
  });
  test('a colour that is the whole prompt stays', () => {
    expect(applyReply(testRequest({ prompt: 'blue' }), 'green', 1).draft.prompt).toBe('blue, green');
  });
  test('its own start picture is used again only where the reply does not start from its result', () => {
    const start = testRequest({ initImage: { sha256: 'ab'.repeat(32) }, strength: 0.5 });
    expect(applyReply(start, 'again', 1).draft).toMatchObject({ initImage: start.initImage, strength: 0.5 });
    expect(applyReply(start, 'blue', 1).draft).not.toHaveProperty('initImage');
  });
  test('without a style does not get the model’s default one', () => {
    const plain = testRequest({ style: '' });
    expect(resolveRequest(applyReply(plain, 'blue', 1).draft, TEST_CARD, DEFAULT_LIMITS, 1).style).toBeNull();
  });
});

describe('numbers', () => {
  test('a picture there is not is refused with what there is', () => {
    expect(() => applyReply(PARENT, '5', 4)).toThrow('picture: found 5, expected a whole number from 1 to 4');
    expect(() => applyReply(PARENT, '0', 4)).toThrow('picture: found 0, expected a whole number from 1 to 4');
    expect(() => applyReply(PARENT, '2', 1)).toThrow('picture: found 2, expected one of 1');
  });
  test('with one picture, a number before words is part of the words', () => {
    expect(applyReply(PARENT, '3 cats', 1).draft.prompt).toBe('a red heart, 3 cats');
    expect(applyReply(PARENT, '1 in blue', 1)).toMatchObject({
      parentImageIndex: 0,
      draft: { prompt: 'a red heart, blue' },
    });
  });
});

test('any reply is a plan that resolves or a typed refusal', () => {
  const word = fc.constantFrom(
    '2',
    '#3',
    'in',
    'blue',
    'no',
    'more',
    'fog',
    ',',
    '--seed',
    '5',
    '—ar',
    '3:2',
    'again',
    '不要',
    '!',
    ';',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
        anyText(80),
      ),
      (text) => {
        try {
          const { draft, parentImageIndex } = applyReply(PARENT, text, 4);
          const request = resolveRequest(draft, TEST_CARD, DEFAULT_LIMITS, 1);
          expect(request.prompt.startsWith('a red heart')).toBe(true);
          expect(parentImageIndex === null || parentImageIndex < 4).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(DarkroomError);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

describe('orders about a result', () => {
  test.each([
    ['seed', { kind: 'seed' }],
    ['Recipe!', { kind: 'recipe' }],
    ['undo.', { kind: 'undo' }],
    ['удалить', { kind: 'delete' }],
    ['删除', { kind: 'delete' }],
    ['u2', { kind: 'pick', imageIndex: 1 }],
    ['U4', { kind: 'pick', imageIndex: 3 }],
  ])('%j', (text, order) => expect(replyOrder(text, 4)).toEqual(order));

  test.each(['seeds of a sunflower', 'more fog', '2', 'v2', 'u2 in blue', 'delete the tree', ''])(
    '%j is none',
    (text) => {
      expect(replyOrder(text, 4)).toBeUndefined();
    },
  );

  test('of a picture there is not are refused', () => {
    expect(() => replyOrder('u5', 4)).toThrow('picture: found 5');
    expect(() => replyOrder('u0', 4)).toThrow('picture: found 0');
  });
});
