// Hands a network its weights: looks a tensor up by the name its module has, checks the shape, declares it in the graph as a reference into
// its file, and remembers which were used, so that a file with more than the network is noticed.

import { DarkroomError } from '../errors.ts';
import { showShape } from '../onnx/dims.ts';
import type { ElementType, GraphBuilder, Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Dtype, TensorIndex, TensorRange } from '../weights/tensors.ts';

/** What a wrong shape usually means: a sentence for the owner, or undefined. */
export type ShapeHint = (name: string, found: readonly number[], expected: readonly number[]) => string | undefined;

const STORED: Readonly<Partial<Record<Dtype, ElementType>>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' };

/** Names listed in a message before it says how many more there are. */
const NAMES_SHOWN = 3;

export class WeightReader {
  readonly #g: GraphBuilder;
  readonly #tensors: TensorIndex;
  readonly #hint: ShapeHint;
  readonly #used = new Set<string>();

  constructor(g: GraphBuilder, tensors: TensorIndex, hint: ShapeHint = () => undefined) {
    this.#g = g;
    this.#tensors = tensors;
    this.#hint = hint;
  }

  /**
   * A weight computed with in single precision.
   * @param shape what the file must hold; trailing axes of length 1 do not count (a 1x1 convolution's bytes are a matrix's).
   * @param as the same numbers under another shape, e.g. [c,1,1] for a bias added to [n,c,h,w].
   * @throws weights_invalid when it is missing, misshaped or of an integer type.
   */
  take(name: string, shape: readonly number[], as: readonly number[] = shape): Value {
    const tensor = this.#find(name, shape);
    return this.#g.weight(name, storedType(tensor, this.#tensors.source), as, tensor, 'f32');
  }

  /** As `take`, in the type the file has: a table of rows is widened after the few rows used are picked. */
  takeStored(name: string, shape: readonly number[]): Value {
    const tensor = this.#find(name, shape);
    const stored = storedType(tensor, this.#tensors.source);
    return this.#g.weight(name, stored, shape, tensor, stored);
  }

  /**
   * A kernel stored in 256 levels: level · step + offset, both its own for every output channel. Beside `name.weight` u8 lie `name.step` and
   * `name.offset` f32[o].
   * @throws weights_invalid
   */
  takeLevels(name: string, shape: readonly number[]): Value {
    const weight = `${name}.weight`;
    const tensor = this.#find(weight, shape);
    if (tensor.dtype !== 'U8') throw wrongType(tensor, this.#tensors.source, 'U8');
    const levels = this.#g.weight(weight, 'u8', shape, tensor, 'f32');
    const perChannel = [shape[0]!, ...shape.slice(1).map(() => 1)];
    const [step, offset] = ['step', 'offset'].map((part) => this.take(`${name}.${part}`, [shape[0]!], perChannel));
    return op.add(this.#g, op.mul(this.#g, levels, step!), offset!);
  }

  /**
   * @param belongs which names are this network's at all.
   * @throws weights_invalid when some of them were not used: the config describes another network than the file holds.
   */
  refuseUnused(belongs: (name: string) => boolean): void {
    const unused = [...this.#tensors.names()].filter((name) => belongs(name) && !this.#used.has(name));
    if (unused.length === 0) return;
    const more = unused.length > NAMES_SHOWN ? ` and ${unused.length - NAMES_SHOWN} more` : '';
    throw new DarkroomError(
      'weights_invalid',
      `${this.#tensors.source}: ${unused.length} tensors belong to no layer that config.json describes: ` +
        `${unused.slice(0, NAMES_SHOWN).join(', ')}${more}`,
      { source: this.#tensors.source, unused: unused.length },
    );
  }

  #find(name: string, expected: readonly number[]): TensorRange {
    const { source } = this.#tensors;
    const tensor = this.#tensors.get(name);
    this.#used.add(name);
    if (tensor === undefined) {
      throw new DarkroomError('weights_invalid', `${source}: ${name} is missing, expected ${showShape(expected)}`, {
        source,
        tensor: name,
      });
    }
    if (!sameNumbers(tensor.shape, expected)) {
      const hint = this.#hint(name, tensor.shape, expected);
      const shapes = `has shape ${showShape(tensor.shape)}, expected ${showShape(expected)}`;
      throw new DarkroomError(
        'weights_invalid',
        `${source}: ${name} ${shapes}${hint === undefined ? '' : `; ${hint}`}`,
        {
          source,
          tensor: name,
        },
      );
    }
    return tensor;
  }
}

function storedType(tensor: TensorRange, source: string): ElementType {
  const stored = STORED[tensor.dtype];
  if (stored !== undefined) return stored;
  throw wrongType(tensor, source, 'F32, F16 or BF16');
}

function wrongType({ name, dtype }: TensorRange, source: string, expected: string): DarkroomError {
  const message = `${source}: ${name} is stored as ${dtype}, expected ${expected}`;
  return new DarkroomError('weights_invalid', message, { source, tensor: name });
}

function sameNumbers(found: readonly number[], expected: readonly number[]): boolean {
  const [a, b] = [withoutTrailingOnes(found), withoutTrailingOnes(expected)];
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

function withoutTrailingOnes(shape: readonly number[]): readonly number[] {
  const last = shape.findLastIndex((dim) => dim !== 1);
  return shape.slice(0, last + 1);
}
