import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { isFinal, type JobState } from '../../src/core/job.ts';
import type { JobStore } from '../../src/core/jobStore.ts';
import { ROOT } from '../../src/root.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/openStore.ts';
import { makeJobStore } from '../../src/store/sqliteJobStore.ts';
import { newJob, picture } from '../contract/jobStore.ts';
import { type HandClock, handClock } from '../support/clock.ts';
import { LEDGER_OF } from '../support/ledgerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-safety-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshFile = () => {
  files += 1;
  return path.join(folder, `${files}.db`);
};

const RULES = { dailyQuota: 12, maxWaitingPerUser: 4 };
const USERS = ['ann', 'bob', 'cat'];
const LEASE_MS = 1_000;
const ERROR = { code: 'runtime_failed', message: 'x', details: {} } as const;

type Step =
  | { readonly do: 'accept'; readonly user: number; readonly cost: number }
  | {
      readonly do: 'repeat' | 'acknowledge' | 'expire' | 'develop' | 'lose' | 'release' | 'fail' | 'cancel' | 'settle';
      readonly job: number;
    }
  /** A result of an earlier attempt that comes in late. */
  | { readonly do: 'stale'; readonly job: number }
  | { readonly do: 'claim' | 'crash' | 'lapse' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'quota'; readonly user: number; readonly limit: number | null };

const anyJob = fc.nat(11);
const user = fc.nat(USERS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('accept' as const), user, cost: fc.nat(4) }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'repeat',
        'acknowledge',
        'acknowledge',
        'expire',
        'develop',
        'develop',
        'lose',
        'release',
        'fail',
        'cancel',
        'settle',
        'settle',
        'stale',
      ),
      job: anyJob,
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('claim', 'claim', 'claim', 'crash', 'lapse') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(500, 4_000, -3_600_000, 40_000_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('quota' as const), user, limit: fc.option(fc.nat(8)) }) },
) as fc.Arbitrary<Step>;

/** A store under random operations, and what must be true of it after each. */
class Trial {
  readonly clock: HandClock = handClock();
  store: JobStore;
  #file = freshFile();
  readonly #asked: ReturnType<typeof newJob>[] = [];
  readonly #ids: string[] = [];
  readonly #ends = new Map<string, JobState>();

