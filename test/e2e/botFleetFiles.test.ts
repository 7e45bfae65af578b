// A fleet of two machines with files of their own: a LoRA and a control network put on one of them while it runs are offered by the bot, and every
// request for them goes to that machine; the other one would fail it.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { paintedPng } from '../image/makePng.ts';
import { writeControlFolder } from '../support/madeControls.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually } from './house.ts';
import { Machine } from './machine.ts';

vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: 2 * PATIENCE_MS });

const GOLDEN = path.join(ROOT, 'test/golden');

describe.skipIf(!HAS_REDIS)('two machines', () => {
  const folders = ['bare', 'rich'].map((name) => {
    const folder = mkdtempSync(path.join(tmpdir(), `darkroom-${name}-`));
    cpSync(path.join(GOLDEN, 'folders/sd-small'), path.join(folder, 'sd-small'), { recursive: true });
    return folder;
  });
  const rich = folders[1]!;
  let redis: TestRedis;
  let bot: BotProcess;
  let machines: Machine[];

  beforeAll(async () => {
    redis = await TestRedis.start();
    machines = folders.map((folder) => new Machine(redis.url, folder));
    bot = await BotProcess.open({ REDIS_URL: redis.url, FLEET_PORT: '0', LOCAL_WORKER: 'off', MODELS_DIR: '/nowhere' });
    await eventually(() => bot.lines.join('').split('a machine joined the fleet').length > 2, PATIENCE_MS);
  });
  afterAll(async () => {
    for (const machine of machines) machine.kill();
    await bot.close();
    await redis.down();
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  const alice = () => bot.emulator.as(bot.alice);
  const offers = (command: string, option: string, names: readonly string[]) =>
    vi.waitFor(
      async () => {
        const { choices } = await alice().autocomplete(bot.channelId, command, option, '');
        expect(choices?.map(({ value }) => value)).toEqual(names);
      },
      { timeout: PATIENCE_MS, interval: 500 },
    );

  async function expectAllMade(options: Record<string, unknown>): Promise<void> {
    const before = bot.store.list({ limit: 50, states: ['delivered'] }).length;
    const seeds = [1, 2, 3, 4];
    for (const seed of seeds) {
      const filled = { prompt: 'a red heart', steps: 2, seed, ...options } as never;
      await alice().command(bot.channelId, 'imagine', filled);
    }
    const isDone = () =>
      bot.store.list({ limit: 50, states: ['accepted', 'queued', 'running', 'developed'] }).length === 0;
    await eventually(isDone, PATIENCE_MS);
    expect(bot.store.list({ limit: 50, states: ['failed'] })).toEqual([]);
    expect(bot.store.list({ limit: 50, states: ['delivered'] })).toHaveLength(before + seeds.length);
  }

  test('a LoRA that one of them gets is used there alone', async () => {
    await expectAllMade({});
    mkdirSync(path.join(rich, 'loras'));
    cpSync(path.join(GOLDEN, 'loras/files/second.safetensors'), path.join(rich, 'loras/second.safetensors'));
    await offers('lora use', 'name', ['second']);
    await expectAllMade({ prompt: 'a red heart <lora:second:1>' });
  });

  test('so is a control network', async () => {
    const folder = path.join(rich, 'controlnets/small-canny');
    mkdirSync(folder, { recursive: true });
    writeControlFolder(folder, 'small-canny', 'F32');
    await offers('imagine', 'control', ['canny']);
    const bytes = paintedPng(96, 64, (x) => (x < 40 ? [0, 0, 0] : [255, 255, 255]));
    await expectAllMade({ control: 'canny', control_image: { name: 'edge.png', bytes, contentType: 'image/png' } });
  });
});
