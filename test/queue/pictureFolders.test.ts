import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobStore } from '../../src/core/jobStore.ts';
import { dropFolder, hasRoom, pictureFolder, sweepPictures } from '../../src/queue/pictureFolders.ts';
import { openStore } from '../../src/store/openStore.ts';
import { claim, enqueue, picture } from '../contract/jobStore.ts';

let dataDir: string;
let store: JobStore;

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'darkroom-folders-'));
  store = openStore({ file: ':memory:' });
});
afterEach(() => {
  store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function fill(id: string, attempt: number): string {
  const folder = path.join(dataDir, pictureFolder({ id, attempt }));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, '0.png'), 'picture');
  return folder;
}

test('at the start, only the attempts whose pictures count stay', async () => {
  const { id } = enqueue(store);
  claim(store);
  store.lose(id, 1, { code: 'worker_crashed', message: 'x', details: {} });
  claim(store);
  store.develop(id, 2, [{ ...picture(id, 0), path: `${pictureFolder({ id, attempt: 2 })}/0.png` }], 5);
  const waiting = enqueue(store);
  const [lost, kept, unfinished, unknown] = [fill(id, 1), fill(id, 2), fill(waiting.id, 1), fill('aaaaaaaaaa', 1)];
  expect(await sweepPictures(dataDir, store)).toBe(3);
  expect([lost, kept, unfinished, unknown].map((folder) => existsSync(folder))).toEqual([false, true, false, false]);
  expect(existsSync(path.join(kept, '0.png'))).toBe(true);
  expect(await sweepPictures(dataDir, store)).toBe(0);
});

test('a data folder without pictures has nothing to sweep', async () => {
  expect(await sweepPictures(path.join(dataDir, 'not yet made'), store)).toBe(0);
});

test('dropping what is not there is no error', async () => {
  await expect(dropFolder(dataDir, { id: 'aaaaaaaaaa', attempt: 1 })).resolves.toBeUndefined();
});

test('a disk with room says so', async () => expect(await hasRoom(dataDir)).toBe(true));
