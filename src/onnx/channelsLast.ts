// The same graph with pictures laid out n,h,w,c inside, in which some providers' convolutions and group norms are fastest: every operator that
// can work on that layout does, a Transpose stands only where one cannot. Inputs, outputs and weights stay as they are.
// A value may exist in both layouts; the other layout of a value is called its twin. Of f32[n,c,s] the twin is f32[n,s,c], of the vector of
// a picture's sizes the sizes in the other order.
import type { Dim } from './dims.ts';
import type { Attributes, Graph, Node, Value } from './graph.ts';
import { freezeValue, Rewriting } from './rewriting.ts';

/** Only where there are convolutions. */
export function channelsLast(graph: Graph): Graph {
  return graph.nodes.some(({ op }) => op === 'Conv') ? new Relayout(graph).run() : graph;
}

/** By rank: which axis of the original is axis i of the twin, and the way back. */
const TO_TWIN: Readonly<Record<number, readonly number[]>> = { 3: [0, 2, 1], 4: [0, 2, 3, 1] };
const FROM_TWIN: Readonly<Record<number, readonly number[]>> = { 3: [0, 2, 1], 4: [0, 3, 1, 2] };

const MICROSOFT = { domain: 'com.microsoft' } as const;

/** Operators that look at single numbers, whatever their place; other inputs are numbers for all. */
const EACH_ALONE = new Set(['Cast', 'QuickGelu', 'Gelu', 'Sigmoid', 'Relu', 'LeakyRelu', 'Tanh', 'Exp', 'Erf', 'Clip']);
/** Operators on two values that broadcast. */
const PAIRWISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'PRelu']);

