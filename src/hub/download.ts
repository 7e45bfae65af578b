// One file of a repository, fetched so that no broken connection costs what has arrived: bytes go into a .part file, a new try begins behind
// them, and the file gets its name only when its hash is what the hub says.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { downloadFile } from '@huggingface/hub';
import type { Clock } from '../clock.ts';
import { DarkroomError } from '../errors.ts';
import { asking, clientOptions, type HubFile, type HubRepository, type HubSettings, hubError } from './repository.ts';

export interface DownloadOptions {
  readonly settings: HubSettings;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes of this file that are on disk now. */
  readonly onProgress: (doneBytes: number) => void;
  /** Told before a wait: what went wrong, and how many bytes are kept. */
  readonly onRetry: (reason: string, doneBytes: number) => void;
  /** How a part file is opened; tests give a disk that fills up. */
  readonly openPart?: (file: string) => Promise<PartFile>;
}

/** What is used of a file handle opened for appending. */
export type PartFile = Pick<FileHandle, 'write' | 'sync' | 'close'>;

/** Tries in a row that bring not one byte; each that brings some begins the count anew. */
const MAX_IDLE_TRIES = 6;
/** Waits between them, in milliseconds, doubled each time. */
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 30_000;
/** The longest silence in the middle of a file, in milliseconds. */
const SILENCE_MS = 60_000;

/**
 * Fetches `file` to `target`, or finishes what an earlier call began.
 * @returns the SHA-256 of its bytes, 64 hexadecimal digits
 * @throws hub_refused, hub_unreachable, weights_invalid when the bytes are not what the hub says, disk_full, store_failed, cancelled
 */
export async function download(
  repository: HubRepository,
  file: HubFile,
  target: string,
  options: DownloadOptions,
): Promise<string> {
  await onDisk(target, () => mkdir(path.dirname(target), { recursive: true }));
  if ((await sizeOf(target)) === file.sizeBytes) return keepIfRight(repository, file, target);
  // Of another commit's bytes nothing is taken up again.
  const part = `${target}.${file.digest.hex.slice(0, 12)}.part`;
  const digests = await digestsOf(part, file);
  await fetchRest(repository, file, part, digests, options);
  const found = digests[file.digest.kind].digest('hex');
  if (found !== file.digest.hex) {
    await rm(part, { force: true });
    throw wrongBytes(repository, file, found);
  }
  await onDisk(target, () => rename(part, target));
  return sha256Of(file, found, digests);
}

function sha256Of({ digest }: HubFile, found: string, { sha256 }: Digests): string {
  return digest.kind === 'sha256' ? found : sha256.digest('hex');
}

/** Both running hashes of what has arrived. */
interface Digests {
  sha256: Hash;
  git: Hash;
  doneBytes: number;
}

function freshDigests(sizeBytes: number): Digests {
  // @source git hash-object: SHA-1 of "blob SIZE\0" and the bytes
  return { sha256: createHash('sha256'), git: createHash('sha1').update(`blob ${sizeBytes}\0`), doneBytes: 0 };
}

function take(digests: Digests, bytes: Uint8Array): void {
  digests.sha256.update(bytes);
  digests.git.update(bytes);
  digests.doneBytes += bytes.length;
}

/** What an earlier try left; a part longer than the file is no part of it. */
async function digestsOf(part: string, { sizeBytes }: HubFile): Promise<Digests> {
  const digests = freshDigests(sizeBytes);
  const kept = (await sizeOf(part)) ?? 0;
  if (kept > sizeBytes) await rm(part, { force: true });
  if (kept === 0 || kept > sizeBytes) return digests;
  for await (const bytes of createReadStream(part)) take(digests, bytes as Buffer);
  return digests;
}

async function keepIfRight(repository: HubRepository, file: HubFile, target: string): Promise<string> {
  const digests = freshDigests(file.sizeBytes);
  for await (const bytes of createReadStream(target)) take(digests, bytes as Buffer);
  const found = digests[file.digest.kind].digest('hex');
  if (found === file.digest.hex) return sha256Of(file, found, digests);
  await rm(target, { force: true });
  throw wrongBytes(repository, file, found);
}

async function fetchRest(
  repository: HubRepository,
  file: HubFile,
  part: string,
  digests: Digests,
  options: DownloadOptions,
): Promise<void> {
  const openPart = options.openPart ?? ((name: string) => open(name, 'a'));
  const handle = await onDisk(part, () => openPart(part));
  try {
    await fetchInTries(repository, file, part, handle, digests, options);
    await onDisk(part, () => handle.sync());
  } finally {
    await handle.close();
  }
}

