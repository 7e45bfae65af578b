// ControlNets and T2I-Adapters against diffusers, picture by picture: folders and single files of either naming, one alone and several, with a
// LoRA, in guess mode, over a part of the steps; and rows with and without controls in one call. Tolerances as in oracle.test.ts.
import { afterAll, describe, expect, test } from 'vitest';
import type { UnetRow } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { developPicture } from '../../src/diffusion/pipeline.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { factsOf } from '../../src/worker/modelShelf.ts';
import { openControlBench } from '../support/controlBench.ts';
import {
  controlCases,
  controlledLatents,
  controlledPixels,
  controlledRequest,
  recordedNumbers,
  recordedPixels,
} from '../support/goldenControls.ts';
import { answerWith, relativeDistance, toBytes, worstByte } from '../support/goldenPipelines.ts';
import { makeControlModels } from '../support/madeControls.ts';
import { type Distance, layoutTable, writeOracleSection } from '../support/oracleTable.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;
const CPU = { provider: 'cpu', threads: 1 } as const;
const bench = openControlBench(makeControlModels());
const { library, networkOf, settingOf, modelOf, answer, develop, loraOf } = bench;
afterAll(() => bench.close());

const LAYOUTS: Readonly<Record<string, string>> = {
  'sd-small': 'SD 1.x folders, fp16, fp32, bf16',
  sd1: 'SD 1.x single files, original and diffusers’ names',
  'sd2-zsnr': 'SD 2.x folder, bf16',
  'plain-mid': 'another U-Net (8 channels, 16 pixels a cell), fp32',
  base: 'SDXL folders, full and small',
};
const distances = new Map<readonly [string, string], Distance>();
afterAll(() => writeOracleSection('ControlNets and T2I-Adapters by model', layoutTable(distances)));

test('every network of the installation is understood', () => {
  expect(library.refused).toEqual([]);
  expect(library.cards.map(({ name, network, kinds, fits }) => [name, network, kinds.join(), fits.join()])).toEqual([
    ['light-colour', 't2i-adapter', 'colour', ''],
    ['mid-tile', 'controlnet', 'tile', 'plain-mid'],
    ['sd2-canny', 'controlnet', 'canny', 'sd2-zsnr'],
    ['single-canny', 'controlnet', 'canny', 'sd1'],
    ['single-depth', 'controlnet', 'depth', 'sd1'],
    ['single-pose', 't2i-adapter', 'pose', 'sd1'],
    ['small-canny', 'controlnet', 'canny', 'sd-small'],
    ['small-depth', 'controlnet', 'depth', 'sd-small'],
    ['small-shuffle', 'controlnet', 'shuffle', 'sd-small'],
    ['small-sketch', 't2i-adapter', 'scribble', 'sd-small'],
    ['xl-canny', 'controlnet', 'canny', 'base'],
    ['xl-lineart', 't2i-adapter', 'lineart', 'base'],
    ['xl-small', 'controlnet', '', 'base'],
  ]);
});

describe('makes the pictures diffusers makes', () => {
  test.each(controlCases)('$folder, $sampler, $name', async (golden) => {
    const picture = await develop(controlledRequest(golden, settingOf), golden.folder, loraOf(golden));
    const latents = relativeDistance(picture.latents, controlledLatents(golden));
    const bytes = worstByte(toBytes(picture.pixels), controlledPixels(golden));
    distances.set([LAYOUTS[golden.folder]!, golden.name], { latents, bytes });
    expect(latents).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(bytes).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });
});

describe('what an adapter alone says of a map', () => {
  test.each([
    ['small-sketch', 'map/96x72'],
    ['single-pose', 'map/96x72'],
    ['light-colour', 'map/96x72'],
    ['xl-lineart', 'map/96x80'],
  ])('%s', async (name, map) => {
    const levels = await networkOf(name).hint(recordedPixels(map));
    for (const [level, found] of levels.entries()) {
      const { shape, data } = recordedNumbers(`${name}/${level}`);
      expect([found.channels, found.height, found.width]).toEqual(shape);
      expect(relativeDistance(found, data)).toBeLessThan(1e-5);
    }
  });
});

