// The write-ahead log's way to the disk, on a thread of its own. SQLite syncs it inside the commit, on the thread that commits; here the bot's
// event loop stands on that thread, and a disk may take tens of milliseconds. So a commit may leave the sync to this file, as long as nobody is
// told of it before.
// @source SQLite documentation, "Write-Ahead Logging", section 2.2, and PRAGMA synchronous: what FULL adds to NORMAL is this very sync
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { DarkroomError } from '../errors.ts';
import type { Database } from './database.ts';

/** So many of them make a log worth copying into the database in a quiet moment; `wal_autocheckpoint` is for times without any. */
const LONG_LOG_COMMITS = 256;
/** Without a commit that long the moment is quiet, in milliseconds. */
const QUIET_MS = 500;

export interface LogSync {
  /** Runs `work`, whose commits are on disk only after the next `sync`. */
  withoutSync(work: () => void): void;
  /** Resolves when everything committed before the call is on disk. @throws disk_full, store_failed */
  sync(): Promise<void>;
  /** Everything committed is on disk then; called before the database is closed. @throws disk_full, store_failed */
  close(): void;
}

type SyncFile = (file: number, onDone: (err: NodeJS.ErrnoException | null) => void) => void;

/**
 * @param db open in WAL mode with synchronous = FULL; or in memory, where there is nothing to sync
 * @param syncFile the system's own way
 */
export function makeLogSync(db: Database, syncFile: SyncFile = fdatasync): LogSync {
  const file = `${db.name}-wal`;
  /** The file stays the same as long as the database is open. On Windows only a handle that may write may sync. */
  let log: number | undefined;
  let running = 0;
  let isClosed = false;
  let isDoubtful = false;
  const quiet = makeQuietCopy(db);

  const release = () => {
    if (!isClosed || running > 0 || log === undefined) return;
    closeSync(log);
    log = undefined;
  };

  function synced(): Promise<void> {
    return new Promise((resolve, reject) => {
      try {
        log ??= openSync(file, 'r+');
      } catch (thrown) {
        return reject(syncFailed(file, thrown));
      }
      running += 1;
      syncFile(log, (err) => {
        running -= 1;
        release();
        if (err === null) return resolve();
        isDoubtful = true;
        reject(syncFailed(file, err));
      });
    });
  }

  /**
   * After a sync that failed the system may take lost pages for written, and the next one would seem to succeed. What it still knows of the
   * log is copied into the database instead, which is synced by itself.
   */
  async function copied(): Promise<void> {
    try {
      const [{ busy }] = db.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
      if (busy !== 0) throw new Error('somebody reads or writes the database');
      isDoubtful = false;
    } catch (thrown) {
      throw syncFailed(file, thrown);
    }
  }

  return {
    withoutSync(work) {
      db.pragma('synchronous = NORMAL');
      try {
        work();
      } finally {
        db.pragma('synchronous = FULL');
      }
      quiet.later();
    },
    sync() {
      if (db.memory || isClosed) return Promise.resolve();
      return isDoubtful ? copied() : synced();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      quiet.stop();
      try {
        if (log !== undefined) fdatasyncSync(log);
      } catch (thrown) {
        throw syncFailed(file, thrown);
      } finally {
        release();
      }
    },
  };
}

function syncFailed(file: string, thrown: unknown): DarkroomError {
  const { code = '', message } = thrown as NodeJS.ErrnoException;
  const isFull = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(code);
  return isFull
    ? new DarkroomError('disk_full', 'the disk with the database is full; free some space', { code }, { cause: thrown })
    : new DarkroomError(
        'store_failed',
        `${file}: could not be synced to disk: ${message}`,
        { code },
        { cause: thrown },
      );
}

/** Copying a long log stops the event loop for as long as the disk takes; best while nobody waits for it. */
function makeQuietCopy(db: Database) {
  let timer: NodeJS.Timeout | undefined;
  let commits = 0;
  const copy = () => {
    timer = undefined;
    if (commits < LONG_LOG_COMMITS || !db.open) return;
    commits = 0;
    try {
      db.pragma('wal_checkpoint(PASSIVE)');
    } catch {
      // A disk that is full or broken is told to whoever commits next; nothing is lost as long as it is in the log.
    }
  };
  return {
    later() {
      commits += 1;
      if (timer === undefined) timer = setTimeout(copy, QUIET_MS).unref();
      else timer.refresh();
    },
    stop: () => clearTimeout(timer),
  };
}
