// Pulling from a hub of our own on loopback: what is taken, what a broken connection costs, and what is refused.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PullOptions, pull } from '../../src/hub/pull.ts';
import { parseHubAddress } from '../../src/hub/repository.ts';
import { type LocalHub, startLocalHub } from '../support/localHub.ts';

let hub: LocalHub;
let modelsDir: string;
let retries: [string, number][];
let waits: number[];
let progress: number[];

beforeEach(async () => {
  hub = await startLocalHub();
  modelsDir = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-pull-')));
  [retries, waits, progress] = [[], [], []];
});

afterEach(async () => {
  await hub.close();
  rmSync(modelsDir, { recursive: true, force: true });
});

/** Every byte its own, so that a hole or a repetition shows. */
function bytesOf(length: number, seed = 1): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * seed) & 255));
}

function options(more: Partial<PullOptions> = {}): PullOptions {
  return {
    modelsDir,
    settings: { endpoint: hub.endpoint, token: null, fetch },
    variant: null,
    name: null,
    clock: { nowMs: () => 0, sleep: async (ms) => void waits.push(ms) },
    signal: new AbortController().signal,
    onPlan: () => {},
    onProgress: (done) => progress.push(done),
    onRetry: (reason, done) => retries.push([reason, done]),
    placeOf: () => '',
    ...more,
  };
}

const pullText = (text: string, more?: Partial<PullOptions>) =>
  pull(parseHubAddress(text, hub.endpoint), options(more));
const filesHere = () =>
  readdirSync(modelsDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(modelsDir, path.join(entry.parentPath, entry.name)))
    .sort();
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const FOLDER = {
  'model_index.json': '{"_class_name":"StableDiffusionPipeline"}',
  'README.md': '# a page',
  'preview.png': bytesOf(3_000),
  'v1-5-pruned.safetensors': bytesOf(9_000),
  'scheduler/scheduler_config.json': '{}',
  'tokenizer/merges.txt': 'a b',
  'tokenizer/vocab.json': '{}',
  'text_encoder/config.json': '{}',
  'text_encoder/model.safetensors': bytesOf(2_000),
  'text_encoder/model.fp16.safetensors': bytesOf(1_000, 2),
  'text_encoder/pytorch_model.bin': bytesOf(2_000),
  'unet/config.json': '{}',
  'unet/diffusion_pytorch_model.safetensors': bytesOf(8_000),
  'unet/diffusion_pytorch_model.non_ema.safetensors': bytesOf(8_000, 9),
  'unet/diffusion_pytorch_model.fp16.safetensors': bytesOf(4_000, 2),
  'unet/diffusion_flax_model.msgpack': bytesOf(2_000),
  'vae/config.json': '{}',
  'vae/diffusion_pytorch_model-00001-of-00002.safetensors': bytesOf(1_500),
  'vae/diffusion_pytorch_model-00002-of-00002.safetensors': bytesOf(1_600),
  'vae/diffusion_pytorch_model.safetensors.index.json': '{"weight_map":{}}',
  'safety_checker/config.json': '{}',
  'safety_checker/model.safetensors': bytesOf(5_000),
};

describe('a diffusers folder', () => {
  const NEEDED = [
    'model_index.json',
    'scheduler/scheduler_config.json',
    'text_encoder/config.json',
    'tokenizer/merges.txt',
    'tokenizer/vocab.json',
    'unet/config.json',
    'vae/config.json',
    'vae/diffusion_pytorch_model-00001-of-00002.safetensors',
    'vae/diffusion_pytorch_model-00002-of-00002.safetensors',
    'vae/diffusion_pytorch_model.safetensors.index.json',
  ];

  test('only what is needed, byte for byte, and nothing is left beside it', async () => {
    hub.put('someone/ink', FOLDER);
    const pulled = await pullText('someone/ink');
    const wanted = [...NEEDED, 'text_encoder/model.safetensors', 'unet/diffusion_pytorch_model.safetensors'].sort();
    expect(filesHere()).toEqual(wanted.map((file) => `ink/${file}`));
    for (const { path: file, source, sha256: hash, sizeBytes } of pulled.files) {
      const bytes = Buffer.from(FOLDER[source as keyof typeof FOLDER]);
      expect(readFileSync(path.join(modelsDir, file)).equals(bytes)).toBe(true);
      expect([hash, sizeBytes]).toEqual([sha256(bytes), bytes.length]);
    }
    expect(pulled.path).toBe('ink');
    expect(readdirSync(path.join(modelsDir, '.pull'))).toEqual([]);
    expect(progress.at(-1)).toBe(pulled.plan.totalBytes);
  });

  test('half precision where a part has it, the plain files where not', async () => {
    hub.put('someone/ink', FOLDER);
    await pullText('someone/ink', { variant: 'fp16', name: 'Ink half' });
    const wanted = [
      ...NEEDED,
      'text_encoder/model.fp16.safetensors',
      'unet/diffusion_pytorch_model.fp16.safetensors',
    ].sort();
    expect(filesHere()).toEqual(wanted.map((file) => `Ink half/${file}`));
  });

  test('a part that has only pickles', async () => {
    const { 'unet/diffusion_pytorch_model.safetensors': _, ...rest } = FOLDER;
    const onlyPickles = Object.fromEntries(Object.entries(rest).filter(([name]) => !/^unet.*safetensors$/.test(name)));
    hub.put('someone/old', { ...onlyPickles, 'unet/diffusion_pytorch_model.bin': bytesOf(2_000) });
    await expect(pullText('someone/old')).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringContaining('someone/old/unet: has its weights only as pickles'),
    });
    expect(filesHere()).toEqual([]);
  });
});

