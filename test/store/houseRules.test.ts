// Quotas of people, roles and servers, grants, weights, limits, models and the queue's mode in the database; the ledger for any history.
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AcceptResult, AcceptRules, JobStore, NewJob } from '../../src/core/jobStore.ts';
import { HOUR_MS, leftOf } from '../../src/core/quota.ts';
import { ROOT } from '../../src/root.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { makeJobStore } from '../../src/store/sqliteJobStore.ts';
import { newJob } from '../contract/jobStore.ts';

const RULES: AcceptRules = { dailyQuota: 10, maxWaitingPerUser: 1_000 };
const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 0, 2, 12);

let db: Database;
let store: JobStore;
let nowMs: number;
beforeEach(() => open());
afterEach(() => store.close());

function open() {
  db = openDatabase(':memory:');
  migrate(db, readMigrations(path.join(ROOT, 'migrations')), 0);
  nowMs = NOON;
  let ids = 0;
  const randomBytes = (count: number) => {
    ids += 1;
    return Uint8Array.from({ length: count }, (_, at) => (ids >> (5 * at)) & 31);
  };
  store = makeJobStore(db, { nowMs: () => nowMs, randomBytes });
}

const ask = (over: Partial<NewJob> = {}, rules = RULES) => store.accept(newJob(over), rules);
const idOf = (result: AcceptResult) => {
  if (!result.ok) throw new Error(result.reason);
  return result.job.id;
};
const quota = (roleIds: readonly string[] = [], userId = 'ann', guildId: string | null = 'guild') =>
  store.quota({ userId, guildId, roleIds }, RULES);

