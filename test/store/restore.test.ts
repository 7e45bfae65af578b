// A backup brought back: the bot's next life finds what the copy had, what was there is kept aside, and nothing is touched where the copy
// is no good or a bot is at work.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backup } from '../../src/cli/backupCommand.ts';
import { restoreCommand } from '../../src/cli/restoreCommand.ts';
import { openDatabase } from '../../src/store/database.ts';
import { holdDataFolder } from '../../src/store/holdDataFolder.ts';
import { openStore } from '../../src/store/openStore.ts';
import { restore } from '../../src/store/restore.ts';
import { newJob } from '../contract/jobStore.ts';

const RULES = { dailyQuota: 100, maxWaitingPerUser: 100 };
const STAMP = '2026-01-02T03-04-05';
let folder: string;
let dataDir: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-restore-'));
  dataDir = path.join(folder, 'data');
  file = path.join(dataDir, 'darkroom.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The sources of the jobs a life of the bot finds. */
function sources(where = file): string[] {
  const store = openStore({ file: where });
  const found = store.list({ limit: 99 }).map(({ sourceId }) => sourceId);
  store.close();
  return found.toSorted();
}

function accept(...sourceIds: string[]): void {
  const store = openStore({ file });
  for (const sourceId of sourceIds) expect(store.accept(newJob({ sourceId }), RULES).ok).toBe(true);
  store.close();
}

test('by the two commands: what was there when the copy was made is there again, the rest is kept aside', async () => {
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const terminal = { environment: { DATA_DIR: dataDir }, folder, print, printError: print, errorColumns: null };
  accept('1', '2');
  await backup(['kept.db'], terminal, new Date());
  // A life that ended hard leaves its write-ahead log, which belongs to the database it lies beside and to no other.
  const life = openStore({ file });
  life.accept(newJob({ sourceId: '3' }), RULES);
  const log = readFileSync(`${file}-wal`);
  expect(log.length).toBeGreaterThan(0);
  life.close();
  writeFileSync(`${file}-wal`, log);

  expect(await restoreCommand(['kept.db'], terminal, new Date('2026-01-02T03:04:05Z'))).toBe(0);
  expect(printed.join('')).toContain(`2 jobs, checked\nWhat was there is ${file}.replaced-${STAMP}.bak now.`);
  expect(sources()).toEqual(['1', '2']);
  expect(sources(`${file}.replaced-${STAMP}.bak`)).toEqual(['1', '2', '3']);
  expect(existsSync(path.join(folder, 'kept.db'))).toBe(true);
  accept('3', '4');
  expect(sources()).toEqual(['1', '2', '3', '4']);
});

test('into an empty folder', () => {
  accept('1');
  const copy = path.join(folder, 'copy.db');
  const db = openDatabase(file);
  db.prepare('VACUUM INTO ?').run(copy);
  db.close();
  rmSync(dataDir, { recursive: true });
  expect(restore(copy, dataDir, STAMP)).toEqual({ jobs: 1, replaced: null });
  expect(sources()).toEqual(['1']);
});

test.each<[string, (copy: string) => void, string]>([
  ['a damaged copy', (copy) => truncateSync(copy, 3 * 4096), 'store_failed'],
  ['a file that is no database', (copy) => writeFileSync(copy, 'a letter to my aunt'.repeat(99)), 'store_failed'],
  ['no file', (copy) => rmSync(copy), 'request_invalid'],
  [
    'a copy of a newer program',
    (copy) => {
      const db = openDatabase(copy);
      db.prepare("INSERT INTO migrations VALUES (999, '0999_later.sql', 'x', 0)").run();
      db.close();
    },
    'migration_failed',
  ],
])('%s changes nothing', (_, spoil, code) => {
  accept('1');
  const copy = path.join(folder, 'copy.db');
  const db = openDatabase(file);
  db.prepare('VACUUM INTO ?').run(copy);
  db.close();
  accept('2');
  spoil(copy);
  const before = readdirSync(dataDir);
  expect(() => restore(copy, dataDir, STAMP)).toThrow(expect.objectContaining({ code }));
  expect(readdirSync(dataDir).filter((name) => name !== 'darkroom.lock')).toEqual(before);
  expect(sources()).toEqual(['1', '2']);
});

test('while a bot is at work it is refused', () => {
  accept('1');
  const copy = path.join(folder, 'copy.db');
  const db = openDatabase(file);
  db.prepare('VACUUM INTO ?').run(copy);
  db.close();
  const release = holdDataFolder(dataDir);
  expect(() => restore(copy, dataDir, STAMP)).toThrow(/another Darkroom is using it/);
  release();
  expect(restore(copy, dataDir, STAMP).jobs).toBe(1);
});
