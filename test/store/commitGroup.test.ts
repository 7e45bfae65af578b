import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { type CommitGroup, makeCommitGroup } from '../../src/store/commitGroup.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { type LogSync, makeLogSync } from '../../src/store/logSync.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-group-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
let file: string;
let db: Database;
let reader: Database;
let log: LogSync;
let group: CommitGroup;
let takenBack: number;
let nowMs: number;
beforeEach(() => {
  files += 1;
  file = path.join(folder, `${files}.db`);
  db = openDatabase(file);
  db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, body TEXT)');
  db.pragma('wal_checkpoint(TRUNCATE)');
  reader = openDatabase(file);
  takenBack = 0;
  nowMs = 0;
  const onTakenBack = () => {
    takenBack += 1;
  };
  log = makeLogSync(db);
  group = makeCommitGroup(db, log, onTakenBack, () => nowMs);
});
afterEach(() => {
  log.close();
  db.close();
  reader.close();
});

const put = (n: number, body = '') => group.add(() => db.prepare('INSERT INTO t VALUES (?, ?)').run(n, body).changes);
const rows = () => reader.prepare<[], number>('SELECT n FROM t ORDER BY n').pluck().all();

/** Frames of the log that end a transaction. @source SQLite documentation, "WAL-mode File Format", 4.1 */
function commits(): number {
  const log = readFileSync(`${file}-wal`);
  const frameBytes = 24 + log.readUInt32BE(8);
  let count = 0;
  for (let at = 32; at < log.length; at += frameBytes) if (log.readUInt32BE(at + 4) > 0) count += 1;
  return count;
}

test('a hundred orders of one turn are one commit', async () => {
  const told = await Promise.all(Array.from({ length: 100 }, (_, n) => put(n)));
  expect(told).toEqual(new Array(100).fill(1));
  expect(rows()).toHaveLength(100);
  expect(commits()).toBe(1);
});

test('nothing is told before it is there for others to read', async () => {
  const seen: number[][] = [];
  await Promise.all([put(1).then(() => seen.push(rows())), put(2).then(() => seen.push(rows()))]);
  expect(seen).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test('work asked for by work of this turn comes with the next', async () => {
  let inner: Promise<number> | undefined;
  await group.add(() => {
    inner = put(1);
  });
  expect(await inner).toBe(1);
  expect(rows()).toEqual([1]);
});

test('long work is written in parts, so that the first need not wait for the last', async () => {
  const slow = (n: number) =>
    group.add(() => {
      nowMs += 4;
      db.prepare('INSERT INTO t VALUES (?, ?)').run(n, '');
      return n;
    });
  await Promise.all(Array.from({ length: 9 }, (_, n) => slow(n)));
  expect(rows()).toHaveLength(9);
  expect(commits()).toBe(3);
});

/** A disk that syncs when it is told to. */
function slowDisk() {
  const syncs: { done(): void; fail(thrown: unknown): void }[] = [];
  const held: LogSync = {
    ...log,
    sync: () => new Promise((done, fail) => syncs.push({ done, fail })),
  };
  const add = makeCommitGroup(
    db,
    held,
    () => {},
    () => nowMs,
  );
  const putOn = (n: number) => add.add(() => db.prepare("INSERT INTO t VALUES (?, '')").run(n).changes);
  return { syncs, put: putOn };
}
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('nothing is told before the disk has it; what comes meanwhile is committed, and shares the next sync', async () => {
  const { syncs, put: putOn } = slowDisk();
  const told: number[] = [];
  const first = putOn(1).then(() => told.push(1));
  await turns(3);
  const others = [2, 3].map((n) => putOn(n).then(() => told.push(n)));
  await turns(3);
  const last = putOn(4).then(() => told.push(4));
  await turns(3);
  expect(rows()).toEqual([1, 2, 3, 4]);
  expect(told).toEqual([]);
  expect(syncs).toHaveLength(1);
  syncs[0]!.done();
  await first;
  await turns(3);
  expect(told).toEqual([1]);
  expect(syncs).toHaveLength(2);
  syncs[1]!.done();
  await Promise.all([...others, last]);
  expect(told).toEqual([1, 2, 3, 4]);
  expect(syncs).toHaveLength(2);
});

test('a sync that fails is told to whoever waited for it, and the next may succeed', async () => {
  const { syncs, put: putOn } = slowDisk();
  const told = Promise.allSettled([putOn(1), putOn(2)]);
  await turns(3);
  syncs[0]!.fail(new Error('EIO'));
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = putOn(3);
  await turns(3);
  syncs[1]!.done();
  expect(await again).toBe(1);
});

test('a few are told in a turn of the event loop, so that what each does next lets other work through', async () => {
  const seen: number[] = [];
  let turn = 0;
  const tick = () => {
    turn += 1;
    if (seen.length < 40) setImmediate(tick);
  };
  setImmediate(tick);
  await Promise.all(Array.from({ length: 40 }, (_, n) => put(n).then(() => seen.push(turn))));
  expect(new Set(seen).size).toBeGreaterThanOrEqual(40 / 10);
});

test('commits that somebody else makes are synced by themselves, as before', async () => {
  await put(1);
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
});

test('what one piece of work throws is its own, and takes back no more than itself', async () => {
  const bad = group.add(() => {
    db.prepare("INSERT INTO t VALUES (7, '')").run();
    throw new Error('changed my mind');
  });
  const told = await Promise.allSettled([put(1), bad, put(1), put(2)]);
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  await expect(bad).rejects.toThrow('changed my mind');
  expect(rows()).toEqual([1, 2]);
  expect(takenBack).toBe(2);
});

test('where the disk is full all of the turn fails as such, and the next may succeed', async () => {
  const pages = Number(db.pragma('page_count', { simple: true }));
  db.pragma(`max_page_count = ${pages + 3}`);
  const told = await Promise.allSettled([put(1), put(2, 'x'.repeat(100_000)), put(3)]);
  expect(told[1]).toMatchObject({ status: 'rejected', reason: { code: 'disk_full' } });
  // Whoever was told that it is done finds it done; everybody else finds nothing.
  expect(rows()).toEqual(told.flatMap(({ status }, at) => (status === 'fulfilled' ? [at + 1] : [])));
  db.pragma(`max_page_count = ${2 ** 30}`);
  expect(await put(4)).toBe(1);
});

test('a commit that cannot begin fails everybody who waits for it, and only them', async () => {
  const held = openDatabase(file);
  held.exec('BEGIN IMMEDIATE');
  db.pragma('busy_timeout = 1');
  const told = await Promise.allSettled([put(1), put(2)]);
  expect(told.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(told[0]).toMatchObject({ reason: { code: 'store_failed' } });
  held.exec('ROLLBACK');
  held.close();
  expect(await put(3)).toBe(1);
  expect(rows()).toEqual([3]);
});

test('a closed database is said to be closed', async () => {
  const late = put(1);
  db.close();
  await expect(late).rejects.toMatchObject({ code: 'store_failed', message: 'database: it is closed' });
});
