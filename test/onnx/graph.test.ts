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

  test('chooses between two computations, whose nodes it prints below the choice', () => {
    const g = new GraphBuilder('choice');
    const x = g.input('x', 'f32', ['n', 6]);
    const rows = g.input('rows', 'f32', ['r', 6]);
    const isAny = op.cast(g, op.shapeOf(g, rows, 0, 1), 'bool');
    const twice = op.add(g, x, x);
    const product = () => op.matMul(g, op.fusedMatMulTransposed(g, twice, rows), rows);
    const none = () => op.identity(g, g.floats('none', [1, 1], new Float32Array(1)));
    g.output('y', op.add(g, x, g.choose(isAny, product, none)));
    const graph = g.build();
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "choice(x f32[n,6], rows f32[r,6])
        %0 = Shape(rows) start=0 end=1 : i64[1]
        %1 = Cast(%0) to=bool : bool[1]
        %2 = Add(x, x) : f32[n,6]
        %3 = If(%1) : f32[n,6]
        then:
          %4 = FusedMatMul(%2, rows) transB=1 : f32[n,r]
          %5 = MatMul(%4, rows) : f32[n,6]
          yield %5
        else:
          %6 = Identity(none) : f32[1,1]
          yield %6
        %7 = Add(x, %3) : f32[n,6]
        y = Identity(%7) : f32[n,6]"
    `);
    const choice = graph.nodes.find(({ op }) => op === 'If')!;
    expect(choice.inputs.map((value) => value!.name)).toEqual(['Cast_1_0', 'Add_2_0', 'rows', 'none']);
    for (const part of [choice, choice.bodies, choice.bodies!.whenTrue, choice.bodies!.whenTrue.nodes]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('refuses a choice between what does not fit together', () => {
    const g = new GraphBuilder('misfit');
    const x = g.input('x', 'f32', ['n', 6]);
    const condition = op.cast(g, op.shapeOf(g, x, 0, 1), 'bool');
    const wide = () => op.identity(g, x);
    const turned = () => op.transpose(g, x, [1, 0]);
    expect(() => g.choose(condition, wide, turned)).toThrow('If(Cast_1_0): chooses between f32[n,6] and f32[6,n]');
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