  constructor() {
    this.store = openStore({ file: this.#file, clock: this.clock });
  }

  take(action: Step): unknown {
    const id = 'job' in action ? (this.#ids[action.job % Math.max(1, this.#ids.length)] ?? 'none') : 'none';
    const attempt = this.store.get(id)?.attempt ?? 0;
    switch (action.do) {
      case 'accept':
        return this.#accept(newJob({ userId: USERS[action.user]!, cost: action.cost }));
      case 'repeat': {
        const again = this.#asked[this.#ids.indexOf(id)];
        if (again !== undefined)
          expect(this.store.accept(again, RULES)).toMatchObject({ reason: 'duplicate', job: { id } });
        return again;
      }
      case 'acknowledge':
      case 'expire':
      case 'cancel':
      case 'settle':
        return this.store[action.do](id);
      case 'develop':
        return this.store.develop(id, attempt, [picture(id, 0)], 5);
      case 'lose':
        return this.store.lose(id, attempt, ERROR);
      case 'release':
        return this.store.release(id, attempt);
      case 'fail':
        return this.store.fail(id, ERROR);
      case 'stale': {
        const before = this.store.get(id);
        expect(this.store.develop(id, attempt - 1, [picture(id, 0)], 5)).toBe(false);
        return expect(this.store.get(id)).toEqual(before);
      }
      case 'claim':
        return this.store.claimNext('worker', LEASE_MS);
      case 'lapse':
        return this.store.lapse();
      case 'wait':
        return this.clock.jump(action.ms);
      case 'quota':
        return this.store.setQuota({ userId: USERS[action.user]!, guildId: 'guild' }, action.limit, 'admin');
      case 'crash':
        return this.#crash();
    }
  }

  #accept(asked: ReturnType<typeof newJob>): void {
    const { used, limit } = this.store.quota(asked, RULES);
    const result = this.store.accept(asked, RULES);
    if (!result.ok) return;
    expect(used + asked.cost).toBeLessThanOrEqual(limit);
    this.#asked.push(asked);
    this.#ids.push(result.job.id);
  }

  /** What the disk holds this instant, opened by a new process; the old one never closes. */
  #crash(): void {
    const image = freshFile();
    for (const end of ['', '-wal']) if (existsSync(this.#file + end)) cpSync(this.#file + end, image + end);
    this.store.close();
    this.#file = image;
    this.store = openStore({ file: image, clock: this.clock });
    this.store.recover(3_000);
  }

  check(): void {
    for (const [index, id] of this.#ids.entries()) {
      const job = this.store.get(id);
      if (job === undefined) throw new Error('an accepted job is gone');
      expect(job.cost).toBe(this.#asked[index]!.cost);
      const end = this.#ends.get(id);
      if (end !== undefined) expect(job.state).toBe(end);
      if (isFinal(job.state)) this.#ends.set(id, job.state);
      const made = this.store.pictures(id).length;
      if (['developed', 'delivered'].includes(job.state)) expect(made).toBe(1);
      else if (job.state !== 'failed') expect(made).toBe(0);
      expect(job.attempt > 0 || !['running', 'developed', 'delivered'].includes(job.state)).toBe(true);
    }
    for (const userId of USERS)
      expect(this.store.quota({ userId, guildId: null }, RULES).used).toBeGreaterThanOrEqual(0);
  }

  /** Reads the ledger behind the store's back: each job reserved once, and closed once by the way it ended. */
  checkLedger(): void {
    this.store.close();
    const db = openDatabase(this.#file);
    const rows = db
      .prepare<[], { state: JobState; kinds: string; days: number; amounts: number; amount: number; cost: number }>(
        `SELECT state, cost, group_concat(l.kind, ' ' ORDER BY l.entry_id) AS kinds, count(DISTINCT l.day) AS days,
         count(DISTINCT l.pictures) AS amounts, max(l.pictures) AS amount FROM jobs LEFT JOIN quota_ledger l ON l.job_id = jobs.id GROUP BY jobs.seq`,
      )
      .all();
    db.close();
    for (const { state, kinds, days, amounts, amount, cost } of rows) {
      expect([kinds, days, amounts, amount]).toEqual([LEDGER_OF[state], 1, 1, cost]);
    }
    expect(rows).toHaveLength(this.#ids.length);
  }
}

describe('any sequence of operations by several users, with crashes', () => {
  test('charges once, ends once, and never owes a picture', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const trial = new Trial();
        for (const action of steps) {
          trial.take(action);
          trial.check();
        }
        trial.checkLedger();
      }),
      { numRuns: 60 },
    );
  });
});

/** A store and its connection, to break one and watch the other. */
function opened(file = freshFile()): { readonly db: Database; readonly store: JobStore } {
  const db = openDatabase(file);
  migrate(db, readMigrations(path.join(ROOT, 'migrations')), 0);
  let count = 0;
  const randomBytes = (size: number) => {
    count += 1;
    return new Uint8Array(size).fill(count % 32);
  };
  return { db, store: makeJobStore(db, { nowMs: handClock().nowMs, randomBytes }) };
}

describe('when a statement fails', () => {
  test('nothing of its transaction stays: no job without its reservation', () => {
    const { db, store } = opened();
    db.exec(
      "CREATE TEMP TRIGGER broken BEFORE INSERT ON quota_ledger BEGIN SELECT RAISE(ABORT, 'the ledger is broken'); END",
    );
    const asked = newJob();
    expect(() => store.accept(asked, RULES)).toThrow(expect.objectContaining({ code: 'internal' }));
    expect(store.list({ limit: 9 })).toEqual([]);
    db.exec('DROP TRIGGER broken');
    expect(store.accept(asked, RULES).ok).toBe(true);
  });

  test('a result is kept whole or not at all', () => {
    const { store } = opened();
    const result = store.accept(newJob(), RULES);
    if (!result.ok) throw new Error(result.reason);
    const { id } = result.job;
    store.acknowledge(id);
    store.claimNext('worker', LEASE_MS);
    expect(() => store.develop(id, 1, [picture(id, 0), picture(id, 0)], 5)).toThrow(/UNIQUE/);
    expect([store.get(id)?.state, store.pictures(id)]).toEqual(['running', []]);
    expect(store.develop(id, 1, [picture(id, 0)], 5)).toBe(true);
  });

  test('a full disk is told as such, and over when there is room', () => {
    const { db, store } = opened();
    const pages = db.pragma('page_count', { simple: true });
    db.pragma(`max_page_count = ${pages}`);
    const fill = () => {
      for (let index = 0; index < 200; index += 1) store.setSetting(`key ${index}`, 'x'.repeat(2_000));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'disk_full', retry: 'later', audience: 'operator' }));
    db.pragma('max_page_count = 1000000');
    expect(fill).not.toThrow();
  });

  test('a closed database is store_failed, not a TypeError', () => {
    const { store } = opened();
    store.close();
    expect(() => store.counts()).toThrow(expect.objectContaining({ code: 'store_failed' }));
  });

  test('a job id drawn twice is drawn again', () => {
    const { store } = opened();
    const ids = Array.from({ length: 3 }, () => store.accept(newJob(), RULES)).map(
      (result) => result.ok && result.job.id,
    );
    expect(new Set(ids).size).toBe(3);
    const stuck = makeJobStore(opened().db, { nowMs: () => 0, randomBytes: (size) => new Uint8Array(size) });
    expect(stuck.accept(newJob(), RULES).ok).toBe(true);
    expect(() => stuck.accept(newJob(), RULES)).toThrow(/8 random ids in a row/);
  });

  test('the database itself refuses a second end', () => {
    const { db, store } = opened();
    const result = store.accept(newJob(), RULES);
    if (!result.ok) throw new Error(result.reason);
    store.expire(result.job.id);
    expect(() => db.exec("UPDATE jobs SET state = 'queued'")).toThrow('a finished job never changes its state');
  });
});

describe('durability', () => {
  test('every commit is synced, and foreign keys hold', () => {
    const { db } = opened();
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
  });

  test('two hundred users with five jobs each: accepted, placed and claimed without a scan that grows', {
    timeout: 60_000,
  }, () => {
    const store = openStore({ file: ':memory:', clock: handClock() });
    const rules = { dailyQuota: 100, maxWaitingPerUser: 5 };
    for (let index = 0; index < 1_000; index += 1) {
      const result = store.accept(newJob({ userId: `user ${index % 200}` }), rules);
      if (!result.ok) throw new Error(result.reason);
      store.acknowledge(result.job.id);
    }
    const jobs = store.list({ limit: 1_000 });
    expect(store.position(jobs[0]!.id)).toBe(999);
    expect(store.position(jobs[999]!.id)).toBe(0);
    const claimed = Array.from({ length: 400 }, () => store.claimNext('worker', LEASE_MS)!.userId);
    expect(new Set(claimed.slice(0, 200)).size).toBe(200);
    expect(new Set(claimed.slice(200)).size).toBe(200);
  });
});
