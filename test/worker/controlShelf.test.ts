// The shelf of control networks: those used last stay in hand, one that failed is opened anew, and being asked about closes nothing.
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
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

test('a file that was replaced is read anew by whoever begins, one that is gone is refused', async () => {
  const others = makeControlModels();
  const own = scanControls(others, []);
  const shelf = new ControlShelf(own, { provider: 'cpu', threads: 1 });
  const say = async () => (await shelf.hint([goldenMap], 'small-canny'))[0]![0]!.data;
  expect(shelf.isPooled('small-canny')).toBe(false);
  const before = await say();
  rmSync(path.join(others, 'controlnets/small-canny'), { recursive: true });
  cpSync(path.join(others, 'controlnets/small-shuffle'), path.join(others, 'controlnets/small-canny'), {
    recursive: true,
  });
  // Somebody who has begun goes on with the network he began with.
  expect(await say()).toEqual(before);
  expect(own.rescan()).toBe(true);
  expect(shelf.isPooled('small-canny')).toBe(true);
  expect(await say()).not.toEqual(before);
  expect(create).toHaveBeenCalledTimes(2);
  rmSync(path.join(others, 'controlnets/small-canny'), { recursive: true });
  expect(() => shelf.isPooled('small-canny')).toThrow('its file is not there any more');
  expect(own.rescan()).toBe(true);
  expect(() => shelf.isPooled('small-canny')).toThrow('not found, known are: light-colour');
  await shelf.close();
  rmSync(others, { recursive: true });
});

test('what it does not have is refused with what it has', async () => {
  const shelf = new ControlShelf(library, { provider: 'cpu', threads: 1 });
  await expect(shelf.hint([goldenMap], 'gone')).rejects.toMatchObject({
    code: 'model_missing',
    message: expect.stringContaining('small-canny'),
  });
  expect(shelf.isPooled('small-shuffle')).toBe(true);
});
