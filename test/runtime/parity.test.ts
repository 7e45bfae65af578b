// Every network of every golden folder against diffusers and transformers, number by number. Tolerance: 1e-4 of the largest number; single
// precision in another order of summation gives some 1e-6.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { UnetRow } from '../../src/diffusion/asks.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import { readModelLayout } from '../../src/weights/modelFolder.ts';
import { FOLDERS, type GoldenTensor, readGolden, relativeError, rowOf } from '../networks/goldenTensors.ts';

const TOLERANCE = 1e-4;

describe.each(readdirSync(FOLDERS))('%s', (folder) => {
  const golden = readGolden(folder);
  const opening = openModel(readModelLayout(FOLDERS, path.join(FOLDERS, folder)), { provider: 'cpu', threads: 2 });
  afterAll(async () => (await opening).close());

  test('text encoder', async () => {
    const model = await opening;
    const ids = golden('token_ids');
    const prompts = [0, 1].map((row) => Int32Array.from(rowOf(ids, row)));
    const results = await model.text(prompts);
    expect([results[0]!.tokens, results[0]!.width]).toEqual(golden('hidden').shape.slice(1));
    expectRows(
      results.map(({ hidden }) => hidden),
      golden('hidden'),
    );
  });

  test('U-Net, a batch with its own timestep and prompt in every row', async () => {
    const predictions = await (await opening).unet(unetRows(golden));
    expectRows(predictions, golden('prediction'));
  });

  test('U-Net, one row alone', async () => {
    const model: OpenModel = await opening;
    const [prediction] = await model.unet([unetRows(golden)[1]!]);
    expect(relativeError(prediction!, rowOf(golden('prediction'), 1))).toBeLessThan(TOLERANCE);
  });

  test('autoencoder, pixels to latents', async () => {
    const pixels = golden('pixels');
    const [, , height, width] = pixels.shape as [number, number, number, number];
    const { mean, std } = await (await opening).encode({ height, width, data: pixels.data });
    expect([mean.channels, mean.height, mean.width]).toEqual(golden('mean').shape.slice(1));
    expectRows([mean.data], golden('mean'));
    expectRows([std], golden('std'));
  });

  test('autoencoder, latents to pixels', async () => {
    const latents = golden('latents');
    const [, channels, height, width] = latents.shape as [number, number, number, number];
    const rows = [0, 1].map((row) => ({ channels, height, width, data: rowOf(latents, row) }));
    const pictures = await (await opening).decode(rows);
    expect([pictures[0]!.height, pictures[0]!.width]).toEqual(golden('decoded').shape.slice(2));
    expectRows(
      pictures.map(({ data }) => data),
      golden('decoded'),
    );
  });
});

function unetRows(golden: (name: string) => GoldenTensor): UnetRow[] {
  const [sample, conditioning] = [golden('sample'), golden('conditioning')];
  const [rows, channels, height, width] = sample.shape as [number, number, number, number];
  const [, tokens, conditioningWidth] = conditioning.shape as [number, number, number];
  return Array.from({ length: rows }, (_, row) => ({
    latents: { channels, height, width, data: rowOf(sample, row) },
    timestep: golden('timestep').data[row]!,
    conditioning: { tokens, width: conditioningWidth, hidden: rowOf(conditioning, row) },
  }));
}

function expectRows(found: readonly Float32Array[], expected: GoldenTensor): void {
  expect(found.length).toBe(expected.shape[0]);
  for (const [row, data] of found.entries()) expect(relativeError(data, rowOf(expected, row))).toBeLessThan(TOLERANCE);
}
