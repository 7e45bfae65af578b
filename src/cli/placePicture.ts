// Puts a finished picture where the user wants it, and never over another one.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';

/** Names tried before giving up: `heart.png`, `heart-1.png`, ... */
const MAX_NAMES = 10_000;

/**
 * Copies `source` to `wanted`, or to the first free `name-1`, `name-2`, ...; a file that already holds this very picture is left.
 * @returns the path the picture has now
 * @throws store_failed, disk_full
 */
export async function placePicture(source: string, wanted: string): Promise<string> {
  const { dir, name, ext } = path.parse(wanted);
  await mkdir(dir === '' ? '.' : dir, { recursive: true }).catch((cause) => refuseWrite(wanted, cause));
  const sha256 = hash(await readFile(source));
  for (let k = 0; k < MAX_NAMES; k++) {
    const target = path.join(dir, k === 0 ? `${name}${ext}` : `${name}-${k}${ext}`);
    if (await copyIfFree(source, target)) return target;
    if (await holds(target, sha256)) return target;
  }
  throw new DarkroomError(
    'store_failed',
    `${wanted}: found ${MAX_NAMES} other files of that name, expected a free one`,
  );
}

/** False when the name is taken. */
async function copyIfFree(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    return refuseWrite(target, cause);
  }
}

/** A folder of that name, or a file nobody may read, is certainly another thing. */
async function holds(file: string, sha256: string): Promise<boolean> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes !== undefined && hash(bytes) === sha256;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function refuseWrite(file: string, cause: unknown): never {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  const problem = code === 'ENOSPC' ? 'no space left on the disk' : `cannot be written (${code})`;
  throw new DarkroomError(code === 'ENOSPC' ? 'disk_full' : 'store_failed', `${file}: ${problem}`, { code }, { cause });
}
