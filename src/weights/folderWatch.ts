// Tells when something in folders of models changes while the program runs. Deliberately polling: folders on other machines, in containers and
// on network disks send no notices, and a look at a thousand files takes milliseconds of threads that do nothing else.
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

export interface FolderWatchOptions {
  /** Absolute; one that is not there may come. */
  readonly folders: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Something came, went or was replaced, or it is the first look. One that fails is repeated at the next look. */
  readonly onChange: () => Promise<void>;
}

/** Between two looks, in milliseconds: somebody who has just copied a file tries it about as soon. */
export const LOOK_MS = 5_000;

/** Looks until the signal aborts. A file that is still being copied is another one at every look. */
export async function watchFolders({ folders, clock, log, onChange }: FolderWatchOptions, signal: AbortSignal) {
  let seen: string | undefined;
  for (;;) {
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    const now = await Promise.all(folders.map((folder) => stampOf(folder)));
    const stamp = now.join('\n\n');
    if (stamp === seen || signal.aborted) continue;
    await onChange().then(
      () => {
        seen = stamp;
      },
      (err: unknown) => {
        if (!signal.aborted) log.warn({ err }, 'folders of models changed and could not be read');
      },
    );
  }
}

/** Folders deep; one more than anything looks for networks. */
const MAX_DEPTH = 5;

/** Names, sizes and times of everything below. What cannot be read counts as not there. */
async function stampOf(place: string, depth = 0): Promise<string> {
  const found = await statOf(place);
  if (found?.isDirectory() !== true || depth > MAX_DEPTH) return `${place} ${found?.size} ${found?.mtimeMs}`;
  const names = await readdir(place).catch(() => []);
  const stamps = await Promise.all(names.toSorted().map((name) => stampOf(path.join(place, name), depth + 1)));
  return [place, ...stamps].join('\n');
}

function statOf(place: string): Promise<Stats | undefined> {
  return stat(place).catch(() => undefined);
}
