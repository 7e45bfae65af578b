// A run in which everything goes wrong, at the most talkative log level, and then a search of all it said and showed for what must stay
// inside: tokens, keys, prompts and the paths of this machine.
import { createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { FaultEffect } from '../../src/emulator/faults.ts';
import { ROOT } from '../../src/root.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, filesOf, TEST_TOKEN } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

vi.setConfig({ testTimeout: 4 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

const MESSAGES = '/channels/{channel_id}/messages';
const MESSAGE = '/channels/{channel_id}/messages/{message_id}';
const CALLBACK = '/interactions/{interaction_id}/{interaction_token}/callback';
/** What /imagine of BotProcess says. */
const PROMPT = 'a red heart nobody may read of';

let bot: BotProcess | undefined;
afterEach(() => bot?.close());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function oneJob(options: Record<string, string | number> = {}): Promise<void> {
  const before = bot!.newest()?.id;
  await bot!.imagine({ steps: 2, size: '64x96', ...options });
  await eventually(() => {
    const job = bot!.newest();
    return job?.id !== before && (job?.state === 'delivered' || job?.state === 'failed');
  }, PATIENCE_MS);
}

/** Bytes of every file the channel shows. */
async function filesShown(one: BotProcess): Promise<Buffer[]> {
  const urls = one.posts().flatMap((post) => filesOf(post).map(({ url }) => url));
  return Promise.all(urls.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())));
}

test('log, numbers, messages and files hold no secret, whatever went wrong', async () => {
  const port = await freePort();
  bot = await BotProcess.open({ LOG_LEVEL: 'trace', METRICS_PORT: String(port) });
  const { emulator, channelId } = bot;
  const troubles: readonly (readonly [string, string, number, FaultEffect])[] = [
    ['POST', MESSAGES, 5, { kind: 'status', status: 500 }],
    ['PATCH', MESSAGE, 5, { kind: 'status', status: 502, text: `<html>${TEST_TOKEN}</html>` }],
    ['PATCH', MESSAGE, 2, { kind: 'reset' }],
    ['POST', CALLBACK, 1, { kind: 'dropResponse' }],
    ['PATCH', MESSAGE, 1, { kind: 'status', status: 403, body: { code: 50013, message: 'Missing Permissions' } }],
    ['POST', CALLBACK, 1, { kind: 'status', status: 404, body: { code: 10062, message: 'Unknown interaction' } }],
  ];
  for (const [method, route, times, effect] of troubles) {
    emulator.fault({ method, route, times, effect });
    if (route === CALLBACK) await bot.imagine({ steps: 2, size: '64x96' }).catch(() => undefined);
    else await oneJob();
    emulator.rest.faults.clear();
  }
  const image = { name: 'secret name.png', bytes: plainPng({ widthPx: 96, heightPx: 64 }, 9).subarray(0, 60) };
  const damaged = { prompt: PROMPT, model: 'sd-small', image: { ...image, contentType: 'image/png' } };
  await emulator.as(bot.alice).command(channelId, 'imagine', damaged);
  await bot.jobIn('failed');
  await bot.imagine({ steps: 120, size: '192x128' });
  await bot.jobIn('running');
  await systemClock.sleep(300);
  process.kill(bot.workerPid()!, 'SIGKILL');
  await bot.jobIn('delivered');
  emulator.gateway.drop();
  await oneJob();

  const numbers = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const health = await (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
  const shown = JSON.stringify(emulator.view(channelId, bot.alice));
  const files = await filesShown(bot);
  expect(numbers).toContain('darkroom_');
  expect(files.length).toBeGreaterThan(3);
  expect(bot.lines.join('').split('\n').length).toBeGreaterThan(15);

  const said = bot.lines.join('') + bot.said.join('');
  const tokens = [...emulator.world.interactions.values()].map(({ token }) => token);
  const keys = ['custom_id_key', 'fleet.key'].map((name) => bot!.store.setting(name, () => 'a key nobody made'));
  const places = { said, numbers, health, shown, files: files.map((bytes) => bytes.toString('latin1')).join('') };
  for (const [place, text] of Object.entries(places)) {
    for (const secret of [TEST_TOKEN, ...tokens, ...keys]) expect(text.includes(secret), place).toBe(false);
  }
  for (const place of ['said', 'numbers', 'health'] as const) {
    expect(places[place].includes(PROMPT), place).toBe(false);
    expect(places[place].includes('secret name'), place).toBe(false);
  }
  // The log tells its owner where the data lie; nobody else hears of this machine's folders.
  for (const place of ['numbers', 'health', 'shown', 'files'] as const) {
    for (const folder of [bot.dataDir, ROOT]) expect(places[place].includes(folder), place).toBe(false);
  }
});
