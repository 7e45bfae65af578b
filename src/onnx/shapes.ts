// Shape inference: what each operator yields from what it is given, with symbolic sizes. It refuses what the operator would refuse, so
// a wrong graph fails here, by name, and not inside the runtime.
import { DarkroomError } from '../errors.ts';
import { type Dim, dimConvolved, dimProduct, dimQuotient, type Shape, sameShape, showShape } from './dims.ts';
import type { Attributes, Value } from './graph.ts';

type Output = Omit<Value, 'name'>;
type Rule = (inputs: readonly (Value | null)[], attributes: Attributes) => readonly Output[];

/** @throws graph_invalid for an operator without a rule, or inputs the operator does not take. */
export function inferOutputs(op: string, inputs: readonly (Value | null)[], attributes: Attributes): readonly Output[] {
  const rule = RULES[op];
  if (rule === undefined) throw new DarkroomError('graph_invalid', `${op}: no shape rule for this operator`);
  try {
    return rule(inputs, attributes);
  } catch (thrown) {
    const given = inputs.map((value) =>
      value === null ? '-' : `${value.name} ${value.type}${showShape(value.shape)}`,
    );
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new DarkroomError('graph_invalid', `${op}(${given.join(', ')}): ${reason}`);
  }
}

const asFirst: Rule = ([x]) => [{ type: given(x).type, shape: given(x).shape }];

const broadcast: Rule = ([a, b]) => {
  const [left, right] = [given(a), given(b)];
  if (left.type !== right.type) refuse(`element types ${left.type} and ${right.type} differ`);
  return [{ type: left.type, shape: broadcastShapes(left.shape, right.shape) }];
};

