// What a picture shows, as numbers, and what follows from them: scores of a classifier and a policy give a verdict, nothing else does.
// Deliberately not here: the networks that look at pictures (src/worker), and which policy holds in which channel.
import { DarkroomError } from '../errors.ts';

/** What a picture may be, each with a share; the five of nsfwjs. `drawing` is harmless art, `hentai` pornographic art. */
export const PICTURE_CLASSES = ['drawing', 'hentai', 'neutral', 'porn', 'sexy'] as const;
export type PictureClass = (typeof PICTURE_CLASSES)[number];

/** The shares are 0 … 1 and sum to 1. */
export type PictureScores = Readonly<Record<PictureClass, number>> & {
  /**
   * Of a model folder's own safety checker: how far the picture is beyond the threshold of the nearest forbidden concept, in cosine, to
   * three digits. Above 0 it is one. Absent where no checker looked.
   */
  readonly concept?: number | undefined;
};

/** What is done with a picture, mildest first: shown, shown veiled, shown to whoever asked for it only, never shown. */
export const VERDICTS = ['allow', 'spoiler', 'private', 'refuse'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const PICTURE_MEASURES = [...PICTURE_CLASSES, 'concept'] as const;
export type PictureMeasure = (typeof PICTURE_MEASURES)[number];

/** Where the sum of some measures is `from` or more, `verdict` holds. */
export interface PictureRule {
  /** Added up, because a picture between two bad classes is bad; a measure that is absent makes the rule silent. */
  readonly of: readonly PictureMeasure[];
  readonly from: number;
  readonly verdict: Exclude<Verdict, 'allow'>;
}

/** The severest rule that holds counts; without any the picture is allowed. */
export interface PicturePolicy {
  readonly rules: readonly PictureRule[];
}

/** A verdict with its reason, for the audit; null where nothing spoke against the picture. */
export interface PictureJudgement {
  readonly verdict: Verdict;
  readonly because: { readonly rule: PictureRule; readonly score: number } | null;
}

/**
 * Where everybody may look: certain cases are refused, likely ones veiled. nsfwjs gives real pornography 0.9 and more; of 328 emoji the shipped
 * model made after names in a dozen languages none came to 0.8, three came to 0.7 and six to 0.6.
 */
export const ORDINARY_PICTURES: PicturePolicy = {
  rules: [
    { of: ['porn', 'hentai'], from: 0.85, verdict: 'refuse' },
    { of: ['porn', 'hentai'], from: 0.7, verdict: 'spoiler' },
    { of: ['porn', 'hentai', 'sexy'], from: 0.85, verdict: 'spoiler' },
    { of: ['concept'], from: 0.001, verdict: 'spoiler' },
  ],
};

/** Where only adults look: nothing is refused, what is certain is veiled. */
export const AGE_RESTRICTED_PICTURES: PicturePolicy = {
  rules: [{ of: ['porn', 'hentai'], from: 0.85, verdict: 'spoiler' }],
};

/** Scores whose softmax ran in single precision miss 1 by a few parts in ten million; a threshold of 1 must still be reachable. */
const ROUNDING = 1e-6;

/** The severest rule that holds; among equals the first. */
export function judgePicture(scores: PictureScores, policy: PicturePolicy): PictureJudgement {
  let judgement: PictureJudgement = { verdict: 'allow', because: null };
  for (const rule of policy.rules) {
    const score = scoreOf(scores, rule);
    if (score === null || score + ROUNDING < rule.from) continue;
    if (isSeverer(rule.verdict, judgement.verdict)) judgement = { verdict: rule.verdict, because: { rule, score } };
  }
  return judgement;
}

/** Null where a measure is absent. */
function scoreOf(scores: PictureScores, { of }: PictureRule): number | null {
  const found = of.map((measure) => scores[measure]);
  return found.includes(undefined) ? null : (found as number[]).reduce((sum, score) => sum + score, 0);
}

/** Of several pictures that are shown together; `allow` for none. */
export function severest(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((worst, verdict) => (isSeverer(verdict, worst) ? verdict : worst), 'allow' as Verdict);
}

function isSeverer(a: Verdict, b: Verdict): boolean {
  return VERDICTS.indexOf(a) > VERDICTS.indexOf(b);
}

/** Rules of one policy; more say nothing that fewer do not. */
const MAX_PICTURE_RULES = 20;

/** What a worker looks at before it judges by a policy. @throws request_invalid naming the rule, when it could never hold, always holds or names what there is not */
export function checkPicturePolicy({ rules }: PicturePolicy): void {
  if (rules.length > MAX_PICTURE_RULES) refuse(`found ${rules.length} rules, expected at most ${MAX_PICTURE_RULES}`);
  for (const [at, { of, from, verdict }] of rules.entries()) {
    const where = `rule ${at + 1}`;
    const unknown = of.find((measure) => !PICTURE_MEASURES.includes(measure));
    if (unknown !== undefined) refuse(`${where}: found ${unknown}, expected one of ${PICTURE_MEASURES.join(', ')}`);
    if (of.length === 0) refuse(`${where}: found 0 measures, expected one at least`);
    const twice = of.find((measure, at) => of.indexOf(measure) < at);
    if (twice !== undefined) refuse(`${where}: found ${twice} named twice, expected it once`);
    const isAlone = !of.includes('concept') || of.length === 1;
    if (!isAlone) refuse(`${where}: found concept among others, expected it alone; it is no share of the picture`);
    if (!(from > 0 && from <= 1)) refuse(`${where}: found from ${from}, expected more than 0, at most 1`);
    if (!VERDICTS.slice(1).includes(verdict)) refuse(`${where}: found ${verdict}, expected spoiler, private or refuse`);
  }
}

function refuse(problem: string): never {
  throw new DarkroomError('request_invalid', `picture policy: ${problem}`, { field: 'picturePolicy' });
}
