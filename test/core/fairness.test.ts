import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backlog } from '../../src/core/backlog.ts';
import type { Place, Turn } from '../../src/core/fairness.ts';
import { type PlainJob, plainTurn } from './plainRound.ts';

/** The place of one job, as the store finds it. */
function placeOf(ring: readonly Turn[], waiting: readonly PlainJob[], jobId: string): Place | undefined {
  const backlog = new Backlog(({ work }) => work);
  // In any order: the line puts them right.
  for (const [seq, job] of [...waiting.entries()].toReversed()) {
    backlog.add({ ...job, seq, worker: 'model', work: job.costMs });
  }
  return backlog.placeOf(ring, jobId);
}

/** Takes jobs one by one. */
function takeAll(ring: readonly Turn[], waiting: readonly PlainJob[]): string[] {
  const left = [...waiting];
  const order: string[] = [];
  for (let turns = ring; left.length > 0; ) {
    const choice = plainTurn(turns, left)!;
    order.push(...left.splice(left.indexOf(choice.job), 1).map((job) => job.jobId));
    turns = choice.ring;
  }
  return order;
}

/** The order the places foretell. */
function claimOrder(ring: readonly Turn[], waiting: readonly PlainJob[]): string[] {
  const order: string[] = [];
  for (const { jobId } of waiting) order[placeOf(ring, waiting, jobId)!.position] = jobId;
  return order;
}

const jobs = (...lines: readonly (readonly [userId: string, ...costs: number[]])[]): readonly PlainJob[] =>
  lines.flatMap(([userId, ...costs]) =>
    costs.map((costMs, index) => ({ jobId: `${userId}${index + 1}`, userId, costMs })),
  );

describe('the order of claims', () => {
  test.each<[string, readonly PlainJob[], string]>([
    ['nobody', [], ''],
    ['one user in order of asking', jobs(['a', 5, 900, 20]), 'a1 a2 a3'],
    ['equal jobs take turns', jobs(['a', 1000, 1000, 1000], ['b', 1000, 1000], ['c', 1000]), 'a1 b1 c1 a2 b2 a3'],
    [
      'small jobs first, up to the cost of the large one',
      jobs(['a', 3000], ['b', 1000, 1000, 1000, 1000]),
      'b1 b2 a1 b3 b4',
    ],
    ['costs below one visit', jobs(['a', 1, 1, 1], ['b', 1]), 'a1 a2 a3 b1'],
  ])('%s', (_name, waiting, expected) => {
    expect(takeAll([], waiting).join(' ')).toBe(expected);
    expect(claimOrder([], waiting).join(' ')).toBe(expected);
  });

  test('who comes late waits for one job of each, not for their lines', () => {
    const busy = takeAll([], jobs(['a', 1000, 1000], ['b', 1000, 1000]));
    expect(busy).toHaveLength(4);
    const both = jobs(['a', 1000], ['b', 1000]);
    const { ring } = plainTurn(plainTurn([], both)!.ring, both)!;
    const order = takeAll(ring, jobs(['a', 1000, 1000, 1000], ['b', 1000, 1000], ['late', 1000]));
    expect(order.indexOf('late1')).toBeLessThanOrEqual(2);
  });

  test('times are those of the jobs in front', () => {
    const waiting = jobs(['a', 1000, 2000], ['b', 1500]);
    expect(placeOf([], waiting, 'b1')).toEqual({ position: 1, aheadMs: 1000, ownMs: 1500 });
    expect(placeOf([], waiting, 'a2')).toEqual({ position: 2, aheadMs: 2500, ownMs: 2000 });
    expect(placeOf([], waiting, 'a3')).toBeUndefined();
  });

  test('who has nothing waiting keeps no claim', () => {
    const ring = [
      { userId: 'gone', owedMs: 5000 },
      { userId: 'a', owedMs: 0 },
    ];
    expect(plainTurn(ring, jobs(['a', 1000]))?.ring).toEqual([{ userId: 'a', owedMs: 0 }]);
  });
});

describe('a worker that has only some models', () => {
  test('passes over who waits for another one, who keeps his place and what he is owed', () => {
    const ring = [
      { userId: 'a', owedMs: 40 },
      { userId: 'b', owedMs: 7 },
    ];
    const choice = plainTurn(ring, jobs(['a', 1000], ['b', 1000]), ({ userId }) => userId === 'b');
    expect(choice).toEqual({
      job: expect.objectContaining({ userId: 'b' }),
      ring: [
        { userId: 'a', owedMs: 40 },
        { userId: 'b', owedMs: expect.any(Number) },
      ],
    });
  });

  test('finds nobody when all wait for another one', () => {
    expect(plainTurn([{ userId: 'a', owedMs: 40 }], jobs(['a', 1000]), () => false)).toBeUndefined();
  });
});

const waitingJobs = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 50_000 })), { maxLength: 40 })
  .map((list) => list.map(([userId, costMs], index) => ({ jobId: `${index}`, userId, costMs })));
