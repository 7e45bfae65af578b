// Which rules hold where, what a verdict becomes there, and how strikes turn into pauses.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AGE_RESTRICTED_PICTURES,
  checkPicturePolicy,
  judgePicture,
  ORDINARY_PICTURES,
  type PictureScores,
  severest,
  VERDICTS,
  type Verdict,
} from '../../src/core/pictureJudgement.ts';
import {
  type ChannelRule,
  formatDuration,
  formatLadder,
  isOpen,
  MAX_PAUSE_MINUTES,
  type Place,
  type PolicySource,
  parseDuration,
  parseLadder,
  pauseOf,
  rulesAt,
  type ServerPolicy,
  STRICT_PICTURES,
  strikesToPause,
  USUAL_POLICY,
  verdictOf,
} from '../../src/core/policy.ts';
import { LEVELS } from '../../src/core/policyLists.ts';

const place = (over: Partial<Place> = {}): Place => ({
  guildId: 'guild',
  channelIds: ['channel', 'category'],
  isAgeRestricted: false,
  isPrivate: false,
  ...over,
});
const source = (rules: readonly ChannelRule[] = [], policy: Partial<ServerPolicy> = {}): PolicySource => ({
  policy: (guildId) => (guildId === 'guild' ? { ...USUAL_POLICY, ...policy } : USUAL_POLICY),
  channelRules: () => rules,
  wordRules: () => [],
});
const rule = (channelId: string, over: Partial<ChannelRule>): ChannelRule => ({
  channelId,
  access: null,
  policy: null,
  ...over,
});

describe('the level of a place', () => {
  test.each<[string, Place, readonly ChannelRule[], string]>([
    ['an ordinary channel', place(), [], 'standard'],
    ['an age-restricted one', place({ isAgeRestricted: true }), [], 'adult'],
    ['a channel with its own', place(), [rule('channel', { policy: { level: 'strict' } })], 'strict'],
    ['a channel of a category', place(), [rule('category', { policy: { level: 'strict' } })], 'strict'],
    [
      'a channel before its category',
      place(),
      [rule('category', { policy: { level: 'strict' } }), rule('channel', { policy: { level: 'standard' } })],
      'standard',
    ],
    ['adult where children look', place(), [rule('channel', { policy: { level: 'adult' } })], 'standard'],
    [
      'a thread of a strict channel',
      place({ channelIds: ['thread', 'channel'] }),
      [rule('channel', { policy: { level: 'strict' } })],
      'strict',
    ],
    ['in private', place({ guildId: null, channelIds: [], isPrivate: true }), [], 'standard'],
  ])('%s', (_, where, rules, level) => expect(rulesAt(where, source(rules)).prompts.level).toBe(level));

  test('follows what the server says for all, and never lets previews into strict places', () => {
    const strict = source([], { ordinary: 'strict', previews: true });
    expect(rulesAt(place(), strict)).toMatchObject({ prompts: { level: 'strict' }, previews: false });
    expect(rulesAt(place(), strict).pictures).toBe(STRICT_PICTURES);
    expect(rulesAt(place(), source([], { previews: false })).previews).toBe(false);
    const kept = source([rule('channel', { policy: { explicit: 'private' } })]);
    expect(rulesAt(place({ isAgeRestricted: true }), kept).previews).toBe(false);
    expect(rulesAt(place({ isAgeRestricted: true }), source()).pictures).toBe(AGE_RESTRICTED_PICTURES);
    expect(rulesAt(place(), source()).pictures).toBe(ORDINARY_PICTURES);
  });
});

const scores = (over: Partial<PictureScores>): PictureScores => ({
  drawing: 0,
  hentai: 0,
  neutral: 0,
  porn: 0,
  sexy: 0,
  ...over,
});

describe('explicit pictures as a channel wants them', () => {
  const certain = scores({ porn: 0.95, neutral: 0.05 });
  test.each<[Verdict, boolean, Verdict]>([
    ['refuse', true, 'refuse'],
    ['private', true, 'private'],
    ['spoiler', true, 'spoiler'],
    ['allow', true, 'allow'],
    // Discord wants such pictures behind an age restriction, and a spoiler is none.
    ['spoiler', false, 'private'],
    ['allow', false, 'private'],
    ['refuse', false, 'refuse'],
  ])('%s, age-restricted %s: %s', (explicit, isAgeRestricted, expected) => {
    const rules = rulesAt(place({ isAgeRestricted }), source([rule('channel', { policy: { explicit } })]));
    checkPicturePolicy(rules.pictures);
    expect(judgePicture(certain, rules.pictures).verdict).toBe(expected);
    expect(rules.prompts.explicit).toBe(expected);
  });

  test('what is only likely never fares worse than what is certain', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...VERDICTS),
        fc.constantFrom(...LEVELS),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (explicit, level, a, b) => {
          const rules = rulesAt(place(), source([rule('channel', { policy: { explicit, level } })]));
          const [less, more] = [Math.min(a, b), Math.max(a, b)].map(
            (porn) => judgePicture(scores({ porn, neutral: 1 - porn }), rules.pictures).verdict,
          ) as [Verdict, Verdict];
          expect(severest([less, more])).toBe(more);
        },
      ),
    );
  });
});