async function fetchInTries(
  repository: HubRepository,
  file: HubFile,
  part: string,
  handle: PartFile,
  digests: Digests,
  options: DownloadOptions,
): Promise<void> {
  let idleTries = 0;
  options.onProgress(digests.doneBytes);
  while (digests.doneBytes < file.sizeBytes) {
    const before = digests.doneBytes;
    const failure = await oneTry(repository, file, part, handle, digests, options);
    if (digests.doneBytes >= file.sizeBytes) return;
    idleTries = digests.doneBytes > before ? 0 : idleTries + 1;
    if (idleTries >= MAX_IDLE_TRIES) throw failure;
    options.onRetry(failure.message, digests.doneBytes);
    await options.clock.sleep(Math.min(FIRST_WAIT_MS * 2 ** idleTries, MAX_WAIT_MS), options.signal);
  }
}

/** @returns why it ended, when that may pass; throws what will not */
async function oneTry(
  repository: HubRepository,
  file: HubFile,
  part: string,
  handle: PartFile,
  digests: Digests,
  options: DownloadOptions,
): Promise<DarkroomError> {
  const what = `${repository.name}/${file.path}`;
  try {
    const blob = await openRemote(repository, file, options);
    const rest = digests.doneBytes === 0 ? blob : blob.slice(digests.doneBytes);
    for await (const bytes of piecesOf(rest, options.signal)) {
      if (digests.doneBytes + bytes.length > file.sizeBytes) throw tooLong(what, file);
      await onDisk(part, () => writeAll(handle, bytes));
      take(digests, bytes);
      options.onProgress(digests.doneBytes);
    }
    return brokenOff(what, digests, file);
  } catch (thrown) {
    if (options.signal.aborted)
      throw new DarkroomError('cancelled', `${what}: stopped; the same command goes on from here`);
    const error = hubError(what, thrown);
    if (error instanceof DarkroomError && error.code === 'hub_unreachable') return error;
    throw error;
  }
}

async function openRemote(repository: HubRepository, file: HubFile, { settings }: DownloadOptions): Promise<Blob> {
  const address = { repository: repository.name, file: file.path, revision: repository.commit };
  // Deliberately not the client's xet protocol: plain ranges are what a part file can go on from.
  const wanted = { repo: repository.name, path: encodePath(file.path), revision: repository.commit, xet: false };
  const blob = await asking(address, () => downloadFile({ ...wanted, ...clientOptions(settings) }));
  if (blob === null)
    throw new DarkroomError('hub_refused', `${repository.name}/${file.path}: the hub has no such file`);
  if (blob.size === file.sizeBytes) return blob;
  const found = `${blob.size} bytes`;
  throw new DarkroomError('hub_refused', `${repository.name}/${file.path}: found ${found}, expected ${file.sizeBytes}`);
}

/** The client puts a path into an address as it stands. */
function encodePath(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/');
}

/** The bytes as they arrive; ends with an error when nothing arrives for long. */
async function* piecesOf(blob: Blob, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = (blob.stream() as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const piece = await orSilence(reader.read(), signal);
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function orSilence<T>(reading: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new TypeError('stopped'));
    const timer = setTimeout(() => reject(new TypeError(`nothing arrived for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    reading.then(resolve, reject).finally(done);
  });
}

async function writeAll(handle: PartFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten;
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
}

async function onDisk<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    const problem = isFull ? 'no space left on the disk; what has arrived is kept' : `cannot be written (${code})`;
    throw new DarkroomError(
      isFull ? 'disk_full' : 'store_failed',
      `${path.basename(file)}: ${problem}`,
      { code },
      { cause },
    );
  }
}

function brokenOff(what: string, { doneBytes }: Digests, { sizeBytes }: HubFile): DarkroomError {
  return new DarkroomError('hub_unreachable', `${what}: broke off at byte ${doneBytes} of ${sizeBytes}`);
}

function tooLong(what: string, { sizeBytes }: HubFile): DarkroomError {
  return new DarkroomError('hub_refused', `${what}: the hub sends more bytes than the ${sizeBytes} it names`);
}

function wrongBytes({ name }: HubRepository, { path: file, digest }: HubFile, found: string): DarkroomError {
  const kind = digest.kind === 'sha256' ? 'SHA-256' : 'git hash';
  const problem = `its bytes have the ${kind} ${found}, expected ${digest.hex}`;
  return new DarkroomError('weights_invalid', `${name}/${file}: ${problem}; it was removed, pull it again`);
}
