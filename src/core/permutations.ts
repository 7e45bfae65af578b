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

/** The leftmost braces first, whose choices may have braces of their own; every pass takes one pair away, so that no recursion is needed. */
function expandBraces(text: string): readonly string[] {
  const done: string[] = [];
  const open = [text];
  while (open.length > 0) {
    const next = open.shift()!;
    const group = leftmost(next);
    if (group === undefined) done.push(next);
    else
      open.unshift(
        ...choicesOf(next, group).map((choice) => next.slice(0, group.from) + choice + next.slice(group.to)),
      );
    tooMany(done.length + open.length);
  }
  return done;
}

/** A pair of braces with commas of its own; a pair without is text. */
interface Group {
  readonly from: number;
  readonly to: number;
  readonly commas: readonly number[];
}

function leftmost(text: string): Group | undefined {
  let found: Group | undefined;
  const around: { from: number; commas: number[] }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]!;
    if (sign === '\\') at += 1;
    else if (sign === '{') around.push({ from: at, commas: [] });
    else if (COMMAS.includes(sign)) around.at(-1)?.commas.push(at);
    else if (sign === '}') {
      const group = around.pop();
      const isFirst = group !== undefined && group.commas.length > 0 && group.from < (found?.from ?? text.length);
      if (isFirst) found = { ...group, to: at + 1 };
    }
  }
  return found;
}

const COMMAS = ',，、';

function choicesOf(text: string, { from, to, commas }: Group): readonly string[] {
  const ends = [...commas, to - 1];
  return ends.map((end, index) => text.slice((ends[index - 1] ?? from) + 1, end).trim());
}

function tooMany(count: number): void {
  if (count > MAX_PERMUTATIONS) refuse('permutations', count, { kind: 'atMost', max: MAX_PERMUTATIONS });
}
