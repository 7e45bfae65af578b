// The command line from argument to picture: options, exit codes, names that never cover another file.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { imagine } from '../../src/cli/imagineCommand.ts';
import { parseImagine } from '../../src/cli/imagineOptions.ts';
import { placePicture } from '../../src/cli/placePicture.ts';
import { barLine, progressBar } from '../../src/cli/progressBar.ts';
import { exitCodeOf, folderOfUser, runCommand, type Terminal } from '../../src/cli/terminal.ts';
import { DarkroomError } from '../../src/errors.ts';
import { hashFile } from '../../src/weights/fileHash.ts';
import { modelHash } from '../../src/weights/modelHash.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { paintedPng } from '../image/makePng.ts';
import { writeControlFolder } from '../support/madeControls.ts';
import { TINY_MODELS } from '../support/tasks.ts';

const NEVER = new AbortController().signal;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Heard extends Terminal {
  readonly out: string[];
  readonly err: string[];
}

function terminal(environment: Record<string, string> = {}, errorColumns: number | null = null): Heard {
  const out: string[] = [];
  const err: string[] = [];
  const print = (text: string) => void out.push(text);
  const printError = (text: string) => void err.push(text);
  return {
    environment: { MODELS_DIR: TINY_MODELS, DEVICE: 'cpu', THREADS: '1', ...environment },
    folder,
    print,
    printError,
    errorColumns,
    out,
    err,
  };
}

function run(argv: readonly string[], heard: Heard, signal = NEVER): Promise<number> {
  return runCommand(heard, () => imagine(argv, heard, signal));
}

const SMALL = ['--size', '96x64', '--steps', '2'];

describe('options', () => {
  test('all of them', () => {
    const line =
      '--negative snow --model sd-small --sampler ddim --schedule beta --steps 7 --guidance 0 --seed 0 --size 96x64 --count 2 --image a.png --strength 0.5 --out b.png --json';
    expect(parseImagine(['a', 'heart', ...line.split(' ')])).toEqual({
      draft: {
        prompt: 'a heart',
        negativePrompt: 'snow',
        sampler: 'ddim',
        schedule: 'beta',
        steps: 7,
        guidance: 0,
        seed: 0,
        size: { widthPx: 96, heightPx: 64 },
        count: 2,
        strength: 0.5,
      },
      model: 'sd-small',
      image: 'a.png',
      mask: null,
      controlImages: [],
      out: 'b.png',
      recipe: null,
      json: true,
    });
  });

  test('a prompt alone leaves everything to the model', () => {
    expect(parseImagine(['красное сердце'])).toEqual({
      draft: { prompt: 'красное сердце' },
      model: null,
      image: null,
      mask: null,
      controlImages: [],
      out: null,
      recipe: null,
      json: false,
    });
  });

  test('controls, each with what it says itself, and for all what they do not say', () => {
    const line =
      '--control canny:0.8 --control depth --control-image a.png --control-image b.png --control-strength 0.5 --control-end 0.6 --control-guess';
    expect(parseImagine(['x', ...line.split(' ')])).toMatchObject({
      draft: {
        controls: [
          { kind: 'canny', strength: 0.8, end: 0.6, guess: true },
          { kind: 'depth', strength: 0.5, end: 0.6, guess: true },
        ],
      },
      controlImages: ['a.png', 'b.png'],
    });
  });

  test.each([
    [['x', '--control', 'canny'], 'control: found canny, expected --control-image FILE too'],
    [['x', '--control', 'stripes', '--control-image', 'a.png'], 'control: found stripes'],
    [['x', '--control-image', 'a.png'], 'control-image: found no control, expected --control KIND too'],
    [['x', '--control-strength', '1'], 'control-strength: found no control'],
    [[], 'prompt: found nothing'],
    [['x', '--colour', 'red'], '--colour'],
    [['x', '--steps'], '--steps'],
    [['x', '--steps', 'many'], 'steps: found many'],
    [['x', '--seed', ''], 'seed: found'],
    [['x', '--size', 'big'], 'size: found big'],
    [['x', '--sampler', 'magic'], 'sampler: found magic'],
    [['x', '--schedule', 'magic'], 'schedule: found magic'],
    [['x', '--strength', '0.4'], '--image FILE'],
    [['x', '--mask', 'a.png'], '--image FILE'],
    [['x', '--image', 'a.png', '--pan', 'sideways'], 'right or right:0.5'],
  ])('%j is refused', (argv, words) => {
    expect(() => parseImagine(argv)).toThrow(
      expect.objectContaining({ code: 'request_invalid', message: expect.stringContaining(words) }),
    );
  });
});

