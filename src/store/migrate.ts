// Brings a database to this program's schema: forward only, every pending migration in one transaction, a copy of the file first.
// Deliberately no way back: an older program refuses a newer database and names the copy to return to.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { Database } from './database.ts';

export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  /** File name, such as 0001_initial.sql. */
  readonly name: string;
  readonly sql: string;
  /** Of the text with \n line ends, so that a checkout on Windows is no drift. */
  readonly sha256: string;
}

export interface MigrationReport {
  readonly applied: readonly string[];
  /** Copy of the database as it was; null for a new database and when nothing was pending. */
  readonly backupFile: string | null;
}

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** The migrations of a folder in order. @throws migration_failed for a strange name or a gap. */
export function readMigrations(folder: string): readonly Migration[] {
  const names = readdirSync(folder).sort();
  return names.map((name, index) => {
    const version = Number(FILE_NAME.exec(name)?.[1]);
    if (version !== index + 1) {
      const expected = `${String(index + 1).padStart(4, '0')}_….sql`;
      throw new DarkroomError('migration_failed', `${folder}: found ${name}, expected ${expected}`);
    }
    const sql = readFileSync(path.join(folder, name), 'utf8').replaceAll('\r\n', '\n');
    return { version, name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * @throws migration_failed when the database is newer than the program, when an applied migration was edited, or when one fails;
 * the database is then as it was.
 */
export function migrate(db: Database, migrations: readonly Migration[], nowMs: number): MigrationReport {
  const before = appliedMigrations(db);
  checkHistory(db, before, migrations);
  if (before.length === migrations.length) return { applied: [], backupFile: null };
  const backupFile = before.length === 0 ? null : backUp(db, before.length);
  const applyPending = db.transaction(() => {
    const applied = appliedMigrations(db);
    checkHistory(db, applied, migrations);
    const pending = migrations.slice(applied.length);
    for (const migration of pending) applyOne(db, migration, nowMs);
    return pending.map((migration) => migration.name);
  });
  return { applied: applyPending.immediate(), backupFile };
}

/**
 * Whether this program's migrations continue what was applied to `db`, which is not changed.
 * @returns how many are pending
 * @throws migration_failed as `migrate`
 */
export function checkMigrations(db: Database, migrations: readonly Migration[]): number {
  const applied = appliedMigrations(db);
  checkHistory(db, applied, migrations);
  return migrations.length - applied.length;
}

interface Applied {
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
}

function appliedMigrations(db: Database): readonly Applied[] {
  const hasTable = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'").get();
  if (hasTable === undefined) return [];
  return db.prepare<[], Applied>('SELECT version, name, sha256 FROM migrations ORDER BY version').all();
}

function checkHistory(db: Database, applied: readonly Applied[], known: readonly Migration[]): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.version > known.length) {
    const message = `${db.name} is at migration ${newest.version} (${newest.name}), this program knows ${known.length}; start the newer program, or go back to the copy made before it (*.before-*.bak)`;
    throw new DarkroomError('migration_failed', message);
  }
  for (const [index, { version, name, sha256 }] of applied.entries()) {
    const file = known[index]!;
    if (version !== file.version || sha256 !== file.sha256) {
      const message = `${db.name}: migration ${version} was applied as ${name} ${sha256.slice(0, 12)}, found ${file.name} ${file.sha256.slice(0, 12)}; a released migration is never edited, restore the file and add a new one`;
      throw new DarkroomError('migration_failed', message);
    }
  }
}

/** One consistent file beside the database, the write-ahead log included. */
function backUp(db: Database, version: number): string | null {
  if (db.memory) return null;
  const file = `${db.name}.before-${String(version + 1).padStart(4, '0')}.bak`;
  rmSync(file, { force: true });
  db.prepare('VACUUM INTO ?').run(file);
  return file;
}

function applyOne(db: Database, migration: Migration, nowMs: number): void {
  try {
    db.exec(
      'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT',
    );
    db.exec(migration.sql);
    failpoint('migration.middle');
    db.prepare('INSERT INTO migrations VALUES (?, ?, ?, ?)').run(
      migration.version,
      migration.name,
      migration.sha256,
      nowMs,
    );
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `${db.name}: migration ${migration.name} failed (${why}); nothing was changed`;
    throw new DarkroomError('migration_failed', message, { version: migration.version }, { cause: thrown });
  }
}
