// Attention weights written into a prompt: (more), [less], (exactly:1.3), \( for a bracket itself, and BREAK, which opens a new chunk.
// One pass, no recursion. Deliberately not here: what happens over time ([a:b:5] is promptSchedule) and what a weight does to numbers.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/prompt_parser.py (behaviour, the odd cases included)

/** A stretch of a prompt that is read with one weight; 1 is neutral. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
  /** BREAK stood before it: it begins a new chunk of tokens, the rest of the last one stays empty. */
  readonly startsChunk?: true;
}

const MORE = 1.1;
const LESS = 1 / MORE;

/**
 * No weight goes beyond this in either direction. People use 0 … 2; nested brackets could otherwise multiply up to infinity, and
 * a picture without numbers is what a broken network makes.
 */
const MAX_WEIGHT = 1000;

/** An escape, a lone backslash (which disappears), a bracket, `:1.3)`, or text without any of these. */
const TOKEN = /\\([\\()[\]]?)|[([\]]|:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)|\)|[^\\()[\]:]+|:/gu;
const BREAK = /\s*\bBREAK\b\s*/u;

/** The prompt's stretches in order, neighbours of equal weight joined; at least one, '' for an empty prompt. */
export function weightedTexts(prompt: string): readonly WeightedText[] {
  const reading: Reading = { texts: [], starts: [], weights: [], round: [], square: [] };
  for (const match of prompt.matchAll(TOKEN)) readToken(reading, match);
  closeRest(reading, reading.round, MORE);
  closeRest(reading, reading.square, LESS);
  return merged(reading);
}

/** What remains of a prompt when its weights and escapes are taken away: the words as the network reads them. */
export function plainText(prompt: string): string {
  return weightedTexts(prompt)
    .map(({ text, startsChunk }) => (startsChunk === true ? ` ${text}` : text))
    .join('');
}

/** Columns of the stretches read so far, and for every open bracket the stretch it stands before. */
interface Reading {
  readonly texts: string[];
  readonly starts: boolean[];
  readonly weights: number[];
  readonly round: number[];
  readonly square: number[];
}

function readToken(reading: Reading, [token, escaped, weight]: RegExpExecArray): void {
  const { texts, round, square } = reading;
  if (escaped !== undefined) add(reading, escaped, false);
  else if (token === '(') round.push(texts.length);
  else if (token === '[') square.push(texts.length);
  else if (weight !== undefined && round.length > 0) multiplyFrom(reading, round.pop()!, Number(weight));
  else if (token === ')' && round.length > 0) multiplyFrom(reading, round.pop()!, MORE);
  else if (token === ']' && square.length > 0) multiplyFrom(reading, square.pop()!, LESS);
  else if (!token.includes('BREAK')) add(reading, token, false);
  else for (const [index, text] of token.split(BREAK).entries()) add(reading, text, index > 0);
}

function add({ texts, starts, weights }: Reading, text: string, startsChunk: boolean): void {
  texts.push(text);
  starts.push(startsChunk);
  weights.push(1);
}

/** A closing bracket weighs everything since its opening one, so (a [b) c] overlaps as it is written. */
function multiplyFrom({ weights }: Reading, first: number, factor: number): void {
  for (let at = first; at < weights.length; at += 1) weights[at]! *= factor;
}

/** Brackets nobody closed weigh everything after them. */
function closeRest({ weights }: Reading, opened: readonly number[], factor: number): void {
  let [next, product] = [0, 1];
  for (let at = opened[0] ?? weights.length; at < weights.length; at += 1) {
    for (; opened[next] !== undefined && opened[next]! <= at; next += 1) product *= factor;
    weights[at]! *= product;
  }
}

function merged({ texts, starts, weights }: Reading): readonly WeightedText[] {
  const found: WeightedText[] = [];
  for (const [index, text] of texts.entries()) {
    const last = found.at(-1);
    const weight = Math.min(Math.max(weights[index]!, -MAX_WEIGHT), MAX_WEIGHT);
    if (starts[index]!) found.push({ text, weight, startsChunk: true });
    else if (last?.weight === weight) found[found.length - 1] = { ...last, text: last.text + text };
    else found.push({ text, weight });
  }
  return found.length === 0 ? [{ text: '', weight: 1 }] : found;
}
