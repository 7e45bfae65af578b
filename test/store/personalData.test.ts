// Everything the database holds about one person: the list of tables is compared with the schema itself, so that a table somebody adds is
// exported and forgotten, or said to name nobody; then one row of each is given out, and looked for after forgetting.
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { IMPERSONAL, makePersonalData, PERSONAL } from '../../src/store/personalData.ts';
import { testRequest } from '../support/cards.ts';

const ANN = '100000000000000001';
const BEN = '100000000000000002';
const MOD = '100000000000000003';
const GUILD = '200000000000000001';
const SECRET = 'zanzibar';
const [JOB, BENS] = ['aaaaaaaaaa', 'bbbbbbbbbb'];
const SHA = 'ab'.repeat(32);
const NOW = 1_800_000_000_000;
/** Columns in which a person's id may stand. */
const NAMES_SOMEBODY = /user|decided_by|target|author|owner_id|asker|member/;

let db: Database;
beforeEach(() => {
  db = openDatabase(':memory:');
  migrate(db, readMigrations(path.join(ROOT, 'migrations')), 0);
});
afterEach(() => db.close());

function tables(): string[] {
  const names = db.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
  // What SQLite keeps for itself, the search index's own tables, and the migrations'.
  return names.filter((name) => !/^sqlite_|^prompt_words_|^schema_|migration/.test(name)).sort();
}

test('every table of the schema is said to be about somebody or about nobody', () => {
  expect(tables()).toEqual([...Object.keys(PERSONAL), ...IMPERSONAL].sort());
});

test('no table about nobody has a column for somebody', () => {
  const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck();
  for (const table of IMPERSONAL) {
    expect([table, columns.all(table).filter((name) => NAMES_SOMEBODY.test(name))]).toEqual([table, []]);
  }
});

test('whatever is not simply erased says why', () => {
  for (const [table, { afterwards, because, forget = [] }] of Object.entries(PERSONAL)) {
    expect([table, because !== undefined]).toEqual([table, afterwards !== 'erased']);
    expect([table, forget.length > 0]).toEqual([table, afterwards !== 'kept']);
  }
});

