// A copy of the database while the bot runs: one consistent moment, checked before it takes its name.
// Deliberately not here: pictures; they are plain files that never change once written, any copying tool keeps them.
import { existsSync, renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { DarkroomError } from '../errors.ts';
import { asStoreErrors } from './database.ts';

export interface Backup {
  readonly jobs: number;
  readonly sizeBytes: number;
}

/**
 * Writes the database `file` as it is now to `target`; readers and writers go on meanwhile.
 * @source https://www.sqlite.org/lang_vacuum.html, "VACUUM with an INTO clause"
 * @throws request_invalid when the target is there already; store_failed when there is no database, or the copy is not sound
 */
export function backUp(file: string, target: string): Backup {
  if (existsSync(target)) {
    throw new DarkroomError('request_invalid', `${target}: is there already, expected the name of a new file`);
  }
  const partial = `${target}.part`;
  rmSync(partial, { force: true });
  try {
    copyInto(file, partial);
    const backup = examine(partial);
    renameSync(partial, target);
    return backup;
  } catch (thrown) {
    rmSync(partial, { force: true });
    throw thrown;
  }
}

function copyInto(file: string, partial: string): void {
  asStoreErrors(() => {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    try {
      db.prepare('VACUUM INTO ?').run(partial);
    } finally {
      db.close();
    }
  });
}

/** What a copy holds. @throws store_failed when it is not sound, or no database of this program */
export function examine(copy: string): Backup {
  return asStoreErrors(() => {
    const db = new Database(copy, { readonly: true, fileMustExist: true });
    try {
      const verdict = String(db.pragma('integrity_check', { simple: true }));
      if (verdict !== 'ok') throw new DarkroomError('store_failed', `the copy is not sound: ${verdict}`);
      const jobs = db.prepare('SELECT count(*) FROM jobs').pluck().get() as number;
      const pages = db.pragma('page_count', { simple: true }) as number;
      return { jobs, sizeBytes: pages * (db.pragma('page_size', { simple: true }) as number) };
    } finally {
      db.close();
    }
  });
}
