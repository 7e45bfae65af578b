// What is written for graphics cards: its structure at published sizes, and its numbers beside the graph of the CPU, computed as a card with
// half precision would compute them (support/referenceGraph.ts). Tolerances: half precision has 11 bits, some hundred steps one after another
// add up to a hundredth of the largest number.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildDecoder } from '../../src/networks/autoencoder.ts';
import { buildClipText } from '../../src/networks/clipText.ts';
import { dialectOf, PROVIDERS, type Provider } from '../../src/networks/dialect.ts';
import { conv2d, type Net, resnetBlock } from '../../src/networks/layers.ts';
import { type BranchedLayers, NO_LAYERS } from '../../src/networks/loraBranches.ts';
import { lowered } from '../../src/networks/lowering.ts';
import { type Precision, precisionsOf, TEXT_PRECISION } from '../../src/networks/precision.ts';
import { seamlessGraph } from '../../src/networks/seamless.ts';
import { transformer2d } from '../../src/networks/transformer2d.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import { WeightReader } from '../../src/networks/weightReader.ts';
import { showShape } from '../../src/onnx/dims.ts';
import { type Graph, GraphBuilder, type Value } from '../../src/onnx/graph.ts';
import { serializeModel } from '../../src/onnx/modelProto.ts';
import { inferOutputs } from '../../src/onnx/shapes.ts';
import { ROOT } from '../../src/root.ts';
import { type Input, NetworkSession } from '../../src/runtime/session.ts';
import type { TensorIndex } from '../../src/weights/tensors.ts';
import { referenceGraph } from '../support/referenceGraph.ts';
import { type Shapes, usual, wave, writeTensors } from '../support/writtenParts.ts';
import { fakeTensors } from './fakeTensors.ts';
import { relativeError } from './goldenTensors.ts';

const HEADERS = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/networks/headers.json'), 'utf8')) as Readonly<
  Record<string, { readonly config: Readonly<Record<string, unknown>>; readonly tensors: Shapes }>
>;
const NETWORKS = {
  sd15_unet: buildUnet,
  sd21_unet: buildUnet,
  sdxl_unet: buildUnet,
  sd_vae: buildDecoder,
  sd15_text: buildClipText,
} as const;
type Network = keyof typeof NETWORKS;

const CARDS = PROVIDERS.filter((provider) => provider !== 'cpu' && provider !== 'coreml');
const TARGETS = CARDS.flatMap((provider) => precisionsOf(provider).map((precision) => [provider, precision] as const));

/**
 * Operators of com.microsoft with a kernel; a node of any other would be handed to the CPU or stop the session.
 * @source onnxruntime 1.30 docs/OperatorKernels.md; contrib_ops/webgpu/webgpu_contrib_kernels.cc
 */
const EVERYWHERE = ['MultiHeadAttention', 'QuickGelu', 'Gelu', 'SkipLayerNormalization', 'BiasAdd', 'BiasSplitGelu'];
const KERNELS: Readonly<Record<string, readonly string[]>> = {
  cuda: [...EVERYWHERE, 'FusedMatMul', 'GroupNorm', 'SkipGroupNorm', 'NhwcConv'],
  dml: [...EVERYWHERE, 'FusedMatMul', 'GroupNorm', 'NhwcConv'],
  webgpu: EVERYWHERE,
  'webgpu-plain': EVERYWHERE.filter((op) => op !== 'MultiHeadAttention'),
};

function written(network: Network, provider: Provider, precision: Precision): Graph {
  const { config, tensors } = HEADERS[network]!;
  const part = { config, tensors: fakeTensors(tensors, 'F16') };
  const build: (part: never, provider: Provider) => Graph = NETWORKS[network];
  return lowered(build(part as never, provider), provider, precision);
}

