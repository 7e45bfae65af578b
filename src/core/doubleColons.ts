// "castle::2 fog::1": parts of a prompt with weights against each other, as people know them from elsewhere, turned into parts joined by
// AND whose weights sum to one, so that the guidance as a whole stays as strong as it was.
import { refuse } from './refusal.ts';

const PART = /(.*?)::\s*(-?\d{1,4}(?:\.\d{1,4})?)?(?=[\s,]|$)/gsu;

/** The text as it is where it has no "::". @throws request_invalid when the weights sum to nothing */
export function readDoubleColons(text: string): string {
  if (!text.includes('::')) return text;
  const parts: { readonly words: string; readonly weight: number }[] = [];
  let end = 0;
  for (const match of text.matchAll(PART)) {
    parts.push({ words: tidy(match[1]!), weight: match[2] === undefined ? 1 : Number(match[2]) });
    end = match.index + match[0].length;
  }
  parts.push({ words: tidy(text.slice(end)), weight: 1 });
  const said = parts.filter(({ words, weight }) => words !== '' && weight !== 0);
  if (said.length < 2) return said[0]?.words ?? '';
  const sum = said.reduce((total, { weight }) => total + weight, 0);
  if (sum <= 0) refuse('::', Math.round(sum * 1e4) / 1e4, { kind: 'form', example: 'castle::2 fog::1' });
  return said.map(({ words, weight }) => `${words} :${share(weight / sum)}`).join(' AND ');
}

function tidy(words: string): string {
  return words.replace(/^[\s,]+|[\s,]+$/gu, '');
}

/** Four digits are finer than anybody sees. */
function share(weight: number): string {
  return String(Math.round(weight * 1e4) / 1e4);
}
