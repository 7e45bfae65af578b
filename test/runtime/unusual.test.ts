// Config fields the three folders do not use, against diffusers: lists that differ from level to level, no middle block, odd sizes, bfloat16.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildDecoder, buildEncoder } from '../../src/networks/autoencoderKl.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { NetworkSession } from '../../src/runtime/session.ts';
import type { Part } from '../../src/weights/modelFolder.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { RECORDED, readGolden, relativeError } from '../networks/goldenTensors.ts';

const UNUSUAL = path.join(RECORDED, 'unusual');
/** Single precision in another order of summation gives some 1e-6. */
const TOLERANCE = 1e-4;

function readPart(name: string): Part {
  const config = JSON.parse(readFileSync(path.join(UNUSUAL, name, 'config.json'), 'utf8'));
  return { config, tensors: openSafetensors(UNUSUAL, path.join(UNUSUAL, name, 'diffusion_pytorch_model.safetensors')) };
}

/** Runs the graph on the recorded inputs and compares every output with the recorded one. */
async function compare(graph: Graph, name: string, pieceBytes?: number): Promise<void> {
  const golden = readGolden(`unusual/${name}/golden`);
  const session = await NetworkSession.open(graph, { provider: 'cpu', threads: 1 }, pieceBytes);
  const inputs = graph.inputs.map((input) => [
    input.name,
    { data: golden(input.name).data, dims: golden(input.name).shape },
  ]);
  const outputs = await session.run(Object.fromEntries(inputs));
  await session.close();
  for (const [output, data] of Object.entries(outputs)) {
    const expected = golden(output === 'pixels' ? 'decoded' : output);
    expect(relativeError(data, expected.data), output).toBeLessThan(TOLERANCE);
  }
}

describe('unusual networks', () => {
  test.each(['unet-lists', 'unet-no-mid', 'unet-plain-mid'])('%s', async (name) => {
    await compare(buildUnet(readPart(name), 'cpu'), name);
  });

  test.each(['unet-lists', 'unet-no-mid', 'unet-plain-mid'])('%s cut behind every convolution', async (name) => {
    await compare(buildUnet(readPart(name), 'cpu'), name, 1);
  });

  test.each(['vae-bare', 'vae-flat'])('%s, both directions', async (name) => {
    await compare(buildEncoder(readPart(name), 'cpu'), name);
    await compare(buildDecoder(readPart(name), 'cpu'), name);
  });
});
