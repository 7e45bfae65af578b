// The house's rules in the database: bans, own quotas, the block list, settings, and the audit of who changed them.
// Deliberately not here: judging by them; core/moderation and the ledger do.
import type { QuotaNumbers } from '../core/houseRules.ts';
import type { AuditEntry, AuditFilter, Member } from '../core/jobStore.ts';
import { type BlockRule, checkRule } from '../core/moderation.ts';
import type { AuditOf, Ban } from '../core/moderationStore.ts';
import { cachedStatements, type Database } from './database.ts';
import type { Remembering } from './remembering.ts';

export interface House {
  /** Makes the user's row if there is none, so that others can point at it. */
  know(userId: string): void;
  ban(member: Member, ban: Ban, byUserId: string, nowMs: number): void;
  /** Where no server is, it holds in private alone. False when one that lasts longer is there. */
  pause(member: Member, ban: Ban, byUserId: string, nowMs: number): boolean;
  unban(member: Member, byUserId: string, nowMs: number): boolean;
  /** The one that lasts longest where there are two. */
  banIn(member: Member, nowMs: number): Ban | undefined;
  setQuota(member: Member, quota: QuotaNumbers, byUserId: string, nowMs: number): void;
  /** Those of everywhere, then of that server. */
  blocklist(guildId: string | null): readonly BlockRule[];
  /** Only of exactly that server, or of everywhere. */
  ownBlocklist(guildId: string | null): readonly BlockRule[];
  block(rule: BlockRule, byUserId: string, guildId: string | null, nowMs: number): void;
  unblock(ruleName: string, byUserId: string, guildId: string | null, nowMs: number): boolean;
  note(entry: Omit<AuditEntry, 'id'>): void;
  audit(filter: AuditFilter): readonly AuditEntry[];
  auditOf(filter: AuditOf): readonly AuditEntry[];
  setting(key: string, make: () => string): string;
  setSetting(key: string, value: string): void;
}

const AUDIT = `SELECT entry_id AS id, action, by_user_id AS byUserId, guild_id AS guildId, target, note, at_ms AS atMs
  FROM audit WHERE entry_id < coalesce(?, 9223372036854775807) ORDER BY entry_id DESC LIMIT ?`;

/** Stands for a server in private; servers have numbers. */
const PRIVATE = '';

function endOf({ untilMs }: Ban): number {
  return untilMs ?? Number.POSITIVE_INFINITY;
}

function lasting(ban: Ban | undefined, nowMs: number): Ban | undefined {
  return ban !== undefined && endOf(ban) > nowMs ? ban : undefined;
}

/** The first of two that end together. */
function longest(a: Ban | undefined, b: Ban | undefined): Ban | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return endOf(b) > endOf(a) ? b : a;
}

const AUDIT_CONDITIONS = {
  beforeId: 'entry_id < @beforeId',
  byUserId: 'by_user_id = @byUserId',
  target: 'target = @target',
  action: 'action = @action',
} as const;

function auditSql(isEverywhere: boolean, conditions: readonly (keyof typeof AUDIT_CONDITIONS)[]): string {
  const where = [
    isEverywhere ? 'guild_id IS NULL' : 'guild_id = @guildId',
    ...conditions.map((name) => AUDIT_CONDITIONS[name]),
  ];
  return `SELECT entry_id AS id, action, by_user_id AS byUserId, guild_id AS guildId, target, note, at_ms AS atMs
    FROM audit WHERE ${where.join(' AND ')} ORDER BY entry_id DESC LIMIT @limit`;
}

