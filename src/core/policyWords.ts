// Words of rules as something that is looked for in the readings of a text. A star at an end of a word stands for any letters there.
// One regular expression for a whole list: literals side by side, so that its time grows with the text alone.
import { foldText, type Reading, SPACELESS, skeletonOf } from './policyText.ts';

export interface Found {
  /** UTF-16 places in the reading. */
  readonly start: number;
  readonly end: number;
}

export interface WordMatcher {
  find(reading: Reading): Found | undefined;
}

const LETTER = '[\\p{L}\\p{N}]';
/** ロリ is no part of ロリポップ: words of these letters have ends, though no spaces. */
const KATAKANA = '[\\p{Script=Katakana}ー]';
/** Letters of a word that may be found inside joined letters, where its ends are not known; shorter ones are in everything. */
const MIN_LOOSE_CHARS = 4;
const NOTHING = /(?!)/u;

/** @param words as people wrote them */
export function wordMatcher(words: readonly string[]): WordMatcher {
  const folded = [...new Set(words.map((word) => foldText(word.trim())))].filter((word) => word !== '');
  const skeletons = [...new Set(folded.map(skeletonOf))];
  const patterns = lazily({
    plain: () => union(folded.map(bounded)),
    lookalike: () => union(skeletons.map(bounded)),
    loose: () =>
      union(
        [...folded, ...skeletons].filter(isLong).map((word) => ({ inner: literal(bare(word)), before: '', after: '' })),
      ),
  });
  return {
    find({ kind, text }) {
      if (kind === 'spaced') {
        return (
          foundBy(patterns.plain(), text) ?? foundBy(patterns.lookalike(), text) ?? foundBy(patterns.loose(), text)
        );
      }
      return foundBy(kind === 'lookalike' ? patterns.lookalike() : patterns.plain(), text);
    },
  };
}

function foundBy(pattern: RegExp, text: string): Found | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length };
}

function lazily<K extends string>(makers: Readonly<Record<K, () => RegExp>>): Readonly<Record<K, () => RegExp>> {
  const made = new Map<string, RegExp>();
  const entries = Object.entries<() => RegExp>(makers).map(([name, make]) => {
    const get = () => {
      const pattern = made.get(name) ?? make();
      made.set(name, pattern);
      return pattern;
    };
    return [name, get];
  });
  return Object.fromEntries(entries);
}

/** Words with the same ends side by side between them, so that an end is looked at once for all. */
function union(words: readonly Bounded[]): RegExp {
  if (words.length === 0) return NOTHING;
  const groups = new Map<string, Bounded[]>();
  for (const word of words) {
    const ends = `${word.before} ${word.after}`;
    groups.set(ends, [...(groups.get(ends) ?? []), word]);
  }
  const sources = [...groups.values()].map((group) => {
    const { before, after } = group[0]!;
    return `${before}(?:${group.map(({ inner }) => inner).join('|')})${after}`;
  });
  return new RegExp(sources.join('|'), 'u');
}

function isLong(word: string): boolean {
  const chars = [...bare(word)];
  return chars.length >= (SPACELESS.test(word) ? 2 : MIN_LOOSE_CHARS);
}

function bare(word: string): string {
  return word.replace(/^\*|\*$/gu, '');
}

function literal(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/[\s_-]+/g, '[\\s_-]+');
}

interface Bounded {
  readonly before: string;
  readonly inner: string;
  readonly after: string;
}

/** The word between the ends that its script has; a star takes one away. A lone star is a sign like any other. */
function bounded(word: string): Bounded {
  const inner = word.length > 2 ? bare(word) : word;
  const [first, last] = [[...inner][0] ?? '', [...inner].at(-1) ?? ''];
  const before = word.startsWith('*') && inner !== word ? '' : edge(first, '?<!');
  const after = word.endsWith('*') && inner !== word ? `${LETTER}*` : edge(last, '?!');
  return { before, inner: literal(inner), after };
}

function edge(sign: string, look: '?<!' | '?!'): string {
  if (/\p{Script=Katakana}|ー/u.test(sign)) return `(${look}${KATAKANA})`;
  // Particles follow Korean words without a space.
  if (SPACELESS.test(sign) || (look === '?!' && /\p{Script=Hangul}/u.test(sign))) return '';
  return `(${look}${LETTER})`;
}
