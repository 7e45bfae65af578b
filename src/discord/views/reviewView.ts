// What moderators see: the card of a reported picture with what can be done about it, and somebody's pictures in their server.
import { ButtonStyle } from 'discord.js';
import type { JobRecord, PictureRecord } from '../../core/job.ts';
import type { Report } from '../../core/moderationStore.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { messageLink, quoted, timestamp } from '../text.ts';
import { type Entry, galleryFiles, galleryLine } from './galleryView.ts';
import { fileChoices, recipeLine, shownPrompt, type Wording } from './jobView.ts';
import { button, cardView, galleryPart, row, textPart, type View } from './view.ts';

/** Characters of a prompt and of one reason on a card. */
const PROMPT_CHARS = 500;
const REASON_CHARS = 200;

/** The pictures are always covered: nobody should have to see them unasked. */
export function reviewView(
  job: JobRecord,
  pictures: readonly PictureRecord[],
  report: Report,
  { phrases, ids }: Wording,
): View {
  const { moderating } = phrases;
  const [files = []] = report.state === 'open' ? fileChoices(job, pictures, phrases) : [];
  const isGone = report.state === 'open' && files.length === 0;
  return cardView(
    [
      textPart(
        `### ${moderating.reviewTitle(report.reporters)}\n${moderating.reviewAuthor(`<@${job.userId}>`)}${whereLine(job, phrases)}`,
      ),
      ...(isGone ? [textPart(moderating.reviewGone())] : galleryPart(files, true)),
      textPart(`**${shownPrompt(job, PROMPT_CHARS, phrases)}**\n-# ${recipeLine(job, phrases)}`),
      ...reasonsPart(report, phrases),
      ...(report.state === 'open' ? [decisions(job.id, phrases, ids)] : [textPart(decidedLine(report, phrases))]),
    ],
    files,
  );
}

function whereLine({ guildId, channelId, messageId, createdAtMs }: JobRecord, phrases: Phrases): string {
  const link = messageId === null ? `<#${channelId}>` : phrases.historyLine(messageLink(guildId, channelId, messageId));
  return ` · ${timestamp(createdAtMs, 'R')} · ${link}`;
}

function reasonsPart({ reasons }: Report, { moderating }: Phrases) {
  const lines = reasons.map((reason) => `> ${quoted(reason, REASON_CHARS)}`);
  return lines.length === 0 ? [] : [textPart(moderating.reviewReasons(lines.join('\n')))];
}

function decisions(jobId: string, { moderating }: Phrases, ids: CustomIds) {
  const { label } = moderating;
  return row(
    button(ids.write('review', 'approve', jobId), { label: label.approve, emoji: '✅' }),
    button(ids.write('review', 'remove', jobId), { label: label.remove, emoji: '🗑️', style: ButtonStyle.Primary }),
    button(ids.write('review', 'ban', jobId), { label: label.removeAndBan, emoji: '⛔', style: ButtonStyle.Danger }),
  );
}

function decidedLine({ state, decidedBy }: Report, { moderating }: Phrases): string {
  const who = `<@${decidedBy}>`;
  if (state === 'approved') return moderating.approved(who);
  return state === 'removed' ? moderating.takenAway(who) : moderating.takenAwayAndBanned(who);
}

export interface TheirPage {
  readonly userId: string;
  /** 0-based. */
  readonly page: number;
  readonly entries: readonly Entry[];
  readonly hasOlder: boolean;
}

/** Covered as well: a moderator looks for what should not be there. */
export function theirView({ userId, page, entries, hasOlder }: TheirPage, phrases: Phrases, ids: CustomIds): View {
  const { moderating, label } = phrases;
  if (entries.length === 0 && page === 0) return cardView([textPart(moderating.theirNone(`<@${userId}>`))]);
  const files = galleryFiles(entries, phrases);
  return cardView(
    [
      textPart(`**${moderating.theirTitle(`<@${userId}>`, page + 1)}**`),
      ...galleryPart(files, true),
      textPart(entries.map((entry, index) => galleryLine(entry, index, phrases)).join('\n') || '—'),
      row(
        button(ids.write('theirs', userId, page - 1), { label: label.newer, emoji: '◀️', disabled: page === 0 }),
        button(ids.write('theirs', userId, page + 1), { label: label.older, emoji: '▶️', disabled: !hasOlder }),
      ),
    ],
    files,
  );
}
