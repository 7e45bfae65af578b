// JSON of strangers: bounded before it is parsed, and a key written twice is an error instead of a silent last word.
// Deliberately not a JSON parser: JSON.parse does that, once this scan has shown that its cost is bounded.

export interface JsonLimits {
  /** Containers inside containers; JSON.parse would build a million nested arrays without complaint. */
  readonly maxDepth: number;
  /** Commas, a measure of how many values JSON.parse will allocate. */
  readonly maxCommas: number;
  /** Refuse everything but objects, arrays, strings and plain decimal integers. */
  readonly integersOnly: boolean;
}

export const CONFIG_LIMITS: JsonLimits = { maxDepth: 32, maxCommas: 2_000_000, integersOnly: false };

/** @throws Error (no code; the caller knows what the text was for) with the position of what is wrong. */
export function parseStrictJson(text: string, limits: JsonLimits = CONFIG_LIMITS): unknown {
  scan(text, limits);
  try {
    return JSON.parse(limits.integersOnly ? text : spellOutNonFinite(text));
  } catch {
    throw new Error('not valid JSON'); // the engine's own message quotes the text
  }
}

/** Python writes Infinity and NaN bare (diffusers' `lambda_min_clipped`); JSON has numbers too large for a double, and null. */
function spellOutNonFinite(text: string): string {
  if (!/Infinity|NaN/.test(text)) return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|Infinity|NaN/g, (token) => {
    if (token === 'NaN') return 'null';
    return token === 'Infinity' ? '1e999' : token;
  });
}

const BACKSLASH = 0x5c;
const NOT_INTEGER_JSON = /[^0-9\s:,]/;

function scan(text: string, limits: JsonLimits): void {
  const keysOfOpenObjects: Set<string>[] = [];
  let commas = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') {
      const end = endOfString(text, at);
      if (isKey(text, end)) addKey(keysOfOpenObjects.at(-1), text.slice(at, end), at);
      at = end - 1;
    } else if (char === '{' || char === '[') {
      keysOfOpenObjects.push(new Set());
      if (keysOfOpenObjects.length > limits.maxDepth) throw new Error(`nested deeper than ${limits.maxDepth} at ${at}`);
    } else if (char === '}' || char === ']') {
      keysOfOpenObjects.pop();
    } else if (char === ',' && ++commas > limits.maxCommas) {
      throw new Error(`more than ${limits.maxCommas} values`);
    } else if (limits.integersOnly && NOT_INTEGER_JSON.test(char)) {
      throw new Error(`unexpected ${JSON.stringify(char)} at ${at}`);
    }
  }
}

/** Index after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  throw new Error(`the string at ${start} has no end`);
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++;
  return text[at] === ':';
}

function addKey(keys: Set<string> | undefined, literal: string, at: number): void {
  if (keys === undefined) throw new Error(`a key outside any object at ${at}`);
  const key = literal.includes('\\') ? unescapeKey(literal, at) : literal.slice(1, -1);
  if (keys.has(key)) throw new Error(`the key ${JSON.stringify(key)} appears twice`);
  keys.add(key);
}

function unescapeKey(literal: string, at: number): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    throw new Error(`the key at ${at} has a bad escape`);
  }
}
