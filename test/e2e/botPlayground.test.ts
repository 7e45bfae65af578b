// `npm start` with nothing configured: the same bot on the local Discord, reachable by the page's own controls, a real picture at the end.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compiledEntry, ROOT } from '../../src/root.ts';
import { openStore } from '../../src/store/openStore.ts';
import { BOT_FLAGS } from '../support/botFlags.ts';
import { PATIENCE_MS } from './botProcess.ts';

interface Seen {
  readonly id: string;
  readonly content: string;
  readonly ephemeral: boolean;
  readonly attachments: readonly { url: string }[];
}

let child: ChildProcess;
let dataDir: string;
let said = '';

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'darkroom-playground-'));
  const { DISCORD_TOKEN: _, ...env } = process.env;
  const ours = { DATA_DIR: dataDir, MODELS_DIR: path.join(ROOT, 'test/golden/folders'), DEVICE: 'cpu', PORT: '0' };
  child = spawn(process.execPath, [...BOT_FLAGS, compiledEntry('src/main.ts')], {
    env: { ...env, ...ours },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout?.on('data', (data: Buffer) => {
    said += data.toString();
  });
});
afterEach(async () => {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  await rm(dataDir, { recursive: true, force: true });
});

async function patiently<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing came of it: ${look}`);
}

test('says where to look, and a command there becomes a picture, a reply another one', {
  timeout: 3 * PATIENCE_MS,
}, async () => {
  const origin = await patiently(() => /Open (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1]);
  expect(said).toMatch(/Pictures are made by cpu \(.+\), models: plain-mid, sd-small, v-linear\./);
  const get = async <T>(route: string) => (await (await fetch(`${origin}/_control/${route}`)).json()) as T;
  const act = async (action: string, body: object) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return (await (await fetch(`${origin}/_control/as/${you}/${action}`, init)).json()) as { kind?: string };
  };
  expect((await fetch(origin)).headers.get('content-type')).toContain('text/html');
  const { guilds } = await get<{ guilds: { ownerId: string; channels: { id: string }[] }[] }>('state');
  const [you, channelId] = [guilds[0]!.ownerId, guilds[0]!.channels[0]!.id];
  await patiently(
    async () => (await get<unknown[]>(`commands?channel=${channelId}&user=${you}`)).length >= 8 || undefined,
  );

  // Results, not the previews before them.
  const pictures = async () =>
    (await get<Seen[]>(`messages?channel=${channelId}&user=${you}`)).filter((seen) =>
      seen.attachments.some(({ url }) => new URL(url).pathname.endsWith('.png')),
    );
  const options = { prompt: 'a red heart', model: 'sd-small', steps: 2, size: '64x96' };
  await patiently(async () => {
    const outcome = await act('command', { channelId, name: 'imagine', options });
    return outcome.kind === 'failed' ? undefined : outcome;
  });
  const first = await patiently(async () => (await pictures())[0]);
  expect((await fetch(first.attachments[0]!.url)).headers.get('content-type')).toBe('image/png');
  await act('reply', { messageId: first.id, text: 'blue' });
  await patiently(async () => (await pictures())[1]);

  const store = openStore({ file: path.join(dataDir, 'darkroom.db') });
  const [answer, parent] = store.list({ limit: 2 });
  expect(answer).toMatchObject({ kind: 'reply', parentJobId: parent?.id, userId: you });
  expect(answer?.request.prompt).toBe('a red heart, blue');
  store.close();
});
