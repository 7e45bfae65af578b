// test/golden/ORACLE.md: one section a test file, each written by its own, and the distances the sections tell.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../src/root.ts';

const FILE = path.join(ROOT, 'test/golden/ORACLE.md');

export interface Distance {
  /** Relative, of the final latents. */
  readonly latents: number;
  /** Of any 8-bit value. */
  readonly bytes: number;
}

/** Rewrites what stands before the first section; only where ORACLE_TABLE says `write`. */
export function writeOracleHead(text: string): void {
  const [, ...sections] = readSections();
  write([text, ...sections]);
}

/** Rewrites the section of this heading, or adds it as the last; only where ORACLE_TABLE says `write`. */
export function writeOracleSection(heading: string, text: string): void {
  const sections = readSections();
  const section = `${heading}\n\n${text}\n`;
  const at = sections.findIndex((one) => one.startsWith(`${heading}\n`));
  write(at === -1 ? [...sections, section] : sections.with(at, section));
}

function readSections(): readonly string[] {
  return readFileSync(FILE, 'utf8').split(/\n## /);
}

function write(sections: readonly string[]): void {
  if (process.env.ORACLE_TABLE !== 'write') return;
  writeFileSync(FILE, `${sections.map((section) => section.trimEnd()).join('\n\n## ')}\n`);
}

/** `1 (2.3e-6)`, the worst of them. */
export function worstOf(found: readonly Distance[]): string {
  if (found.length === 0) return '–';
  const bytes = Math.max(...found.map((distance) => distance.bytes));
  const latents = Math.max(...found.map((distance) => distance.latents));
  return `${bytes} (${latents.toExponential(1)})`;
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Layouts down, samplers across. @param distances by [layout, sampler] */
export function layoutTable(distances: ReadonlyMap<readonly [string, string], Distance>): string {
  const entries = [...distances];
  const layouts = [...new Set(entries.map(([[layout]]) => layout))];
  const samplers = [...new Set(entries.map(([[, sampler]]) => sampler))];
  const cell = (layout: string, sampler: string) =>
    worstOf(entries.filter(([key]) => key[0] === layout && key[1] === sampler).map(([, distance]) => distance));
  const rows = layouts.map((layout) => [layout, ...samplers.map((sampler) => cell(layout, sampler))]);
  return markdownTable(['layout', ...samplers], rows);
}