const RULES: Readonly<Record<string, Rule>> = {
  Identity: asFirst,
  Sigmoid: asFirst,
  Relu: asFirst,
  LeakyRelu: asFirst,
  PRelu: ([x, slope]) => {
    expectShape(given(slope), [given(x).shape[1]!, 1, 1]);
    return [{ type: given(x).type, shape: given(x).shape }];
  },
  Tanh: asFirst,
  Erf: asFirst,
  Exp: asFirst,
  Sin: asFirst,
  Cos: asFirst,
  Softmax: asFirst,
  Clip: asFirst,
  Gelu: asFirst,
  QuickGelu: asFirst,
  Add: broadcast,
  Sub: broadcast,
  Mul: broadcast,
  Div: broadcast,
  Cast: ([x], { to }) => [{ type: to as Value['type'], shape: given(x).shape }],
  LayerNormalization: ([x, scale, bias]) => {
    const width = given(x).shape.at(-1);
    for (const value of [scale, bias]) expectShape(given(value), [width!]);
    return [{ type: given(x).type, shape: given(x).shape }];
  },
  InstanceNormalization: ([x, scale, bias]) => {
    for (const value of [scale, bias]) expectShape(given(value), [given(x).shape[1]!]);
    return [{ type: given(x).type, shape: given(x).shape }];
  },
  GlobalAveragePool: ([x]) => [{ type: given(x).type, shape: [...rank(given(x), 4).slice(0, 2), 1, 1] }],
  SkipLayerNormalization: ([x, skip, scale, shift, bias]) => {
    const width = given(x).shape.at(-1)!;
    expectShape(given(skip), given(x).shape);
    for (const value of [scale, shift, ...(bias == null ? [] : [bias])]) expectShape(given(value), [width]);
    const sum = { type: given(x).type, shape: given(x).shape };
    const left = { type: 'f32', shape: [...sum.shape.slice(0, -1), 1] } as const;
    return [sum, left, left, sum];
  },
  GroupNorm: ([x, scale, shift], attributes) => groupNormed(given(x), [given(scale), given(shift)], attributes),
  SkipGroupNorm: ([x, scale, shift, skip], attributes) => {
    const outputs = groupNormed(given(x), [given(scale), given(shift)], attributes);
    expectShape(given(skip), [given(x).shape[0]!, channelsOf(given(x), attributes)]);
    return outputs;
  },
  BiasAdd: ([x, bias, skip]) => {
    expectShape(given(bias), [rank(given(x), 3)[2]!]);
    expectShape(given(skip), given(x).shape);
    return [{ type: given(x).type, shape: given(x).shape }];
  },
  BiasSplitGelu: ([x, bias]) => {
    const [n, tokens, width] = rank(given(x), 3);
    expectShape(given(bias), [width!]);
    return [{ type: given(x).type, shape: [n!, tokens!, dimQuotient(width!, 2)] }];
  },
  AveragePool: ([x], { kernel_shape: kernel, strides }) => {
    const [n, channels, height, width] = rank(given(x), 4);
    const sides = [height!, width!].map((side, axis) => {
      return dimConvolved(side, (kernel as number[])[axis]!, (strides as number[])[axis]!, 1);
    });
    return [{ type: given(x).type, shape: [n!, channels!, ...sides] }];
  },
  Conv: ([x, weight, bias], { strides, pads, group = 1 }) => {
    const [n, channels, height, width] = rank(given(x), 4);
    const [out, per, kernelHeight, kernelWidth] = rank(given(weight), 4) as readonly number[];
    if (per !== dimQuotient(channels!, group as number)) refuse(`${channels} channels for a kernel of ${per}`);
    if (out! % (group as number) > 0) refuse(`${out} kernels for ${group} groups`);
    if (bias != null) expectShape(bias, [out!]);
    const [strideY, strideX] = strides as readonly number[];
    const [top, left, bottom, right] = pads as readonly number[];
    const tall = dimConvolved(height!, kernelHeight!, strideY!, top! + bottom!);
    const wide = dimConvolved(width!, kernelWidth!, strideX!, left! + right!);
    return [{ type: given(x).type, shape: [n!, out!, tall, wide] }];
  },
  NhwcConv: ([x, weight, bias], attributes) => {
    const [turnedX, turnedWeight] = [channelsFirst(given(x)), channelsFirst(given(weight))];
    const [{ type, shape }] = RULES.Conv!([turnedX, turnedWeight, bias ?? null], attributes) as readonly [Output];
    return [{ type, shape: [shape[0]!, shape[2]!, shape[3]!, shape[1]!] }];
  },
  Gemm: ([x, weight, bias], { transB }) => {
    const [rows, inner] = rank(given(x), 2);
    const [a, b] = rank(given(weight), 2);
    const [weightInner, out] = transB === 1 ? [b, a] : [a, b];
    if (inner !== weightInner) refuse(`inner sizes ${inner} and ${weightInner} differ`);
    if (bias != null) expectShape(bias, [out!]);
    return [{ type: given(x).type, shape: [rows!, out!] }];
  },
  MatMul: ([a, b]) => matrixProduct(given(a), given(b), false),
  FusedMatMul: ([a, b], { transA, transB }) =>
    matrixProduct(transA === 1 ? turned(given(a)) : given(a), given(b), transB === 1),
  MultiHeadAttention: ([query, key, value], { num_heads: heads }) => {
    const [n, tokens, width] = rank(given(query), 3);
    const [keyRows, keyTokens, keyWidth] = rank(given(key), 3);
    if (!sameShape(given(key).shape, given(value).shape)) refuse('key and value differ in shape');
    if (keyRows !== n || keyWidth !== width) refuse(`keys [${keyRows},${keyTokens},${keyWidth}] for this query`);
    dimQuotient(width!, heads as number);
    return [{ type: given(query).type, shape: [n!, tokens!, width!] }];
  },
  Transpose: ([x], { perm }) => {
    const axes = perm as readonly number[];
    rank(given(x), axes.length);
    return [{ type: given(x).type, shape: axes.map((axis) => given(x).shape[axis]!) }];
  },
  Reshape: ([x, target]) => [{ type: given(x).type, shape: reshaped(given(x).shape, contentsOf(target)) }],
  Expand: ([x, target]) => [{ type: given(x).type, shape: broadcastShapes(given(x).shape, contentsOf(target)) }],
  Shape: ([x], { start, end }) => {
    const contents = given(x).shape.slice(start as number, end as number | undefined);
    return [{ type: 'i64', shape: [contents.length], contents }];
  },
  Concat: (inputs, { axis }) => concatenated(inputs.map(given), axis as number),
  Gather: ([table, indices], { axis }) => {
    const at = axis as number;
    const { type, shape, contents } = given(table);
    const picked = given(indices).contents?.map((index) => contents?.[index as number]);
    const known = contents !== undefined && picked?.every((dim) => dim !== undefined) ? { contents: picked } : {};
    return [{ type, shape: [...shape.slice(0, at), ...given(indices).shape, ...shape.slice(at + 1)], ...known }];
  },
  Slice: ([x, starts, ends, axes]) => {
    const shape = [...given(x).shape];
    const [start, end, axis] = [starts, ends, axes].map((value) => contentsOf(value)[0]!);
    if (start !== 0 || typeof axis !== 'number') refuse('only slices from the start of one axis are inferred');
    shape[axis as number] = end!;
    return [{ type: given(x).type, shape }];
  },
  Split: ([x], { axis, num_outputs: parts }) => {
    const shape = given(x).shape;
    const part = dimQuotient(shape[axis as number]!, parts as number);
    const output = { type: given(x).type, shape: shape.with(axis as number, part) };
    return Array.from({ length: parts as number }, () => output);
  },
  DepthToSpace: ([x], { blocksize }) => {
    const [n, channels, height, width] = rank(given(x), 4);
    const side = blocksize as number;
    const shape = [n!, dimQuotient(channels!, side * side), dimProduct([height!, side]), dimProduct([width!, side])];
    return [{ type: given(x).type, shape }];
  },
  Resize: ([x, , scales, sizes]) => {
    const shape = given(x).shape;
    if (sizes != null) return [{ type: given(x).type, shape: contentsOf(sizes) }];
    const factors = contentsOf(scales);
    return [{ type: given(x).type, shape: shape.map((dim, axis) => dimProduct([dim, factors[axis]!])) }];
  },
};

