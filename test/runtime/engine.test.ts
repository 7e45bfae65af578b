// What the engine promises beside the numbers: order, grouping, own timesteps, errors that name the network.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { UnetRow } from '../../src/diffusion/asks.ts';
import { PROVIDERS } from '../../src/networks/dialect.ts';
import { lowered } from '../../src/networks/lowering.ts';
import { precisionsOf } from '../../src/networks/precision.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import { GraphBuilder } from '../../src/onnx/graph.ts';
import { add } from '../../src/onnx/ops.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { NetworkSession } from '../../src/runtime/session.ts';
import { readModelLayout } from '../../src/weights/modelFolder.ts';
import { FOLDERS, readGolden, relativeError, rowOf } from '../networks/goldenTensors.ts';
import { referenceGraph } from '../support/referenceGraph.ts';

const SETTINGS = { provider: 'cpu', threads: 1 } as const;
const layout = readModelLayout(FOLDERS, path.join(FOLDERS, 'sd-small'));

/** A row of noise; `height` and `tokens` decide which rows can share a call. */
function row(seed: number, height: number, tokens: number, timestep = 100 * seed): UnetRow {
  const noise = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(seed * 1000 + i * i));
  return {
    latents: { channels: 4, height, width: 8, data: noise(4 * height * 8) },
    timestep,
    conditioning: { tokens, width: 16, hidden: noise(tokens * 16) },
  };
}

describe('rows of different shapes in one call', () => {
  test('come back in order, each as if it had run alone', async () => {
    const model = await openModel(layout, SETTINGS);
    const rows = [row(1, 12, 77), row(2, 6, 77), row(3, 12, 77), row(4, 12, 9), row(5, 6, 77)];
    const together = await model.unet(rows);
    for (const [index, one] of rows.entries()) {
      const [alone] = await model.unet([one]);
      expect(together[index]).toHaveLength(one.latents.data.length);
      expect(relativeError(together[index]!, alone!)).toBeLessThan(1e-5);
    }
    await model.close();
  });

  test('no rows, no call', async () => {
    const model = await openModel(layout, SETTINGS);
    expect(await model.unet([])).toEqual([]);
    expect(await model.text([])).toEqual([]);
    expect(await model.decode([])).toEqual([]);
    await model.close();
  });

  test('the timestep of a row is its own', async () => {
    const model = await openModel(layout, SETTINGS);
    const [a, b] = await model.unet([row(1, 12, 9, 999), row(1, 12, 9, 1)]);
    expect(relativeError(a!, b!)).toBeGreaterThan(0.01);
    await model.close();
  });
});

describe('graphs written for other providers compute the same', () => {
  const golden = readGolden('sd-small');
  const [sample, conditioning] = [golden('sample'), golden('conditioning')];

  test.each(PROVIDERS.flatMap((provider) => precisionsOf(provider).map((precision) => [provider, precision] as const)))(
    '%s, %s',
    async (provider, precision) => {
      const graph = lowered(buildUnet(layout.unet, provider), provider, precision);
      const session = await NetworkSession.open(referenceGraph(graph), SETTINGS);
      const { prediction } = await session.run({
        sample: { data: sample.data, dims: sample.shape },
        timestep: { data: golden('timestep').data, dims: [3] },
        conditioning: { data: conditioning.data, dims: conditioning.shape },
      });
      const tolerance = precision === 'fp32' ? 1e-4 : 1e-2;
      expect(relativeError(prediction!, golden('prediction').data)).toBeLessThan(tolerance);
      await session.close();
    },
  );
});

describe('errors of the runtime name the network', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'darkroom-engine-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a weights file that ends too early', async () => {
    const file = path.join(folder, 'short.safetensors');
    writeFileSync(file, Buffer.alloc(10));
    const g = new GraphBuilder('unet');
    const weight = g.weight('w', 'f32', [1000], { file, offset: 0, sizeBytes: 4000 }, 'f32');
    g.output('y', add(g, g.input('x', 'f32', [1000]), weight));
    const opening = NetworkSession.open(g.build(), SETTINGS);
    await expect(opening).rejects.toMatchObject({ code: 'runtime_failed', details: { network: 'unet' } });
    await expect(opening).rejects.toThrow('unet: could not be loaded: ');
  });

  test('an input of the wrong width', async () => {
    const model = await openModel(layout, SETTINGS);
    const wrong = { ...row(1, 12, 9), conditioning: { tokens: 9, width: 15, hidden: new Float32Array(9 * 15) } };
    await expect(model.unet([wrong])).rejects.toThrow('unet: failed while running: ');
    await model.close();
  });

  test('a call after closing', async () => {
    const model = await openModel(layout, SETTINGS);
    await model.close();
    await expect(
      model.text([rowOf(readGolden('sd-small')('token_ids'), 0)].map((ids) => Int32Array.from(ids))),
    ).rejects.toThrow('text_encoder: called after it was closed');
  });
});
