// The families and layouts beyond test/golden/folders against diffusers, picture by picture: Stable Diffusion 2.x with zero terminal SNR and
// rescaled guidance. Tolerances as in oracle.test.ts.
import { afterAll, describe, expect, test } from 'vitest';
import { openModel } from '../../src/runtime/engine.ts';
import { scanModels } from '../../src/weights/registry.ts';
import {
  develop,
  FAMILY_MODELS,
  familyCases,
  goldenLatents,
  goldenPixels,
  relativeDistance,
  requestOf,
  toBytes,
  worstByte,
} from '../support/goldenPipelines.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const registry = scanModels(FAMILY_MODELS);
const models = [...new Set(familyCases.map(({ folder }) => folder))].filter((name) => name === 'sd2-zsnr');

describe.each(models)('%s makes the pictures diffusers makes', (name) => {
  const folder = registry.open(name);
  const opening = openModel(folder, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());

  test.each(familyCases.filter((golden) => golden.folder === name))('$sampler, $name', async (golden) => {
    const picture = await develop(requestOf(golden), await opening, folder, golden.rescale);
    expect(relativeDistance(picture.latents, goldenLatents(golden))).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(worstByte(toBytes(picture.pixels), goldenPixels(golden))).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });

  test('the hints of a folder are what its pictures are made with', async () => {
    const golden = familyCases.find((one) => one.folder === name && one.rescale === folder.guidanceRescale)!;
    const picture = await develop(requestOf(golden), await opening, folder);
    expect(relativeDistance(picture.latents, goldenLatents(golden))).toBeLessThanOrEqual(LATENT_TOLERANCE);
  });
});
