// Image k of a batch is the single run with seed + k, through real networks: rows of several pictures share every U-Net call.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SAMPLERS, seedOfImage } from '../../src/core/request.ts';
import type { Answer, Ask } from '../../src/diffusion/asks.ts';
import { modelFacts } from '../../src/diffusion/modelFacts.ts';
import { developPicture, type Picture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { answerWith, develop, FOLDERS, relativeDistance, toBytes, worstByte } from '../support/goldenPipelines.ts';

/** A batch is summed in another order than a row alone: some 1e-6, magnified by six guided steps. */
const TOLERANCE = 1e-4;

const folder = scanModels(FOLDERS).open('sd-small');
let model: OpenModel;
beforeAll(async () => {
  model = await openModel(folder, { provider: 'cpu', threads: 1 });
});
afterAll(() => model.close());

const REQUEST: PictureRequest = {
  prompt: 'two cats look at the moon',
  negativePrompt: 'blurry',
  size: { widthPx: 96, heightPx: 64 },
  steps: 6,
  guidance: 5,
  seed: 2 ** 32 - 2,
  sampler: 'ddim',
  start: null,
};

/** Advances all pictures ask by ask; the rows of their U-Net asks go into one call. */
async function developTogether(requests: readonly PictureRequest[]): Promise<Picture[]> {
  const facts = modelFacts(folder.scheduler, folder.vae.config);
  const pipelines = requests.map((request) => developPicture(request, facts));
  let results = pipelines.map((pipeline) => pipeline.next());
  while (!results.every(({ done }) => done)) {
    const answers = await answerAll(results.map(({ value }) => value as Ask));
    results = pipelines.map((pipeline, k) => pipeline.next(answers[k]!));
  }
  return results.map(({ value }) => value as Picture);
}

async function answerAll(asks: readonly Ask[]): Promise<Answer[]> {
  const rows = asks.flatMap((ask) => (ask.kind === 'unet' ? ask.rows : []));
  if (rows.length === 0) return Promise.all(asks.map((ask) => answerWith(model, folder, ask)));
  const predictions = await model.unet(rows);
  const perAsk = predictions.length / asks.length;
  return asks.map((_, k) => ({ kind: 'unet', predictions: predictions.slice(k * perAsk, (k + 1) * perAsk) }));
}

test.each(SAMPLERS)('%s', async (sampler) => {
  const requests = [0, 1, 2].map((k) => ({ ...REQUEST, sampler, seed: seedOfImage(REQUEST.seed, k) }));
  expect(requests.map(({ seed }) => seed)).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0]);
  const together = await developTogether(requests);
  for (const [k, request] of requests.entries()) {
    const alone = await develop(request, model, folder);
    expect(relativeDistance(together[k]!.latents, alone.latents.data)).toBeLessThan(TOLERANCE);
    expect(worstByte(toBytes(together[k]!.pixels), toBytes(alone.pixels))).toBeLessThanOrEqual(1);
  }
  expect(relativeDistance(together[0]!.latents, together[1]!.latents.data)).toBeGreaterThan(0.1);
});
