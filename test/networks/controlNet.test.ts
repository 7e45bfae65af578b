// Control networks as graphs: every tensor of the published sizes and no other, the places where controls enter a U-Net, and the same numbers in
// what is written for graphics cards (tolerances as in lowering.test.ts).
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { controlTargets, NO_PLACES } from '../../src/networks/controlInputs.ts';
import { buildControlHint, buildControlNet } from '../../src/networks/controlNet.ts';
import type { Provider } from '../../src/networks/dialect.ts';
import { lowered } from '../../src/networks/lowering.ts';
import { buildAdapter } from '../../src/networks/t2iAdapter.ts';
import { buildUnet, SDXL_TIME_IDS } from '../../src/networks/unet.ts';
import { showShape } from '../../src/onnx/dims.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { dimValue } from '../../src/onnx/liveness.ts';
import { ROOT } from '../../src/root.ts';
import { type Input, NetworkSession } from '../../src/runtime/session.ts';
import { readControlFile } from '../../src/weights/controlNet.ts';
import { readModelLayout } from '../../src/weights/modelFolder.ts';
import { makeControlModels } from '../support/madeControls.ts';
import { referenceGraph } from '../support/referenceGraph.ts';
import { wave } from '../support/writtenParts.ts';
import { fakeTensors } from './fakeTensors.ts';
import { relativeError } from './goldenTensors.ts';

const HEADERS = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/networks/headers.json'), 'utf8'));

/** The first half of Stable Diffusion 1.5's U-Net, and what Zhang et al. put beside it. */
function publishedShapes(): Record<string, readonly number[]> {
  const half = Object.entries(HEADERS.sd15_unet.tensors as Record<string, readonly number[]>).filter(([name]) =>
    /^(conv_in|time_embedding|down_blocks|mid_block)\./.test(name),
  );
  const conv = (name: string, out: number, into: number, kernel: number): [string, number[]][] => [
    [`${name}.weight`, [out, into, kernel, kernel]],
    [`${name}.bias`, [out]],
  ];
  const zeros = [320, 320, 320, 320, 640, 640, 640, 1280, 1280, 1280, 1280, 1280];
  const hint = [16, 16, 32, 32, 96, 96, 256];
  return Object.fromEntries([
    ...half,
    ...zeros.flatMap((width, at) => conv(`controlnet_down_blocks.${at}`, width, width, 1)),
    ...conv('controlnet_mid_block', 1280, 1280, 1),
    ...conv('controlnet_cond_embedding.conv_in', 16, 3, 3),
    ...hint.slice(1).flatMap((width, at) => conv(`controlnet_cond_embedding.blocks.${at}`, width, hint[at]!, 3)),
    ...conv('controlnet_cond_embedding.conv_out', 320, 256, 3),
  ]);
}

