// Commits shared by whatever is asked for in the same turn of the event loop. A synced commit costs the disk's time however little is in it,
// so a crowd that orders at once waits for a few, not for hundreds. Nobody is told that anything is done before it is on disk.
import { DarkroomError } from '../errors.ts';
import { type Database, toStoreError } from './database.ts';

/** Longest time one commit collects work before it is written, in milliseconds: what answers wait meanwhile. */
const COLLECTING_MS = 10;
/** Work in one commit from which on it is a crowd's. */
const CROWD = 8;
/** The next one waits so many times as long as the last one took, at most this many milliseconds. */
const RESTS = 4;
const MAX_REST_MS = 50;

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
export function makeCommitGroup(db: Database, onTakenBack: () => void, nowMs = () => performance.now()): CommitGroup {
  let waiting: Entry[] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  let tookMs = 0;

  /** While a crowd asks the commits are few and large: no more than a fifth of the time goes to them. Nobody else waits. */
  function next(): void {
    const restMs = Math.min(RESTS * tookMs, MAX_REST_MS) - (nowMs() - endMs);
    if (restMs > 0) setTimeout(commit, restMs);
    else commit();
  }

  function commit(): void {
    const startMs = nowMs();
    let ranMs = startMs;
    let ran = 0;
    const runSome = () => {
      for (const entry of waiting) {
        const thrown = entry.run();
        ran += 1;
        if (thrown !== undefined) onTakenBack();
        // SQLite takes back all of it where the disk is full or fails.
        if (!db.inTransaction) throw thrown;
        ranMs = nowMs();
        if (ranMs - startMs > COLLECTING_MS) return;
      }
    };
    try {
      if (!db.open) throw new DarkroomError('store_failed', 'database: it is closed');
      db.transaction(runSome).immediate();
      for (const entry of waiting.slice(0, ran)) entry.tell();
    } catch (thrown) {
      onTakenBack();
      ran = Math.max(1, ran);
      for (const entry of waiting.slice(0, ran)) entry.fail(toStoreError(thrown));
    }
    endMs = nowMs();
    tookMs = ran < CROWD ? 0 : endMs - ranMs;
    waiting = waiting.slice(ran);
    if (waiting.length > 0) setImmediate(next);
  }

  return {
    add: (work) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(next);
        waiting.push(makeEntry(db, work, resolve, reject));
      }),
  };
}

function makeEntry<T>(
  db: Database,
  work: () => T,
  resolve: (result: T) => void,
  reject: (thrown: unknown) => void,
): Entry {
  let tell = () => {};
  return {
    run() {
      try {
        const result = db.transaction(work)();
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
