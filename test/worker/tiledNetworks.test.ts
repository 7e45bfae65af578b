// A picture too large for the autoencoder at once, through the whole worker: many small calls instead of one large one.
import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { largestPiece } from '../../src/diffusion/autoencoderTiles.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { encodePng } from '../../src/image/encode.ts';
import { openDeveloper } from '../../src/worker/developer.ts';
import type { Activity } from '../../src/worker/protocol.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-tiles-'));
afterAll(() => rm(folder, { recursive: true }));

test('a picture of more than a megapixel is encoded and decoded in tiles, and is whole', async () => {
  const activities: Activity[] = [];
  const onActivity = (activity: Activity) => void activities.push(activity);
  const developer = await openDeveloper({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1, onActivity });
  const size = { widthPx: 2048, heightPx: 576 };
  const start = path.join(folder, 'start.png');
  await writeFile(start, await encodePng({ height: 9, width: 32, data: new Float32Array(3 * 9 * 32) }, null));
  // Strength 0 draws nothing: the picture goes into the autoencoder and comes out again.
  const request = { size, strength: 0, initImage: { sha256: 'a'.repeat(64) } };
  const task = makeTask(path.join(folder, 'wide'), request, start);
  const [picture] = await developer.develop(task, () => {}, new AbortController().signal);
  await developer.close();
  // The autoencoder of this folder was made for 64 pixels; no tile is smaller than 256.
  expect(largestPiece(size, { pixelsPerLatent: 8, autoencoderPx: 64 })).toEqual({ widthPx: 256, heightPx: 256 });
  for (const kind of ['encode', 'decode']) {
    expect(activities.filter((activity) => activity === kind)).toHaveLength(11 * 3);
  }
  const { width, height, data } = await decodeWhole(await readFile(path.join(folder, 'wide', picture!.fileName)), 4096);
  expect([width, height]).toEqual([2048, 576]);
  expect(data.every(Number.isFinite)).toBe(true);
});
