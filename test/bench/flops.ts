// Arithmetic of a network: multiplications and additions of its convolutions, matrix products and attentions, which are all but a few
// thousandths of it. And how many of them a second this machine reaches in one large matrix product.
import { type Graph, GraphBuilder, type Node } from '../../src/onnx/graph.ts';
import { type Axes, elements } from '../../src/onnx/liveness.ts';
import { matMul } from '../../src/onnx/ops.ts';
import { NetworkSession } from '../../src/runtime/session.ts';

/** Two for each multiplication with its addition. Side branches count as unused. */
export function flopsOf(graph: Graph, axes: Axes): number {
  const symbols = graph.inputs.flatMap(({ shape }) => shape.filter((dim) => typeof dim === 'string'));
  const all = { ...Object.fromEntries(symbols.map((symbol) => [symbol, symbol.startsWith('r(') ? 0 : 1])), ...axes };
  return 2 * productsOfAll(graph.nodes, all);
}

function productsOfAll(nodes: readonly Node[], axes: Axes): number {
  return nodes.reduce((sum, node) => sum + productsOf(node, axes), 0);
}

function productsOf({ op, inputs, outputs, bodies }: Node, axes: Axes): number {
  // What is chosen with no side branch in use.
  if (bodies !== undefined) return productsOfAll(bodies.whenFalse.nodes, axes);
  const size = (value: { readonly shape: readonly (number | string)[] }) => elements(value.shape, axes);
  const [a, b] = inputs;
  switch (op) {
    case 'Conv':
      return size(outputs[0]!) * elements(b!.shape.slice(1), axes);
    case 'MatMul':
    case 'FusedMatMul':
    case 'Gemm':
      return size(outputs[0]!) * elements(a!.shape.slice(-1), axes);
    case 'MultiHeadAttention':
      return 2 * size(a!) * elements(b!.shape.slice(1, 2), axes);
    default:
      return 0;
  }
}

/** Side of the matrices: 48 MiB in all, far beyond any cache. */
const SIDE = 2048;
const RUNS = 5;

/** Floating-point operations a second, the best of some products. */
export async function matrixPeak(threads: number): Promise<number> {
  const g = new GraphBuilder('peak');
  const [a, b] = ['a', 'b'].map((name) => g.input(name, 'f32', [SIDE, SIDE]));
  g.output('c', matMul(g, a!, b!));
  const session = await NetworkSession.open(g.build(), { provider: 'cpu', threads });
  const matrix = { data: new Float32Array(SIDE * SIDE).fill(0.5), dims: [SIDE, SIDE] };
  let best = 0;
  for (let run = 0; run < RUNS; run++) {
    const fromMs = performance.now();
    await session.run({ a: matrix, b: matrix });
    best = Math.max(best, (2 * SIDE ** 3) / ((performance.now() - fromMs) / 1000));
  }
  await session.close();
  return best;
}
