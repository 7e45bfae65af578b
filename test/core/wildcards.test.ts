// Lists in prompts: drawn by the seed and by nothing else, evenly, all of them on request, and refused by name.
import { describe, expect, test } from 'vitest';
import { expandPrompt } from '../../src/core/permutations.ts';
import { drawWildcards, readChoices, wildcardName, withAllChoices } from '../../src/core/wildcards.ts';

const LISTS = new Map([
  ['animal', ['fox', 'owl', 'cat, wet', 'hen']],
  ['weather', ['rain', 'snow over a __animal__']],
  ['loop', ['__loop__ again']],
  ['动物', ['狐狸', '猫']],
]);

describe('a draw', () => {
  test('is the same for the same seed, and another for another seed', () => {
    const text = 'a __animal__ and a __Animal__ in __weather__';
    const draws = Array.from({ length: 40 }, (_, seed) => drawWildcards(text, LISTS, seed));
    expect(draws).toEqual(Array.from({ length: 40 }, (_, seed) => drawWildcards(text, LISTS, seed)));
    expect(new Set(draws).size).toBeGreaterThan(15);
    expect(draws.join()).not.toContain('__');
  });

  test('takes every choice about as often, for seeds in a row as people use them', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 4000; seed += 1) {
      const choice = drawWildcards('__animal__', LISTS, seed);
      counts.set(choice, (counts.get(choice) ?? 0) + 1);
    }
    expect(counts.size).toBe(4);
    // 1,000 of each are expected, with a standard deviation of 27.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(110);
  });

  test('of two places is not the same place twice', () => {
    const pairs = Array.from({ length: 200 }, (_, seed) =>
      drawWildcards('__animal__|__animal__', LISTS, seed).split('|'),
    );
    const same = pairs.filter(([one, other]) => one === other).length;
    expect(same).toBeGreaterThan(25);
    expect(same).toBeLessThan(80);
  });

  test('of a list that names itself ends', () => {
    expect(drawWildcards('__loop__', LISTS, 1)).toBe('__loop__ again again again again');
  });

  test('works in any script and leaves other underscores alone', () => {
    expect(['狐狸', '猫']).toContain(drawWildcards('__动物__', LISTS, 3));
    expect(drawWildcards('snake_case, ____, __ x __', LISTS, 3)).toBe('snake_case, ____, __ x __');
  });

  test('refuses a list there is not, and names the nearest', () => {
    expect(() => drawWildcards('__animals__', LISTS, 1)).toThrow('nearest is animal');
  });
});

test('all choices of a list are as many requests, commas in them kept', () => {
  const texts = expandPrompt(withAllChoices('a __animal:all__ by __weather__', LISTS));
  expect(texts).toEqual(['fox', 'owl', 'cat, wet', 'hen'].map((one) => `a ${one} by __weather__`));
});

test('lists are read from lines or commas, without remarks and repeats', () => {
  expect(readChoices('# animals\nfox\n\n owl, wet \nfox\r\nhen')).toEqual(['fox', 'owl, wet', 'hen']);
  expect(readChoices('fox, owl，hen')).toEqual(['fox', 'owl', 'hen']);
  expect(readChoices('')).toEqual([]);
});

test('names', () => {
  expect(wildcardName('__Sea-Birds__')).toBe('sea-birds');
  expect(wildcardName('a b')).toBeUndefined();
});
