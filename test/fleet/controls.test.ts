// Pictures that are followed travel to a machine of the fleet with their task, and the maps made there come back with the result.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { ControlWish } from '../../src/core/control.ts';
import type { DevelopTask, ImageWorker } from '../../src/core/worker.ts';
import { plainPng, ScriptedWorker } from '../e2e/scriptedWorker.ts';
import { testRequest } from '../support/cards.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { openHouse } from './house.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const NEVER = new AbortController().signal;

describe.skipIf(!HAS_REDIS)('over Redis', () => {
  const redis = HAS_REDIS ? TestRedis.start() : undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-controls-'));
  afterAll(async () => {
    await (await redis)?.down();
    rmSync(folder, { recursive: true });
  });

  test('control pictures go out in their order, maps come back with the first picture', async () => {
    const house = await openHouse((await redis!).url);
    const seen: Buffer[] = [];
    const inner = new ScriptedWorker();
    const worker: ImageWorker = {
      ready: () => inner.ready(),
      close: async () => {},
      develop(task, onProgress, signal) {
        seen.push(...[...task.controlPaths!, ...task.blendedPaths!].map((file) => readFileSync(file)));
        return inner.develop(task, onProgress, signal);
      },
    };
    await house.addStation(worker);
    const [remote] = await house.joined(1);
    const files = ['edges', 'pose'].map((name) => {
      const file = path.join(folder, name);
      writeFileSync(file, `bytes of ${name}`);
      return file;
    });
    const image = { sha256: 'ab'.repeat(32) };
    const controls: ControlWish[] = [
      { kind: 'pose', image },
      { kind: 'canny', image },
    ];
    const task: DevelopTask = {
      jobId: 'abcdefghij',
      attempt: 1,
      request: testRequest({ controls, count: 2 }),
      initImagePath: null,
      controlPaths: files.toReversed(),
      blendedPaths: files,
      outputDir: path.join(folder, 'out'),
    };
    const pictures = await remote!.develop(task, () => {}, NEVER);
    // What a start picture was blended from goes with them, to be judged there.
    expect(seen.map(String)).toEqual(['bytes of pose', 'bytes of edges', 'bytes of edges', 'bytes of pose']);
    expect(inner.tasks[0]?.controlPaths?.some((file) => files.includes(file))).toBe(false);
    expect(pictures.map(({ controlMaps }) => controlMaps?.map(({ kind }) => kind))).toEqual([
      ['pose', 'canny'],
      undefined,
      undefined,
    ]);
    const map = readFileSync(path.join(task.outputDir, 'control-2.png'));
    expect(map.equals(plainPng(task.request.size, 201))).toBe(true);
    await house.close();
  });
});
