import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACTIONS, makeCustomIds } from '../../src/discord/customIds.ts';
import { testIds } from './samples.ts';

describe('custom ids', () => {
  test('come back as they were written', () => {
    const ids = testIds();
    expect(ids.read(ids.write('vary', 'abcdefghij', 3))).toEqual({ action: 'vary', args: ['abcdefghij', '3'] });
    expect(ids.read(ids.write('page', '100000000000000001', 0))?.args).toEqual(['100000000000000001', '0']);
  });

  test('of every action with a hash or two snowflakes stay under 100 characters', () => {
    const ids = testIds();
    for (const action of ACTIONS) {
      expect(ids.write(action, 'x'.repeat(43)).length).toBeLessThanOrEqual(100);
      expect(ids.write(action, '1'.repeat(20), '1'.repeat(20)).length).toBeLessThanOrEqual(100);
    }
    expect(() => ids.write('vary', 'x'.repeat(90))).toThrow(/has \d+ characters, at most 100/);
  });

  test('with any one bit flipped are refused', () => {
    const ids = testIds();
    const good = Buffer.from(ids.write('delete', 'abcdefghij'));
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(ids.read(bad.toString('latin1'))).toBeUndefined();
    }
  });

  test('of another key, another version or no shape at all are refused', () => {
    const [ours, theirs] = [testIds(), testIds()];
    expect(ours.read(theirs.write('delete', 'abcdefghij'))).toBeUndefined();
    fc.assert(fc.property(fc.string({ maxLength: 120 }), (text) => ours.read(text) === undefined));
  });

  test('survive a restart, because the key is kept', () => {
    const kept = new Map<string, string>();
    const setting = (key: string, make: () => string) => {
      if (!kept.has(key)) kept.set(key, make());
      return kept.get(key)!;
    };
    const written = makeCustomIds({ setting }).write('recipe', 'abcdefghij');
    expect(makeCustomIds({ setting }).read(written)).toEqual({ action: 'recipe', args: ['abcdefghij'] });
  });
});
