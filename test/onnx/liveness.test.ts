// Bytes of living values, counted by hand on small graphs.
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/graph.ts';
import { bytesOf, dimValue, peakBytes } from '../../src/onnx/liveness.ts';
import { add, cast, mul, reshape, shapeOf } from '../../src/onnx/ops.ts';

const none = () => 0;

describe('peakBytes', () => {
  test('frees a value behind its last reader', () => {
    const g = new GraphBuilder('chain');
    const x = g.input('x', 'f32', ['h', 10]);
    let y = x;
    for (let k = 0; k < 5; k++) y = mul(g, y, y);
    g.output('y', y);
    // The input stays, beside it at most the source and the result of one product: 3 x 4 bytes x 10 x 7.
    expect(peakBytes(g.build(), { h: 7 }, none)).toBe(3 * 4 * 70);
  });

  test('keeps what is read late', () => {
    const g = new GraphBuilder('skip');
    const x = g.input('x', 'f32', ['h', 10]);
    const early = add(g, x, x);
    const late = mul(g, mul(g, early, early), early);
    g.output('y', add(g, late, early));
    expect(peakBytes(g.build(), { h: 1 }, none)).toBe(4 * 4 * 10);
  });

  test('counts another shape of a value once', () => {
    const g = new GraphBuilder('reshape');
    const x = g.input('x', 'f32', [6]);
    const doubled = add(g, x, x);
    g.output('y', reshape(g, doubled, g.integers(2, 3)));
    expect(peakBytes(g.build(), {}, none)).toBe(2 * 4 * 6);
  });

  test('adds what a node needs for itself', () => {
    const g = new GraphBuilder('scratch');
    const x = g.input('x', 'f32', [6]);
    g.output('y', add(g, x, x));
    expect(peakBytes(g.build(), {}, ({ op }) => (op === 'Add' ? 1000 : 0))).toBe(2 * 4 * 6 + 1000);
  });

  test('counts the dearer of two computations, one of which a run leaves out', () => {
    const g = new GraphBuilder('choice');
    const x = g.input('x', 'f32', [6]);
    const condition = cast(g, shapeOf(g, g.input('r', 'f32', ['r', 1]), 0, 1), 'bool');
    const long = () => mul(g, add(g, mul(g, x, x), x), x);
    const choice = g.choose(condition, long, () => add(g, x, x));
    g.output('y', add(g, choice, x));
    // The input, the shape and whether it is any (freed with the choice), the result, and inside at most two sums beside one another.
    expect(peakBytes(g.build(), { r: 0 }, none)).toBe(4 * 6 + 1 + 4 * 6 + 4 * 6 + 4 * 6 - 4 * 6);
  });

  test('names an axis without a size', () => {
    const g = new GraphBuilder('lost');
    g.output('y', g.input('x', 'f32', ['h']));
    expect(() => peakBytes(g.build(), { w: 1 }, none)).toThrow('axis h: has no size, known are w');
  });
});

test.each([
  [12, 12],
  ['h', 9],
  ['2*h*w', 90],
  ['ceil(h/2)', 5],
  ['floor(h/4)*w', 10],
  ['ceil(floor(h/2)/8)', 1],
  ['3*ceil(w*h/2)', 69],
])('dimension %s', (dim, value) => {
  expect(dimValue(dim, { h: 9, w: 5 })).toBe(value);
});

test('bytes of half precision', () => {
  expect(bytesOf({ name: 'x', type: 'f16', shape: ['h', 3] }, { h: 5 })).toBe(30);
});
