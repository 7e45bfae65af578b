// Braces, repeats and double colons in prompts.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDoubleColons } from '../../src/core/doubleColons.ts';
import { expandPrompt, MAX_PERMUTATIONS } from '../../src/core/permutations.ts';
import { readPrompt } from '../../src/core/promptFlags.ts';
import { promptParts } from '../../src/core/promptParts.ts';
import { anyText } from '../support/anyText.ts';

describe('a prompt with braces', () => {
  test.each([
    ['a cat', ['a cat']],
    ['{red, blue} cat', ['red cat', 'blue cat']],
    ['{red, blue} {cat, dog}', ['red cat', 'red dog', 'blue cat', 'blue dog']],
    ['a {, big} cat', ['a  cat', 'a big cat']],
    // Once 'd' came twice here, and was charged twice.
    ['{a {b, c}, d}', ['a b', 'a c', 'd']],
    ['{{a, b}, c} {d, e}', ['a d', 'a e', 'b d', 'b e', 'c d', 'c e']],
    ['{x {a, b} y}', ['{x a y}', '{x b y}']],
    ['{open {a, b}', ['{open a', '{open b']],
    ['{red，蓝} 猫', ['red 猫', '蓝 猫']],
    ['fox --steps {10, 20}', ['fox --steps 10', 'fox --steps 20']],
    ['{cat}', ['{cat}']],
    ['{{masterpiece}} cat', ['{{masterpiece}} cat']],
    ['\\{red, blue\\} cat', ['{red, blue} cat']],
    ['{red\\, white, blue}', ['red, white', 'blue']],
    ['open { and } closed, {', ['open { and } closed, {']],
    ['a } b { c', ['a } b { c']],
    ['cat --repeat 2', ['cat', 'cat']],
    ['{a, b} —repeat=2 --seed 5', ['a --seed 5', 'a --seed 5', 'b --seed 5', 'b --seed 5']],
  ])('%j', (text, texts) => {
    expect(expandPrompt(text).map((one) => one.trim())).toEqual(texts.map((one) => one.trim()));
  });

  test.each([
    ['{a,b}{a,b}{a,b}{a,b}{a,b}', 'permutations: found 17, expected at most 16'],
    ['cat --repeat 17', '--repeat: found 17, expected a whole number from 1 to 16'],
    ['cat --repeat x', '--repeat: found x'],
    ['{a, b} --repeat 9', 'permutations: found 18, expected at most 16'],
  ])('%j is refused', (text, message) => expect(() => expandPrompt(text)).toThrow(message));

  test('any text gives at most so many, quickly, or says that it is too many', () => {
    const braces = fc.array(fc.constantFrom('{', '}', ',', '\\', 'a', ' ', '{a,b}'), { maxLength: 2000 });
    fc.assert(
      fc.property(
        fc.oneof(
          anyText(2000),
          braces.map((signs) => signs.join('')),
        ),
        (text) => {
          try {
            expect(expandPrompt(text).length).toBeLessThanOrEqual(MAX_PERMUTATIONS);
          } catch (thrown) {
            expect(String(thrown)).toMatch(/permutations|--repeat/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** A text as a tree: words one after the other, and choices. */
type Tree = string | { readonly choices: readonly (readonly Tree[])[] };
const { trees } = fc.letrec<{ trees: readonly Tree[]; tree: Tree }>((tie) => ({
  trees: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
  tree: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.constantFrom('a', 'fox', '\\,', '\\{', '--seed 5', '蓝'),
    fc.record({ choices: fc.array(tie('trees'), { minLength: 2, maxLength: 3 }) }),
  ),
}));
const written = (tree: Tree): string =>
  typeof tree === 'string' ? tree : `{${tree.choices.map((one) => one.map(written).join(' ')).join(', ')}}`;
/** Every way through a tree, straight from its definition. */
const ways = (list: readonly Tree[]): string[] =>
  list
    .map((tree) => (typeof tree === 'string' ? [tree.replace('\\', '')] : tree.choices.flatMap(ways)))
    .reduce(
      (heads, tails) => heads.flatMap((head) => tails.map((tail) => [head, tail].filter(Boolean).join(' '))),
      [''],
    );

test('braces stand for every way through them, in the order they are written, each once', () => {
  fc.assert(
    fc.property(trees, fc.integer({ min: 1, max: 3 }), (list, times) => {
      const text = `${list.map(written).join(' ')} --repeat ${times}`;
      const expected = ways(list).flatMap((one) => Array<string>(times).fill(one));
      if (expected.length > MAX_PERMUTATIONS) expect(() => expandPrompt(text)).toThrow('permutations');
      else expect(expandPrompt(text).map((one) => one.trim())).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

describe('double colons', () => {
  test.each([
    ['a castle', 'a castle'],
    ['castle::3 fog::1', 'castle :0.75 AND fog :0.25'],
    ['castle:: fog', 'castle :0.5 AND fog :0.5'],
    ['castle::1, red roof::-0.5', 'castle :2 AND red roof :-1'],
    ['castle::2', 'castle'],
    ['castle::2 fog::0', 'castle'],
    ['std::vector of cats', 'std::vector of cats'],
  ])('%j is %j', (text, parts) => expect(readDoubleColons(text)).toBe(parts));

  test('whose weights cancel are refused', () => {
    expect(() => readDoubleColons('castle::1 fog::-1')).toThrow('::: found 0');
  });

  test('become parts whose weights sum to one', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(weights, (numbers) => {
        const text = numbers.map((number, index) => `w${index}::${number}`).join(' ');
        const sum = promptParts(readDoubleColons(text)).reduce((total, { weight }) => total + weight, 0);
        expect(sum).toBeCloseTo(1, 2);
      }),
    );
  });

  test('are read wherever a prompt is', () => {
    expect(readPrompt('castle::3 fog::1 --seed 5')).toEqual({ prompt: 'castle :0.75 AND fog :0.25', seed: 5 });
  });
});