function groupNormed(x: Value, affine: readonly Value[], attributes: Attributes): readonly Output[] {
  rank(x, 4);
  const channels = channelsOf(x, attributes);
  dimQuotient(channels, attributes.groups as number);
  for (const value of affine) expectShape(value, [channels]);
  return [{ type: x.type, shape: x.shape }];
}

function channelsFirst(value: Value): Value {
  const [n, height, width, channels] = rank(value, 4);
  return { ...value, shape: [n!, channels!, height!, width!] };
}

function channelsOf({ shape }: Value, { channels_last: isLast }: Attributes): Dim {
  return shape[isLast === 1 ? 3 : 1]!;
}

/** The last two axes in each other's place. */
function turned(value: Value): Value {
  const [rows, columns] = value.shape.slice(-2);
  return { ...value, shape: [...value.shape.slice(0, -2), columns!, rows!] };
}

function matrixProduct(a: Value, b: Value, transposed: boolean): readonly Output[] {
  const [rows, inner] = a.shape.slice(-2);
  const [first, second] = b.shape.slice(-2);
  const [bInner, columns] = transposed ? [second, first] : [first, second];
  if (inner !== bInner) refuse(`inner sizes ${inner} and ${bInner} differ`);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return [{ type: a.type, shape: [...batch, rows!, columns!] }];
}

/** Numpy's rule: aligned at the last axis, a size of 1 stretches; `n?` is a size that is n or 1. */
function broadcastShapes(a: Shape, b: Shape): Shape {
  const axes = Math.max(a.length, b.length);
  return Array.from({ length: axes }, (_, axis) => {
    const left = a[axis - (axes - a.length)] ?? 1;
    const right = b[axis - (axes - b.length)] ?? 1;
    if (left === `${right}?`) return right;
    if (right === `${left}?`) return left;
    if (left !== right && left !== 1 && right !== 1) refuse(`sizes ${left} and ${right} do not broadcast`);
    return left === 1 ? right : left;
  });
}

/** 0 copies the axis at the same place, one -1 takes what is left. */
function reshaped(shape: Shape, target: readonly Dim[]): Shape {
  const sizes = target.map((dim, axis) => (dim === 0 ? shape[axis]! : dim));
  const rest = dimQuotient(dimProduct(shape), dimProduct(sizes.filter((dim) => dim !== -1)));
  if (!sizes.includes(-1) && rest !== 1) refuse(`${showShape(shape)} does not fit ${showShape(sizes)}`);
  return sizes.map((dim) => (dim === -1 ? rest : dim));
}

function concatenated(values: readonly Value[], axis: number): readonly Output[] {
  const [first, ...others] = values;
  const { type, shape } = given(first);
  for (const other of others) {
    if (!sameShape(other.shape.toSpliced(axis, 1), shape.toSpliced(axis, 1))) {
      refuse(`${showShape(other.shape)} beside ${showShape(shape)} along axis ${axis}`);
    }
  }
  const lengths = values.map((value) => value.shape[axis]!);
  if (!lengths.every((length) => typeof length === 'number')) refuse('lengths along the axis must be known');
  const total = (lengths as number[]).reduce((sum, length) => sum + length, 0);
  const contents = values.every((value) => value.contents !== undefined)
    ? values.flatMap((value) => value.contents!)
    : undefined;
  return [{ type, shape: shape.with(axis, total), ...(contents === undefined ? {} : { contents }) }];
}

function given(value: Value | null | undefined): Value {
  if (value == null) throw new Error('an input is missing');
  return value;
}

function contentsOf(value: Value | null | undefined): readonly Dim[] {
  const { contents, name } = given(value);
  if (contents === undefined) throw new Error(`the contents of ${name} are not known when the graph is built`);
  return contents;
}

function rank(value: Value, axes: number): Shape {
  if (value.shape.length !== axes) refuse(`${value.name} has ${value.shape.length} axes, expected ${axes}`);
  return value.shape;
}

function expectShape(value: Value, shape: Shape): void {
  if (!sameShape(value.shape, shape)) {
    refuse(`${value.name} has shape ${showShape(value.shape)}, expected ${showShape(shape)}`);
  }
}

function refuse(reason: string): never {
  throw new Error(reason);
}
