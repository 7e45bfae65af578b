// Taking a picture away for good: out of the database, off the disk, out of the channel. What a moderator does, and what a retention does
// when a server's time is over.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { JobRecord } from '../core/job.ts';
import type { TakenAway } from '../core/moderationStore.ts';
import type { BotContext } from './context.ts';
import { dropSheet } from './sheets.ts';
import { dropThumbnail } from './thumbnails.ts';

/** More than anybody may have unfinished. */
const MAX_UNFINISHED = 1_000;
/** More than a server's people may have unfinished together in any sensible setting. */
const MAX_UNFINISHED_HERE = 100_000;
const UNFINISHED = ['accepted', 'queued', 'running'] as const;

/** The pictures of a job, or of every cell of its sheet, and the message that shows them. */
export async function removePictures(jobId: string, bot: BotContext): Promise<void> {
  const { store, dataDir } = bot;
  const cells = store.sheetOf(jobId)?.jobIds ?? [jobId];
  const taken = cells.flatMap((id) => store.takeAway(id, { erase: false }) ?? []);
  for (const { job } of taken) {
    if (job.messageId !== null) await bot.messages.remove(job.channelId, job.messageId);
  }
  await dropFiles(taken, dataDir);
  await dropSheet(jobId, dataDir);
}

/** Ends what somebody who was banned still has waiting or running there; everywhere where the server is null. */
export function stopJobs(userId: string, guildId: string | null, { store, queue, outbox }: BotContext): void {
  const unfinished = store.list({ userId, states: UNFINISHED, limit: MAX_UNFINISHED });
  for (const job of unfinished) {
    if (guildId !== null && job.guildId !== guildId) continue;
    queue.cancel(job.id);
    outbox.touch(job.id);
  }
}

/** Sheets whose cells are ended together, and single requests, of one server for which a rule no longer lets `isBarred` be made. */
export function endBarred(guildId: string, isBarred: (job: JobRecord) => boolean, bot: BotContext): number {
  const { store, queue, outbox } = bot;
  const barred = store.list({ guildId, states: UNFINISHED, limit: MAX_UNFINISHED_HERE }).filter(isBarred);
  const ended = barred.filter(({ id }) => queue.cancel(id));
  for (const { id } of ended) outbox.touch(id);
  return ended.length;
}

export async function dropFiles(taken: readonly TakenAway[], dataDir: string): Promise<void> {
  for (const { path: file, sha256 } of taken.flatMap(({ pictures }) => pictures)) {
    await rm(path.join(dataDir, file), { force: true });
    await dropThumbnail(sha256, dataDir);
  }
}
