// Hashes learned in the background and kept in the database: what recipes name models by, and what happens when a file is replaced.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FileBook } from '../../src/core/fileBook.ts';
import { openFileBook } from '../../src/store/sqliteFileBook.ts';
import { ModelHashes } from '../../src/weights/modelHashes.ts';
import { extraFiles, scanModels } from '../../src/weights/registry.ts';
import { sdFolder } from './makeFolder.ts';
import { modelsFolder, safetensorsOf } from './makeSafetensors.ts';

const LORA = safetensorsOf({ 'lora_unet_x.lora_up.weight': [4, 2] });
let dataDir: string;
let modelsDir: string;
let book: FileBook;
let lines: { level: number; msg: string; file?: string; before?: string; hash?: string; reason?: string }[];
const open: ModelHashes[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'darkroom-hashes-'));
  modelsDir = modelsFolder({ ...sdFolder('ink'), 'loras/deep/soft.safetensors': LORA });
  book = openFileBook({ file: path.join(dataDir, 'darkroom.db') });
  lines = [];
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  book.close();
  for (const folder of [dataDir, modelsDir]) rmSync(folder, { recursive: true, force: true });
});

function hashes(): ModelHashes {
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const { files } = scanModels(modelsDir);
  const made = new ModelHashes({ modelsDir, book, log, models: files, extras: extraFiles(modelsDir) });
  open.push(made);
  return made;
}

async function learned(): Promise<ModelHashes> {
  const made = hashes();
  made.learn();
  await made.settled();
  return made;
}

test('a folder is named by the list sha256sum prints for its weights', async () => {
  const made = hashes();
  expect(made.hashOf('ink')).toBeUndefined();
  await made.settled();
  const sums = execFileSync(
    'sha256sum',
    [
      'text_encoder/model.safetensors',
      'unet/diffusion_pytorch_model.safetensors',
      'vae/diffusion_pytorch_model.safetensors',
    ],
    { cwd: path.join(modelsDir, 'ink') },
  );
  const expected = createHash('sha256').update(sums).digest('hex');
  expect(made.hashOf('ink')).toBe(expected.slice(0, 10));
  expect(made.modelOf(expected.slice(0, 10).toUpperCase())).toBe('ink');
  expect(made.modelOf(expected)).toBe('ink');
  expect([
    made.modelOf('0123456789'),
    made.modelOf(expected.slice(0, 8)),
    made.modelOf(''),
    made.hashOf('gone'),
  ]).toEqual([undefined, undefined, undefined, undefined]);
});

test("a single file is named by its own hash, today's or the old one", async () => {
  const made = new ModelHashes({
    modelsDir,
    book,
    log: pino({ level: 'silent' }),
    models: new Map([['soft', ['loras/deep/soft.safetensors']]]),
    extras: [],
  });
  open.push(made);
  made.learn();
  await made.settled();
  const { sha256, oldHash } = book.known('loras/deep/soft.safetensors')!;
  expect(sha256).toBe(createHash('sha256').update(LORA).digest('hex'));
  expect([made.hashOf('soft'), made.modelOf(sha256.slice(0, 10)), made.modelOf(oldHash)]).toEqual([
    sha256.slice(0, 10),
    'soft',
    'soft',
  ]);
});

test('LoRAs are found by the hash of the file or of its tensors', async () => {
  const made = await learned();
  const { sha256, dataSha256 } = book.known('loras/deep/soft.safetensors')!;
  expect(dataSha256).toBe(
    createHash('sha256')
      .update(LORA.subarray(8 + Number(LORA.readBigUInt64LE())))
      .digest('hex'),
  );
  for (const hash of [sha256.slice(0, 10), dataSha256!.slice(0, 12), sha256])
    expect(made.extraOf(hash)).toBe('loras/deep/soft.safetensors');
  expect([made.loraOf(sha256), made.loraOf('0'.repeat(12))]).toEqual(['soft', undefined]);
  expect([made.extraOf('0'.repeat(12)), made.extraOf(''), made.extraOf('zz')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('what is known is not read again, in this life or the next', async () => {
  await learned();
  const first = lines.length;
  expect(first).toBe(4);
  const again = await learned();
  expect(lines).toHaveLength(first);
  expect(again.hashOf('ink')).toHaveLength(10);
  expect(lines).toHaveLength(first);
});

test('a replaced file loses its hash at once and gets the new one, with a line in the log', async () => {
  const made = await learned();
  const before = made.hashOf('ink');
  const file = path.join(modelsDir, 'ink/vae/diffusion_pytorch_model.safetensors');
  const { atime, mtime, size } = statSync(file);
  // Same size, same time: only the inode tells.
  writeFileSync(`${file}.new`, Buffer.alloc(size, 7));
  utimesSync(`${file}.new`, atime, mtime);
  renameSync(`${file}.new`, file);
  expect(made.hashOf('ink')).toBeUndefined();
  await made.settled();
  const after = made.hashOf('ink');
  expect(after).toHaveLength(10);
  expect(after).not.toBe(before);
  const [line] = lines.filter(({ msg }) => msg === 'a model file was replaced');
  expect(line).toMatchObject({
    level: 30,
    file: 'ink/vae/diffusion_pytorch_model.safetensors',
    hash: book.known('ink/vae/diffusion_pytorch_model.safetensors')!.sha256.slice(0, 10),
  });
});

test('a file that is gone is told, and the others are learned', async () => {
  const made = hashes();
  rmSync(path.join(modelsDir, 'ink/unet'), { recursive: true });
  made.learn();
  await made.settled();
  expect(lines.filter(({ level }) => level === 40)).toMatchObject([
    { reason: expect.stringContaining('there is no such file') },
  ]);
  expect(book.all().map((file) => file.path)).toEqual([
    'ink/text_encoder/model.safetensors',
    'ink/vae/diffusion_pytorch_model.safetensors',
    'loras/deep/soft.safetensors',
  ]);
  expect(made.hashOf('ink')).toBeUndefined();
});

test('the book keeps what was pulled, and the newest word about a file', () => {
  const pulled = {
    path: 'ink.safetensors',
    repository: 'a/b',
    revision: '0'.repeat(40),
    file: 'x.safetensors',
    sizeBytes: 3,
    sha256: 'a'.repeat(64),
  };
  book.putPulled([{ ...pulled, sizeBytes: 2 }, pulled]);
  expect(book.pulled()).toEqual([pulled]);
  const known = {
    path: 'x',
    sizeBytes: 1,
    modifiedMs: 1.25,
    inode: '18446744073709551615',
    sha256: 'b'.repeat(64),
    dataSha256: null,
    oldHash: 'c'.repeat(8),
  };
  book.put(known);
  expect(book.all()).toEqual([known]);
  book.forget('x');
  expect(book.known('x')).toBeUndefined();
});