describe('imagine', () => {
  test('writes the picture under its seed and tells path and recipe', async () => {
    const heard = terminal();
    expect(await run(['a red heart', '--model', 'sd-small', '--seed', '7', ...SMALL], heard)).toBe(0);
    expect(heard.err).toEqual([]);
    const [file, prompt, recipe] = heard.out.join('').split('\n');
    expect(file).toBe(path.join(folder, '7.png'));
    expect(prompt).toBe('a red heart');
    expect(recipe).toMatch(/^Steps: 2, .*Seed: 7, Size: 96x64, Model: sd-small/);
    expect(await readdir(folder)).toEqual(['7.png']);
  });

  test('follows pictures and writes the maps beside what it drew', async () => {
    const modelsDir = path.join(folder, 'models');
    await cp(path.join(TINY_MODELS, 'sd-small'), path.join(modelsDir, 'sd-small'), { recursive: true });
    for (const name of ['small-canny', 'small-sketch']) {
      const place = path.join(modelsDir, 'controlnets', name);
      await mkdir(place, { recursive: true });
      writeControlFolder(place, name, 'F16');
    }
    await writeFile(
      path.join(folder, 'a.png'),
      paintedPng(60, 40, (x, y) => (x > 30 ? [9, 9, 9] : [250, 4 * y, 90])),
    );
    const heard = terminal({ MODELS_DIR: modelsDir });
    const argv = [
      'a heart',
      '--control',
      'canny:0.7',
      '--control',
      'scribble',
      '--control-image',
      'a.png',
      '--seed',
      '7',
    ];
    expect(await run([...argv, ...SMALL], heard)).toBe(0);
    const [picture, first, second, , recipe] = heard.out.join('').split('\n');
    const names = ['7.png', '7-control-1.png', '7-control-2.png'];
    expect([picture, first, second]).toEqual(names.map((name) => path.join(folder, name)));
    expect(await readdir(folder)).toEqual(expect.arrayContaining(names));
    expect(recipe).toMatch(
      /ControlNet 0: "Module: canny, Model: small-canny \[[0-9a-f]{8}\], Weight: 0.7, .*ControlNet 1 kind: scribble/,
    );
    const lacking = terminal({ MODELS_DIR: modelsDir });
    expect(await run(['x', '--control', 'depth', '--control-image', 'a.png'], lacking)).not.toBe(0);
    expect(lacking.err.join('')).toMatch(/control: found depth/);
  });

  test('the same picture again takes no second name, another one does', async () => {
    const argv = ['a red heart', '--model', 'sd-small', '--seed', '7', ...SMALL];
    await run(argv, terminal());
    await run(argv, terminal());
    expect(await readdir(folder)).toEqual(['7.png']);
    await run([...argv, '--guidance', '1'], terminal());
    expect((await readdir(folder)).sort()).toEqual(['7-1.png', '7.png']);
  });

  test('several pictures and their grid, as one JSON object', async () => {
    const heard = terminal();
    const argv = [
      'fog',
      '--model',
      path.join(TINY_MODELS, 'v-linear'),
      '--seed',
      '4294967295',
      '--count',
      '2',
      '--out',
      'new/fog.png',
    ];
    expect(await run([...argv, ...SMALL, '--json'], heard)).toBe(0);
    expect(heard.out).toHaveLength(1);
    const told = JSON.parse(heard.out[0]!);
    expect(told).toMatchObject({ request: { model: 'v-linear', steps: 2 }, provider: 'cpu' });
    const names = ['fog-4294967295.png', 'fog-0.png', 'fog-grid.png'];
    expect(told.pictures.map((picture: { path: string }) => picture.path)).toEqual(
      names.map((name) => path.join(folder, 'new', name)),
    );
    expect((await readdir(path.join(folder, 'new'))).sort()).toEqual([...names].sort());
  });

  test('starts from a picture given by a path relative to where one stands', async () => {
    const base = ['fog', '--model', 'sd-small', ...SMALL];
    await run([...base, '--seed', '1'], terminal());
    const heard = terminal();
    expect(await run([...base, '--seed', '2', '--image', '1.png', '--strength', '0.5'], heard)).toBe(0);
    expect(heard.out.join('')).toMatch(/Denoising strength: 0\.5, Init image: [0-9a-f]{64}/);
  });

  test('repaints under a mask, works on its surroundings, grows the canvas', async () => {
    const base = ['fog', '--model', 'sd-small', '--seed', '2', ...SMALL];
    const white = paintedPng(96, 64, (x) => (x < 48 ? [255, 255, 255] : [0, 0, 0]));
    await writeFile(
      path.join(folder, 'day.png'),
      paintedPng(96, 64, (x, y) => [x, y, 9]),
    );
    await writeFile(path.join(folder, 'mask.png'), white);
    const heard = terminal();
    const masked = ['--image', 'day.png', '--mask', 'mask.png', '--mask-blur', '2'];
    expect(await run([...base, ...masked, '--only-masked', '8'], heard)).toBe(0);
    expect(heard.out.join('')).toMatch(
      /Mask blur: 2, Inpaint area: Only masked, Masked area padding: 8, Mask: [0-9a-f]{64}/,
    );
    expect(await run([...base, '--image', 'day.png', '--pan', 'right:0.2', '--json'], heard)).toBe(0);
    expect(JSON.parse(heard.out.at(-1)!).pictures[0]).toMatchObject({ widthPx: 112, heightPx: 64 });
  });

  test('a progress bar only on a terminal', async () => {
    const heard = terminal({}, 30);
    await run(['fog', '--model', 'sd-small', ...SMALL], heard);
    expect(heard.err.join('')).toContain(' 1/2');
    expect(heard.err.at(-1)).toBe('\r\u001b[K');
  });

  test.each([
    [['fog', '--model', 'ice'], 2, 'model: found ice, expected one of plain-mid, sd-small, v-linear'],
    [['fog', '--model', './ice'], 2, 'ice: found nothing, expected a model folder'],
    [['fog', '--model', path.join(TINY_MODELS, 'sd-small', 'unet')], 2, 'the whole folder, with model_index.json'],
    [['fog', '--model', path.join(TINY_MODELS, 'sd-small', 'model_index.json')], 2, 'model_index.json'],
    [['fog', '--model', 'sd-small', '--size', '97x64'], 2, 'size: found 97x64'],
    [['fog', '--model', 'sd-small', '--image', 'no.png'], 2, 'no.png: cannot be read (ENOENT)'],
    [['fog', '--steps', '0'], 2, 'steps: found 0'],
  ])('%j ends with %i and one line', async (argv, code, words) => {
    const heard = terminal();
    expect(await run(argv, heard)).toBe(code);
    expect(heard.out).toEqual([]);
    expect(heard.err).toHaveLength(1);
    expect(heard.err[0]).toContain(words);
  });

  test('a wrong environment is bad input too', async () => {
    const heard = terminal({ DEVICE: 'abacus' });
    expect(await run(['fog'], heard)).toBe(2);
    expect(heard.err[0]).toContain('DEVICE');
  });

  test('interrupted, it leaves nothing behind', async () => {
    expect(await run(['fog', '--model', 'sd-small', ...SMALL], terminal(), AbortSignal.abort())).toBe(130);
    expect(await readdir(folder)).toEqual([]);
  });

  test('--help is no error', async () => {
    const heard = terminal();
    expect(await run(['--help'], heard)).toBe(0);
    expect(heard.out.join('')).toContain('--strength X');
  });
});

