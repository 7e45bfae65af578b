// Walks the numbers of a weights file: a NaN or an infinity in one tensor makes every picture black, and a header check never meets it.
import { open } from 'node:fs/promises';
import { DarkroomError } from '../errors.ts';
import type { Dtype, TensorIndex, TensorRange } from './tensors.ts';

export interface BrokenTensor {
  readonly name: string;
  /** Numbers that are NaN or infinite. */
  readonly broken: number;
  readonly numbers: number;
}

/** Bytes a read; a multiple of every element's width. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** All bits of the exponent set is NaN or infinity, whatever the rest says; the last 32 bits of a double hold its exponent. */
const EXPONENTS: Readonly<Partial<Record<Dtype, { readonly bytes: 2 | 4 | 8; readonly mask: number }>>> = {
  F16: { bytes: 2, mask: 0x7c00 },
  BF16: { bytes: 2, mask: 0x7f80 },
  F32: { bytes: 4, mask: 0x7f800000 },
  F64: { bytes: 8, mask: 0x7ff00000 },
};

/** Tensors with numbers that are none; integers have no such. @throws weights_invalid when a file cannot be read */
export async function brokenTensors(
  tensors: TensorIndex,
  onProgress: (doneBytes: number) => void = () => {},
): Promise<readonly BrokenTensor[]> {
  const ranges = [...tensors.names()].map((name) => ({ ...tensors.get(name)!, name }));
  const byFile = new Map<string, TensorRange[]>();
  for (const range of ranges) byFile.set(range.file, (byFile.get(range.file) ?? []).concat(range));
  const found: BrokenTensor[] = [];
  let done = 0;
  for (const [file, inside] of byFile) {
    const handle = await open(file);
    try {
      for (const range of inside.toSorted((a, b) => a.offset - b.offset)) {
        const broken = await brokenIn(handle, range, tensors.source);
        if (broken > 0) found.push({ name: range.name, broken, numbers: numbersOf(range) });
        done += range.sizeBytes;
        onProgress(done);
      }
    } finally {
      await handle.close();
    }
  }
  return found;
}

type Handle = Awaited<ReturnType<typeof open>>;

async function brokenIn(handle: Handle, range: TensorRange, source: string): Promise<number> {
  const form = EXPONENTS[range.dtype];
  if (form === undefined) return 0;
  const piece = Buffer.alloc(Math.min(PIECE_BYTES, range.sizeBytes));
  let broken = 0;
  for (let done = 0; done < range.sizeBytes; ) {
    const wanted = Math.min(piece.length, range.sizeBytes - done);
    const { bytesRead } = await handle.read(piece, 0, wanted, range.offset + done);
    if (bytesRead !== wanted) throw new DarkroomError('weights_invalid', `${source}: ends inside ${range.name}`);
    broken += countBroken(piece.subarray(0, wanted), form);
    done += wanted;
  }
  return broken;
}

/** Little-endian, whatever this machine is. */
function countBroken(
  bytes: Buffer,
  { bytes: width, mask }: { readonly bytes: 2 | 4 | 8; readonly mask: number },
): number {
  let broken = 0;
  const read =
    width === 2 ? (at: number) => bytes.readUInt16LE(at) : (at: number) => bytes.readUInt32LE(at + width - 4);
  for (let at = 0; at < bytes.length; at += width) if ((read(at) & mask) === mask) broken += 1;
  return broken;
}

function numbersOf({ shape }: TensorRange): number {
  return shape.reduce((product, length) => product * length, 1);
}
