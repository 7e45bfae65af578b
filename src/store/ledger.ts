// The quota ledger: usual pictures reserved with a job, then charged or refunded once, and what of them came from a grant. Its rows are
// written in the transaction of the job's state change. Deliberately not here: the number a user may have where none was set; that is
// configuration.
import type { AcceptRules, Customer, Member } from '../core/jobStore.ts';
import { beyondDay, dayOf, HOUR_MS, nextDayMs, type QuotaStatus } from '../core/quota.ts';
import type { Database } from './database.ts';
import type { Remembering } from './remembering.ts';

export interface Ledger {
  status(customer: Customer, rules: AcceptRules, nowMs: number): QuotaStatus;
  /** @param quota as it stands before; what the day has no room for is taken from what was given */
  reserve(jobId: string, member: Member, pictures: number, quota: QuotaStatus, nowMs: number): void;
  /** The reservation becomes final. */
  charge(jobId: string, nowMs: number): void;
  /** The reservation is given back to the day, and to the grant, it was taken from. */
  refund(jobId: string, nowMs: number): void;
  /** Given to somebody in a server and not yet used. */
  granted(member: Member): number;
}

const BALANCE = "CASE kind WHEN 'reserve' THEN 1 WHEN 'refund' THEN -1 ELSE 0 END";
const USED = `SELECT coalesce(sum((pictures - granted) * ${BALANCE}), 0) FROM quota_ledger WHERE user_id = ? AND day = ?`;
const USED_THERE = `SELECT coalesce(sum(pictures * ${BALANCE}), 0) FROM quota_ledger WHERE guild_id = ? AND day = ?`;
/** Reserved since then and not given back; a refund counts from when its reservation was made. */
const USED_SINCE = `SELECT coalesce(sum(pictures), 0) AS used, min(at_ms) AS firstMs FROM quota_ledger AS taken
  WHERE user_id = @userId AND day >= @day AND kind = 'reserve' AND at_ms > @sinceMs AND NOT EXISTS (
    SELECT 1 FROM quota_ledger AS closed
    WHERE closed.job_id = taken.job_id AND closed.kind IN ('charge', 'refund') AND closed.kind = 'refund')`;
const GIVEN = 'SELECT coalesce(sum(pictures), 0) FROM grants WHERE guild_id = @guildId AND user_id = @userId';
const TAKEN = `SELECT coalesce(sum(granted * ${BALANCE}), 0) FROM quota_ledger
  WHERE user_id = @userId AND guild_id = @guildId AND granted > 0`;
const CLOSE = `INSERT INTO quota_ledger (job_id, user_id, guild_id, day, kind, pictures, granted, at_ms)
  SELECT job_id, user_id, guild_id, day, ?, pictures, granted, ? FROM quota_ledger WHERE job_id = ? AND kind = 'reserve'`;

interface Numbers {
  readonly daily: number | null;
  readonly hourly: number | null;
}

/** The server's own have no role. */
interface RoleNumbers extends Numbers {
  readonly roleId: string;
}

interface HourUse {
  readonly used: number;
  readonly firstMs: number | null;
}

export function makeLedger(db: Database, remembered: Remembering): Ledger {
  const used = db.prepare<[string, number], number>(USED).pluck();
  const usedThere = db.prepare<[string, number], number>(USED_THERE).pluck();
  const usedSince = db.prepare<[{ userId: string; day: number; sinceMs: number }], HourUse>(USED_SINCE);
  const given = db.prepare<[Member], number>(GIVEN).pluck();
  const taken = db.prepare<[Member], number>(TAKEN).pluck();
  const membersOwn = db.prepare<[string, string], Numbers>(
    'SELECT daily_quota AS daily, hourly_quota AS hourly FROM members WHERE guild_id = ? AND user_id = ?',
  );
  const quotaRules = db.prepare<[string], RoleNumbers>(
    'SELECT role_id AS roleId, daily, hourly FROM quota_rules WHERE guild_id = ?',
  );
  const ownOf = remembered.of((guildId: string, userId: string) => membersOwn.get(guildId, userId));
  const rulesOf = remembered.of((guildId: string) => quotaRules.all(guildId));
  const reserve = db.prepare(
    `INSERT INTO quota_ledger (job_id, user_id, guild_id, day, kind, pictures, granted, at_ms)
     VALUES (@jobId, @userId, @guildId, @day, 'reserve', @pictures, @granted, @nowMs)`,
  );
  const close = db.prepare<[kind: 'charge' | 'refund', nowMs: number, jobId: string]>(CLOSE);

  const granted = (member: Member) =>
    member.guildId === null ? 0 : Math.max(0, given.get(memberOnly(member))! - taken.get(memberOnly(member))!);
  const hourOf = (userId: string, limit: number, nowMs: number): QuotaStatus['hour'] => {
    const sinceMs = nowMs - HOUR_MS;
    const use = usedSince.get({ userId, day: dayOf(sinceMs), sinceMs })!;
    return { used: use.used, limit, resetsAtMs: (use.firstMs ?? nowMs) + HOUR_MS };
  };
  const serverOf = ({ guildId }: Member, nowMs: number): QuotaStatus['server'] => {
    const limit = guildId === null ? null : (rulesOf(guildId).find(({ roleId }) => roleId === '')?.daily ?? null);
    return limit === null ? undefined : { used: usedThere.get(guildId!, dayOf(nowMs))!, limit };
  };

  return {
    status(customer, rules, nowMs) {
      const { userId, guildId, roleIds = [] } = customer;
      const own = guildId === null ? undefined : ownOf(guildId, userId);
      const role =
        guildId === null ? undefined : mostOf(rulesOf(guildId).filter(({ roleId }) => roleIds.includes(roleId)));
      const hourly = own?.hourly ?? role?.hourly ?? rules.hourlyQuota ?? null;
      const [given, server] = [granted(customer), serverOf(customer, nowMs)];
      return {
        used: used.get(userId, dayOf(nowMs))!,
        limit: own?.daily ?? role?.daily ?? rules.dailyQuota,
        resetsAtMs: nextDayMs(nowMs),
        ...(given === 0 ? {} : { granted: given }),
        ...(hourly === null ? {} : { hour: hourOf(userId, hourly, nowMs) }),
        ...(server === undefined ? {} : { server }),
      };
    },
    reserve(jobId, member, pictures, quota, nowMs) {
      const row = { jobId, day: dayOf(nowMs), pictures, granted: beyondDay(quota, pictures), nowMs };
      reserve.run({ ...memberOnly(member), ...row });
    },
    charge: (jobId, nowMs) => close.run('charge', nowMs, jobId),
    refund: (jobId, nowMs) => close.run('refund', nowMs, jobId),
    granted,
  };
}

/** Of each kind the greatest that is set. */
function mostOf(rules: readonly Numbers[]): Numbers {
  const most = (numbers: readonly (number | null)[]) =>
    numbers.reduce((max, one) => (max === null || (one !== null && one > max) ? one : max), null);
  return { daily: most(rules.map(({ daily }) => daily)), hourly: most(rules.map(({ hourly }) => hourly)) };
}

function memberOnly({ userId, guildId }: Member): Member {
  return { userId, guildId };
}
