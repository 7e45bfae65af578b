// The SQLite connection: how it is opened, and how its errors become ours. Deliberately not here: any table's meaning.
import Database from 'better-sqlite3';
import { DarkroomError } from '../errors.ts';

export type { Database } from 'better-sqlite3';

/** How long a statement waits for another process that holds the file, in milliseconds; a migration next door takes about this long. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens or makes the file; `:memory:` for a database that ends with the process.
 * @throws store_failed when it cannot be opened or is no database.
 */
export function openDatabase(file: string): Database.Database {
  return asStoreErrors(() => {
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      prepareConnection(db);
    } catch (thrown) {
      db.close();
      throw thrown;
    }
    return db;
  });
}

/** WAL with a full sync: a committed row survives the power cord. */
function prepareConnection(db: Database.Database): void {
  const mode = db.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal' && !db.memory) {
    const message = `${db.name}: journal mode is ${mode}, expected wal; is the data folder on a network file system?`;
    throw new DarkroomError('store_failed', message);
  }
  db.pragma('synchronous = FULL');
  // 64 MB: whoever commits when the log is full waits for all of it to be copied. In quiet moments it is copied earlier (logSync.ts).
  db.pragma('wal_autocheckpoint = 16000');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
}

/** Statements whose text depends on what is asked for, each prepared once. There are only as many texts as combinations of conditions. */
export function cachedStatements<Row>(
  db: Database.Database,
): (sql: string) => Database.Statement<[Record<string, unknown>], Row> {
  const statements = new Map<string, Database.Statement<[Record<string, unknown>], Row>>();
  return (sql) => {
    const statement = statements.get(sql) ?? db.prepare<[Record<string, unknown>], Row>(sql);
    statements.set(sql, statement);
    return statement;
  };
}

/** Runs `work`; what SQLite throws comes out as `disk_full` or `store_failed`, everything else as it is. */
export function asStoreErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw toStoreError(thrown);
  }
}

/** What SQLite throws as `disk_full` or `store_failed`, everything else as it is. */
export function toStoreError(thrown: unknown): unknown {
  if (!(thrown instanceof Database.SqliteError)) return thrown;
  const details = { sqlite: thrown.code };
  if (thrown.code === 'SQLITE_FULL') {
    return new DarkroomError('disk_full', 'the disk with the database is full; free some space', details, {
      cause: thrown,
    });
  }
  // A broken rule of the schema is our mistake, and repeating it repeats the mistake.
  const code = thrown.code.startsWith('SQLITE_CONSTRAINT') ? 'internal' : 'store_failed';
  return new DarkroomError(code, `database: ${thrown.message} (${thrown.code})`, details, { cause: thrown });
}
