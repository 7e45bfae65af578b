// What is done with finished pictures: their scores and their prompt held against the rules of the place they were asked for in. Refused
// ones are recorded by their numbers, refunded, and their files thrown away before anybody saw them.
import type { JobRecord, JobState, PictureRecord } from '../core/job.ts';
import type { JobStore } from '../core/jobStore.ts';
import { judgePrompt } from '../core/moderation.ts';
import { judgePicture, type Verdict } from '../core/pictureJudgement.ts';
import { rulesAt, verdictOf } from '../core/policy.ts';

export interface Judged {
  readonly verdict: Verdict;
  /** What spoke against it, by its name or its measures. */
  readonly rule: string;
}

/** Undefined for a job of no place, which nobody judges. */
export function judgeResult(
  job: JobRecord,
  pictures: readonly PictureRecord[],
  store: Parameters<typeof rulesAt>[1],
): Judged | undefined {
  if (job.place == null) return undefined;
  const rules = rulesAt(job.place, store);
  const prompt = judgePrompt(job.request, rules.prompts);
  const scores = pictures.map((picture) => picture.scores);
  const verdict = verdictOf(scores, prompt.verdict, rules);
  const worst = scores
    .flatMap((one) => (one === undefined ? [] : [judgePicture(one, rules.pictures)]))
    .find((judgement) => judgement.verdict === verdict);
  return { verdict, rule: worst?.because?.rule.of.join('+') ?? prompt.hit?.rule ?? '' };
}

/** @returns the state it led to; undefined when the attempt is not the current one */
export function recordResult(
  { id, attempt }: Pick<JobRecord, 'id' | 'attempt'>,
  pictures: readonly PictureRecord[],
  gpuMs: number,
  judged: Judged | undefined,
  store: Pick<JobStore, 'develop' | 'refuse'>,
): Extract<JobState, 'developed' | 'failing'> | undefined {
  if (judged === undefined) return store.develop(id, attempt, pictures, gpuMs) ? 'developed' : undefined;
  const { verdict, rule } = judged;
  if (verdict !== 'refuse') return store.develop(id, attempt, pictures, gpuMs, verdict) ? 'developed' : undefined;
  return store.refuse(id, attempt, { kind: 'picture', rule, pictures, gpuMs }) === undefined ? undefined : 'failing';
}
