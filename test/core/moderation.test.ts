import { describe, expect, test } from 'vitest';
import { type BlockRule, checkRule, DEFAULT_BLOCKLIST, foldText, judge } from '../../src/core/moderation.ts';
import { testRequest } from '../support/cards.ts';

const word = (pattern: string): BlockRule => ({ name: `no ${pattern}`, kind: 'word', pattern });
const regex = (pattern: string): BlockRule => ({ name: `no ${pattern}`, kind: 'regex', pattern });
const isBlocked = (prompt: string, rule: BlockRule) => !judge(testRequest({ prompt }), [rule]).ok;

test.each<[string, BlockRule, boolean]>([
  ['a nude person', word('nude'), true],
  ['NUDE', word('nude'), true],
  ['Nüde', word('nude'), true],
  ['ｎｕｄｅ', word('nude'), true],
  ['nu\u200bde', word('nude'), true],
  ['nu\u0301de', word('nude'), true],
  ['nude.', word('nude'), true],
  ['denuded hills', word('nude'), false],
  ['nudes', word('nude'), false],
  ['nude2', word('nude'), false],
  ['bare  skin', word('bare skin'), true],
  ['bare, skin', word('bare skin'), false],
  ['голая девушка', word('голая'), true],
  ['裸体画', word('裸体'), true],
  ['c++ code', word('c++'), true],
  ['nuuude', regex('nu+de'), true],
  ['NUDE', regex('^nu+de$'), true],
  ['a fox', word('nude'), false],
])('%j under %j: blocked %s', (prompt, rule, blocked) => expect(isBlocked(prompt, rule)).toBe(blocked));

// The signs of the prompt language part the letters of a word on the page, and not for the network.
test.each([
  'a (nu:1.0)de person',
  'nu\\de',
  '(n)ude',
  'n[ud]e',
  'n((u:1.2)d)e (hat',
  '[n|x]ude',
  '[x:nu:1]de',
  '[x:nu:0.5]de',
  'nu[de::3]',
  'fog AND (n)ude :0.5',
  '\\(nude\\)',
])('%j hides nothing', (prompt) => {
  expect(isBlocked(prompt, word('nude'))).toBe(true);
  expect(judge(testRequest({ prompt: 'a', negativePrompt: prompt, guidance: 0 }), [word('nude')]).ok).toBe(false);
});

test('what the raw text says counts as well', () => {
  expect(isBlocked('(nude:hat:3]', word('nude'))).toBe(true);
  expect(isBlocked('(1.3)', word('(1.3)'))).toBe(true);
});

test('the verdict names the first broken rule', () => {
  expect(judge(testRequest({ prompt: 'b a' }), [word('a'), word('b')])).toEqual({ ok: false, rule: 'no a' });
});

test('nothing is blocked by default', () => {
  expect(judge(testRequest({ prompt: 'anything' }), DEFAULT_BLOCKLIST)).toEqual({ ok: true });
});

describe('the negative prompt', () => {
  const rules = [word('nude')];
  test('may name what must not be there', () => {
    expect(judge(testRequest({ negativePrompt: 'nude', guidance: 4 }), rules).ok).toBe(true);
  });
  // Guidance 0 draws the negative prompt alone: without this rule it would be the way around the list.
  test.each([0, 0.5])('is judged at guidance %s, where it is what is drawn', (guidance) => {
    expect(judge(testRequest({ negativePrompt: 'nude', guidance }), rules).ok).toBe(false);
  });
});

// A part of negative weight pushes towards the negative prompt, and a negative weight inside it turns a word around.
test.each([
  [{ prompt: 'a AND b :-3', negativePrompt: 'nude', guidance: 4 }, false],
  [{ prompt: 'a AND b :-0.2', negativePrompt: 'nude', guidance: 4 }, true],
  [{ prompt: 'a', negativePrompt: '(nude:-1)', guidance: 4 }, false],
  [{ prompt: 'a', negativePrompt: '(nude:1.3)', guidance: 4 }, true],
])('%j is allowed: %s', (draft, ok) => expect(judge(testRequest(draft), [word('nude')]).ok).toBe(ok));

test.each<[BlockRule, string]>([
  [{ name: '', kind: 'word', pattern: 'x' }, 'rule name: found 0 characters, expected 1 to 60'],
  [{ name: 'x', kind: 'word', pattern: ' ' }, 'pattern: found 0 characters, expected 1 to 200'],
  [{ name: 'x', kind: 'word', pattern: 'x'.repeat(201) }, 'pattern: found 201 characters, expected 1 to 200'],
  [{ name: 'x', kind: 'regex', pattern: '(' }, 'expected a regular expression'],
])('rule %j is refused', (rule, message) => expect(() => checkRule(rule)).toThrow(message));

test('any word can be a rule', () => {
  for (const text of ['a.b', 'a-b', '[x', 'a/b', '$^', '{1}', '(', '\\', 'a|b', '-']) {
    expect(isBlocked(`see ${text} here`, word(text))).toBe(true);
  }
});

test('folding', () => expect(foldText('Ｎüd\u200be É')).toBe('nude e'));
