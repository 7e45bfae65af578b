// Repainting and editing against diffusers' StableDiffusionInpaintPipeline and StableDiffusionInstructPix2PixPipeline, picture by picture:
// networks of 4, 9 and 8 input channels, folders and a single file. diffusers painted two at a time; each is compared with a single run of ours.
import { afterAll, describe, expect, test } from 'vitest';
import { drive } from '../../src/diffusion/drive.ts';
import { modelFacts } from '../../src/diffusion/modelFacts.ts';
import { developPicture, type Picture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import type { ModelFolder } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
import {
  INPAINTING_MODELS,
  inpaintingCases,
  recordedArray,
  repaintedLatents,
  repaintRequest,
} from '../support/goldenInpainting.ts';
import { answerWith, FOLDERS, relativeDistance, toBytes, worstByte } from '../support/goldenPipelines.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const registries = [scanModels(INPAINTING_MODELS), scanModels(FOLDERS)];

function open(name: string): ModelFolder {
  return registries.find(({ cards }) => cards.some((card) => card.name === name))!.open(name);
}

function develop(request: PictureRequest, model: OpenModel, folder: ModelFolder): Promise<Picture> {
  const { needs } = folder.card;
  const facts = modelFacts(folder.scheduler, folder.vae.config, 0, needs === undefined ? {} : { needs });
  return drive(developPicture(request, facts), (ask) => answerWith(model, folder, ask));
}

describe.each([...new Set(inpaintingCases.map(({ folder }) => folder))])('%s', (name) => {
  const folder = open(name);
  const opening = openModel(folder, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());

  test.each(inpaintingCases.filter((golden) => golden.folder === name))(
    '$sampler, $name, seed $seed',
    async (golden) => {
      const picture = await develop(repaintRequest(golden), await opening, folder);
      expect(relativeDistance(picture.latents, repaintedLatents(golden))).toBeLessThanOrEqual(LATENT_TOLERANCE);
      if (!golden.isPixels) return;
      const expected = recordedArray(`${golden.key}/pixels`).bytes;
      expect(worstByte(toBytes(picture.pixels), expected)).toBeLessThanOrEqual(PIXEL_TOLERANCE);
    },
  );
});
