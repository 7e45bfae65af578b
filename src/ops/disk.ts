// How the data folder is: its room, the size of the database, and how old the newest copy of it is.
import { readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { DiskFacts } from './metrics.ts';

/** @throws what the file system says where the folder cannot be asked */
export async function diskFacts(dataDir: string): Promise<DiskFacts> {
  const { bavail, bsize } = await statfs(dataDir);
  const sizes = await Promise.all(['darkroom.db', 'darkroom.db-wal'].map((name) => sizeOf(path.join(dataDir, name))));
  return {
    freeBytes: bavail * bsize,
    databaseBytes: sizes.reduce((sum, size) => sum + size, 0),
    newestBackupMs: await newestIn(path.join(dataDir, 'backups')),
  };
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Finished copies only; one under way has another ending. */
async function newestIn(folder: string): Promise<number | null> {
  const names = await readdir(folder).catch((): string[] => []);
  const times = await Promise.all(
    names
      .filter((name) => name.endsWith('.db'))
      .map((name) =>
        stat(path.join(folder, name)).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      ),
  );
  return times.length === 0 ? null : Math.max(...times);
}
