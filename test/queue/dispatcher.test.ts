import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { JobRecord, JobState } from '../../src/core/job.ts';
import type { JobStore, NewJob } from '../../src/core/jobStore.ts';
import { DarkroomError } from '../../src/errors.ts';
import { makeLog } from '../../src/log.ts';
import { Dispatcher, type DispatcherOptions } from '../../src/queue/dispatcher.ts';
import type { QueueEvent } from '../../src/queue/queueEvents.ts';
import { openStore } from '../../src/store/openStore.ts';
import { deferred } from '../../src/worker/deferred.ts';
import { enqueue } from '../contract/jobStore.ts';
import { testRequest } from '../support/cards.ts';
import { type HandClock, handClock, settled, until } from '../support/clock.ts';
import { ScriptedWorker } from '../support/scriptedWorker.ts';
import { syncedInCommit } from '../support/syncedInCommit.ts';

const RULES = { dailyQuota: 1000, maxWaitingPerUser: 100 };
const LEASE_MS = 60_000;
/** Of one job of the tests: two steps of 100 ms. */
const JOB_MS = 200;

interface Bench {
  readonly clock: HandClock;
  readonly store: JobStore;
  readonly worker: ScriptedWorker;
  readonly dispatcher: Dispatcher;
  readonly dataDir: string;
  readonly events: QueueEvent[];
  add(userId: string, draft?: Parameters<typeof testRequest>[0], more?: Partial<NewJob>): JobRecord;
  state(job: JobRecord): JobState | undefined;
}

const folders: string[] = [];
const benches: Bench[] = [];

function bench(overrides: Partial<DispatcherOptions> = {}, earlier?: Bench, makeSync = syncedInCommit): Bench {
  const clock = earlier?.clock ?? handClock();
  const dataDir = earlier?.dataDir ?? mkdtempSync(path.join(tmpdir(), 'darkroom-queue-'));
  folders.push(dataDir);
  const store = openStore({ file: path.join(dataDir, 'darkroom.db'), clock, makeSync });
  const worker = new ScriptedWorker(clock);
  const log = makeLog('silent');
  const dispatcher = new Dispatcher({ store, workers: [worker], clock, log, dataDir, leaseMs: LEASE_MS, ...overrides });
  const events: QueueEvent[] = [];
  dispatcher.on((event) => events.push(event));
  const made: Bench = {
    clock,
    store,
    worker,
    dispatcher,
    dataDir,
    events,
    add: (userId, draft = {}, more = {}) =>
      enqueue(store, { userId, request: testRequest({ steps: 2, ...draft }), ...more }, RULES),
    state: (job) => store.get(job.id)?.state,
  };
  benches.push(made);
  return made;
}

