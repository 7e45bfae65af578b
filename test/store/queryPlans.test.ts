// Every statement the store prepares, explained by SQLite itself: the tables that grow with use are never read from end to end.

import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { PERSONAL } from '../../src/store/personalData.ts';
import { makeJobStore } from '../../src/store/sqliteJobStore.ts';
import { newJob } from '../contract/jobStore.ts';

/** Rows of these come with every picture, order or person. */
const GROWING = [
  'jobs',
  'pictures',
  'control_inputs',
  'control_maps',
  'quota_ledger',
  'users',
  'members',
  'favourites',
  'user_settings',
  'notes',
  'audit',
  'strikes',
  'reports',
  'reporters',
  'judgements',
];
/** A database that remembers every statement it was asked to prepare. */
function listeningDatabase(): { readonly db: Database; readonly statements: Set<string> } {
  const db = openDatabase(':memory:');
  migrate(db, readMigrations(path.join(ROOT, 'migrations')), 0);
  const statements = new Set<string>();
  const prepare = db.prepare.bind(db);
  db.prepare = ((sql: string) => {
    statements.add(sql.replaceAll(/\s+/g, ' ').trim());
    return prepare(sql);
  }) as typeof db.prepare;
  return { db, statements };
}

test('no statement of the store scans a table that grows', () => {
  const { db, statements } = listeningDatabase();
  const store = makeJobStore(db, { nowMs: () => 0, randomBytes: (count) => new Uint8Array(count).fill(1) });
  const page = { limit: 10, offset: 0 };
  const accepted = store.accept(newJob(), { dailyQuota: 10, maxWaitingPerUser: 10 });
  const id = accepted.ok ? accepted.job.id : '';
  store.list({ limit: 9 });
  store.list({ limit: 9, userId: 'ann', states: ['queued'], beforeJobId: id });
  store.list({ limit: 9, guildId: 'guild' });
  for (const favourites of [false, true]) {
    store.history({ userId: 'ann', favourites }, page);
    store.history({ userId: 'ann', favourites, words: 'red', model: 'm', lora: 'l', sinceMs: 0, untilMs: 1 }, page);
  }
  store.auditOf({ guildId: 'guild', limit: 9 });
  store.auditOf({ guildId: null, limit: 9, beforeId: 9, byUserId: 'ann', target: 'bob', action: 'ban' });
  store.forget('ann');
  const plans = [...statements]
    .filter((sql) => /^(SELECT|UPDATE|DELETE|INSERT|WITH)/i.test(sql))
    .flatMap((sql) => explain(db, sql).map((step) => `${step} ← ${sql}`));
  expect(plans.length).toBeGreaterThan(50);
  const scans = plans.filter((plan) =>
    GROWING.some((table) => new RegExp(`^SCAN ${table}\\b(?! USING INDEX)`).test(plan)),
  );
  // Newest first without any condition ends at its limit. Everything about one person is asked for by that person, seldom.
  const seldom = Object.values(PERSONAL).map(({ rows }) => ` ← ${rows.replaceAll(/\s+/g, ' ').trim()}`);
  const often = scans.filter((plan) => !seldom.some((end) => plan.endsWith(end)));
  expect(often.filter((plan) => !/ORDER BY seq DESC LIMIT @limit$/.test(plan))).toEqual([]);
  db.close();
});

/** Parameters stand for any text; nothing is run. */
function explain(db: Database, sql: string): string[] {
  const filled = sql.replaceAll(/@\w+|\?\d*/g, "'x'");
  const rows = db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${filled}`).all();
  return rows.map(({ detail }) => detail);
}
