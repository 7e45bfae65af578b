// Autoencoders that models share: in the place of the model's own, whatever layout they come in.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { readAutoencoderFolder } from '../../src/weights/autoencoderPart.ts';
import { readModelLayout } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { readGolden, relativeError, rowOf } from '../networks/goldenTensors.ts';
import { sdFolder } from './makeFolder.ts';
import { modelsFolder, safetensorsOf } from './makeSafetensors.ts';

const ORIGINAL = {
  'encoder.conv_in.weight': [8, 3, 3, 3],
  'encoder.down.0.block.0.conv1.weight': [8],
  'encoder.down.1.block.0.conv1.weight': [16],
  'decoder.up.1.block.0.conv1.weight': [16],
  'decoder.conv_in.weight': [16, 4, 3, 3],
  'decoder.conv_out.weight': [3, 8, 3, 3],
  'loss.logvar': [1],
};
const hinted = (vae: string, files: object = {}) => ({ ...sdFolder('m', { 'darkroom.json': { vae } }), ...files });

describe('an autoencoder of models/vaes', () => {
  test.each([
    ['as a single file', ORIGINAL],
    [
      'cut out of a checkpoint',
      Object.fromEntries(Object.entries(ORIGINAL).map(([name, shape]) => [`first_stage_model.${name}`, shape])),
    ],
  ])('%s', (_, shapes) => {
    const folder = modelsFolder(hinted('mse', { 'vaes/mse.safetensors': safetensorsOf(shapes) }));
    const { vae, card } = readModelLayout(folder, path.join(folder, 'm'));
    expect(vae.config).toMatchObject({ block_out_channels: [8, 16], latent_channels: 4, scaling_factor: 0.18215 });
    expect([...vae.tensors.names()]).toContain('decoder.up_blocks.0.resnets.0.conv1.weight');
    expect([...vae.tensors.names()]).not.toContain('loss.logvar');
    expect(card.sizeStepPx).toBe(8);
  });

  test('in the diffusers layout, TAESD with the defaults of its class', () => {
    const files = {
      'vaes/taesd/config.json': { _class_name: 'AutoencoderTiny' },
      'vaes/taesd/diffusion_pytorch_model.safetensors': safetensorsOf({ 'decoder.layers.0.bias': [64] }),
    };
    const folder = modelsFolder(hinted('taesd', files));
    const { vae } = scanModels(folder).open('m');
    expect(vae.config).toMatchObject({ block_out_channels: [64, 64, 64, 64], scaling_factor: 1 });
  });

  test.each<[string, object, RegExp]>([
    ['not there', hinted('gone'), /^vaes\/gone.safetensors: there is no such file/],
    ['a path', hinted('../x'), /^m\/darkroom.json: vae: /],
    [
      'of another class',
      hinted('vq', { 'vaes/vq/config.json': { _class_name: 'VQModel' } }),
      /^vaes\/vq\/config.json: _class_name is "VQModel", expected one of AutoencoderKL, AutoencoderTiny/,
    ],
    [
      'of another number of channels',
      hinted('wide', {
        'vaes/wide.safetensors': safetensorsOf({ ...ORIGINAL, 'decoder.conv_in.weight': [16, 16, 3, 3] }),
      }),
      /does not fit its autoencoder/,
    ],
  ])('%s', (_, files, reason) => {
    const registry = scanModels(modelsFolder(files as Readonly<Record<string, object>>));
    expect(registry.refused.map((entry) => entry.reason)).toEqual([expect.stringMatching(reason)]);
  });
});

test('TAESD computes what diffusers computes', async () => {
  const families = path.join(ROOT, 'test/golden/families');
  const models = path.join(families, 'models');
  const { textEncoder, unet } = readModelLayout(models, path.join(models, 'sd2-zsnr'));
  const vae = readAutoencoderFolder(families, path.join(families, 'vaes/tiny'));
  const model = await openModel({ textEncoder, unet, vae }, { provider: 'cpu', threads: 1 });
  const golden = readGolden('tiny', families);
  const { mean, std } = await model.encode({ height: 64, width: 96, data: golden('pixels').data });
  expect([mean.channels, mean.height, mean.width, std.length]).toEqual([4, 8, 12, 0]);
  expect(relativeError(mean.data, golden('encoded').data)).toBeLessThan(1e-4);
  const latents = [0, 1].map((row) => ({ channels: 4, height: 4, width: 6, data: rowOf(golden('latents'), row) }));
  for (const [row, { height, width, data }] of (await model.decode(latents)).entries()) {
    expect([height, width]).toEqual([32, 48]);
    expect(relativeError(data, rowOf(golden('decoded'), row))).toBeLessThan(1e-4);
  }
  await model.close();
});