/** Every method that changes something is called inside the store's transaction, so that the change and its audit are one. */
export function makeHouse(db: Database, remembered: Remembering): House {
  const know = db.prepare<[string]>('INSERT INTO users (user_id) VALUES (?) ON CONFLICT DO NOTHING');
  const knowHere = db.prepare<[Member]>(
    'INSERT INTO members (guild_id, user_id) VALUES (@guildId, @userId) ON CONFLICT DO NOTHING',
  );
  const banEverywhere = db.prepare<[string | null, number | null, string]>(
    'UPDATE users SET ban_reason = ?, ban_until_ms = ? WHERE user_id = ?',
  );
  const banHere = db.prepare<[string | null, number | null, Member]>(
    'UPDATE members SET ban_reason = ?, ban_until_ms = ? WHERE guild_id = @guildId AND user_id = @userId',
  );
  const bannedEverywhere = db.prepare<[string], Ban>(
    'SELECT ban_reason AS reason, ban_until_ms AS untilMs FROM users WHERE user_id = ? AND ban_reason IS NOT NULL',
  );
  const bannedHere = db.prepare<[string, string], Ban>(
    `SELECT ban_reason AS reason, ban_until_ms AS untilMs FROM members WHERE guild_id = ? AND user_id = ?
     AND ban_reason IS NOT NULL`,
  );
  const setQuota = db.prepare<[number | null, number | null, Member]>(
    'UPDATE members SET daily_quota = ?, hourly_quota = ? WHERE guild_id = @guildId AND user_id = @userId',
  );
  const rules = db.prepare<[string], BlockRule>(
    'SELECT name, kind, pattern FROM word_rules WHERE guild_id = ? ORDER BY name',
  );
  const putRule = db.prepare<[BlockRule & { guildId: string }]>(
    'INSERT OR REPLACE INTO word_rules VALUES (@guildId, @name, @kind, @pattern)',
  );
  const dropRule = db.prepare<[string, string]>('DELETE FROM word_rules WHERE guild_id = ? AND name = ?');
  const addAudit = db.prepare<[AuditEntry['action'], string, string | null, string, string, number]>(
    'INSERT INTO audit (action, by_user_id, guild_id, target, note, at_ms) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const audit = db.prepare<[number | null, number], AuditEntry>(AUDIT);
  const auditOf = cachedStatements<AuditEntry>(db);
  const rulesOf = remembered.of((guildId: string): readonly BlockRule[] => rules.all(guildId));
  const setting = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck();
  const putSetting = db.prepare<[string, string]>('INSERT OR REPLACE INTO settings VALUES (?, ?)');

  const meet = (member: Member) => {
    know.run(member.userId);
    if (member.guildId !== null) knowHere.run(member);
  };
  const lastEverywhere = remembered.of((userId: string) => bannedEverywhere.get(userId));
  const lastHere = remembered.of((guildId: string, userId: string) => bannedHere.get(guildId, userId));
  const wideBan = (userId: string, nowMs: number) => lasting(lastEverywhere(userId), nowMs);
  /** The ban of exactly that server; '' is in private. */
  const hereBan = ({ userId, guildId }: Member, nowMs: number) => lasting(lastHere(guildId ?? PRIVATE, userId), nowMs);
  const setHere = ({ userId, guildId }: Member, ban: Ban | null) =>
    banHere.run(ban?.reason ?? null, ban?.untilMs ?? null, { userId, guildId: guildId ?? PRIVATE });
  const note: House['note'] = ({ action, byUserId, guildId, target, note: words, atMs }) =>
    void addAudit.run(action, byUserId, guildId, target, words, atMs);
  const noteBan = (member: Member, ban: Ban, byUserId: string, nowMs: number) => {
    const { guildId, userId: target } = member;
    const action = ban.untilMs === null ? 'ban' : 'timeout';
    const end = ban.untilMs === null ? '' : `until ${new Date(ban.untilMs).toISOString()}: `;
    note({ action, byUserId, guildId, target, note: `${end}${ban.reason}`, atMs: nowMs });
  };

  return {
    know: (userId) => know.run(userId),
    ban(member, ban, byUserId, nowMs) {
      meet(member);
      if (member.guildId === null) banEverywhere.run(ban.reason, ban.untilMs, member.userId);
      else setHere(member, ban);
      noteBan(member, ban, byUserId, nowMs);
    },
    pause(member, ban, byUserId, nowMs) {
      const known = longest(wideBan(member.userId, nowMs), hereBan(member, nowMs));
      if (known !== undefined && endOf(known) >= endOf(ban)) return false;
      meet({ userId: member.userId, guildId: member.guildId ?? PRIVATE });
      setHere(member, ban);
      noteBan(member, ban, byUserId, nowMs);
      return true;
    },
    unban(member, byUserId, nowMs) {
      const wide = member.guildId === null ? wideBan(member.userId, nowMs) : undefined;
      if (wide === undefined && hereBan(member, nowMs) === undefined) return false;
      if (member.guildId === null) banEverywhere.run(null, null, member.userId);
      setHere(member, null);
      note({ action: 'unban', byUserId, guildId: member.guildId, target: member.userId, note: '', atMs: nowMs });
      return true;
    },
    banIn: (member, nowMs) => longest(wideBan(member.userId, nowMs), hereBan(member, nowMs)),
    setQuota(member, quota, byUserId, nowMs) {
      meet(member);
      setQuota.run(quota.daily, quota.hourly, member);
      const { guildId, userId: target } = member;
      note({ action: 'quota', byUserId, guildId, target, note: quotaNote(quota), atMs: nowMs });
    },
    blocklist: (guildId) => [...rulesOf(''), ...(guildId === null ? [] : rulesOf(guildId))],
    ownBlocklist: (guildId) => rulesOf(guildId ?? ''),
    block(rule, byUserId, guildId, nowMs) {
      checkRule(rule);
      putRule.run({ name: rule.name, kind: rule.kind, pattern: rule.pattern, guildId: guildId ?? '' });
      note({ action: 'block', byUserId, guildId, target: rule.name, note: rule.kind, atMs: nowMs });
    },
    unblock(ruleName, byUserId, guildId, nowMs) {
      if (dropRule.run(guildId ?? '', ruleName).changes === 0) return false;
      note({ action: 'unblock', byUserId, guildId, target: ruleName, note: '', atMs: nowMs });
      return true;
    },
    note,
    audit: ({ limit, beforeId = null }) => audit.all(beforeId, limit),
    auditOf(filter) {
      const conditions = Object.keys(AUDIT_CONDITIONS).filter(
        (name) => filter[name as keyof typeof AUDIT_CONDITIONS] !== undefined,
      ) as (keyof typeof AUDIT_CONDITIONS)[];
      return auditOf(auditSql(filter.guildId === null, conditions)).all({ ...filter });
    },
    setting(key, make) {
      const known = setting.get(key);
      if (known !== undefined) return known;
      const made = make();
      putSetting.run(key, made);
      return made;
    },
    setSetting: (key, value) => putSetting.run(key, value),
  };
}

/** A quota in the audit's words. */
export function quotaNote({ daily, hourly }: QuotaNumbers): string {
  if (daily === null && hourly === null) return 'default';
  if (hourly === null) return String(daily);
  return daily === null ? `${hourly} an hour` : `${daily}, ${hourly} an hour`;
}
