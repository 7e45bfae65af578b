// One text that asks for several requests: "{red, blue} cat" is two texts, "--repeat 3" is each of them three times.
// Deliberately not here: asking whether so many are really wanted, and paying for them.
import { refuse } from './refusal.ts';

/** Requests of one text; more is a slip of the pen, or somebody's whole evening. */
export const MAX_PERMUTATIONS = 16;

const REPEAT = /(^|\s)(?:--|—|–)repeat(?:=|\s+)(\S+)/iu;

/**
 * The texts a prompt stands for, in the order its braces are written, the last one changing fastest. Braces without a comma are text,
 * `\{` and `\,` are signs. They may be nested, and hold flags too: "fox --steps {10, 20}".
 * @throws request_invalid for more than MAX_PERMUTATIONS, or a --repeat that is no such number
 */
export function expandPrompt(text: string): readonly string[] {
  const { rest, times } = readRepeat(text);
  const texts = expandBraces(rest);
  tooMany(texts.length * times);
  return texts.flatMap((one) => Array<string>(times).fill(one.replace(/\\([{},])/g, '$1')));
}

function readRepeat(text: string): { readonly rest: string; readonly times: number } {
  const match = REPEAT.exec(text);
  if (match === null) return { rest: text, times: 1 };
  const times = /^\d{1,3}$/.test(match[2]!) ? Number(match[2]) : 0;
  if (times < 1 || times > MAX_PERMUTATIONS) {
    refuse('--repeat', match[2]!, { kind: 'whole', low: 1, high: MAX_PERMUTATIONS });
  }
  return { rest: text.slice(0, match.index) + text.slice(match.index + match[0].length), times };
}

/** Innermost braces first, so that no recursion is needed; every pass removes one pair from every text. */
function expandBraces(text: string): readonly string[] {
  const done: string[] = [];
  const open = [text];
  while (open.length > 0) {
    const next = open.shift()!;
    const group = innermost(next);
    if (group === undefined) {
      done.push(next);
    } else {
      open.unshift(...group.choices.map((choice) => next.slice(0, group.from) + choice + next.slice(group.to)));
    }
    tooMany(done.length + open.length);
  }
  return done.map((one) => one.replaceAll(KEPT_OPEN, '{').replaceAll(KEPT_CLOSE, '}'));
}

/** Stand for braces that turned out to be text; from Unicode's private use area, which no prompt keeps. */
const KEPT_OPEN = '\uE000';
const KEPT_CLOSE = '\uE001';

interface Group {
  readonly from: number;
  readonly to: number;
  readonly choices: readonly string[];
}

/** The first pair of braces with none inside; a pair without a comma becomes text. */
function innermost(text: string): Group | undefined {
  const close = unescaped(text, '}', 0);
  const from = close === -1 ? -1 : lastUnescaped(text, '{', close);
  if (from === -1) return undefined;
  const inside = text.slice(from + 1, close);
  const choices = inside.split(/(?<!\\)[,，、]/u).map((choice) => choice.trim());
  if (choices.length > 1) return { from, to: close + 1, choices };
  return { from, to: close + 1, choices: [`${KEPT_OPEN}${inside}${KEPT_CLOSE}`] };
}

function unescaped(text: string, sign: string, start: number): number {
  for (let at = text.indexOf(sign, start); at !== -1; at = text.indexOf(sign, at + 1)) {
    if (text[at - 1] !== '\\') return at;
  }
  return -1;
}

function lastUnescaped(text: string, sign: string, before: number): number {
  for (let at = text.lastIndexOf(sign, before); at !== -1; at = at === 0 ? -1 : text.lastIndexOf(sign, at - 1)) {
    if (text[at - 1] !== '\\') return at;
  }
  return -1;
}

function tooMany(count: number): void {
  if (count > MAX_PERMUTATIONS) refuse('permutations', count, { kind: 'atMost', max: MAX_PERMUTATIONS });
}
