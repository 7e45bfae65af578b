// The look at the folders of LoRAs and control networks while the program runs, with time turned by hand.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeLog } from '../../src/log.ts';
import { LOOK_MS, watchFolders } from '../../src/weights/folderWatch.ts';
import { FakeClock } from '../support/fakeClock.ts';

let root: string;
let clock: FakeClock;
let over: AbortController;
let looks: number;
let failures: number;
let watching: Promise<void>;

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'darkroom-watch-'));
  clock = new FakeClock();
  over = new AbortController();
  [looks, failures] = [0, 0];
  const onChange = async () => {
    looks += 1;
    if (failures-- > 0) throw new Error('nobody answers');
  };
  const folders = ['loras', 'controlnets'].map((name) => path.join(root, name));
  watching = watchFolders({ folders, clock, log: makeLog('silent'), onChange }, over.signal);
});
afterEach(async () => {
  over.abort(new Error('over'));
  await watching;
  rmSync(root, { recursive: true });
});

/** Two looks: the second begins when the first is over. */
async function look(): Promise<number> {
  for (let round = 0; round < 2; round += 1) {
    await vi.waitFor(() => expect(clock.asleep).toEqual([LOOK_MS]));
    await clock.advance(LOOK_MS);
  }
  await vi.waitFor(() => expect(clock.asleep).toEqual([LOOK_MS]));
  return looks;
}

test('tells once of the first look, and then of what came, grew, was replaced or went', async () => {
  expect(await look()).toBe(1);
  mkdirSync(path.join(root, 'loras/sorted/deep'), { recursive: true });
  expect(await look()).toBe(2);
  const file = path.join(root, 'loras/sorted/deep/ink.safetensors');
  writeFileSync(file, 'half');
  expect(await look()).toBe(3);
  writeFileSync(file, 'half and the rest');
  expect(await look()).toBe(4);
  expect(await look()).toBe(4);
  writeFileSync(file, 'HALF and the rest');
  utimesSync(file, 1_000, 1_000);
  expect(await look()).toBe(5);
  mkdirSync(path.join(root, 'controlnets'));
  writeFileSync(path.join(root, 'controlnets/edges.safetensors'), 'x');
  expect(await look()).toBe(6);
  rmSync(file);
  expect(await look()).toBe(7);
  expect(await look()).toBe(7);
});

test('what could not be told of is told of at the next look', async () => {
  failures = 1;
  expect(await look()).toBe(2);
  expect(await look()).toBe(2);
});
