// The audit as a file: CSV for spreadsheets, JSON for programs. Cells that a spreadsheet would run as a formula are made inert.
import type { AuditEntry } from '../core/jobStore.ts';

export type AuditFormat = 'csv' | 'json';

const COLUMNS = ['id', 'time', 'action', 'by', 'target', 'note'] as const;

export function auditFile(entries: readonly AuditEntry[], format: AuditFormat): string {
  const rows = entries.map(rowOf);
  if (format === 'json') return `${JSON.stringify(rows, null, 2)}\n`;
  return [COLUMNS.join(','), ...rows.map((row) => COLUMNS.map((name) => cell(String(row[name]))).join(','))].join(
    '\r\n',
  );
}

function rowOf({ id, atMs, action, byUserId, target, note }: AuditEntry) {
  return { id, time: new Date(atMs).toISOString(), action, by: byUserId === '' ? 'bot' : byUserId, target, note };
}

/** @source RFC 4180; OWASP, "CSV Injection": cells that begin with = + - @ tab or return */
function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
