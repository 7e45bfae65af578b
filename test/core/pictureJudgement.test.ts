// Scores and a policy give a verdict: rules one by one, then what must hold for every policy.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AGE_RESTRICTED_PICTURES,
  checkPicturePolicy,
  judgePicture,
  ORDINARY_PICTURES,
  PICTURE_CLASSES,
  PICTURE_MEASURES,
  type PicturePolicy,
  type PictureScores,
  severest,
  VERDICTS,
} from '../../src/core/pictureJudgement.ts';

const NOTHING = { drawing: 0, hentai: 0, neutral: 0, porn: 0, sexy: 0 };
const scores = (some: Partial<PictureScores>): PictureScores => ({ ...NOTHING, ...some });

describe('the usual policies', () => {
  test.each([
    [{ neutral: 1 }, 'allow', 'allow'],
    [{ drawing: 0.98, neutral: 0.02 }, 'allow', 'allow'],
    [{ drawing: 0.5, hentai: 0.5 }, 'allow', 'allow'],
    [{ porn: 0.69, neutral: 0.31 }, 'allow', 'allow'],
    [{ porn: 0.7, neutral: 0.3 }, 'spoiler', 'allow'],
    [{ porn: 0.9, sexy: 0.1 }, 'refuse', 'spoiler'],
    [{ porn: 0.45, hentai: 0.42, neutral: 0.13 }, 'refuse', 'spoiler'],
    [{ sexy: 0.84, neutral: 0.16 }, 'allow', 'allow'],
    [{ sexy: 0.7, porn: 0.2, neutral: 0.1 }, 'spoiler', 'allow'],
    [{ neutral: 1, concept: 0 }, 'allow', 'allow'],
    [{ neutral: 1, concept: 0.001 }, 'spoiler', 'allow'],
  ] as const)('%j: %s, among adults %s', (some, ordinary, adult) => {
    expect(judgePicture(scores(some), ORDINARY_PICTURES).verdict).toBe(ordinary);
    expect(judgePicture(scores(some), AGE_RESTRICTED_PICTURES).verdict).toBe(adult);
  });

  test('pass their own check', () => {
    for (const policy of [ORDINARY_PICTURES, AGE_RESTRICTED_PICTURES])
      expect(() => checkPicturePolicy(policy)).not.toThrow();
  });
});

test('a verdict names the rule and the score behind it', () => {
  const { because } = judgePicture(scores({ porn: 0.5, hentai: 0.4 }), ORDINARY_PICTURES);
  expect(because?.rule).toBe(ORDINARY_PICTURES.rules[0]);
  expect(because?.score).toBeCloseTo(0.9, 12);
});

test('a share that a softmax rounded below 1 still reaches 1', () => {
  const policy: PicturePolicy = { rules: [{ of: ['porn'], from: 1, verdict: 'refuse' }] };
  expect(judgePicture(scores({ porn: Math.fround(0.99999994) }), policy).verdict).toBe('refuse');
  expect(judgePicture(scores({ porn: 0.999 }), policy).verdict).toBe('allow');
});

test('a rule about a measure nobody took is silent', () => {
  const policy: PicturePolicy = { rules: [{ of: ['concept'], from: 0.001, verdict: 'refuse' }] };
  expect(judgePicture(scores({ porn: 1 }), policy)).toEqual({ verdict: 'allow', because: null });
});

describe('checkPicturePolicy', () => {
  test.each([
    [{ of: ['porn'], from: 0, verdict: 'refuse' }, 'rule 1: found from 0, expected more than 0, at most 1'],
    [{ of: ['porn'], from: Number.NaN, verdict: 'refuse' }, 'found from NaN'],
    [{ of: ['porn'], from: 1.01, verdict: 'refuse' }, 'found from 1.01'],
    [{ of: [], from: 0.5, verdict: 'refuse' }, 'found 0 measures'],
    [{ of: ['porn', 'porn'], from: 0.5, verdict: 'refuse' }, 'named twice'],
    [{ of: ['gore'], from: 0.5, verdict: 'refuse' }, 'found gore, expected one of drawing, hentai'],
    [{ of: ['porn', 'concept'], from: 0.5, verdict: 'refuse' }, 'concept among others'],
    [{ of: ['porn'], from: 0.5, verdict: 'allow' }, 'found allow, expected spoiler'],
  ])('%j', (rule, message) => {
    expect(() => checkPicturePolicy({ rules: [rule] } as unknown as PicturePolicy)).toThrow(message);
  });

  test('no more than twenty rules', () => {
    const rules = Array.from({ length: 21 }, () => ORDINARY_PICTURES.rules[0]!);
    expect(() => checkPicturePolicy({ rules })).toThrow('found 21 rules, expected at most 20');
  });
});

