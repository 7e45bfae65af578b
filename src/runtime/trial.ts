// A small graph with every kind of step a network has, run on a provider and on the CPU and compared: an adapter that computes attention
// wrong (a software one did, beyond some tens of tokens) must not make pictures. Numbers are made here, no file is read.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { dialectOf, executionProvider, type Provider } from '../networks/dialect.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { serializeModel } from '../onnx/modelProto.ts';
import * as op from '../onnx/ops.ts';

/** Largest difference over the largest number. GPUs multiply with 10 bits of mantissa by default, which makes some 1e-3. */
const TOLERANCE = 1e-2;

const CHANNELS = 16;
const HEADS = 2;
/** Not square, and 140 tokens, as many as no tile of an attention kernel divides. */
const [HEIGHT, WIDTH] = [10, 14];

/** @returns null when the provider computes what the CPU computes, else why not, in one line. */
export async function tryProvider(provider: Provider): Promise<string | null> {
  try {
    const expected = await runTrial('cpu');
    const found = await runTrial(provider);
    const error = relativeError(found, expected);
    return error < TOLERANCE ? null : `its numbers are wrong (off by ${(100 * error).toFixed(0)} % of the largest)`;
  } catch (thrown) {
    return firstLine(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

async function runTrial(provider: Provider): Promise<Float32Array> {
  const session = await InferenceSession.create(serializeModel(buildTrial(provider)).bytes, {
    executionProviders: [executionProvider(provider)],
    enableMemPattern: provider !== 'dml',
    logSeverityLevel: 4,
  });
  const input = new Tensor('float32', wave(2 * CHANNELS * HEIGHT * WIDTH, 1), [2, CHANNELS, HEIGHT, WIDTH]);
  const { y } = await session.run({ x: input });
  await session.release();
  return y!.data as Float32Array;
}

function buildTrial(provider: Provider) {
  const g = new GraphBuilder('trial');
  const dialect = dialectOf(provider);
  const weight = (name: string, ...shape: number[]) =>
    g.floats(
      name,
      shape,
      wave(
        shape.reduce((size, dim) => size * dim, 1),
        name.length,
      ),
    );
  const x = g.input('x', 'f32', [2, CHANNELS, HEIGHT, WIDTH]);
  const grouped = op.reshape(g, x, g.integers(0, 4, -1));
  const normal = op.instanceNormalization(g, grouped, weight('scale', 4), weight('shift', 4), 1e-5);
  const image = op.reshape(g, normal, g.integers(0, CHANNELS, HEIGHT, WIDTH));
  const kernel = weight('convolved', CHANNELS, CHANNELS, 3, 3);
  const convolved = op.conv(g, dialect.swish(g, image, 1), kernel, null, { pads: [1, 1, 1, 1] });
  const tokens = op.transpose(g, op.reshape(g, convolved, g.integers(0, CHANNELS, -1)), [0, 2, 1]);
  const [query, key, value] = ['query', 'keys', 'worth'].map((name) =>
    dialect.matMulTransposed(g, tokens, weight(name, CHANNELS, CHANNELS)),
  ) as [Value, Value, Value];
  g.output('y', dialect.gelu(g, dialect.attention(g, query, key, value, HEADS, null)));
  return g.build();
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
