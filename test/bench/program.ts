// The whole program as a process of its own against a local Discord, for the measurements that need one.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { compiledEntry } from '../../src/root.ts';
import { BOT_FLAGS } from '../support/botFlags.ts';

/** Shaped as Discord shapes them; worth nothing. */
export const TOKEN = `${Buffer.from('123456789012345678').toString('base64url')}.Gabcde.${'x'.repeat(38)}`;

export function startProgram(
  emulator: Emulator,
  dataDir: string,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  const env = {
    ...process.env,
    DISCORD_TOKEN: TOKEN,
    DISCORD_API_URL: emulator.apiUrl,
    DISCORD_CDN_ORIGIN: emulator.origin,
    DATA_DIR: dataDir,
    DEVICE: 'cpu',
    LOG_LEVEL: 'error',
    ...settings,
  };
  return spawn(process.execPath, [...BOT_FLAGS, compiledEntry('src/main.ts')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

export function imageProcessOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}