test('a ControlNet as its makers publish it: config and weights in one precision, under the repository’s name', async () => {
  hub.put('lllyasviel/control_v11p_sd15_canny', {
    'README.md': '# a page',
    'config.json': '{"_class_name":"ControlNetModel"}',
    'control_net_canny.py': 'print()',
    'diffusion_pytorch_model.bin': bytesOf(2_000),
    'diffusion_pytorch_model.fp16.safetensors': bytesOf(1_000, 2),
    'diffusion_pytorch_model.safetensors': bytesOf(2_000, 3),
    'images/bird.png': bytesOf(100),
  });
  const placeOf = () => 'controlnets';
  const pulled = await pullText('lllyasviel/control_v11p_sd15_canny', { variant: 'fp16', placeOf });
  expect(pulled.path).toBe('controlnets/control_v11p_sd15_canny');
  expect(filesHere()).toEqual([
    'controlnets/control_v11p_sd15_canny/config.json',
    'controlnets/control_v11p_sd15_canny/diffusion_pytorch_model.fp16.safetensors',
  ]);
});

describe('one file', () => {
  test('named in the address, by its page, or the only one there is', async () => {
    hub.put('someone/style', { 'sub dir/ink v2.safetensors': bytesOf(5_000), 'README.md': 'x' });
    hub.put('someone/only', { 'pytorch_lora_weights.safetensors': bytesOf(4_000), 'preview.png': bytesOf(2_000) });
    expect((await pullText('someone/style/sub dir/ink v2.safetensors')).path).toBe('ink v2.safetensors');
    const page = `${hub.endpoint}/someone/style/blob/main/sub%20dir/ink%20v2.safetensors?download=true`;
    expect((await pullText(page, { name: 'other' })).path).toBe('other.safetensors');
    expect((await pullText('someone/only', { placeOf: () => 'loras' })).path).toBe('loras/only.safetensors');
    expect(filesHere()).toEqual(['ink v2.safetensors', 'loras/only.safetensors', 'other.safetensors']);
  });

  test.each([
    [
      'someone/two',
      'model_missing',
      /holds several models; pull one of them by REPO\/FILE: a.safetensors, b.safetensors/,
    ],
    ['someone/two/a.ckpt', 'model_unsupported', /is a pickle/],
    ['someone/two/c.safetensors', 'model_missing', /there is no such file; it has: a.safetensors/],
    ['someone/pickles', 'model_missing', /x.ckpt and other pickles, which this program never opens/],
    ['someone/none', 'hub_refused', /does not let us read it \(401\); is the name right\? If so, set HF_TOKEN/],
    ['someone/two@gone', 'hub_refused', /someone\/two at gone: the hub has no such thing \(404\)/],
  ])('%s is refused', async (address, code, message) => {
    hub.put('someone/two', {
      'a.safetensors': bytesOf(2_000),
      'b.safetensors': bytesOf(2_000),
      'a.ckpt': bytesOf(2_000),
    });
    hub.put('someone/pickles', { 'x.ckpt': bytesOf(2_000) });
    await expect(pullText(address)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('a name that is taken is not written over', async () => {
    hub.put('someone/style', { 'ink.safetensors': bytesOf(5_000) });
    await pullText('someone/style');
    const before = hub.requests.length;
    await expect(pullText('someone/style')).rejects.toThrow(/ink.safetensors: is there already/);
    expect(hub.requests.slice(before).some(({ path: asked }) => asked.includes('resolve'))).toBe(false);
  });
});

describe('a connection that breaks', () => {
  const BYTES = bytesOf(300_000);
  const KEY = 'someone/style/ink.safetensors';

  test('goes on where it broke off, in the same call', async () => {
    hub.put('someone/style', { 'ink.safetensors': BYTES });
    hub.faults.set(KEY, { cutAfter: [100_000, 0, 50_000] });
    await pullText('someone/style');
    expect(readFileSync(path.join(modelsDir, 'ink.safetensors')).equals(BYTES)).toBe(true);
    const asked = hub.requests.filter(({ server, range }) => server === 'store' && range !== 'bytes=0-0');
    expect(asked[0]!.range).toBeUndefined();
    expect(asked).toHaveLength(4);
    expect(retries).toHaveLength(3);
    // The second answer broke off without a byte: the wait doubles; then bytes came, and the count begins anew.
    expect(waits).toEqual([1_000, 2_000, 1_000]);
    const total = asked.slice(1).map(({ range }) => Number(/\d+/.exec(range!)![0]));
    expect(total).toEqual(retries.map(([, done]) => done));
    expect(total[0]).toBeGreaterThan(0);
  });

  test('and in the next one, from the bytes on disk', async () => {
    hub.put('someone/style', { 'ink.safetensors': BYTES });
    hub.faults.set(KEY, { cutAfter: [120_000, 0, 0, 0, 0, 0, 0] });
    await expect(pullText('someone/style')).rejects.toMatchObject({ code: 'hub_unreachable' });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000].slice(0, waits.length));
    const [part] = filesHere();
    expect(part).toMatch(/^\.pull\/someone--style@[0-9a-f]{12}\/ink\.safetensors\.[0-9a-f]{12}\.part$/);
    const kept = readFileSync(path.join(modelsDir, part!)).length;
    hub.faults.clear();
    hub.requests.length = 0;
    await pullText('someone/style');
    expect(filesHere()).toEqual(['ink.safetensors']);
    expect(readFileSync(path.join(modelsDir, 'ink.safetensors')).equals(BYTES)).toBe(true);
    expect(hub.requests.find(({ server }) => server === 'store')!.range).toBe(`bytes=${kept}-${BYTES.length - 1}`);
  });

  test('a whole file already fetched is not fetched again', async () => {
    const second = bytesOf(50_000, 3);
    hub.put('someone/pair', {
      'config.json': '{}',
      'diffusion_pytorch_model.safetensors': BYTES,
      'adapter_config.json': '{"a":1}',
    });
    hub.faults.set('someone/pair/diffusion_pytorch_model.safetensors', { cutAfter: Array(20).fill(0) });
    await expect(pullText('someone/pair')).rejects.toMatchObject({ code: 'hub_unreachable' });
    hub.faults.clear();
    hub.requests.length = 0;
    await pullText('someone/pair');
    expect(hub.requests.some(({ path: asked }) => asked.endsWith('/config.json'))).toBe(false);
    expect(second.length).toBe(50_000);
  });

  test('a new commit does not go on from the old bytes', async () => {
    hub.put('someone/style', { 'ink.safetensors': BYTES });
    hub.faults.set(KEY, { cutAfter: [120_000, ...Array(10).fill(0)] });
    await expect(pullText('someone/style')).rejects.toMatchObject({ code: 'hub_unreachable' });
    const other = bytesOf(300_000, 5);
    hub.faults.clear();
    hub.put('someone/style', { 'ink.safetensors': other });
    await pullText('someone/style');
    expect(readFileSync(path.join(modelsDir, 'ink.safetensors')).equals(other)).toBe(true);
  });

  test('a server that answers a range with the whole file is not believed', async () => {
    hub.put('someone/style', { 'ink.safetensors': BYTES });
    hub.faults.set(KEY, { cutAfter: [100_000], ignoresRanges: true });
    await expect(pullText('someone/style')).rejects.toMatchObject({ code: 'hub_unreachable' });
    expect(existsSync(path.join(modelsDir, 'ink.safetensors'))).toBe(false);
  });

  test('stopping keeps the part and says so', async () => {
    hub.put('someone/style', { 'ink.safetensors': BYTES });
    const stop = new AbortController();
    const onProgress = (done: number) => done > 0 && stop.abort();
    await expect(pullText('someone/style', { signal: stop.signal, onProgress })).rejects.toMatchObject({
      code: 'cancelled',
      message: expect.stringContaining('goes on from here'),
    });
    expect(filesHere()[0]).toMatch(/\.part$/);
  });
});

describe('bytes that are not what the hub says', () => {
  test('a large file by its SHA-256, a small one by its git hash; nothing of them stays', async () => {
    hub.put('someone/style', { 'config.json': '{"small":1}', 'model.safetensors': bytesOf(5_000) });
    hub.faults.set('someone/style/model.safetensors', { cutAfter: [], served: bytesOf(5_000, 7) });
    await expect(pullText('someone/style')).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringMatching(/its bytes have the SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}; it was removed/),
    });
    hub.faults.set('someone/style/config.json', { cutAfter: [], served: Buffer.from('{"small":2}') });
    rmSync(path.join(modelsDir, '.pull'), { recursive: true });
    await expect(pullText('someone/style')).rejects.toThrow(/config.json: its bytes have the git hash/);
    expect(filesHere()).toEqual([]);
  });

  test('a longer one is cut off at the first byte too many', async () => {
    hub.put('someone/style', { 'ink.safetensors': bytesOf(5_000) });
    hub.faults.set('someone/style/ink.safetensors', { cutAfter: [], served: bytesOf(6_000) });
    await expect(pullText('someone/style')).rejects.toMatchObject({ code: 'hub_refused' });
  });
});

