// Which jobs are the cells of one sheet, and what it compares.
import type { Sheet } from '../core/jobStore.ts';
import type { SheetSpec } from '../core/sheet.ts';
import type { Database } from './database.ts';

export interface Sheets {
  /** @param jobIds by cell; the first is the lead */
  keep(jobIds: readonly string[], spec: SheetSpec): void;
  of(jobId: string): Sheet | undefined;
}

export function makeSheets(db: Database): Sheets {
  const add = db.prepare<[string, string]>('INSERT INTO sheets VALUES (?, ?)');
  const addCell = db.prepare<[string, string, number]>('INSERT INTO sheet_cells VALUES (?, ?, ?)');
  const leadOf = db.prepare<[string], string>('SELECT lead_id FROM sheet_cells WHERE job_id = ?').pluck();
  const specOf = db.prepare<[string], string>('SELECT spec FROM sheets WHERE lead_id = ?').pluck();
  const cells = db.prepare<[string], string>('SELECT job_id FROM sheet_cells WHERE lead_id = ? ORDER BY cell').pluck();
  return {
    keep(jobIds, spec) {
      const lead = jobIds[0]!;
      add.run(lead, JSON.stringify(spec));
      for (const [cell, id] of jobIds.entries()) addCell.run(id, lead, cell);
    },
    of(jobId) {
      const leadId = leadOf.get(jobId);
      if (leadId === undefined) return undefined;
      return { leadId, jobIds: cells.all(leadId), spec: JSON.parse(specOf.get(leadId)!) as SheetSpec };
    },
  };
}
