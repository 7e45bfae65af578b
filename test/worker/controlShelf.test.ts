// The shelf of control networks: those used last stay in hand, one that failed is opened anew, and being asked about closes nothing.
import { rmSync } from 'node:fs';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { scanControls } from '../../src/weights/controlNetLibrary.ts';
import { ControlShelf } from '../../src/worker/controlShelf.ts';
import { goldenMap } from '../support/goldenControls.ts';
import { makeControlModels } from '../support/madeControls.ts';

const modelsDir = makeControlModels();
const library = scanControls(modelsDir, []);
const create = vi.spyOn(InferenceSession, 'create');
afterEach(() => create.mockClear());
afterAll(() => rmSync(modelsDir, { recursive: true }));

test('four stay in hand; a fifth closes the one unused for longest', async () => {
  const shelf = new ControlShelf(library, { provider: 'cpu', threads: 1 });
  const names = ['small-canny', 'small-depth', 'small-shuffle', 'small-sketch', 'single-pose'];
  for (const name of names.slice(0, 4)) await shelf.hint([goldenMap], name);
  // Questions about others close nothing.
  for (const name of names) expect(shelf.ownBytes(name, { height: 8, width: 12 })).toBeGreaterThan(1_000);
  await shelf.hint([goldenMap], 'small-canny');
  expect(create).toHaveBeenCalledTimes(4);
  await shelf.hint([goldenMap], 'single-pose');
  await shelf.hint([goldenMap], 'small-canny');
  expect(create).toHaveBeenCalledTimes(5);
  await shelf.hint([goldenMap], 'small-depth');
  expect(create).toHaveBeenCalledTimes(6);
  await shelf.close();
});

test('one that failed is opened anew', async () => {
  const shelf = new ControlShelf(library, { provider: 'cpu', threads: 1 });
  create.mockRejectedValueOnce(new Error('out of memory'));
  await expect(shelf.hint([goldenMap], 'small-canny')).rejects.toMatchObject({ code: 'runtime_failed' });
  expect(await shelf.hint([goldenMap], 'small-canny')).toHaveLength(1);
  await shelf.close();
});

test('what it does not have is refused with what it has', async () => {
  const shelf = new ControlShelf(library, { provider: 'cpu', threads: 1 });
  await expect(shelf.hint([goldenMap], 'gone')).rejects.toMatchObject({
    code: 'model_missing',
    message: expect.stringContaining('small-canny'),
  });
  expect(shelf.isPooled('small-shuffle')).toBe(true);
});
