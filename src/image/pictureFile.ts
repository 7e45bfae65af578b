// Picture files on disk: complete under their name or not there at all, whenever the process dies.
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';

export interface WrittenFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Ending of files not yet complete; whoever sweeps orphans may delete them. */
export const UNFINISHED_ENDING = '.part';

/**
 * Temporary file, fsync, rename, fsync of the folder: after this returns, a power cut does not lose the picture.
 * @throws disk_full; store_failed for anything else the disk refuses
 */
export async function writePicture(file: string, bytes: Uint8Array): Promise<WrittenFile> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}${UNFINISHED_ENDING}`;
  try {
    await writeSynced(temporary, bytes);
    failpoint('picture.written');
    await rename(temporary, file);
    failpoint('picture.renamed');
    await syncFolder(path.dirname(file));
  } catch (cause) {
    await unlink(temporary).catch(() => undefined); // already renamed, never made, or the disk is gone: the cause says it
    throw writeError(cause, path.basename(file));
  }
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  await withHandle(await open(file, 'wx'), async (handle) => {
    await handle.writeFile(bytes);
    await handle.sync();
  });
}

/** Makes the rename itself durable. Windows cannot open folders and journals renames by itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withHandle(await open(folder, 'r'), (handle) => handle.sync());
}

async function withHandle(handle: FileHandle, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

function writeError(cause: unknown, name: string): DarkroomError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const problem = isFull ? 'no space left on the disk' : `could not be written (${code})`;
  return new DarkroomError(isFull ? 'disk_full' : 'store_failed', `${name}: ${problem}`, { code }, { cause });
}
