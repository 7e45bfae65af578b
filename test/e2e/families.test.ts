// The families and layouts beyond test/golden/folders against diffusers, picture by picture: Stable Diffusion 2.x with zero terminal SNR and
// rescaled guidance, and single files of 1.x and 2.x, whose pictures diffusers painted from the folders they were made from. Tolerances as in oracle.test.ts.
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { imagine } from '../../src/cli/imagineCommand.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { scanModels } from '../../src/weights/registry.ts';
import {
  develop,
  FAMILIES,
  FAMILY_MODELS,
  FOLDERS,
  familyCases,
  goldenLatents,
  goldenPixels,
  relativeDistance,
  requestOf,
  tinyCases,
  toBytes,
  worstByte,
} from '../support/goldenPipelines.ts';
import { type Distance, layoutTable, writeOracleSection } from '../support/oracleTable.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const registry = scanModels(FAMILY_MODELS);
const models = [...new Set(familyCases.map(({ folder }) => folder))];
const LAYOUTS: Readonly<Record<string, string>> = {
  'sd2-zsnr': 'SD 2.x folder, fp16, zero terminal SNR',
  sd1: 'SD 1.x single file, fp16',
  sd2: 'SD 2.x single file, fp16',
};
const distances = new Map<readonly [string, string], Distance>();
afterAll(() => writeOracleSection('Stable Diffusion 1.x and 2.x by layout', layoutTable(distances)));

describe.each(models)('%s makes the pictures diffusers makes', (name) => {
  const folder = registry.open(name);
  const opening = openModel(folder, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());

  test.each(familyCases.filter((golden) => golden.folder === name))('$sampler, $name', async (golden) => {
    const picture = await develop(requestOf(golden), await opening, folder, golden.rescale);
    const latents = relativeDistance(picture.latents, goldenLatents(golden));
    const bytes = worstByte(toBytes(picture.pixels), goldenPixels(golden));
    distances.set([LAYOUTS[name] ?? name, golden.sampler], { latents, bytes });
    expect(latents).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(bytes).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });

  test('the hints of a folder are what its pictures are made with', async () => {
    const golden = familyCases.find((one) => one.folder === name && one.rescale === folder.guidanceRescale)!;
    const picture = await develop(requestOf(golden), await opening, folder);
    expect(relativeDistance(picture.latents, goldenLatents(golden))).toBeLessThanOrEqual(LATENT_TOLERANCE);
  });
});

describe('another autoencoder by the hints of a folder', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-test-'));
  cpSync(path.join(FAMILY_MODELS, 'sd2-zsnr'), path.join(folder, 'tiny'), { recursive: true });
  cpSync(path.join(FAMILIES, 'vaes'), path.join(folder, 'vaes'), { recursive: true });
  writeFileSync(path.join(folder, 'tiny/darkroom.json'), '{ "vae": "tiny" }');
  const model = scanModels(folder).open('tiny');
  const opening = openModel(model, { provider: 'cpu', threads: 1 });
  afterAll(async () => {
    await (await opening).close();
    await rm(folder, { recursive: true });
  });

  test.each(tinyCases)('TAESD: $sampler, $name', async (golden) => {
    const picture = await develop(requestOf(golden), await opening, model);
    expect(relativeDistance(picture.latents, goldenLatents(golden))).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(worstByte(toBytes(picture.pixels), goldenPixels(golden))).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });
});

test('imagine takes the path of a single file, and its pictures name it', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  const printed: string[] = [];
  const environment = { MODELS_DIR: FOLDERS, DEVICE: 'cpu', THREADS: '1' };
  const print = (text: string) => void printed.push(text);
  const terminal = { environment, folder, print, printError: print, errorColumns: null };
  const file = path.join(FAMILY_MODELS, 'sd1.safetensors');
  const argv = ['a red heart', '--model', file, '--size', '96x64', '--steps', '2', '--seed', '7', '--json'];
  expect(await imagine(argv, terminal, new AbortController().signal)).toBe(0);
  const { request, pictures } = JSON.parse(printed.join(''));
  expect(request).toMatchObject({ model: 'sd1', size: { widthPx: 96, heightPx: 64 } });
  const png = await readFile(pictures[0].path);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([96, 64]);
  await rm(folder, { recursive: true });
});
