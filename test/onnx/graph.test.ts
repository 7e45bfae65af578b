import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/graph.ts';
import * as op from '../../src/onnx/ops.ts';
import { printGraph } from '../../src/onnx/print.ts';

const RANGE = { file: '/weights/part.safetensors', offset: 80, sizeBytes: 144 };

describe('a graph', () => {
  test('prints as one line a node, with symbolic shapes', () => {
    const g = new GraphBuilder('halve');
    const x = g.input('x', 'f32', ['n', 4, 'h', 'w']);
    const kernel = g.weight('kernel', 'f16', [8, 4, 3, 3], RANGE, 'f32');
    const small = op.conv(g, x, kernel, null, { stride: 2, pads: [1, 1, 1, 1] });
    g.output('y', op.reshape(g, small, g.integers(0, 8, -1)));
    expect(printGraph(g.build())).toMatchInlineSnapshot(`
      "halve(x f32[n,4,h,w])
        %0 = Conv(x, kernel) strides=[2,2] pads=[1,1,1,1] : f32[n,8,ceil(h/2),ceil(w/2)]
        %1 = Reshape(%0, i64(0,8,-1)) : f32[n,8,ceil(h/2)*ceil(w/2)]
        y = Identity(%1) : f32[n,8,ceil(h/2)*ceil(w/2)]"
    `);
  });

  test('is frozen all the way down', () => {
    const g = new GraphBuilder('frozen');
    g.output('y', op.transpose(g, g.input('x', 'f32', [2, 3]), [1, 0]));
    const graph = g.build();
    const node = graph.nodes[0]!;
    for (const part of [graph, graph.nodes, node, node.inputs, node.outputs, node.attributes, node.outputs[0]!.shape]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('declares a weight once, however often it is used', () => {
    const g = new GraphBuilder('tied');
    const take = () => g.weight('w', 'f32', [3, 3], RANGE, 'f32');
    g.output('y', op.gemm(g, op.gemm(g, g.input('x', 'f32', ['n', 3]), take(), null), take(), null));
    expect(g.build().weights).toHaveLength(1);
  });
});

describe('shape inference refuses what the operator refuses', () => {
  const g = new GraphBuilder('wrong');
  const image = g.input('image', 'f32', ['n', 4, 'h', 'w']);
  const tokens = g.input('tokens', 'f32', ['n', 't', 6]);

  test.each([
    [
      'Conv(image f32[n,4,h,w], k f32[8,3,3,3]): 4 channels for a kernel of 3',
      () => op.conv(g, image, g.weight('k', 'f32', [8, 3, 3, 3], RANGE, 'f32'), null),
    ],
    ['sizes h and w do not broadcast', () => op.add(g, image, op.transpose(g, image, [0, 1, 3, 2]))],
    ['6 is not divisible by 4', () => op.multiHeadAttention(g, tokens, tokens, tokens, 4, null)],
    ['[n,4,w,h] beside [n,4,h,w] along axis 1', () => op.concat(g, [image, op.transpose(g, image, [0, 1, 3, 2])], 1)],
    ['4*h*n*w is not divisible by 5*n', () => op.reshape(g, image, g.integers(0, 5, -1))],
    ['the contents of data are not known', () => op.reshape(g, image, g.input('data', 'i64', [3]))],
  ])('%s', (message, write) => {
    expect(write).toThrow(message);
  });

  test('an operator without a rule', () => {
    expect(() => g.node('Einsum', [image])).toThrow('Einsum: no shape rule for this operator');
  });
});
