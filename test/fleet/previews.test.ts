// Previews made on another machine come to the bot with its progress; what is too large, or no picture, does not, and the steps still count.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { DevelopProgress, DevelopTask, ImageWorker } from '../../src/core/worker.ts';
import { MAX_PREVIEW_BYTES, readProgress, wireProgress } from '../../src/fleet/wire.ts';
import { MAX_PREVIEW_BYTES as ENCODER_LIMIT } from '../../src/image/preview.ts';
import { ScriptedWorker } from '../e2e/scriptedWorker.ts';
import { testRequest } from '../support/cards.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { openHouse } from './house.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Begins as WebP files do. */
function webpOf(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, 7);
  bytes.write('RIFF....WEBPVP8 ', 'latin1');
  return bytes;
}

const progress = (preview?: Uint8Array): DevelopProgress => {
  return { jobId: 'abcdefghij', stepsDone: 3, stepsTotal: 12, ...(preview === undefined ? {} : { preview }) };
};
const across = (one: DevelopProgress) => readProgress('abcdefghij', JSON.parse(JSON.stringify(wireProgress(one))));

describe('on the wire', () => {
  test('a preview is what it was; 32 KiB are taken whole', () => {
    expect(MAX_PREVIEW_BYTES).toBe(ENCODER_LIMIT);
    for (const size of [16, 20_001, MAX_PREVIEW_BYTES])
      expect(across(progress(webpOf(size)))).toEqual(progress(webpOf(size)));
    expect(across(progress())).toEqual(progress());
  });

  test('a byte more is not sent', () => {
    expect(wireProgress(progress(webpOf(MAX_PREVIEW_BYTES + 1)))).toEqual({ stepsDone: 3, stepsTotal: 12 });
  });

  test.each<[string, unknown]>([
    ['one too large', webpOf(MAX_PREVIEW_BYTES + 3).toString('base64')],
    ['text', '<script>'],
    ['another file', Buffer.from('GIF89a something').toString('base64')],
    ['a number', 7],
  ])('%s in its place is left out, and the steps count', (_, preview) => {
    expect(readProgress('abcdefghij', { stepsDone: 3, stepsTotal: 12, preview })).toEqual(progress());
  });

  test.each<[string, unknown]>([
    ['more steps than there are', { stepsDone: 13, stepsTotal: 12 }],
    ['less than none', { stepsDone: -1, stepsTotal: 12 }],
    ['a half', { stepsDone: 1.5, stepsTotal: 12 }],
    ['fields nobody knows', { stepsDone: 1, stepsTotal: 12, jobId: 'another' }],
    ['no object', 'done'],
  ])('%s is no progress', (_, value) => {
    expect(readProgress('abcdefghij', value)).toBeUndefined();
  });
});

describe.skipIf(!HAS_REDIS)('over Redis', () => {
  const redis = HAS_REDIS ? TestRedis.start() : undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-previews-'));
  afterAll(async () => {
    await (await redis)?.down();
    rmSync(folder, { recursive: true });
  });

  test('a preview reaches whoever waits for the pictures', async () => {
    const house = await openHouse((await redis!).url);
    const inner = new ScriptedWorker();
    let goOn = () => {};
    const seenByAll = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const worker: ImageWorker = {
      ready: () => inner.ready(),
      close: async () => {},
      async develop(task, onProgress, signal) {
        onProgress(progress(webpOf(30_000)));
        onProgress(progress(webpOf(MAX_PREVIEW_BYTES * 2)));
        await seenByAll;
        return inner.develop(task, onProgress, signal);
      },
    };
    await house.addStation(worker);
    const [remote] = await house.joined(1);
    const task: DevelopTask = {
      jobId: 'abcdefghij',
      attempt: 1,
      request: testRequest(),
      initImagePath: null,
      outputDir: path.join(folder, 'out'),
      previews: true,
    };
    const seen: DevelopProgress[] = [];
    const hear = (one: DevelopProgress) => {
      seen.push(one);
      if (seen.length === 2) goOn();
    };
    await remote!.develop(task, hear, new AbortController().signal);
    expect(seen.slice(0, 2)).toEqual([progress(webpOf(30_000)), progress()]);
    await house.close();
  });
});
