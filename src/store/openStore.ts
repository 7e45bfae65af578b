// Opens the job store: the file, its migrations, the tables. What the composition root calls; tests too, with `:memory:`.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import type { JobStore } from '../core/jobStore.ts';
import { ROOT } from '../root.ts';
import { asStoreErrors, type Database, openDatabase } from './database.ts';
import type { LogSync } from './logSync.ts';
import { type MigrationReport, migrate, readMigrations } from './migrate.ts';
import { makeJobStore } from './sqliteJobStore.ts';

export interface StoreOptions {
  /** Path of the database file, its folder made if need be; `:memory:` for one that ends with the process. */
  readonly file: string;
  readonly clock?: Pick<Clock, 'nowMs'>;
  readonly randomBytes?: (count: number) => Uint8Array;
  readonly migrationsFolder?: string;
  readonly makeSync?: (db: Database) => LogSync;
  /** Told once after opening, for the log. */
  readonly onMigrated?: (report: MigrationReport) => void;
}

/** @throws store_failed, disk_full, migration_failed; the file is then closed and as it was. */
export function openStore(options: StoreOptions): JobStore {
  const { clock = systemClock } = options;
  const db = openMigrated(options);
  try {
    const { makeSync } = options;
    return makeJobStore(db, {
      nowMs: () => clock.nowMs(),
      randomBytes: options.randomBytes ?? pooled(randomBytes),
      makeSync,
    });
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** The database at this program's schema. @throws as openStore */
export function openMigrated(options: StoreOptions): Database {
  const { file, clock = systemClock } = options;
  if (file !== ':memory:') mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const db = openDatabase(file);
  try {
    const migrations = readMigrations(options.migrationsFolder ?? path.join(ROOT, 'migrations'));
    const report = asStoreErrors(() => migrate(db, migrations, clock.nowMs()));
    options.onMigrated?.(report);
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Asked for at once: asking the system costs as much for ten bytes as for thousands. */
const POOL_BYTES = 4_096;

/** @param source of at least as many bytes as asked for; none of them is given twice */
function pooled(source: (count: number) => Uint8Array): (count: number) => Uint8Array {
  let pool: Uint8Array = new Uint8Array(0);
  return (count) => {
    if (pool.length < count) pool = source(Math.max(count, POOL_BYTES));
    const bytes = pool.subarray(0, count);
    pool = pool.subarray(count);
    return bytes;
  };
}