test('the verdict on pictures shown together is the worst of them and of their prompt', () => {
  const rules = rulesAt(place(), source());
  const [clean, likely] = [scores({ drawing: 1 }), scores({ porn: 0.75, neutral: 0.25 })];
  expect(verdictOf([clean, likely], 'allow', rules)).toBe('spoiler');
  expect(verdictOf([clean, clean], 'allow', rules)).toBe('allow');
  expect(verdictOf([clean], 'private', rules)).toBe('private');
  expect(verdictOf([undefined], 'spoiler', rules)).toBe('spoiler');
  expect(verdictOf([clean], 'private', { ...rules, isPrivate: true })).toBe('spoiler');
});

describe('where the bot may be used', () => {
  const [allow, deny] = [{ access: 'allow' } as const, { access: 'deny' } as const];
  test.each<[string, Place, readonly ChannelRule[], boolean]>([
    ['nobody said anything', place(), [], true],
    ['denied', place(), [rule('channel', deny)], false],
    ['its category is denied', place(), [rule('category', deny)], false],
    ['allowed in a denied category', place(), [rule('category', deny), rule('channel', allow)], true],
    ['another is allowed by name', place(), [rule('other', allow)], false],
    ['another is denied', place(), [rule('other', deny)], true],
    ['a thread of an allowed one', place({ channelIds: ['thread', 'channel'] }), [rule('channel', allow)], true],
    ['a rule only about pictures', place(), [rule('other', { policy: { level: 'strict' } })], true],
    ['in private', place({ guildId: null }), [rule('other', allow)], true],
  ])('%s', (_, where, rules, open) => expect(isOpen(where, rules)).toBe(open));
});

describe('strikes and pauses', () => {
  test('the highest rung that is reached counts', () => {
    const pauses = [1, 2, 3, 4, 5, 7, 8, 99].map((count) => pauseOf(count, USUAL_POLICY.ladder));
    expect(pauses).toEqual([undefined, undefined, 60, 60, 1440, 1440, 10_080, 10_080]);
    expect(pauseOf(9, [])).toBeUndefined();
    expect([0, 1, 2, 3].map((count) => strikesToPause(count, USUAL_POLICY.ladder))).toEqual([3, 2, 1, 1]);
    expect(strikesToPause(1, [])).toBeUndefined();
  });

  test.each([
    ['3=1h 5=1d 8=7d', '3=1h 5=1d 8=1w'],
    ['1=10m', '1=10m'],
    ['none', 'none'],
    ['2=90m,4=2w', '2=90m 4=2w'],
  ])('%j is read, and written %j', (text, written) => {
    const ladder = parseLadder(text)!;
    expect(formatLadder(ladder)).toBe(written);
    expect(parseLadder(written)).toEqual(ladder);
  });

  test.each(['', '3', '3=', '=1h', '0=1h', '3=1x', '5=1h 3=1d', '3=1h 3=1d', '101=1h', '1=2w 2=800d', 'x=1h'])(
    '%j is no ladder',
    (text) => expect(parseLadder(text)).toBeUndefined(),
  );

  test('durations', () => {
    expect(['30m', '2h', '7d', '1w', '30 min'].map(parseDuration)).toEqual([30, 120, 10_080, 10_080, 30]);
    for (const text of ['', '0m', '-1h', '1.5h', '1', 'h', '400d', '9999999h']) {
      expect(parseDuration(text)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_PAUSE_MINUTES }), (minutes) => {
        const text = formatDuration(minutes);
        if (parseDuration(text) !== undefined) expect(parseDuration(text)).toBe(minutes);
      }),
    );
  });
});

test('every policy that comes with the program is one', () => {
  for (const policy of [STRICT_PICTURES, ORDINARY_PICTURES, AGE_RESTRICTED_PICTURES]) checkPicturePolicy(policy);
});