function count(graph: Graph): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { op, domain } of graph.nodes) {
    const name = domain === '' ? op : `ms.${op}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).toSorted());
}

/** Outputs that are not what the operator makes of its inputs, and inputs nothing made before. */
function misfits(graph: Graph): readonly string[] {
  const fixed = [...graph.weights, ...graph.constants].map(({ value }) => value);
  const made = new Map([...graph.inputs, ...fixed].map((value) => [value.name, value]));
  const wrong: string[] = [];
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    for (const value of inputs) {
      if (value !== null && show(made.get(value.name)) !== show(value)) wrong.push(`${op} reads ${show(value)}`);
    }
    const inferred = inferOutputs(op, inputs, attributes);
    for (const [at, value] of outputs.entries()) {
      if (value.name !== '' && show({ ...inferred[at]!, name: value.name }) !== show(value)) wrong.push(show(value));
      made.set(value.name, value);
    }
  }
  return wrong;
}

function show(value: Value | undefined): string {
  return value === undefined ? 'nothing' : `${value.name} ${value.type}${showShape(value.shape)}`;
}

describe.each(TARGETS)('%s, %s', (provider, precision) => {
  test.each(Object.keys(NETWORKS) as Network[])('%s: every node takes what it is given and has a kernel', (network) => {
    const graph = written(network, provider, network === 'sd15_text' ? TEXT_PRECISION : precision);
    expect(misfits(graph)).toEqual([]);
    expect(graph.nodes.filter(({ op, domain }) => domain !== '' && !KERNELS[provider]!.includes(op))).toEqual([]);
    expect(graph.inputs.filter(({ type }) => type !== 'f32' && type !== 'i32')).toEqual([]);
    expect(graph.outputs.every(({ type }) => type === 'f32')).toBe(true);
    expect(serializeModel(graph).bytes.length).toBeLessThan(2_000_000);
  });
});

test('Stable Diffusion 1.5 on CUDA: everything the optimiser for diffusion fuses, pictures turned round at the two borders only', () => {
  const graph = written('sd15_unet', 'cuda', 'fp16');
  expect(count(graph)).toMatchInlineSnapshot(`
    {
      "Add": 70,
      "Cast": 4,
      "Concat": 16,
      "Cos": 1,
      "Gather": 9,
      "Gemm": 24,
      "Identity": 1,
      "LayerNormalization": 16,
      "Mul": 1,
      "Reshape": 33,
      "Resize": 3,
      "Shape": 22,
      "Sin": 1,
      "Transpose": 68,
      "ms.BiasAdd": 16,
      "ms.BiasSplitGelu": 16,
      "ms.FusedMatMul": 192,
      "ms.GroupNorm": 39,
      "ms.MultiHeadAttention": 32,
      "ms.NhwcConv": 66,
      "ms.QuickGelu": 2,
      "ms.SkipGroupNorm": 22,
      "ms.SkipLayerNormalization": 32,
    }
  `);
  expect(
    graph.nodes.filter(({ op, inputs }) => op === 'Transpose' && !isWeight(graph, inputs[0]!)).map(shown),
  ).toMatchInlineSnapshot(`
    [
      "sample:f16 f16[n,4,h,w] → sample:last f16[n,h,w,4]",
      "Conv_635_0:last f16[n,h,w,4] → Conv_635_0 f16[n,4,h,w]",
    ]
  `);
});

test('SDXL on WebGPU, DirectML and CUDA', () => {
  expect(count(written('sdxl_unet', 'webgpu', 'fp16'))).toMatchInlineSnapshot(`
    {
      "Add": 114,
      "Cast": 4,
      "Concat": 14,
      "Conv": 51,
      "Cos": 2,
      "Gemm": 21,
      "Identity": 1,
      "InstanceNormalization": 46,
      "LayerNormalization": 11,
      "MatMul": 722,
      "Mul": 48,
      "Reshape": 134,
      "Resize": 2,
      "Shape": 61,
      "Sin": 2,
      "Transpose": 744,
      "ms.BiasAdd": 11,
      "ms.BiasSplitGelu": 70,
      "ms.MultiHeadAttention": 140,
      "ms.QuickGelu": 38,
      "ms.SkipLayerNormalization": 199,
    }
  `);
  expect(count(written('sdxl_unet', 'dml', 'fp16'))).toMatchInlineSnapshot(`
    {
      "Add": 558,
      "Cast": 4,
      "Concat": 14,
      "Conv": 51,
      "Cos": 2,
      "Gemm": 21,
      "Identity": 1,
      "LayerNormalization": 210,
      "MatMul": 722,
      "Mul": 72,
      "Reshape": 42,
      "Resize": 2,
      "Shape": 15,
      "Sin": 2,
      "Split": 70,
      "Transpose": 744,
      "ms.Gelu": 70,
      "ms.GroupNorm": 46,
      "ms.MultiHeadAttention": 140,
      "ms.QuickGelu": 3,
    }
  `);
  expect(count(written('sdxl_unet', 'cuda', 'fp16'))).toMatchInlineSnapshot(`
    {
      "Add": 51,
      "Cast": 4,
      "Concat": 14,
      "Cos": 2,
      "Gather": 6,
      "Gemm": 21,
      "Identity": 1,
      "LayerNormalization": 11,
      "Mul": 2,
      "Reshape": 25,
      "Resize": 2,
      "Shape": 15,
      "Sin": 2,
      "Transpose": 53,
      "ms.BiasAdd": 11,
      "ms.BiasSplitGelu": 70,
      "ms.FusedMatMul": 722,
      "ms.GroupNorm": 29,
      "ms.MultiHeadAttention": 140,
      "ms.NhwcConv": 51,
      "ms.QuickGelu": 3,
      "ms.SkipGroupNorm": 17,
      "ms.SkipLayerNormalization": 199,
    }
  `);
});

test('Stable Diffusion 2.1: attention alone stays in single precision between its layers', () => {
  for (const provider of CARDS) {
    const nodes = written('sd21_unet', provider, 'fp16').nodes.filter(
      ({ op }) => op === 'MultiHeadAttention' || op === 'Softmax',
    );
    expect(nodes).toHaveLength(32);
    expect(nodes.every(({ inputs }) => inputs[0]!.type === 'f32')).toBe(true);
  }
});

test('weights stored in half precision are taken as they lie', () => {
  const { weights } = written('sd15_unet', 'cuda', 'fp16');
  const widened = weights.filter(({ value, stored }) => value.type !== stored).map(({ value }) => value.name);
  expect(widened.filter((name) => !/norm|time_embedding/.test(name))).toEqual([]);
});

function isWeight(graph: Graph, { name }: Value): boolean {
  return graph.weights.some(({ value }) => value.name === name);
}

function shown({ inputs, outputs }: Graph['nodes'][number]): string {
  return `${show(inputs[0]!)} → ${show(outputs[0]!)}`;
}

const ANSWERS = 'computes what the CPU computes';
const AXES = { n: 2, h: 6, w: 10, t: 7 } as const;
const TOLERANCE: Readonly<Record<Precision, number>> = { fp32: 1e-4, fp16: 1e-2 };

/** 320 channels in 32 groups: the narrowest that CUDA's fused operators are made for. */
const WIDE = 320;
const norm = (name: string, width: number) => ({ [`${name}.weight`]: [width], [`${name}.bias`]: [width] });
const dense = (name: string, out: number, ...inner: number[]) => ({
  [`${name}.weight`]: [out, ...inner],
  [`${name}.bias`]: [out],
});
const bare = (name: string, out: number, inner: number) => ({ [`${name}.weight`]: [out, inner] });

const attention = (name: string, seen: number) => ({
  ...bare(`${name}.to_q`, WIDE, WIDE),
  ...bare(`${name}.to_k`, WIDE, seen),
  ...bare(`${name}.to_v`, WIDE, seen),
  ...dense(`${name}.to_out.0`, WIDE, WIDE),
});
const transformerLayer = (name: string) => ({
  ...['norm1', 'norm2', 'norm3'].reduce((all, one) => Object.assign(all, norm(`${name}.${one}`, WIDE)), {}),
  ...attention(`${name}.attn1`, WIDE),
  ...attention(`${name}.attn2`, 24),
  ...dense(`${name}.ff.net.0.proj`, 8 * WIDE, WIDE),
  ...dense(`${name}.ff.net.2`, WIDE, 4 * WIDE),
});

/** A residual block, and two attention layers, between convolutions to and from 4 channels. */
const SHAPES: Shapes = {
  ...dense('conv_in', WIDE, 4, 3, 3),
  ...norm('r.norm1', WIDE),
  ...dense('r.conv1', WIDE, WIDE, 3, 3),
  ...dense('r.time_emb_proj', WIDE, 16),
  ...norm('r.norm2', WIDE),
  ...dense('r.conv2', WIDE, WIDE, 3, 3),
  ...norm('a.norm', WIDE),
  ...dense('a.proj_in', WIDE, WIDE),
  ...transformerLayer('a.transformer_blocks.0'),
  ...transformerLayer('a.transformer_blocks.1'),
  ...dense('a.proj_out', WIDE, WIDE),
  ...dense('conv_out', 4, WIDE, 3, 3),
};

function wideNet(
  tensors: TensorIndex,
  provider: Provider,
  { isSingleAttention = false, branches = NO_LAYERS }: { isSingleAttention?: boolean; branches?: BranchedLayers } = {},
): Graph {
  const g = new GraphBuilder('wide');
  const net: Net = { g, weights: new WeightReader(g, tensors), dialect: dialectOf(provider), branches };
  const x = conv2d(net, g.input('x', 'f32', ['n', 4, 'h', 'w']), 'conv_in', WIDE);
  const time = g.input('time', 'f32', ['n', 16]);
  const conditioning = g.input('conditioning', 'f32', ['n', 't', 24]);
  const block = resnetBlock(net, x, 'r', { out: WIDE, groups: 32, epsilon: 1e-5, time });
  const options = { conditioning, heads: 8, layers: 2, groups: 32, onlyCrossAttention: false, isSingleAttention };
  g.output('y', conv2d(net, transformer2d(net, block, 'a', options), 'conv_out', 4));
  return g.build();
}

function inputsOf(graph: Graph): Readonly<Record<string, Input>> {
  const entries = graph.inputs.map(({ name, shape }) => {
    const dims = shape.map(lengthOf);
    const size = name.includes('.lora_') ? 0.1 : 1;
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, at) => size * wave(name, at));
    return [name, { data, dims }] as const;
  });
  return Object.fromEntries(entries);
}

/** Of side branches: a factor for every row, of rank 3. */
function lengthOf(dim: number | string): number {
  if (typeof dim === 'number') return dim;
  return dim.startsWith('r(') ? 3 : AXES[dim.replace('?', '') as keyof typeof AXES];
}

async function run(graph: Graph): Promise<Float32Array> {
  const session = await NetworkSession.open(graph, { provider: 'cpu', threads: 2 });
  const { y } = await session.run(inputsOf(graph));
  await session.close();
  return y!;
}

describe('at the widths fused operators are made for', () => {
  const tensors = { F32: writeTensors(SHAPES, 'F32'), F16: writeTensors(SHAPES, 'F16') };
  const expected: Partial<Record<'F32' | 'F16', Promise<Float32Array>>> = {};

  test.each(
    TARGETS.flatMap(([provider, precision]) =>
      (['F32', 'F16'] as const).map((stored) => [provider, precision, stored] as const),
    ),
  )(`%s, %s, stored as %s, ${ANSWERS}`, async (provider, precision, stored) => {
    const graph = lowered(wideNet(tensors[stored], provider), provider, precision);
    expect(misfits(graph)).toEqual([]);
    const found = await run(referenceGraph(graph));
    expected[stored] ??= run(wideNet(tensors[stored], 'cpu'));
    expect(relativeError(found, await expected[stored])).toBeLessThan(TOLERANCE[precision]);
  });
});

describe('with side branches at every layer, of every row its own, and with edges that fit together', () => {
  const tensors = writeTensors(SHAPES, 'F16');
  const written = (provider: Provider) => seamlessGraph(wideNet(tensors, provider, { branches: 'every' }));

  test(`every provider ${ANSWERS}`, async () => {
    const expected = await run(written('cpu'));
    for (const provider of ['cuda', 'webgpu', 'dml'] as const) {
      const found = await run(referenceGraph(lowered(written(provider), provider, 'fp16')));
      expect(relativeError(found, expected), provider).toBeLessThan(TOLERANCE.fp16);
    }
  }, 180_000);

  test('pictures are turned round on CUDA at the two borders only, for convolutions of branches too', () => {
    const { nodes } = lowered(written('cuda'), 'cuda', 'fp16');
    const turned = nodes.filter(({ op, inputs }) => op === 'Transpose' && typeof inputs[0]!.shape[0] !== 'number');
    expect(turned.map(shown)).toMatchInlineSnapshot(`
    [
      "x_wrapped_3_1_wrapped_2_1 f16[n,4,(h+2),(w+2)] → x_wrapped_3_1_wrapped_2_1:last f16[n,(h+2),(w+2),4]",
      "conv_in.lora_down:f16 f16[r(conv_in),4,3,3] → conv_in.lora_down:last f16[r(conv_in),3,3,4]",
      "r.conv1.lora_down:f16 f16[r(r.conv1),320,3,3] → r.conv1.lora_down:last f16[r(r.conv1),3,3,320]",
      "r.conv2.lora_down:f16 f16[r(r.conv2),320,3,3] → r.conv2.lora_down:last f16[r(r.conv2),3,3,320]",
      "conv_out.lora_down:f16 f16[r(conv_out),320,3,3] → conv_out.lora_down:last f16[r(conv_out),3,3,320]",
      "Reshape_166_0:last f16[n,h,w,4] → Reshape_166_0 f16[n,4,h,w]",
    ]
  `);
  });
});

describe('attention whose sums of queries and keys exceed 65504', () => {
  const isLarge = (name: string) => /\.to_[qk]\.weight$/.test(name);
  const tensors = writeTensors(SHAPES, 'F32', (name, at, shape) => usual(name, at, shape) * (isLarge(name) ? 300 : 1));
  const answer = (isSingle: boolean) =>
    run(
      referenceGraph(
        lowered(wideNet(tensors, 'webgpu-plain', { isSingleAttention: isSingle }), 'webgpu-plain', 'fp16'),
      ),
    );

  test('is lost in half precision where it is written out', async () => {
    expect((await answer(false)).every(Number.isFinite)).toBe(false);
  });

  test('is right where it stays in single precision, as Stable Diffusion 2.x needs it', async () => {
    expect(relativeError(await answer(true), await run(wideNet(tensors, 'cpu')))).toBeLessThan(5e-2);
  });
});
