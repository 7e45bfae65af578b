// A copy of the database put back in its place: looked at first, the present one kept aside, never while a bot uses the folder.
// Deliberately not here: pictures; they are plain files whoever restores puts back beside it.
import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { DarkroomError } from '../errors.ts';
import { ROOT } from '../root.ts';
import { examine } from './backup.ts';
import { asStoreErrors } from './database.ts';
import { holdDataFolder } from './holdDataFolder.ts';
import { checkMigrations, readMigrations } from './migrate.ts';

export interface Restored {
  readonly jobs: number;
  /** Where the database that was there is now; null when there was none. */
  readonly replaced: string | null;
}

const FILES = ['darkroom.db', 'darkroom.db-wal', 'darkroom.db-shm'] as const;

/**
 * Puts `copy` in the place of the folder's database. The next start brings it to the program's schema.
 * @param stamp names what is put aside
 * @throws request_invalid when there is no such copy; store_failed when it is not sound or a bot uses the folder; migration_failed when it
 * is newer than this program. Nothing is changed then.
 */
export function restore(copy: string, dataDir: string, stamp: string): Restored {
  if (!existsSync(copy))
    throw new DarkroomError('request_invalid', `${copy}: is not there, expected a copy npm run backup made`);
  mkdirSync(dataDir, { recursive: true });
  const release = holdDataFolder(dataDir);
  const incoming = path.join(dataDir, 'darkroom.db.incoming');
  try {
    copyFileSync(copy, incoming);
    const { jobs } = examine(incoming);
    checkKnown(incoming);
    const replaced = putAside(dataDir, stamp);
    renameSync(incoming, path.join(dataDir, 'darkroom.db'));
    syncFolder(dataDir);
    return { jobs, replaced };
  } finally {
    for (const name of ['', '-wal', '-shm']) rmSync(`${incoming}${name}`, { force: true });
    release();
  }
}

/** Of a schema this program knows. */
function checkKnown(file: string): void {
  asStoreErrors(() => {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    try {
      checkMigrations(db, readMigrations(path.join(ROOT, 'migrations')));
    } finally {
      db.close();
    }
  });
}

/** The log beside it goes with it: laid over another database it would destroy that one. */
function putAside(dataDir: string, stamp: string): string | null {
  const aside = path.join(dataDir, `darkroom.db.replaced-${stamp}.bak`);
  if (!existsSync(path.join(dataDir, FILES[0]))) {
    for (const name of FILES) rmSync(path.join(dataDir, name), { force: true });
    return null;
  }
  for (const name of FILES) {
    const file = path.join(dataDir, name);
    if (existsSync(file)) renameSync(file, `${aside}${name.slice(FILES[0].length)}`);
  }
  return aside;
}

function syncFolder(folder: string): void {
  // Windows opens no folders; there the file system keeps names by itself.
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
