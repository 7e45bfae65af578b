// A sheet of pictures on Discord: how far its cells are, and the one picture that shows them all, drawn when the last of them has ended.
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isCovered, isForAskerOnly, type JobRecord, type JobState } from '../core/job.ts';
import type { JobStore, Sheet } from '../core/jobStore.ts';
import { axisLabels } from '../core/sheet.ts';
import { clip, MAX_ALT_CHARS } from './text.ts';
import type { Wording } from './views/jobView.ts';
import { type CellChoice, sheetAlt, sheetProgressView, sheetView } from './views/sheetView.ts';
import type { View, ViewFile } from './views/view.ts';

type Rows = Pick<JobStore, 'get' | 'pictures' | 'sheetOf'>;

export interface SheetDesk {
  of(jobId: string): Sheet | undefined;
  /** Whether every cell has its picture or never will. */
  isDone(sheet: Sheet): boolean;
  progressView(sheet: Sheet, lead: JobRecord, wording: Wording): View;
  /** The drawn sheet; undefined where no cell has a picture. */
  file(sheet: Sheet, lead: JobRecord, wording: Wording): Promise<ViewFile | undefined>;
  view(sheet: Sheet, lead: JobRecord, files: readonly ViewFile[], wording: Wording): View;
}

const OPEN: readonly JobState[] = ['accepted', 'queued', 'running'];

export function makeSheetDesk(store: Rows, dataDir: string): SheetDesk {
  const cellsOf = ({ jobIds }: Sheet) => jobIds.flatMap((id) => store.get(id) ?? []);
  return {
    of: (jobId) => store.sheetOf(jobId),
    isDone: (sheet) => cellsOf(sheet).every(({ state }) => !OPEN.includes(state)),
    progressView(sheet, lead, wording) {
      const cells = cellsOf(sheet);
      const done = cells.filter(({ state }) => !OPEN.includes(state)).length;
      return sheetProgressView(lead, sheet.spec, { done, total: sheet.jobIds.length }, wording);
    },
    async file(sheet, lead, wording) {
      const place = await drawnSheet(sheet, lead, store, dataDir);
      if (place === undefined) return undefined;
      const altText = clip(sheetAlt(lead, sheet.spec, wording.phrases), MAX_ALT_CHARS);
      return { ...place, name: `darkroom-${lead.id}-sheet.png`, altText };
    },
    view(sheet, lead, files, wording) {
      // One covered cell covers the sheet; one that only the asker may see is left blank on it.
      const isAnyCovered = cellsOf(sheet).some((cell) => isCovered(cell) && !isForAskerOnly(cell));
      const shown = isAnyCovered ? { ...lead, request: { ...lead.request, spoiler: true } } : lead;
      return sheetView(shown, sheet.spec, choicesOf(sheet, store), files, wording);
    },
  };
}

/** Cells with a picture, by their place. */
export function choicesOf({ jobIds, spec }: Sheet, store: Pick<Rows, 'pictures'>): readonly CellChoice[] {
  return jobIds.flatMap((jobId, cell) => {
    if (store.pictures(jobId).length === 0) return [];
    const column = cell % spec.x.values.length;
    return [{ jobId, column, row: Math.floor(cell / spec.x.values.length) }];
  });
}

/** Drawn once, and kept beside the thumbnails. */
async function drawnSheet(
  { leadId, jobIds, spec }: Sheet,
  lead: JobRecord,
  store: Rows,
  dataDir: string,
): Promise<Pick<ViewFile, 'path' | 'sizeBytes'> | undefined> {
  const relative = sheetPath(leadId);
  const place = path.join(dataDir, relative);
  const known = await stat(place).catch(() => undefined);
  if (known !== undefined) return { path: relative, sizeBytes: known.size };
  const cells = await Promise.all(jobIds.map((id) => firstPicture(id, store, dataDir)));
  if (cells.every((cell) => cell === null)) return undefined;
  // Loaded only here: a bot that decodes no picture needs no decoder in its memory.
  const { drawSheet } = await import('../image/sheet.ts');
  const isPrivate = lead.request.privatePrompt === true;
  const rows = spec.y === null ? [] : axisLabels(spec.y, isPrivate);
  const png = await drawSheet({ columns: axisLabels(spec.x, isPrivate), rows, cells });
  await mkdir(path.dirname(place), { recursive: true });
  const temporary = `${place}.${process.pid}`;
  await writeFile(temporary, png);
  await rename(temporary, place);
  return { path: relative, sizeBytes: png.length };
}

async function firstPicture(jobId: string, store: Rows, dataDir: string): Promise<Buffer | null> {
  const [picture] = store.pictures(jobId);
  const job = store.get(jobId);
  if (picture === undefined || job === undefined || isForAskerOnly(job)) return null;
  return readFile(path.join(dataDir, picture.path)).catch(() => null);
}

function sheetPath(leadId: string): string {
  return path.posix.join('thumbnails', `sheet-${leadId}.png`);
}

/** For pictures that are to be forgotten. */
export async function dropSheet(leadId: string, dataDir: string): Promise<void> {
  await rm(path.join(dataDir, sheetPath(leadId)), { force: true });
}