test('a ControlNet of the published size: 361 million numbers in two graphs, thirteen residuals', () => {
  const part = { config: { cross_attention_dim: 768 }, tensors: fakeTensors(publishedShapes(), 'F16') };
  const [hint, steps] = [buildControlHint(part, 'cpu'), buildControlNet(part, 'cpu', SDXL_TIME_IDS)];
  const numbers = [hint, steps].flatMap(({ weights }) => weights.map(({ value }) => value.shape as readonly number[]));
  // What diffusers counts of lllyasviel/sd-controlnet-canny.
  expect(numbers.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(361_279_120);
  expect(hint.outputs.map(({ shape }) => showShape(shape))).toEqual(['[n,320,ceil(h/8),ceil(w/8)]']);
  expect(steps.outputs.map(({ shape }) => showShape(shape.slice(1)))).toEqual([
    ...['[320,h,w]', '[320,h,w]', '[320,h,w]'],
    ...['[320,ceil(h/2),ceil(w/2)]', '[640,ceil(h/2),ceil(w/2)]', '[640,ceil(h/2),ceil(w/2)]'],
    ...['[640,ceil(h/4),ceil(w/4)]', '[1280,ceil(h/4),ceil(w/4)]', '[1280,ceil(h/4),ceil(w/4)]'],
    ...['[1280,ceil(h/8),ceil(w/8)]', '[1280,ceil(h/8),ceil(w/8)]', '[1280,ceil(h/8),ceil(w/8)]'],
    '[1280,ceil(h/8),ceil(w/8)]',
  ]);
});

describe('places in a U-Net', () => {
  const part = { config: HEADERS.sd15_unet.config, tensors: fakeTensors(HEADERS.sd15_unet.tensors, 'F16') };
  const built = (places = NO_PLACES) => buildUnet(part, 'cpu', undefined, undefined, places);

  test('are as many as there are residuals, and none where nobody asks for them', () => {
    expect(controlTargets(built())).toEqual({ skips: [], levels: [] });
    const { skips, levels } = controlTargets(built({ skips: true, levels: true }));
    expect([skips.length, skips.at(-1), levels.length]).toEqual([13, 'control_skip_12', 5]);
  });

  test('cost one addition each', () => {
    const adds = (graph: Graph) => graph.nodes.filter(({ op }) => op === 'Add').length;
    expect(adds(built({ skips: true, levels: true })) - adds(built())).toBe(18);
    expect(built({ skips: true, levels: true }).nodes.length - built().nodes.length).toBe(18);
  });
});

const modelsDir = makeControlModels();
afterAll(() => rmSync(modelsDir, { recursive: true }));
const partOf = (name: string) => readControlFile(modelsDir, path.join(modelsDir, 'controlnets', name)).part;
const unet = readModelLayout(modelsDir, path.join(modelsDir, 'sd-small')).unet;

const AXES = { n: 2, h: 8, w: 12, t: 7 };
const TOLERANCE = { fp32: 1e-4, fp16: 2e-2 } as const;
/** One of every way of writing; lowering.test.ts has all of them. */
const TARGETS = [
  ['cuda', 'fp16'],
  ['webgpu', 'fp16'],
  ['webgpu-plain', 'fp32'],
  ['dml', 'fp16'],
] as const;

function inputsOf({ inputs }: Graph): Readonly<Record<string, Input>> {
  const lengthOf = (dim: number | string) => dimValue(typeof dim === 'number' ? dim : dim.replace('?', ''), AXES);
  return Object.fromEntries(
    inputs.map(({ name, shape }) => {
      const dims = shape.map(lengthOf);
      const length = dims.reduce((a, b) => a * b, 1);
      return [name, { data: Float32Array.from({ length }, (_, at) => wave(name, at)), dims }] as const;
    }),
  );
}

async function run(graph: Graph): Promise<Float32Array> {
  const session = await NetworkSession.open(graph, { provider: 'cpu', threads: 1 });
  const found = await session.run(inputsOf(graph));
  await session.close();
  return Float32Array.from(graph.outputs.flatMap(({ name }) => [...found[name]!]));
}

type Builder = (provider: Provider) => Graph;
const BUILDERS: Readonly<Record<string, Builder>> = {
  'a ControlNet': (provider) => buildControlNet(partOf('small-canny'), provider, SDXL_TIME_IDS),
  'what it makes of a map': (provider) => buildControlHint(partOf('small-depth'), provider),
  'a T2I-Adapter': (provider) => buildAdapter(partOf('small-sketch'), provider),
  'a U-Net with both': (provider) => buildUnet(unet, provider, undefined, undefined, { skips: true, levels: true }),
};

describe.each(Object.entries(BUILDERS))('%s computes on graphics cards what it computes on the CPU', (_, build) => {
  const expected = run(build('cpu'));
  test.each(TARGETS)('%s, %s', async (provider, precision) => {
    const found = await run(referenceGraph(lowered(build(provider), provider, precision)));
    expect(relativeError(found, await expected)).toBeLessThan(TOLERANCE[precision]);
  });
});
