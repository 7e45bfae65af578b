// The data folder on a disk of its own that runs full: what is asked for is refused in plain words, what was begun is made when there is
// room, and the bot says meanwhile that it is not ready. Needs the right to mount a small tmpfs; without it the test is skipped.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, filesOf, textOf } from './house.ts';

const DISK = 'size=80m';
const METRICS_PORT = 19_477;
const READY = `http://127.0.0.1:${METRICS_PORT}/readyz`;
const LONG = { seed: 11, steps: 60, size: '192x128' };

vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

function mount(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', DISK, 'tmpfs', folder]).status === 0;
}

function unmount(folder: string): void {
  spawnSync('umount', ['-l', folder]);
}

function mayMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-mount-'));
  const may = process.platform === 'linux' && mount(folder);
  if (may) unmount(folder);
  rmSync(folder, { recursive: true });
  return may;
}

let bot: BotProcess;
let mounted = '';
beforeEach(async () => {
  bot = await BotProcess.open({ METRICS_PORT: String(METRICS_PORT) }, (dataDir) => {
    mounted = dataDir;
    expect(mount(dataDir)).toBe(true);
  });
});
afterEach(async () => {
  await bot.kill('SIGKILL');
  bot.store.close();
  unmount(mounted);
  await bot.close();
});

/** Writes until nothing fits any more. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (let size = 1 << 20; size >= 512; ) {
      try {
        writeSync(handle, Buffer.alloc(size));
      } catch {
        size /= 2;
      }
    }
  } finally {
    closeSync(handle);
  }
}

test.skipIf(!mayMount())('a full disk costs nobody a picture', async () => {
  await bot.imagine({ seed: 1, steps: 3, size: '64x96' });
  const first = await bot.jobIn('delivered');
  await bot.imagine(LONG);
  await bot.jobIn('running');
  const ballast = path.join(bot.dataDir, 'ballast');
  fill(ballast);
  await eventually(async () => (await fetch(READY)).status === 503, PATIENCE_MS);
  const refusal = await bot.emulator
    .as(bot.alice)
    .command(bot.channelId, 'imagine', { prompt: 'a dog', model: 'sd-small' });
  expect(refusal.kind).toBe('message');
  expect(refusal.kind === 'message' && textOf(refusal.message)).toMatch(/disk|database/);
  rmSync(ballast);
  await eventually(() => bot.newest()?.state === 'delivered', PATIENCE_MS);
  expect(bot.newest()?.id).not.toBe(first.id);
  await eventually(async () => (await fetch(READY)).status === 200, PATIENCE_MS);
  await bot.imagine({ seed: 2, steps: 3, size: '64x96' });
  await eventually(() => bot.store.list({ limit: 9, states: ['delivered'] }).length === 3, PATIENCE_MS);
  expect(bot.posts().map((post) => filesOf(post).length)).toEqual([1, 1, 1]);
});