describe('quotas', () => {
  test('of roles: the highest of somebody’s, under the own one, over the usual one', () => {
    store.setRoleQuota('guild', { roleId: 'low', daily: 3, hourly: null }, 'mod');
    store.setRoleQuota('guild', { roleId: 'high', daily: 30, hourly: 4 }, 'mod');
    expect(quota()).toEqual({ used: 0, limit: 10, resetsAtMs: Date.UTC(2026, 0, 3) });
    expect(quota(['low']).limit).toBe(3);
    expect(quota(['low', 'high'])).toMatchObject({ limit: 30, hour: { used: 0, limit: 4 } });
    expect(quota(['high'], 'ann', 'elsewhere').limit).toBe(10);
    expect(quota(['high'], 'ann', null).limit).toBe(10);
    store.setQuota({ userId: 'ann', guildId: 'guild' }, 7, 'mod', 2);
    expect(quota(['high'])).toMatchObject({ limit: 7, hour: { limit: 2 } });
    expect(store.memberQuota({ userId: 'ann', guildId: 'guild' })).toEqual({ daily: 7, hourly: 2 });
    store.setQuota({ userId: 'ann', guildId: 'guild' }, null, 'mod');
    store.setRoleQuota('guild', { roleId: 'high', daily: null, hourly: null }, 'mod');
    expect(store.roleQuotas('guild')).toEqual([{ roleId: 'low', daily: 3, hourly: null }]);
    expect(quota(['high']).limit).toBe(10);
    expect(store.audit({ limit: 9 }).map(({ target, note }) => `${target} ${note}`)).toEqual([
      '&high default',
      'ann default',
      'ann 7, 2 an hour',
      '&high 30, 4 an hour',
      '&low 3',
    ]);
  });

  test('of the hour slide, count everywhere, and a refund counts as never asked', () => {
    const rules = { ...RULES, hourlyQuota: 3 };
    const first = idOf(ask({ cost: 2 }, rules));
    nowMs += 30 * 60_000;
    idOf(ask({ cost: 1, guildId: null }, rules));
    const full = ask({ cost: 1 }, rules);
    expect(full).toMatchObject({ reason: 'quota', over: 'hour', quota: { hour: { used: 3, limit: 3 } } });
    expect(full).toMatchObject({ quota: { hour: { resetsAtMs: NOON + HOUR_MS } } });
    store.cancel(first);
    expect(ask({ cost: 3 }, rules)).toMatchObject({ reason: 'quota', over: 'hour' });
    const third = idOf(ask({ cost: 2 }, rules));
    nowMs += 30 * 60_000 + 1;
    expect(store.get(third)?.cost).toBe(2);
    expect(store.quota({ userId: 'ann', guildId: null }, rules).hour).toMatchObject({ used: 3 });
    nowMs += HOUR_MS;
    expect(store.quota({ userId: 'ann', guildId: null }, rules).hour?.used).toBe(0);
  });

  test('the hour looks over midnight', () => {
    const rules = { ...RULES, hourlyQuota: 3 };
    nowMs = Date.UTC(2026, 0, 2, 23, 50);
    idOf(ask({ cost: 3 }, rules));
    nowMs += 20 * 60_000;
    expect(ask({ cost: 1 }, rules)).toMatchObject({ over: 'hour', quota: { used: 0 } });
  });

  test('of a server are everybody’s together, and only the owner’s are the owner’s', () => {
    store.setServerQuota('guild', { daily: 4, hourly: null, isByOwner: true }, 'boss');
    idOf(ask({ cost: 3 }));
    idOf(ask({ cost: 5, guildId: 'elsewhere' }));
    expect(ask({ cost: 2, userId: 'bob' })).toMatchObject({ over: 'server', quota: { server: { used: 3, limit: 4 } } });
    idOf(ask({ cost: 1, userId: 'bob' }));
    expect(store.serverQuota('guild')).toEqual({ daily: 4, hourly: null, isByOwner: true });
    nowMs += DAY_MS;
    idOf(ask({ cost: 4, userId: 'bob' }));
    store.setServerQuota('guild', { daily: null, hourly: null, isByOwner: true }, 'boss');
    expect(store.serverQuota('guild')).toBeUndefined();
  });

  test('what was given is used after the day’s, outlasts it, and comes back with a refund', () => {
    expect(store.grant({ userId: 'ann', guildId: 'guild' }, 5, 'a contest', 'boss')).toBe(5);
    const job = idOf(ask({ cost: 12 }));
    expect(quota()).toMatchObject({ used: 10, limit: 10, granted: 3 });
    expect(leftOf(quota())).toBe(3);
    expect(ask({ cost: 4 })).toMatchObject({ reason: 'quota', over: 'day' });
    expect(ask({ cost: 1, guildId: 'elsewhere' })).toMatchObject({ reason: 'quota', over: 'day' });
    store.cancel(job);
    expect(quota()).toMatchObject({ used: 0, granted: 5 });
    nowMs += DAY_MS;
    idOf(ask({ cost: 15 }));
    expect(quota()).toEqual({ used: 10, limit: 10, resetsAtMs: Date.UTC(2026, 0, 4) });
    expect(store.audit({ limit: 1 })).toMatchObject([{ action: 'grant', target: 'ann', note: '5: a contest' }]);
  });

  test('that were lowered below what is used take no more than the job from a grant', () => {
    idOf(ask({ cost: 8 }));
    store.setQuota({ userId: 'ann', guildId: 'guild' }, 2, 'mod');
    store.grant({ userId: 'ann', guildId: 'guild' }, 3, '', 'boss');
    idOf(ask({ cost: 2 }));
    expect(quota()).toMatchObject({ used: 8, limit: 2, granted: 1 });
  });
});

type Act =
  | { readonly do: 'ask'; readonly user: string; readonly guild: string | null; readonly cost: number }
  | { readonly do: 'end'; readonly pick: number; readonly how: 'cancel' | 'deliver' | 'fail' | 'expire' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'grant'; readonly user: string; readonly pictures: number }
  | { readonly do: 'limit'; readonly daily: number | null };

const user = fc.constantFrom('ann', 'bob');
const acts = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('ask' as const),
        user,
        guild: fc.constantFrom('guild', 'other', null),
        cost: fc.integer({ min: 1, max: 6 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        pick: fc.nat(),
        how: fc.constantFrom('cancel' as const, 'deliver' as const, 'fail' as const, 'expire' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1_000, HOUR_MS, DAY_MS) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('grant' as const), user, pictures: fc.integer({ min: 1, max: 9 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), daily: fc.option(fc.nat(8)) }) },
  ),
  { maxLength: 40 },
);

