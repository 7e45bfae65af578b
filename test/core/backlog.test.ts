// The waiting line in memory against the plainest line there is: an array that is sorted and searched anew every time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backlog, type QueuedJob } from '../../src/core/backlog.ts';

const costOf = ({ work }: QueuedJob) => work;

type Step = { readonly add: QueuedJob } | { readonly remove: number };

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
  ),
  { maxLength: 60 },
);

test('heads and sum are those of the plain line, whatever came and went', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (all, onlyInk) => {
      const backlog = new Backlog(costOf);
      let plain: QueuedJob[] = [];
      const taken = new Set<number>();
      for (const step of all) {
        if ('remove' in step) {
          backlog.remove(String(step.remove));
          plain = plain.filter(({ jobId }) => jobId !== String(step.remove));
        } else if (!taken.has(step.add.seq) && !plain.some(({ jobId }) => jobId === step.add.jobId)) {
          taken.add(step.add.seq);
          backlog.add(step.add);
          plain.push(step.add);
        }
        plain.sort((one, other) => one.seq - other.seq);
        const eligible = onlyInk ? plain.filter(({ worker }) => worker === 'ink') : plain;
        const first = eligible.filter((job, at) => eligible.findIndex(({ userId }) => userId === job.userId) === at);
        expect(backlog.heads(onlyInk ? new Set(['ink']) : undefined)).toEqual(
          first.map(({ jobId, userId, work }) => ({ jobId, userId, costMs: work })),
        );
        expect(backlog.totalMs()).toBe(plain.reduce((sum, { work }) => sum + work, 0));
        expect(backlog.size).toBe(plain.length);
      }
    }),
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