const one = controlCases.find(({ key }) => key === 'sd-small/dpmpp_2m/one')!;
const requestOne = controlledRequest(one, settingOf);
const uncontrolled = { ...requestOne, controls: null };

describe('strength 0 is the picture without controls of a network that takes none, to the bit', () => {
  test.each([...new Set(controlCases.map(({ folder }) => folder))])(
    '%s: every network and way of control',
    async (name) => {
      const { folder } = modelOf(name);
      const bare = await openModel(folder, CPU);
      const facts = { ...factsOf(folder), guidanceRescale: 0 };
      for (const golden of controlCases.filter((one) => one.folder === name)) {
        const { controls, ...rest } = controlledRequest(golden, settingOf);
        const plain = { ...rest, steps: 2 };
        const off = { ...plain, controls: controls!.map((control) => ({ ...control, strength: 0 })) };
        const base = await drive(developPicture(plain, facts), (ask) => answerWith(bare, folder, ask));
        expect((await develop(off, name)).latents.data, golden.key).toEqual(base.latents.data);
        const on = { ...plain, controls: controls!.map((control) => ({ ...control, start: 0, end: 1 })) };
        expect((await develop(on, name)).latents.data, golden.key).not.toEqual(base.latents.data);
      }
      await bare.close();
    },
  );
});

test('rows with and without controls share a call, and each is as it is alone', async () => {
  const asked: UnetRow[] = [];
  for (const request of [
    requestOne,
    uncontrolled,
    controlledRequest(controlCases.find(({ name, folder }) => name === 'adapter' && folder === 'sd-small')!, settingOf),
  ]) {
    await drive(developPicture({ ...request, steps: 1 }, factsOf(modelOf('sd-small').folder)), (ask) => {
      if (ask.kind === 'unet') asked.push(...ask.rows);
      return answer('sd-small', ask);
    });
  }
  expect(asked.map(({ control }) => [control?.skips != null, control?.levels != null])).toEqual([
    [true, false],
    [true, false],
    [false, false],
    [false, false],
    [false, true],
    [false, true],
  ]);
  const open = await modelOf('sd-small').open;
  const together = await open.unet(asked);
  for (const [at, row] of asked.entries()) {
    const [alone] = await open.unet([row]);
    expect(relativeDistance({ ...row.latents, data: together[at]! }, alone!)).toBeLessThan(1e-6);
  }
});

test('a map of the second pass is that of its size, and seamless pictures are drawn with seamless maps', async () => {
  const seen: string[] = [];
  const hires = {
    size: { widthPx: 144, heightPx: 96 },
    steps: 2,
    denoise: 0.7,
    latents: 'latent',
    upscaler: null,
  } as const;
  const secondMap = { height: 96, width: 144, data: new Float32Array(3 * 96 * 144) };
  const controls = requestOne.controls!.map((control) => ({ ...control, secondMap }));
  const request = { ...requestOne, steps: 2, hires, tile: true, controls };
  await drive(developPicture(request, factsOf(modelOf('sd-small').folder)), (ask) => {
    if (ask.kind === 'hint') seen.push(`hint ${ask.pixels.width}x${ask.pixels.height} ${ask.tile}`);
    if (ask.kind === 'control')
      seen.push(`control ${ask.rows[0]!.hint.width}x${ask.rows[0]!.hint.height} ${ask.rows[0]!.tile}`);
    return answer('sd-small', ask);
  });
  expect(seen).toEqual([
    'hint 96x64 true',
    'control 12x8 true',
    'control 12x8 true',
    'hint 144x96 true',
    'control 18x12 true',
    'control 18x12 true',
  ]);
});
