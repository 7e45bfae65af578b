// Two programs on one data folder would take each other's running jobs: the second one has to stop at the door.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdDataFolder } from '../../src/store/holdDataFolder.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'darkroom-hold-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a second program is refused with the reason, and let in when the first is gone', () => {
  const release = holdDataFolder(dir);
  expect(() => holdDataFolder(dir)).toThrow(/another Darkroom is using it/);
  release();
  holdDataFolder(dir)();
});

test('a killed program leaves nothing behind that keeps the next one out', () => {
  const script = `
    const Database = require('better-sqlite3');
    const lock = new Database(${JSON.stringify(path.join(dir, 'darkroom.lock'))});
    lock.exec('BEGIN EXCLUSIVE');
    process.kill(process.pid, 'SIGKILL');`;
  expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL');
  holdDataFolder(dir)();
});
