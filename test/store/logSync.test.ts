import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { makeLogSync } from '../../src/store/logSync.ts';

let folder: string;
let db: Database;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-log-'));
  db = openDatabase(path.join(folder, 'darkroom.db'));
  db.exec('CREATE TABLE t (n)');
});
afterEach(() => {
  vi.useRealTimers();
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const level = () => db.pragma('synchronous', { simple: true });
const put = (n: number) => db.prepare('INSERT INTO t VALUES (?)').run(n);

test('only the work itself is committed without a sync, also when it fails', () => {
  const log = makeLogSync(db);
  const seen: unknown[] = [];
  log.withoutSync(() => seen.push(level()));
  expect(() =>
    log.withoutSync(() => {
      throw new Error('no');
    }),
  ).toThrow('no');
  expect([...seen, level()]).toEqual([1, 2]);
  log.close();
});

test('the log is synced as often as asked, and by closing', async () => {
  const log = makeLogSync(db);
  log.withoutSync(() => put(1));
  await Promise.all([log.sync(), log.sync()]);
  log.withoutSync(() => put(2));
  const last = log.sync();
  log.close();
  log.close();
  await last;
  await log.sync();
  expect(db.prepare('SELECT count(*) FROM t').pluck().get()).toBe(2);
});

test('a log that cannot be opened is a failure that names it', async () => {
  db.close();
  rmSync(folder, { recursive: true });
  const log = makeLogSync(db);
  await expect(log.sync()).rejects.toMatchObject({
    code: 'store_failed',
    message: /darkroom\.db-wal: could not be synced/,
  });
});

test('after a sync that failed the next one copies the log into the database, and only then it is trusted again', async () => {
  const outcomes: (string | null)[] = ['ENOSPC', 'EIO', null];
  let syncs = 0;
  const log = makeLogSync(db, (_, onDone) => {
    const code = outcomes[syncs]!;
    syncs += 1;
    onDone(code === null ? null : Object.assign(new Error(code), { code }));
  });
  log.withoutSync(() => put(1));
  await expect(log.sync()).rejects.toMatchObject({ code: 'disk_full' });
  const reader = openDatabase(db.name);
  reader.exec('BEGIN; SELECT * FROM t');
  db.pragma('busy_timeout = 1');
  await expect(log.sync()).rejects.toMatchObject({ code: 'store_failed' });
  reader.close();
  const frames = () => statSync(`${db.name}-wal`).size;
  expect(frames()).toBeGreaterThan(0);
  await log.sync();
  expect([frames(), syncs]).toEqual([0, 1]);
  log.withoutSync(() => put(2));
  await expect(log.sync()).rejects.toMatchObject({ code: 'store_failed' });
  await log.sync();
  await log.sync();
  expect(syncs).toBe(3);
  log.close();
});

test('a database in memory has nothing to sync', async () => {
  const memory = openDatabase(':memory:');
  const log = makeLogSync(memory);
  await log.sync();
  log.close();
  memory.close();
});

test('a long log is copied into the database when nothing has been written for a moment', () => {
  vi.useFakeTimers();
  const log = makeLogSync(db);
  for (let n = 0; n < 300; n += 1) log.withoutSync(() => put(n));
  vi.advanceTimersByTime(499);
  const checkpoint = vi.spyOn(db, 'pragma');
  vi.advanceTimersByTime(2);
  expect(checkpoint).toHaveBeenCalledWith('wal_checkpoint(PASSIVE)');
  checkpoint.mockClear();
  log.withoutSync(() => put(1));
  vi.advanceTimersByTime(1_000);
  expect(checkpoint).not.toHaveBeenCalledWith('wal_checkpoint(PASSIVE)');
  log.close();
});
