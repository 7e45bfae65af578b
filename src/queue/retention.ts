// How long files are kept: a server's own number of days, then they go, and the words with them where it wants that. What is due is read
// from the database at every sweep, so a restart in the middle loses nothing and does nothing twice.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { JobStore } from '../core/jobStore.ts';
import { toDarkroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sweepInputs } from './pictureFolders.ts';

export interface RetentionOptions {
  readonly store: Pick<JobStore, 'expired' | 'takeAway' | 'filesGone' | 'needsInput'>;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between two sweeps, in milliseconds. */
  readonly everyMs?: number;
}

const EVERY_MS = 60 * 60 * 1000;
/** Jobs between two looks at the clock of others; deleting holds up nobody for longer. */
const BATCH = 50;

/** Sweeps now and then again until the signal aborts. */
export async function keepRetention(options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, everyMs = EVERY_MS } = options;
  while (!signal.aborted) {
    try {
      const gone = await sweepExpired(options, signal);
      if (gone > 0) {
        const inputs = await sweepInputs(options.dataDir, options.store, clock.nowMs());
        log.info({ jobs: gone, inputs }, 'files older than their server keeps them are gone');
      }
    } catch (thrown) {
      log.error({ err: toDarkroomError(thrown) }, 'old files could not be taken away; trying again later');
    }
    await clock.sleep(everyMs, signal).catch(() => {});
  }
}

/** Files first, then the mark that they are gone: a crash between leaves a job that is simply due again. @returns how many jobs */
export async function sweepExpired({ store, dataDir }: RetentionOptions, signal?: AbortSignal): Promise<number> {
  let gone = 0;
  for (;;) {
    const due = store.expired(BATCH);
    if (due.length === 0 || signal?.aborted === true) return gone;
    for (const { job, rows, pictures } of due) {
      await dropJobFiles(job.id, pictures, dataDir);
      if (rows === 'erase') store.takeAway(job.id, { erase: true });
      else store.filesGone(job.id);
      gone += 1;
    }
  }
}

/** The job's folder, its small versions, and the sheet it led. */
async function dropJobFiles(jobId: string, sha256s: readonly string[], dataDir: string): Promise<void> {
  await rm(path.join(dataDir, 'pictures', jobId), { recursive: true, force: true });
  await rm(path.join(dataDir, 'thumbnails', `sheet-${jobId}.png`), { force: true });
  for (const sha256 of sha256s) {
    await rm(path.join(dataDir, 'thumbnails', `${sha256.slice(0, 32)}.webp`), { force: true });
  }
}
