// /imagine with a picture and a mask as people meet it, on the local Discord, with real networks behind it: what is not repainted comes back
// pixel for pixel, a reply grows the canvas, and what cannot be done is said.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DevelopProgress, DevelopTask } from '../../src/core/worker.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { toRgb } from '../../src/image/encode.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { paintedPng } from '../image/makePng.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';
import { filesOf, House } from './house.ts';
import { ScriptedWorker } from './scriptedWorker.ts';

const SIZE = { widthPx: 96, heightPx: 64 };
let folder: string;
let developer: Developer;
let house: House;

/** Draws with the tiny random networks, whatever the bot calls its model. */
class DrawingWorker extends ScriptedWorker {
  override async develop(task: DevelopTask, onProgress: (progress: DevelopProgress) => void, signal: AbortSignal) {
    this.tasks.push(task);
    const request = { ...task.request, model: 'sd-small', style: null, stylePhrase: '' };
    return [...(await developer.develop({ ...task, request }, onProgress, signal))];
  }
}

beforeAll(async () => {
  developer = await openDeveloper({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1 });
  // Opens every network, so that no test waits for it.
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  await writeFile(path.join(folder, 'day.png'), day);
  const task = makeTask(
    path.join(folder, 'out'),
    { initImage: { sha256: '' }, strength: 0.5 },
    path.join(folder, 'day.png'),
  );
  await developer.develop(task, () => {}, new AbortController().signal);
});
afterAll(async () => {
  await developer.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  house = await House.open({ worker: new DrawingWorker() });
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const day = paintedPng(96, 64, (x, y) => [(x * 5) % 256, (y * 7) % 256, (x * y) % 256]);
/** Its right half. */
const half = paintedPng(96, 64, (x) => (x >= 48 ? [255, 255, 255] : [0, 0, 0]));
const black = paintedPng(96, 64, () => [0, 0, 0]);
const png = (name: string, bytes: Buffer) => ({ name, bytes, contentType: 'image/png' });
const imagine = (options: Record<string, unknown>) =>
  alice().command(house.channelId, 'imagine', { prompt: 'a red heart', size: '96x64', steps: 2, ...options } as never);

async function postedPixels(message: Parameters<typeof filesOf>[0], size = SIZE): Promise<Uint8ClampedArray> {
  const bytes = Buffer.from(await (await fetch(filesOf(message)[0]!.url)).arrayBuffer());
  return toRgb(await decodePicture(bytes, size));
}

describe('/imagine with a mask', () => {
  test('repaints where it is white and gives everything else back to the bit', async () => {
    const prompt = 'a red heart --mask-blur 0';
    const outcome = await imagine({ prompt, image: png('day.png', day), mask: png('half.png', half), strength: 0.8 });
    expect(outcome.message).toMatchObject({ ephemeral: true });
    const { job, message } = await house.jobIn('delivered');
    const hashes = [day, half].map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    expect(job.request).toMatchObject({
      initImage: { sha256: hashes[0] },
      mask: { sha256: hashes[1] },
      maskBlurPx: 0,
      strength: 0.8,
    });
    expect(await readFile(path.join(house.dataDir, 'inputs', hashes[1]!))).toEqual(half);
    const [made, source] = [await postedPixels(message), toRgb(await decodePicture(day, SIZE))];
    const isSame = (at: number) => [0, 1, 2].every((channel) => made[3 * at + channel] === source[3 * at + channel]);
    const pixels = Array.from({ length: 96 * 64 }, (_, at) => at);
    expect(pixels.filter((at) => at % 96 < 48).every(isSame)).toBe(true);
    expect(pixels.filter((at) => at % 96 >= 48 && !isSame(at)).length).toBeGreaterThan(0.9 * 48 * 64);
  });

  test('Again keeps the mask, Vary of the result does not', async () => {
    await imagine({ image: png('day.png', day), mask: png('half.png', half) });
    const first = await house.jobIn('delivered');
    await alice().click(first.message.id, 'Again');
    const again = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'again');
    expect(again.job.request.mask).toEqual(first.job.request.mask);
    await alice().reply(first.message.id, '1');
    const varied = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'variation');
    expect(varied.job.request.mask).toBeUndefined();
  });

  test('a reply zooms out of a result: the picture smaller, new surroundings, the same size', async () => {
    const { message } = await house.picture({ size: '96x64', seed: 5, steps: 2 });
    await alice().reply(message.id, '--zoom 1.5');
    const { job } = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'variation');
    expect(job.request).toMatchObject({ size: SIZE, outpaint: { leftPx: 16, rightPx: 16, upPx: 10, downPx: 11 } });
    expect(job.request.initImage).not.toBeNull();
  });

  test('a mask without a picture is refused before anything is kept', async () => {
    const outcome = await imagine({ mask: png('half.png', half) });
    expect(outcome.message?.content).toContain('start picture');
    expect(house.newest()).toBeUndefined();
  });

  test('a mask that marks nothing fails the job with the reason, and nothing is charged', async () => {
    await imagine({ image: png('day.png', day), mask: png('black.png', black) });
    const { job, message } = await house.jobIn('failed');
    expect(job.error).toMatchObject({ code: 'input_image_invalid', details: { reason: 'mask_empty' } });
    expect(message.content).toContain('white');
    expect(house.used(house.alice)).toBe(0);
  });
});
