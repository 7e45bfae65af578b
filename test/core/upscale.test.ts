// What a wish for a larger picture becomes, and what a request with one costs.
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, isOnlyEnlarged } from '../../src/core/request.ts';
import { draftOf, resolveRequest } from '../../src/core/resolve.ts';
import { resolveUpscale, upscaledSize } from '../../src/core/upscale.ts';
import { workerNameOf, workOf } from '../../src/core/work.ts';
import { TEST_CARD } from '../support/cards.ts';

const UPSCALERS = [
  { name: '1x-clean', scale: 1 },
  { name: 'RealESRGAN_x4plus', scale: 4 },
  { name: 'x2', scale: 2 },
];
const SIZE = { widthPx: 96, heightPx: 64 };

const resolve = (draft: object) =>
  resolveRequest({ prompt: 'a heart', seed: 5, ...draft }, TEST_CARD, DEFAULT_LIMITS, 1, UPSCALERS);

describe('a wish', () => {
  test.each([
    [{}, UPSCALERS, { upscaler: 'RealESRGAN_x4plus', scale: 2, from: null }],
    [{}, UPSCALERS.slice(0, 1), { upscaler: '1x-clean', scale: 2, from: null }],
    [{}, [], { upscaler: null, scale: 2, from: null }],
    [{ upscaler: 'Lanczos', scale: 1.5 }, UPSCALERS, { upscaler: null, scale: 1.5, from: null }],
    [{ upscaler: 'x2', from: SIZE }, UPSCALERS, { upscaler: 'x2', scale: 2, from: SIZE }],
  ])('%o', (wish, upscalers, expected) => {
    expect(resolveUpscale(wish, upscalers, SIZE)).toEqual(expected);
  });

  test.each([
    [{ upscaler: 'realesrgan' }, 'nearest is RealESRGAN_x4plus'],
    [{ upscaler: '' }, 'expected one of 1x-clean'],
    [{ scale: 0.5 }, 'a number from 1 to 8'],
    [{ scale: Number.NaN }, 'a number from 1 to 8'],
    [{ scale: 8.01 }, 'a number from 1 to 8'],
  ])('%o is refused', (wish, words) => {
    expect(() => resolveUpscale(wish, UPSCALERS, SIZE)).toThrow(words);
  });

  test('no side grows beyond 4096 pixels, and the refusal says how far it may', () => {
    expect(() => resolveUpscale({ scale: 4 }, UPSCALERS, { widthPx: 512, heightPx: 1024 })).not.toThrow();
    expect(() => resolveUpscale({ scale: 4 }, UPSCALERS, { widthPx: 512, heightPx: 1040 })).toThrow('1 to 3.93');
  });

  test('sizes are whole, and never nothing', () => {
    expect(upscaledSize({ widthPx: 33, heightPx: 1 }, 1.5)).toEqual({ widthPx: 50, heightPx: 2 });
  });
});

describe('a request', () => {
  test('with an enlarged drawing is that again from its own draft', () => {
    const request = resolve({ upscale: { upscaler: 'lanczos', scale: 3 } });
    expect(request.upscale).toEqual({ upscaler: null, scale: 3, from: null });
    expect(resolve(draftOf(request))).toEqual(request);
  });

  test('that only enlarges needs no words, no strength, and its draft draws the original', () => {
    const initImage = { sha256: 'ab'.repeat(32) };
    const request = resolve({ prompt: '', initImage, strength: 0.5, upscale: { from: SIZE } });
    expect(isOnlyEnlarged(request)).toBe(true);
    expect(request).toMatchObject({ prompt: '', strength: null, initImage });
    expect(draftOf(request)).not.toHaveProperty('upscale');
    expect(draftOf(request)).not.toHaveProperty('initImage');
    expect(() => resolve({ prompt: '' })).toThrow('prompt');
  });

  test('costs what its passes cost, at the pace of whoever makes them', () => {
    const initImage = { sha256: 'ab'.repeat(32) };
    const only = (upscale: object) => resolve({ initImage, upscale: { from: SIZE, ...upscale } });
    expect(workerNameOf(resolve({ upscale: {} }))).toBe('testmodel');
    expect(workerNameOf(only({}))).toBe('RealESRGAN_x4plus');
    expect(workerNameOf(only({ upscaler: 'lanczos' }))).toBe('lanczos');
    const drawn = workOf(resolve({}));
    expect(workOf(resolve({ upscale: {} }))).toBeCloseTo(drawn + workOf(only({})), 9);
    expect(workOf(only({ upscaler: 'lanczos' }))).toBeLessThan(workOf(only({})));
    expect(workOf(only({ upscaler: 'lanczos' }))).toBeGreaterThan(0);
  });
});
