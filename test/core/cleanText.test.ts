import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText, countChars } from '../../src/core/cleanText.ts';
import { anyText } from '../support/anyText.ts';

test.each([
  ['a  red\n\theart ', 'a red heart'],
  ['a\u202ered\u2066 heart\u2069', 'ared heart'],
  ['z\u200be\u200cr\u200do\ufeff', 'zero'],
  ['bell\u0007 null\u0000end\u007f', 'bell null end'],
  ['soft\u00adhyphen', 'softhyphen'],
  ['lone \ud800 surrogate', 'lone surrogate'],
  ['cafe\u0301', 'café'],
  ['woman firefighter 👩‍🚒 kept', 'woman firefighter 👩‍🚒 kept'],
  ['dark skin 👩🏿‍🚒', 'dark skin 👩🏿‍🚒'],
  ['heart on fire ❤️‍🔥', 'heart on fire ❤️‍🔥'],
  ['tags \u{e0068}\u{e0069}gone', 'tags gone'],
  ['\ufdd0smuggled\ufdd0', 'smuggled'],
  ['红心  火焰', '红心 火焰'],
  ['красное сердце', 'красное сердце'],
  ['', ''],
])('%j becomes %j', (text, clean) => expect(cleanText(text)).toBe(clean));

test('any text becomes one line without control or direction characters, and stays so', () => {
  fc.assert(
    fc.property(anyText(200), (text) => {
      const clean = cleanText(text);
      expect(clean).not.toMatch(/[\p{Cc}\p{Cs}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]| {2}|^ | $/u);
      expect(cleanText(clean)).toBe(clean);
    }),
    { numRuns: 1_000 },
  );
});

test('characters are counted as code points', () => expect(countChars('a🔥é')).toBe(3));