test.each([
  ['runtime_failed', 1],
  ['disk_full', 1],
  ['internal', 1],
  ['graph_invalid', 1],
  ['request_invalid', 2],
  ['weights_invalid', 2],
  ['config_invalid', 2],
  ['provider_unavailable', 2],
  ['cancelled', 130],
] as const)('%s exits with %i', (code, exitCode) => {
  expect(exitCodeOf(new DarkroomError(code, 'x'))).toBe(exitCode);
});

test('paths begin where the user stands, not where npm went', () => {
  expect(folderOfUser({ npm_lifecycle_event: 'imagine', INIT_CWD: '/home/pictures' }, '/install')).toBe(
    '/home/pictures',
  );
  expect(folderOfUser({ npm_lifecycle_event: 'test', INIT_CWD: '/home/pictures' }, '/tmp/x')).toBe('/tmp/x');
  expect(folderOfUser({}, '/tmp/x')).toBe('/tmp/x');
});

describe('placePicture', () => {
  test('passes over folders and other files, and stops at the same picture', async () => {
    const source = path.join(folder, 'source');
    await writeFile(source, 'picture');
    await writeFile(path.join(folder, 'heart.png'), 'another');
    await mkdir(path.join(folder, 'heart-1.png'));
    const wanted = path.join(folder, 'heart.png');
    expect(await placePicture(source, wanted)).toBe(path.join(folder, 'heart-2.png'));
    expect(await placePicture(source, wanted)).toBe(path.join(folder, 'heart-2.png'));
    expect(await readFile(wanted, 'utf8')).toBe('another');
  });

  test('says where it cannot write', async () => {
    const source = path.join(folder, 'source');
    await writeFile(source, 'picture');
    await expect(placePicture(source, path.join(source, 'heart.png'))).rejects.toMatchObject({ code: 'store_failed' });
  });
});

