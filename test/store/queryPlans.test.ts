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
  'sheets',
  'sheet_cells',
  'grants',
  'lora_uploads',
  'refusals',
];

/** Statements that read from an end of such a table, and why that is no matter. */
const MAY_SCAN: readonly { readonly is: (sql: string) => boolean; readonly because: string }[] = [
  {
    is: (sql) => / ORDER BY seq DESC LIMIT @limit$/.test(sql),
    because: 'newest first without a condition ends at its limit',
  },
  {
    is: (sql) => / FROM jobs ORDER BY seq DESC$/.test(sql),
    because: 'read newest first until the month of the chart is over',
  },
  { is: (sql) => sql.includes(' INDEXED BY reports_owed '), because: 'the index holds what is owed and nothing else' },
  {
    is: (sql) => sql.includes(' FROM refusals WHERE day >= ?'),
    because: 'counts of days and reasons, for the chart of the owner',
  },
  { is: (sql) => isOfOnePerson(sql), because: 'everything about one person is asked for by that person, seldom' },
];

function isOfOnePerson(sql: string): boolean {
  const asked = Object.values(PERSONAL).flatMap(({ rows, forget = [] }) => [rows, ...forget]);
  return asked.some((one) => one.replaceAll(/\s+/g, ' ').trim() === sql);
}

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
  for (const guildId of [null, 'guild']) {
    [...store.figures({ guildId, sinceMs: 0 })];
    store.refusals({ guildId, sinceMs: 0 });
  }
  const plans = [...statements]
    .filter((sql) => /^(SELECT|UPDATE|DELETE|INSERT|WITH)/i.test(sql))
    .flatMap((sql) => explain(db, sql).map((step) => ({ step, sql })));
  expect(plans.length).toBeGreaterThan(100);
  const growing = new RegExp(`^SCAN (${GROWING.join('|')})\\b`);
  const scans = plans.filter(({ step, sql }) => growing.test(step) && !MAY_SCAN.some(({ is }) => is(sql)));
  expect(scans.map(({ step, sql }) => `${step} ← ${sql}`)).toEqual([]);
  // An exception nothing needs any more would hide the next one.
  const unused = MAY_SCAN.filter(({ is }) => !plans.some(({ step, sql }) => growing.test(step) && is(sql)));
  expect(unused.map(({ because }) => because)).toEqual([]);
  db.close();
});

/** Parameters stand for any text; nothing is run. */
function explain(db: Database, sql: string): string[] {
  const filled = sql.replaceAll(/@\w+|\?\d*/g, "'x'");
  const rows = db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${filled}`).all();
  return rows.map(({ detail }) => detail);
}
