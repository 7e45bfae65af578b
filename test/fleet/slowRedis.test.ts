// A Redis that stands still for some seconds just when a machine joins: the machine gets its tasks all the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { openStation } from '../../src/fleet/station.ts';
import { ScriptedWorker } from '../e2e/scriptedWorker.ts';
import { testRequest } from '../support/cards.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { log, openHouse } from './house.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Longer than a command may take (redis.ts). */
const STILL_MS = 6_000;
const NEVER = new AbortController().signal;

/** Passes everything on, but from a connection's second INFO on only after a while: the first is ioredis's own, and it repeats that. */
async function openSlowWay(port: number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let infos = 0;
    near.on('data', (bytes) => {
      const before = infos;
      infos += bytes.toString('latin1').toLowerCase().split('\r\ninfo\r\n').length - 1;
      if (before < 2 && infos >= 2) near.pause();
      if (near.isPaused()) setTimeout(() => near.resume() && far.write(bytes), STILL_MS);
      else far.write(bytes);
    });
    far.on('data', (bytes) => near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe.skipIf(!HAS_REDIS)('over a slow Redis', () => {
  test('a task reaches a machine that joined while Redis stood still', async () => {
    const redis = await TestRedis.start();
    const way = await openSlowWay(redis.port);
    const worker = new ScriptedWorker();
    const station = await openStation({ redisUrl: redis.url, worker, hashes: {}, slots: 1, log });
    const house = await openHouse(`redis://127.0.0.1:${(way.address() as AddressInfo).port}`);
    const outputDir = mkdtempSync(path.join(tmpdir(), 'darkroom-slow-'));
    const [remote] = await house.joined(1);
    const request = testRequest({ count: 1 });
    const task = { jobId: 'abcdefghij', attempt: 1, request, initImagePath: null, outputDir };
    expect(await remote!.develop(task, () => {}, NEVER)).toHaveLength(1);
    await station.close(0);
    await house.close();
    way.close();
    await redis.down();
    rmSync(outputDir, { recursive: true });
  });
});
