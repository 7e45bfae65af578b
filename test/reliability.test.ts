// test/RELIABILITY.md names a test for every line of what must hold; a renamed or deleted test must not leave the table promising it.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../src/root.ts';
import { MUTANTS } from './mutants/mutants.ts';

const TABLES = readFileSync(path.join(ROOT, 'test/RELIABILITY.md'), 'utf8');
const KINDS = new Set(['unit', 'emulator', 'real process', 'simulation']);

interface Row {
  readonly line: string;
  readonly proofs: readonly { readonly file: string; readonly titles: readonly string[] }[];
  readonly kinds: readonly string[];
}

/** Rows of the tables under a heading. */
function rowsOf(heading: string): Row[] {
  const [section = ''] = (TABLES.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ');
  const rows = section.split('\n').filter((one) => one.startsWith('| ') && !one.startsWith('| line |'));
  return rows.map((row) => {
    const [, line = '', , proofs = '', kinds = ''] = row.split(/(?<=^|\s)\|(?=\s|$)/).map((cell) => cell.trim());
    return { line, proofs: proofs.split('<br>').map(proofOf), kinds: kinds.split(', ') };
  });
}

function proofOf(text: string): Row['proofs'][number] {
  const [, file = '', titles = ''] = /^\s*`([^`]+)`: (.+?)\s*$/.exec(text) ?? [];
  return { file, titles: titles.split(/(?<=\*), (?=\*)/).map((title) => title.replace(/^\*|\*$/g, '')) };
}

/** As a test's title or the name of a row of its table: a whole literal, or the end of one that begins with a number. */
function holds(code: string, title: string): boolean {
  const asWritten = title.replaceAll("'", "\\'");
  const literals = ["'", '"', '`'].flatMap((quote) => [`${quote}${title}${quote}`, `${quote}${asWritten}${quote}`]);
  return [...literals, `} ${title}\``, `('${title}'`].some((literal) => code.includes(literal));
}

const SECTIONS = { Promises: 6, 'Kill points': 14, Faults: 29, 'Hostile input': 17 };

describe.each(Object.entries(SECTIONS))('%s', (heading, least) => {
  const rows = rowsOf(heading);

  test('has all its lines', () => {
    expect(rows.length).toBeGreaterThanOrEqual(least);
    expect(new Set(rows.map(({ line }) => line)).size).toBe(rows.length);
  });

  test.each(rows)('$line: its tests exist', ({ proofs, kinds }) => {
    for (const kind of kinds) expect(KINDS, kind).toContain(kind);
    for (const { file, titles } of proofs) {
      expect(file.startsWith('test/') && existsSync(path.join(ROOT, file)), `the file ${file}`).toBe(true);
      const code = readFileSync(path.join(ROOT, file), 'utf8');
      for (const title of titles) expect(title !== '' && holds(code, title), `${file}: ${title}`).toBe(true);
    }
  });
});

test('every mutant has its row', () => {
  for (const { does } of MUTANTS) expect(TABLES, does).toContain(`| ${does} |`);
});
