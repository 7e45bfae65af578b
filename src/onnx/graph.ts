// A computation graph as frozen data, and the builder that grows it. Nodes know nothing of how they are printed, checked or written:
// shapes.ts infers what they yield, print.ts shows them, modelProto.ts writes them.
import { DarkroomError } from '../errors.ts';
import { type Dim, type Shape, showShape } from './dims.ts';
import { inferOutputs } from './shapes.ts';

export type ElementType = 'f32' | 'f16' | 'bf16' | 'u8' | 'i32' | 'i64' | 'bool';

export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  /** Contents, where they are known when the graph is built: small integer tensors such as the target of a Reshape. */
  readonly contents?: readonly Dim[];
}

/** Integers and reals are told apart by the attribute's name (modelProto.ts), as the operator's definition fixes them. */
export type Attribute = number | string | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;
/** '' is the standard operator set. */
export type Domain = '' | 'com.microsoft';

export interface Node {
  readonly op: string;
  readonly domain: Domain;
  /** null is an optional input left out. */
  readonly inputs: readonly (Value | null)[];
  /** An optional output left out has no name. */
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** Computes in single precision also where the rest of the graph does not (halfPrecision.ts); absent is no. */
  readonly isSingle?: true;
  /** Of an If: what is computed when its first input is true, and when it is false; absent elsewhere. */
  readonly bodies?: Bodies;
}

/** Nodes of which a run computes all or none. They read values of the graph around them too: those are among the inputs of the node they belong to. */
export interface Body {
  readonly nodes: readonly Node[];
  readonly output: Value;
}

export interface Bodies {
  readonly whenTrue: Body;
  readonly whenFalse: Body;
}

/** Where the numbers of a weight lie; never read by this program. */
export interface ByteRange {
  /** Real absolute path. */
  readonly file: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A tensor whose numbers stay in the file they were published in. */
export interface Weight {
  readonly value: Value;
  readonly stored: ElementType;
  readonly range: ByteRange;
}

/** A small tensor made when the graph was built. */
export interface Constant {
  readonly value: Value;
  readonly data: Float32Array | Uint16Array | BigInt64Array;
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly weights: readonly Weight[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
}

/** Longest real vector whose contents shape inference may look at; the scales of a Resize have 4. */
const MAX_KNOWN_CONTENTS = 4;

export class GraphBuilder {
  readonly #name: string;
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #weights = new Map<string, Weight>();
  readonly #constants = new Map<string, Constant>();
  /** Of the graph itself, or of the body being written. */
  #nodes: Node[] = [];
  /** Of all bodies too: no two values have the same name. */
  #nodeCount = 0;
  /** How many calls of `single` are under way. */
  #singles = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Declares an input of the whole graph. */
  input(name: string, type: ElementType, shape: Shape): Value {
    const value = freezeValue({ name, type, shape });
    this.#inputs.push(value);
    return value;
  }

  /** Names a value as an output of the whole graph. */
  output(name: string, value: Value): void {
    const [named] = this.node('Identity', [value], {}, { names: [name] });
    this.#outputs.push(named!);
  }

  /**
   * A weight in its file.
   * @param as f32 when the graph computes with single precision whatever the file holds; the stored type to use it untouched.
   */
  weight(name: string, stored: ElementType, shape: Shape, range: ByteRange, as: ElementType): Value {
    const known = this.#weights.get(name);
    if (known !== undefined) return known.value;
    const value = freezeValue({ name, type: as, shape });
    this.#weights.set(name, Object.freeze({ value, stored, range: Object.freeze({ ...range }) }));
    return value;
  }

  /** A constant i64 vector. */
  integers(...contents: readonly number[]): Value {
    return this.#constant(`i64(${contents.join(',')})`, 'i64', [contents.length], contents, () =>
      BigInt64Array.from(contents, BigInt),
    );
  }

  /** A constant f32 tensor under a name that says what it is. */
  floats(name: string, shape: readonly number[], data: Float32Array): Value {
    const size = shape.reduce((total, dim) => total * dim, 1);
    if (size !== data.length) {
      throw new DarkroomError('graph_invalid', `${name}: ${data.length} numbers for shape ${showShape(shape)}`);
    }
    const contents = data.length <= MAX_KNOWN_CONTENTS ? [...data] : undefined;
    return this.#constant(name, 'f32', shape, contents, () => data);
  }

