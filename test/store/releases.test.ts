// Every schema that was ever released, with the rows of a community in it, brought to the present one: nothing is lost, the copy made before
// is the database as it was, and what stands afterwards is what a new installation has.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/openStore.ts';
import { newJob } from '../contract/jobStore.ts';

const MIGRATIONS = path.join(ROOT, 'migrations');
const ALL = readMigrations(MIGRATIONS);
const RULES = { dailyQuota: 100, maxWaitingPerUser: 100 };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-release-'));
  file = path.join(folder, 'darkroom.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the first release could hold: people, a ban, a quota, jobs in every state, pictures, the ledger, rules, the audit, settings. */
function fill(db: Database): void {
  const request = JSON.stringify(newJob({}).request);
  const states = ['accepted', 'queued', 'running', 'developed', 'delivered', 'failed', 'cancelled', 'expired'];
  db.exec(`INSERT INTO users VALUES ('ann', NULL), ('bob', 'a robot');
    INSERT INTO members VALUES ('guild', 'ann', NULL, 7), ('guild', 'bob', 'rude', NULL);
    INSERT INTO blocklist VALUES ('no foxes', 'word', 'fox');
    INSERT INTO audit (action, by_user_id, guild_id, target, note, at_ms) VALUES ('ban', 'mod', NULL, 'bob', 'a robot', 5), ('quota', 'mod', 'guild', 'ann', '7', 6);
    INSERT INTO settings VALUES ('custom_id_key', 'a key');
    INSERT INTO pace VALUES ('emoji', 100, 2);`);
  const job = db.prepare(
    `INSERT INTO jobs (id, kind, state, attempt, request, model, work, user_id, guild_id, channel_id, source_id, source_kind, message_id, cost,
       lease_until_ms, created_at_ms, ended_at_ms) VALUES (?, 'imagine', ?, 1, ?, 'emoji', 3, 'ann', 'guild', 'channel', ?, 'interaction', ?, 1, ?, 1000, ?)`,
  );
  const entry = db.prepare(
    'INSERT INTO quota_ledger (job_id, user_id, day, kind, pictures, at_ms) VALUES (?, ?, 0, ?, 1, 1000)',
  );
  for (const [at, state] of states.entries()) {
    const isEnd = at > 3;
    const id = `job${String(at).padStart(7, '0')}`;
    job.run(
      id,
      state,
      request,
      `source ${at}`,
      `message ${at}`,
      state === 'running' ? 9_000 : null,
      isEnd ? 2_000 : null,
    );
    entry.run(id, 'ann', 'reserve');
    if (isEnd) entry.run(id, 'ann', state === 'delivered' ? 'charge' : 'refund');
  }
  db.exec(
    `INSERT INTO pictures VALUES ('job0000004', 0, 'pictures/job0000004/1/0.png', '${'a'.repeat(64)}', 5, 64, 96, 1000)`,
  );
}

/** The database as that release left it. */
function release(version: number): void {
  const old = path.join(folder, `migrations-${version}`);
  mkdirSync(old);
  for (const { name } of ALL.slice(0, version)) copyFileSync(path.join(MIGRATIONS, name), path.join(old, name));
  const db = openDatabase(file);
  migrate(db, readMigrations(old).slice(0, 1), 1);
  fill(db);
  migrate(db, readMigrations(old), 2);
  db.close();
}

/** Tables, indices and triggers as SQLite keeps them, and the columns of each table. */
function schemaOf(db: Database): unknown {
  const things = db
    .prepare<[], { type: string; name: string; tbl_name: string }>(
      "SELECT type, name, tbl_name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
    )
    .all();
  const tables = things.filter(({ type }) => type === 'table');
  return { things, columns: tables.map(({ name }) => [name, db.pragma(`table_xinfo(${name})`)]) };
}

function look<T>(where: string, see: (db: Database) => T): T {
  const db = openDatabase(where);
  try {
    return see(db);
  } finally {
    db.close();
  }
}

test.each(ALL.map(({ version, name }) => [version, name] as const))('release %i (%s)', (version) => {
  release(version);
  openStore({ file: path.join(folder, 'new.db') }).close();
  const store = openStore({ file });
  expect(store.list({ limit: 99 })).toHaveLength(8);
  expect(store.get('job0000004')).toMatchObject({ state: 'delivered', userId: 'ann', messageId: 'message 4' });
  expect(store.pictures('job0000004')).toMatchObject([{ widthPx: 64, heightPx: 96, seed: 5 }]);
  expect(store.banIn({ userId: 'bob', guildId: null })).toEqual({ reason: 'a robot', untilMs: null });
  expect(store.memberQuota({ userId: 'ann', guildId: 'guild' })).toEqual({ daily: 7, hourly: null });
  expect(store.wordRules(null)).toEqual([{ name: 'no foxes', kind: 'word', pattern: 'fox' }]);
  expect(store.audit({ limit: 9 }).map(({ action, target }) => `${action} ${target}`)).toEqual([
    'quota ann',
    'ban bob',
  ]);
  expect(store.setting('custom_id_key', () => 'another')).toBe('a key');
  expect(store.recover(0)).toMatchObject({ requeued: expect.any(Number) });
  expect(store.accept(newJob({ sourceId: 'new' }), RULES).ok).toBe(true);
  store.close();

  const ledger = 'SELECT kind, count(*) AS count FROM quota_ledger GROUP BY kind ORDER BY kind';
  look(file, (db) => {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(db.prepare(ledger).all()).toContainEqual({ kind: 'charge', count: 1 });
    expect(schemaOf(db)).toEqual(look(path.join(folder, 'new.db'), schemaOf));
  });
  const copy = `${file}.before-${String(version + 1).padStart(4, '0')}.bak`;
  expect(existsSync(copy)).toBe(version < ALL.length);
  if (version === ALL.length) return;
  look(copy, (db) => {
    expect(db.prepare('SELECT max(version) FROM migrations').pluck().get()).toBe(version);
    expect(db.prepare('SELECT count(*) FROM jobs').pluck().get()).toBe(8);
  });
});
