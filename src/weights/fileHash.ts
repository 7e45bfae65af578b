// The hashes by which other programs know a model file. Read in pieces, so that gigabytes cost little memory and the thread is free in between;
// where hashes are kept is the caller's business.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FileState } from '../core/fileBook.ts';
import { DarkroomError } from '../errors.ts';

/** The state is that from before the reading, and it held until its end. */
export interface FileHash extends FileState {
  /** Of the whole file, 64 hexadecimal digits. */
  readonly sha256: string;
  /** What recipes carry as `Model hash`. @source A1111 modules/sd_models.py, shorthash */
  readonly short: string;
  /** What they carried before 2023. @source A1111 modules/sd_models.py, model_hash */
  readonly oldHash: string;
  /** Of the tensors without the header, when it was asked for. */
  readonly dataSha256: string | null;
}

export interface HashOptions {
  readonly signal?: AbortSignal;
  /** Also hash what follows the header of a .safetensors file. @source A1111 modules/hashes.py, addnet_hash_safetensors */
  readonly withData?: boolean;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** Hexadecimal digits of A1111's short hash. */
const SHORT_DIGITS = 10;
/** Bytes the old hash looks at, and where. */
const OLD_BEGIN = 0x100000;
const OLD_END = OLD_BEGIN + 0x10000;
const OLD_DIGITS = 8;
/** The length field of a .safetensors file. */
const LENGTH_BYTES = 8;

/** Bytes a read; a thread of the pool hashes nothing meanwhile, and 1 MB takes this one half a millisecond. */
const PIECE_BYTES = 1024 * 1024;

export function shortHash(sha256: string): string {
  return sha256.slice(0, SHORT_DIGITS);
}

/** What the file system says of a file now; undefined where there is none. */
export function stateOf(file: string): FileState | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found?.isFile() === true ? toState(found) : undefined;
}

function toState(found: { readonly size: bigint; readonly mtimeNs: bigint; readonly ino: bigint }): FileState {
  return { sizeBytes: Number(found.size), modifiedMs: Number(found.mtimeNs) / 1e6, inode: String(found.ino) };
}

/** @throws model_missing, weights_invalid when it cannot be read or changes meanwhile, and the signal's reason */
export async function hashFile(file: string, options: HashOptions = {}): Promise<FileHash> {
  const { signal, withData = false, onProgress } = options;
  const before = toState(await named(file, () => stat(file, { bigint: true })));
  const dataStart = withData ? await named(file, () => dataStartOf(file)) : null;
  const [whole, old, data] = [createHash('sha256'), createHash('sha256'), createHash('sha256')];
  let done = 0;
  await named(file, async () => {
    for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES, signal })) {
      const bytes = piece as Buffer;
      whole.update(bytes);
      addRange(old, bytes, done, OLD_BEGIN, OLD_END);
      if (dataStart !== null) addRange(data, bytes, done, dataStart, Number.MAX_SAFE_INTEGER);
      done += bytes.length;
      onProgress?.(done, before.sizeBytes);
    }
  });
  const after = toState(await named(file, () => stat(file, { bigint: true })));
  if (after.sizeBytes !== before.sizeBytes || after.modifiedMs !== before.modifiedMs || after.inode !== before.inode) {
    const problem = 'changed while it was read; is it still being copied?';
    throw new DarkroomError('weights_invalid', `${path.basename(file)}: ${problem}`);
  }
  const sha256 = whole.digest('hex');
  const dataSha256 = dataStart === null ? null : data.digest('hex');
  return { ...before, sha256, short: shortHash(sha256), oldHash: old.digest('hex').slice(0, OLD_DIGITS), dataSha256 };
}

/** The bytes of a piece that lie in `begin` … `end` of the file. */
function addRange(hash: Hash, piece: Buffer, pieceBegin: number, begin: number, end: number): void {
  const from = Math.max(0, begin - pieceBegin);
  const to = Math.min(piece.length, end - pieceBegin);
  if (from < to) hash.update(piece.subarray(from, to));
}

async function dataStartOf(file: string): Promise<number> {
  const handle = await open(file);
  try {
    const length = Buffer.alloc(LENGTH_BYTES);
    await handle.read(length, 0, LENGTH_BYTES, 0);
    return LENGTH_BYTES + Number(length.readBigUInt64LE());
  } finally {
    await handle.close();
  }
}

async function named<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const { code, name } = cause as NodeJS.ErrnoException;
    if (name === 'AbortError') throw cause;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const message = `${path.basename(file)}: ${isMissing ? 'there is no such file' : `cannot be read (${code})`}`;
    throw new DarkroomError(isMissing ? 'model_missing' : 'weights_invalid', message, {}, { cause });
  }
}
