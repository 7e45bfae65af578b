// The letters beside the program: every word of a chart, in every language, can be written with them, and they are as wide as they are taken
// for. What has them is asked of the fonts themselves.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { drawableText } from '../../src/charts/drawableText.ts';
import { textWidth } from '../../src/charts/textWidth.ts';
import { countText, dayText, timeText } from '../../src/core/figureText.ts';
import { LANGUAGES, type Language } from '../../src/discord/phrases/phrases.ts';
import { ROOT } from '../../src/root.ts';
import { wordsIn } from './words.ts';

interface Font {
  readonly has: (char: string) => boolean;
  /** In parts of the letters' height. */
  readonly width: (char: string) => number;
}

/** @source OpenType 1.9: cmap of format 4 or 12, hhea, hmtx, head */
function openFont(file: string): Font {
  const bytes = readFileSync(path.join(ROOT, 'src/image', file));
  const tables = new Map<string, number>();
  for (let at = 12; at < 12 + 16 * bytes.readUInt16BE(4); at += 16) {
    tables.set(bytes.toString('latin1', at, at + 4), bytes.readUInt32BE(at + 8));
  }
  const glyphs = glyphsOf(bytes, tables.get('cmap')!);
  const [hmtx, unitsPerEm] = [tables.get('hmtx')!, bytes.readUInt16BE(tables.get('head')! + 18)];
  const last = bytes.readUInt16BE(tables.get('hhea')! + 34) - 1;
  const advance = (glyph: number) => bytes.readUInt16BE(hmtx + 4 * Math.min(glyph, last)) / unitsPerEm;
  return {
    has: (char) => glyphs.has(char.codePointAt(0)!),
    width: (char) => advance(glyphs.get(char.codePointAt(0)!)!),
  };
}

function glyphsOf(bytes: Buffer, cmap: number): ReadonlyMap<number, number> {
  const glyphs = new Map<number, number>();
  for (let record = 0; record < bytes.readUInt16BE(cmap + 2); record += 1) {
    const at = cmap + bytes.readUInt32BE(cmap + 4 + 8 * record + 4);
    if (bytes.readUInt16BE(at) !== 4) continue;
    const count = bytes.readUInt16BE(at + 6) / 2;
    for (let segment = 0; segment < count; segment += 1) {
      const end = bytes.readUInt16BE(at + 14 + 2 * segment);
      const start = bytes.readUInt16BE(at + 16 + 2 * (count + segment));
      const delta = bytes.readUInt16BE(at + 16 + 2 * (2 * count + segment));
      const offsetAt = at + 16 + 2 * (3 * count + segment);
      const offset = bytes.readUInt16BE(offsetAt);
      for (let code = start; code <= end && code !== 0xffff; code += 1) {
        const listed = offset === 0 ? code : bytes.readUInt16BE(offsetAt + offset + 2 * (code - start));
        const glyph = offset === 0 || listed !== 0 ? (listed + delta) & 0xffff : 0;
        if (glyph !== 0) glyphs.set(code, glyph);
      }
    }
  }
  return glyphs;
}

const latin = openFont('labels.ttf');
const cjk = openFont('labels-cjk.otf');
const fontOf = (char: string) => [latin, cjk].find(({ has }) => has(char));

function everyWord(language: Language): readonly string[] {
  const { titles, shares, reasons } = wordsIn(language);
  const counts = [0, 999, 9_999, 12_345, 123_456, 1_234_567, 2_500_000_000].map((count) => countText(count, language));
  const times = [0, 12, 1_500, 119_000, 600_000, 86_400_000].map((ms) => timeText(ms, language));
  const days = Array.from({ length: 366 }, (_, day) => dayText(20_000 + day, language));
  return [...Object.values(titles), ...Object.values(shares), ...Object.values(reasons), ...counts, ...times, ...days];
}

test.each(Object.keys(LANGUAGES) as Language[])('every word of a chart in %s can be written', (language) => {
  const words = [...everyWord(language), '(UTC)', '1. …'];
  // A sign that is missing here: cut labels-cjk.otf out of Noto Sans CJK SC again with it, `pyftsubset --text=…` (THIRD-PARTY.md).
  expect([...new Set(words.join(''))].filter((char) => fontOf(char) === undefined)).toEqual([]);
});

test.each(Object.keys(LANGUAGES) as Language[])('and is about as wide as it is taken for in %s', (language) => {
  for (const word of everyWord(language)) {
    const real = [...word].reduce((sum, char) => sum + fontOf(char)!.width(char), 0);
    // A seventh, or half a letter where words are short.
    expect(Math.abs(textWidth(word, 1) - real), word).toBeLessThan(Math.max(0.5, real / 7));
  }
});

test('what is taken for a letter of the first font is one, and none is forgotten', () => {
  for (let code = 0x21; code < 0x2300; code += 1) {
    const char = String.fromCharCode(code);
    if (!/\p{L}|\p{N}|\p{P}|\p{S}/u.test(char) || char.normalize('NFKC') !== char) continue;
    // Beside a letter, for signs alone are no name.
    const isDrawn = drawableText(`a${char}`, new Set()) === `a${char}`;
    expect([char, isDrawn]).toEqual([char, latin.has(char)]);
  }
});
