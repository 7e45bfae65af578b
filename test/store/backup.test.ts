// A backup taken while the bot writes: one sound moment of the database, never half a file, never over another.
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { backup } from '../../src/cli/backupCommand.ts';
import { backUp } from '../../src/store/backup.ts';
import { openStore } from '../../src/store/openStore.ts';
import { newJob } from '../contract/jobStore.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const RULES = { dailyQuota: 100, maxWaitingPerUser: 100 };
let made = 0;
const fresh = () => path.join(folder, `${++made}.db`);

test('holds what was committed, while the store goes on, and opens as a store', () => {
  const file = fresh();
  const store = openStore({ file });
  const first = store.accept(newJob({ sourceId: '1' }), RULES);
  const target = fresh();
  expect(backUp(file, target)).toMatchObject({ jobs: 1 });
  store.accept(newJob({ sourceId: '2' }), RULES);
  const copy = openStore({ file: target });
  expect(copy.list({ limit: 10 }).map(({ id }) => id)).toEqual([first.ok ? first.job.id : '']);
  expect(copy.accept(newJob({ sourceId: '2' }), RULES).ok).toBe(true);
  copy.close();
  expect(store.list({ limit: 10 })).toHaveLength(2);
  store.close();
});

test('never replaces a file', () => {
  const file = fresh();
  openStore({ file }).close();
  const target = fresh();
  writeFileSync(target, 'precious');
  expect(() => backUp(file, target)).toThrow(/is there already/);
  expect(readFileSync(target, 'utf8')).toBe('precious');
});

test('leaves nothing behind when there is no database or it is damaged', () => {
  const target = fresh();
  expect(() => backUp(path.join(folder, 'none.db'), target)).toThrow(expect.objectContaining({ code: 'store_failed' }));
  const file = fresh();
  openStore({ file }).close();
  truncateSync(file, 4096 * 3);
  expect(() => backUp(file, target)).toThrow();
  expect([existsSync(target), existsSync(`${target}.part`)]).toEqual([false, false]);
});

test('the command names the file by its time and says what it holds', async () => {
  const DATA_DIR = path.join(folder, 'data');
  const store = openStore({ file: path.join(DATA_DIR, 'darkroom.db') });
  store.accept(newJob({ sourceId: '1' }), RULES);
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const terminal = { environment: { DATA_DIR }, folder, print, printError: print, errorColumns: null };
  expect(await backup([], terminal, new Date('2026-01-02T03:04:05Z'))).toBe(0);
  expect(await backup(['mine.db'], terminal, new Date())).toBe(0);
  store.close();
  expect(printed[0]).toMatch(/backups\/darkroom-2026-01-02T03-04-05\.db: 1 jobs, \d+\.\d MB, checked/);
  expect(existsSync(path.join(folder, 'mine.db'))).toBe(true);
  await expect(backup(['a', 'b'], terminal, new Date())).rejects.toMatchObject({ code: 'request_invalid' });
});
