// Controls together with masks, start pictures, LoRAs and one another, against diffusers' ControlNet pipelines for inpainting and image-to-image:
// networks of 4 and of 9 input channels. Tolerances as in oracle.test.ts.
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openControlBench } from '../support/controlBench.ts';
import {
  controlledLatents,
  controlledPixels,
  goldenHole,
  repaintedCases,
  repaintedRequest,
} from '../support/goldenControls.ts';
import { relativeDistance, toBytes, worstByte } from '../support/goldenPipelines.ts';
import { makeRepaintedModels } from '../support/madeControls.ts';
import { type Distance, layoutTable, writeOracleSection } from '../support/oracleTable.ts';

vi.setConfig({ testTimeout: 240_000 });

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const LAYOUTS: Readonly<Record<string, string>> = {
  'sd-small': 'SD 1.x folder, fp32',
  inpaint9: 'SD 1.x inpainting folder (9 channels), fp16',
  base: 'XL folder, fp32',
  'xl-inpaint': 'XL inpainting folder (9 channels), fp32',
};
const bench = openControlBench(makeRepaintedModels());
const distances = new Map<readonly [string, string], Distance>();
afterAll(() => bench.close());
afterAll(() => writeOracleSection('Controls with masks, start pictures and LoRAs by model', layoutTable(distances)));

test('a network for models that are shown no mask serves those that are', () => {
  expect(bench.registry.refused).toEqual([]);
  const fits = new Map(bench.library.cards.map((card) => [card.name, card.fits]));
  expect(fits.get('inpaint9-canny')).toEqual(['inpaint9']);
  expect(fits.get('xl-canny')).toEqual(['base', 'xl-inpaint']);
});

describe('makes the pictures diffusers makes', () => {
  test.each(repaintedCases)('$folder, $sampler, $name', async (golden) => {
    const picture = await bench.develop(repaintedRequest(golden, bench.settingOf), golden.folder, bench.loraOf(golden));
    const latents = relativeDistance(picture.latents, controlledLatents(golden));
    const bytes = worstByte(toBytes(picture.pixels), controlledPixels(golden));
    distances.set([LAYOUTS[golden.folder]!, golden.name], { latents, bytes });
    expect(latents).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(bytes).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });
});

describe('strength 0 is the same without controls, to the bit', () => {
  test.each(repaintedCases.filter(({ name }) => name.startsWith('masked')))(
    '$folder, $sampler, $name',
    async (golden) => {
      const { controls, ...rest } = repaintedRequest(golden, bench.settingOf);
      const plain = { ...rest, steps: 2 };
      const loras = bench.loraOf(golden);
      const without = await bench.develop(plain, golden.folder, loras);
      const off = { ...plain, controls: controls!.map((control) => ({ ...control, strength: 0 })) };
      expect((await bench.develop(off, golden.folder, loras)).latents.data).toEqual(without.latents.data);
      const whole = { ...plain, controls: controls!.map((control) => ({ ...control, start: 0, end: 1 })) };
      const on = await bench.develop(whole, golden.folder, loras);
      expect(relativeDistance(on.latents, without.latents.data)).toBeGreaterThan(LATENT_TOLERANCE);
    },
  );
});

test('the hole in the map of kind inpaint is seen by the network', async () => {
  const golden = repaintedCases.find(({ hole }) => hole)!;
  const request = repaintedRequest(golden, bench.settingOf);
  const map = { ...goldenHole, data: goldenHole.data.map((value) => Math.max(-1, value)) };
  const filled = { ...request, controls: request.controls!.map((control) => ({ ...control, map })) };
  const { latents } = await bench.develop(filled, golden.folder);
  expect(relativeDistance(latents, controlledLatents(golden))).toBeGreaterThan(10 * LATENT_TOLERANCE);
});