const anyScores = fc
  .tuple(
    fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
    fc.option(fc.double({ min: -2, max: 2, noNaN: true })),
  )
  .map(([raw, concept]): PictureScores => {
    const sum = raw.reduce((total, share) => total + share, 0);
    const shares = Object.fromEntries(PICTURE_CLASSES.map((one, at) => [one, raw[at]! / sum]));
    return { ...(shares as typeof NOTHING), ...(concept === null ? {} : { concept }) };
  });

const anyRule = fc.record({
  of: fc.oneof(
    fc.uniqueArray(fc.constantFrom(...PICTURE_CLASSES), { minLength: 1 }),
    fc.constant(['concept' as const]),
  ),
  from: fc.double({ min: 0.001, max: 1, noNaN: true }),
  verdict: fc.constantFrom('spoiler' as const, 'private' as const, 'refuse' as const),
});
const anyPolicy = fc.array(anyRule, { maxLength: 8 }).map((rules): PicturePolicy => ({ rules }));

const rank = (verdict: (typeof VERDICTS)[number]) => VERDICTS.indexOf(verdict);

describe('for every policy', () => {
  test('its check passes, and the order of its rules does not change the verdict', () => {
    fc.assert(
      fc.property(anyScores, anyPolicy, (some, policy) => {
        checkPicturePolicy(policy);
        const { verdict } = judgePicture(some, policy);
        expect(judgePicture(some, { rules: policy.rules.toReversed() }).verdict).toBe(verdict);
      }),
    );
  });

  test('one more rule never makes a verdict milder, a higher threshold never severer', () => {
    fc.assert(
      fc.property(anyScores, anyPolicy, anyRule, (some, policy, rule) => {
        const before = rank(judgePicture(some, policy).verdict);
        const more = rank(judgePicture(some, { rules: [...policy.rules, rule] }).verdict);
        const laxer = policy.rules.map((one) => ({ ...one, from: Math.min(1, one.from + 0.1) }));
        expect(more).toBeGreaterThanOrEqual(before);
        expect(rank(judgePicture(some, { rules: laxer }).verdict)).toBeLessThanOrEqual(before);
      }),
    );
  });

  test('whatever is not allowed has a rule that holds; of several pictures the worst counts', () => {
    fc.assert(
      fc.property(fc.array(anyScores, { maxLength: 6 }), anyPolicy, (pictures, policy) => {
        const judged = pictures.map((one) => ({ one, ...judgePicture(one, policy) }));
        for (const { one, verdict, because } of judged) {
          expect(because === null).toBe(verdict === 'allow');
          if (because === null) continue;
          const sum = because.rule.of.reduce((total, measure) => total + (one[measure] ?? Number.NaN), 0);
          expect(sum).toBeGreaterThanOrEqual(because.rule.from - 1e-6);
          expect(because.rule.verdict).toBe(verdict);
        }
        const worst = Math.max(0, ...judged.map(({ verdict }) => rank(verdict)));
        expect(rank(severest(judged.map(({ verdict }) => verdict)))).toBe(worst);
      }),
    );
  });

  test('every measure can be spoken of', () => {
    for (const measure of PICTURE_MEASURES) {
      const policy: PicturePolicy = { rules: [{ of: [measure], from: 0.5, verdict: 'private' }] };
      expect(judgePicture(scores({ [measure]: 0.5 }), policy).verdict).toBe('private');
    }
  });
});
