// Sheets as people write them: axes of any flags or of words, one seed for all cells, and what is refused.
import { describe, expect, test } from 'vitest';
import { axisLabels, cellDrafts, MAX_CELLS, readSheet, sheetOf, sheetTitle } from '../../src/core/sheet.ts';

describe('a sheet in a prompt', () => {
  test.each([
    ['a fox --x cfg:3,5,7 --y sampler:euler,ddim', 'a fox', 'cfg', ['3', '5', '7'], 'sampler', ['euler', 'ddim']],
    ['--y steps:8,12 a fox', '', 'steps', ['8', '12 a fox'], null, null],
    ['a fox —x=cfg:3,5 --seed 4', 'a fox --seed 4', 'cfg', ['3', '5'], null, null],
    [
      'a red fox --x words: red, deep blue --y no:text, blur --tile',
      'a red fox --tile',
      'words',
      ['red', 'deep blue'],
      'no',
      ['text', 'blur'],
    ],
    ['狐狸 --x cfg：3，5', '狐狸', 'cfg', ['3', '5'], null, null],
    ['a fox --x lora:ink:0.5,ink:0.8', 'a fox', 'lora', ['ink:0.5', 'ink:0.8'], null, null],
  ])('%s', (prompt, text, xName, xValues, yName, yValues) => {
    const spec = readSheet(prompt);
    expect(spec).toEqual({
      text,
      x: { name: xName, values: xValues },
      y: yName === null ? null : { name: yName, values: yValues },
    });
  });

  test('is none without axes', () => {
    expect(readSheet('a fox --ar 3:2')).toBeUndefined();
    expect(readSheet('x and y')).toBeUndefined();
  });

  test.each([
    ['a --x cfg', 'cfg:3,5,7'],
    ['a --x cfg:3', 'cfg:3,5,7'],
    ['a --x speed:3,4', 'expected one of'],
    ['a --x cfg:1,2 --y cfg:3,4', 'another parameter'],
    [`a --x steps:${Array.from({ length: 13 }, (_, i) => i + 1).join()} --y cfg:1,2`, `at most ${MAX_CELLS}`],
  ])('refuses %s', (prompt, why) => {
    expect(() => readSheet(prompt)).toThrow(why);
  });
});

describe('cells', () => {
  test('go row by row and share the seed, unless it is what changes', () => {
    const spec = sheetOf('a fox --steps 9 --count 4', 'cfg: 3, 5', 'sampler: euler, ddim');
    const drafts = cellDrafts(spec, 77);
    expect(drafts.map(({ guidance, sampler }) => [guidance, sampler])).toEqual([
      [3, 'euler'],
      [5, 'euler'],
      [3, 'ddim'],
      [5, 'ddim'],
    ]);
    expect(drafts.every(({ seed, steps, count }) => seed === 77 && steps === 9 && count === 1)).toBe(true);
    const seeds = cellDrafts(sheetOf('a fox', 'seed:1,2,3', null), 77);
    expect(seeds.map(({ seed }) => seed)).toEqual([1, 2, 3]);
  });

  test('exchange words of the prompt', () => {
    const prompts = cellDrafts(sheetOf('a red fox, red', 'words: red, blue', null), 1).map(({ prompt }) => prompt);
    expect(prompts).toEqual(['a red fox, red', 'a blue fox, blue']);
    expect(() => cellDrafts(sheetOf('a fox', 'words: red, blue', null), 1)).toThrow('stand in the prompt');
  });

  test('are refused as a prompt with that flag would be', () => {
    expect(() => cellDrafts(sheetOf('a fox', 'sampler: euler, nothing', null), 1)).toThrow('sampler');
  });
});

test('labels say what changed, and keep private words private', () => {
  const spec = sheetOf('a red fox', 'words: red, blue', 'cfg: 3, 5');
  expect(axisLabels(spec.x, false)).toEqual(['red', 'blue']);
  expect(axisLabels(spec.y!, false)).toEqual(['cfg 3', 'cfg 5']);
  expect(sheetTitle(spec, false)).toBe('words red, blue × cfg 3, 5');
  expect(axisLabels(spec.x, true)).toEqual(['1', '2']);
  expect(sheetTitle(spec, true)).toBe('words 1, 2 × cfg 3, 5');
});
