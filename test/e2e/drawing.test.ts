// Ways of drawing against diffusers, picture by picture: seamless edges, a second pass at a larger size, noise between two seeds, noise of a
// graphics card. Tolerances as in oracle.test.ts. And what no oracle has to say: edges that fit, batches that equal single runs.
import { afterAll, describe, expect, test } from 'vitest';
import { requestOfImage } from '../../src/core/noise.ts';
import type { SamplerName } from '../../src/core/request.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { modelFacts } from '../../src/diffusion/modelFacts.ts';
import { developPicture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { Batcher } from '../../src/worker/batcher.ts';
import {
  type DrawingCase,
  develop,
  drawingCases,
  FOLDERS,
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

const registry = scanModels(FOLDERS);
const names = [...new Set(drawingCases.map(({ folder }) => folder))];

function drawingRequest(golden: DrawingCase): PictureRequest {
  const { tile, hires, variation, gpu, sampler } = golden;
  return {
    ...requestOf(golden),
    tile,
    noiseSource: gpu === true ? 'gpu' : 'cpu',
    variation: variation === undefined ? null : { ...variation, resizeFrom: null },
    hires:
      hires === undefined
        ? null
        : {
            size: { widthPx: hires.width, heightPx: hires.height },
            steps: hires.steps,
            denoise: hires.denoise,
            latents: hires.upscaler,
            upscaler: null,
          },
    ...(gpu === true ? { schedule: sampler === 'ddim' ? 'leading' : 'linspace' } : {}),
  };
}

describe.each(names)('%s', (name) => {
  const folder = registry.open(name);
  const opening = openModel(folder, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());

  test.each(drawingCases.filter((golden) => golden.folder === name))('$sampler, $name', async (golden) => {
    const picture = await develop(drawingRequest(golden), await opening, folder);
    expect(relativeDistance(picture.latents, goldenLatents(golden))).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(worstByte(toBytes(picture.pixels), goldenPixels(golden))).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });
});

describe('whatever the noise', () => {
  const folder = registry.open('sd-small');
  const opening = openModel(folder, { provider: 'cpu', threads: 1 });
  afterAll(async () => (await opening).close());
  const facts = modelFacts(folder.scheduler, folder.vae.config);
  const plain = requestOf(drawingCases[0]!);

  const DRAWS: readonly SamplerName[] = ['euler_a', 'dpmpp_sde', 'dpmpp_2m_sde', 'dpmpp_3m_sde', 'lcm', 'dpm2_a'];

  test.each(DRAWS)('%s: image k of a batch is the single run with its seeds', async (sampler) => {
    const model = await opening;
    const networks = {
      text: async (prompts: readonly string[]) => prompts.map(() => WORDS),
      unet: model.unet,
      encode: async () => [],
      decode: model.decode,
    };
    const batcher = new Batcher({ budget: { unetCells: 4096, autoencoderCells: 4096 } });
    const asker = { job: 1, model: 'm', networks, signal: new AbortController().signal };
    const request: PictureRequest = {
      ...plain,
      sampler,
      steps: 3,
      noiseSource: 'gpu',
      variation: { seed: 3, strength: 0.3, resizeFrom: null },
      noiseSeedDelta: 31337,
    };
    const made = (k: number) =>
      drive(developPicture(requestOfImage(request, k), facts), (ask) => {
        if (ask.kind === 'resize') throw new Error('resize: not asked');
        return batcher.ask(asker, ask);
      });
    const together = await Promise.all([made(0), made(1)]);
    for (const [k, picture] of together.entries()) {
      const alone = await made(k);
      expect(relativeDistance(picture.latents, alone.latents.data)).toBeLessThan(1e-5);
    }
    expect(relativeDistance(together[0]!.latents, together[1]!.latents.data)).toBeGreaterThan(0.01);
  });

  test('a seamless picture has no more of an edge across its borders than inside', async () => {
    const seam = async (tile: boolean) => {
      const { pixels } = await develop({ ...plain, sampler: 'ddim', steps: 6, tile }, await opening, folder);
      return { across: columnStep(pixels, pixels.width - 1, 0), inside: columnStep(pixels, 20, 21) };
    };
    const [tiled, usual] = [await seam(true), await seam(false)];
    expect(tiled.across).toBeLessThan(2 * tiled.inside);
    expect(tiled.across).toBeLessThan(usual.across);
  });

  test('a second pass through pixels decodes, enlarges and encodes', async () => {
    const size = { widthPx: 96, heightPx: 64 };
    const hires = { size, steps: 2, denoise: 0.5, latents: null, upscaler: null };
    const asked: string[] = [];
    const model = await opening;
    const { pixels } = await drive(developPicture({ ...plain, steps: 2, hires }, facts), async (ask) => {
      asked.push(ask.kind);
      switch (ask.kind) {
        case 'text':
          return { kind: 'text', conditioning: WORDS };
        case 'unet':
          return { kind: 'unet', predictions: await model.unet(ask.rows) };
        case 'encode':
          return { kind: 'encode', ...(await model.encode(ask.pixels)) };
        case 'decode':
          return { kind: 'decode', pixels: (await model.decode([ask.latents]))[0]! };
        case 'resize':
          expect(ask.size).toEqual(size);
          return { kind: 'resize', pixels: { height: 64, width: 96, data: new Float32Array(3 * 64 * 96) } };
        default:
          throw new Error(ask.kind);
      }
    });
    expect([pixels.width, pixels.height]).toEqual([96, 64]);
    const order = ['unet', 'unet', 'decode', 'resize', 'encode', 'unet', 'unet', 'decode'];
    expect(asked.filter((kind) => kind !== 'text')).toEqual(order);
  });
});

/** One token that stands for any prompt. */
const WIDTH = registry.open('sd-small').unet.config.cross_attention_dim as number;
const WORDS = { tokens: 1, width: WIDTH, hidden: Float32Array.from({ length: WIDTH }, (_, i) => Math.sin(i)) };

/** Mean difference between two columns. */
function columnStep(
  { data, height, width }: { data: Float32Array; height: number; width: number },
  a: number,
  b: number,
) {
  const rows = Array.from({ length: 3 * height }, (_, row) =>
    Math.abs(data[row * width + a]! - data[row * width + b]!),
  );
  return rows.reduce((sum, step) => sum + step, 0) / rows.length;
}