function end(id: string, how: Extract<Act, { do: 'end' }>['how']) {
  if (how === 'cancel') store.cancel(id);
  if (how === 'expire') store.expire(id);
  if (how === 'fail') store.fail(id, { code: 'runtime_failed', message: 'x', details: {} });
  if (how !== 'deliver') return;
  store.acknowledge(id);
  const job = store.claimNext('worker', 1_000);
  if (job === undefined) return;
  store.develop(job.id, job.attempt, [], 5);
  store.settle(job.id);
}

test('for any history the ledger sums up: every job is open, charged or given back once, and nobody has more than they were given', () => {
  fc.assert(
    fc.property(acts, (history: readonly Act[]) => {
      store.close();
      open();
      const rules = { ...RULES, hourlyQuota: 9 };
      const jobs: string[] = [];
      const given = new Map<string, number>();
      for (const act of history) {
        if (act.do === 'wait') nowMs += act.ms;
        else if (act.do === 'limit') store.setQuota({ userId: 'ann', guildId: 'guild' }, act.daily, 'mod');
        else if (act.do === 'grant') {
          store.grant({ userId: act.user, guildId: 'guild' }, act.pictures, '', 'boss');
          given.set(act.user, (given.get(act.user) ?? 0) + act.pictures);
        } else if (act.do === 'end') {
          const id = jobs[act.pick % Math.max(1, jobs.length)];
          if (id !== undefined) end(id, act.how);
        } else {
          const before = store.quota({ userId: act.user, guildId: act.guild }, rules);
          const result = ask({ userId: act.user, guildId: act.guild, cost: act.cost }, rules);
          expect(result.ok).toBe(act.cost <= leftOf(before));
          if (result.ok) jobs.push(result.job.id);
        }
      }
      const rows = db
        .prepare<[], { state: string; cost: number; reserved: number; charged: number; refunded: number }>(
          `SELECT state, cost, sum(l.kind = 'reserve') AS reserved, sum(l.kind = 'charge') AS charged, sum(l.kind = 'refund') AS refunded
           FROM jobs JOIN quota_ledger l ON l.job_id = jobs.id AND l.pictures = jobs.cost GROUP BY jobs.id`,
        )
        .all();
      expect(rows).toHaveLength(jobs.length);
      for (const { state, reserved, charged, refunded } of rows) {
        const isOpen = ['accepted', 'queued', 'running', 'developed'].includes(state);
        expect({ state, reserved, charged, refunded }).toEqual({
          state,
          reserved: 1,
          charged: Number(state === 'delivered'),
          refunded: Number(!isOpen && state !== 'delivered'),
        });
      }
      for (const userId of ['ann', 'bob']) {
        const kept =
          rows.length === 0
            ? 0
            : db
                .prepare<[string], number>(
                  `SELECT coalesce(sum(cost), 0) FROM jobs WHERE user_id = ? AND state IN ('accepted', 'queued', 'running', 'developed', 'delivered')`,
                )
                .pluck()
                .get(userId)!;
        const days = db
          .prepare<[string], number>(
            `SELECT coalesce(sum(pictures * CASE kind WHEN 'reserve' THEN 1 WHEN 'refund' THEN -1 ELSE 0 END), 0) FROM quota_ledger WHERE user_id = ?`,
          )
          .pluck()
          .get(userId)!;
        expect(days).toBe(kept);
        const taken = db
          .prepare<[string], number>(
            `SELECT coalesce(sum(granted * CASE kind WHEN 'reserve' THEN 1 WHEN 'refund' THEN -1 ELSE 0 END), 0) FROM quota_ledger WHERE user_id = ?`,
          )
          .pluck()
          .get(userId)!;
        expect(taken).toBeGreaterThanOrEqual(0);
        expect(store.quota({ userId, guildId: 'guild' }, rules).granted ?? 0).toBe((given.get(userId) ?? 0) - taken);
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

describe('the queue', () => {
  test('that is paused takes orders and begins none, and promises no time', () => {
    store.setQueueMode('paused', 'boss');
    const id = idOf(ask());
    store.acknowledge(id);
    expect(store.claimNext('worker', 1_000)).toBeUndefined();
    expect(store.readyAtMs(id)).toBeUndefined();
    store.setQueueMode('running', 'boss');
    expect(store.readyAtMs(id)).toBeGreaterThan(nowMs);
    expect(store.claimNext('worker', 1_000)?.id).toBe(id);
    expect(store.audit({ limit: 9 }).map(({ action, note, guildId }) => [action, note, guildId])).toEqual([
      ['queue', 'running', null],
      ['queue', 'paused', null],
    ]);
  });

  test('that is drained takes none, makes those that wait, and still knows a second delivery', () => {
    const asked = newJob();
    const first = idOf(store.accept(asked, RULES));
    store.acknowledge(first);
    store.setQueueMode('draining', 'boss');
    expect(ask()).toEqual({ ok: false, reason: 'draining' });
    expect(store.accept(asked, RULES)).toMatchObject({ reason: 'duplicate' });
    expect(store.claimNext('worker', 1_000)?.id).toBe(first);
  });

  test('serves a role of weight 3 three times as often, and others still', () => {
    store.setRoleWeight('guild', { roleId: 'vip', weight: 3 }, 'boss');
    const rules = { dailyQuota: 1_000, maxWaitingPerUser: 1_000 };
    for (let round = 0; round < 12; round += 1) {
      for (const [userId, roleIds] of [
        ['ann', []],
        ['vip', ['vip']],
      ] as const) {
        store.acknowledge(idOf(ask({ userId, roleIds }, rules)));
      }
    }
    const taken = Array.from({ length: 12 }, () => store.claimNext('worker', 1_000)!.userId);
    const ofVip = taken.filter((userId) => userId === 'vip').length;
    expect(ofVip).toBeGreaterThanOrEqual(8);
    expect(ofVip).toBeLessThanOrEqual(10);
    store.setRoleWeight('guild', { roleId: 'vip', weight: 1 }, 'boss');
    expect(store.roleWeights('guild')).toEqual([]);
  });
});

test('limits, models and refusals are a server’s own', () => {
  expect(store.serverLimits('guild')).toEqual({});
  store.setServerLimits('guild', { maxSteps: 9 }, 'mod');
  expect(store.serverLimits('guild')).toEqual({ maxSteps: 9 });
  expect(store.serverLimits('other')).toEqual({});
  expect(store.serverLimits(null)).toEqual({});
  store.setModelRule('guild', 'heavy', ['role'], 'mod');
  expect(store.modelRules('guild')).toEqual([{ model: 'heavy', roleIds: ['role'] }]);
  expect(store.modelRules(null)).toEqual([]);
  store.setModelRule('guild', 'heavy', null, 'mod');
  expect(store.modelRules('guild')).toEqual([]);
  for (const guildId of ['guild', 'guild', null]) store.noteRefusal(guildId, 'quota');
  const day = Math.floor(nowMs / DAY_MS);
  expect(store.refusals({ guildId: 'guild', sinceMs: nowMs })).toEqual([{ day, reason: 'quota', count: 2 }]);
  expect(store.refusals({ guildId: null, sinceMs: nowMs })).toEqual([{ day, reason: 'quota', count: 3 }]);
  expect(store.refusals({ guildId: null, sinceMs: nowMs + DAY_MS })).toEqual([]);
});

test('the figures of the charts are those of a server since a moment, newest first', () => {
  idOf(ask({ guildId: 'other' }));
  idOf(ask());
  nowMs += DAY_MS;
  const last = idOf(ask({ cost: 3 }));
  store.acknowledge(last);
  expect(store.figures({ guildId: 'guild', sinceMs: NOON }).map(({ createdAtMs }) => createdAtMs - NOON)).toEqual([
    DAY_MS,
    0,
  ]);
  expect(store.figures({ guildId: 'guild', sinceMs: NOON + 1 })).toEqual([
    {
      userId: 'ann',
      model: 'testmodel',
      state: 'queued',
      count: 1,
      createdAtMs: nowMs,
      startedAtMs: null,
      gpuMs: null,
    },
  ]);
  expect(store.figures({ guildId: null, sinceMs: NOON })).toHaveLength(3);
});
