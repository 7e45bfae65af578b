// The quota ledger: pictures reserved with a job, then charged or refunded once. Its rows are written in the transaction of the job's
// state change. Deliberately not here: the number a user may have where none was set; that is configuration.
import type { AcceptRules, Member, QuotaStatus } from '../core/jobStore.ts';
import { dayOf, nextDayMs } from '../core/quota.ts';
import type { Database } from './database.ts';

export interface Ledger {
  status(member: Member, rules: AcceptRules, nowMs: number): QuotaStatus;
  reserve(jobId: string, userId: string, pictures: number, nowMs: number): void;
  /** The reservation becomes final. */
  charge(jobId: string, nowMs: number): void;
  /** The reservation is given back to the day it was taken from. */
  refund(jobId: string, nowMs: number): void;
}

const USED = `SELECT coalesce(sum(CASE kind WHEN 'reserve' THEN pictures WHEN 'refund' THEN -pictures ELSE 0 END), 0) AS used
  FROM quota_ledger WHERE user_id = ? AND day = ?`;
const CLOSE = `INSERT INTO quota_ledger (job_id, user_id, day, kind, pictures, at_ms)
  SELECT job_id, user_id, day, ?, pictures, ? FROM quota_ledger WHERE job_id = ? AND kind = 'reserve'`;

export function makeLedger(db: Database): Ledger {
  const used = db.prepare<[string, number], number>(USED).pluck();
  // Outside servers the guild is NULL, which equals nothing.
  const limitThere = db
    .prepare<[Member], number | null>('SELECT daily_quota FROM members WHERE guild_id = @guildId AND user_id = @userId')
    .pluck();
  const reserve = db.prepare(
    "INSERT INTO quota_ledger (job_id, user_id, day, kind, pictures, at_ms) VALUES (?, ?, ?, 'reserve', ?, ?)",
  );
  const close = db.prepare<[kind: 'charge' | 'refund', nowMs: number, jobId: string]>(CLOSE);
  return {
    status: (member, rules, nowMs) => ({
      used: used.get(member.userId, dayOf(nowMs))!,
      limit: limitThere.get(member) ?? rules.dailyQuota,
      resetsAtMs: nextDayMs(nowMs),
    }),
    reserve: (jobId, userId, pictures, nowMs) => reserve.run(jobId, userId, dayOf(nowMs), pictures, nowMs),
    charge: (jobId, nowMs) => close.run('charge', nowMs, jobId),
    refund: (jobId, nowMs) => close.run('refund', nowMs, jobId),
  };
}
