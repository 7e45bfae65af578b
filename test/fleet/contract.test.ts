// The contract of every image worker, on a machine of the fleet: a real Redis, real HTTP, the real image process behind the station.
import { afterAll, describe, vi } from 'vitest';
import type { ImageWorker } from '../../src/core/worker.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { startWorker } from '../../src/worker/parent.ts';
import { imageWorkerContract } from '../contract/imageWorker.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { makeRequest, TINY_MODELS } from '../support/tasks.ts';
import { log, openHouse } from './house.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describe.skipIf(!HAS_REDIS)('over Redis', () => {
  const redis = HAS_REDIS ? TestRedis.start() : undefined;
  afterAll(async () => (await redis)?.down());

  imageWorkerContract('a machine of the fleet', {
    open: () => new WorkerOfAHouse(redis!.then(({ url }) => open(url))),
    request: (overrides) => makeRequest(overrides),
    async pixelsOf(bytes) {
      const { data } = await decodePicture(bytes, makeRequest().size);
      return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    },
  });
});

async function open(url: string) {
  const house = await openHouse(url);
  const local = startWorker({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1, log });
  const { stationId } = await house.addStation(local, { slots: 3 });
  await house.joined(1);
  while (!house.workers.has(stationId)) await new Promise((resolve) => setTimeout(resolve, 20));
  const worker = house.workers.get(stationId)!;
  return { house, local, worker };
}

/** The machine and everything around it, closed together. */
class WorkerOfAHouse implements ImageWorker {
  readonly #house: ReturnType<typeof open>;

  constructor(house: ReturnType<typeof open>) {
    this.#house = house;
  }

  async ready() {
    return (await this.#house).worker.ready();
  }

  async develop(...args: Parameters<ImageWorker['develop']>) {
    return (await this.#house).worker.develop(...args);
  }

  async close() {
    const { house, local, worker } = await this.#house;
    await worker.close();
    await house.close();
    await local.close();
  }
}
