// What every job store must do, whatever it is built on; test/store runs it on SQLite in memory and on a file.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobRecord, PictureRecord } from '../../src/core/job.ts';
import { GRID_INDEX } from '../../src/core/job.ts';
import type { AcceptRules, JobStore, NewJob } from '../../src/core/jobStore.ts';
import type { SerializedError } from '../../src/errors.ts';
import { testRequest } from '../support/cards.ts';
import { type HandClock, handClock } from '../support/clock.ts';

export const RULES: AcceptRules = { dailyQuota: 10, maxWaitingPerUser: 3 };
export const LEASE_MS = 30_000;
const DAY_MS = 86_400_000;
/** As `newJob` asks. */
const ANN = { userId: 'ann', guildId: 'guild' };
const ERROR: SerializedError = { code: 'runtime_failed', message: 'the session failed', details: { step: 3 } };
const LOST: SerializedError = { code: 'worker_crashed', message: 'exit code 139', details: {} };

let sources = 0;
export function newJob(overrides: Partial<NewJob> = {}): NewJob {
  sources += 1;
  return {
    kind: 'imagine',
    request: testRequest(),
    parentJobId: null,
    parentImageIndex: null,
    userId: 'ann',
    guildId: 'guild',
    channelId: 'channel',
    sourceId: `source-${sources}`,
    sourceKind: 'interaction',
    cost: 1,
    ...overrides,
  };
}

export function picture(jobId: string, imageIndex: number): PictureRecord {
  const path = `pictures/${jobId}/${imageIndex}.png`;
  return {
    jobId,
    imageIndex,
    path,
    sha256: 'cd'.repeat(32),
    seed: 2 ** 32 - 1,
    widthPx: 96,
    heightPx: 64,
    sizeBytes: 5,
  };
}

/** Accepted and acknowledged. @throws when the store refuses, which fails the test. */
export function enqueue(store: JobStore, overrides: Partial<NewJob> = {}, rules: AcceptRules = RULES): JobRecord {
  const result = store.accept(newJob(overrides), rules);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  store.acknowledge(result.job.id);
  return result.job;
}

export function claim(store: JobStore): JobRecord {
  const job = store.claimNext('worker', LEASE_MS);
  if (job === undefined) throw new Error('nothing to claim');
  return job;
}

