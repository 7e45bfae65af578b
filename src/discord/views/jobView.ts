// The one public message of a job, through its life: waiting, developing, then pictures or why there are none.
import { ButtonStyle } from 'discord.js';
import { cleanText } from '../../core/cleanText.ts';
import { GRID_INDEX, type JobRecord, type PictureRecord } from '../../core/job.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip, MAX_ALT_CHARS, quoted, timestamp } from '../text.ts';
import { failureReason } from './failure.ts';
import { type ButtonRow, button, row, textView, type View, type ViewFile } from './view.ts';

/** Characters of a prompt shown above a picture; the recipe has all of it. Escaped it may double, and 2,000 is Discord's limit. */
const SHOWN_PROMPT_CHARS = 500;
const BAR_CELLS = 10;

export interface Wording {
  readonly phrases: Phrases;
  readonly ids: CustomIds;
}

/** Who asked for what, the first line of every state. */
export function headline(job: JobRecord, phrases: Phrases): string {
  return phrases.byUser(quoted(job.request.prompt, SHOWN_PROMPT_CHARS) || '—', `<@${job.userId}>`);
}

/** Where a waiting job stands and when its pictures may be there. */
export interface Expectation {
  /** 1-based. */
  readonly place: number;
  readonly readyAtMs: number;
}

/** @param expected undefined when a worker is about to take the job. */
export function waitingView(job: JobRecord, expected: Expectation | undefined, { phrases, ids }: Wording): View {
  const state =
    expected === undefined ? phrases.starting() : phrases.waiting(expected.place, timestamp(expected.readyAtMs, 'R'));
  return stateView(job, state, phrases, [cancelRow(job, phrases, ids)]);
}

/** @param share 0 … 1 of the steps done. */
export function developingView(job: JobRecord, share: number, { phrases, ids }: Wording): View {
  const clamped = Math.min(1, Math.max(0, share));
  const full = Math.round(clamped * BAR_CELLS);
  const bar = '▓'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  return stateView(job, phrases.developing(Math.round(clamped * 100), bar), phrases, [cancelRow(job, phrases, ids)]);
}

export function cancelledView(job: JobRecord, { phrases }: Wording): View {
  return stateView(job, phrases.cancelled(job.id), phrases, []);
}

export function failedView(job: JobRecord, { phrases, ids }: Wording): View {
  const retry = row(
    button(ids.write('again', job.id), { label: phrases.label.again, emoji: '🎲' }),
    button(ids.write('edit', job.id), { label: phrases.label.edit, emoji: '✏️' }),
    button(ids.write('delete', job.id), { label: phrases.label.delete, emoji: '🗑️' }),
  );
  return stateView(job, phrases.failed(job.id, failureReason(job.error, phrases)), phrases, [retry]);
}

/** Which files to show, best first: the outbox takes the next set when one is too large for the place. */
export function fileChoices(job: JobRecord, pictures: readonly PictureRecord[], phrases: Phrases): ViewFile[][] {
  const singles = pictures.filter((picture) => picture.imageIndex !== GRID_INDEX);
  const grid = pictures.find((picture) => picture.imageIndex === GRID_INDEX);
  const files = singles.map((picture) => pictureFile(job, picture, singles.length, phrases));
  if (grid === undefined) return files.length === 0 ? [] : [files];
  return [[pictureFile(job, grid, singles.length, phrases)], files, files.slice(0, 1)];
}

/** The finished message. `note` is a line in place of pictures that cannot be shown here. */
export function resultView(job: JobRecord, files: readonly ViewFile[], { phrases, ids }: Wording, note?: string): View {
  const lines = [headline(job, phrases), `-# ${recipeLine(job, phrases)}`, ...(note === undefined ? [] : [note])];
  return { content: lines.join('\n'), embeds: [], rows: resultRows(job, phrases, ids), files };
}

/** Seed, size and the rest in one short line. */
export function recipeLine(job: JobRecord, phrases: Phrases): string {
  const { request } = job;
  const parts = [
    `seed \`${request.seed}\``,
    `${request.size.widthPx}×${request.size.heightPx}`,
    phrases.steps(request.steps),
    phrases.guidance(request.guidance),
    request.sampler,
    request.style === null ? request.model : `${request.model} / ${request.style}`,
    `\`#${job.id}\``,
  ].map((part) => (part.startsWith('`') || part.startsWith('seed') ? part : quoted(part, 60)));
  if (job.parentJobId !== null) parts.push(phrases.fromParent(job.parentJobId, parentPicture(job)));
  return parts.join(' · ');
}

/** 1-based picture of the parent this was made from; null where it was made anew. */
export function parentPicture({ parentImageIndex }: JobRecord): number | null {
  return parentImageIndex === null ? null : parentImageIndex + 1;
}

function resultRows(job: JobRecord, phrases: Phrases, ids: CustomIds): ButtonRow[] {
  const { count } = job.request;
  const vary = Array.from({ length: count }, (_, index) =>
    button(ids.write('vary', job.id, index), {
      label: phrases.label.vary(count === 1 ? null : index + 1),
      emoji: '🎨',
      style: ButtonStyle.Primary,
    }),
  );
  return [
    row(...vary),
    row(
      button(ids.write('again', job.id), { label: phrases.label.again, emoji: '🎲' }),
      button(ids.write('edit', job.id), { label: phrases.label.edit, emoji: '✏️' }),
      button(ids.write('recipe', job.id), { label: phrases.label.recipe, emoji: '📜' }),
      button(ids.write('delete', job.id), { label: phrases.label.delete, emoji: '🗑️' }),
    ),
  ];
}

function cancelRow(job: JobRecord, phrases: Phrases, ids: CustomIds): ButtonRow {
  return row(button(ids.write('cancel', job.id), { label: phrases.label.cancel, style: ButtonStyle.Danger }));
}

function stateView(job: JobRecord, state: string, phrases: Phrases, rows: readonly ButtonRow[]): View {
  return { ...textView(`${headline(job, phrases)}\n${state}`), rows };
}

/** A picture of a job as an upload. */
export function pictureFile(job: JobRecord, picture: PictureRecord, count: number, phrases: Phrases): ViewFile {
  const prompt = cleanText(job.request.prompt);
  const isGrid = picture.imageIndex === GRID_INDEX;
  return {
    name: isGrid ? `darkroom-${job.id}.png` : `darkroom-${job.id}-${picture.imageIndex + 1}.png`,
    path: picture.path,
    altText: clip(isGrid ? phrases.gridAlt(prompt, count) : phrases.pictureAlt(prompt), MAX_ALT_CHARS),
    sizeBytes: picture.sizeBytes,
  };
}
