// A small graph with every kind of step a network has, run on a provider and on the CPU and compared: an adapter that computes attention
// wrong (a software one did, beyond some tens of tokens) must not make pictures. Numbers are made here, no file is read.
import './noTelemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { dialectOf, executionProvider, type Provider } from '../networks/dialect.ts';
import { lowered } from '../networks/lowering.ts';
import type { Precision } from '../networks/precision.ts';
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import { serializeModel } from '../onnx/modelProto.ts';
import * as op from '../onnx/ops.ts';

/** Largest difference over the largest number. Half precision and the 10 bits of mantissa GPUs multiply with by default make some 1e-3. */
const TOLERANCE = 1e-2;

/** The narrowest for which every provider's fused operators have a kernel. */
const CHANNELS = 320;
const GROUPS = 32;
const HEADS = 8;
/** Not square, and 140 tokens, as many as no tile of an attention kernel divides. */
const [HEIGHT, WIDTH] = [10, 14];

/** @returns null when the provider computes in that precision what the CPU computes, else why not, in one line */
export async function tryProvider(provider: Provider, precision: Precision): Promise<string | null> {
  try {
    const expected = await runTrial('cpu', 'fp32');
    const found = await runTrial(provider, precision);
    const error = relativeError(found, expected);
    return error < TOLERANCE ? null : `its numbers are wrong (off by ${(100 * error).toFixed(0)} % of the largest)`;
  } catch (thrown) {
    return firstLine(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

async function runTrial(provider: Provider, precision: Precision): Promise<Float32Array> {
  const graph = lowered(buildTrial(provider), provider, precision);
  const session = await InferenceSession.create(serializeModel(graph).bytes, {
    executionProviders: [executionProvider(provider)],
    enableMemPattern: provider !== 'dml',
    logSeverityLevel: 4,
  });
  const input = new Tensor('float32', wave(2 * CHANNELS * HEIGHT * WIDTH, 1), [2, CHANNELS, HEIGHT, WIDTH]);
  const added = new Tensor('float32', wave(2 * CHANNELS, 2), [2, CHANNELS]);
  const { y } = await session.run({ x: input, added });
  await session.release();
  return y!.data as Float32Array;
}

/** A convolution and what is added to it, normed; attention and the gate behind it, normed; all on the same few numbers. */
export function buildTrial(provider: Provider): Graph {
  const g = new GraphBuilder('trial');
  const dialect = dialectOf(provider);
  const x = g.input('x', 'f32', [2, CHANNELS, HEIGHT, WIDTH]);
  const added = g.input('added', 'f32', [2, CHANNELS]);
  const convolved = op.conv(g, x, weight(g, 'kernel', CHANNELS, CHANNELS, 3, 3), null, { pads: [1, 1, 1, 1] });
  const [scale, shift] = ['scale', 'shift'].map((name) => (as: readonly number[]) => weight(g, name, ...as));
  const norm = { scale: scale!, shift: shift!, groups: GROUPS, epsilon: 1e-5, isSwished: true, added };
  const image = dialect.groupNorm(g, convolved, norm);
  const tokens = op.transpose(g, op.reshape(g, image, g.integers(0, CHANNELS, -1)), [0, 2, 1]);
  const product = (from: Value, name: string, out = CHANNELS) =>
    dialect.matMulTransposed(g, from, weight(g, name, out, from.shape[2] as number));
  const [query, key, value] = ['query', 'keys', 'worth'].map((name) => product(tokens, name)) as [Value, Value, Value];
  const mixed = dialect.attention(g, query, key, value, HEADS, null);
  const layerNorm = { scale: weight(g, 'gain', CHANNELS), shift: weight(g, 'offset', CHANNELS), epsilon: 1e-5 };
  const bias = weight(g, 'bias', CHANNELS);
  const { sum, normal } = dialect.addAndNorm(g, { product: product(mixed, 'out'), bias, skip: tokens }, layerNorm);
  const gated = dialect.splitGelu(g, product(normal, 'wide', 8 * CHANNELS), weight(g, 'widened', 8 * CHANNELS));
  g.output('y', dialect.gelu(g, dialect.addSum(g, { product: product(gated, 'narrow'), bias, skip: sum })));
  return g.build();
}

/** As large as keeps numbers of about 1 that size. */
function weight(g: GraphBuilder, name: string, ...shape: number[]): Value {
  const length = shape.reduce((size, dim) => size * dim, 1);
  const scale =
    shape.length === 1 || shape.slice(1).every((dim) => dim === 1) ? 1 : Math.sqrt(3 / (length / shape[0]!));
  return g.floats(
    name,
    shape,
    wave(length, name.length).map((number) => number * scale),
  );
}

/** Numbers of -1 … 1 that look like noise and are the same on every machine. */
function wave(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin((i + 1) * (i + seed)));
}

function relativeError(found: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
  return found.reduce((worst, number, i) => Math.max(worst, Math.abs(number - expected[i]!)), 0) / largest;
}

/** onnxruntime puts source paths before the reason and whole stacks after it. */
function firstLine(message: string): string {
  const [line = ''] = message.split('\n');
  return line.replace(/^.* was false\. /, '').trim();
}
