// `upscale` and `imagine --upscale` from argument to picture.
import { realpathSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imagine } from '../../src/cli/imagineCommand.ts';
import { runCommand, type Terminal } from '../../src/cli/terminal.ts';
import { parseUpscale, UPSCALE_HELP, upscale } from '../../src/cli/upscaleCommand.ts';
import { encodePng } from '../../src/image/encode.ts';
import { ROOT } from '../../src/root.ts';
import { TINY_MODELS } from '../support/tasks.ts';

const NEVER = new AbortController().signal;
let folder: string;
let models: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  models = realpathSync(await mkdtemp(path.join(tmpdir(), 'darkroom-models-')));
  await cp(path.join(TINY_MODELS, 'sd-small'), path.join(models, 'sd-small'), { recursive: true });
  await cp(path.join(ROOT, 'test/golden/upscalers/models/upscalers'), path.join(models, 'upscalers'), {
    recursive: true,
  });
  const data = Float32Array.from({ length: 3 * 20 * 32 }, (_, at) => Math.sin(at / 50));
  await writeFile(path.join(folder, 'sea.png'), await encodePng({ height: 20, width: 32, data }, null));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(models, { recursive: true });
});

function heard(modelsDir = models) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    environment: { MODELS_DIR: modelsDir, DEVICE: 'cpu', THREADS: '1' },
    folder,
    print: (text) => void out.push(text),
    printError: (text) => void err.push(text),
    errorColumns: null,
  };
  const run = (...argv: string[]) => runCommand(terminal, () => upscale(argv, terminal, NEVER));
  return { terminal, run, out, err };
}

async function sizeOf(file: string): Promise<number[]> {
  const bytes = await readFile(file);
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe('upscale', () => {
  test('writes a larger picture beside the first one', async () => {
    const { run, out } = heard();
    expect(await run('sea.png', '--model', 'x4plus', '--scale', '4')).toBe(0);
    expect(out.join('')).toBe(
      `${path.join(folder, 'sea-4x.png')}\nPostprocess upscale by: 4, Postprocess upscaler: x4plus, Version: Darkroom\n`,
    );
    expect(await sizeOf(path.join(folder, 'sea-4x.png'))).toEqual([128, 80]);
  });

  test('doubles where nothing is said, and says when there is no network', async () => {
    const { run, out } = heard(TINY_MODELS);
    expect(await run('sea.png', '--out', 'plain.png')).toBe(0);
    expect(out.join('')).toContain('No upscaler network was used, only Lanczos.');
    expect(await sizeOf(path.join(folder, 'plain.png'))).toEqual([64, 40]);
  });

  test('tells scripts in JSON', async () => {
    const { run, out } = heard();
    expect(await run('sea.png', '--model', 'lanczos', '--scale', '1.5x', '--out', 'j.png', '--json')).toBe(0);
    expect(JSON.parse(out.join(''))).toMatchObject({
      picture: { widthPx: 48, heightPx: 30, path: path.join(folder, 'j.png') },
      upscale: { upscaler: null, scale: 1.5 },
      provider: 'cpu',
    });
  });

  test.each([
    [['sea.png', '--model', 'x5'], 'upscaler: found x5, expected one of x1compact'],
    [['sea.png', '--scale', '9'], 'scale: found 9, expected a number from 1 to 8'],
    [['sea.png', '--scale', 'big'], 'scale: found big, expected a number'],
    [['none.png'], 'none.png: cannot be read (ENOENT)'],
    [[], 'FILE: found nothing'],
    [['a.png', 'b.png'], 'one picture at a time'],
    [['a.png', '--size', '3'], '--help lists them all'],
  ] as const)('%s is refused', async (argv, words) => {
    const { run, err } = heard();
    expect(await run(...argv)).toBe(2);
    expect(err.join('')).toContain(words);
  });

  test('help', async () => {
    const { run, out } = heard();
    expect(await run('--help')).toBe(0);
    expect(out.join('')).toBe(UPSCALE_HELP);
    expect(parseUpscale(['--help'])).toBeNull();
  });
});

test('imagine --upscale enlarges what it draws', async () => {
  const { terminal, out } = heard();
  const argv = ['a heart', '--size', '96x64', '--steps', '2', '--seed', '3', '--upscale', 'x2plus', '--out', 'big.png'];
  expect(await imagine(argv, terminal, NEVER)).toBe(0);
  expect(out.join('')).toContain('Postprocess upscale by: 2, Postprocess upscaler: x2plus');
  expect(await sizeOf(path.join(folder, 'big.png'))).toEqual([192, 128]);
});
