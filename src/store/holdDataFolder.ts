// One program, one data folder: two bots on one database would each take the other's running jobs for lost ones.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { DarkroomError } from '../errors.ts';

/**
 * Holds the folder until the returned function is called or the process ends, however it ends: the lock is the operating system's, taken
 * through SQLite on a file of its own, so readers of the database itself are not in its way.
 * @throws store_failed when another program holds it.
 */
export function holdDataFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const lock = new Database(path.join(dataDir, 'darkroom.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const code = cause instanceof Database.SqliteError ? cause.code : 'unknown';
    const found = code === 'SQLITE_BUSY' ? 'another Darkroom is using it' : `it cannot be locked (${code})`;
    throw new DarkroomError(
      'store_failed',
      `data folder ${dataDir}: ${found}, expected it to be ours alone`,
      {},
      { cause },
    );
  }
  return () => lock.close();
}
