// Files put among the LoRAs and the control networks while the bot runs, as its owner would: the compiled program, its image process and real
// networks, no restart. What is taken away again is refused by name.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { paintedPng } from '../image/makePng.ts';
import { writeControlFolder } from '../support/madeControls.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, textOf } from './house.ts';

vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: 2 * PATIENCE_MS });

const GOLDEN = path.join(ROOT, 'test/golden');
const modelsDir = mkdtempSync(path.join(tmpdir(), 'darkroom-dropped-'));
cpSync(path.join(GOLDEN, 'folders/sd-small'), path.join(modelsDir, 'sd-small'), { recursive: true });
const lora = path.join(modelsDir, 'loras/second.safetensors');
const network = path.join(modelsDir, 'controlnets/small-canny');
const drawing = paintedPng(96, 64, (x, y) => ((x - 48) ** 2 + (y - 32) ** 2 < 400 ? [200, 30, 60] : [250, 250, 245]));
const upload = { name: 'disc.png', bytes: drawing, contentType: 'image/png' };

let bot: BotProcess;
let processBefore: number | undefined;
beforeAll(async () => {
  bot = await BotProcess.open({ MODELS_DIR: modelsDir });
});
afterAll(async () => {
  await bot.close();
  rmSync(modelsDir, { recursive: true });
});

const alice = () => bot.emulator.as(bot.alice);
const offered = async (command: string, option: string) =>
  (await alice().autocomplete(bot.channelId, command, option, '')).choices?.map(({ value }) => value) ?? [];
const ask = (options: Record<string, unknown>) =>
  alice().command(bot.channelId, 'imagine', { prompt: 'a red heart', seed: 7, steps: 2, ...options } as never);

async function draw(options: Record<string, unknown> = {}) {
  const before = bot.newest()?.id;
  await ask(options);
  await eventually(() => bot.newest()?.id !== before && bot.newest()?.state === 'delivered', PATIENCE_MS);
  const job = bot.newest()!;
  return { job, png: readFileSync(path.join(bot.dataDir, bot.store.pictures(job.id)[0]!.path)) };
}

/** The program looks every few seconds. */
const offers = (command: string, option: string, names: readonly string[]) =>
  vi.waitFor(async () => expect(await offered(command, option)).toEqual(names), {
    timeout: PATIENCE_MS,
    interval: 500,
  });

const refusal = async (options: Record<string, unknown>) => textOf((await ask(options)).message);

describe('while the bot runs', () => {
  let plain: Buffer;

  test('nothing is there, and is said not to be', async () => {
    plain = (await draw()).png;
    processBefore = bot.workerPid();
    expect([await offered('imagine', 'control'), await offered('lora use', 'name')]).toEqual([[], []]);
    expect(await refusal({ control: 'canny', control_image: upload })).toContain('no control network for');
    expect(await refusal({ prompt: 'a red heart <lora:second:1>' })).toContain('second');
  });

  test('a LoRA that is put there is offered, and changes the picture', async () => {
    mkdirSync(path.dirname(lora), { recursive: true });
    cpSync(path.join(GOLDEN, 'loras/files/second.safetensors'), lora);
    await offers('lora use', 'name', ['second']);
    const { job, png } = await draw({ prompt: 'a red heart <lora:second:1>' });
    expect(job.request.loras).toMatchObject([{ name: 'second' }]);
    expect(png.equals(plain)).toBe(false);
  });

  test('a control network that is put there is offered, and is followed by a model that was open before', async () => {
    mkdirSync(network, { recursive: true });
    writeControlFolder(network, 'small-canny', 'F32');
    await offers('imagine', 'control', ['canny']);
    const { job, png } = await draw({ control: 'canny', control_image: upload });
    expect(job.request.controls).toMatchObject([{ kind: 'canny', model: 'small-canny' }]);
    expect(png.equals(plain)).toBe(false);
    expect(bot.lines.join('')).toMatch(/"found":\["small-canny"\].*came or went/);
  });

  test('what is taken away is offered no more, and refused by name; everything else goes on', async () => {
    rmSync(network, { recursive: true });
    rmSync(lora);
    await offers('imagine', 'control', []);
    await offers('lora use', 'name', []);
    expect(await refusal({ control: 'canny', control_image: upload })).toContain('no control network for');
    expect(await refusal({ prompt: 'a red heart <lora:second:1>' })).toContain('second');
    expect((await draw()).png.equals(plain)).toBe(true);
    expect(bot.workerPid()).toBe(processBefore);
  });
});
