// Whole pictures as a graphics card with half precision would make them, computed here (support/referenceGraph.ts): as good as the CPU's with
// the steps that stay in single precision, and none at all without them where numbers do not fit.
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { autoencoderPrecision } from '../../src/networks/precision.ts';
import { type ModelParts, openModel } from '../../src/runtime/engine.ts';
import type { SessionSettings } from '../../src/runtime/session.ts';
import { type Part, readModelLayout } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { FOLDERS, relativeError } from '../networks/goldenTensors.ts';
import {
  develop,
  FAMILY_MODELS,
  familyCases,
  relativeDistance,
  requestOf,
  toBytes,
  worstByte,
} from '../support/goldenPipelines.ts';
import { usual, wave, writeTensors } from '../support/writtenParts.ts';

vi.mock(import('../../src/networks/lowering.ts'), async (original) => {
  const [{ lowered }, { referenceGraph }] = [await original(), await import('../support/referenceGraph.ts')];
  return { lowered: (...call) => referenceGraph(lowered(...call)) };
});
vi.mock(import('../../src/networks/dialect.ts'), async (original) => ({
  ...(await original()),
  executionProvider: () => 'cpu',
}));

/** Of the length of the latents, after all steps. */
const LATENT_TOLERANCE = 2e-2;
/** Of 255. */
const PIXEL_TOLERANCE = 6;

const registry = scanModels(FAMILY_MODELS);
const SMALL = readModelLayout(FOLDERS, path.join(FOLDERS, 'sd-small'));

async function picture(name: string, settings: Pick<SessionSettings, 'provider' | 'precision'>) {
  const golden = familyCases.find((one) => one.folder === name && one.name === 'image')!;
  const folder = registry.open(name);
  const model = await openModel(folder, { ...settings, threads: 1 });
  const made = await develop(requestOf(golden), model, folder, golden.rescale);
  await model.close();
  return made;
}

describe.each(['sd1', 'sd2-zsnr'])('%s', (name) => {
  const expected = picture(name, { provider: 'cpu' });

  test.each(['cuda', 'webgpu', 'dml'] as const)(
    'in half precision, as written for %s, its pictures are those of the CPU',
    async (provider) => {
      const found = await picture(name, { provider, precision: 'fp16' });
      const { latents, pixels } = await expected;
      expect(relativeDistance(found.latents, latents.data)).toBeLessThan(LATENT_TOLERANCE);
      expect(worstByte(toBytes(found.pixels), toBytes(pixels))).toBeLessThanOrEqual(PIXEL_TOLERANCE);
    },
    180_000,
  );
});

/** Its residual stream grows beyond 65504, as SDXL's does; the norms behind bring it back. */
function overflowing(): Part {
  const { config, tensors } = SMALL.vae;
  const shapes = Object.fromEntries([...tensors.names()].map((name) => [name, tensors.get(name)!.shape]));
  const isLarge = (name: string) => name === 'decoder.mid_block.resnets.0.conv2.weight';
  return {
    config,
    tensors: writeTensors(shapes, 'F32', (name, ...at) => usual(name, ...at) * (isLarge(name) ? 1e6 : 1)),
  };
}

describe('an autoencoder whose numbers do not fit into half precision', () => {
  const vae = overflowing();
  const latents = {
    channels: 4,
    height: 3,
    width: 5,
    data: Float32Array.from({ length: 60 }, (_, at) => wave('x', at)),
  };
  const decode = async (parts: Partial<ModelParts>, settings: Pick<SessionSettings, 'provider' | 'precision'>) => {
    const model = await openModel({ ...SMALL, vae, ...parts }, { ...settings, threads: 1 });
    const [pixels] = await model.decode([latents]);
    await model.close();
    return pixels!.data;
  };
  const expected = decode({}, { provider: 'cpu' });

  test.each(['cuda', 'webgpu', 'dml'] as const)('makes no picture in it on %s', async (provider) => {
    const data = await decode({}, { provider, precision: 'fp16' });
    expect(data.every(Number.isFinite)).toBe(false);
  });

  test.each([
    ['a single file says nothing', { ...vae.config, force_upcast: undefined }],
    ['a folder says force_upcast', { ...vae.config, force_upcast: true }],
  ] as const)('makes its picture in single precision where it is SDXL: %s', async (_, config) => {
    for (const provider of ['cuda', 'webgpu', 'dml'] as const) {
      const data = await decode({ family: 'sdxl', vae: { ...vae, config } }, { provider, precision: 'fp16' });
      expect(relativeError(data, await expected)).toBeLessThan(1e-4);
    }
  });

  test('is computed in half precision where a config says that it fits', () => {
    const part = (config: Part['config']) => ({ ...vae, config });
    expect(autoencoderPrecision(part({ force_upcast: false }), 'sdxl', 'fp16')).toBe('fp16');
    expect(autoencoderPrecision(part({ force_upcast: true }), 'sdxl-refiner', 'fp16')).toBe('fp32');
    expect(autoencoderPrecision(part({}), 'sdxl', 'fp16')).toBe('fp32');
    expect(autoencoderPrecision(part({ _class_name: 'AutoencoderTiny' }), 'sdxl', 'fp16')).toBe('fp16');
  });

  test('the flag means nothing in other families: diffusers writes it into every config', () => {
    expect(vae.config.force_upcast).toBe(true);
    expect(autoencoderPrecision(vae, 'sd1', 'fp16')).toBe('fp16');
    expect(autoencoderPrecision(vae, 'sd1')).toBe('fp32');
  });
});
