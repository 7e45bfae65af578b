// The hash by which other programs know a model file. Read in pieces, so that gigabytes cost little memory and the thread is free in between;
// where hashes are kept is the caller's business.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';

export interface FileHash {
  /** Of the whole file, 64 hexadecimal digits. */
  readonly sha256: string;
  /** What recipes carry as `Model hash`. @source A1111 modules/sd_models.py, shorthash */
  readonly short: string;
  /** Both as they were when it was read; another size or time means another file. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** Hexadecimal digits of A1111's short hash. */
const SHORT_DIGITS = 10;

/** Bytes a read; a thread of the pool hashes nothing meanwhile, and 1 MB takes this one half a millisecond. */
const PIECE_BYTES = 1024 * 1024;

/** @throws model_missing, weights_invalid when it cannot be read or changes meanwhile, and the signal's reason */
export async function hashFile(file: string, signal?: AbortSignal): Promise<FileHash> {
  const before = await named(file, () => stat(file));
  const hash = createHash('sha256');
  await named(file, async () => {
    for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES, signal })) hash.update(piece);
  });
  const after = await named(file, () => stat(file));
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
    throw new DarkroomError(
      'weights_invalid',
      `${path.basename(file)}: changed while it was read; is it still being copied?`,
    );
  }
  const sha256 = hash.digest('hex');
  return { sha256, short: sha256.slice(0, SHORT_DIGITS), sizeBytes: after.size, modifiedMs: after.mtimeMs };
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
