// `models` as an owner uses it: what is there, what a file is, whether it is whole, and pulling from a hub on loopback.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { models } from '../../src/cli/modelsCommand.ts';
import { parseModels } from '../../src/cli/modelsOptions.ts';
import { runCommand, type Terminal } from '../../src/cli/terminal.ts';
import { openFileBook } from '../../src/store/sqliteFileBook.ts';
import { type LocalHub, startLocalHub } from '../support/localHub.ts';
import { makeXlModels } from '../support/madeModels.ts';
import { sdFolder } from '../weights/makeFolder.ts';
import { modelsFolder, safetensorsBytes, safetensorsOf } from '../weights/makeSafetensors.ts';

const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url));
const NEVER = new AbortController().signal;
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-models-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], environment: Record<string, string> = {}, signal = NEVER): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    environment: { MODELS_DIR: path.join(folder, 'models'), DATA_DIR: path.join(folder, 'data'), ...environment },
    folder,
    print: (text) => void out.push(text),
    printError: (text) => void err.push(text),
    errorColumns: null,
  };
  const code = await runCommand(terminal, () => models(argv, terminal, signal, fetch));
  return { code, out: out.join(''), err: err.join('') };
}

/** Moves made files to where this test's models are. */
function putModels(files: Parameters<typeof modelsFolder>[0]): string {
  const made = modelsFolder(files);
  const target = path.join(folder, 'models');
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(made)) writeTree(path.join(made, name), path.join(target, name));
  rmSync(made, { recursive: true });
  return target;
}

function writeTree(from: string, to: string): void {
  if (!statSync(from).isDirectory()) {
    writeFileSync(to, readFileSync(from));
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) writeTree(path.join(from, name), path.join(to, name));
}

describe('options', () => {
  test.each([
    [[], 'command: found nothing, expected one of list, inspect, verify, pull'],
    [['paint'], 'command: found paint, expected one of list'],
    [['inspect'], 'inspect: found nothing, expected the path of a file or folder'],
    [['pull'], 'pull: found nothing, expected a repository'],
    [['list', 'x'], 'list: found x, expected nothing more'],
    [['pull', 'a/b', 'c/d'], 'pull: found c/d, expected nothing more'],
    [['list', '--variant', 'fp16'], '--variant: found list, expected it with pull'],
    [['pull', 'a/b', '--variant', '../x'], '--variant: found ../x, expected a name such as fp16'],
    [['list', '--loud'], "options: Unknown option '--loud'"],
  ])('%j', async (argv, words) => {
    const { code, err } = await run(argv);
    expect(err).toContain(words);
    expect(code).toBe(2);
  });

  test('help fits a window and names every option', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const option of ['json', 'numbers', 'variant', 'name']) expect(out).toContain(`--${option}`);
    expect(parseModels(['verify', 'ink', '--numbers'])).toEqual({
      command: 'verify',
      what: 'ink',
      json: false,
      numbers: true,
      variant: null,
      name: null,
    });
  });
});

describe('list', () => {
  const FILES = {
    ...sdFolder('ink', { 'darkroom.json': { defaults: { steps: 12 } } }),
    'old.ckpt': 'PK\u0003\u0004',
    'loras/soft.safetensors': safetensorsOf({ 'lora_unet_down_blocks_0_attn2_to_k.lora_down.weight': [4, 768] }),
    'vaes/broken.safetensors': 'short',
  };

  test('models with their defaults, what lies beside them, what is refused and why', async () => {
    putModels(FILES);
    const { code, out } = await run(['list']);
    expect(code).toBe(0);
    expect(out.replace(folder, '…')).toMatchInlineSnapshot(`
      "…/models: 1 model
        ink: sd1, folder, F16, 1.6 kB
          48x32, 12 steps, guidance 7.5, dpmpp_2m_karras
        loras/soft.safetensors: lora, sd1, 6.3 kB
        refused old.ckpt
          old.ckpt: is a PyTorch pickle. Loading a pickle can run any code its author put there, so it is never opened; get the .safetensors version of this model from its publisher
        refused vaes/broken.safetensors
          vaes/broken.safetensors: has 5 bytes, expected at least 8
      "
    `);
  });

  test('the same as JSON', async () => {
    putModels(FILES);
    const { models: listed, extras, refused } = JSON.parse((await run(['list', '--json'])).out);
    expect(listed).toMatchObject([
      { name: 'ink', family: 'sd1', layout: 'folder', precision: 'F16', defaults: { steps: 12 } },
    ]);
    expect(extras).toMatchObject([{ path: 'loras/soft.safetensors', kind: 'lora', family: 'sd1' }]);
    expect(refused.map(({ name }: { name: string }) => name)).toEqual(['old.ckpt', 'vaes/broken.safetensors']);
  });

  test('a folder that is not there', async () => {
    expect(await run(['list'])).toMatchObject({ code: 2, err: 'models folder: there is no such folder\n' });
  });
});

