import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ControlWish } from '../../src/core/control.ts';
import type { JobStore } from '../../src/core/jobStore.ts';
import { InputFolder } from '../../src/discord/attachments.ts';
import {
  dropFolder,
  hasRoom,
  inputFile,
  pictureFolder,
  sweepInputs,
  sweepPictures,
} from '../../src/queue/pictureFolders.ts';
import { openStore } from '../../src/store/openStore.ts';
import { claim, enqueue, picture } from '../contract/jobStore.ts';
import { testRequest } from '../support/cards.ts';

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

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 2);

/** A start picture handed in so long before now. */
function handIn(name: string, ageMs: number): string {
  mkdirSync(path.join(dataDir, 'inputs'), { recursive: true });
  const file = inputFile(dataDir, name);
  writeFileSync(file, 'picture');
  utimesSync(file, new Date(NOW_MS - ageMs), new Date(NOW_MS - ageMs));
  return file;
}

test('at the start, old start pictures that no job names go; those of any job, however it ended, stay', async () => {
  const [used, cancelled, unused, fresh] = ['ab', 'bc', 'cd', 'de'].map((byte) => byte.repeat(32)) as [
    string,
    string,
    string,
    string,
  ];
  enqueue(store, { request: testRequest({ initImage: { sha256: used } }) });
  store.cancel(enqueue(store, { request: testRequest({ initImage: { sha256: cancelled } }) }).id);
  const files = [
    handIn(used, 9 * DAY_MS),
    handIn(cancelled, 9 * DAY_MS),
    handIn(unused, DAY_MS),
    handIn(`.${unused}.01ab`, DAY_MS),
    handIn(fresh, DAY_MS - 1),
  ];
  expect(await sweepInputs(dataDir, store, NOW_MS)).toBe(2);
  expect(files.map((file) => existsSync(file))).toEqual([true, true, false, false, true]);
  expect(await sweepInputs(dataDir, store, NOW_MS)).toBe(0);
});

test('masks stay with the jobs that name them', async () => {
  const [picture, mask] = ['ab'.repeat(32), 'bc'.repeat(32)];
  enqueue(store, { request: { ...testRequest({ initImage: { sha256: picture } }), mask: { sha256: mask } } });
  const files = [picture, mask, 'cd'.repeat(32)].map((sha256) => handIn(sha256, 9 * DAY_MS));
  expect(await sweepInputs(dataDir, store, NOW_MS)).toBe(1);
  expect(files.map((file) => existsSync(file))).toEqual([true, true, false]);
});

test('pictures that are followed stay with the jobs that name them, each of several', async () => {
  const images = ['ab', 'bc'].map((byte) => ({ sha256: byte.repeat(32) }));
  const controls = [
    { kind: 'canny', image: images[0] },
    { kind: 'pose', image: images[1] },
    { kind: 'silhouette', image: images[1] },
  ];
  enqueue(store, { request: testRequest({ controls: controls as ControlWish[] }) });
  const files = [...images.map(({ sha256 }) => sha256), 'cd'.repeat(32)].map((sha256) => handIn(sha256, 9 * DAY_MS));
  expect(await sweepInputs(dataDir, store, NOW_MS)).toBe(1);
  expect(files.map((file) => existsSync(file))).toEqual([true, true, false]);
});

test('a start picture handed in again is new again', async () => {
  const inputs = new InputFolder(dataDir);
  const sha256 = await inputs.keep(Buffer.from('picture'));
  utimesSync(inputFile(dataDir, sha256), new Date(0), new Date(0));
  await inputs.keep(Buffer.from('picture'));
  expect(await sweepInputs(dataDir, store, Date.now())).toBe(0);
  expect(await inputs.has(sha256)).toBe(true);
});

test('a data folder without pictures has nothing to sweep', async () => {
  expect(await sweepInputs(path.join(dataDir, 'not yet made'), store, NOW_MS)).toBe(0);
  expect(await sweepPictures(path.join(dataDir, 'not yet made'), store)).toBe(0);
});

test('dropping what is not there is no error', async () => {
  await expect(dropFolder(dataDir, { id: 'aaaaaaaaaa', attempt: 1 })).resolves.toBeUndefined();
});

test('a disk with room says so', async () => expect(await hasRoom(dataDir)).toBe(true));
