// Where a job's pictures lie in the data folder, and which pictures and start pictures nobody needs any more.
// Deliberately not here: writing pictures (the worker) and which result counts (the store).
import type { Dirent } from 'node:fs';
import { readdir, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { JobRecord } from '../core/job.ts';
import type { JobStore } from '../core/jobStore.ts';

const PICTURES = 'pictures';
const INPUTS = 'inputs';
/** Free bytes below which a disk that refused a write still counts as full: a few grids of large pictures. */
const ROOM_BYTES = 32 * 1024 * 1024;

/** One attempt's own folder, so that a worker thought dead cannot write over its successor's pictures; relative, with "/". */
export function pictureFolder(job: Pick<JobRecord, 'id' | 'attempt'>): string {
  return path.posix.join(PICTURES, job.id, String(job.attempt));
}

/** Start picture of a request, under its hash. */
export function inputFile(dataDir: string, sha256: string): string {
  return path.join(dataDir, INPUTS, sha256);
}

export async function dropFolder(dataDir: string, job: Pick<JobRecord, 'id' | 'attempt'>): Promise<void> {
  await rm(path.join(dataDir, pictureFolder(job)), { recursive: true, force: true });
}

/** True when the disk under the data folder has room for a result again. */
export async function hasRoom(dataDir: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(dataDir);
  return bavail * bsize >= ROOM_BYTES;
}

/**
 * Removes what a crash left: folders of unknown jobs, and of attempts that are not the one whose pictures count. For the start only,
 * before anything runs. How many were removed.
 */
export async function sweepPictures(dataDir: string, store: Pick<JobStore, 'get' | 'pictures'>): Promise<number> {
  let removed = 0;
  for (const jobId of await foldersIn(path.join(dataDir, PICTURES))) {
    const job = store.get(jobId);
    const kept = job === undefined ? undefined : keptAttempt(job, store);
    for (const attempt of await foldersIn(path.join(dataDir, PICTURES, jobId))) {
      if (attempt === kept) continue;
      await rm(path.join(dataDir, PICTURES, jobId, attempt), { recursive: true, force: true });
      removed += 1;
    }
    if (kept === undefined) await rm(path.join(dataDir, PICTURES, jobId), { recursive: true, force: true });
  }
  return removed;
}

/** A form may stay open and an order may be under way, in another life of the program, for less than this; in milliseconds. */
const UNCLAIMED_MS = 24 * 60 * 60 * 1000;

/**
 * Removes start pictures that no job names and that were handed in more than a day ago: dismissed forms, refused orders, halves left by
 * a crash, and those of jobs whose time is over. How many were removed.
 */
export async function sweepInputs(
  dataDir: string,
  store: Pick<JobStore, 'needsInput'>,
  nowMs: number,
): Promise<number> {
  let removed = 0;
  for (const name of await filesIn(path.join(dataDir, INPUTS))) {
    const file = path.join(dataDir, INPUTS, name);
    const { mtimeMs } = await stat(file);
    if (nowMs - mtimeMs < UNCLAIMED_MS || store.needsInput(name)) continue;
    await rm(file, { force: true });
    removed += 1;
  }
  return removed;
}

/** The attempt whose folder the database's pictures name. */
function keptAttempt(job: JobRecord, store: Pick<JobStore, 'pictures'>): string | undefined {
  const first = store.pictures(job.id)[0];
  return first === undefined ? undefined : path.posix.basename(path.posix.dirname(first.path));
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  return (await entriesIn(folder)).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return (await entriesIn(folder)).filter((entry) => entry.isFile()).map((entry) => entry.name);
}

async function entriesIn(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}