describe('inspect', () => {
  const xl = makeXlModels();
  afterAll(() => rmSync(xl, { recursive: true }));

  const MINIATURES = [
    ...['sd-small', 'plain-mid', 'v-linear'].map((name) => path.join(GOLDEN, 'folders', name)),
    ...['sd1.safetensors', 'sd2.safetensors', 'sd2-zsnr'].map((name) => path.join(GOLDEN, 'families/models', name)),
    path.join(GOLDEN, 'families/vaes/tiny'),
    ...['inpaint9', 'inpaint9-one.safetensors', 'pix2pix'].map((name) => path.join(GOLDEN, 'inpainting/models', name)),
    ...readdirSync(xl)
      .filter((name) => !name.endsWith('.json'))
      .sort()
      .map((name) => path.join(xl, name)),
    ...filesIn('loras/files'),
    path.join(GOLDEN, 'loras/files/peft'),
    ...filesIn('embeddings/models/embeddings'),
    ...filesIn('upscalers/models/upscalers'),
  ];

  function filesIn(place: string): readonly string[] {
    const names = readdirSync(path.join(GOLDEN, place))
      .filter((name) => name.endsWith('.safetensors'))
      .sort();
    return names.map((name) => path.join(GOLDEN, place, name));
  }

  test('every miniature of the tests, as it is printed', async () => {
    const told: string[] = [];
    for (const place of MINIATURES) told.push((await run(['inspect', place])).out);
    expect(told.join('')).not.toContain('usable      no');
    await expect(told.join('\n')).toMatchFileSnapshot(path.join(GOLDEN, 'inspect.txt'));
  });

  test('the shipped classifier, as a folder and as a file', async () => {
    for (const place of ['models/safety/nsfwjs', 'models/safety/nsfwjs/model.safetensors']) {
      const { out } = await run(['inspect', path.join(GOLDEN, '../..', place)]);
      expect(out).toMatch(/: classifier\n/);
      expect(out).toContain('usable      yes');
    }
  });

  test('as JSON, down to the parameters of a part', async () => {
    const { out } = await run(['inspect', path.join(GOLDEN, 'families/models/sd1.safetensors'), '--json']);
    const found = JSON.parse(out);
    expect(found).toMatchObject({
      kind: 'model',
      family: 'sd1',
      layout: 'file',
      vae: 'its own',
      predicts: 'epsilon',
      usable: true,
      reason: null,
    });
    const unet = found.parts.find(({ name }: { name: string }) => name === 'unet');
    expect(unet.parameters).toBe(Object.values<number>(unet.dtypes).reduce((sum, one) => sum + one, 0));
  });

  test.each([
    [
      'a tensor that is missing',
      (shapes: Shapes) => omit(shapes, 'model.diffusion_model.out.2.weight'),
      /conv_out.weight/,
    ],
    [
      'a tensor of another shape',
      (shapes: Shapes) => ({ ...shapes, 'model.diffusion_model.out.2.bias': [7] }),
      /conv_out.bias.*\[7\].*expected.*\[4\]/,
    ],
    [
      'no autoencoder',
      (shapes: Shapes) =>
        Object.fromEntries(Object.entries(shapes).filter(([name]) => !name.startsWith('first_stage_model.'))),
      /has no autoencoder/,
    ],
  ])('%s is named', async (_, change, words) => {
    const file = path.join(folder, 'x.safetensors');
    writeFileSync(file, safetensorsOf(change(shapesOf(path.join(GOLDEN, 'families/models/sd1.safetensors')))));
    writeFileSync(
      path.join(folder, 'x.darkroom.json'),
      readFileSync(path.join(GOLDEN, 'families/models/sd1.darkroom.json')),
    );
    mkdirSync(path.join(folder, 'sd-small'));
    writeTree(path.join(GOLDEN, 'families/models/sd2-zsnr'), path.join(folder, 'sd2-zsnr'));
    const { code, out } = await run(['inspect', file]);
    expect(out).toMatch(/^x.safetensors: model for Stable Diffusion 1.x/);
    expect(out).toMatch(words);
    expect(code).toBe(2);
  });

  test.each([
    ['a pickle', { 'x.ckpt': 'PK\u0003\u0004' }, 'x.ckpt', /is a PyTorch pickle/],
    [
      'half a download',
      { 'x.safetensors': safetensorsOf({ a: [4] }).subarray(0, -3) },
      'x.safetensors',
      /ends at byte \d+, but the file has \d+; is the download complete/,
    ],
    ['nothing', {}, 'gone', /found nothing, expected a model folder or a .safetensors file/],
    ['an empty folder', { 'x/notes.txt': 'x' }, 'x', /holds neither model_index.json nor a .safetensors file/],
  ])('%s', async (_, files, name, words) => {
    const target = putModels(files);
    const { code, err } = await run(['inspect', path.join(target, name)]);
    expect(err).toMatch(words);
    expect(code).toBe(2);
  });

  test.each([
    ['u-net', { 'conv_in.weight': [8, 9, 3, 3], 'time_embedding.linear_1.weight': [8, 8] }, 'unet (inpainting)'],
    ['text encoder', { 'text_model.embeddings.token_embedding.weight': [9, 8] }, 'text encoder'],
    ['embedding', { emb_params: [3, 768] }, 'embedding for Stable Diffusion 1.x'],
    ['embedding of two encoders', { clip_l: [2, 768], clip_g: [2, 1280] }, 'embedding for Stable Diffusion XL'],
    ['anything else', { 'x.y': [3, 2, 2] }, 'no kind known here'],
  ])('%s is told from its tensors', async (_, shapes, words) => {
    const target = putModels({ 'any name.safetensors': safetensorsOf(shapes) });
    const { code, out } = await run(['inspect', path.join(target, 'any name.safetensors')]);
    expect([code, out.split('\n')[0]]).toEqual([0, `any name.safetensors: ${words}`]);
  });

  test.each([
    [
      'controlnet',
      {
        'control_model.input_hint_block.0.weight': [16, 3, 3, 3],
        'control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight': [320, 1024],
      },
      'controlnet for Stable Diffusion 2.x',
    ],
    [
      'controlnet, diffusers',
      {
        'controlnet_cond_embedding.conv_in.weight': [16, 3, 3, 3],
        'conv_in.weight': [8, 4, 3, 3],
        'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight': [320, 2048],
      },
      'controlnet for Stable Diffusion XL',
    ],
    ['a T2I-Adapter', { 'adapter.body.0.resnets.0.block1.weight': [8, 8, 3, 3] }, 't2i-adapter'],
  ])('half a %s is told from its tensors, and that it cannot be used', async (_, shapes, words) => {
    const target = putModels({ 'any name.safetensors': safetensorsOf(shapes) });
    const { code, out } = await run(['inspect', path.join(target, 'any name.safetensors')]);
    expect([code, out.split('\n')[0]]).toEqual([2, `any name.safetensors: ${words}`]);
    expect(out).toMatch(/usable {6}no: .+/);
  });

  test('what its author wrote into it, without what would move a cursor', async () => {
    const header = {
      __metadata__: {
        'modelspec.title': 'Soft\u001b[2J light',
        ss_tag_frequency: 'x'.repeat(5_000),
        ss_network_dim: '8',
      },
      'lora_unet_a.lora_down.weight': { dtype: 'F16', shape: [8, 1], data_offsets: [0, 16] },
    };
    const target = putModels({ 'x.safetensors': safetensorsBytes(JSON.stringify(header), 16) });
    const { out } = await run(['inspect', path.join(target, 'x.safetensors')]);
    expect(out).toContain('metadata    modelspec.title: Soft [2J light\n');
    expect(out).toContain('metadata    ss_network_dim: 8\n');
    expect(out.length).toBeLessThan(1_000);
  });
});

