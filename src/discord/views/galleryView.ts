// A page of pictures: thumbnails side by side, a numbered line for each, and how to look further.
import type { JobRecord } from '../../core/job.ts';
import type { HistoryFilter } from '../../core/people.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip, MAX_ALT_CHARS, messageLink, quoted, timestamp } from '../text.ts';
import type { Thumbnail } from '../thumbnails.ts';
import { altTextOf, shownPrompt } from './jobView.ts';
import {
  type ButtonRow,
  button,
  cardView,
  galleryPart,
  row,
  selectRow,
  textPart,
  textView,
  type View,
  type ViewFile,
} from './view.ts';

/** Three rows of three; Discord's galleries hold ten. */
export const GALLERY_PAGE_JOBS = 9;
const LINE_PROMPT_CHARS = 80;

export interface Entry {
  readonly job: JobRecord;
  /** Undefined when its file is gone. */
  readonly thumbnail: Thumbnail | undefined;
  /** Whether the reader may see a private prompt. */
  readonly mayRead: boolean;
}

export interface GalleryPage {
  readonly filter: Omit<HistoryFilter, 'userId'>;
  /** Where the filter is kept. */
  readonly noteId: string;
  /** 0-based. */
  readonly page: number;
  readonly entries: readonly Entry[];
  readonly hasOlder: boolean;
}

export function galleryView(gallery: GalleryPage, phrases: Phrases, ids: CustomIds): View {
  if (gallery.entries.length === 0 && gallery.page === 0) return emptyView(gallery, phrases, ids);
  const files = galleryFiles(gallery.entries, phrases);
  return cardView(
    [
      textPart(heading(gallery, phrases)),
      ...galleryPart(files),
      textPart(gallery.entries.map((entry, index) => galleryLine(entry, index, phrases)).join('\n')),
      ...chooser(gallery, phrases, ids),
      turnRow(gallery, phrases, ids),
    ],
    files,
  );
}

function emptyView({ filter, noteId }: GalleryPage, phrases: Phrases, ids: CustomIds): View {
  const { favourites, ...others } = filter;
  if (Object.keys(others).length === 0) {
    return textView(favourites === true ? phrases.find.noFavourites() : phrases.historyEmpty());
  }
  const again = button(ids.write('search', noteId), { label: phrases.label.search, emoji: '🔎' });
  return cardView([textPart(`${filterLine(filter, phrases)}\n${phrases.find.nothing()}`), row(again)]);
}

function heading({ filter, page }: GalleryPage, phrases: Phrases): string {
  const { find } = phrases;
  const title = filter.favourites === true ? find.favouritesTitle(page + 1) : find.title(page + 1);
  const filters = filterLine(filter, phrases);
  return `**${title}**${filters === '' ? '' : `\n${filters}`}`;
}

function filterLine({ words, model, lora, sinceMs, untilMs }: GalleryPage['filter'], { find }: Phrases): string {
  const parts = [
    ...(words === undefined ? [] : [find.words(quoted(words, 100))]),
    ...(model === undefined ? [] : [find.model(quoted(model, 100))]),
    ...(lora === undefined ? [] : [`LoRA ${quoted(lora, 100)}`]),
    ...(sinceMs === undefined ? [] : [find.since(dayOf(sinceMs))]),
    ...(untilMs === undefined ? [] : [find.until(dayOf(untilMs - 1))]),
  ];
  return parts.length === 0 ? '' : `-# 🔎 ${parts.join(' · ')}`;
}

/** UTC, as days are counted everywhere in the program. */
function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** One picture in a line: what, which, when, where. */
export function galleryLine({ job, mayRead }: Entry, index: number, phrases: Phrases): string {
  const prompt = mayRead
    ? quoted(job.request.prompt, LINE_PROMPT_CHARS) || '—'
    : shownPrompt(job, LINE_PROMPT_CHARS, phrases);
  const link =
    job.messageId === null ? [] : [phrases.historyLine(messageLink(job.guildId, job.channelId, job.messageId))];
  return [`${index + 1}. **${prompt}**`, `\`#${job.id}\``, timestamp(job.createdAtMs, 'R'), ...link].join(' · ');
}

export function galleryFiles(entries: readonly Entry[], phrases: Phrases): ViewFile[] {
  return entries.flatMap((entry) => thumbnailFile(entry, phrases));
}

function thumbnailFile({ job, thumbnail, mayRead }: Entry, phrases: Phrases): ViewFile[] {
  if (thumbnail === undefined) return [];
  const { privatePrompt: _, ...open } = job.request;
  const readable = mayRead ? { ...job, request: open } : job;
  const altText = clip(altTextOf(readable, null, phrases), MAX_ALT_CHARS);
  return [{ ...thumbnail, name: `darkroom-${job.id}-small.webp`, altText }];
}

function chooser({ entries }: GalleryPage, phrases: Phrases, ids: CustomIds) {
  if (entries.length === 0) return [];
  const options = entries.map(({ job, mayRead }, index) => ({
    label: `${index + 1}. ${mayRead ? job.request.prompt || '—' : phrases.card.hiddenPrompt()}`,
    description: `#${job.id}`,
    value: job.id,
  }));
  return [selectRow(ids.write('choose'), phrases.find.choose(), options)];
}

function turnRow({ noteId, page, hasOlder }: GalleryPage, { label }: Phrases, ids: CustomIds): ButtonRow {
  return row(
    button(ids.write('page', noteId, page - 1), { label: label.newer, emoji: '◀️', disabled: page === 0 }),
    button(ids.write('page', noteId, page + 1), { label: label.older, emoji: '▶️', disabled: !hasOlder }),
    button(ids.write('search', noteId), { label: label.search, emoji: '🔎' }),
  );
}
