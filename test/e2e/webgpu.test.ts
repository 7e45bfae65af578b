// The shipped model on WebGPU, run by software: a whole picture through the command line, the same as the CPU's but for rounding. In a process
// of its own, because a native fault would end this one. Compiling its shaders takes most of the time, a minute where nothing else runs.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { decodePicture } from '../../src/image/decode.ts';
import { compiledEntry, ROOT } from '../../src/root.ts';
import { toBytes, worstByte } from '../support/goldenPipelines.ts';
import { HOW_TO_GET_IT, softwareVulkan } from '../support/softwareVulkan.ts';

const SIZE = { widthPx: 96, heightPx: 64 };
/** Of 255; found: 1. */
const TOLERANCE = 3;
const LIMIT_MS = 20 * 60_000;

const vulkan = softwareVulkan();
if (vulkan === null) console.log(HOW_TO_GET_IT);

test.skipIf(vulkan === null)(
  'the shipped model draws on WebGPU what it draws on the CPU',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'darkroom-webgpu-'));
    const draw = async (device: string) => {
      const file = path.join(folder, `${device}.png`);
      const size = `${SIZE.widthPx}x${SIZE.heightPx}`;
      const words = ['red apple', '--seed', '7', '--steps', '4', '--size', size, '--out', file];
      const { PATH } = process.env;
      const environment = { PATH, ...vulkan, DEVICE: device, ENV_FILE: '', MODELS_DIR: path.join(ROOT, 'models') };
      const settings = { env: environment, cwd: folder, timeout: LIMIT_MS };
      await promisify(execFile)(process.execPath, [compiledEntry('src/cli/imagine.ts'), ...words], settings);
      return toBytes(await decodePicture(await readFile(file), SIZE));
    };
    const [expected, found] = [await draw('cpu'), await draw('webgpu')];
    expect(worstByte(found, expected)).toBeLessThanOrEqual(TOLERANCE);
    await rm(folder, { recursive: true });
  },
  LIMIT_MS,
);
