// The waiting line in memory against the plainest line there is: an array that is sorted and searched anew every time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backlog, type QueuedJob } from '../../src/core/backlog.ts';
import type { Turn } from '../../src/core/fairness.ts';
import { type PlainJob, plainTurn } from './plainRound.ts';

const costOf = ({ work }: QueuedJob) => work;

type Step = { readonly add: QueuedJob } | { readonly remove: number } | { readonly take: 'any' | 'ink' | 'oil' };

const steps = fc.array(
  fc.oneof(
    fc
      .record({
        jobId: fc.nat(30).map(String),
        userId: fc.constantFrom('a', 'b', 'c'),
        seq: fc.nat(1000),
        worker: fc.constantFrom('ink', 'oil'),
        work: fc.integer({ min: 1, max: 500 }),
      })
      .map((add): Step => ({ add })),
    fc.nat(30).map((remove): Step => ({ remove })),
    fc.constantFrom('any' as const, 'ink' as const, 'oil' as const).map((take): Step => ({ take })),
  ),
  { maxLength: 60 },
);

test('turns, places and sums are those of the plain line, whatever came, went and was taken', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const backlog = new Backlog(costOf);
      let plain: (QueuedJob & PlainJob)[] = [];
      let ring: readonly Turn[] = [];
      const drop = (jobId: string) => {
        backlog.remove(jobId);
        plain = plain.filter((job) => job.jobId !== jobId);
      };
      const taken = new Set<number>();
      for (const step of all) {
        if ('remove' in step) {
          drop(String(step.remove));
        } else if ('take' in step) {
          const names = step.take === 'any' ? undefined : new Set<string>([step.take]);
          const turn = plainTurn(ring, plain, ({ worker }) => names?.has(worker) ?? true);
          expect(backlog.next(ring, names)).toEqual(turn && { jobId: turn.job.jobId, ring: turn.ring });
          if (turn !== undefined) {
            ({ ring } = turn);
            drop(turn.job.jobId);
          }
        } else if (!taken.has(step.add.seq) && !plain.some(({ jobId }) => jobId === step.add.jobId)) {
          taken.add(step.add.seq);
          backlog.add(step.add);
          plain.push({ ...step.add, costMs: step.add.work });
        }
        plain.sort((one, other) => one.seq - other.seq);
        const fresh = new Backlog(costOf);
        for (const job of plain) fresh.add(job);
        for (const { jobId } of plain) expect(backlog.placeOf(ring, jobId)).toEqual(fresh.placeOf(ring, jobId));
        expect(backlog.totalMs()).toBe(plain.reduce((sum, { work }) => sum + work, 0));
        expect(backlog.size).toBe(plain.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('a job that is there already is not added again', () => {
  const backlog = new Backlog(costOf);
  const job = { jobId: '1', userId: 'a', seq: 1, worker: 'ink', work: 5 };
  backlog.add(job);
  backlog.add(job);
  backlog.remove('1');
  expect([backlog.size, backlog.placeOf([], '1')]).toEqual([0, undefined]);
});

test('new prices count for those who wait already', () => {
  const backlog = new Backlog(costOf);
  for (const seq of [1, 2]) backlog.add({ jobId: String(seq), userId: 'a', seq, worker: 'ink', work: 5 });
  expect(backlog.placeOf([], '2')?.aheadMs).toBe(5);
  backlog.reprice(({ work }) => 10 * work);
  expect(backlog.placeOf([], '2')?.aheadMs).toBe(50);
});
