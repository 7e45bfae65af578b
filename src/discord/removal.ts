// Taking a picture away for good: out of the database, off the disk, out of the channel. What a moderator does, and what a retention does
// when a server's time is over.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { TakenAway } from '../core/moderationStore.ts';
import type { BotContext } from './context.ts';
import { dropSheet } from './sheets.ts';
import { dropThumbnail } from './thumbnails.ts';

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

export async function dropFiles(taken: readonly TakenAway[], dataDir: string): Promise<void> {
  for (const { path: file, sha256 } of taken.flatMap(({ pictures }) => pictures)) {
    await rm(path.join(dataDir, file), { force: true });
    await dropThumbnail(sha256, dataDir);
  }
}