afterEach(async () => {
  for (const { dispatcher, clock, worker, store } of benches.splice(0)) {
    worker.isDeaf = false;
    const drained = dispatcher.drain(0);
    await clock.advance(10_000);
    await drained;
    store.close();
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const used = ({ store }: Bench, userId = 'ann') => store.quota({ userId, guildId: null }, RULES).used;
/** Drives the clock until the condition holds; one job takes two of these steps. */
async function drive({ clock }: Bench, condition: () => boolean, maxTurns = 400): Promise<void> {
  for (let turn = 0; turn < maxTurns && !condition(); turn += 1) {
    await clock.advance(JOB_MS / 2);
    await settled();
  }
  expect(condition()).toBe(true);
}

describe('a job', () => {
  test('goes from the queue to developed, its pictures where the database says', async () => {
    const at = bench();
    const job = at.add('ann', { count: 2 });
    at.dispatcher.start();
    await drive(at, () => at.state(job) === 'developed');
    const pictures = at.store.pictures(job.id);
    expect(pictures.map((picture) => picture.path)).toEqual([
      `pictures/${job.id}/1/grid.png`,
      `pictures/${job.id}/1/0.png`,
      `pictures/${job.id}/1/1.png`,
    ]);
    for (const { path: file, sizeBytes } of pictures) {
      expect(readFileSync(path.join(at.dataDir, file)).length).toBe(sizeBytes);
    }
    const told = at.events.flatMap((event) => (event.kind === 'job' ? [event.state] : []));
    expect(told).toEqual(['running', 'developed']);
  });

  test('is waited for: one that comes while nobody waits starts at a kick', async () => {
    const at = bench();
    at.dispatcher.start();
    await settled();
    const job = at.add('ann');
    at.dispatcher.kick();
    await drive(at, () => at.state(job) === 'developed');
  });

  test('is found without a kick at the next look round', async () => {
    const at = bench();
    at.dispatcher.start();
    await settled();
    const job = at.add('ann');
    await at.clock.advance(LEASE_MS);
    await drive(at, () => at.state(job) === 'developed');
  });

  test('gets its start picture by hash, and none without one', async () => {
    const at = bench();
    const sha256 = 'ab'.repeat(32);
    at.add('ann', { initImage: { sha256 } });
    at.add('bob');
    at.dispatcher.start();
    await until(() => at.worker.tasks.length === 2);
    expect(at.worker.tasks.map((task) => task.initImagePath)).toEqual([path.join(at.dataDir, 'inputs', sha256), null]);
  });

  test('tells its progress while it runs and not after', async () => {
    const at = bench();
    const job = at.add('ann');
    at.dispatcher.start();
    await settled();
    expect(at.dispatcher.progress(job.id)).toBeUndefined();
    await drive(at, () => at.dispatcher.progress(job.id) !== undefined);
    expect(at.dispatcher.progress(job.id)).toEqual({ jobId: job.id, stepsDone: 1, stepsTotal: 2 });
    await drive(at, () => at.state(job) === 'developed');
    await settled();
    expect(at.dispatcher.progress(job.id)).toBeUndefined();
    expect(at.events.filter((event) => event.kind === 'progress')).toHaveLength(2);
  });

  test('a listener that throws stops nobody', async () => {
    const at = bench();
    const job = at.add('ann');
    at.dispatcher.on(() => {
      throw new Error('a bad listener');
    });
    at.dispatcher.start();
    await drive(at, () => at.state(job) === 'developed');
  });

  test('two jobs together are each charged half the clock', async () => {
    const at = bench();
    const [first, second] = [at.add('ann'), at.add('bob')];
    at.dispatcher.start();
    await drive(at, () => at.state(first) === 'developed' && at.state(second) === 'developed');
    at.add('ann');
    const next = at.add('ann');
    // The pace is what both jobs took together over the work of both.
    expect(at.store.waitOf(next.id)?.ownMs).toBe(JOB_MS / 2);
  });
});

describe('in flight', () => {
  test('no more than two jobs a worker', async () => {
    const at = bench();
    for (let index = 0; index < 6; index += 1) at.add(`user${index}`);
    at.dispatcher.start();
    await drive(at, () => at.store.list({ states: ['developed'], limit: 9 }).length === 6);
    expect(at.worker.mostInFlight).toBe(2);
  });

  test('one user with 50 jobs does not delay two others by more than three jobs', async () => {
    const at = bench();
    for (let index = 0; index < 50; index += 1) at.add('ann');
    at.dispatcher.start();
    await drive(at, () => at.worker.tasks.length >= 5);
    for (let round = 0; round < 5; round += 1) {
      const before = at.worker.tasks.length;
      const others = ['bob', 'cat'].map((userId) => at.add(userId));
      at.dispatcher.kick();
      const started = (job: JobRecord) => at.worker.tasks.findIndex((task) => task.jobId === job.id);
      await drive(at, () => others.every((job) => started(job) !== -1));
      const theirs = new Set(others.map((job) => job.id));
      for (const job of others) {
        const between = at.worker.tasks.slice(before, started(job)).filter((task) => !theirs.has(task.jobId));
        expect(between.length).toBeLessThanOrEqual(3);
      }
    }
  });
});

describe('cancelling', () => {
  test('a waiting job never reaches the worker', async () => {
    const at = bench();
    const job = at.add('ann');
    expect(at.dispatcher.cancel(job.id)).toBe(true);
    at.dispatcher.start();
    await at.clock.advance(JOB_MS * 3);
    expect(at.worker.tasks).toEqual([]);
    expect([at.state(job), used(at)]).toEqual(['cancelling', 0]);
  });

  test('a job whose claim is still on its way to the disk is not begun', async () => {
    const disk = deferred<void>();
    const at = bench({}, undefined, () => ({ ...syncedInCommit(), sync: () => disk.promise }));
    const [job, neighbour] = [at.add('ann'), at.add('bob')];
    at.dispatcher.start();
    await until(() => at.state(job) === 'running');
    expect(at.dispatcher.cancel(job.id)).toBe(true);
    disk.resolve();
    await drive(at, () => at.state(neighbour) === 'developed');
    expect(at.worker.tasks.map(({ jobId }) => jobId)).toEqual([neighbour.id]);
    expect([at.state(job), used(at)]).toEqual(['cancelling', 0]);
  });

  test('a running job is stopped at once, refunded, and leaves no files', async () => {
    const at = bench();
    const [job, neighbour] = [at.add('ann'), at.add('bob')];
    at.dispatcher.start();
    await drive(at, () => at.dispatcher.progress(job.id) !== undefined);
    expect(at.dispatcher.cancel(job.id)).toBe(true);
    await until(() => !at.worker.inFlight.has(job.id));
    await drive(at, () => at.state(neighbour) === 'developed');
    expect([at.state(job), used(at)]).toEqual(['cancelling', 0]);
    expect(at.dispatcher.cancel(job.id)).toBe(false);
    expect(existsSync(path.join(at.dataDir, 'pictures', job.id, '1'))).toBe(false);
  });

  test('a worker that finishes all the same changes nothing and its pictures are dropped', async () => {
    const at = bench();
    at.worker.isDeaf = true;
    const job = at.add('ann');
    at.dispatcher.start();
    await drive(at, () => at.dispatcher.progress(job.id) !== undefined);
    at.dispatcher.cancel(job.id);
    await drive(at, () => at.worker.inFlight.size === 0);
    await until(() => !existsSync(path.join(at.dataDir, 'pictures', job.id, '1')));
    expect([at.state(job), at.store.pictures(job.id)]).toEqual(['cancelling', []]);
  });

  test('one cancelled behind the dispatcher’s back is stopped when its lease is looked at', async () => {
    const at = bench();
    const job = at.add('ann', { steps: 150, count: 4 });
    at.worker.stepMs = 10_000;
    at.dispatcher.start();
    await until(() => at.worker.inFlight.size === 1);
    at.store.cancel(job.id);
    await at.clock.advance(LEASE_MS);
    await until(() => at.worker.inFlight.size === 0);
    expect(at.state(job)).toBe('cancelling');
  });

  test('a developed or unknown job cannot be cancelled', async () => {
    const at = bench();
    const job = at.add('ann');
    at.dispatcher.start();
    await drive(at, () => at.state(job) === 'developed');
    expect([at.dispatcher.cancel(job.id), at.dispatcher.cancel('unknown')]).toEqual([false, false]);
  });
});

describe('failures', () => {
  test('an error of the job fails it with its code, refunded, and the next job runs', async () => {
    const at = bench();
    at.worker.verdict = (task) =>
      task.request.seed === 1 ? new DarkroomError('runtime_failed', 'the session failed', { step: 2 }) : undefined;
    const [bad, good] = [at.add('ann', { seed: 1 }), at.add('bob')];
    at.dispatcher.start();
    await drive(at, () => at.state(good) === 'developed');
    expect(at.store.get(bad.id)).toMatchObject({
      state: 'failing',
      error: { code: 'runtime_failed', details: { step: 2 } },
    });
    expect([used(at, 'ann'), used(at, 'bob')]).toEqual([0, 1]);
  });

  test('a picture outside its folder is refused', async () => {
    const at = bench();
    const job = at.add('ann');
    const develop = at.worker.develop.bind(at.worker);
    at.worker.develop = async (...args) =>
      (await develop(...args)).map((picture) => ({ ...picture, fileName: '../../../darkroom.db' }));
    at.dispatcher.start();
    await drive(at, () => at.state(job) === 'failing');
    expect(at.store.get(job.id)?.error?.code).toBe('worker_protocol');
  });

  test('a lost worker: the same job again with the same seed, under the next attempt', async () => {
    const at = bench();
    const job = at.add('ann', { seed: 42 });
    at.dispatcher.start();
    await drive(at, () => at.worker.inFlight.size === 1);
    at.worker.crash();
    await drive(at, () => at.state(job) === 'developed');
    expect(at.worker.tasks.map((task) => [task.attempt, task.request.seed])).toEqual([
      [1, 42],
      [2, 42],
    ]);
    expect(at.store.pictures(job.id)[0]?.path).toBe(`pictures/${job.id}/2/0.png`);
  });

  // A prompt that kills the worker takes its neighbours in flight down with it; they must not be blamed for it.
  test('a job that kills the worker each time is poison, its neighbour is not', async () => {
    const at = bench();
    at.worker.verdict = (task) =>
      task.request.seed === 666 ? new DarkroomError('worker_crashed', 'exit code 139') : undefined;
    const poison = at.add('eve', { seed: 666 });
    const neighbour = at.add('ann', { steps: 5 });
    at.dispatcher.start();
    await drive(at, () => at.state(neighbour) === 'developed' && at.state(poison) === 'failing');
    const attempts = (job: JobRecord) =>
      at.worker.tasks.filter((task) => task.jobId === job.id).map((task) => task.attempt);
    expect([attempts(poison), attempts(neighbour)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(at.store.get(poison.id)?.error?.code).toBe('poison');
    expect([used(at, 'eve'), used(at, 'ann')]).toEqual([0, 1]);
  });

  test('a worker that does not start is waited for, longer each time, and no job is spent on it', async () => {
    const at = bench();
    at.worker.startError = new DarkroomError('provider_unavailable', 'cuda: no device');
    const job = at.add('ann');
    at.dispatcher.start();
    await at.clock.advance(10 * 60_000);
    expect(at.dispatcher.stalled()?.code).toBe('provider_unavailable');
    expect(at.store.get(job.id)).toMatchObject({ state: 'queued', attempt: 0 });
    at.worker.startError = undefined;
    await at.clock.advance(31_000);
    await drive(at, () => at.state(job) === 'developed');
    expect(at.dispatcher.stalled()).toBeUndefined();
    const stalls = at.events.filter((event) => event.kind === 'stalled' || event.kind === 'resumed');
    expect(stalls.map((event) => event.kind)).toEqual(['stalled', 'resumed']);
  });
});

describe('a full disk', () => {
  test('gives the job back, begins nothing, and goes on by itself when there is room', async () => {
    let isFull = true;
    const at = bench({ hasRoom: async () => !isFull });
    at.worker.verdict = () => (isFull ? new DarkroomError('disk_full', 'picture folder: no space left') : undefined);
    const jobs = [at.add('ann'), at.add('bob'), at.add('cat')];
    at.dispatcher.start();
    await drive(at, () => at.dispatcher.stalled()?.code === 'disk_full');
    await drive(at, () => at.worker.inFlight.size === 0);
    const begun = at.worker.tasks.length;
    await at.clock.advance(10 * 60_000);
    expect(at.worker.tasks).toHaveLength(begun);
    expect(jobs.map(at.state)).toEqual(['queued', 'queued', 'queued']);
    isFull = false;
    await at.clock.advance(31_000);
    await drive(at, () => jobs.every((job) => at.state(job) === 'developed'));
    expect(at.dispatcher.stalled()).toBeUndefined();
  });

  test('a database that cannot be written keeps the finished pictures until it can', async () => {
    const at = bench();
    const job = at.add('ann');
    const develop = at.store.develop;
    let isFull = true;
    Object.assign(at.store, {
      develop: (...args: Parameters<JobStore['develop']>) => {
        if (isFull) throw new DarkroomError('disk_full', 'the disk with the database is full');
        return develop(...args);
      },
    });
    at.dispatcher.start();
    await drive(at, () => at.dispatcher.stalled()?.code === 'disk_full');
    await at.clock.advance(10 * 60_000);
    expect(at.state(job)).toBe('running');
    isFull = false;
    await at.clock.advance(31_000);
    await drive(at, () => at.state(job) === 'developed');
    expect(at.worker.tasks).toHaveLength(1);
  });

  test('a commit that was made and only not synced keeps its pictures', async () => {
    const at = bench();
    const job = at.add('ann');
    const { together } = at.store;
    let failures = 0;
    const failingOnce: JobStore['together'] = async (work) => {
      const result = await together(work);
      if (failures === 0 && at.state(job) === 'developed') {
        failures += 1;
        throw new DarkroomError('disk_full', 'the log could not be synced');
      }
      return result;
    };
    Object.assign(at.store, { together: failingOnce });
    at.dispatcher.start();
    await drive(at, () => failures === 1);
    await at.clock.advance(31_000);
    await drive(at, () => at.dispatcher.stalled() === undefined);
    await until(() => at.dispatcher.progress(job.id) === undefined);
    expect(at.store.pictures(job.id).map((one) => existsSync(path.join(at.dataDir, one.path)))).toEqual([true]);
    const told = at.events.flatMap((event) => (event.kind === 'job' ? [event.state] : []));
    expect(told).toEqual(['running', 'developed']);
  });
});

describe('leases', () => {
  test('a job longer than its lease keeps it', async () => {
    const at = bench();
    at.worker.stepMs = LEASE_MS * 2;
    const job = at.add('ann');
    at.dispatcher.start();
    await at.clock.advance(LEASE_MS * 3.5);
    expect(at.store.get(job.id)).toMatchObject({ state: 'running', attempt: 1 });
  });

  test('a clock that jumps an hour ahead loses nothing that runs here', async () => {
    const at = bench();
    at.worker.stepMs = LEASE_MS * 2;
    const job = at.add('ann');
    at.dispatcher.start();
    await until(() => at.worker.inFlight.size === 1);
    at.clock.jump(3_600_000);
    await at.clock.advance(LEASE_MS);
    expect(at.store.get(job.id)).toMatchObject({ attempt: 1 });
    await drive(at, () => at.state(job) === 'developed', 10_000);
  });

  test('a job whose holder vanished is run again when its lease ends', async () => {
    const at = bench();
    const job = at.add('ann');
    at.store.claimNext('a worker long gone', LEASE_MS);
    at.dispatcher.start();
    await at.clock.advance(LEASE_MS);
    expect(at.state(job)).toBe('running');
    await at.clock.advance(LEASE_MS);
    await drive(at, () => at.state(job) === 'developed');
    expect(at.store.get(job.id)?.attempt).toBe(2);
  });
});

describe('the end of the program', () => {
  test('drain: nothing new, what runs may end', async () => {
    const at = bench();
    const [first, second, third] = ['ann', 'bob', 'cat'].map((userId) => at.add(userId));
    at.dispatcher.start();
    await until(() => at.worker.inFlight.size === 2);
    const drained = at.dispatcher.drain(60_000);
    await drive(at, () => at.state(first!) === 'developed' && at.state(second!) === 'developed');
    await drained;
    at.dispatcher.kick();
    await at.clock.advance(JOB_MS * 4);
    expect(at.state(third!)).toBe('queued');
  });

  test('drain: what runs past the deadline goes back to the queue, without a loss', async () => {
    const at = bench();
    at.worker.stepMs = 60_000;
    const job = at.add('ann');
    at.dispatcher.start();
    await until(() => at.worker.inFlight.size === 1);
    const drained = at.dispatcher.drain(10_000);
    await at.clock.advance(10_000);
    await drained;
    expect([at.state(job), at.worker.inFlight.size]).toEqual(['queued', 0]);
    expect(at.store.recover(3_000)).toEqual({ requeued: 0, expired: 0, poisoned: 0 });
  });

  test('drain: a worker that does not let go is left behind', async () => {
    const at = bench();
    at.worker.stepMs = 600_000;
    at.worker.isDeaf = true;
    const job = at.add('ann');
    at.dispatcher.start();
    await until(() => at.worker.inFlight.size === 1);
    const drained = at.dispatcher.drain(1_000);
    await at.clock.advance(10_000);
    await drained;
    expect(at.state(job)).toBe('queued');
  });

  test('killed in the middle: after the restart the job runs again with its seed, charged once', async () => {
    const at = bench();
    const job = at.add('ann', { seed: 42, count: 2 }, { cost: 2 });
    at.dispatcher.start();
    await drive(at, () => at.dispatcher.progress(job.id) !== undefined);
    // The old process is gone without a word: nothing it still does reaches the new one's connection.
    const after = bench({}, at);
    expect(after.store.recover(3_000)).toEqual({ requeued: 1, expired: 0, poisoned: 0 });
    after.dispatcher.start();
    await drive(after, () => after.state(job) === 'developed');
    expect(after.worker.tasks).toMatchObject([{ attempt: 2, request: { seed: 42 } }]);
    expect(after.store.settle(job.id)).toBe('delivered');
    expect(used(after)).toBe(2);
  });

  test('a result of the life before does not count', async () => {
    const at = bench();
    const job = at.add('ann');
    at.dispatcher.start();
    await drive(at, () => at.dispatcher.progress(job.id) !== undefined);
    at.store.recover(3_000);
    await until(() => at.worker.inFlight.size === 1);
    await at.clock.advance(JOB_MS);
    await until(() => at.worker.inFlight.size === 0 || at.worker.tasks.length === 2);
    await drive(at, () => at.state(job) === 'developed');
    expect(at.store.get(job.id)?.attempt).toBe(2);
    expect(at.store.pictures(job.id).map((picture) => picture.path)).toEqual([`pictures/${job.id}/2/0.png`]);
  });
});
