// Permission to hand in one result: an address signed with the bot's key, good for one attempt at one job while the bot waits for it.
// A zombie's address stays well signed, but nobody waits for it any more.
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Ticket {
  readonly jobId: string;
  readonly attempt: number;
  /** Milliseconds since the epoch; no attempt takes longer. */
  readonly expiresMs: number;
}

/** `jobId/attempt/expires/signature`, the path segments of an address. */
export function signTicket(key: string, ticket: Ticket): string {
  return `${fieldsOf(ticket)}/${signature(key, ticket)}`;
}

/** Undefined for anything that was not signed with this key, or whose time is over. */
export function readTicket(key: string, segments: readonly string[], nowMs: number): Ticket | undefined {
  const [jobId = '', attempt = '', expires = '', signed = ''] = segments;
  if (!/^[a-z0-9_]{1,64}$/i.test(jobId) || !/^\d{1,9}$/.test(attempt) || !/^\d{1,16}$/.test(expires)) return undefined;
  const ticket = { jobId, attempt: Number(attempt), expiresMs: Number(expires) };
  return isSame(signed, signature(key, ticket)) && nowMs < ticket.expiresMs ? ticket : undefined;
}

function fieldsOf({ jobId, attempt, expiresMs }: Ticket): string {
  return `${jobId}/${attempt}/${expiresMs}`;
}

function signature(key: string, ticket: Ticket): string {
  return createHmac('sha256', key)
    .update(`fleet-result/${fieldsOf(ticket)}`)
    .digest('base64url');
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
