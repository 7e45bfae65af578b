// The bytes are read back by onnxruntime itself: whatever it computes from them is what was written.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GraphBuilder, type Value } from '../../src/onnx/graph.ts';
import { serializeModel } from '../../src/onnx/modelProto.ts';
import * as op from '../../src/onnx/ops.ts';
import { NetworkSession } from '../../src/runtime/session.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'darkroom-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 3 bytes of something else, then the numbers: a weight's place in its file need not be aligned. */
const file = path.join(folder, 'weights.bin');
const NUMBERS = Float32Array.of(1, 2, 3, 4, 5, 6);
/** The same numbers in half precision and as bfloat16, worked out from the formats. */
const HALVES = Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600);
const BRAIN_HALVES = Uint16Array.of(0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0);
writeFileSync(
  file,
  Buffer.concat([Buffer.from('abc'), ...[NUMBERS, HALVES, BRAIN_HALVES].map(({ buffer }) => Buffer.from(buffer))]),
);

describe('a serialised model', () => {
  test.each([
    ['f32', 3, 24],
    ['f16', 27, 12],
    ['bf16', 39, 12],
  ] as const)('takes %s weights out of the untouched file', async (stored, offset, sizeBytes) => {
    const g = new GraphBuilder('linear');
    const weight = g.weight('weight', stored, [2, 3], { file, offset, sizeBytes }, 'f32');
    g.output('y', op.gemm(g, g.input('x', 'f32', ['n', 3]), weight, null));
    const session = await NetworkSession.open(g.build(), { provider: 'cpu', threads: 1 });
    const { y } = await session.run({ x: { data: Float32Array.of(1, 0, 0, 1, 10, 100), dims: [2, 3] } });
    expect([...y!]).toEqual([1, 4, 321, 654]);
    await session.close();
  });

  test('chooses in every run, one body inside another, by what lies around them', async () => {
    const g = new GraphBuilder('choice');
    const weight = g.weight('weight', 'f16', [2, 3], { file, offset: 27, sizeBytes: 12 }, 'f32');
    const [x, one, other] = [['x', 3] as const, ['one', 1] as const, ['other', 1] as const].map(([name, width]) =>
      g.input(name, 'f32', [`${name}s`, width]),
    );
    const isAny = (rows: Value) => op.cast(g, op.shapeOf(g, rows, 0, 1), 'bool');
    const product = op.gemm(g, x!, weight, null);
    const isOther = isAny(other!);
    const inner = () =>
      g.choose(
        isOther,
        () => op.mul(g, product, product),
        () => op.add(g, op.gemm(g, x!, weight, null), product),
      );
    g.output(
      'y',
      g.choose(isAny(one!), inner, () => op.identity(g, product)),
    );
    const session = await NetworkSession.open(g.build(), { provider: 'cpu', threads: 1 });
    const rows = (count: number) => ({ data: new Float32Array(count), dims: [count, 1] });
    const run = async (ones: number, others: number) => {
      const inputs = { x: { data: Float32Array.of(1, 10, 100), dims: [1, 3] }, one: rows(ones), other: rows(others) };
      return [...(await session.run(inputs)).y!];
    };
    expect(await run(0, 1)).toEqual([321, 654]);
    expect(await run(1, 0)).toEqual([642, 1308]);
    expect(await run(2, 3)).toEqual([321 ** 2, 654 ** 2]);
    await session.close();
  });

  test('holds no weights, only where they lie', () => {
    const g = new GraphBuilder('large');
    const range = { file, offset: 3, sizeBytes: 4 * 5000 * 5000 };
    g.output('y', op.gemm(g, g.input('x', 'f32', ['n', 5000]), g.weight('w', 'f32', [5000, 5000], range, 'f32'), null));
    const { bytes, weightsRoot } = serializeModel(g.build());
    expect(bytes.length).toBeLessThan(500);
    expect(weightsRoot).toBe(path.parse(file).root);
    expect(Buffer.from(bytes).includes(path.relative(weightsRoot, file))).toBe(true);
  });
});