const rings = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'x'), { maxLength: 4 })
  .chain((users) => fc.tuple(...users.map((userId) => fc.record({ userId: fc.constant(userId), owedMs: fc.nat(99) }))));

describe('for any waiting line', () => {
  // The served user could pay his next job without a visit, and newcomers stood behind him: his job after that was foretold in front of theirs.
  test('the served user goes behind those who came while he was served', () => {
    const ring = [{ userId: 'a', owedMs: 99 }];
    const waiting = jobs(['a', 50, 60], ['b', 80]);
    expect(takeAll(ring, waiting)).toEqual(['a1', 'b1', 'a2']);
    expect(claimOrder(ring, waiting)).toEqual(['a1', 'b1', 'a2']);
  });

  test('the foretold order is the order of turns', () => {
    fc.assert(
      fc.property(rings, waitingJobs, (ring, waiting) => {
        expect(claimOrder(ring, waiting)).toEqual(takeAll(ring, waiting));
      }),
      { numRuns: 1000 },
    );
  });

  test('each job is taken once, and each user’s jobs in order', () => {
    fc.assert(
      fc.property(waitingJobs, (waiting) => {
        const order = claimOrder([], waiting).map(Number);
        expect(order.toSorted((a, b) => a - b)).toEqual(waiting.map((_, index) => index));
        for (const userId of ['a', 'b', 'c', 'd']) {
          const own = order.filter((index) => waiting[index]!.userId === userId);
          expect(own).toEqual(own.toSorted((a, b) => a - b));
        }
      }),
    );
  });

  // @source Shreedhar and Varghese, lemma 2: while two users wait, their shares differ by less than a visit and their largest jobs.
  test('while two users wait, neither gets more than one largest job ahead of the other', () => {
    fc.assert(
      fc.property(waitingJobs, (waiting) => {
        const total = new Map<string, number>();
        const left = new Map<string, number>();
        for (const job of waiting) left.set(job.userId, (left.get(job.userId) ?? 0) + 1);
        const largest = Math.max(0, ...waiting.map((job) => job.costMs));
        for (const id of claimOrder([], waiting)) {
          const job = waiting[Number(id)]!;
          total.set(job.userId, (total.get(job.userId) ?? 0) + job.costMs);
          left.set(job.userId, left.get(job.userId)! - 1);
          const stillThere = [...left].filter(([, count]) => count > 0).map(([userId]) => total.get(userId) ?? 0);
          if (stillThere.length > 1) {
            expect(Math.max(...stillThere) - Math.min(...stillThere)).toBeLessThanOrEqual(largest + 100);
          }
        }
      }),
    );
  });
});

describe('weights', () => {
  const weighted = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 200, max: 5_000 })), {
    minLength: 1,
    maxLength: 40,
  });
  const weightOf = fc.record({
    a: fc.integer({ min: 1, max: 4 }),
    b: fc.integer({ min: 1, max: 4 }),
    c: fc.constant(1),
  });

  /** Claims one by one, as the store does. */
  function claims(list: readonly (readonly [string, number])[], weights: Readonly<Record<string, number>>) {
    const backlog = new Backlog(({ work }) => work);
    for (const [seq, [userId, work]] of list.entries()) {
      backlog.add({ jobId: `${seq}`, userId, seq, worker: 'model', work, weight: weights[userId]! });
    }
    const foretold = list.map((_, seq) => backlog.placeOf([], `${seq}`)!);
    const order: number[] = [];
    for (let ring: readonly Turn[] = []; backlog.size > 0; ) {
      const choice = backlog.next(ring)!;
      ring = choice.ring;
      order.push(Number(choice.jobId));
      backlog.remove(choice.jobId);
    }
    return { order, foretold };
  }

  test('while two wait, each has a share of the time as their weights say, within one largest job', () => {
    fc.assert(
      fc.property(weighted, weightOf, (list, weights) => {
        const { order, foretold } = claims(list, weights);
        const left = new Map<string, number>();
        for (const [userId] of list) left.set(userId, (left.get(userId) ?? 0) + 1);
        const served = new Map<string, number>();
        const largest = Math.max(...list.map(([, ms]) => ms));
        let aheadMs = 0;
        for (const [position, at] of order.entries()) {
          const [userId, ms] = list[at]!;
          expect(foretold[at]).toEqual({ position, aheadMs, ownMs: ms });
          aheadMs += ms;
          served.set(userId, (served.get(userId) ?? 0) + Math.ceil(ms / weights[userId as 'a']));
          left.set(userId, left.get(userId)! - 1);
          const fair = [...left].filter(([, count]) => count > 0).map(([who]) => served.get(who) ?? 0);
          if (fair.length > 1) expect(Math.max(...fair) - Math.min(...fair)).toBeLessThanOrEqual(largest + 100);
        }
      }),
    );
  });

  test('somebody of weight 1 is served, however many of weight 4 wait', () => {
    const list = [...Array.from({ length: 30 }, () => ['a', 1_000] as const), ['c', 1_000] as const];
    const { order } = claims(list, { a: 4, b: 1, c: 1 });
    expect(order.indexOf(30)).toBeLessThanOrEqual(4);
  });
});