  /** What `write` adds is computed in single precision, whatever the rest is: numbers there do not fit into half of it. */
  single<T>(write: () => T): T {
    this.#singles += 1;
    try {
      return write();
    } finally {
      this.#singles -= 1;
    }
  }

  /** Adds one node. @throws graph_invalid when the operator does not take these inputs. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes = {},
    options: { readonly domain?: Domain; readonly names?: readonly (string | undefined)[] } = {},
  ): readonly Value[] {
    const count = this.#nodeCount;
    this.#nodeCount += 1;
    const outputs = inferOutputs(op, inputs, attributes).map((output, index) =>
      freezeValue({ name: options.names?.[index] ?? `${op}_${count}_${index}`, ...output }),
    );
    const mark = this.#singles > 0 ? { isSingle: true as const } : {};
    const node = {
      op,
      domain: options.domain ?? '',
      inputs: [...inputs],
      outputs,
      attributes: { ...attributes },
      ...mark,
    };
    Object.freeze(node.inputs);
    Object.freeze(node.outputs);
    Object.freeze(node.attributes);
    this.#nodes.push(Object.freeze(node));
    return outputs;
  }

  /**
   * One of two computations, decided in every run: what the other would cost is not paid.
   * @param condition bool[1]
   * @param then writes its nodes and returns what they result in, which one of them has made
   * @param otherwise the same; its result may be 1 long along any axis, where whoever reads the choice broadcasts
   * @returns a value of the shape `then` has
   * @throws graph_invalid when the results do not fit together
   */
  choose(condition: Value, then: () => Value, otherwise: () => Value): Value {
    const bodies = Object.freeze({ whenTrue: this.#body(then), whenFalse: this.#body(otherwise) });
    const [one, other] = [bodies.whenTrue.output, bodies.whenFalse.output];
    if (one.type !== other.type || !isStretched(other.shape, one.shape)) {
      const found = [one, other].map(({ type, shape }) => type + showShape(shape));
      throw new DarkroomError('graph_invalid', `If(${condition.name}): chooses between ${found.join(' and ')}`);
    }
    const output = freezeValue({ name: `If_${this.#nodeCount}_0`, type: one.type, shape: one.shape });
    this.#nodeCount += 1;
    const inputs = Object.freeze([condition, ...readAround([bodies.whenTrue, bodies.whenFalse])]);
    const outputs = Object.freeze([output]);
    this.#nodes.push(Object.freeze({ op: 'If', domain: '', inputs, outputs, attributes: Object.freeze({}), bodies }));
    return output;
  }

  build(): Graph {
    return Object.freeze({
      name: this.#name,
      inputs: Object.freeze([...this.#inputs]),
      outputs: Object.freeze([...this.#outputs]),
      weights: Object.freeze([...this.#weights.values()]),
      constants: Object.freeze([...this.#constants.values()]),
      nodes: Object.freeze([...this.#nodes]),
    });
  }

  #body(write: () => Value): Body {
    const around = this.#nodes;
    this.#nodes = [];
    try {
      const output = write();
      return Object.freeze({ nodes: Object.freeze(this.#nodes), output });
    } finally {
      this.#nodes = around;
    }
  }

  #constant(
    name: string,
    type: ElementType,
    shape: Shape,
    contents: readonly number[] | undefined,
    makeData: () => Constant['data'],
  ): Value {
    const known = this.#constants.get(name);
    if (known !== undefined) return known.value;
    const value = freezeValue({ name, type, shape, ...(contents === undefined ? {} : { contents }) });
    this.#constants.set(name, Object.freeze({ value, data: makeData() }));
    return value;
  }
}

function isStretched(from: Shape, to: Shape): boolean {
  return from.length === to.length && from.every((dim, axis) => dim === to[axis] || dim === 1);
}

/** What bodies read and do not make. */
function readAround(bodies: readonly Body[]): readonly Value[] {
  const nodes = bodies.flatMap((body) => body.nodes);
  const read = new Map(nodes.flatMap(({ inputs }) => inputs.map((value) => [value?.name, value])));
  for (const { name } of nodes.flatMap(({ outputs }) => outputs)) read.delete(name);
  return [...read.values()].filter((value) => value != null);
}

function freezeValue(value: Value): Value {
  return Object.freeze({ ...value, shape: Object.freeze([...value.shape]) });
}
