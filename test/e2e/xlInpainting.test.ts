// Repainting and editing with SDXL against diffusers' StableDiffusionXLInpaintPipeline and StableDiffusionXLInstructPix2PixPipeline: networks
// of 9 and of 8 input channels. Tolerances as in inpainting.test.ts.
import { rm } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { drive } from '../../src/diffusion/drive.ts';
import { developPicture } from '../../src/diffusion/pipeline.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { factsOf } from '../../src/worker/modelShelf.ts';
import { recordedArray, repaintedLatents, repaintRequest, xlInpaintingCases } from '../support/goldenInpainting.ts';
import { answerWith, relativeDistance, toBytes, worstByte } from '../support/goldenPipelines.ts';
import { makeXlPictureModels } from '../support/madeModels.ts';
import { type Distance, layoutTable, writeOracleSection } from '../support/oracleTable.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const LAYOUTS: Readonly<Record<string, string>> = {
  'xl-inpaint': 'XL inpainting folder (9 channels), fp32',
  'xl-pix2pix': 'XL instruct-pix2pix folder (8 channels), fp32',
};

const folder = makeXlPictureModels();
const registry = scanModels(folder);
afterAll(() => rm(folder, { recursive: true }));
const distances = new Map<readonly [string, string], Distance>();
afterAll(() => writeOracleSection('Repainting and editing with Stable Diffusion XL by layout', layoutTable(distances)));

test('both are listed as models that are shown a picture', () => {
  expect(registry.refused).toEqual([]);
  expect(registry.cards.map(({ name, family }) => [name, family])).toEqual([
    ['xl-inpaint', 'sdxl'],
    ['xl-pix2pix', 'sdxl'],
  ]);
});

describe.each(Object.keys(LAYOUTS))('%s', (name) => {
  const model = registry.open(name);
  const opening = openModel(model, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());

  test.each(xlInpaintingCases.filter((golden) => golden.folder === name))('$sampler, $name', async (golden) => {
    const opened = await opening;
    const picture = await drive(developPicture(repaintRequest(golden), factsOf(model)), (ask) =>
      answerWith(opened, model, ask),
    );
    const latents = relativeDistance(picture.latents, repaintedLatents(golden));
    const bytes = worstByte(toBytes(picture.pixels), recordedArray(`${golden.key}/pixels`).bytes);
    distances.set([LAYOUTS[name]!, golden.sampler], { latents, bytes });
    expect(latents).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(bytes).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });
});