/** @param open a fresh, empty store on the given clock. */
export function jobStoreContract(name: string, open: (clock: HandClock) => JobStore): void {
  const setup = () => {
    const clock = handClock();
    return { clock, store: open(clock) };
  };
  const used = (store: JobStore, userId = 'ann') => store.quota({ userId, guildId: null }, RULES).used;

  describe(`${name}: accepting`, () => {
    test('a job comes back as it went in', () => {
      const { store, clock } = setup();
      const parent = enqueue(store);
      const lineage = { kind: 'again', parentJobId: parent.id, parentImageIndex: 2 } as const;
      const asked = newJob({ ...lineage, sourceKind: 'message', guildId: null, cost: 4 });
      const result = store.accept(asked, RULES);
      if (!result.ok) throw new Error(result.reason);
      expect(result.job).toEqual({
        ...asked,
        id: expect.stringMatching(/^[a-z2-7]{10}$/),
        state: 'accepted',
        attempt: 0,
        messageId: null,
        error: null,
        createdAtMs: clock.nowMs(),
        startedAtMs: null,
        endedAtMs: null,
      });
      expect(store.get(result.job.id)).toEqual(result.job);
      expect(Object.isFrozen(store.get(result.job.id)?.request.size)).toBe(true);
    });

    test('the same event delivered twice makes one job and one reservation', () => {
      const { store } = setup();
      const asked = newJob({ cost: 3 });
      const first = store.accept(asked, RULES);
      const second = store.accept(asked, RULES);
      if (!first.ok) throw new Error(first.reason);
      expect(second).toEqual({ ok: false, reason: 'duplicate', job: first.job });
      expect(used(store)).toBe(3);
    });

    test('a second delivery is a duplicate even when the job has ended or the user is banned since', () => {
      const { store } = setup();
      const asked = newJob();
      const first = store.accept(asked, RULES);
      if (!first.ok) throw new Error(first.reason);
      store.cancel(first.job.id);
      store.ban(ANN, 'spam', 'admin');
      expect(store.accept(asked, RULES)).toMatchObject({ reason: 'duplicate', job: { id: first.job.id } });
    });

    test('the quota is exact: the last picture fits, one more does not', () => {
      const { store } = setup();
      enqueue(store, { cost: 8 });
      enqueue(store, { cost: 2 });
      const resetsAtMs = Date.UTC(2026, 0, 3);
      const quota = { used: 10, limit: 10, resetsAtMs };
      expect(store.accept(newJob({ cost: 1 }), RULES)).toEqual({ ok: false, reason: 'quota', over: 'day', quota });
      expect(store.accept(newJob({ cost: 1, userId: 'bob' }), RULES).ok).toBe(true);
    });

    test('a refused job leaves nothing behind', () => {
      const { store } = setup();
      const asked = newJob({ cost: 11 });
      expect(store.accept(asked, RULES).ok).toBe(false);
      expect(store.list({ limit: 10 })).toEqual([]);
      expect(store.accept({ ...asked, cost: 1 }, RULES).ok).toBe(true);
    });

    test('unfinished jobs are limited, finished ones do not count', () => {
      const { store } = setup();
      const jobs = [enqueue(store), enqueue(store), enqueue(store)];
      const refused = { ok: false, reason: 'too_many_waiting', waiting: 3, limit: 3 };
      expect(store.accept(newJob(), RULES)).toEqual(refused);
      store.cancel(jobs[1]!.id);
      expect(store.accept(newJob(), RULES).ok).toBe(true);
    });

    test('a banned user is told why, and heard again after the ban', () => {
      const { store } = setup();
      store.ban(ANN, 'spam', 'admin');
      expect(store.accept(newJob(), RULES)).toEqual({ ok: false, reason: 'banned', banReason: 'spam', untilMs: null });
      expect(store.unban(ANN, 'admin')).toBe(true);
      expect(store.unban(ANN, 'admin')).toBe(false);
      expect(store.accept(newJob(), RULES).ok).toBe(true);
    });

    test('hostile text is data', () => {
      const { store } = setup();
      const text = `'); DROP TABLE jobs; -- "\u0000 \\ {"a":1}`;
      const job = enqueue(store, { request: { ...testRequest(), prompt: text }, userId: text, channelId: text });
      expect(store.get(job.id)).toMatchObject({ request: { prompt: text }, userId: text, channelId: text });
    });
  });

  describe(`${name}: quota days`, () => {
    test('a new UTC day begins with nothing used', () => {
      const { store, clock } = setup();
      enqueue(store, { cost: 10 });
      clock.jump(12 * 3_600_000 - 1);
      expect(used(store)).toBe(10);
      clock.jump(1);
      expect(store.quota(ANN, RULES)).toEqual({ used: 0, limit: 10, resetsAtMs: Date.UTC(2026, 0, 4) });
    });

    test('a refund goes back to the day of its reservation, not to the next one', () => {
      const { store, clock } = setup();
      const job = enqueue(store, { cost: 4 });
      clock.jump(DAY_MS);
      enqueue(store, { cost: 5 });
      store.cancel(job.id);
      expect(used(store)).toBe(5);
      clock.jump(-DAY_MS);
      expect(used(store)).toBe(0);
    });

    test('an own quota wins over the configured one, 0 included, and null takes it back', () => {
      const { store } = setup();
      store.setQuota(ANN, 0, 'admin');
      expect(store.accept(newJob(), RULES)).toMatchObject({ reason: 'quota', quota: { limit: 0 } });
      store.setQuota(ANN, null, 'admin');
      expect(store.quota(ANN, RULES).limit).toBe(10);
    });

    test('lowering a quota below what is used refuses, without a negative rest', () => {
      const { store } = setup();
      enqueue(store, { cost: 5 });
      store.setQuota(ANN, 2, 'admin');
      expect(store.quota(ANN, RULES)).toMatchObject({ used: 5, limit: 2 });
      expect(store.accept(newJob(), RULES)).toMatchObject({ reason: 'quota' });
    });
  });

  describe(`${name}: the life of a job`, () => {
    test('accepted, queued, running, developed, delivered: charged once', () => {
      const { store, clock } = setup();
      const result = store.accept(newJob({ cost: 2 }), RULES);
      if (!result.ok) throw new Error(result.reason);
      const { id } = result.job;
      expect(store.claimNext('worker', LEASE_MS)).toBeUndefined();
      expect(store.acknowledge(id)).toBe(true);
      expect(store.acknowledge(id)).toBe(false);
      clock.jump(1_000);
      expect(claim(store)).toMatchObject({ id, state: 'running', attempt: 1, startedAtMs: clock.nowMs() });
      expect(store.acknowledge(id)).toBe(false);
      clock.jump(2_000);
      expect(store.develop(id, 1, [picture(id, 0), picture(id, 1), picture(id, GRID_INDEX)], 1_500)).toBe(true);
      expect(store.unsettled().map((job) => job.id)).toEqual([id]);
      clock.jump(500);
      expect(store.settle(id)).toBe('delivered');
      expect(store.settle(id)).toBeUndefined();
      expect(store.unsettled()).toEqual([]);
      expect(store.get(id)).toMatchObject({ state: 'delivered', endedAtMs: clock.nowMs() - 500 });
      expect(store.pictures(id).map((made) => made.imageIndex)).toEqual([GRID_INDEX, 0, 1]);
      expect(store.pictures(id)[1]).toEqual(picture(id, 0));
      expect(used(store)).toBe(2);
    });

    test('the maps a result was drawn by are kept with it, in order', () => {
      const { store } = setup();
      const { id } = enqueue(store);
      claim(store);
      const controlMaps = (['pose', 'canny'] as const).map((kind, index) => ({
        kind,
        path: `pictures/${id}/1/control-${index + 1}.png`,
        sha256: 'ef'.repeat(32),
        widthPx: 96,
        heightPx: 64,
        sizeBytes: 7 + index,
      }));
      expect(store.controlMaps(id)).toEqual([]);
      expect(store.develop(id, 2, [{ ...picture(id, 0), controlMaps }], 10)).toBe(false);
      expect(store.controlMaps(id)).toEqual([]);
      expect(store.develop(id, 1, [{ ...picture(id, 0), controlMaps }, picture(id, 1)], 10)).toBe(true);
      expect(store.controlMaps(id)).toEqual(controlMaps);
      expect(store.pictures(id)).toEqual([picture(id, 0), picture(id, 1)]);
    });

    test('a result counts only for the current attempt', () => {
      const { store } = setup();
      const { id } = enqueue(store);
      claim(store);
      store.lose(id, 1, LOST);
      claim(store);
      expect(store.develop(id, 1, [picture(id, 0)], 10)).toBe(false);
      expect(store.fail(id, ERROR, 1)).toBe(false);
      expect(store.release(id, 1)).toBe(false);
      expect(store.lose(id, 1, LOST)).toBeUndefined();
      expect(store.renewLease(id, 1, LEASE_MS)).toBe(false);
      expect(store.pictures(id)).toEqual([]);
      expect(store.renewLease(id, 2, LEASE_MS)).toBe(true);
      expect(store.develop(id, 2, [picture(id, 0)], 10)).toBe(true);
      expect(store.develop(id, 2, [picture(id, 0)], 10)).toBe(false);
    });

    test('the second lost worker makes the job poison: refunded, told, others go on', () => {
      const { store } = setup();
      const { id } = enqueue(store, { cost: 3 });
      claim(store);
      expect(store.lose(id, 1, LOST)).toBe('queued');
      expect(store.get(id)).toMatchObject({ state: 'queued', attempt: 1, error: null });
      claim(store);
      expect(store.lose(id, 2, LOST)).toBe('failing');
      expect(store.get(id)?.error).toMatchObject({ code: 'poison', details: { losses: 2, last: 'worker_crashed' } });
      expect(used(store)).toBe(0);
      expect(store.settle(id)).toBe('failed');
      expect(store.claimNext('worker', LEASE_MS)).toBeUndefined();
    });

    test('a job given back is claimed again under a new attempt and is no loss', () => {
      const { store } = setup();
      const { id } = enqueue(store);
      for (const attempt of [1, 2, 3]) {
        expect(claim(store).attempt).toBe(attempt);
        expect(store.release(id, attempt)).toBe(true);
      }
      expect(store.get(id)?.state).toBe('queued');
    });

    test('a failure is refunded once and keeps its error', () => {
      const { store } = setup();
      const { id } = enqueue(store, { cost: 3 });
      claim(store);
      expect(store.fail(id, ERROR, 1)).toBe(true);
      expect(store.fail(id, ERROR)).toBe(false);
      expect(used(store)).toBe(0);
      expect(store.get(id)).toMatchObject({ state: 'failing', error: ERROR });
      expect(store.settle(id)).toBe('failed');
      expect(used(store)).toBe(0);
    });

    test('pictures that can never be shown end in failed and refunded', () => {
      const { store } = setup();
      const { id } = enqueue(store, { cost: 3 });
      claim(store);
      store.develop(id, 1, [picture(id, 0)], 10);
      expect(store.fail(id, ERROR)).toBe(true);
      expect(store.get(id)).toMatchObject({ state: 'failed', error: ERROR });
      expect(used(store)).toBe(0);
      expect(store.unsettled()).toEqual([]);
    });

    test.each([
      ['accepted', 0],
      ['queued', 1],
      ['running', 2],
    ] as const)('cancelled while %s: refunded, one end', (_state, steps) => {
      const { store } = setup();
      const result = store.accept(newJob({ cost: 3 }), RULES);
      if (!result.ok) throw new Error(result.reason);
      const { id } = result.job;
      if (steps > 0) store.acknowledge(id);
      if (steps > 1) claim(store);
      expect(store.cancel(id)).toBe(true);
      expect(store.cancel(id)).toBe(false);
      expect(used(store)).toBe(0);
      expect(store.develop(id, 1, [picture(id, 0)], 10)).toBe(false);
      expect(store.claimNext('worker', LEASE_MS)).toBeUndefined();
      expect(store.settle(id)).toBe('cancelled');
      expect(store.get(id)?.state).toBe('cancelled');
    });

    test('too late to cancel once developed', () => {
      const { store } = setup();
      const { id } = enqueue(store);
      claim(store);
      store.develop(id, 1, [picture(id, 0)], 10);
      expect(store.cancel(id)).toBe(false);
      store.settle(id);
      expect(store.cancel(id)).toBe(false);
    });

    test('unknown jobs are answered, not thrown', () => {
      const { store } = setup();
      expect([store.get('aaaaaaaaaa'), store.position('x'), store.settle('x'), store.waitOf('x')]).toEqual(
        Array(4).fill(undefined),
      );
      expect([store.cancel('x'), store.acknowledge('x'), store.expire('x'), store.fail('x', ERROR)]).toEqual(
        Array(4).fill(false),
      );
      expect(store.develop('x', 1, [], 0)).toBe(false);
    });

    test('a job that nobody could answer expires and is refunded', () => {
      const { store } = setup();
      const result = store.accept(newJob({ cost: 3 }), RULES);
      if (!result.ok) throw new Error(result.reason);
      expect(store.expire(result.job.id)).toBe(true);
      expect(store.get(result.job.id)?.state).toBe('expired');
      expect(used(store)).toBe(0);
      expect(store.expire(enqueue(store).id)).toBe(false);
    });
  });

  describe(`${name}: leases and restarts`, () => {
    test('a lease that ran out is a loss, a renewed one is not', () => {
      const { store, clock } = setup();
      const [first, second] = [enqueue(store), enqueue(store)];
      claim(store);
      claim(store);
      clock.jump(LEASE_MS);
      expect(store.renewLease(second.id, 1, LEASE_MS)).toBe(true);
      expect(store.lapse()).toBe(0);
      clock.jump(1);
      expect(store.lapse()).toBe(1);
      expect(store.get(first.id)?.state).toBe('queued');
      expect(store.get(second.id)?.state).toBe('running');
    });

    test('a restart queues what ran, expires what was never answered, and doing it five times changes nothing more', () => {
      const { store, clock } = setup();
      const ran = enqueue(store);
      claim(store);
      const old = store.accept(newJob({ cost: 2 }), RULES);
      clock.jump(3_001);
      const young = store.accept(newJob(), RULES);
      if (!old.ok || !young.ok) throw new Error('refused');
      expect(store.recover(3_000)).toEqual({ requeued: 1, expired: 1, poisoned: 0 });
      for (let again = 0; again < 4; again += 1) {
        expect(store.recover(3_000)).toEqual({ requeued: 0, expired: 0, poisoned: 0 });
      }
      expect([ran, old.job, young.job].map(({ id }) => store.get(id)?.state)).toEqual([
        'queued',
        'expired',
        'accepted',
      ]);
      expect(used(store)).toBe(2);
    });

    test('an order whose answer may have arrived is run, however old; one nobody began to answer is not', () => {
      const { store, clock } = setup();
      const promised = store.accept(newJob(), RULES);
      const untold = store.accept(newJob(), RULES);
      if (!promised.ok || !untold.ok) throw new Error('refused');
      expect(store.answering(promised.job.id)).toBe(true);
      clock.advance(3_600_000);
      store.recover(0);
      expect([promised, untold].map(({ job }) => store.get(job.id)?.state)).toEqual(['queued', 'expired']);
      expect(store.answering(promised.job.id)).toBe(false);
    });

    test('orders in the middle of which something failed are taken up, those told of are queued', () => {
      const { store, clock } = setup();
      const promised = store.accept(newJob(), RULES);
      const untold = store.accept(newJob(), RULES);
      if (!promised.ok || !untold.ok) throw new Error('refused');
      store.answering(promised.job.id);
      clock.jump(3_000);
      const young = store.accept(newJob(), RULES);
      if (!young.ok) throw new Error('refused');
      expect(store.resume(3_000)).toBe(2);
      const states = () => [promised, untold, young].map(({ job }) => store.get(job.id)?.state);
      expect(states()).toEqual(['queued', 'expired', 'accepted']);
      // Back before the last one was made: its age is unknown, and it is not left lying for an hour.
      clock.jump(-10_000);
      expect(store.resume(3_000)).toBe(1);
      expect(states()).toEqual(['queued', 'expired', 'expired']);
      expect(used(store)).toBe(1);
    });

    test('three restarts in the middle of a job are forgiven, the fourth makes it poison and gives the quota back', () => {
      const { store } = setup();
      const { id } = enqueue(store, { cost: 4 });
      for (const attempt of [1, 2, 3]) {
        expect(claim(store)).toMatchObject({ id, attempt });
        expect(store.recover(3_000)).toEqual({ requeued: 1, expired: 0, poisoned: 0 });
        expect(used(store)).toBe(4);
      }
      claim(store);
      expect(store.recover(3_000)).toEqual({ requeued: 0, expired: 0, poisoned: 1 });
      expect(store.get(id)).toMatchObject({ state: 'failing', error: { code: 'poison', details: { restarts: 4 } } });
      expect(used(store)).toBe(0);
    });

    test('restarts are no losses: a worker may still be lost once after them', () => {
      const { store } = setup();
      const { id } = enqueue(store);
      claim(store);
      store.recover(3_000);
      claim(store);
      store.recover(3_000);
      claim(store);
      expect(store.lose(id, 3, LOST)).toBe('queued');
      claim(store);
      expect(store.lose(id, 4, LOST)).toBe('failing');
    });

    test('a restarted job keeps its place in front of what its owner asked for later', () => {
      const { store } = setup();
      const first = enqueue(store);
      const second = enqueue(store);
      claim(store);
      store.recover(3_000);
      expect([first, second].map(({ id }) => store.position(id))).toEqual([0, 1]);
    });
  });

  describe(`${name}: whose turn it is`, () => {
    test('a worker is given only jobs of its models, the oldest of each user first', () => {
      const { store } = setup();
      const ink = enqueue(store, { request: { ...testRequest(), model: 'ink' } });
      const oil = enqueue(store, { request: { ...testRequest(), model: 'oil' } });
      expect(store.claimNext('worker', LEASE_MS, ['water'])).toBeUndefined();
      expect(store.claimNext('worker', LEASE_MS, ['oil', 'water'])?.id).toBe(oil.id);
      expect(store.claimNext('worker', LEASE_MS, ['oil'])).toBeUndefined();
      expect(store.claimNext('worker', LEASE_MS)?.id).toBe(ink.id);
    });

    test('a worker is given only jobs whose LoRAs, control networks and upscalers it has, the others keep their turn', () => {
      const { store } = setup();
      const image = { sha256: 'ab'.repeat(32) };
      const loras = [
        { name: 'ink', strength: 1, textStrength: 1 },
        { name: 'old photo', strength: 0.4, textStrength: 0 },
      ];
      const plain = testRequest();
      const inked = enqueue(store, { request: { ...plain, loras } });
      const followed = enqueue(store, { request: testRequest({ controls: [{ kind: 'canny', image }] }) });
      const upscale = { upscaler: 'sharp', scale: 2, from: null };
      const large = enqueue(store, { request: { ...plain, upscale } });
      const last = enqueue(store, { userId: 'bob', request: plain });
      const take = (...names: string[]) => store.claimNext('worker', LEASE_MS, ['testmodel', ...names])?.id;
      expect(take('lora/ink', 'control/poses', 'edges-net')).toBe(last.id);
      expect(take('lora/ink', 'control/poses', 'edges-net')).toBeUndefined();
      expect(store.claimNext('worker', LEASE_MS, ['sharp', 'lora/ink', 'lora/old photo'])).toBeUndefined();
      expect(take('sharp')).toBe(large.id);
      expect(take('control/edges-net')).toBe(followed.id);
      expect(store.position(inked.id)).toBe(0);
      expect(store.release(followed.id, 1)).toBe(true);
      expect(take('lora/ink', 'lora/old photo')).toBe(inked.id);
      expect(take('lora/ink')).toBeUndefined();
      expect(store.claimNext('worker', LEASE_MS)?.id).toBe(followed.id);
    });

    test('a machine that vanished is forgiven as a restart is', () => {
      const { store } = setup();
      const { id } = enqueue(store);
      for (const attempt of [1, 2, 3]) {
        claim(store);
        expect(store.interrupt(id, attempt)).toBe('queued');
        expect(store.interrupt(id, attempt)).toBeUndefined();
      }
      claim(store);
      expect(store.interrupt(id, 4)).toBe('failing');
      expect(used(store)).toBe(0);
    });

    test('users take turns, each in order of asking', () => {
      const { store } = setup();
      const ids = ['ann', 'ann', 'ann', 'bob', 'bob', 'cat'].map((userId) => enqueue(store, { userId }).id);
      const [a1, a2, a3, b1, b2, c1] = ids;
      const expected = [a1, b1, c1, a2, b2, a3];
      expect(expected.map((id) => store.position(id!))).toEqual([0, 1, 2, 3, 4, 5]);
      expect(ids.map(() => claim(store).id)).toEqual(expected);
      expect(store.position(a1!)).toBeUndefined();
    });

    test('positions foretell the claims, whatever the sizes', () => {
      const { store } = setup();
      const rules = { dailyQuota: 100, maxWaitingPerUser: 50 };
      for (let index = 0; index < 24; index += 1) {
        const userId = ['ann', 'bob', 'cat'][(index * index) % 3]!;
        enqueue(store, { userId, request: testRequest({ steps: 1 + ((index * 37) % 90) }) }, rules);
      }
      claim(store);
      claim(store);
      const foretold = store
        .list({ limit: 50, states: ['queued'] })
        .toSorted((a, b) => store.position(a.id)! - store.position(b.id)!);
      expect(foretold.map(() => claim(store).id)).toEqual(foretold.map((job) => job.id));
    });

    test('waiting times follow what finished jobs took', () => {
      const { store } = setup();
      const first = enqueue(store);
      claim(store);
      const [second, third] = [enqueue(store), enqueue(store)];
      store.develop(first.id, 1, [picture(first.id, 0)], 5_000);
      expect(store.waitOf(second.id)).toEqual({ position: 0, aheadMs: 0, ownMs: 5_000 });
      expect(store.waitOf(third.id)).toEqual({ position: 1, aheadMs: 5_000, ownMs: 5_000 });
    });

    test('counts tell waiting from running', () => {
      const { store } = setup();
      expect(store.counts()).toEqual({ waiting: 0, running: 0 });
      enqueue(store);
      enqueue(store);
      store.accept(newJob({ userId: 'bob' }), RULES);
      claim(store);
      expect(store.counts()).toEqual({ waiting: 2, running: 1 });
    });

    test('who is being answered counts as waiting, until the answer came too late or the row was taken back', async () => {
      const { store } = setup();
      const waiting = () => store.counts().waiting;
      const ids = ['ann', 'bob', 'eve'].map((userId) => {
        const result = store.accept(newJob({ userId }), RULES);
        return result.ok ? result.job.id : '';
      });
      expect(waiting()).toBe(3);
      store.expire(ids[0]!);
      expect(waiting()).toBe(2);
      store.acknowledge(ids[1]!);
      expect(waiting()).toBe(2);
      const failed = store.together(() => {
        store.accept(newJob({ userId: 'mallory' }), RULES);
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect(waiting()).toBe(2);
      store.cancel(ids[2]!);
      expect(waiting()).toBe(1);
    });

    test('the one that waits longest tells since when; who runs waits no more', () => {
      const { store, clock } = setup();
      expect(store.oldestWaitingMs()).toBeUndefined();
      const firstMs = clock.nowMs();
      enqueue(store);
      clock.advance(5_000);
      const secondMs = clock.nowMs();
      enqueue(store);
      expect(store.oldestWaitingMs()).toBe(firstMs);
      claim(store);
      expect(store.oldestWaitingMs()).toBe(secondMs);
      claim(store);
      expect(store.oldestWaitingMs()).toBeUndefined();
    });
  });

  describe(`${name}: finding jobs`, () => {
    test('newest first, filtered and in pages', () => {
      const { store } = setup();
      const mine = [enqueue(store), enqueue(store), enqueue(store)];
      enqueue(store, { userId: 'bob', guildId: 'other' });
      store.cancel(mine[0]!.id);
      const page = store.list({ userId: 'ann', limit: 2 });
      expect(page.map((job) => job.id)).toEqual([mine[2]!.id, mine[1]!.id]);
      const rest = store.list({ userId: 'ann', limit: 2, beforeJobId: page[1]!.id });
      expect(rest.map((job) => job.id)).toEqual([mine[0]!.id]);
      expect(store.list({ guildId: 'other', limit: 9 }).map((job) => job.userId)).toEqual(['bob']);
      expect(store.list({ states: ['cancelling'], limit: 9 }).map((job) => job.id)).toEqual([mine[0]!.id]);
      expect(store.list({ states: [], limit: 9 })).toEqual([]);
      expect(store.list({ limit: 9, beforeJobId: 'unknown' })).toEqual([]);
    });

    test('the message that shows a job is set once and leads back to it', () => {
      const { store } = setup();
      const { id } = enqueue(store);
      store.setMessage(id, 'message-1');
      store.setMessage(id, 'message-2');
      expect(store.byMessage('message-1')?.id).toBe(id);
      expect(store.byMessage('message-2')).toBeUndefined();
    });
  });

  describe(`${name}: one server's moderators and another server`, () => {
    const everywhere = [
      { ...ANN, guildId: 'other' },
      { ...ANN, guildId: null },
    ];

    test('a ban holds where it was made and nowhere else', () => {
      const { store } = setup();
      store.ban(ANN, 'spam', 'mod');
      expect(store.accept(newJob(), RULES)).toMatchObject({ reason: 'banned' });
      for (const place of everywhere) {
        expect(store.banOf(place)).toBeUndefined();
        expect(store.accept(newJob(place), RULES).ok).toBe(true);
        expect(store.unban(place, 'other mod')).toBe(false);
      }
      expect(store.banOf(ANN)).toBe('spam');
    });

    test('a ban everywhere is the owner’s, and no server lifts it', () => {
      const { store } = setup();
      store.ban({ ...ANN, guildId: null }, 'abuse', 'owner');
      store.ban(ANN, 'spam', 'mod');
      for (const place of [ANN, ...everywhere]) {
        expect(store.accept(newJob(place), RULES)).toMatchObject({
          reason: 'banned',
          banReason: 'abuse',
          untilMs: null,
        });
      }
      expect(store.unban(ANN, 'mod')).toBe(true);
      expect(store.banOf(ANN)).toBe('abuse');
      expect(store.unban({ ...ANN, guildId: null }, 'owner')).toBe(true);
      expect(store.accept(newJob(), RULES).ok).toBe(true);
    });

    test('a quota holds for orders from where it was set; the count is one over all places', () => {
      const { store } = setup();
      store.setQuota(ANN, 2, 'mod');
      enqueue(store, { ...ANN, guildId: 'other', cost: 2 });
      expect(store.quota(ANN, RULES)).toMatchObject({ used: 2, limit: 2 });
      expect(store.accept(newJob(), RULES)).toMatchObject({ reason: 'quota', quota: { used: 2, limit: 2 } });
      for (const place of everywhere) expect(store.quota(place, RULES)).toMatchObject({ used: 2, limit: 10 });
      expect(store.accept(newJob({ guildId: 'other' }), RULES).ok).toBe(true);
    });

    test('whatever the moderators of one server do, the other server and private messages judge as before', () => {
      const acts = fc.array(
        fc.record({ act: fc.constantFrom('ban', 'unban', 'quota'), limit: fc.option(fc.nat(20)) }),
        { maxLength: 12 },
      );
      fc.assert(
        fc.property(acts, fc.boolean(), fc.option(fc.nat(9)), (mine, isBanned, quota) => {
          const { store } = setup();
          const [there] = everywhere as [typeof ANN];
          if (isBanned) store.ban(there, 'theirs', 'other mod');
          store.setQuota(there, quota, 'other mod');
          const judged = () => everywhere.map((place) => [store.banOf(place), store.quota(place, RULES)]);
          const before = judged();
          for (const { act, limit } of mine) {
            if (act === 'ban') store.ban(ANN, 'mine', 'mod');
            else if (act === 'unban') store.unban(ANN, 'mod');
            else store.setQuota(ANN, limit, 'mod');
          }
          expect(judged()).toEqual(before);
          store.close();
        }),
        { numRuns: 50 },
      );
    });
  });

  describe(`${name}: the house`, () => {
    test('settings are made once and can be replaced', () => {
      const { store } = setup();
      expect(store.setting('key', () => 'one')).toBe('one');
      expect(store.setting('key', () => 'two')).toBe('one');
      store.setSetting('key', '');
      expect(store.setting('key', () => 'three')).toBe('');
    });

    test('the block list is empty at first, and replaces by name', () => {
      const { store } = setup();
      expect(store.wordRules(null)).toEqual([]);
      store.block({ name: 'gore', kind: 'word', pattern: 'blood' }, 'admin');
      store.block({ name: 'gore', kind: 'regex', pattern: 'bl+ood' }, 'admin');
      expect(store.wordRules(null)).toEqual([{ name: 'gore', kind: 'regex', pattern: 'bl+ood' }]);
      expect(() => store.block({ name: 'bad', kind: 'regex', pattern: '(' }, 'admin')).toThrow(/regular expression/);
      expect(store.unblock('gore', 'admin')).toBe(true);
      expect(store.unblock('gore', 'admin')).toBe(false);
      expect(store.wordRules(null)).toEqual([]);
    });

    test('every change by an admin is in the audit, newest first, in pages', () => {
      const { store, clock } = setup();
      store.ban(ANN, 'spam', 'admin');
      store.unban(ANN, 'admin');
      store.setQuota({ userId: 'bob', guildId: 'guild' }, 7, 'boss');
      store.setQuota({ userId: 'bob', guildId: 'guild' }, null, 'boss');
      const entries = store.audit({ limit: 3 });
      expect(entries.map(({ action, byUserId, target, note }) => [action, byUserId, target, note])).toEqual([
        ['quota', 'boss', 'bob', 'default'],
        ['quota', 'boss', 'bob', '7'],
        ['unban', 'admin', 'ann', ''],
      ]);
      const older = store.audit({ limit: 3, beforeId: entries[2]!.id });
      expect(older).toEqual([
        { id: 1, action: 'ban', byUserId: 'admin', guildId: 'guild', target: 'ann', note: 'spam', atMs: clock.nowMs() },
      ]);
    });
  });
}
