// The audit as a file: CSV for spreadsheets, JSON for programs. Its columns are a promise to whoever reads it with a program: none is taken
// away or moved, new ones come last. Cells that a spreadsheet would run as a formula are made inert.
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { AuditEntry } from '../core/jobStore.ts';
import type { AuditAction } from '../core/moderationStore.ts';

export type AuditFormat = 'csv' | 'json';

/** What `target` names. */
export type TargetKind =
  | 'user'
  | 'role'
  | 'server'
  | 'channel'
  | 'request'
  | 'rule'
  | 'setting'
  | 'lora'
  | 'model'
  | 'queue';

const COLUMNS = ['id', 'time', 'action', 'by', 'target', 'note', 'target_kind'] as const;

const KINDS: Readonly<Record<AuditAction, TargetKind>> = {
  ban: 'user',
  unban: 'user',
  timeout: 'user',
  strike: 'user',
  strikes_cleared: 'user',
  quota: 'user',
  block: 'rule',
  unblock: 'rule',
  policy: 'setting',
  channel: 'channel',
  report_approved: 'request',
  report_removed: 'request',
  report_banned: 'request',
  retention: 'setting',
  looked: 'user',
  lora: 'lora',
  grant: 'user',
  priority: 'role',
  limits: 'server',
  model: 'model',
  queue: 'user',
  removed: 'user',
};

/** Quotas are of people, roles (written `&id`) and servers; the queue is held as a whole or ended for somebody. */
export function targetOf({ action, target }: Pick<AuditEntry, 'action' | 'target'>): {
  readonly kind: TargetKind;
  readonly name: string;
} {
  if (target.startsWith('&')) return { kind: 'role', name: target.slice(1) };
  if (target === 'server' || target === 'queue') return { kind: target, name: target };
  return { kind: KINDS[action], name: target };
}

/** Entries of one page of the database: some milliseconds. */
const PAGE_ENTRIES = 2_000;
/** Largest file that goes as it is; every server takes 10 MiB. */
const PLAIN_BYTES = 8 * 2 ** 20;

export interface AuditFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly entries: number;
}

/**
 * All entries there are, newest first, page after page, so that a long audit holds nobody up; compressed where it would be too large.
 * @param page entries older than one, newest first, at most `limit`
 */
export async function auditExport(
  page: (window: { readonly limit: number; readonly beforeId?: number }) => readonly AuditEntry[],
  format: AuditFormat,
): Promise<AuditFile> {
  const entries: AuditEntry[] = [];
  for (let beforeId: number | undefined; ; ) {
    const found = page({ limit: PAGE_ENTRIES, ...(beforeId === undefined ? {} : { beforeId }) });
    entries.push(...found);
    beforeId = found.at(-1)?.id;
    if (found.length < PAGE_ENTRIES || beforeId === undefined) break;
    await breathe();
  }
  const plain = Buffer.from(auditFile(entries, format), 'utf8');
  if (plain.length <= PLAIN_BYTES) return { name: `audit.${format}`, bytes: plain, entries: entries.length };
  return { name: `audit.${format}.gz`, bytes: await promisify(gzip)(plain), entries: entries.length };
}

export function auditFile(entries: readonly AuditEntry[], format: AuditFormat): string {
  const rows = entries.map(rowOf);
  if (format === 'json') return `${JSON.stringify(rows, null, 2)}\n`;
  return [COLUMNS.join(','), ...rows.map((row) => COLUMNS.map((name) => cell(String(row[name]))).join(','))].join(
    '\r\n',
  );
}

function rowOf(entry: AuditEntry) {
  const { id, atMs, action, byUserId, note } = entry;
  const { kind, name: target } = targetOf(entry);
  const by = byUserId === '' ? 'bot' : byUserId;
  return { id, time: new Date(atMs).toISOString(), action, by, target, note, target_kind: kind };
}

/** @source RFC 4180; OWASP, "CSV Injection": cells that begin with = + - @ tab or return */
function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
