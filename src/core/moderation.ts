// Whether a request may be made: what stands in a prompt, held against the lists every installation has and against a server's own rules.
// Minors together with anything sexual are refused always, whatever a server sets. A refusal is a value with the rule's name.
// Deliberately not here: which level holds where (policy.ts) and what pictures show (pictureJudgement.ts).
import { DarkroomError } from '../errors.ts';
import { compilePattern } from '../patterns.ts';
import { severest, type Verdict } from './pictureJudgement.ts';
import { AGES, type Level, type ListId, MINORS, NEVER, SUGGESTIVE, WORD_LISTS } from './policyLists.ts';
import { type Reading, type ReadingKind, readingsOf } from './policyText.ts';
import { type Found, type WordMatcher, wordMatcher } from './policyWords.ts';
import { promptParts } from './promptParts.ts';
import { scheduleOf } from './promptSchedule.ts';
import { plainText } from './promptWeights.ts';
import { promptText, type ResolvedRequest } from './request.ts';

export { foldText } from './policyText.ts';

export interface BlockRule {
  /** What the refused user and the audit see; never the pattern itself. */
  readonly name: string;
  /** `word` matches whole words (any place in scripts without spaces; a star at an end is any letters), `regex` a pattern of RE2. */
  readonly kind: 'word' | 'regex';
  readonly pattern: string;
}

/** Rules that no server can lift. */
export const MINORS_RULE = 'minors';
const NEVER_RULE = 'never';

/** Where a rule was met. */
export interface Hit {
  /** Name of a server's rule, id of a list, or one that always holds. */
  readonly rule: string;
  /** Whether it is one of the program's own. */
  readonly isBuiltIn: boolean;
  /** How the text was read, and that reading. */
  readonly reading: ReadingKind;
  readonly text: string;
  /** UTF-16 places in it. */
  readonly start: number;
  readonly end: number;
}

export interface PromptJudgement {
  readonly verdict: Verdict;
  /** Of the severest rule; null where the verdict is `allow`. */
  readonly hit: Hit | null;
}

/** What a prompt is judged by. */
export interface PromptRules {
  readonly level: Level;
  /** Lists a server does without. */
  readonly without: readonly ListId[];
  /** Its own rules; each refuses. */
  readonly rules: readonly BlockRule[];
  /** What is done with explicit prompts, where the place says something else than its level. */
  readonly explicit?: Verdict | undefined;
}

/** Longest pattern an admin may store, in characters. */
export const MAX_PATTERN_CHARS = 200;
export const MAX_RULE_NAME_CHARS = 60;
/** Rules of one server; beyond, nobody knows what is forbidden. */
export const MAX_RULES = 200;

/** The severest verdict on everything in a request that becomes a picture. */
export function judgePrompt(request: ResolvedRequest, rules: PromptRules): PromptJudgement {
  return judgeTexts(textsOf(request), rules);
}

/** As `judgePrompt`, of a text somebody wants to try. */
export function judgeText(text: string, rules: PromptRules): PromptJudgement {
  return judgeTexts([text, ...textsRead(text, 20)], rules);
}

/** Makes the lists ready, some 100 ms of work, so that the first person who asks need not wait for it. */
export function prepareLists(): void {
  judgeText('a red heart', { level: 'strict', without: [], rules: [] });
  for (const { id } of WORD_LISTS) listMatcher(id);
}

function judgeTexts(texts: readonly string[], { level, without, rules, explicit }: PromptRules): PromptJudgement {
  const look = lookingIn(distinct(texts.flatMap(readingsOf)));
  const always = minorsIn(look) ?? look(NEVER_RULE, never());
  if (always !== undefined) return { verdict: 'refuse', hit: always };
  for (const rule of rules) {
    const hit = look(rule.name, matcherOf(rule));
    if (hit !== undefined) return { verdict: 'refuse', hit: { ...hit, isBuiltIn: false } };
  }
  const met = WORD_LISTS.flatMap(({ id, verdicts }) => {
    const verdict = id === 'explicit' ? (explicit ?? verdicts[level]) : verdicts[level];
    const hit = without.includes(id) || verdict === 'allow' ? undefined : look(id, listMatcher(id));
    return hit === undefined ? [] : [{ verdict, hit }];
  });
  const verdict = severest(met.map((one) => one.verdict));
  return { verdict, hit: met.find((one) => one.verdict === verdict)?.hit ?? null };
}

/** Both may stand anywhere in a request, in different words of it too. Ages take the longest to look for. */
function minorsIn(look: Look): Hit | undefined {
  const isSexual = [listMatcher('explicit'), listMatcher('nudity'), suggestive()].some(
    (matcher) => look(MINORS_RULE, matcher) !== undefined,
  );
  return isSexual ? look(MINORS_RULE, minors()) : undefined;
}

/** Where a matcher's words are met first, under the name of a rule. */
type Look = (rule: string, matcher: WordMatcher) => Hit | undefined;

