import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/openStore.ts';

let folder: string;
let file: string;
let migrations: string;
const open: Database[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-migrate-'));
  file = path.join(folder, 'darkroom.db');
  migrations = path.join(folder, 'migrations');
  mkdirSync(migrations);
});

afterEach(() => {
  for (const db of open.splice(0)) db.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, sql: string) => writeFileSync(path.join(migrations, name), sql);

function connect(): Database {
  const db = openDatabase(file);
  open.push(db);
  return db;
}

const run = (db: Database = connect()) => migrate(db, readMigrations(migrations), 1_000);
const tables = (db: Database) =>
  db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();

describe('bringing a database up', () => {
  test('a new one gets everything and no copy; the second start does nothing', () => {
    write('0001_a.sql', 'CREATE TABLE a (x) ;');
    write('0002_b.sql', 'CREATE TABLE b (x); INSERT INTO b VALUES (7);');
    const db = connect();
    expect(run(db)).toEqual({ applied: ['0001_a.sql', '0002_b.sql'], backupFile: null });
    expect(run(db)).toEqual({ applied: [], backupFile: null });
    expect(tables(db)).toEqual(['a', 'b', 'migrations']);
    expect(db.prepare('SELECT applied_at_ms FROM migrations').pluck().all()).toEqual([1_000, 1_000]);
  });

  test('an existing one is copied first, what lay only in the write-ahead log included', () => {
    write('0001_a.sql', 'CREATE TABLE a (x);');
    const db = connect();
    run(db);
    db.prepare('INSERT INTO a VALUES (?)').run('before');
    write('0002_b.sql', 'DELETE FROM a;');
    const report = run(db);
    expect(report).toEqual({ applied: ['0002_b.sql'], backupFile: `${file}.before-0002.bak` });
    expect(db.prepare('SELECT count(*) FROM a').pluck().get()).toBe(0);
    const copy = openDatabase(report.backupFile!);
    open.push(copy);
    expect(copy.prepare('SELECT x FROM a').pluck().all()).toEqual(['before']);
  });

  test('all or nothing: when the second of two fails, the first is undone too', () => {
    write('0001_a.sql', 'CREATE TABLE a (x);');
    const db = connect();
    run(db);
    write('0002_b.sql', 'CREATE TABLE b (x);');
    write('0003_c.sql', 'CREATE TABLE c (x); INSERT INTO nowhere VALUES (1);');
    const failed = /0003_c\.sql failed \(no such table: nowhere\); nothing was changed/;
    expect(() => run(db)).toThrow(failed);
    expect(() => run(db)).toThrow(failed);
    expect(tables(db)).toEqual(['a', 'migrations']);
    write('0003_c.sql', 'CREATE TABLE c (x);');
    expect(run(db).applied).toEqual(['0002_b.sql', '0003_c.sql']);
  });

  test('a failed first migration leaves an empty database', () => {
    write('0001_a.sql', 'CREATE TABLE a (x); nonsense;');
    const db = connect();
    expect(() => run(db)).toThrow(/0001_a\.sql failed/);
    expect(tables(db)).toEqual([]);
  });

  test('two processes at once: one migrates, the other finds it done', () => {
    write('0001_a.sql', 'CREATE TABLE a (x);');
    const [first, second] = [connect(), connect()];
    expect([run(first).applied, run(second).applied]).toEqual([['0001_a.sql'], []]);
  });
});

describe('what is refused', () => {
  const applied = () => {
    write('0001_a.sql', 'CREATE TABLE a (x);\n');
    const db = connect();
    run(db);
    return db;
  };

  test('a migration edited after it was applied, with both checksums', () => {
    const db = applied();
    write('0001_a.sql', 'CREATE TABLE a (x, y);\n');
    expect(() => run(db)).toThrow(
      /migration 1 was applied as 0001_a\.sql [0-9a-f]{12}, found 0001_a\.sql [0-9a-f]{12}; .*never edited/,
    );
  });

  test('line ends of another system are no edit', () => {
    const db = applied();
    write('0001_a.sql', 'CREATE TABLE a (x);\r\n');
    expect(run(db).applied).toEqual([]);
  });

  test('a database newer than the program, and it stays as it is', () => {
    const db = applied();
    write('0002_b.sql', 'CREATE TABLE b (x);');
    run(db);
    rmSync(path.join(migrations, '0002_b.sql'));
    expect(() => run(db)).toThrow(/is at migration 2 \(0002_b\.sql\), this program knows 1; start the newer program/);
    expect(tables(db)).toEqual(['a', 'b', 'migrations']);
  });

  test.each(['0003_gap.sql', 'notes.txt', '0002_B.sql', '2_b.sql', '0001_twice.sql'])('a folder with %s', (name) => {
    write('0001_a.sql', '');
    write(name, '');
    expect(() => readMigrations(migrations)).toThrow(`found ${name}, expected 0002_….sql`);
  });

  test('a file that is no database', () => {
    writeFileSync(file, 'this is a text, long enough to be read as a header of something else entirely'.repeat(20));
    expect(() => openStore({ file })).toThrow(expect.objectContaining({ code: 'store_failed' }));
    expect(readFileSync(file, 'utf8')).toContain('this is a text');
  });

  test('openStore lets the file go when a migration fails', () => {
    write('0001_a.sql', 'nonsense;');
    expect(() => openStore({ file, migrationsFolder: migrations })).toThrow(/failed/);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});

describe('the released schema', () => {
  test('is strict, and every foreign key points at something', () => {
    const store = openStore({ file });
    store.close();
    const db = connect();
    const loose = db
      .prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
      )
      .pluck()
      .all();
    expect(loose).toEqual([]);
    expect(db.pragma('foreign_key_check')).toEqual([]);
  });

  test('the questions of every second use an index', () => {
    openStore({ file }).close();
    const db = connect();
    const plan = (sql: string) =>
      db
        .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => row.detail)
        .join('; ');
    expect(plan("SELECT * FROM jobs WHERE state = 'queued' ORDER BY seq")).toContain('jobs_of_state');
    expect(plan("SELECT count(*) FROM jobs WHERE state IN (SELECT value FROM json_each('[]'))")).toContain(
      'jobs_of_state',
    );
    expect(plan("SELECT * FROM jobs WHERE user_id = 'a' AND state IN ('accepted', 'queued')")).toMatch(/USING INDEX/);
    expect(plan("SELECT sum(pictures) FROM quota_ledger WHERE user_id = 'a' AND day = 1")).toContain('ledger_of_day');
    expect(plan("SELECT * FROM jobs WHERE source_id = 'a'")).toMatch(/USING INDEX/);
  });

  test('reads its migrations from the repository', () => {
    expect(readMigrations(path.join(ROOT, 'migrations'))[0]?.name).toBe('0001_initial.sql');
  });
});