/** Rows of Ann, with her words where there are words, and of others, with theirs. */
function fill(): void {
  const put = (table: string, row: Record<string, unknown>) => {
    const names = Object.keys(row);
    const values = names.map((name) => `@${name}`).join(', ');
    db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${values})`).run(row);
  };
  const job = (id: string, user_id: string, seq: number) => {
    const request = JSON.stringify(testRequest({ prompt: `${SECRET} of ${user_id}` }));
    const where = { guild_id: GUILD, channel_id: '3', source_id: `s${id}`, source_kind: 'interaction' };
    const what = { kind: 'imagine', state: 'delivered', model: 'm', work: 1, cost: 1, created_at_ms: NOW };
    put('jobs', { seq, id, user_id, request, ...where, ...what });
    put('prompt_words', { rowid: seq, words: SECRET });
    put('pictures', {
      job_id: id,
      image_index: 0,
      path: 'p',
      sha256: SHA,
      seed: 1,
      width_px: 9,
      height_px: 6,
      size_bytes: 1,
    });
    put('control_maps', {
      job_id: id,
      position: 0,
      kind: 'canny',
      path: 'c',
      sha256: SHA,
      width_px: 9,
      height_px: 6,
      size_bytes: 1,
    });
    put('control_inputs', { job_id: id, sha256: SHA });
    const scores = { drawing: 1, hentai: 0, neutral: 0, porn: 0, sexy: 0 };
    put('judgements', { job_id: id, image_index: 0, verdict: 'allow', ...scores, at_ms: NOW });
    put('sheets', {
      lead_id: id,
      spec: JSON.stringify({ text: SECRET, x: { name: 'words', values: [SECRET] }, y: null }),
    });
    put('sheet_cells', { job_id: id, lead_id: id, cell: 0 });
    put('quota_ledger', { job_id: id, user_id, day: 1, kind: 'charge', pictures: 1, at_ms: NOW, guild_id: GUILD });
    put('reports', {
      job_id: id,
      guild_id: GUILD,
      state: 'approved',
      is_stale: 0,
      decided_by: MOD,
      created_at_ms: NOW,
    });
  };
  const person = (user_id: string) => {
    put('users', { user_id, ban_reason: 'rude' });
    put('members', { guild_id: GUILD, user_id, daily_quota: 5 });
    put('grants', { guild_id: GUILD, user_id, pictures: 1, at_ms: NOW });
    put('strikes', { guild_id: GUILD, user_id, kind: 'prompt', rule: 'r', source_id: `k${user_id}`, at_ms: NOW });
    put('user_settings', { user_id, settings: '{"count":2}' });
    put('styles', { user_id, name: 'noir', text: SECRET });
    put('wildcards', { user_id, name: 'place', choices: JSON.stringify([SECRET]) });
    put('lora_stacks', { user_id, name: SECRET, loras: '[]' });
    put('lora_uploads', { lora: `l${user_id}`, sha256: SHA, user_id, at_ms: NOW });
    put('notes', { id: `n${user_id}`, user_id, body: JSON.stringify({ words: SECRET }), at_ms: NOW });
  };
  for (const user of [ANN, BEN, MOD]) person(user);
  job(JOB, ANN, 1);
  job(BENS, BEN, 2);
  put('favourites', { user_id: ANN, job_id: BENS, at_ms: NOW });
  put('favourites', { user_id: BEN, job_id: JOB, at_ms: NOW });
  put('reporters', { job_id: BENS, user_id: ANN, reason: SECRET, at_ms: NOW });
  put('reporters', { job_id: JOB, user_id: BEN, reason: 'ugly', at_ms: NOW });
  put('audit', { action: 'ban', by_user_id: MOD, guild_id: GUILD, target: ANN, note: 'rude', at_ms: NOW });
  put('audit', { action: 'ban', by_user_id: ANN, guild_id: GUILD, target: BEN, note: 'ruder', at_ms: NOW });
  put('audit', { action: 'ban', by_user_id: MOD, guild_id: GUILD, target: BEN, note: 'hidden', at_ms: NOW });
  put('ring', {
    only: 1,
    turns: JSON.stringify([
      { userId: ANN, deficit: 2 },
      { userId: BEN, deficit: 3 },
    ]),
  });
}

/** Every row of a table as text; the search index tells its rows by their numbers. */
function rowsOf(table: string): string[] {
  const columns = table === 'prompt_words' ? 'rowid AS seq' : '*';
  return db
    .prepare<[], object>(`SELECT ${columns} FROM ${table}`)
    .all()
    .map((row) => JSON.stringify(row));
}

describe('one person', () => {
  beforeEach(() => {
    db.pragma('foreign_keys = OFF');
    fill();
  });

  test('is given a row of every table that names them, and nobody else’s words or id', () => {
    const given = makePersonalData(db).everythingOf(ANN);
    expect(Object.keys(given).sort()).toEqual(
      Object.values(PERSONAL)
        .map(({ as }) => as)
        .sort(),
    );
    const empty = Object.entries(given).filter(([, rows]) => rows.length === 0);
    expect(empty.map(([name]) => name)).toEqual([]);
    const text = JSON.stringify(given);
    expect(text).toContain(`${SECRET} of ${ANN}`);
    for (const foreign of [BEN, MOD, 'hidden', 'ugly'])
      expect([foreign, text.includes(foreign)]).toEqual([foreign, false]);
    expect(given.requests?.[0]).toMatchObject({ id: JOB, askedAt: '2027-01-15T08:00:00Z' });
    expect(given.audit).toMatchObject([
      { note: 'rude', byYou: 0, toYou: 1 },
      { note: 'ruder', byYou: 1, toYou: 0 },
    ]);
    expect(given.reportsAboutYou).toMatchObject([{ request: JOB, decidedByYou: 0 }]);
  });

  test('is gone from where it says so, without words where rows stay, and others keep theirs', () => {
    const before = new Map(tables().map((table) => [table, rowsOf(table)]));
    makePersonalData(db).erase(ANN);
    for (const [table, { afterwards }] of Object.entries(PERSONAL)) {
      const rows = rowsOf(table);
      const mine = rows.filter((row) => row.includes(ANN) || row.includes(JOB) || row === '{"seq":1}');
      if (afterwards === 'erased') expect([table, mine]).toEqual([table, []]);
      if (afterwards === 'emptied') expect([table, mine.join().includes(SECRET)]).toEqual([table, false]);
      if (afterwards === 'kept') expect([table, rows]).toEqual([table, before.get(table)]);
      const theirs = (all: readonly string[]) =>
        all.filter((row) => !row.includes(ANN) && !row.includes(JOB) && row !== '{"seq":1}');
      expect([table, theirs(rows)]).toEqual([table, theirs(before.get(table)!)]);
    }
    expect(rowsOf('styles').join()).toContain(SECRET);
  });
});
