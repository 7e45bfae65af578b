// Sizes of tensor axes, known (numbers) or symbolic (text such as `h`, `ceil(h/2)`, `2*h*w`), and the little algebra shape inference
// needs. Symbols are compared as text, so every operation here writes one canonical form.
import { DarkroomError } from '../errors.ts';

export type Dim = number | string;
/** Outermost axis first; [] is a scalar. */
export type Shape = readonly Dim[];

interface Product {
  readonly coefficient: number;
  /** Symbolic factors, sorted. */
  readonly factors: readonly string[];
}

export function showShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** Number of elements. */
export function dimProduct(dims: Shape): Dim {
  return fromProduct(multiply(dims.map(toProduct)));
}

/** a / b where b's factors are among a's. @throws graph_invalid otherwise. */
export function dimQuotient(a: Dim, b: Dim): Dim {
  const over = toProduct(a);
  const under = toProduct(b);
  const factors = [...over.factors];
  for (const factor of under.factors) {
    const at = factors.indexOf(factor);
    if (at === -1) throw new DarkroomError('graph_invalid', `${a} is not divisible by ${b}`);
    factors.splice(at, 1);
  }
  const coefficient = over.coefficient / under.coefficient;
  if (!Number.isInteger(coefficient)) throw new DarkroomError('graph_invalid', `${a} is not divisible by ${b}`);
  return fromProduct({ coefficient, factors });
}

/**
 * Length of a convolved axis: floor((length + padding - kernel) / stride) + 1.
 * @param padding both sides together.
 * @throws graph_invalid for a symbolic length in a combination no network here uses.
 */
export function dimConvolved(length: Dim, kernel: number, stride: number, padding: number): Dim {
  if (typeof length === 'number') return Math.floor((length + padding - kernel) / stride) + 1;
  if (stride === 1 && padding === kernel - 1) return length;
  if (stride === 2 && padding === kernel - 1) return halved('ceil', length);
  if (stride === 2 && padding === kernel - 2) return halved('floor', length);
  if (stride === kernel && padding === 0 && toProduct(length).coefficient % stride === 0) {
    return dimQuotient(length, stride);
  }
  throw new DarkroomError(
    'graph_invalid',
    `convolving symbolic length ${length} with kernel ${kernel}, stride ${stride}, padding ${padding}`,
  );
}

/** ceil(ceil(h/2)/2) is ceil(h/4), and the same holds for floor; mixed roundings nest. */
function halved(rounding: 'ceil' | 'floor', length: string): Dim {
  const nested = new RegExp(`^${rounding}\\((\\w+)/(\\d+)\\)$`).exec(length);
  if (nested !== null) return `${rounding}(${nested[1]}/${Number(nested[2]) * 2})`;
  const product = toProduct(length);
  if (product.coefficient % 2 === 0) return fromProduct({ ...product, coefficient: product.coefficient / 2 });
  return `${rounding}(${length}/2)`;
}

function toProduct(dim: Dim): Product {
  if (typeof dim === 'number') return { coefficient: dim, factors: [] };
  const match = /^(?:(\d+)\*)?(.+)$/.exec(dim);
  return { coefficient: Number(match?.[1] ?? 1), factors: (match?.[2] ?? dim).split('*') };
}

function multiply(products: readonly Product[]): Product {
  return {
    coefficient: products.reduce((total, { coefficient }) => total * coefficient, 1),
    factors: products.flatMap(({ factors }) => factors).sort(),
  };
}

function fromProduct({ coefficient, factors }: Product): Dim {
  if (factors.length === 0 || coefficient === 0) return coefficient;
  return [...(coefficient === 1 ? [] : [coefficient]), ...factors].join('*');
}
