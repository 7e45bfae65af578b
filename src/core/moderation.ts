// Whether a request may be made: a block list of words and patterns over the folded prompt. A refusal is a value with the rule's name.
// Deliberately thin and empty by default: what is forbidden is the owner's decision, kept in the database.
import { DarkroomError } from '../errors.ts';
import { promptParts } from './promptParts.ts';
import { scheduleOf } from './promptSchedule.ts';
import { plainText } from './promptWeights.ts';
import type { ResolvedRequest } from './request.ts';

export interface BlockRule {
  /** What the refused user and the audit see; never the pattern itself. */
  readonly name: string;
  /** `word` matches whole words (any place in scripts without spaces), `regex` a JavaScript pattern with the flag u. */
  readonly kind: 'word' | 'regex';
  readonly pattern: string;
}

export const DEFAULT_BLOCKLIST: readonly BlockRule[] = [];

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly rule: string };

/** Longest pattern an admin may store, in characters; prompts are bounded too, so one judgement stays short. */
export const MAX_PATTERN_CHARS = 200;
const MAX_NAME_CHARS = 60;

/** The first rule a request breaks. */
export function judge(request: ResolvedRequest, rules: readonly BlockRule[]): Verdict {
  const written = [request.prompt, ...(isNegativeDrawn(request) ? [request.negativePrompt] : [])];
  const texts = [...new Set(written.flatMap((text) => [text, ...textsRead(text, request.steps)]))].map(foldText);
  const broken = rules.find((rule) => {
    const pattern = patternOf(rule);
    return texts.some((text) => pattern.test(text));
  });
  return broken === undefined ? { ok: true } : { ok: false, rule: broken.name };
}

/** Where uncond counts more than 0 in the guided sum, or a weight turns a word around, the negative prompt is drawn too. */
function isNegativeDrawn({ prompt, negativePrompt, guidance }: ResolvedRequest): boolean {
  const steered = promptParts(prompt).reduce((sum, { weight }) => sum + guidance * weight, 0);
  return steered < 1 || /:\s*-/.test(negativePrompt);
}

/** What the network reads at any step: brackets, weights, escapes and turns must not part the letters of a word. */
function textsRead(prompt: string, steps: number): readonly string[] {
  const schedules = promptParts(prompt).flatMap(({ text }) => scheduleOf(text, 2 * steps));
  return [...new Set(schedules.map(({ text }) => text))].map(plainText);
}

/** Lower case, compatibility forms, accents and invisible characters removed, so that "ｎüd\u200be" reads "nude". */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}]+/gu, '')
    .toLowerCase()
    .normalize('NFC');
}

/** @throws request_invalid when a rule cannot be used: an empty or overlong pattern, or one that is no regular expression. */
export function checkRule(rule: BlockRule): void {
  for (const [field, text, max] of [
    ['rule name', rule.name, MAX_NAME_CHARS],
    ['pattern', rule.pattern, MAX_PATTERN_CHARS],
  ] as const) {
    const found = `${text.trim().length} characters`;
    if (text.trim() === '' || text.length > max) {
      throw new DarkroomError('request_invalid', `${field}: found ${found}, expected 1 to ${max}`, { field });
    }
  }
  try {
    patternOf(rule);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : 'unreadable';
    throw new DarkroomError(
      'request_invalid',
      `pattern: found ${why}, expected a regular expression`,
      {},
      { cause: thrown },
    );
  }
}

const compiled = new Map<string, RegExp>();

function patternOf(rule: BlockRule): RegExp {
  const key = `${rule.kind} ${rule.pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = rule.kind === 'regex' ? new RegExp(rule.pattern, 'iu') : wordPattern(foldText(rule.pattern.trim()));
  compiled.set(key, made);
  return made;
}

/** Scripts written without spaces have no word ends to look for. */
const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

function wordPattern(word: string): RegExp {
  const literal = word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s+');
  if (SPACELESS.test(word)) return new RegExp(literal, 'u');
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'u');
}
