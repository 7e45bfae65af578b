// The numbers of a tensor in single precision, for the few that are computed with before a network sees them: a LoRA's factors.
import { DarkroomError } from '../errors.ts';
import { type OpenFile, withModelFile } from './modelFiles.ts';
import type { TensorRange } from './tensors.ts';

/** Reads tensors of one or more files of the models folder. @throws weights_invalid for a type that is no real number */
export type NumberReader = (range: TensorRange) => Float32Array;

/** Opens a file for the time of `use`, so that a thousand tensors are one opening. */
export function withNumbers<T>(modelsDir: string, file: string, use: (read: NumberReader) => T): T {
  return withModelFile(modelsDir, file, (open) => use((range) => numbersOf(open, range)));
}

/** One tensor of a file that is not open. */
export function readNumbers(modelsDir: string, range: TensorRange): Float32Array {
  return withNumbers(modelsDir, range.file, (read) => read(range));
}

function numbersOf(open: OpenFile, range: TensorRange): Float32Array {
  const bytes = Uint8Array.from(open.read(range.offset, range.sizeBytes)).buffer;
  switch (range.dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'F16':
      return fromHalves(new Uint16Array(bytes));
    case 'BF16':
      return fromBrainHalves(new Uint16Array(bytes));
    case 'F64':
      return Float32Array.from(new Float64Array(bytes));
    case 'BOOL':
    case 'U8':
      return Float32Array.from(new Uint8Array(bytes));
    case 'I64':
      return Float32Array.from(new BigInt64Array(bytes), Number);
    default:
      throw new DarkroomError(
        'weights_invalid',
        `${range.name} is stored as ${range.dtype}, expected F32, F16 or BF16`,
        {
          tensor: range.name,
        },
      );
  }
}

/** The upper half of a single-precision number. */
function fromBrainHalves(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

/** Every half-precision number by its bits; made when first needed, 256 KB. */
let halfTable: Float32Array | undefined;

function fromHalves(halves: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfOf(bits));
  const table = halfTable;
  const numbers = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) numbers[i] = table[halves[i]!]!;
  return numbers;
}

/** @source IEEE 754-2019, binary16 */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