describe('the bar', () => {
  test.each([
    [0, 4, 12, '░░░░░░░ 0/4'],
    [2, 4, 12, '███░░░░ 2/4'],
    [4, 4, 12, '███████ 4/4'],
    [0, 0, 12, '███████ 0/0'],
    [1, 4, 3, ' 1/4'],
  ])('%i of %i in %i columns', (done, total, columns, line) => {
    expect(barLine(done, total, columns)).toBe(line);
  });

  test('is silent where nobody watches', () => {
    const heard = terminal();
    const bar = progressBar(heard);
    bar.show(1, 2);
    bar.clear();
    expect(heard.err).toEqual([]);
  });
});

describe('--recipe', () => {
  const GOLDEN = fileURLToPath(new URL('../golden/pictures', import.meta.url));
  const WORDS = 'a fox\nNegative prompt: snow\nSteps: 2, Sampler: Euler, CFG scale: 3, Seed: 8, Size: 96x64, RNG: CPU';

  test('makes the same picture again, byte for byte, from its own file', async () => {
    const first = terminal();
    await run(['a', 'red', 'heart', '--seed', '5', '--sampler', 'ddim', '--out', 'first.png', ...SMALL], first);
    const again = terminal();
    expect(await run(['--recipe', 'first.png', '--out', 'again.png'], again)).toBe(0);
    expect(again.err).toEqual([]);
    const [one, other] = await Promise.all(['first.png', 'again.png'].map((name) => readFile(path.join(folder, name))));
    expect(other!.equals(one!)).toBe(true);
  });

  test('a text file, changed by a prompt and options', async () => {
    await writeFile(path.join(folder, 'recipe.txt'), WORDS);
    const heard = terminal();
    expect(await run(['a', 'dog', '--recipe', 'recipe.txt', '--seed', '9', '--json'], heard)).toBe(0);
    const { request } = JSON.parse(heard.out.join(''));
    expect(request).toMatchObject({ prompt: 'a dog', negativePrompt: 'snow', seed: 9, steps: 2, sampler: 'euler' });
  });

  test('another tool’s picture, and what is different here', async () => {
    const heard = terminal();
    const argv = ['--recipe', path.join(GOLDEN, 'a1111.webp'), '--json', '--clip-skip', '1', ...SMALL];
    expect(await run(argv, heard)).toBe(0);
    expect(JSON.parse(heard.out.join('')).request).toMatchObject({ prompt: 'a fox in the snow, 雪', seed: 1234567890 });
    expect(heard.err.join('')).toContain(
      'model v1-5-pruned-emaonly [6ce0161689]: not here, plain-mid is taken; the picture will be another one',
    );
    expect(heard.err.join('')).toContain('LoRAs not here: soft');
  });

  test('the model is found by its hash, under whatever name, and chosen by --model all the same', async () => {
    const registry = scanModels(TINY_MODELS);
    const files = registry.files.get('v-linear')!;
    const sums = await Promise.all(
      files.map(async (file) => ({ path: file, sha256: (await hashFile(path.join(TINY_MODELS, file))).sha256 })),
    );
    const recipe = `${WORDS}, Model hash: ${modelHash(sums).slice(0, 10)}, Model: elsewhere`;
    await writeFile(path.join(folder, 'recipe.txt'), recipe);
    const heard = terminal({ DATA_DIR: folder });
    expect(await run(['--recipe', 'recipe.txt', '--json'], heard)).toBe(0);
    expect(JSON.parse(heard.out.join('')).request.model).toBe('v-linear');
    expect(heard.err).toEqual(['model elsewhere: called v-linear here, the weights are the same\n']);
    const chosen = terminal();
    expect(await run(['--recipe', 'recipe.txt', '--json', '--model', 'sd-small'], chosen)).toBe(0);
    expect(JSON.parse(chosen.out.join('')).request.model).toBe('sd-small');
    expect(chosen.err).toEqual([]);
  });

  test.each([
    ['comfyui.png', 'made with ComfyUI, whose recipes are not read here'],
    ['plain.png', 'found no recipe: no program wrote one into it'],
    ['make_pictures.py', 'found no recipe: its last line has no fields'],
    ['gone.png', 'cannot be read (ENOENT)'],
  ])('%s is refused', async (name, words) => {
    const heard = terminal();
    expect(await run(['--recipe', path.join(GOLDEN, name)], heard)).toBe(2);
    expect(heard.err.join('')).toContain(words);
  });
});
