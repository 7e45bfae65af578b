import { createHash } from 'node:crypto';
import { readFileSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hashFile } from '../../src/weights/fileHash.ts';
import { modelsFolder, safetensorsBytes } from './makeSafetensors.ts';

/** Larger than one piece, and no multiple of it. */
const BYTES = Buffer.alloc(2 * 1024 * 1024 + 17, 'darkroom');

test('sha256 of the whole file, and its first ten digits', async () => {
  const file = path.join(modelsFolder({ 'x.safetensors': BYTES }), 'x.safetensors');
  utimesSync(file, 1000, 2000);
  const sha256 = createHash('sha256').update(BYTES).digest('hex');
  const expected = { sha256, short: sha256.slice(0, 10), sizeBytes: BYTES.length, modifiedMs: 2_000_000 };
  expect(await hashFile(file)).toMatchObject({ ...expected, dataSha256: null, inode: String(statSync(file).ino) });
});

test('the old hash looks at 64 KiB behind the first MiB, that of the tensors at everything behind the header', async () => {
  const header = '{"a":{"dtype":"U8","shape":[2097152],"data_offsets":[0,2097152]}}';
  const file = path.join(modelsFolder({ x: safetensorsBytes(header, 2_097_152) }), 'x');
  const bytes = readFileSync(file);
  const sum = (part: Buffer) => createHash('sha256').update(part).digest('hex');
  const found = await hashFile(file, { withData: true });
  expect(found.oldHash).toBe(sum(bytes.subarray(0x100000, 0x110000)).slice(0, 8));
  expect(found.dataSha256).toBe(sum(bytes.subarray(8 + header.length)));
});

test('the empty file, whose hash everybody knows', async () => {
  const file = path.join(modelsFolder({ x: '' }), 'x');
  expect((await hashFile(file)).short).toBe('e3b0c44298');
});

test('a file that grows meanwhile, one that is not there, and giving up', async () => {
  const folder = modelsFolder({ x: BYTES });
  const file = path.join(folder, 'x');
  let seconds = 3000;
  let isDone = false;
  const hashing = hashFile(file).finally(() => {
    isDone = true;
  });
  // Touched at every turn of the event loop, of which reading takes several.
  const touch = () => {
    utimesSync(file, seconds, seconds);
    seconds += 1;
    if (!isDone) setImmediate(touch);
  };
  setImmediate(touch);
  await expect(hashing).rejects.toThrow(/^x: changed while it was read/);
  await expect(hashFile(path.join(folder, 'gone'))).rejects.toMatchObject({ code: 'model_missing' });
  await expect(hashFile(folder)).rejects.toMatchObject({ code: 'weights_invalid' });
  await expect(hashFile(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});
