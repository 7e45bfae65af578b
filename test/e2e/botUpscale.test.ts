// /upscale as people meet it, on the local Discord, with a real upscaler behind it: one's own picture, an upload, cancel, quota, refusals.
import { realpathSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isOnlyEnlarged } from '../../src/core/request.ts';
import type { DevelopProgress, DevelopTask } from '../../src/core/worker.ts';
import type { Outcome } from '../../src/emulator/views.ts';
import { ROOT } from '../../src/root.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { eventually, filesOf, House, labelsOf, textOf } from './house.ts';
import { plainPng, ScriptedWorker } from './scriptedWorker.ts';

const GOLDEN = path.join(ROOT, 'test/golden/upscalers/models/upscalers');
let modelsDir: string;
let developer: Developer;
let house: House;

/** Draws nothing real, but enlarges with real networks. */
class EnlargingWorker extends ScriptedWorker {
  override async develop(task: DevelopTask, onProgress: (progress: DevelopProgress) => void, signal: AbortSignal) {
    if (!isOnlyEnlarged(task.request)) return super.develop(task, onProgress, signal);
    this.tasks.push(task);
    return [...(await developer.develop(task, onProgress, signal))];
  }
}

beforeAll(async () => {
  modelsDir = realpathSync(await mkdtemp(path.join(tmpdir(), 'darkroom-models-')));
  await cp(GOLDEN, path.join(modelsDir, 'upscalers'), { recursive: true });
  developer = await openDeveloper({ modelsDir, device: 'cpu', threads: 1 });
});
afterAll(async () => {
  await developer.close();
  await rm(modelsDir, { recursive: true });
});
beforeEach(async () => {
  house = await House.open({ worker: new EnlargingWorker(), upscalers: developer.facts.upscalers ?? [] });
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const bob = () => house.emulator.as(house.bob);
const upscale = (options: Record<string, unknown> = {}, who = alice()): Promise<Outcome> =>
  who.command(house.channelId, 'upscale', options as never);
const finished = (userId = house.alice) => house.jobIn('delivered', userId, ({ kind }) => kind === 'upscale');

async function postedSize(url: string): Promise<number[]> {
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe('/upscale', () => {
  test('of the newest picture: queued as a row, made by the network, delivered as a message, charged as one', async () => {
    const { job: parent, message: original } = await house.picture({ size: '96x64', seed: 5 });
    const outcome = await upscale({ upscaler: 'x4plus', factor: 3 });
    expect(outcome.message).toMatchObject({ ephemeral: true });
    const { job, message } = await finished();
    expect(outcome.message?.content).toContain(`#${job.id}`);
    expect(job).toMatchObject({ parentJobId: parent.id, parentImageIndex: 0, cost: 1 });
    expect(job.request.upscale).toEqual({ upscaler: 'x4plus', scale: 3, from: { widthPx: 96, heightPx: 64 } });
    expect(job.request).toMatchObject({ prompt: 'a red heart', seed: 5, strength: null });
    expect(textOf(message)).toContain('96×64 → 288×192 · 3× x4plus');
    expect(textOf(message)).toContain(`from \`#${parent.id}\` picture 1`);
    expect((message.message_reference as { message_id: string }).message_id).toBe(original.id);
    expect(await postedSize(filesOf(message)[0]!.url)).toEqual([288, 192]);
    expect(labelsOf(message)).toContain('Vary a little');
    expect(house.used(house.alice)).toBe(2);
  });

  test('of one of several pictures, by id and number, also somebody else’s in this channel', async () => {
    const { job: parent } = await house.picture({ count: 3, seed: 20 });
    await upscale({ picture: `#${parent.id}`, number: 2 }, bob());
    const { job } = await finished(house.bob);
    const second = house.store.pictures(parent.id).find(({ imageIndex }) => imageIndex === 1)!;
    expect(job.request.initImage?.sha256).toBe(second.sha256);
    expect(job).toMatchObject({ parentImageIndex: 1, request: { prompt: 'a red heart', seed: 21 } });
    expect(house.used(house.bob)).toBe(1);
  });

  test('Again under an enlarged picture draws what it was drawn from, at its own size', async () => {
    await house.picture({ size: '96x64', seed: 5 });
    await upscale();
    const { message } = await finished();
    await alice().click(message.id, 'Again');
    const { job } = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'again');
    expect(job.request).toMatchObject({ prompt: 'a red heart', size: { widthPx: 96, heightPx: 64 }, initImage: null });
    expect(job.request.upscale).toBeUndefined();
  });

  test('of an upload, whose bytes are kept before the row', async () => {
    const bytes = plainPng({ widthPx: 50, heightPx: 31 }, 200);
    await upscale({ image: { name: 'mine.png', bytes, contentType: 'image/png' }, upscaler: 'x2plus' });
    const { job, message } = await finished();
    expect(await postedSize(filesOf(message)[0]!.url)).toEqual([100, 62]);
    expect(textOf(message)).toContain('50×31 → 100×62 · 2× x2plus');
    expect(labelsOf(message)).not.toContain('Again');
    const kept = await readFile(path.join(house.dataDir, 'inputs', job.request.initImage!.sha256));
    expect(kept.equals(bytes)).toBe(true);
    await alice().click(message.id, 'Enlarge 2×');
    const { message: twice } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    expect(await postedSize(filesOf(twice)[0]!.url)).toEqual([200, 124]);
  });

  test('refuses what cannot be, in words, with nothing charged', async () => {
    const { job } = await house.picture({ size: '96x64' });
    const image = { name: 'a.png', bytes: plainPng({ widthPx: 1500, heightPx: 20 }, 1), contentType: 'image/png' };
    for (const [options, words] of [
      [{ upscaler: 'x9' }, 'one of x1compact'],
      [{ image, factor: 4 }, 'a number from 1 to 2.73'],
      [{ picture: 'abcdefghij' }, 'I no longer know this picture'],
      [{ picture: job.id, number: 4 }, 'a number from 1 to 1'],
    ] as const) {
      const outcome = await upscale(options);
      expect(outcome.message).toMatchObject({ ephemeral: true });
      expect(outcome.message?.content.replaceAll('\\', '')).toContain(words);
    }
    expect(house.newest()?.id).toBe(job.id);
    expect(house.used(house.alice)).toBe(1);
  });

  test('is cancelled by its button between two tiles, and then nothing is charged', async () => {
    const bytes = plainPng({ widthPx: 1000, heightPx: 1000 }, 9);
    await upscale({ image: { name: 'big.png', bytes, contentType: 'image/png' }, upscaler: 'x4plus', factor: 4 });
    await eventually(() => textOf(house.posts()[0]).includes('Developing') && house.posts());
    await alice().click(house.posts()[0]!.id, 'Cancel');
    const { message } = await house.jobIn('cancelled');
    expect(textOf(message)).toContain('Cancelled');
    expect(house.used(house.alice)).toBe(0);
  });

  test('offers upscalers with their scale, and one’s own finished requests', async () => {
    const { job } = await house.picture();
    const ask = (name: string, typed: string) => alice().autocomplete(house.channelId, 'upscale', name, typed);
    const names = (outcome: Outcome) => (outcome.choices ?? []).map(({ name, value }) => [name, value]);
    expect(names(await ask('upscaler', 'x4'))).toContainEqual(['x4plus (4×)', 'x4plus']);
    expect(names(await ask('upscaler', 'lanc'))).toEqual([['Lanczos', 'lanczos']]);
    expect(names(await ask('picture', 'red'))).toEqual([[`#${job.id} a red heart`, job.id]]);
  });
});

test('without any upscaler, /upscale enlarges by Lanczos and says so', async () => {
  const plain = await House.open({ worker: new EnlargingWorker() });
  await plain.picture({ size: '96x64' });
  await plain.emulator.as(plain.alice).command(plain.channelId, 'upscale', {});
  const { message } = await plain.jobIn('delivered', plain.alice, ({ kind }) => kind === 'upscale');
  expect(textOf(message)).toContain('96×64 → 192×128 · 2× Lanczos; no upscaler network');
  expect(await postedSize(filesOf(message)[0]!.url)).toEqual([192, 128]);
  await plain.close();
});
