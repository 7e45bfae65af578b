// The house's rules in the database: bans, own quotas, the block list, settings, and the audit of who changed them.
// Deliberately not here: judging by them; core/moderation and the ledger do.
import type { AuditEntry, AuditFilter, Member } from '../core/jobStore.ts';
import { type BlockRule, checkRule } from '../core/moderation.ts';
import type { Database } from './database.ts';

export interface House {
  /** Makes the user's row if there is none, so that others can point at it. */
  know(userId: string): void;
  ban(member: Member, reason: string, byUserId: string, nowMs: number): void;
  unban(member: Member, byUserId: string, nowMs: number): boolean;
  banOf(member: Member): string | undefined;
  setQuota(member: Member, limit: number | null, byUserId: string, nowMs: number): void;
  blocklist(): readonly BlockRule[];
  block(rule: BlockRule, byUserId: string, nowMs: number): void;
  unblock(ruleName: string, byUserId: string, nowMs: number): boolean;
  audit(filter: AuditFilter): readonly AuditEntry[];
  setting(key: string, make: () => string): string;
  setSetting(key: string, value: string): void;
}

const AUDIT = `SELECT entry_id AS id, action, by_user_id AS byUserId, guild_id AS guildId, target, note, at_ms AS atMs
  FROM audit WHERE entry_id < coalesce(?, 9223372036854775807) ORDER BY entry_id DESC LIMIT ?`;

/** Every method that changes something is called inside the store's transaction, so that the change and its audit are one. */
export function makeHouse(db: Database): House {
  const know = db.prepare<[string]>('INSERT INTO users (user_id) VALUES (?) ON CONFLICT DO NOTHING');
  const knowHere = db.prepare<[Member]>(
    'INSERT INTO members (guild_id, user_id) VALUES (@guildId, @userId) ON CONFLICT DO NOTHING',
  );
  const banEverywhere = db.prepare<[string | null, string]>('UPDATE users SET ban_reason = ? WHERE user_id = ?');
  const banHere = db.prepare<[string | null, Member]>(
    'UPDATE members SET ban_reason = ? WHERE guild_id = @guildId AND user_id = @userId',
  );
  const bannedEverywhere = db
    .prepare<[string], string | null>('SELECT ban_reason FROM users WHERE user_id = ?')
    .pluck();
  const bannedHere = db
    .prepare<[Member], string | null>('SELECT ban_reason FROM members WHERE guild_id = @guildId AND user_id = @userId')
    .pluck();
  const setQuota = db.prepare<[number | null, Member]>(
    'UPDATE members SET daily_quota = ? WHERE guild_id = @guildId AND user_id = @userId',
  );
  const rules = db.prepare<[], BlockRule>(
    "SELECT name, kind, pattern FROM word_rules WHERE guild_id = '' ORDER BY name",
  );
  const putRule = db.prepare<[BlockRule]>("INSERT OR REPLACE INTO word_rules VALUES ('', @name, @kind, @pattern)");
  const dropRule = db.prepare<[string]>("DELETE FROM word_rules WHERE guild_id = '' AND name = ?");
  const addAudit = db.prepare<[AuditEntry['action'], string, string | null, string, string, number]>(
    'INSERT INTO audit (action, by_user_id, guild_id, target, note, at_ms) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const audit = db.prepare<[number | null, number], AuditEntry>(AUDIT);
  const setting = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck();
  const putSetting = db.prepare<[string, string]>('INSERT OR REPLACE INTO settings VALUES (?, ?)');

  const meet = (member: Member) => {
    know.run(member.userId);
    if (member.guildId !== null) knowHere.run(member);
  };
  /** The ban of exactly that place. */
  const placeBan = (member: Member) =>
    (member.guildId === null ? bannedEverywhere.get(member.userId) : bannedHere.get(member)) ?? undefined;
  const setBan = (member: Member, reason: string | null) =>
    member.guildId === null ? banEverywhere.run(reason, member.userId) : banHere.run(reason, member);

  return {
    know: (userId) => know.run(userId),
    ban(member, reason, byUserId, nowMs) {
      meet(member);
      setBan(member, reason);
      addAudit.run('ban', byUserId, member.guildId, member.userId, reason, nowMs);
    },
    unban(member, byUserId, nowMs) {
      if (placeBan(member) === undefined) return false;
      setBan(member, null);
      addAudit.run('unban', byUserId, member.guildId, member.userId, '', nowMs);
      return true;
    },
    banOf: (member) => bannedEverywhere.get(member.userId) ?? placeBan(member),
    setQuota(member, limit, byUserId, nowMs) {
      meet(member);
      setQuota.run(limit, member);
      const note = limit === null ? 'default' : String(limit);
      addAudit.run('quota', byUserId, member.guildId, member.userId, note, nowMs);
    },
    blocklist: () => rules.all(),
    block(rule, byUserId, nowMs) {
      checkRule(rule);
      putRule.run({ name: rule.name, kind: rule.kind, pattern: rule.pattern });
      addAudit.run('block', byUserId, null, rule.name, rule.kind, nowMs);
    },
    unblock(ruleName, byUserId, nowMs) {
      if (dropRule.run(ruleName).changes === 0) return false;
      addAudit.run('unblock', byUserId, null, ruleName, '', nowMs);
      return true;
    },
    audit: ({ limit, beforeId = null }) => audit.all(beforeId, limit),
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
