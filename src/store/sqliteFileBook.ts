// The file book in the database. A connection of its own, so that command line tools can keep it beside a running bot.
import { type Clock, systemClock } from '../clock.ts';
import type { FileBook, KnownFile, PulledFile } from '../core/fileBook.ts';
import { asStoreErrors, type Database } from './database.ts';
import { openMigrated, type StoreOptions } from './openStore.ts';

/** @throws store_failed, disk_full, migration_failed */
export function openFileBook(options: StoreOptions): FileBook {
  return makeFileBook(openMigrated(options), options.clock ?? systemClock);
}

const KNOWN = `SELECT path, size_bytes AS sizeBytes, modified_ms AS modifiedMs, inode, sha256, data_sha256 AS dataSha256,
  old_hash AS oldHash FROM model_files`;

export function makeFileBook(db: Database, clock: Pick<Clock, 'nowMs'>): FileBook {
  const known = db.prepare<[string], KnownFile>(`${KNOWN} WHERE path = ?`);
  const all = db.prepare<[], KnownFile>(`${KNOWN} ORDER BY path`);
  const put = db.prepare<[KnownFile & { nowMs: number }]>(
    `INSERT OR REPLACE INTO model_files
     VALUES (@path, @sizeBytes, @modifiedMs, @inode, @sha256, @dataSha256, @oldHash, @nowMs)`,
  );
  const forget = db.prepare<[string]>('DELETE FROM model_files WHERE path = ?');
  const pulled = db.prepare<[], PulledFile>(
    'SELECT path, repository, revision, file, size_bytes AS sizeBytes, sha256 FROM pulled_files ORDER BY path',
  );
  const putPulled = db.prepare<[PulledFile & { nowMs: number }]>(
    'INSERT OR REPLACE INTO pulled_files VALUES (@path, @repository, @revision, @file, @sizeBytes, @sha256, @nowMs)',
  );
  const putAll = db.transaction((files: readonly PulledFile[]) => {
    for (const file of files) putPulled.run({ ...file, nowMs: clock.nowMs() });
  });
  return {
    known: (path) => asStoreErrors(() => known.get(path)),
    all: () => asStoreErrors(() => all.all()),
    put: (file) => asStoreErrors(() => void put.run({ ...file, nowMs: clock.nowMs() })),
    forget: (path) => asStoreErrors(() => void forget.run(path)),
    pulled: () => asStoreErrors(() => pulled.all()),
    putPulled: (files) => asStoreErrors(() => putAll(files)),
    close: () => void db.close(),
  };
}
