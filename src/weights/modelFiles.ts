// Where weights may lie: regular files whose real path is inside the models folder. Every file this room reads is opened here.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import { parseStrictJson } from './strictJson.ts';

/** Bytes; a tokenizer.json of a 250k-word vocabulary has 17 MB, a config.json 2 KB. Beyond it somebody wants our memory. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

export interface OpenFile {
  /** Real absolute path. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Reads exactly `length` bytes at `offset`. @throws weights_invalid when the file ends before that. */
  read(offset: number, length: number): Buffer;
}

/** How messages name a file: from the models folder on, never the owner's whole path. */
export function nameInMessages(modelsDir: string, file: string): string {
  return path.relative(modelsDir, file).split(path.sep).join('/');
}

/**
 * The real path of a regular file inside the models folder.
 * @throws model_missing when there is no such file; weights_invalid when it is no regular file or lies (by symbolic or hard link) outside.
 */
export function resolveModelFile(modelsDir: string, file: string): string {
  const name = nameInMessages(modelsDir, file);
  const real = realPathOf(file, name);
  const root = realpathSync(modelsDir);
  if (!isInside(root, real)) {
    throw new DarkroomError(
      'weights_invalid',
      `${name}: is a link to a file outside the models folder; copy or move the file itself there`,
    );
  }
  const stat = statSync(real);
  if (!stat.isFile()) throw new DarkroomError('weights_invalid', `${name}: is not a regular file`);
  if (stat.nlink > 1 && namesInside(root, stat.dev, stat.ino) < stat.nlink) {
    throw new DarkroomError(
      'weights_invalid',
      `${name}: is a hard link to a file that also has a name outside the models folder; put a copy there`,
    );
  }
  return real;
}

function realPathOf(file: string, name: string): string {
  try {
    return realpathSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new DarkroomError('model_missing', `${name}: there is no such file`, { file: name }, { cause });
    }
    throw new DarkroomError('weights_invalid', `${name}: cannot be opened (${code})`, { file: name }, { cause });
  }
}

export function isInside(root: string, real: string): boolean {
  return real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}

/** How many of a file's names lie under `root`; only asked when the file has more than one. */
function namesInside(root: string, device: number, inode: number): number {
  return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => {
    if (!entry.isFile()) return false;
    const stat = statSync(path.join(entry.parentPath, entry.name));
    return stat.dev === device && stat.ino === inode;
  }).length;
}

/** Opens a file of the models folder for the time of `use`. @throws as resolveModelFile */
export function withModelFile<T>(modelsDir: string, file: string, use: (open: OpenFile) => T): T {
  const real = resolveModelFile(modelsDir, file);
  const name = nameInMessages(modelsDir, file);
  const fd = openFile(real, name);
  try {
    const sizeBytes = fstatSync(fd).size;
    return use({ file: real, sizeBytes, read: (offset, length) => readExactly(fd, offset, length, name) });
  } finally {
    closeSync(fd);
  }
}

function openFile(real: string, name: string): number {
  try {
    return openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new DarkroomError('weights_invalid', `${name}: cannot be opened (${code})`, { file: name }, { cause });
  }
}

function readExactly(fd: number, offset: number, length: number, name: string): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) {
      throw new DarkroomError('weights_invalid', `${name}: ends at byte ${offset + done}, expected ${offset + length}`);
    }
    done += count;
  }
  return bytes;
}

/** @throws model_missing, weights_invalid */
export function readModelText(modelsDir: string, file: string): string {
  const name = nameInMessages(modelsDir, file);
  const bytes = withModelFile(modelsDir, file, (open) => {
    if (open.sizeBytes > MAX_JSON_BYTES) {
      throw new DarkroomError(
        'weights_invalid',
        `${name}: has ${open.sizeBytes} bytes, expected at most ${MAX_JSON_BYTES}`,
      );
    }
    return open.read(0, open.sizeBytes);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DarkroomError('weights_invalid', `${name}: is not UTF-8 text`, { file: name }, { cause });
  }
}

/** A JSON file that must hold an object. @throws model_missing, weights_invalid */
export function readModelJson(modelsDir: string, file: string): Readonly<Record<string, unknown>> {
  const name = nameInMessages(modelsDir, file);
  const value = parseNamed(readModelText(modelsDir, file), name);
  if (isRecord(value)) return value;
  throw new DarkroomError('weights_invalid', `${name}: expected a JSON object`, { file: name });
}

function parseNamed(text: string, name: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DarkroomError('weights_invalid', `${name}: ${reason}`, { file: name }, { cause });
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
