// Words of prompts as the search index keeps them, and what a person types as a query over them.
// Scripts without spaces are cut into signs, because no index can know their words; a query then asks for the signs in a row.
// Every word carries its owner, so that a search reads what one person wrote and nothing of the others, however many they are.

const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
/** Between the owner and the word: a letter to the index, and of no language people prompt in. */
const MARK = 'ǂ';
/** Stands for the owner in a query until it is known. */
export const OWNER = 'ǁ';
/** Words of one query; more would only slow it down. */
const MAX_QUERY_WORDS = 16;

/** The text as words between spaces, lower case, each behind its owner. @param owner letters and digits */
export function indexedWords(text: string, owner: string): string {
  return wordsOf(text)
    .map((word) => owned(word, owner))
    .join(' ');
}

function owned(word: string, owner: string): string {
  return signsApart(word)
    .split(' ')
    .map((part) => `${owner}${MARK}${part}`)
    .join(' ');
}

/** An FTS5 query in which every word of the text has to begin one of the prompt of OWNER; undefined where the text has no words. */
export function wordQuery(text: string): string | undefined {
  const terms = wordsOf(text)
    .slice(0, MAX_QUERY_WORDS)
    .map((word) => `"${owned(word, OWNER)}"*`);
  return terms.length === 0 ? undefined : terms.join(' ');
}

function wordsOf(text: string): readonly string[] {
  return text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
}

function signsApart(word: string): string {
  if (!SPACELESS.test(word)) return word;
  return [...word]
    .map((sign) => (SPACELESS.test(sign) ? ` ${sign} ` : sign))
    .join('')
    .trim()
    .replace(/ +/g, ' ');
}
