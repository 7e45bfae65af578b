// A graph written for a graphics card as one the CPU computes, number by number as the card would: fused operators the CPU has no kernel for
// are written out in standard ones, and every value that is f16 is rounded to what f16 can hold, infinity where it is too large.
// Needed because the CPU provider computes f16 nodes in single precision and drops the casts between them, so that nothing overflows there.
import type { Attributes, Graph, Node, Value, Weight } from '../../src/onnx/graph.ts';
import { Rewriting } from '../../src/onnx/rewriting.ts';

export function referenceGraph(graph: Graph): Graph {
  return new Reference(graph).run();
}

const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];

class Reference {
  readonly #graph: Graph;
  readonly #rewriting: Rewriting;
  #made = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#rewriting = new Rewriting(
      graph.constants.map(({ value, data }) =>
        data instanceof Uint16Array
          ? { value: single(value), data: Float32Array.from(data, fromHalf) }
          : { value, data },
      ),
    );
  }

  run(): Graph {
    const weights = this.#graph.weights.map((weight) => this.#weight(weight));
    for (const node of this.#graph.nodes) this.#take(node);
    return { ...this.#rewriting.graph(this.#graph), weights };
  }

  #weight(weight: Weight): Weight {
    const { value, stored } = weight;
    if (value.type !== 'f16') return weight;
    if (stored === 'f16') return { ...weight, value: single(value) };
    const whole = { ...single(value), name: `${value.name}:whole` };
    this.#round(whole, value.name);
    return { ...weight, value: whole };
  }

  #take(node: Node): void {
    const inputs = node.inputs.map((value) => value && single(value));
    const [output] = node.outputs as readonly [Value];
    if (output.type !== 'f16') {
      this.#write(node, inputs, node.outputs.map(single));
      return;
    }
    const raw = node.outputs.map((value) =>
      value.name === '' ? value : { ...single(value), name: `${value.name}:raw` },
    );
    this.#write(node, inputs, raw);
    for (const [at, value] of node.outputs.entries()) if (value.name !== '') this.#round(raw[at]!, value.name);
  }

  /** @param outputs under the names they are to have */
  #write(node: Node, inputs: readonly (Value | null)[], outputs: readonly Value[]): void {
    const write = EXPANSIONS[node.op];
    if (node.op === 'Cast' && node.attributes.to === 'f16') this.#add('Identity', inputs, {}, outputs[0]!);
    else if (write === undefined) this.#rewriting.push({ ...node, inputs, outputs });
    else write((...call) => this.#add(...call), inputs as Value[], outputs[0]!, node, this.#rewriting);
  }

  #add(op: string, inputs: readonly (Value | null)[], attributes: Attributes = {}, output = this.#fresh()): Value {
    const domain = op === 'QuickGelu' || op === 'Gelu' ? 'com.microsoft' : '';
    return this.#rewriting.add(op, { inputs, attributes, output, domain });
  }

  /** There and back. The Reshape that changes nothing keeps the runtime from dropping both casts. */
  #round(x: Value, name: string): void {
    const half = this.#add('Cast', [x], { to: 'f16' }, { ...this.#fresh(), type: 'f16' });
    const same = this.#rewriting.integers(...x.shape.map(() => 0));
    const kept = this.#add('Reshape', [half, same], {}, { ...this.#fresh(), type: 'f16' });
    this.#add('Cast', [kept], { to: 'f32' }, { ...x, name });
  }

  #fresh(): Value {
    return { name: `reference_${this.#made++}`, type: 'f32', shape: [] };
  }
}

type Add = (op: string, inputs: readonly (Value | null)[], attributes?: Attributes, output?: Value) => Value;
type Expansion = (add: Add, inputs: readonly Value[], output: Value, node: Node, rewriting: Rewriting) => void;

/** What operators compute that the CPU has no kernel for. @source onnxruntime docs/ContribOperators.md */
const EXPANSIONS: Readonly<Record<string, Expansion>> = {
  BiasAdd: (add, [x, bias, skip], output) => add('Add', [add('Add', [x!, bias!]), skip!], {}, output),
  BiasSplitGelu: (add, [x, bias], output, _, rewriting) => {
    const sum = add('Add', [x!, bias!]);
    const half = (output.shape[2] as number) ?? 0;
    const part = (from: number) =>
      add('Slice', [sum, rewriting.integers(from), rewriting.integers(from + half), rewriting.integers(2)]);
    add('Mul', [part(0), add('Gelu', [part(half)])], {}, output);
  },
  NhwcConv: (add, [x, weight, bias], output, { attributes }) => {
    const first = (value: Value) => add('Transpose', [value], { perm: TO_FIRST });
    const convolved = add('Conv', [first(x!), first(weight!), ...(bias == null ? [] : [bias])], attributes);
    add('Transpose', [convolved], { perm: TO_LAST }, output);
  },
  GroupNorm: (add, [x, scale, shift], output, node, rewriting) =>
    groupNorm(add, x!, [scale!, shift!], output, node, rewriting, null),
  SkipGroupNorm: (add, [x, scale, shift, skip], output, node, rewriting) =>
    groupNorm(add, x!, [scale!, shift!], output, node, rewriting, skip!),
};

function groupNorm(
  add: Add,
  x: Value,
  affine: readonly Value[],
  output: Value,
  { attributes }: Node,
  rewriting: Rewriting,
  skip: Value | null,
): void {
  const { groups, epsilon, activation, channels_last: isLast } = attributes as Readonly<Record<string, number>>;
  const perChannel = (value: Value, ...lead: number[]) =>
    add('Reshape', [value, rewriting.integers(...lead, affine[0]!.shape[0] as number, 1, 1)]);
  const image = isLast === 1 ? add('Transpose', [x], { perm: TO_FIRST }) : x;
  const shifted = skip === null ? image : add('Add', [image, perChannel(skip, 0)]);
  const grouped = add('Reshape', [shifted, rewriting.integers(0, groups!, -1)]);
  const [ones, zeros] = [1, 0].map((number) => {
    const value: Value = { name: `group_norm_${number}(${groups})`, type: 'f32', shape: [groups!] };
    return rewriting.constant({ value, data: new Float32Array(groups!).fill(number) });
  });
  const normal = add('InstanceNormalization', [grouped, ones!, zeros!], { epsilon: epsilon! });
  const back = add('Reshape', [normal, add('Shape', [shifted], { start: 0 })]);
  const scaled = add('Add', [add('Mul', [back, perChannel(affine[0]!)]), perChannel(affine[1]!)]);
  const swished = activation === 1 ? add('QuickGelu', [scaled], { alpha: 1 }) : scaled;
  if (isLast === 1) add('Transpose', [swished], { perm: TO_LAST }, output);
  else add('Identity', [swished], {}, output);
}

function single(value: Value): Value {
  return value.type === 'f16' ? { ...value, type: 'f32' } : value;
}

/** The number half-precision bits stand for. */
export function fromHalf(bits: number): number {
  const [sign, exponent, mantissa] = [bits >> 15 === 1 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
}
