// Files people hand in, on a folder and over a real connection: counted while they come, judged whole, put there in one step; whatever is
// refused leaves nothing behind.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoraFolder, type OtherLoras } from '../../src/discord/loraFolder.ts';
import { ROOT } from '../../src/root.ts';
import { checkLora } from '../../src/weights/loraCheck.ts';
import { scanModels } from '../../src/weights/registry.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
const FILES = path.join(GOLDEN, 'loras/files');
const good = readFileSync(path.join(FILES, 'second.safetensors'));
const { layouts } = scanModels(path.join(GOLDEN, 'folders'));

let server: Server;
let origin = '';
/** Path → what is sent there. */
const sent = new Map<string, Buffer>();
beforeAll(async () => {
  server = createServer((request, response) => {
    const bytes = sent.get(request.url ?? '');
    if (request.url === '/elsewhere') response.writeHead(302, { location: 'http://127.0.0.1:9/x' }).end();
    else if (bytes === undefined) response.writeHead(404).end();
    else response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

let root = '';
let refreshed = 0;
let folder: LoraFolder;
const maxBytes = good.length + 1_000;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'darkroom-handin-'));
  mkdirSync(path.join(root, 'models'));
  refreshed = 0;
  folder = new LoraFolder({
    modelsDir: path.join(root, 'models'),
    dataDir: path.join(root, 'data'),
    maxBytes,
    extraOrigin: origin,
    judge: (place, file) => checkLora(place, file, layouts),
    refresh: async () => {
      refreshed += 1;
    },
  });
});
afterEach(() => rmSync(root, { recursive: true }));

const NOTHING: OtherLoras = { nameOf: () => undefined, isTaken: () => false };
const attachment = (bytes: Buffer, name = 'second.safetensors', size = bytes.length) => {
  sent.set(`/${name}`, bytes);
  return { url: `${origin}/${name}`, size, name };
};
const lying = () => readdirSync(root, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());

/** The file with one number of one tensor changed. */
function withBroken(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(0x7fc00000, copy.length - 4);
  return copy;
}

describe('a file', () => {
  test('that works here is put among the others under a name people can type', async () => {
    const done = await folder.handIn(attachment(good), ' moth:light/../x ', NOTHING);
    expect(done).toMatchObject({
      kind: 'kept',
      name: 'x',
      verdict: { family: expect.any(String), fits: ['sd-small'] },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(lying().map(({ name, parentPath }) => [path.relative(root, parentPath), name])).toEqual([
      ['models/loras', 'x.safetensors'],
    ]);
    expect(readFileSync(path.join(root, 'models/loras/x.safetensors'))).toEqual(good);
    expect(refreshed).toBe(1);
  });

  test('is taken away with its note and its picture', async () => {
    await folder.handIn(attachment(good), 'ink', NOTHING);
    for (const ending of ['darkroom.json', 'preview.png']) {
      writeFileSync(path.join(root, `models/loras/ink.${ending}`), '{}');
    }
    await folder.remove('ink');
    expect(lying()).toEqual([]);
    expect(refreshed).toBe(2);
  });

  test('that is here already, by its bytes, or whose name is taken, is not kept', async () => {
    const known = { ...NOTHING, nameOf: () => 'ink' };
    expect(await folder.handIn(attachment(good), null, known)).toEqual({ kind: 'known', name: 'ink' });
    const taken = { ...NOTHING, isTaken: (name: string) => name === 'second' };
    expect(await folder.handIn(attachment(good), null, taken)).toEqual({ kind: 'taken', name: 'second' });
    cpSync(path.join(FILES, 'kohya.safetensors'), path.join(root, 'models/loras/second.safetensors'));
    expect(await folder.handIn(attachment(good), null, NOTHING)).toEqual({ kind: 'taken', name: 'second' });
    expect(lying()).toHaveLength(1);
  });

  test('handed in twice at once is kept once', async () => {
    const both = await Promise.all([1, 2].map(() => folder.handIn(attachment(good), 'ink', NOTHING)));
    expect(both.map(({ kind }) => kind).sort()).toEqual(['kept', 'taken']);
  });

  test.each([
    [
      'too large by its own word',
      () => attachment(good, 'a.safetensors', 10 ** 9),
      /found 953.7 MiB, expected at most/,
    ],
    ['too large on the way', () => attachment(Buffer.alloc(maxBytes + 1), 'b.safetensors', 5), /expected at most/],
    ['torn', () => attachment(good.subarray(0, 900), 'c.safetensors'), /c\.safetensors/],
    ['no LoRA', () => attachment(Buffer.from('{"a": 1}'), 'd.safetensors'), /d\.safetensors/],
    ['broken in one number', () => attachment(withBroken(good), 'e.safetensors'), /expected finite numbers/],
    ['another kind of file', () => attachment(good, 'f.ckpt'), /expected a \.safetensors file/],
    [
      'not on Discord',
      () => ({ url: 'http://127.0.0.1:1/g.safetensors', size: 5, name: 'g.safetensors' }),
      /not an upload/,
    ],
    [
      'sent on elsewhere',
      () => ({ url: `${origin}/elsewhere`, size: 5, name: 'h.safetensors' }),
      /could not be fetched/,
    ],
    ['gone', () => ({ url: `${origin}/gone`, size: 5, name: 'i.safetensors' }), /answered 404/],
  ])('%s is refused with the reason, and nothing stays', async (_, make, reason) => {
    await expect(folder.handIn(make(), null, NOTHING)).rejects.toThrow(reason);
    expect(lying()).toEqual([]);
    expect(refreshed).toBe(0);
  });

  test('for models that are not here is refused with what it is for', async () => {
    const alone = new LoraFolder({
      modelsDir: path.join(root, 'models'),
      dataDir: path.join(root, 'data'),
      maxBytes,
      extraOrigin: origin,
      judge: (place, file) =>
        checkLora(
          place,
          file,
          layouts.filter(({ name }) => name === 'v-linear'),
        ),
      refresh: async () => {},
    });
    await expect(alone.handIn(attachment(good), null, NOTHING)).rejects.toThrow(
      /fits none of the models here \(v-linear\)/,
    );
    expect(lying()).toEqual([]);
  });
});
