// Lists of words in prompts: "a __animal__ in __weather__" takes one of each list, drawn by the seed, and "__animal:all__" all of them, one
// request each. Deliberately not here: where the lists come from, and asking whether so many are wanted.
import { refuse } from './refusal.ts';

/** By name, in lower case. */
export type Wildcards = ReadonlyMap<string, readonly string[]>;

export const MAX_LISTS = 50;
export const MAX_CHOICES_IN_LIST = 1000;
export const MAX_CHOICE_CHARS = 300;
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,39})$/u;
const WILDCARD = /__([\p{L}\p{N}][\p{L}\p{N}-]{0,39})(:all)?__/gu;
/** Lists may name lists, this deep; a list that names itself ends here. */
const MAX_DEPTH = 4;

/** The name as it is kept, or undefined when it cannot be one. */
export function wildcardName(text: string): string | undefined {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^__|__$/g, '');
  return NAME.test(name) ? name : undefined;
}

export function hasWildcards(text: string): boolean {
  return text.search(WILDCARD) !== -1;
}

/** Choices of a list as people and files write them: one a line, or with commas where there is one line; # begins a remark. */
export function readChoices(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => !line.trimStart().startsWith('#'));
  const parts = lines.length > 1 ? lines : (lines[0] ?? '').split(/[,，、]/u);
  const choices = parts.map((part) => part.trim()).filter((part) => part !== '');
  return [...new Set(choices)].map((choice) => choice.slice(0, MAX_CHOICE_CHARS)).slice(0, MAX_CHOICES_IN_LIST);
}

/** Every `__name:all__` as the braces of a permutation. @throws request_invalid for a list there is not */
export function withAllChoices(text: string, lists: Wildcards): string {
  return text.replace(WILDCARD, (whole, name: string, all: string | undefined) => {
    if (all === undefined) return whole;
    return `{${choicesOf(name, lists).map(escaped).join(', ')}}`;
  });
}

function escaped(choice: string): string {
  return choice.replace(/[{},，、]/gu, (sign) => `\\${sign}`);
}

/**
 * The prompt with one choice for every `__name__`: the same seed draws the same, whatever else changed in the words around.
 * @throws request_invalid for a list there is not
 */
export function drawWildcards(text: string, lists: Wildcards, seed: number): string {
  let drawn = text;
  let place = 0;
  for (let depth = 0; depth < MAX_DEPTH && hasWildcards(drawn); depth += 1) {
    drawn = drawn.replace(WILDCARD, (_, name: string) => {
      const choices = choicesOf(name, lists);
      place += 1;
      return choices[mixed(seed, name, place) % choices.length]!;
    });
  }
  return drawn;
}

function choicesOf(name: string, lists: Wildcards): readonly string[] {
  const choices = lists.get(name.toLowerCase());
  if (choices === undefined || choices.length === 0)
    return refuse('wildcard', name, { kind: 'names', names: [...lists.keys()] });
  return choices;
}

/**
 * 32 bits that depend on all three, evenly.
 * @source FNV-1a over the name; Chris Wellons, "lowbias32" for the mixing
 */
function mixed(seed: number, name: string, place: number): number {
  let hash = 0x811c9dc5;
  for (const sign of `${name.toLowerCase()}:${place}`) hash = Math.imul(hash ^ sign.codePointAt(0)!, 0x01000193);
  let x = (hash ^ seed) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
