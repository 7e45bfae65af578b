// Strangers' names as far as charts can show them: one line of letters the fonts have. Signs that stack, turn or hide text are left out, for a
// name is drawn beside other names; the message beside the chart says it whole.
import { cleanText } from '../core/cleanText.ts';

/** Scripts that need a font of the machine's own. */
export const FOREIGN_SCRIPTS = ['cjk', 'hangul'] as const;
export type ForeignScript = (typeof FOREIGN_SCRIPTS)[number];

/** What labels.ttf has; a test holds it against the file. */
const SHIPPED =
  /^[ -~\u00a0-\u024f\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03e1\u03f0-\u045f\u0490\u0491\u2010-\u2015\u2018-\u201f\u2022\u2026\u2032\u2033\u20ac\u2122\u2212]$/u;
const FOREIGN: Readonly<Record<ForeignScript, RegExp>> = {
  cjk: /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー・、。「」！？]$/u,
  hangul: /^\p{Script=Hangul}$/u,
};
/** Longer names than Discord's own 32 characters come only from files. */
const MAX_CHARS = 64;

/** The scripts beyond the shipped letters that a text would need. */
export function foreignScripts(text: string): readonly ForeignScript[] {
  const chars = [...plain(text)];
  return FOREIGN_SCRIPTS.filter((script) => chars.some((char) => FOREIGN[script].test(char)));
}

/** What of it can be drawn; empty where nothing of meaning is. @param scripts for which there is a font */
export function drawableText(text: string, scripts: ReadonlySet<ForeignScript>): string {
  const patterns = [SHIPPED, ...[...scripts].map((script) => FOREIGN[script])];
  const isThere = (char: string) => patterns.some((pattern) => pattern.test(char));
  // A letter whose marked form is missing is shown without its mark.
  const kept = [...plain(text)].flatMap((char) => [char, [...char.normalize('NFD')][0]!].find(isThere) ?? []);
  const line = kept.join('').replace(/\s+/gu, ' ').trim();
  return /[\p{L}\p{N}]/u.test(line) ? line : '';
}

/** Letters written with mathematical or wide signs become plain ones; a letter keeps the mark that is part of it, never a heap of them. */
function plain(text: string): string {
  const folded = cleanText(text.normalize('NFKC')).replace(/\p{M}/gu, '');
  return [...folded].slice(0, MAX_CHARS).join('');
}
