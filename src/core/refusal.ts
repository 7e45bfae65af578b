// How one field of a request is refused: what was found and what it may be, as an English message for logs and as details from which the
// bot makes a sentence in the person's own language. Deliberately not here: those sentences; src/discord/phrases has them.
import { DarkroomError, type ErrorDetails } from '../errors.ts';

/** What a field may be. A plain text is told to people who read English only; prefer the others. */
export type Expectation =
  | { readonly kind: 'whole'; readonly low: number; readonly high: number }
  | { readonly kind: 'within'; readonly low: number; readonly high: number }
  | { readonly kind: 'number' }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  /** Characters a text may have; what was found is their number. */
  | { readonly kind: 'chars'; readonly max: number }
  /** How many of a thing there may be; what was found is their number. */
  | { readonly kind: 'atMost'; readonly max: number }
  | { readonly kind: 'sides'; readonly stepPx: number; readonly maxPx: number; readonly nearest: string }
  | { readonly kind: 'sizeForm'; readonly shapes: 'too' | 'only' | 'not' }
  | { readonly kind: 'form'; readonly example: string }
  /** A control of a kind that networks here follow; `kinds` is empty where there are no networks for the model. */
  | { readonly kind: 'controls'; readonly model: string; readonly family: string; readonly kinds: string }
  /** More than the server it is asked for in allows. */
  | { readonly kind: 'here'; readonly max: string }
  /** Nothing was there; `example` shows how it is written. */
  | { readonly kind: 'some'; readonly example: string };

/** Longest piece of a user's own words an error repeats, in characters; more would flood an answer. */
const MAX_FOUND_CHARS = 40;

/** Names an error lists; an installation may have hundreds of LoRAs. */
const MAX_NAMES = 40;

/**
 * Refuses one field of a request; prompts are never passed as `found`.
 * @throws request_invalid with what was found and what is allowed.
 */
export function refuse(field: string, found: string | number, expected: string | Expectation): never {
  const shown = String(found);
  const short = shown.length > MAX_FOUND_CHARS ? `${shown.slice(0, MAX_FOUND_CHARS)}…` : shown;
  if (typeof expected === 'string') {
    throw new DarkroomError('request_invalid', `${field}: found ${short}, expected ${expected}`, {
      field,
      found: short,
    });
  }
  const nearest = expected.kind === 'names' ? nearestName(shown, expected.names) : undefined;
  const details = { field, found: short, ...detailsOf(expected), ...(nearest === undefined ? {} : { nearest }) };
  const hint = nearest === undefined ? '' : `; nearest is ${nearest}`;
  const message = `${field}: found ${foundWords(short, expected)}, expected ${words(expected)}${hint}`;
  throw new DarkroomError('request_invalid', message, details);
}

function detailsOf(expected: Expectation): ErrorDetails {
  const { kind, ...rest } = expected;
  return expected.kind === 'names' ? { kind, names: listed(expected.names) } : { kind, ...(rest as ErrorDetails) };
}

/** Of a long list its beginning; the nearest name is told beside it. */
function listed(names: readonly string[]): string {
  return [...names.slice(0, MAX_NAMES), ...(names.length > MAX_NAMES ? ['…'] : [])].join(', ');
}

function foundWords(found: string, { kind }: Expectation): string {
  if (kind === 'chars') return `${found} characters`;
  return kind === 'some' ? 'nothing' : found;
}

function words(expected: Expectation): string {
  switch (expected.kind) {
    case 'whole':
      return `a whole number from ${expected.low} to ${expected.high}`;
    case 'within':
      return `a number from ${expected.low} to ${expected.high}`;
    case 'number':
      return 'a number';
    case 'names':
      return expected.names.length === 0 ? 'nothing; there are none' : `one of ${listed(expected.names)}`;
    case 'chars':
    case 'atMost':
      return `at most ${expected.max}`;
    case 'sides':
      return `sides that are multiples of ${expected.stepPx} px up to ${expected.maxPx} px; nearest ${expected.nearest}`;
    case 'sizeForm':
      return SIZE_FORMS[expected.shapes];
    case 'form':
      return `something such as ${expected.example}`;
    case 'controls':
      return expected.kinds === ''
        ? `a network in models/controlnets for ${expected.model} (${expected.family}); there is none`
        : `one of ${expected.kinds}, which the networks here follow with ${expected.model}`;
    case 'here':
      return `at most ${expected.max} in this server`;
    case 'some':
      return `something, as in "${expected.example}"`;
  }
}

const SIZE_FORMS = {
  too: 'a size such as 96x64 or a shape such as 3:2',
  only: 'a shape such as 3:2',
  not: 'a size such as 96x64',
} as const;

/** Names are compared as people remember them: without case and the signs between words. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('++', 'pp')
    .replaceAll(/[\s_.-]+/gu, '');
}

/**
 * The name a person probably meant: one that begins with what was written, or the one fewest typing mistakes away, at most a quarter
 * of its letters. Undefined when nothing is near.
 */
export function nearestName(found: string, names: readonly string[]): string | undefined {
  const wanted = plain(found);
  if (wanted === '') return undefined;
  const begun = wanted.length < 2 ? [] : names.filter((name) => plain(name).startsWith(wanted));
  if (begun.length > 0) return begun[0];
  const ranked = names
    .map((name) => ({ name, mistakes: typingMistakes(wanted, plain(name)) }))
    .sort((a, b) => a.mistakes - b.mistakes);
  const best = ranked[0];
  return best !== undefined && best.mistakes <= plain(best.name).length / 4 ? best.name : undefined;
}

/**
 * Letters missing, added, changed or swapped with their neighbour.
 * @source Damerau 1964, optimal string alignment
 */
export function typingMistakes(a: string, b: string): number {
  const [from, to] = [[...a], [...b]];
  let before: number[] = [];
  let last = to.map((_, column) => column);
  last.push(to.length);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let least = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && isSwapped) least = Math.min(least, before[column - 2]! + 1);
      next.push(least);
    }
    [before, last] = [last, next];
  }
  return last[to.length]!;
}
