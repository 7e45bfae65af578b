// Where a graph is cut, and what crosses the cuts.
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/graph.ts';
import { add, cast, mul, shapeOf } from '../../src/onnx/ops.ts';
import { inPieces } from '../../src/onnx/pieces.ts';

/** x → a = x + x → b = a · x → c = b + a, beside the shape of x; four nodes and two namings. */
function chain() {
  const g = new GraphBuilder('chain');
  const x = g.input('x', 'f32', ['n', 3]);
  const a = add(g, x, x);
  g.output('shape', shapeOf(g, x));
  g.output('c', add(g, mul(g, a, x), a));
  return g.build();
}

const names = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name);

describe('inPieces', () => {
  test('leaves a graph that fits as it is', () => {
    const graph = chain();
    expect(inPieces(graph, () => 1, 100)).toEqual([graph]);
  });

  test('keeps every node once, in order', () => {
    const graph = chain();
    const pieces = inPieces(graph, () => 1, 2);
    expect(pieces.flatMap(({ nodes }) => nodes)).toEqual(graph.nodes);
    expect(pieces.map(({ nodes }) => nodes.length)).toEqual([2, 2, 2]);
  });

  test('hands on what later pieces need and nothing else', () => {
    const [first, second, third] = inPieces(chain(), () => 1, 2);
    expect(names(first!.inputs)).toEqual(['x']);
    expect(names(first!.outputs)).toEqual(['Add_0_0', 'Shape_1_0']);
    expect(names(second!.inputs)).toEqual(['Shape_1_0', 'Add_0_0', 'x']);
    expect(names(second!.outputs)).toEqual(['shape', 'Mul_3_0']);
    expect(names(third!.inputs)).toEqual(['Mul_3_0', 'Add_0_0']);
    expect(names(third!.outputs)).toEqual(['c']);
  });

  test('hands on what only a choice reads, weights and constants too', () => {
    const g = new GraphBuilder('choice');
    const x = g.input('x', 'f32', ['n', 3]);
    const isAny = cast(g, shapeOf(g, g.input('r', 'f32', ['r', 1]), 0, 1), 'bool');
    const early = add(g, x, x);
    const weight = g.weight('w', 'f32', [3], { file: '/w.safetensors', offset: 0, sizeBytes: 12 }, 'f32');
    const two = g.floats('two', [], Float32Array.of(2));
    g.output(
      'y',
      g.choose(
        isAny,
        () => add(g, early, weight),
        () => mul(g, early, two),
      ),
    );
    const [first, second] = inPieces(g.build(), () => 1, 3);
    expect(names(first!.outputs)).toEqual(['Cast_1_0', 'Add_2_0']);
    expect(names(second!.inputs)).toEqual(['Cast_1_0', 'Add_2_0']);
    expect(names([...second!.weights, ...second!.constants].map(({ value }) => value))).toEqual(['w', 'two']);
    expect(second!.nodes.map(({ op }) => op)).toEqual(['If', 'Identity']);
  });

  test('a node dearer than the limit gets a piece of its own', () => {
    const pieces = inPieces(chain(), ({ op }) => (op === 'Mul' ? 50 : 1), 10);
    expect(pieces.map(({ nodes }) => nodes.map(({ op }) => op))).toEqual([
      ['Add', 'Shape', 'Identity'],
      ['Mul'],
      ['Add', 'Identity'],
    ]);
  });
});