/** Some are asked twice, and looked for once. */
function lookingIn(readings: readonly Reading[]): Look {
  const known = new Map<WordMatcher, Omit<Hit, 'rule'> | undefined>();
  return (rule, matcher) => {
    if (!known.has(matcher)) known.set(matcher, firstIn(readings, matcher));
    const met = known.get(matcher);
    return met === undefined ? undefined : { rule, ...met };
  };
}

function firstIn(readings: readonly Reading[], matcher: WordMatcher): Omit<Hit, 'rule'> | undefined {
  for (const reading of readings) {
    const found = matcher.find(reading);
    if (found !== undefined) return { isBuiltIn: true, reading: reading.kind, text: reading.text, ...found };
  }
  return undefined;
}

/** The readings of several texts, each once; what one text hides another may say plainly. */
function distinct(readings: readonly Reading[]): readonly Reading[] {
  const seen = new Set<string>();
  return readings.filter(({ kind, text }) => {
    const key = `${kind === 'spaced' || kind === 'lookalike' ? kind : 'plain'} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** What is drawn: the words with the style's phrase, the LoRAs by name, and the negative prompt where it is drawn too. */
function textsOf(request: ResolvedRequest): readonly string[] {
  const { prompt, negativePrompt, steps, loras } = request;
  const written = [...new Set([prompt, promptText(request), ...(isNegativeDrawn(request) ? [negativePrompt] : [])])];
  const names = (loras ?? []).map(({ name }) => name.replaceAll(/[_-]+/g, ' '));
  return [...new Set([...written.flatMap((text) => [text, ...textsRead(text, steps)]), ...names])];
}

/** Where uncond counts more than 0 in the guided sum, or a weight turns a word around, the negative prompt is drawn too. */
function isNegativeDrawn({ prompt, negativePrompt, guidance }: ResolvedRequest): boolean {
  const steered = promptParts(prompt).reduce((sum, { weight }) => sum + guidance * weight, 0);
  return steered < 1 || /:\s*-/.test(negativePrompt);
}

/** Texts of one prompt that are judged; a prompt of many turns has hundreds, and judging them all would hold everybody up for a second. */
const MAX_TEXTS = 24;

/** What the network reads at any step: brackets, weights, escapes and turns must not part the letters of a word. */
function textsRead(prompt: string, steps: number): readonly string[] {
  const schedules = promptParts(prompt).flatMap(({ text }) => scheduleOf(text, 2 * steps));
  return spread([...new Set(schedules.map(({ text }) => text))], MAX_TEXTS).map(plainText);
}

/** Evenly over all of them: a word that stands in few of so many hardly shows in the picture, one that stands in many is met. */
function spread(texts: readonly string[], max: number): readonly string[] {
  if (texts.length <= max) return texts;
  return Array.from({ length: max }, (_, at) => texts[Math.floor((at * (texts.length - 1)) / (max - 1))]!);
}

/** @throws request_invalid when a rule cannot be used: an empty or overlong pattern, or one that is no regular expression. */
export function checkRule(rule: BlockRule): void {
  for (const [field, text, max] of [
    ['rule name', rule.name, MAX_RULE_NAME_CHARS],
    ['pattern', rule.pattern, MAX_PATTERN_CHARS],
  ] as const) {
    const found = `${text.trim().length} characters`;
    if (text.trim() === '' || text.length > max) {
      throw new DarkroomError('request_invalid', `${field}: found ${found}, expected 1 to ${max}`, { field });
    }
  }
  if (rule.kind === 'regex') compilePattern(rule.pattern);
}

/** Rules looked up lately; patterns are bounded in length, and a server has at most MAX_RULES. */
const MAX_COMPILED = 2_000;
const compiled = new Map<string, WordMatcher>();

function matcherOf(rule: BlockRule): WordMatcher {
  const key = `${rule.kind} ${rule.pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = rule.kind === 'regex' ? patternMatcher(rule.pattern) : wordMatcher([rule.pattern]);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(key, made);
  return made;
}

function patternMatcher(source: string): WordMatcher {
  const pattern = compilePattern(source);
  return { find: ({ text }): Found | undefined => pattern.find(text) };
}

const builtIn = new Map<string, WordMatcher>();

function once(name: string, make: () => WordMatcher): WordMatcher {
  const matcher = builtIn.get(name) ?? make();
  builtIn.set(name, matcher);
  return matcher;
}

function listMatcher(id: ListId): WordMatcher {
  return once(id, () => wordMatcher(WORD_LISTS.find((list) => list.id === id)!.words));
}

const never = () => once('never', () => wordMatcher(NEVER));
const suggestive = () => once('suggestive', () => wordMatcher(SUGGESTIVE));

function minors(): WordMatcher {
  return once(MINORS_RULE, () => {
    const named = wordMatcher(MINORS);
    return { find: (reading) => named.find(reading) ?? ageIn(reading) };
  });
}

/** Joined single letters make no ages. */
function ageIn({ kind, text }: Reading): Found | undefined {
  if (kind === 'spaced') return undefined;
  for (const age of AGES) {
    const match = age.exec(text);
    if (match !== null) return { start: match.index, end: match.index + match[0].length };
  }
  return undefined;
}