type Shapes = Readonly<Record<string, readonly number[]>>;

function shapesOf(file: string): Shapes {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE())));
  const { __metadata__: _, ...tensors } = header as Record<string, { shape: number[] }>;
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
}

function omit(shapes: Shapes, name: string): Shapes {
  return Object.fromEntries(Object.entries(shapes).filter(([one]) => one !== name));
}

describe('verify', () => {
  const WEIGHTS = 'ink/vae/diffusion_pytorch_model.safetensors';
  const inModels = (name: string) => path.join(folder, 'models', name);

  test('new, then as it was; a replaced one is said; a changed one under the same date is wrong', async () => {
    putModels(sdFolder('ink'));
    utimesSync(inModels(WEIGHTS), 1_000, 2_000);
    expect(await run(['verify'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^(new .*\n){3}3 files looked at, none is wrong.\n$/),
    });
    expect(await run(['verify'])).toMatchObject({ code: 0, out: expect.stringMatching(/^(ok .*: as it was\n){3}/) });
    const bytes = readFileSync(inModels(WEIGHTS));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(inModels(WEIGHTS), bytes);
    utimesSync(inModels(WEIGHTS), 1_000, 2_000);
    const wrong = await run(['verify', 'ink']);
    expect(wrong.out).toMatch(
      /WRONG {5}ink\/vae.*: its date has not changed, but its bytes have; is the disk failing\?/,
    );
    expect(wrong.code).toBe(2);
    utimesSync(inModels(WEIGHTS), 1, 2);
    expect(await run(['verify'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/replaced {2}ink\/vae.*is another file than the one seen before/),
    });
    expect((await run(['verify'])).out).toMatch(/^(ok .*\n){3}/);
  });

  test('a pulled file is held to what the hub said, whatever was seen since', async () => {
    putModels(sdFolder('ink'));
    const book = openFileBook({ file: path.join(folder, 'data/darkroom.db') });
    book.putPulled([
      {
        path: WEIGHTS,
        repository: 'someone/ink',
        revision: '0'.repeat(40),
        file: 'x',
        sizeBytes: 5,
        sha256: 'a'.repeat(64),
      },
    ]);
    book.close();
    for (let time = 0; time < 2; time++) {
      const { code, out } = await run(['verify', 'ink', '--json']);
      const { files } = JSON.parse(out);
      expect(code).toBe(2);
      expect(files.find((file: { path: string }) => file.path === WEIGHTS)).toMatchObject({
        verdict: 'wrong',
        text: expect.stringMatching(/expected a{64} \(5 bytes\) as pulled from someone\/ink/),
      });
    }
  });

  test('--numbers finds what no picture survives, in every precision', async () => {
    const numbers: Record<string, Buffer> = {
      F16: Buffer.from(new Uint16Array([0x3c00, 0x7e00, 0xfc00, 0x7bff]).buffer),
      BF16: Buffer.from(new Uint16Array([0x3f80, 0x7fc0, 0xff80, 0x7f7f]).buffer),
      F32: Buffer.from(new Float32Array([1, Number.NaN, Number.NEGATIVE_INFINITY, 3.4e38]).buffer),
      F64: Buffer.from(new Float64Array([1, Number.NaN, Number.POSITIVE_INFINITY, 1e308]).buffer),
      I64: Buffer.alloc(32, 0xff),
    };
    let end = 0;
    const entries = Object.entries(numbers).map(([dtype, bytes]) => {
      const begin = end;
      end += bytes.length;
      return [`tensor ${dtype}`, { dtype, shape: [4], data_offsets: [begin, end] }];
    });
    const file = Buffer.concat([
      safetensorsBytes(JSON.stringify(Object.fromEntries(entries)), 0),
      ...Object.values(numbers),
    ]);
    putModels({ 'loras/x.safetensors': file });
    expect((await run(['verify'])).code).toBe(0);
    const { code, out } = await run(['verify', '--numbers']);
    expect(code).toBe(2);
    expect(out).toContain(
      'tensor F16 has 2 of 4 numbers that are NaN or infinite, expected none; so have 3 other tensors',
    );
  });

  test('a name that is none', async () => {
    putModels(sdFolder('ink'));
    expect(await run(['verify', 'fog'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('not found, known are: ink'),
    });
  });

  test('what is refused is said, and is no wrong file', async () => {
    putModels({ ...sdFolder('ink'), 'old.ckpt': 'PK' });
    expect(await run(['verify'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/refused {3}old.ckpt: old.ckpt: is a PyTorch pickle/),
    });
  });
});

describe('pull', () => {
  let hub: LocalHub;
  beforeEach(async () => {
    hub = await startLocalHub();
  });
  afterEach(() => hub.close());

  const pulled = (argv: readonly string[], more: Record<string, string> = {}) =>
    run(['pull', ...argv], { HF_ENDPOINT: hub.endpoint, ...more });

  test('a model comes into the list, and verify knows where it is from', async () => {
    const source = path.join(GOLDEN, 'families/models/sd2-zsnr');
    const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    hub.put(
      'someone/zsnr',
      Object.fromEntries(
        files.map((file) => {
          const place = path.join(file.parentPath, file.name);
          return [path.relative(source, place), readFileSync(place)];
        }),
      ),
    );
    const { code, out } = await pulled(['someone/zsnr', '--name', 'Zero']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^someone\/zsnr at [0-9a-f]{12}: \d+ files, \d+\.\d kB\nZero: model\nIt is in the list of \/imagine after the next start.\n$/,
    );
    expect((await run(['list'])).out).toContain('Zero: sd2, folder, F16');
    const verified = await run(['verify']);
    expect(verified.out).toMatch(/^(ok .*: as pulled from someone\/zsnr\n){3}/);
  });

  test('a LoRA goes to the LoRAs, an embedding to the embeddings, whatever they are called', async () => {
    const lora = readFileSync(path.join(GOLDEN, 'loras/files/kohya.safetensors'));
    hub.put('someone/soft', { 'a model.safetensors': lora });
    hub.put('someone/words', { 'x.safetensors': safetensorsOf({ emb_params: [3, 768] }) });
    expect((await pulled(['someone/soft', '--json'])).out).toContain(
      '"path":"loras/a model.safetensors","kind":"lora"',
    );
    expect((await pulled(['someone/words/x.safetensors'])).out).toContain('embeddings/x.safetensors: embedding');
  });

  test('what no folder is for is fetched, said, and not put among the models', async () => {
    hub.put('someone/odd', { 'x.safetensors': safetensorsOf({ 'x.y': [3, 2, 2] }) });
    expect(await pulled(['someone/odd'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is nothing this program knows'),
    });
    expect(readdirSync(path.join(folder, 'models'))).toEqual(['.pull']);
  });

  test('the token is HF_TOKEN, and is never printed', async () => {
    hub.put('someone/gated', { 'x.safetensors': safetensorsOf({ emb_params: [3, 768] }) }, 'hf_secret');
    expect(await pulled(['someone/gated'])).toMatchObject({ code: 2, err: expect.stringContaining('set HF_TOKEN') });
    expect(await pulled(['someone/gated'], { HF_TOKEN: 'hf_secret' })).toMatchObject({ code: 0 });
    const { code, err } = await pulled(['someone/gated'], { HF_TOKEN: 'Bearer hf_secret' });
    expect([code, err]).toEqual([
      2,
      'HF_TOKEN: found a value of 16 characters, expected a token that begins with hf_\n',
    ]);
    expect(await pulled(['someone/gated'], { HF_ENDPOINT: 'ftp://x' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('HF_ENDPOINT: found "ftp://x"'),
    });
  });

  test('a hub that cannot be reached', async () => {
    const { code, err } = await pulled(['someone/x'], { HF_ENDPOINT: 'http://127.0.0.1:9' });
    expect(err).toMatch(/^someone\/x: the hub cannot be reached: /);
    expect(code).toBe(1);
  });
});
