// The one public message of a job, through its life: waiting, developing, then pictures or why there are none.
import { type APIButtonComponent, ButtonStyle } from 'discord.js';
import { cleanText } from '../../core/cleanText.ts';
import { type ControlMap, type ControlUse, formatControl } from '../../core/control.ts';
import { GRID_INDEX, isCovered, type JobRecord, type PictureRecord } from '../../core/job.ts';
import { formatLora } from '../../core/lora.ts';
import { isOnlyEnlarged, type Size } from '../../core/request.ts';
import { upscaledSize } from '../../core/upscale.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip, MAX_ALT_CHARS, quoted, timestamp } from '../text.ts';
import { failureReason } from './failure.ts';
import { reshapeRows, reshapeSelect } from './reshapeViews.ts';
import {
  type ButtonRow,
  button,
  type CardPart,
  cardView,
  galleryPart,
  row,
  type SelectRow,
  textPart,
  textView,
  thumbnailPart,
  type View,
  type ViewFile,
} from './view.ts';

/** Characters of a prompt shown above a picture; the recipe has all of it. Escaped it may double, and 2,000 is Discord's limit. */
const SHOWN_PROMPT_CHARS = 500;
const BAR_CELLS = 10;

export interface Wording {
  readonly phrases: Phrases;
  readonly ids: CustomIds;
  /** Whether there are control networks for a model; absent is for none. */
  readonly canFollow?: ((model: string) => boolean) | undefined;
}

/** Who asked for what, the first line of every state. */
export function headline(job: JobRecord, phrases: Phrases): string {
  return phrases.byUser(shownPrompt(job, SHOWN_PROMPT_CHARS, phrases), `<@${job.userId}>`);
}

