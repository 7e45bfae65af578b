// The contract of every image worker, on the real process with a tiny model of random weights.
import { vi } from 'vitest';
import { decodePicture } from '../../src/image/decode.ts';
import { makeLog } from '../../src/log.ts';
import { startWorker } from '../../src/worker/parent.ts';
import { imageWorkerContract } from '../contract/imageWorker.ts';
import { makeRequest, TINY_MODELS } from '../support/tasks.ts';

// Each test starts a process of its own, which loads its networks; a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

imageWorkerContract('the image process', {
  open: () => startWorker({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1, log: makeLog('silent') }),
  request: (overrides) => makeRequest(overrides),
  // The bytes also hold the recipe, which names the request's own seed.
  async pixelsOf(bytes) {
    const { data } = await decodePicture(bytes, makeRequest().size);
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  },
});
