// What a weights file offers the rest of the program: names and byte ranges, never the numbers themselves.
// The graph writer points its initializers at these ranges; nothing is read, converted or copied here.
import { DarkroomError } from '../errors.ts';

/** Element types of the safetensors format, with their width in bytes. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value);
}

/** One tensor as it lies in its file: little-endian, C order, packed. */
export interface TensorRange {
  readonly name: string;
  readonly dtype: Dtype;
  /** Outermost axis first, in the file's own layout (linear weights are [out, in]); [] is a scalar. */
  readonly shape: readonly number[];
  /** Real absolute path, symbolic links resolved. */
  readonly file: string;
  /** From the start of the file, in bytes; not necessarily aligned. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The tensors of one part of a model, in one file or several shards. */
export interface TensorIndex {
  /** What to call this file or part in a message to the owner, e.g. `unet/diffusion_pytorch_model.safetensors`. */
  readonly source: string;
  get(name: string): TensorRange | undefined;
  names(): Iterable<string>;
}

/** The same tensors under other names; `name` inside each range stays the file's. @throws weights_invalid when two become one */
export function renameTensors(tensors: TensorIndex, rename: (name: string) => string): TensorIndex {
  const ranges = new Map<string, TensorRange>();
  for (const name of tensors.names()) {
    const target = rename(name);
    if (ranges.has(target)) {
      throw new DarkroomError('weights_invalid', `${tensors.source}: ${target} is there under an old and a new name`);
    }
    ranges.set(target, tensors.get(name)!);
  }
  return { source: tensors.source, get: (name) => ranges.get(name), names: () => ranges.keys() };
}

/** Rows `begin` up to `end` of the outermost axis, which lie together in the file. */
export function sliceRows(range: TensorRange, begin: number, end: number): TensorRange {
  const rowBytes = range.sizeBytes / range.shape[0]!;
  return {
    ...range,
    shape: [end - begin, ...range.shape.slice(1)],
    offset: range.offset + begin * rowBytes,
    sizeBytes: (end - begin) * rowBytes,
  };
}