describe('the token', () => {
  test('opens a gated repository and never leaves the hub', async () => {
    hub.put('someone/gated', { 'ink.safetensors': bytesOf(5_000) }, 'hf_secret');
    await expect(pullText('someone/gated')).rejects.toMatchObject({ code: 'hub_refused' });
    hub.requests.length = 0;
    const settings = { endpoint: hub.endpoint, token: 'hf_secret', fetch };
    await pullText('someone/gated', { settings });
    const [atHub, atStore] = (['hub', 'store'] as const).map((name) =>
      hub.requests.filter(({ server }) => server === name),
    );
    expect(atStore!.length).toBeGreaterThan(0);
    expect(atStore!.map(({ authorization }) => authorization)).toEqual(atStore!.map(() => undefined));
    expect(new Set(atHub!.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_secret']));
  });

  test('a hub on https may not send us to plain http', async () => {
    const redirecting: typeof fetch = async () =>
      new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:1/' } });
    const settings = { endpoint: 'https://127.0.0.1', token: null, fetch: redirecting };
    await expect(pullText('someone/style', { settings })).rejects.toMatchObject({
      code: 'hub_unreachable',
      message: expect.stringContaining('sends us on to http: addresses'),
    });
  });
});

describe('the disk', () => {
  test('too small a one is told before the first byte', async () => {
    hub.put('someone/style', { 'ink.safetensors': bytesOf(5_000) });
    await expect(pullText('someone/style', { freeBytes: async () => 256 * 1024 * 1024 })).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringMatching(/268.4 MB free, expected 268.4 MB for this model/),
    });
    expect(hub.requests.some(({ path: asked }) => asked.includes('resolve'))).toBe(false);
  });

  test('one that fills up in the middle keeps the part, and the next call ends it', async () => {
    const bytes = bytesOf(300_000);
    hub.put('someone/style', { 'ink.safetensors': bytes });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const openPart = async (file: string) => {
      const handle = await open(file, 'a');
      let written = 0;
      const write = async (piece: Uint8Array, offset: number) => {
        if (written + piece.length - offset > 100_000) throw full;
        written += piece.length - offset;
        return handle.write(piece, offset);
      };
      return { write, sync: () => handle.sync(), close: () => handle.close() } as unknown as typeof handle;
    };
    await expect(pullText('someone/style', { openPart })).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('what has arrived is kept'),
    });
    expect(retries).toEqual([]);
    await pullText('someone/style');
    expect(readFileSync(path.join(modelsDir, 'ink.safetensors')).equals(bytes)).toBe(true);
  });
});

describe('addresses', () => {
  test.each([
    ['a/b', { repository: 'a/b', file: null, revision: null }],
    ['a/b@fp16', { repository: 'a/b', file: null, revision: 'fp16' }],
    ['a/b/x/y.safetensors', { repository: 'a/b', file: 'x/y.safetensors', revision: null }],
    ['https://hub.test/a/b/resolve/v2/y.safetensors', { repository: 'a/b', file: 'y.safetensors', revision: 'v2' }],
    ['https://hub.test/a/b/tree/main', { repository: 'a/b', file: null, revision: 'main' }],
  ])('%s', (text, expected) => expect(parseHubAddress(text, 'https://hub.test')).toEqual(expected));

  test.each(['', 'a', '../b', 'a/..', 'a/b/../c', 'https://elsewhere.test/a/b', 'a/b//c', 'a b/c'])(
    '%s is none',
    (text) => {
      expect(() => parseHubAddress(text, 'https://hub.test')).toThrow(/address: found/);
    },
  );
});
