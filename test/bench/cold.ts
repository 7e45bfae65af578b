// Seconds from typing `imagine` to a picture on disk, everything cold but the operating system's file cache.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { compiledEntry } from '../../src/root.ts';
import { spread } from './figures.ts';

const RUNS = 5;

export async function benchCold(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'darkroom-bench-'));
  const seconds: number[] = [];
  for (let seed = 0; seed < RUNS; seed++) {
    const startMs = performance.now();
    const argv = [compiledEntry('src/cli/imagine.ts'), 'a red heart', '--seed', String(seed)];
    await promisify(execFile)(process.execPath, argv, { cwd: folder });
    seconds.push((performance.now() - startMs) / 1000);
  }
  console.log(`  imagine "a red heart": ${spread(seconds, 's')}`);
  await rm(folder, { recursive: true, force: true });
}
