// How a text is read before rules are held against it: as written, with look-alike letters undone, without signs inside words, with spaced
// letters joined. Every reading is a text of its own, so that a hit can be shown at its place.
// Deliberately not here: what a prompt's brackets and weights do; moderation.ts takes them away first.

/** `spaced` holds only letters that stood alone, joined: there the ends of words are not known. */
export type ReadingKind = 'plain' | 'joined' | 'squeezed' | 'lookalike' | 'spaced';

export interface Reading {
  readonly kind: ReadingKind;
  /** Folded as `foldText` does. */
  readonly text: string;
}

/** Lower case, compatibility forms, accents and invisible characters removed, so that "ｎüd\u200be" reads "nude". */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(MARKS, '').toLowerCase().replaceAll('ß', 'ss').normalize('NFC');
}

/** The marks that make が of か tell words apart, so they stay. */
const MARKS = /(?![\u3099\u309a])[\p{M}\p{Default_Ignorable_Code_Point}]+/gu;

/** Signs with a letter on each side, as in n-u-d-e, por.n and nu_de. */
const INNER_SIGNS = /(?<=\p{L})[^\p{L}\p{N}\s]+(?=\p{L})/gu;
/** Scripts written without spaces, where a space or a sign between two letters parts a word. */
export const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const BETWEEN = new RegExp(`(?<=${SPACELESS.source})[\\s._*·|/-]+(?=${SPACELESS.source})`, 'gu');
/** Three or more letters or digits that stand alone, at most three signs or spaces apart. */
const SPACED = /(?<![\p{L}\p{N}])(?:[\p{L}\p{N}][^\p{L}\p{N}]{1,3}){2,}[\p{L}\p{N}](?![\p{L}\p{N}])/gu;
const APART = /[^\p{L}\p{N}]+/gu;
/** No language writes a letter three times in a row. */
const STRETCHED = /(\p{L})\1{2,}/gu;

/** The text in every way people read it; each once. */
export function readingsOf(text: string): readonly Reading[] {
  const plain = foldText(text);
  const readings: Reading[] = [{ kind: 'plain', text: plain }];
  const add = (kind: ReadingKind, found: string) => {
    if (readings.every((reading) => reading.text !== found)) readings.push({ kind, text: found });
  };
  add('joined', plain.replace(INNER_SIGNS, '').replace(BETWEEN, ''));
  add('squeezed', plain.replace(STRETCHED, '$1'));
  add('squeezed', plain.replace(STRETCHED, '$1$1'));
  for (const run of plain.match(SPACED) ?? []) add('spaced', run.replace(APART, ''));
  for (const { kind, text: found } of [...readings]) {
    const undone = withoutLookalikes(found);
    if (undone !== undefined) add(kind === 'spaced' ? 'spaced' : 'lookalike', undone);
  }
  return readings;
}

/**
 * Letters and signs by the Latin letter they pass for, after folding; l is read as i, for both look like 1.
 * @source Unicode Technical Standard 39, confusables.txt: the single signs people type; digits and signs from leetspeak
 */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аαɑᴀ4@',
  b: 'ьвʙβ8',
  c: 'сϲᴄ',
  d: 'ԁɗᴅ',
  e: 'еєɛεᴇ3€',
  f: 'ƒꜰ',
  g: 'ɡցɢ9',
  h: 'һհнʜ',
  i: 'lіιıɪӏ1|!',
  j: 'јʝϳᴊ',
  k: 'кκᴋ',
  m: 'мᴍ',
  n: 'пηռոɴ',
  o: 'оοօᴏ0',
  p: 'рρᴘ',
  q: 'ԛ',
  r: 'гʀ',
  s: 'ѕꜱ5$',
  t: 'тτᴛ7',
  u: 'υսᴜ',
  v: 'νѵᴠ',
  w: 'ѡաᴡω',
  x: 'хχ×',
  y: 'уγʏ',
  z: 'ᴢ',
};
const LATIN = new Map(Object.entries(LOOKALIKES).flatMap(([latin, signs]) => [...signs].map((sign) => [sign, latin])));
/** A run that may be a word in disguise. */
const DISGUISED = /[\p{L}\p{N}@$!|€×]+/gu;

/** A folded text as the eye takes it; what a word of a rule is turned into as well before it is looked for there. */
export function skeletonOf(folded: string): string {
  return folded.replace(DISGUISED, (word) => (/\p{L}/u.test(word) ? latin(word) : word));
}

function latin(word: string): string {
  return [...word].map((sign) => LATIN.get(sign) ?? sign).join('');
}

/** Undefined where nothing is disguised: then l stays l, and the other readings say all. */
function withoutLookalikes(folded: string): string | undefined {
  const words = folded.match(DISGUISED) ?? [];
  const isDisguised = words.some(
    (word) => /\p{L}/u.test(word) && latin(word.replaceAll('l', '')) !== word.replaceAll('l', ''),
  );
  return isDisguised ? skeletonOf(folded) : undefined;
}
