// The round over a plain list of jobs, without anything remembered: what the waiting line in memory must agree with.
import { joinRing, nextTurn, type Turn } from '../../src/core/fairness.ts';

export interface PlainJob {
  readonly jobId: string;
  readonly userId: string;
  readonly costMs: number;
}

/**
 * @param waiting in order of asking
 * @param isEligible whether the worker that asks can make it
 */
export function plainTurn<J extends PlainJob>(
  ring: readonly Turn[],
  waiting: readonly J[],
  isEligible: (job: J) => boolean = () => true,
): { readonly job: J; readonly ring: readonly Turn[] } | undefined {
  const headOf = (userId: string) => waiting.find((job) => job.userId === userId && isEligible(job));
  const users = new Map(waiting.map(({ userId }) => [userId, null]));
  const present = joinRing(ring, users);
  const costs = present.map(({ userId }) => headOf(userId)?.costMs);
  const choice = nextTurn(present, costs, ring.at(-1)?.userId);
  return choice === undefined ? undefined : { job: headOf(present[choice.place]!.userId)!, ring: choice.ring };
}
