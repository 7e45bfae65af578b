// Commits shared by whatever is asked for in the same turn of the event loop, and syncs shared by whatever was committed while the last one
// was under way. A disk takes its time for a sync however little is in it; it takes it on a thread of its own, so that a crowd that orders at
// once waits for a few of them, and nobody else for any. Nobody is told that anything is done before it is on disk.
import { DarkroomError } from '../errors.ts';
import { type Database, toStoreError } from './database.ts';
import type { LogSync } from './logSync.ts';

/** Longest time one commit collects work before it is written, in milliseconds: what the event loop waits meanwhile. */
const COLLECTING_MS = 8;
/** Told in one turn of the event loop: what each does next is its own work, and a hundred at once would let nobody else's through. */
const TOLD_A_TURN = 10;

export interface CommitGroup {
  /**
   * Runs `work`, which only reads and writes this database, together with the rest of this turn's.
   * @returns its result, once that is on disk
   * @throws what `work` throws, which then has changed nothing; store_failed or disk_full when the commit fails
   */
  add<T>(work: () => T): Promise<T>;
}

interface Entry {
  /** Runs the work in a savepoint and keeps what came of it. @returns what it threw */
  run(): unknown;
  /** Tells what came of it. */
  tell(): void;
  fail(thrown: unknown): void;
}

/**
 * @param onTakenBack told when work was undone, so that nothing of it is remembered
 * @param nowMs a clock that only goes forward
 */
export function makeCommitGroup(
  db: Database,
  log: LogSync,
  onTakenBack: () => void,
  nowMs = () => performance.now(),
): CommitGroup {
  /** Not begun. */
  let waiting: Entry[] = [];
  /** Committed, and perhaps still in the system's memory alone. */
  let unsynced: Entry[] = [];
  let isSyncing = false;
  const told = makeTeller();
  const inTransaction = db.transaction((work: () => unknown) => work());

  function commit(): void {
    const startMs = nowMs();
    let ran = 0;
    const runSome = () => {
      for (const entry of waiting) {
        const thrown = entry.run();
        ran += 1;
        if (thrown !== undefined) onTakenBack();
        // SQLite takes back all of it where the disk is full or fails.
        if (!db.inTransaction) throw thrown;
        if (nowMs() - startMs > COLLECTING_MS) return;
      }
    };
    try {
      if (!db.open) throw new DarkroomError('store_failed', 'database: it is closed');
      log.withoutSync(() => inTransaction.immediate(runSome));
      unsynced.push(...waiting.slice(0, ran));
    } catch (thrown) {
      onTakenBack();
      ran = Math.max(1, ran);
      for (const entry of waiting.slice(0, ran)) entry.fail(toStoreError(thrown));
    }
    waiting = waiting.slice(ran);
    if (waiting.length > 0) setImmediate(commit);
    if (!isSyncing && unsynced.length > 0) void syncAll();
  }

  async function syncAll(): Promise<void> {
    isSyncing = true;
    while (unsynced.length > 0) {
      const entries = unsynced;
      unsynced = [];
      try {
        await log.sync();
        told(entries);
      } catch (thrown) {
        for (const entry of entries) entry.fail(thrown);
      }
    }
    isSyncing = false;
  }

  return {
    add: (work) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(commit);
        waiting.push(makeEntry((inner) => inTransaction(inner) as ReturnType<typeof work>, work, resolve, reject));
      }),
  };
}

/** Tells what is on disk, in the order it was asked for, a few a turn. */
function makeTeller(): (entries: readonly Entry[]) => void {
  let line: Entry[] = [];
  const next = () => {
    for (const entry of line.splice(0, TOLD_A_TURN)) entry.tell();
    if (line.length > 0) setImmediate(next);
  };
  return (entries) => {
    const isIdle = line.length === 0;
    line = [...line, ...entries];
    if (isIdle && line.length > 0) next();
  };
}

function makeEntry<T>(
  inSavepoint: (work: () => T) => T,
  work: () => T,
  resolve: (result: T) => void,
  reject: (thrown: unknown) => void,
): Entry {
  let tell = () => {};
  return {
    run() {
      try {
        const result = inSavepoint(work);
        tell = () => resolve(result);
        return undefined;
      } catch (thrown) {
        tell = () => reject(toStoreError(thrown));
        return thrown;
      }
    },
    tell: () => tell(),
    fail: reject,
  };
}
