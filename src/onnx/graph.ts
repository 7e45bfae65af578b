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
  readonly #nodes: Node[] = [];
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
    const outputs = inferOutputs(op, inputs, attributes).map((output, index) =>
      freezeValue({ name: options.names?.[index] ?? `${op}_${this.#nodes.length}_${index}`, ...output }),
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

function freezeValue(value: Value): Value {
  return Object.freeze({ ...value, shape: Object.freeze([...value.shape]) });
}
