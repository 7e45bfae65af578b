// What a rendering made only to compare says: whether its pixels are those of the result it repeats.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobRecord, PictureRecord } from '../core/job.ts';
import { GRID_INDEX } from '../core/job.ts';
import type { JobStore } from '../core/jobStore.ts';
import type { Difference } from '../image/compare.ts';
import type { Wording } from './views/jobView.ts';
import { button, row, textView, type View } from './views/view.ts';

/** @param job of the kind `verify`, developed; its parent is what it repeats */
export async function verdictView(
  job: JobRecord,
  store: Pick<JobStore, 'pictures'>,
  dataDir: string,
  { phrases, ids }: Wording,
): Promise<View> {
  const { verify, label } = phrases;
  const say = (words: string): View => {
    // The button leads to what was compared, and lets a lost message be found again by its job.
    const family = button(ids.write('family', job.id), { label: label.family, emoji: '🌳' });
    return { ...textView(words), rows: [row(family)] };
  };
  const parentId = job.parentJobId ?? '';
  const singles = (id: string) => store.pictures(id).filter(({ imageIndex }) => imageIndex !== GRID_INDEX);
  const [before, after] = [singles(parentId), singles(job.id)];
  const found = await Promise.all(before.map((one, at) => differenceOf(one, after[at], dataDir)));
  if (found.length === 0 || found.includes(undefined)) return say(verify.gone(parentId));
  const differing = found.flatMap((one, at) => (one!.largest === 0 ? [] : [{ ...one!, picture: at + 1 }]));
  if (differing.length === 0) return say(verify.same(parentId, found.length));
  const lines = differing.map(({ picture, largest, share }) => `- ${verify.line(picture, largest, percent(share))}`);
  return say(verify.differs(parentId, lines.join('\n')));
}

/** Two digits of it are shown, and never 0 for what is not. */
function percent(share: number): number {
  return Math.max(0.01, share * 100);
}

/** Undefined when a file is gone; files with the same bytes need no decoding. */
async function differenceOf(
  before: PictureRecord,
  after: PictureRecord | undefined,
  dataDir: string,
): Promise<Difference | undefined> {
  if (after === undefined) return undefined;
  if (before.sha256 === after.sha256) return { largest: 0, share: 0 };
  const [a, b] = await Promise.all(
    [before, after].map((one) => readFile(path.join(dataDir, one.path)).catch(() => undefined)),
  );
  if (a === undefined || b === undefined) return undefined;
  // Loaded only here: a bot that decodes no picture needs no decoder in its memory.
  const { comparePictures } = await import('../image/compare.ts');
  return comparePictures(a, b);
}
