// Prompts that change while the picture develops: [from:to:when], [to:when], [from::when] and [one|other] in turn at every look.
// One pass with a stack of its own, no recursion. Brackets that make no schedule stay in the text; promptWeights reads them there.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/prompt_parser.py (grammar and documented cases)

export interface ScheduledText {
  /** The text holds up to and with this step, counted as A1111 counts (`textAt`). */
  readonly untilStep: number;
  readonly text: string;
}

type Part = string | Change | Turns;

interface Change {
  readonly before: readonly Part[];
  readonly after: readonly Part[];
  readonly when: number;
}

interface Turns {
  readonly options: readonly (readonly Part[])[];
}

/** A bracket that waits for its end. What is read stands in one row; a bracket that makes no schedule never leaves it. */
interface Frame {
  readonly opening: '(' | '[';
  /** Place of the bracket in the row. */
  readonly start: number;
  /** Places of the separators directly inside. */
  readonly separators: number[];
}

/** An escaped character, a sign of the language, or text without any. */
const TOKEN = /\\.|[[\]():|]|[^\\[\]():|]+|\\/gsu;
const WHEN = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i;

/**
 * Every text of a prompt and the step up to which it holds; the last one's is `steps`.
 * @param steps looks at the picture. A `when` with a point is a fraction of them, another a number of steps
 * @param stepsBefore steps of an earlier pass over the same picture, from which whole numbers and fractions above 1 go on
 */
export function scheduleOf(prompt: string, steps: number, stepsBefore = 0): readonly ScheduledText[] {
  const parts = parse(prompt, (text) => {
    const isFraction = text.includes('.');
    const pastBefore = stepsBefore > 0 ? (isFraction ? 1 : stepsBefore) : 0;
    const when = isFraction ? (Number(text) - pastBefore) * steps : Number(text) - pastBefore;
    return Math.min(steps, Math.trunc(when));
  });
  return changesIn(parts, steps).map((untilStep) => ({ untilStep, text: textOf(parts, untilStep) }));
}

/**
 * The text of look k, 0 for the first. A text holds as long as k is not above its step, so `[a:b:3]` shows a four times: A1111
 * counts looks from 0 and compares with ≤, whatever its documentation says, and pictures are to come out as they do there.
 */
export function textAt(schedule: readonly ScheduledText[], look: number): string {
  return (schedule.find(({ untilStep }) => look <= untilStep) ?? schedule.at(-1)!).text;
}

function parse(prompt: string, whenOf: (text: string) => number): readonly Part[] {
  const row: Part[] = [];
  const open: Frame[] = [];
  for (const [token] of prompt.matchAll(TOKEN)) {
    const top = open.at(-1);
    row.push(token);
    if (token === '(' || token === '[') {
      open.push({ opening: token, start: row.length - 1, separators: [] });
    } else if (token === ':' || token === '|') {
      if (top?.opening === '[') top.separators.push(row.length - 1);
    } else if (token === ')' || token === ']') {
      if ((top?.opening === '(') === (token === ')')) open.pop();
      else open.length = 0;
      if (token === ']' && top?.opening === '[') close(row, top, whenOf);
    }
  }
  return row;
}

/** Replaces everything from the bracket on, if it is a schedule. */
function close(row: Part[], frame: Frame, whenOf: (text: string) => number): void {
  const made = changeIn(row, frame, whenOf) ?? turnsIn(row, frame);
  if (made === undefined) return;
  row.length = frame.start;
  row.push(made);
}

/** [to:when] or [from:to:when]; a bar among them is a character. */
function changeIn(row: readonly Part[], { start, separators }: Frame, whenOf: (text: string) => number) {
  const colons = separators.filter((place) => row[place] === ':');
  const last = colons.at(-1);
  const time = row[row.length - 2];
  if (colons.length > 2 || last !== row.length - 3 || typeof time !== 'string') return undefined;
  const number = WHEN.exec(time)?.[1];
  if (number === undefined) return undefined;
  const middle = colons.length === 2 ? colons[0]! : start;
  return { before: row.slice(start + 1, middle), after: row.slice(middle + 1, last), when: whenOf(number) };
}

function turnsIn(row: readonly Part[], { start, separators }: Frame): Turns | undefined {
  if (separators.length === 0 || separators.some((place) => row[place] === ':')) return undefined;
  const ends = [...separators, row.length - 1];
  return { options: ends.map((end, index) => row.slice((ends[index - 1] ?? start) + 1, end)) };
}

/** Steps after which the text may be another, and the last one. */
function changesIn(parts: readonly Part[], steps: number): readonly number[] {
  const found = new Set([steps]);
  const rest = [...parts];
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (typeof part === 'string') continue;
    if ('options' in part) {
      for (let step = 1; step <= steps; step += 1) found.add(step);
      for (const option of part.options) rest.push(...option);
    } else {
      if (part.when >= 1) found.add(part.when);
      rest.push(...part.before, ...part.after);
    }
  }
  return [...found].sort((a, b) => a - b);
}

function textOf(parts: readonly Part[], step: number): string {
  const texts: string[] = [];
  const rest = parts.toReversed();
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (typeof part === 'string') texts.push(part);
    else rest.push(...partsAt(part, step).toReversed());
  }
  return texts.join('');
}

function partsAt(part: Change | Turns, step: number): readonly Part[] {
  if ('options' in part) return part.options[(step - 1) % part.options.length]!;
  return step <= part.when ? part.before : part.after;
}
