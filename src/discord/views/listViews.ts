// Private lists: one's own history by pages, the queue, the quota.
import type { APIEmbed } from 'discord.js';
import { GRID_INDEX, type JobRecord, type PictureRecord } from '../../core/job.ts';
import type { QuotaStatus } from '../../core/jobStore.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { messageLink, quoted, timestamp } from '../text.ts';
import { pictureFile, recipeLine } from './jobView.ts';
import { type ButtonRow, button, row, textView, type View, type ViewFile } from './view.ts';

/** Five, because a row holds five buttons and a message ten embeds. */
export const HISTORY_PAGE_JOBS = 5;
/** Thumbnails of one page together, in bytes; pictures beyond are named without one. */
const THUMBNAIL_BYTES = 4 * 1024 * 1024;
const SHOWN_PROMPT_CHARS = 120;

export interface HistoryPage {
  readonly userId: string;
  /** 0-based. */
  readonly page: number;
  readonly entries: readonly { readonly job: JobRecord; readonly pictures: readonly PictureRecord[] }[];
  readonly hasOlder: boolean;
}

export function historyView(history: HistoryPage, phrases: Phrases, ids: CustomIds): View {
  if (history.entries.length === 0 && history.page === 0) return textView(phrases.historyEmpty());
  const thumbnails = chooseThumbnails(history, phrases);
  const embeds = history.entries.map(({ job }, index) => historyEmbed(job, index, thumbnails.get(job.id), phrases));
  return {
    content: phrases.find.title(history.page + 1),
    embeds,
    rows: [...entryRow(history, ids), turnRow(history, phrases, ids)],
    files: [...thumbnails.values()],
  };
}

function historyEmbed(job: JobRecord, index: number, thumbnail: ViewFile | undefined, phrases: Phrases): APIEmbed {
  const link =
    job.messageId === null ? [] : [phrases.historyLine(messageLink(job.guildId, job.channelId, job.messageId))];
  return {
    description: [
      `**${index + 1}. ${quoted(job.request.prompt, SHOWN_PROMPT_CHARS)}**`,
      `${recipeLine(job, phrases)} · ${timestamp(job.createdAtMs, 'R')}`,
      ...link,
    ].join('\n'),
    ...(thumbnail === undefined ? {} : { thumbnail: { url: `attachment://${thumbnail.name}` } }),
  };
}

/** The first picture of each job while they fit together. */
function chooseThumbnails(history: HistoryPage, phrases: Phrases): Map<string, ViewFile> {
  const chosen = new Map<string, ViewFile>();
  let sizeBytes = 0;
  for (const { job, pictures } of history.entries) {
    const first = pictures.find((picture) => picture.imageIndex !== GRID_INDEX);
    if (first === undefined || sizeBytes + first.sizeBytes > THUMBNAIL_BYTES) continue;
    sizeBytes += first.sizeBytes;
    chosen.set(job.id, pictureFile(job, first, pictures.length, phrases));
  }
  return chosen;
}

function entryRow(history: HistoryPage, ids: CustomIds): ButtonRow[] {
  if (history.entries.length === 0) return [];
  const buttons = history.entries.map(({ job }, index) =>
    button(ids.write('recipe', job.id), { label: String(index + 1), emoji: '📜' }),
  );
  return [row(...buttons)];
}

function turnRow(history: HistoryPage, phrases: Phrases, ids: CustomIds): ButtonRow {
  const { userId, page, hasOlder } = history;
  return row(
    button(ids.write('page', userId, page - 1), { label: phrases.label.newer, emoji: '◀️', disabled: page === 0 }),
    button(ids.write('page', userId, page + 1), { label: phrases.label.older, emoji: '▶️', disabled: !hasOlder }),
  );
}

export interface QueueView {
  readonly waiting: number;
  readonly running: number;
  readonly mine: readonly { readonly job: JobRecord; readonly position: number | undefined }[];
}

export function queueView(queue: QueueView, phrases: Phrases): View {
  const mine = queue.mine.map(({ job, position }) => {
    const where = position === undefined ? phrases.queueRunning() : phrases.queuePlace(position + 1);
    return `- \`#${job.id}\` ${quoted(job.request.prompt, 60)} · ${where}`;
  });
  const own = mine.length === 0 ? [] : [phrases.queueMine(), ...mine];
  return textView([phrases.queueNow(queue.waiting, queue.running), ...own].join('\n'));
}

export function quotaView(quota: QuotaStatus, phrases: Phrases): View {
  return textView(phrases.quotaNow(quota.used, quota.limit, timestamp(quota.resetsAtMs, 'R')));
}
