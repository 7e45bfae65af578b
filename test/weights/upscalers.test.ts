// Files under models/upscalers: told from their tensors, refused with the reason, and recognised where they do not belong.
import { cpSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildUpscaler } from '../../src/networks/esrgan.ts';
import { ROOT } from '../../src/root.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { readUpscaler, scanUpscalers } from '../../src/weights/upscalers.ts';
import { modelsFolder, safetensorsOf } from './makeSafetensors.ts';

const GOLDEN = path.join(ROOT, 'test/golden/upscalers/models');

/** Shapes of the published networks: 64 features, dense blocks that grow by 32. */
function rrdbNet(blocks: number, colours = 3): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  const conv = (name: string, out: number, channels: number) => {
    shapes[`${name}.weight`] = [out, channels, 3, 3];
    shapes[`${name}.bias`] = [out];
  };
  conv('conv_first', 64, colours);
  for (let block = 0; block < blocks; block++) {
    for (const dense of [1, 2, 3]) {
      for (const step of [1, 2, 3, 4]) conv(`body.${block}.rdb${dense}.conv${step}`, 32, 64 + 32 * (step - 1));
      conv(`body.${block}.rdb${dense}.conv5`, 64, 64 + 4 * 32);
    }
  }
  for (const name of ['conv_body', 'conv_up1', 'conv_up2', 'conv_hr']) conv(name, 64, 64);
  conv('conv_last', 3, 64);
  return shapes;
}

function folderWith(shapes: Readonly<Record<string, readonly number[]>>): string {
  return modelsFolder({ 'upscalers/it.safetensors': safetensorsOf(shapes) });
}

const reasonOf = (folder: string) => scanUpscalers(folder).refused[0]?.reason;

describe('what a file is', () => {
  test.each([
    ['x4plus_anime_6B', 6, 3, 4, 192],
    ['x2plus', 3, 12, 2, 102],
    ['x1', 1, 48, 1, 42],
  ] as const)('%s', (_, blocks, colours, scale, tensors) => {
    const folder = folderWith(rrdbNet(blocks, colours));
    const [card] = scanUpscalers(folder).cards;
    expect(card).toEqual({ name: 'it', scale });
    const { part } = readUpscaler(folder, path.join(folder, 'upscalers/it.safetensors'));
    expect(part.config).toMatchObject({ features: 64, growth: 32, blocks });
    expect(buildUpscaler(part, 'cpu').weights).toHaveLength(tensors);
  });

  test('wrapped names, as converters leave them', () => {
    const wrapped = Object.fromEntries(
      Object.entries(rrdbNet(1)).map(([name, shape]) => [`params_ema.${name}`, shape]),
    );
    expect(scanUpscalers(folderWith(wrapped)).cards).toEqual([{ name: 'it', scale: 4 }]);
  });
});

describe('what cannot be used is refused with the reason', () => {
  test('another kind of model', () => {
    expect(reasonOf(folderWith({ emb_params: [2, 768] }))).toContain(
      'upscalers/it.safetensors: is a textual inversion embedding; upscalers takes ESRGAN',
    );
    expect(reasonOf(folderWith({ 'layers.0.attn.weight': [4, 4] }))).toContain('is no model known here');
  });

  test('a network for other pictures than colour ones', () => {
    expect(reasonOf(folderWith(rrdbNet(1, 1)))).toContain('conv_first.weight takes 1 channels');
  });

  test('a pickle, with what to do about it', () => {
    const folder = modelsFolder({ 'upscalers/RealESRGAN_x4plus.pth': 'PK\x03\x04' });
    expect(reasonOf(folder)).toMatch(/^upscalers\/RealESRGAN_x4plus.pth: is a PyTorch pickle.*weights_only=True/);
  });

  test('a broken or cut file', () => {
    const whole = safetensorsOf(rrdbNet(1));
    const folder = modelsFolder({ 'upscalers/it.safetensors': whole.subarray(0, whole.length - 100) });
    expect(reasonOf(folder)).toContain('is the download complete?');
  });

  test('a name nobody has', () => {
    expect(() => scanUpscalers(GOLDEN).open('../x4plus')).toThrow(
      'upscaler "../x4plus": not found, known are: x1compact',
    );
  });
});

test('in the models folder itself it is told where it belongs', () => {
  const folder = modelsFolder({});
  for (const name of ['x4plus', 'x4old', 'x4bsrgan', 'x4compact']) {
    cpSync(path.join(GOLDEN, `upscalers/${name}.safetensors`), path.join(folder, `${name}.safetensors`));
  }
  const { cards, refused } = scanModels(folder);
  expect(cards).toEqual([]);
  expect(refused).toHaveLength(4);
  for (const { reason } of refused) expect(reason).toContain('is an upscaler (ESRGAN); it enlarges pictures');
});
