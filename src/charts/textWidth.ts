// How wide text is in the letters charts are written in, without drawing it: near enough to end a name in time and to keep labels apart.

/** Signs of about the same width, in parts of the letters' height; averages of Noto Sans. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/^[ijl'|.,:;!I \u00a0]$/u, 0.27],
  [/^[tfr()[\]/\\-]$/u, 0.34],
  [/^[mwMW@%ЖМШЩФЮЫжмшщфюыɯ]$/u, 0.89],
  [/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}、-〿！-～…—]$/u, 1],
  [/^\p{Lu}$/u, 0.66],
];
const OTHERS = 0.57;

/** In pixels. */
export function textWidth(text: string, sizePx: number): number {
  let width = 0;
  for (const char of text) width += WIDTHS.find(([signs]) => signs.test(char))?.[1] ?? OTHERS;
  return width * sizePx;
}

/** At most so wide, ended by an ellipsis where something is left out. */
export function cutToWidth(text: string, sizePx: number, maxPx: number): string {
  if (textWidth(text, sizePx) <= maxPx) return text;
  let kept = '';
  for (const char of text) {
    if (textWidth(`${kept}${char}…`, sizePx) > maxPx) break;
    kept += char;
  }
  return `${kept.trimEnd()}…`;
}