/** The prompt as everybody may read it, escaped. */
export function shownPrompt({ request }: JobRecord, maxChars: number, phrases: Phrases): string {
  return request.privatePrompt === true ? phrases.card.hiddenPrompt() : quoted(request.prompt, maxChars) || '—';
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

/**
 * @param share 0 … 1 of the steps done.
 * @param preview WebP of what is being made, in base64
 */
export function developingView(job: JobRecord, share: number, { phrases, ids }: Wording, preview?: string): View {
  const clamped = Math.min(1, Math.max(0, share));
  const full = Math.round(clamped * BAR_CELLS);
  const bar = '▓'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const view = stateView(job, phrases.developing(Math.round(clamped * 100), bar), phrases, [
    cancelRow(job, phrases, ids),
  ]);
  return preview === undefined ? view : { ...view, files: [previewFile(job, preview, phrases)] };
}

/** Covered where the pictures will be. */
function previewFile(job: JobRecord, data: string, phrases: Phrases): ViewFile {
  const name = `${isCovered(job) ? 'SPOILER_' : ''}preview.webp`;
  return { name, path: '', altText: phrases.previewAlt(), sizeBytes: Math.floor((data.length * 3) / 4), data };
}

/** In the place of pictures that only the person who asked may see; the button brings them, privately and for ever. */
export function onlyForView(job: JobRecord, { phrases, ids }: Wording): View {
  const { label, onlyFor } = phrases.moderating;
  return cardView([
    textPart(headline(job, phrases)),
    textPart(onlyFor(`<@${job.userId}>`)),
    textPart(`-# ${recipeLine(job, phrases)}`),
    row(
      button(ids.write('reveal', job.id), { label: label.reveal, emoji: '👁️', style: ButtonStyle.Primary }),
      button(ids.write('delete', job.id), { label: phrases.label.delete, emoji: '🗑️' }),
    ),
  ]);
}

export function cancelledView(job: JobRecord, { phrases }: Wording): View {
  return stateView(job, phrases.cancelled(job.id), phrases, []);
}

export function failedView(job: JobRecord, { phrases, ids }: Wording): View {
  const remove = button(ids.write('delete', job.id), { label: phrases.label.delete, emoji: '🗑️' });
  const retry = isOnlyEnlarged(job.request)
    ? row(remove)
    : row(
        button(ids.write('again', job.id), { label: phrases.label.again, emoji: '🎲' }),
        button(ids.write('edit', job.id), { label: phrases.label.edit, emoji: '✏️' }),
        remove,
      );
  if (job.error?.code !== 'picture_refused') {
    return stateView(job, phrases.failed(job.id, failureReason(job.error, phrases)), phrases, [retry]);
  }
  // What it led to is told to the person alone, by the button.
  const why = row(button(ids.write('why', job.id), { label: phrases.moderating.label.why, emoji: '🛡️' }));
  return stateView(job, phrases.moderating.notShown(job.id, failureReason(job.error, phrases)), phrases, [retry, why]);
}

/** The maps that were followed, as uploads. */
export function mapFiles(job: JobRecord, maps: readonly ControlMap[], { control }: Phrases): ViewFile[] {
  return maps.map(({ kind, path, sizeBytes }, index) => ({
    name: `darkroom-${job.id}-control-${index + 1}.png`,
    path,
    altText: clip(control.mapAlt(control.kind[kind]), MAX_ALT_CHARS),
    sizeBytes,
  }));
}

/** Every map with what is followed of it and by which network. */
export function mapParts(job: JobRecord, files: readonly ViewFile[], phrases: Phrases): readonly CardPart[] {
  const { controls } = job.request;
  return files.flatMap((file, index) => {
    const control = controls?.[index];
    return control === undefined ? [] : [thumbnailPart(`-# ${followLine(control, phrases)}`, file, isCovered(job))];
  });
}

function followLine({ kind, strength, model, start, end }: ControlUse, { control }: Phrases): string {
  const line = control.follows(control.kind[kind], strength, quoted(model, 60));
  const percent = (part: number) => Math.round(100 * part);
  return start === 0 && end === 1 ? line : `${line} · ${control.during(percent(start), percent(end))}`;
}

/** Which files to show, best first: the outbox takes the next set when one is too large for the place. */
export function fileChoices(job: JobRecord, pictures: readonly PictureRecord[], phrases: Phrases): ViewFile[][] {
  const singles = pictures.filter((picture) => picture.imageIndex !== GRID_INDEX);
  const grid = pictures.find((picture) => picture.imageIndex === GRID_INDEX);
  const files = singles.map((picture) => pictureFile(job, picture, singles.length, phrases));
  if (files.length === 0) return grid === undefined ? [] : [[pictureFile(job, grid, job.request.count, phrases)]];
  if (grid === undefined) return [files];
  return [files, [pictureFile(job, grid, singles.length, phrases)], files.slice(0, 1)];
}

/**
 * The finished message. `note` is a line in place of pictures that cannot be shown here.
 * @param maps files of the maps that were followed, beside the pictures
 */
export function resultView(
  job: JobRecord,
  files: readonly ViewFile[],
  wording: Wording,
  note?: string,
  maps: readonly ViewFile[] = [],
): View {
  const { phrases } = wording;
  return cardView(
    [
      textPart(headline(job, phrases)),
      ...galleryPart(files, isCovered(job)),
      ...mapParts(job, maps, phrases),
      ...(note === undefined ? [] : [textPart(note)]),
      textPart(`-# ${recipeLine(job, phrases)}${smallerLine(files, phrases)}`),
      ...resultRows(job, wording),
    ],
    [...files, ...maps],
  );
}

/** Said under pictures that stand in for larger originals. */
function smallerLine(files: readonly ViewFile[], { making }: Phrases): string {
  const [largest] = files.flatMap(({ smallerThan }) => smallerThan ?? []).sort((a, b) => b - a);
  return largest === undefined ? '' : `\n-# ${making.smallerHere(mib(largest))}`;
}

/** Mebibytes with one digit. */
function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** Seed, size and the rest in one short line; of a picture that was only enlarged, by how much and with what. */
export function recipeLine(job: JobRecord, phrases: Phrases): string {
  const { upscale } = job.request;
  const parts =
    upscale != null && upscale.from !== null ? [sizes(upscale.from, upscale.scale)] : drawnParts(job, phrases);
  if (upscale != null) parts.push(`${upscale.scale}× ${quoted(upscale.upscaler ?? phrases.plainUpscale(), 60)}`);
  parts.push(`\`#${job.id}\``);
  if (job.parentJobId !== null) parts.push(phrases.fromParent(job.parentJobId, parentPicture(job)));
  return parts.join(' · ');
}

function sizes(from: Size, scale: number): string {
  const { widthPx, heightPx } = upscaledSize(from, scale);
  return `${from.widthPx}×${from.heightPx} → ${widthPx}×${heightPx}`;
}

function drawnParts({ request }: JobRecord, phrases: Phrases): string[] {
  return [
    `seed \`${request.seed}\``,
    `${request.size.widthPx}×${request.size.heightPx}`,
    phrases.steps(request.steps),
    phrases.guidance(request.guidance),
    request.sampler,
    request.style === null ? request.model : `${request.model} / ${request.style}`,
    ...(request.loras ?? []).map(formatLora),
    ...(request.controls ?? []).map(formatControl),
  ].map((part) => (part.startsWith('seed') ? part : quoted(part, 60)));
}

/** 1-based picture of the parent this was made from; null where it was made anew. */
export function parentPicture({ parentImageIndex }: JobRecord): number | null {
  return parentImageIndex === null ? null : parentImageIndex + 1;
}

/** U shows one picture with what can be done with it, V varies it: the letters people know from elsewhere, in every language. */
export function resultRows(job: JobRecord, wording: Wording): (ButtonRow | SelectRow)[] {
  const { phrases, ids } = wording;
  const { label } = phrases;
  if (isOnlyEnlarged(job.request) && job.request.prompt === '') return [wordlessRow(job.id, phrases, ids)];
  const last = row(
    button(ids.write('again', job.id), { label: label.again, emoji: '🎲' }),
    button(ids.write('edit', job.id), { label: label.edit, emoji: '✏️' }),
    button(ids.write('favourite', job.id), { label: label.favourite, emoji: '⭐' }),
    button(ids.write('delete', job.id), { label: label.delete, emoji: '🗑️' }),
    button(ids.write('more', job.id), { label: label.more, emoji: '🧰' }),
  );
  if (job.request.count === 1) return [varyRow(job, 0, wording), reshapeSelect(job.id, 0, wording), last];
  // Discord has five buttons in a row; more pictures than that are reached by replies.
  const indices = Array.from({ length: Math.min(5, job.request.count) }, (_, index) => index);
  const ups = indices.map((index) => button(ids.write('pick', job.id, index), { label: `U${index + 1}` }));
  const varies = indices.map((index) =>
    button(ids.write('vary', job.id, index), { label: `V${index + 1}`, style: ButtonStyle.Primary }),
  );
  return [row(...ups), row(...varies), last];
}

/** A stranger's picture made larger: there is nothing to draw again from. */
function wordlessRow(jobId: string, { label }: Phrases, ids: CustomIds): ButtonRow {
  return row(
    button(ids.write('upscale', jobId, 0), { label: label.upscale, emoji: '🔍' }),
    button(ids.write('source', jobId, 0), { label: label.source, emoji: '🖼️' }),
    button(ids.write('favourite', jobId), { label: label.favourite, emoji: '⭐' }),
    button(ids.write('delete', jobId), { label: label.delete, emoji: '🗑️' }),
    button(ids.write('more', jobId), { label: label.more, emoji: '🧰' }),
  );
}

/** What can be done with one picture. */
function varyRow({ id: jobId, request }: JobRecord, index: number, { phrases, ids, canFollow }: Wording): ButtonRow {
  const { label, control } = phrases;
  const follow = button(ids.write('control', jobId, index), { label: control.label.use, emoji: '🧭' });
  return row(
    button(ids.write('vary', jobId, index, 'subtle'), {
      label: label.varySubtle,
      emoji: '🎨',
      style: ButtonStyle.Primary,
    }),
    button(ids.write('vary', jobId, index, 'strong'), {
      label: label.varyStrong,
      emoji: '🌪️',
      style: ButtonStyle.Primary,
    }),
    button(ids.write('upscale', jobId, index), { label: label.upscale, emoji: '🔍' }),
    button(ids.write('source', jobId, index), { label: label.source, emoji: '🖼️' }),
    ...(canFollow?.(request.model) === true ? [follow] : []),
  );
}

/**
 * One picture alone at its own size, privately.
 * @param limitBytes what a file may have there; a larger one comes as a WebP, and the words say so
 */
export function pictureView(
  job: JobRecord,
  picture: PictureRecord,
  wording: Wording,
  limitBytes = Number.POSITIVE_INFINITY,
): View {
  const { phrases } = wording;
  const file = pictureFile(job, picture, 1, phrases);
  const number = picture.imageIndex + 1;
  const title = `**${phrases.card.pictureTitle(job.id, number)}** · seed \`${picture.seed}\``;
  const isTooLarge = file.sizeBytes > limitBytes;
  const note = isTooLarge ? `\n-# ${phrases.making.originalTooLarge(mib(file.sizeBytes), mib(limitBytes))}` : '';
  return cardView(
    [
      textPart(`${title}${note}`),
      ...galleryPart([file], isCovered(job)),
      varyRow(job, picture.imageIndex, wording),
      ...reshapeRows(job.id, picture.imageIndex, wording),
      row(expressionButton(job.id, picture.imageIndex, wording)),
    ],
    [file],
  );
}

function expressionButton(jobId: string, index: number, { phrases, ids }: Wording) {
  return button(ids.write('expression', jobId, index), { label: phrases.making.expression.title(), emoji: '😀' });
}

/** What a result's rows have no room for, privately. */
export function moreView(job: JobRecord, wording: Wording): View {
  const { phrases, ids } = wording;
  const { label } = phrases;
  const others = [
    ...(job.request.count === 1 ? [expressionButton(job.id, 0, wording)] : []),
    ...reportButtons(job, phrases, ids),
  ];
  return cardView([
    textPart(`**${phrases.card.moreTitle(job.id)}**`),
    row(
      button(ids.write('same', job.id), { label: label.same, emoji: '🔁' }),
      button(ids.write('recipe', job.id), { label: label.recipe, emoji: '📜' }),
      button(ids.write('family', job.id), { label: label.family, emoji: '🌳' }),
      button(ids.write('verify', job.id), { label: label.verify, emoji: '🔬' }),
      // Several pictures have their U buttons.
      ...(job.request.count === 1
        ? [button(ids.write('pick', job.id, 0), { label: phrases.making.label.original, emoji: '🖼️' })]
        : []),
    ),
    ...(others.length === 0 ? [] : [row(...others)]),
  ]);
}

/** Only a server has moderators. */
function reportButtons({ id, guildId }: JobRecord, { moderating }: Phrases, ids: CustomIds): APIButtonComponent[] {
  const look = { label: moderating.label.report, emoji: '🛡️', style: ButtonStyle.Danger } as const;
  return guildId === null ? [] : [button(ids.write('report', id), look)];
}

function cancelRow(job: JobRecord, phrases: Phrases, ids: CustomIds): ButtonRow {
  return row(button(ids.write('cancel', job.id), { label: phrases.label.cancel, style: ButtonStyle.Danger }));
}

function stateView(job: JobRecord, state: string, phrases: Phrases, rows: readonly ButtonRow[]): View {
  return { ...textView(`${headline(job, phrases)}\n${state}`), rows };
}

/** A picture of a job as an upload. */
export function pictureFile(job: JobRecord, picture: PictureRecord, count: number, phrases: Phrases): ViewFile {
  const isGrid = picture.imageIndex === GRID_INDEX;
  return {
    name: isGrid ? `darkroom-${job.id}.png` : `darkroom-${job.id}-${picture.imageIndex + 1}.png`,
    path: picture.path,
    altText: clip(altTextOf(job, isGrid ? count : null, phrases), MAX_ALT_CHARS),
    sizeBytes: picture.sizeBytes,
  };
}

/** @param gridOf pictures of a grid; null for one picture */
export function altTextOf({ request }: JobRecord, gridOf: number | null, phrases: Phrases): string {
  if (request.privatePrompt === true) return phrases.card.hiddenAlt();
  const prompt = cleanText(request.prompt);
  return gridOf === null ? phrases.pictureAlt(prompt) : phrases.gridAlt(prompt, gridOf);
}
