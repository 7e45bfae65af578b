import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/core/request.ts';
import { allowedSides, formatSize, parseAspect, parseSize, sizeOfAspect, suggestedSizes } from '../../src/core/size.ts';
import { TEST_CARD } from '../support/cards.ts';

test.each([
  ['96x64', { widthPx: 96, heightPx: 64 }],
  [' 96 X 64 ', { widthPx: 96, heightPx: 64 }],
  ['96×64', { widthPx: 96, heightPx: 64 }],
  ['96*64', { widthPx: 96, heightPx: 64 }],
  ['0x64', { widthPx: 0, heightPx: 64 }],
  ['96', undefined],
  ['96x64x3', undefined],
  ['-96x64', undefined],
  ['9.6x64', undefined],
  ['1e2x64', undefined],
  ['999999x64', undefined],
  ['', undefined],
])('size %j', (text, size) => expect(parseSize(text)).toEqual(size));

test.each([
  ['3:2', { width: 3, height: 2 }],
  ['16/9', { width: 16, height: 9 }],
  ['2.35:1', { width: 2.35, height: 1 }],
  ['0:1', undefined],
  ['3:', undefined],
  ['3:2:1', undefined],
])('aspect %j', (text, aspect) => expect(parseAspect(text)).toEqual(aspect));

test('a shape keeps the default area and the direction of its sides', () => {
  expect(sizeOfAspect({ width: 3, height: 1 }, TEST_CARD, DEFAULT_LIMITS)).toEqual({ widthPx: 128, heightPx: 48 });
  expect(sizeOfAspect({ width: 1, height: 3 }, TEST_CARD, DEFAULT_LIMITS)).toEqual({ widthPx: 48, heightPx: 128 });
});

test('any shape gives an allowed size', () => {
  const sides = allowedSides(TEST_CARD, DEFAULT_LIMITS);
  const side = fc.integer({ min: 1, max: 9999 });
  fc.assert(
    fc.property(side, side, (width, height) => {
      const size = sizeOfAspect({ width, height }, TEST_CARD, DEFAULT_LIMITS);
      return sides.includes(size.widthPx) && sides.includes(size.heightPx);
    }),
  );
});

test('allowed sides are the multiples up to the limit', () => {
  expect(allowedSides({ ...TEST_CARD, sizeStepPx: 300 }, DEFAULT_LIMITS)).toEqual([300, 600, 900]);
});

test('suggestions begin with the default size and repeat nothing', () => {
  const sizes = suggestedSizes(TEST_CARD, DEFAULT_LIMITS).map(formatSize);
  expect(sizes).toEqual(['96x64', '80x80', '64x96', '112x64', '64x112']);
});

test('a model of large pictures keeps its own wide shapes, half as long again as its size', () => {
  const size = { widthPx: 1024, heightPx: 1024 };
  const card = { ...TEST_CARD, sizeStepPx: 32, defaults: { ...TEST_CARD.defaults, size } };
  expect(allowedSides(card, DEFAULT_LIMITS).at(-1)).toBe(1536);
  expect(sizeOfAspect({ width: 3, height: 2 }, card, DEFAULT_LIMITS)).toEqual({ widthPx: 1248, heightPx: 832 });
  expect(sizeOfAspect({ width: 9, height: 16 }, card, DEFAULT_LIMITS)).toEqual({ widthPx: 768, heightPx: 1376 });
});
