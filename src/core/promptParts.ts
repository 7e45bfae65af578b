// AND between prompts: each part steers the picture with a weight of its own, "a castle AND fog :0.4".
// @source Liu et al. 2022, arXiv:2206.01714; the notation is AUTOMATIC1111's, modules/prompt_parser.py

export interface PromptPart {
  readonly text: string;
  readonly weight: number;
}

/** Every part is one more row of every U-Net call; more than this would be one user's whole evening. */
export const MAX_PROMPT_PARTS = 8;

/** As for weights inside a text, so that no product of numbers becomes infinite. */
const MAX_WEIGHT = 1000;
const AND = /\bAND\b/u;
const WEIGHT = /\s*:\s*([+-]?(?:\d+\.?|\d*\.\d+))\s*$/;

/**
 * The prompt's parts. Deliberately not as A1111: a number at the end of a prompt without AND is no weight, for people write "ratio 3:2".
 */
export function promptParts(prompt: string): readonly PromptPart[] {
  const texts = prompt.split(AND);
  if (texts.length === 1) return [{ text: prompt, weight: 1 }];
  return texts.map((text) => {
    const number = WEIGHT.exec(text);
    const weight = number === null ? 1 : Math.min(Math.max(Number(number[1]), -MAX_WEIGHT), MAX_WEIGHT);
    return { text: number === null ? text.trim() : text.slice(0, number.index).trim(), weight };
  });
}

/** The prompt with a phrase at the end of every part, before its weight. */
export function withPhrase(prompt: string, phrase: string): string {
  const texts = prompt.split(AND);
  if (texts.length === 1) return prompt + phrase;
  const phrased = texts.map((text, part) => {
    const end = WEIGHT.exec(text)?.index ?? text.trimEnd().length;
    const whole = text.slice(0, end) + phrase + text.slice(end);
    // "x,AND y" must not become one word with the phrase's last.
    return part < texts.length - 1 && /\w$/.test(whole) ? `${whole} ` : whole;
  });
  return phrased.join('AND');
}

/** What `withPhrase` was given; undefined when it was not that phrase, or no part has it. */
export function withoutPhrase(text: string, phrase: string): string | undefined {
  const texts = text.split(AND).map((part, _, { length }) => {
    const end = length === 1 ? part.length : (WEIGHT.exec(part)?.index ?? part.trimEnd().length);
    return part.slice(0, end).endsWith(phrase) ? part.slice(0, end - phrase.length) + part.slice(end) : undefined;
  });
  return texts.includes(undefined) ? undefined : texts.join('AND');
}