class Relayout {
  readonly #graph: Graph;
  readonly #rewriting: Rewriting;
  /** By name of the original: what holds it as it is. Missing where only its twin has been made. */
  readonly #firsts = new Map<string, Value>();
  readonly #twins = new Map<string, Value>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#rewriting = new Rewriting(graph.constants);
    const given = [...graph.inputs, ...[...graph.weights, ...graph.constants].map(({ value }) => value)];
    for (const value of given) this.#firsts.set(value.name, value);
  }

  run(): Graph {
    for (const node of this.#graph.nodes) if (!this.#turned(node)) this.#keep(node);
    return this.#rewriting.graph(this.#graph);
  }

  /** The node in the original layout. */
  #keep(node: Node): void {
    const inputs = node.inputs.map((value) => value && this.#first(value));
    this.#rewriting.push({ ...node, inputs: Object.freeze(inputs) });
    for (const output of node.outputs) this.#firsts.set(output.name, output);
  }

  /** Whether the node could be written for the other layout. */
  #turned(node: Node): boolean {
    if (node.op === 'Conv') return this.#conv(node);
    if (node.op === 'GroupNorm' || node.op === 'SkipGroupNorm') return this.#groupNorm(node);
    if (node.op === 'Transpose') return this.#transpose(node);
    const hasTwin = node.inputs.some((value) => value !== null && this.#twins.has(value.name));
    if (!hasTwin) return false;
    if (EACH_ALONE.has(node.op)) return this.#like(node, this.#twinAndRest(node), node.attributes);
    if (PAIRWISE.has(node.op)) return this.#pairwise(node);
    return this.#rearranged(node);
  }

  #rearranged(node: Node): boolean {
    switch (node.op) {
      case 'Concat':
        return this.#concat(node);
      case 'Slice':
        return this.#slice(node);
      case 'Resize':
        return this.#resize(node);
      case 'Shape':
        return this.#shape(node);
      case 'Reshape':
        return this.#reshape(node);
      case 'MatMul':
        return this.#matMul(node);
      default:
        return false;
    }
  }

  #conv(node: Node): boolean {
    const [x, weight, bias] = node.inputs;
    if ((node.attributes.group ?? 1) !== 1) return false;
    const kernel = this.#twin(weight!);
    const attributes = { ...node.attributes, kernel_shape: weight!.shape.slice(2) as number[] };
    const inputs = bias == null ? [this.#twin(x!), kernel] : [this.#twin(x!), kernel, this.#first(bias)];
    return this.#like({ ...node, op: 'NhwcConv', ...MICROSOFT }, inputs, attributes);
  }

  #groupNorm(node: Node): boolean {
    return this.#like(node, this.#twinAndRest(node), { ...node.attributes, channels_last: 1 });
  }

  /** Of f32[n,c,s] ⇄ f32[n,s,c] nothing is left: what it makes is there already. */
  #transpose({ inputs, outputs, attributes }: Node): boolean {
    const [x] = inputs as readonly [Value];
    if (String(attributes.perm) !== '0,2,1') return false;
    const [first, twin] = [this.#firsts.get(x.name), this.#twins.get(x.name)];
    if (twin !== undefined) this.#firsts.set(outputs[0]!.name, twin);
    if (first !== undefined) this.#twins.set(outputs[0]!.name, first);
    return true;
  }

  #pairwise(node: Node): boolean {
    const axes = node.outputs[0]!.shape.length;
    if (TO_TWIN[axes] === undefined) return false;
    const inputs = node.inputs.map((value) => this.#broadcast(value!, axes));
    return !inputs.includes(null) && this.#like(node, inputs, node.attributes);
  }

  /** A value beside one of `axes` axes; null for shapes these networks do not have. */
  #broadcast(value: Value, axes: number): Value | null {
    const { shape } = value;
    if (shape.length === 0) return this.#first(value);
    if (shape.length === axes) return this.#twin(value);
    const isPerChannel = shape.length === axes - 1 && shape.slice(1).every((dim) => dim === 1);
    return isPerChannel ? this.#flat(value) : null;
  }

  /** f32[c,1,1] as f32[c]. */
  #flat(value: Value): Value {
    const output = { name: `${value.name}:flat`, type: value.type, shape: value.shape.slice(0, 1) };
    const known = this.#firsts.get(output.name);
    if (known !== undefined) return known;
    const flat = this.#rewriting.add('Reshape', {
      inputs: [this.#first(value), this.#rewriting.integers(-1)],
      output,
    });
    this.#firsts.set(output.name, flat);
    return flat;
  }

  #concat(node: Node): boolean {
    const [{ shape }] = node.inputs as readonly [Value];
    const axis = TO_TWIN[shape.length]?.indexOf(node.attributes.axis as number);
    if (axis === undefined) return false;
    return this.#like(
      node,
      node.inputs.map((value) => this.#twin(value!)),
      { axis },
    );
  }

  #slice(node: Node): boolean {
    const [x, starts, ends, axes] = node.inputs as readonly [Value, Value, Value, Value];
    const axis = TO_TWIN[x.shape.length]?.indexOf(axes.contents?.[0] as number) ?? -1;
    if (axis === -1) return false;
    const inputs = [this.#twin(x), this.#first(starts), this.#first(ends), this.#rewriting.integers(axis)];
    return this.#like(node, inputs, node.attributes);
  }

  #resize(node: Node): boolean {
    const [x, , scales = null, sizes = null] = node.inputs;
    if (sizes !== null) return this.#like(node, [this.#twin(x!), null, null, this.#twin(sizes!)], node.attributes);
    const turned = permuted(scales!.contents as readonly number[], TO_TWIN[4]!);
    const value: Value = { name: `scales(${turned.join(',')})`, type: 'f32', shape: [4], contents: turned };
    const inputs = [this.#twin(x!), null, this.#rewriting.constant({ value, data: Float32Array.from(turned) })];
    return this.#like(node, inputs, node.attributes);
  }

  /** All sizes in the twin's order; of some of them the sizes themselves, picked from the twin's. */
  #shape({ inputs: [x], outputs: [output], attributes }: Node): boolean {
    const twin = this.#twins.get(x!.name)!;
    const axes = twin.shape.length;
    const all = { name: `${twin.name}:sizes`, type: 'i64', shape: [axes], contents: twin.shape } as const;
    const sizes = this.#firsts.get(all.name) ?? this.#rewriting.add('Shape', { inputs: [twin], output: all });
    this.#firsts.set(all.name, sizes);
    if (output!.shape[0] === axes) {
      this.#twins.set(output!.name, sizes);
      return true;
    }
    const wanted = FROM_TWIN[axes]!.slice(attributes.start as number, attributes.end as number | undefined);
    const inputs = [sizes, this.#rewriting.integers(...wanted)];
    this.#firsts.set(output!.name, this.#rewriting.add('Gather', { inputs, output: output!, attributes: { axis: 0 } }));
    return true;
  }

  /** Pictures to places f32[n,c,h*w] and back; other shapes need the original. */
  #reshape(node: Node): boolean {
    const [x, target] = node.inputs as readonly [Value, Value];
    const { shape } = node.outputs[0]!;
    const keepsChannels = shape.length !== x.shape.length && shape[0] === x.shape[0] && shape[1] === x.shape[1];
    if (!keepsChannels || TO_TWIN[shape.length] === undefined || !this.#twins.has(x.name)) return false;
    const isConstant = this.#rewriting.constantOf(target) !== undefined;
    if (!isConstant) return this.#like(node, [this.#twin(x), this.#twin(target)], node.attributes);
    if (shape.length !== 3 || typeof shape[1] !== 'number') return false;
    return this.#like(node, [this.#twin(x), this.#rewriting.integers(0, -1, shape[1])], node.attributes);
  }

  /** a f32[…,o,r] · b f32[n,r,s]: turned round, b's twin times aᵀ. */
  #matMul(node: Node): boolean {
    const [a, b] = node.inputs as readonly [Value, Value];
    if (!this.#twins.has(b.name) || this.#firsts.has(b.name)) return false;
    return this.#like({ ...node, op: 'FusedMatMul', ...MICROSOFT }, [this.#twin(b), this.#first(a)], { transB: 1 });
  }

  #twinAndRest({ inputs: [x, ...rest] }: Node): readonly (Value | null)[] {
    return [this.#twin(x!), ...rest.map((value) => value && this.#first(value))];
  }

  /** A node whose result is the twin of what `node` makes. */
  #like({ op, domain, outputs }: Node, inputs: readonly (Value | null)[], attributes: Attributes): true {
    const [output] = outputs as readonly [Value];
    this.#twins.set(output.name, this.#rewriting.add(op, { inputs, output: twinOf(output), attributes, domain }));
    return true;
  }

  #first(value: Value): Value {
    const known = this.#firsts.get(value.name);
    if (known !== undefined) return known;
    const made = this.#turn(this.#twins.get(value.name)!, value, FROM_TWIN);
    this.#firsts.set(value.name, made);
    return made;
  }

  #twin(value: Value): Value {
    const known = this.#twins.get(value.name);
    if (known !== undefined) return known;
    const made = this.#turn(this.#first(value), twinOf(value), TO_TWIN);
    this.#twins.set(value.name, made);
    return made;
  }

  /** The same numbers in the other order; vectors of sizes are picked from, everything else is transposed. */
  #turn(from: Value, output: Value, orders: typeof TO_TWIN): Value {
    if (output.type === 'i64') {
      const inputs = [from, this.#rewriting.integers(...orders[output.shape[0] as number]!)];
      return this.#rewriting.add('Gather', { inputs, output, attributes: { axis: 0 } });
    }
    const attributes = { perm: orders[output.shape.length]! };
    return this.#rewriting.add('Transpose', { inputs: [from], output, attributes });
  }
}

function twinOf({ name, type, shape, contents }: Value): Value {
  const twin = { name: `${name}:last`, type };
  if (type !== 'i64') return freezeValue({ ...twin, shape: permuted(shape, TO_TWIN[shape.length]!) });
  const order = TO_TWIN[shape[0] as number]!;
  return freezeValue({ ...twin, shape, ...(contents === undefined ? {} : { contents: permuted(contents, order) }) });
}

function permuted<T extends Dim>(dims: readonly T[], order: readonly number[]): T[] {
  return order.map((axis) => dims[axis]!);
}
