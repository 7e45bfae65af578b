import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { writePicture } from '../../src/image/pictureFile.ts';

const folder = () => mkdtempSync(path.join(tmpdir(), 'darkroom-pictures-'));

test('the file is there, whole, and alone', async () => {
  const dir = folder();
  const bytes = Buffer.from('a picture');
  const written = await writePicture(path.join(dir, '0.png'), bytes);
  expect(readFileSync(path.join(dir, '0.png'))).toEqual(bytes);
  expect(readdirSync(dir)).toEqual(['0.png']);
  expect(written).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: 9 });
});

test('a second attempt replaces the first', async () => {
  const dir = folder();
  writeFileSync(path.join(dir, '0.png'), 'old');
  await writePicture(path.join(dir, '0.png'), Buffer.from('new'));
  expect(readFileSync(path.join(dir, '0.png'), 'utf8')).toBe('new');
});

test('two at once on one name: one of them whole', async () => {
  const file = path.join(folder(), '0.png');
  await Promise.all(['a', 'b'].map((letter) => writePicture(file, Buffer.from(letter.repeat(100_000)))));
  expect(new Set(readFileSync(file, 'utf8')).size).toBe(1);
  expect(readdirSync(path.dirname(file))).toEqual(['0.png']);
});

test('what the disk refuses has a code, and nothing is left lying', async () => {
  const dir = folder();
  await expect(writePicture(path.join(dir, 'gone/0.png'), Buffer.from('x'))).rejects.toMatchObject({
    code: 'store_failed',
    message: '0.png: could not be written (ENOENT)',
  });
  mkdirSync(path.join(dir, '1.png/in the way'), { recursive: true });
  await expect(writePicture(path.join(dir, '1.png'), Buffer.from('x'))).rejects.toMatchObject({ code: 'store_failed' });
  expect(readdirSync(dir)).toEqual(['1.png']);
});
