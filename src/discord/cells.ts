// What one message shows, picture by picture: a result's own, or of a sheet the cells, each of which is a job of its own. Whoever points at
// the message points at one of these, by its number.
import type { JobRecord, PictureRecord } from '../core/job.ts';
import type { BotContext } from './context.ts';
import { mayLook, singlesOf } from './results.ts';

/** A picture, and the request that made it. */
export interface Cell {
  readonly job: JobRecord;
  readonly picture: PictureRecord;
}

/** The cells of the sheet that a job's message shows, row by row, undefined where there is no picture; undefined for what is no sheet. */
export function cellsOf(
  lead: JobRecord,
  { store }: Pick<BotContext, 'store'>,
): readonly (Cell | undefined)[] | undefined {
  const sheet = store.sheetOf(lead.id);
  if (sheet?.leadId !== lead.id) return undefined;
  return sheet.jobIds.map((id) => {
    const [job, picture] = [store.get(id), singlesOf(id, { store })[0]];
    return job === undefined || picture === undefined ? undefined : { job, picture };
  });
}

/** Everything the message of a job shows. */
export function shownBy(job: JobRecord, bot: Pick<BotContext, 'store'>): readonly (Cell | undefined)[] {
  return cellsOf(job, bot) ?? singlesOf(job.id, bot).map((picture) => ({ job, picture }));
}

/** The picture somebody may use by its number; undefined where there is none for them. */
export function cellFor(
  job: JobRecord,
  number: number,
  userId: string,
  bot: Pick<BotContext, 'store'>,
): Cell | undefined {
  const cell = shownBy(job, bot)[number - 1];
  return cell !== undefined && mayLook(cell.job, userId) ? cell : undefined;
}
