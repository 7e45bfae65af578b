// Repainting and editing against diffusers' StableDiffusionInpaintPipeline and StableDiffusionInstructPix2PixPipeline, picture by picture:
// networks of 4, 9 and 8 input channels, folders and a single file. diffusers painted two at a time; each is compared with a single run of ours.
import { afterAll, describe, expect, test } from 'vitest';
import { drive } from '../../src/diffusion/drive.ts';
import { developPicture, type Picture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import type { ModelFolder } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { factsOf } from '../../src/worker/modelShelf.ts';
import {
  INPAINTING_MODELS,
  inpaintingCases,
  recordedArray,
  repaintedLatents,
  repaintRequest,
} from '../support/goldenInpainting.ts';
import { answerWith, FOLDERS, relativeDistance, toBytes, worstByte } from '../support/goldenPipelines.ts';
import { type Distance, layoutTable, writeOracleSection } from '../support/oracleTable.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const LAYOUTS: Readonly<Record<string, string>> = {
  'sd-small': 'SD 1.x folder under a mask, fp32',
  'v-linear': 'v-predicting folder under a mask, fp16',
  inpaint9: 'inpainting folder (9 channels), fp16',
  'inpaint9-one': 'inpainting single file (9 channels), fp16',
  pix2pix: 'instruct-pix2pix folder (8 channels), fp16',
};
const distances = new Map<readonly [string, string], Distance>();
afterAll(() => writeOracleSection('Repainting and editing by layout', layoutTable(distances)));

const registries = [scanModels(INPAINTING_MODELS), scanModels(FOLDERS)];

function open(name: string): ModelFolder {
  return registries.find(({ cards }) => cards.some((card) => card.name === name))!.open(name);
}

function develop(request: PictureRequest, model: OpenModel, folder: ModelFolder): Promise<Picture> {
  return drive(developPicture(request, factsOf(folder)), (ask) => answerWith(model, folder, ask));
}

describe.each([...new Set(inpaintingCases.map(({ folder }) => folder))])('%s', (name) => {
  const folder = open(name);
  const opening = openModel(folder, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());

  test.each(inpaintingCases.filter((golden) => golden.folder === name))(
    '$sampler, $name, seed $seed',
    async (golden) => {
      const picture = await develop(repaintRequest(golden), await opening, folder);
      const latents = relativeDistance(picture.latents, repaintedLatents(golden));
      const expected = golden.isPixels ? recordedArray(`${golden.key}/pixels`).bytes : null;
      const bytes = expected === null ? 0 : worstByte(toBytes(picture.pixels), expected);
      distances.set([LAYOUTS[name]!, golden.sampler], { latents, bytes });
      expect(latents).toBeLessThanOrEqual(LATENT_TOLERANCE);
      expect(bytes).toBeLessThanOrEqual(PIXEL_TOLERANCE);
    },
  );
});
