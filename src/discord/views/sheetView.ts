// A sheet that compares settings: the question before it is made, how far it is, and the finished card with a choice of its cells.
import { ButtonStyle } from 'discord.js';
import { cleanText } from '../../core/cleanText.ts';
import type { JobRecord } from '../../core/job.ts';
import type { ResolvedRequest } from '../../core/request.ts';
import { type Axis, axisLabels, isOfWords, type SheetSpec, sheetTitle } from '../../core/sheet.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { quoted } from '../text.ts';
import { headline, type Wording } from './jobView.ts';
import {
  button,
  cardView,
  galleryPart,
  row,
  type SelectRow,
  selectRow,
  textPart,
  textView,
  type View,
  type ViewFile,
} from './view.ts';

/** Characters of the axes in one line. */
const TITLE_CHARS = 300;
const BAR_CELLS = 10;

export interface CellChoice {
  readonly jobId: string;
  readonly column: number;
  readonly row: number;
}

export interface AskedSheet {
  readonly spec: SheetSpec;
  readonly requests: readonly ResolvedRequest[];
  /** Pictures of today that are not used yet. */
  readonly left: number;
  /** In usual pictures. */
  readonly cost: number;
  readonly limit: number;
  /** From now on until everything is made. */
  readonly takesMs: number;
  readonly noteId: string;
  /** Whose yes counts. */
  readonly askerId: string;
  /** Whether others see the question: then private words stay out of it. */
  readonly isPublic?: boolean;
}

/** What a sheet would be and cost. */
export function sheetAskView(asked: AskedSheet, phrases: Phrases, ids: CustomIds): View {
  const { spec, requests, cost, left, limit, takesMs, noteId, askerId } = asked;
  const { sheet } = phrases.making;
  const [columns, rows] = [spec.x.values.length, spec.y?.values.length ?? 1];
  const pictures = requests.reduce((sum, { count }) => sum + count, 0);
  const dear = cost > pictures ? `\n${phrases.houseRules.counts(cost)}` : '';
  const { size, steps } = requests[0]!;
  const compared = [spec.x.name, spec.y?.name ?? ''];
  const isSized = !compared.some((name) => ['size', 'ar', 'model', 'zoom', 'pan'].includes(name));
  const about = [
    ...(isSized ? [`${size.widthPx}×${size.heightPx}`] : []),
    ...(compared.includes('steps') ? [] : [phrases.steps(steps)]),
  ].join(' · ');
  return cardView([
    textPart(
      `**${sheet.ask(pictures, columns, rows)}**\n${phrases.many.takes(takesMs)} ${phrases.many.left(left, limit)}${dear}${about === '' ? '' : `\n-# ${about}`}`,
    ),
    textPart(axisLines(spec, asked.isPublic === true && requests[0]!.privatePrompt === true)),
    row(
      button(ids.write('sheet', noteId, 'yes', askerId), {
        label: phrases.label.make(pictures),
        emoji: '🎨',
        style: ButtonStyle.Primary,
        disabled: cost > left,
      }),
      button(ids.write('sheet', noteId, 'no', askerId), { label: phrases.label.cancel }),
    ),
  ]);
}

function axisLines({ x, y }: SheetSpec, isPrivate: boolean): string {
  const line = (mark: string, { name, values }: Axis) => {
    const shown = isPrivate && isOfWords(name) ? [`${values.length}`] : values;
    return `${mark} **${quoted(name, 40)}** ${quoted(shown.join(', '), TITLE_CHARS)}`;
  };
  return y === null ? line('➡️', x) : `${line('➡️', x)}\n${line('⬇️', y)}`;
}

/** While cells are waiting or being made. */
export function sheetProgressView(
  lead: JobRecord,
  spec: SheetSpec,
  { done, total }: { readonly done: number; readonly total: number },
  { phrases, ids }: Wording,
): View {
  const full = Math.round((done / total) * BAR_CELLS);
  const bar = '▓'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const cancel = button(ids.write('cancel', lead.id), { label: phrases.label.cancel, style: ButtonStyle.Danger });
  const words = [headline(lead, phrases), axesLine(lead, spec), phrases.making.sheet.progress(done, total, bar)];
  return { ...textView(words.join('\n')), rows: [row(cancel)] };
}

function axesLine({ request }: JobRecord, spec: SheetSpec): string {
  return `-# 🔲 ${quoted(sheetTitle(spec, request.privatePrompt === true), TITLE_CHARS)}`;
}

/** Any cell by what makes it different; nothing where there are none. */
function chooseCell(
  lead: JobRecord,
  spec: SheetSpec,
  cells: readonly CellChoice[],
  { phrases, ids }: Pick<Wording, 'phrases' | 'ids'>,
): readonly SelectRow[] {
  if (cells.length === 0) return [];
  const isPrivate = lead.request.privatePrompt === true;
  const [xLabels, yLabels] = [axisLabels(spec.x, isPrivate), spec.y === null ? [] : axisLabels(spec.y, isPrivate)];
  const options = cells.map(({ jobId, column, row: line }) => {
    const about = [xLabels[column], ...(yLabels.length === 0 ? [] : [yLabels[line]])].join(' · ');
    // Replies name a cell by this number.
    return { label: `${line * xLabels.length + column + 1}. ${about}`, description: `#${jobId}`, value: jobId };
  });
  return [selectRow(ids.write('choose', lead.id), phrases.making.sheet.choose(), options)];
}

/** In private, for whoever asked something of a sheet that only one of its pictures can answer. */
export function chooseCellView(lead: JobRecord, spec: SheetSpec, cells: readonly CellChoice[], wording: Wording): View {
  const { phrases } = wording;
  return cardView([
    textPart(`${headline(lead, phrases)}\n${axesLine(lead, spec)}`),
    ...chooseCell(lead, spec, cells, wording),
  ]);
}

/** The finished sheet: any cell can be had alone, with all that can be done with a picture. */
export function sheetView(
  lead: JobRecord,
  spec: SheetSpec,
  cells: readonly CellChoice[],
  files: readonly ViewFile[],
  { phrases, ids }: Wording,
): View {
  const { label } = phrases;
  const { request } = lead;
  const numbers = `seed \`${request.seed}\` · ${request.size.widthPx}×${request.size.heightPx} · ${quoted(request.model, 60)} · \`#${lead.id}\``;
  return cardView(
    [
      textPart(headline(lead, phrases)),
      ...galleryPart(files, request.spoiler === true),
      ...(files.length === 0 ? [textPart(phrases.filesGone(lead.id))] : []),
      textPart(`${axesLine(lead, spec)}\n-# ${numbers}`),
      ...chooseCell(lead, spec, cells, { phrases, ids }),
      row(
        button(ids.write('sheetAgain', lead.id), { label: label.again, emoji: '🎲' }),
        button(ids.write('favourite', lead.id), { label: label.favourite, emoji: '⭐' }),
        button(ids.write('delete', lead.id), { label: label.delete, emoji: '🗑️' }),
      ),
    ],
    files,
  );
}

export function sheetAlt({ request }: JobRecord, spec: SheetSpec, { making, card }: Phrases): string {
  if (request.privatePrompt === true) return card.hiddenAlt();
  return making.sheet.alt(cleanText(request.prompt), sheetTitle(spec, false));
}
