// Strangers' names in charts: what is left of them, and that it is one short line of letters the fonts have.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawableText, type ForeignScript, foreignScripts } from '../../src/charts/drawableText.ts';
import { cutToWidth, textWidth } from '../../src/charts/textWidth.ts';
import { anyText } from '../support/anyText.ts';

const none: ReadonlySet<ForeignScript> = new Set();
const all: ReadonlySet<ForeignScript> = new Set(['cjk', 'hangul']);

test.each([
  ['Ann', 'Ann'],
  ['Дмитрий Ж.', 'Дмитрий Ж.'],
  // Heaps of marks, fancy letters, letters whose marked form is in no font here.
  ['Z̵̧̛̪a̶̢l̸g̷o̵', 'Zalgo'],
  ['𝓕𝓪𝓷𝓬𝔂 Ｗｉｄｅ', 'Fancy Wide'],
  ['Nguyễn Văn Ḧ', 'Nguyen Văn H'],
  // Directions, invisible signs, lines.
  ['\u202eevil\u202c\u200b name\n2', 'evil name 2'],
  ['علي Ali', 'Ali'],
  ['🔥🔥🔥', ''],
  ['...', ''],
  ['', ''],
])('%j is drawn as %j', (name, drawn) => {
  expect(drawableText(name, none)).toBe(drawn);
});

test('names in other scripts are drawn where the machine has letters for them', () => {
  expect(foreignScripts('田中さくら 김 Ann')).toEqual(['cjk', 'hangul']);
  expect(foreignScripts('Ann Жук')).toEqual([]);
  expect(drawableText('田中さくら Ann', none)).toBe('Ann');
  expect(drawableText('田中さくら Ann', all)).toBe('田中さくら Ann');
  expect(drawableText('김철수', new Set(['hangul']))).toBe('김철수');
});

test('whatever somebody calls himself, it is one line of plain letters', () => {
  fc.assert(
    fc.property(anyText(80), (name) => {
      const drawn = drawableText(name, all);
      expect(drawn).not.toMatch(/[\p{C}\p{M}\n]|\s\s|^\s|\s$/u);
      expect([...drawn].length).toBeLessThanOrEqual(64);
      expect(textWidth(cutToWidth(drawn, 24, 350), 24)).toBeLessThanOrEqual(350);
    }),
  );
});

describe('a line that is too wide', () => {
  test('ends in an ellipsis, between signs', () => {
    expect(cutToWidth('Bob the exceptionally long-winded', 24, 200)).toBe('Bob the excepti…');
    expect(cutToWidth('short', 24, 200)).toBe('short');
    expect(cutToWidth('𠮷'.repeat(20), 24, 100)).toBe('𠮷𠮷𠮷…');
  });
});
