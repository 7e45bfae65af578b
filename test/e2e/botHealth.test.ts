// Health as a service manager meets it: a start that cannot reach Discord and a stop that waits for a picture are alive and not ready; and
// the exit says whether trying again helps.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { compiledEntry, ROOT } from '../../src/root.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, TEST_TOKEN } from './house.ts';

vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-health-'));
const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterEach(async () => {
  for (const close of closers.splice(1)) await close();
  closers[0]!();
});

/** The program with these settings, its log, and how it ended. */
function start(settings: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, [compiledEntry('src/main.ts')], {
    env: {
      ...process.env,
      ENV_FILE: '',
      DATA_DIR: folder,
      MODELS_DIR: path.join(ROOT, 'test/golden/folders'),
      DEVICE: 'cpu',
      THREADS: '1',
      METRICS_PORT: '0',
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  child.stderr?.on('data', (data: Buffer) => lines.push(data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  closers.push(() => child.kill('SIGKILL'));
  return { child, ended, log: () => lines.join('') };
}

const originIn = (log: string) => /"origin":"(http:\/\/127\.0\.0\.1:\d+)","msg":"numbers and health/.exec(log)?.[1];
const ask = async (url: string) => {
  const response = await fetch(url);
  return `${response.status} ${await response.text()}`;
};

test('while Discord cannot be reached it is alive, not ready, and ends when asked to', async () => {
  const bot = start({ DISCORD_TOKEN: TEST_TOKEN, DISCORD_API_URL: 'http://127.0.0.1:9/api' });
  const origin = await eventually(() => originIn(bot.log()), PATIENCE_MS);
  await eventually(() => bot.log().includes('Discord cannot be reached; trying again'), PATIENCE_MS);
  expect(await ask(`${origin}/livez`)).toBe('200 alive\n');
  expect(await ask(`${origin}/readyz`)).toBe('503 the gateway of Discord is not connected\n');
  const numbers = await ask(`${origin}/metrics`);
  expect(numbers).toContain('darkroom_discord_connected 0');
  expect(numbers).toMatch(/darkroom_database_bytes [1-9]/);
  bot.child.kill('SIGTERM');
  expect(await bot.ended).toBe(0);
});

test('while a stop waits for a picture it is alive, not ready, and says that it stops', async () => {
  const bot = await BotProcess.open({ METRICS_PORT: '0' });
  closers.push(() => bot.close());
  const origin = originIn(bot.lines.join(''));
  expect(await ask(`${origin}/readyz`)).toBe('200 ready\n');
  await bot.imagine({ steps: 120, count: 2, size: '192x128' });
  await bot.jobIn('running');
  const ended = bot.kill('SIGTERM');
  await eventually(() => bot.lines.join('').includes('"msg":"stopping"'), PATIENCE_MS);
  expect(await ask(`${origin}/livez`)).toBe('200 alive\n');
  expect(await ask(`${origin}/readyz`)).toContain('503 the program is stopping\n');
  expect(await ended).toBe(0);
});

test.each([
  ['a setting that cannot be', { DEVICE: 'abacus' }, 78, 'DEVICE: found "abacus"'],
  ['models that are not there', { MODELS_DIR: path.join(folder, 'none') }, 78, 'Darkroom stops: '],
  ['a port somebody else has', { METRICS_PORT: '1', METRICS_HOST: '203.0.113.1' }, 78, 'METRICS_PORT'],
])('%s ends the program with its own code: trying again changes nothing', async (_, settings, code, said) => {
  const bot = start({ DISCORD_TOKEN: TEST_TOKEN, DISCORD_API_URL: 'http://127.0.0.1:9/api', ...settings });
  expect(await bot.ended).toBe(code);
  expect(bot.log()).toContain(said);
});
