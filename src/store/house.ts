// The house's rules in the database: bans, own quotas, the block list, settings, and the audit of who changed them.
// Deliberately not here: judging by them; core/moderation and the ledger do.
import type { AuditEntry, AuditFilter } from '../core/jobStore.ts';
import { type BlockRule, checkRule } from '../core/moderation.ts';
import type { Database } from './database.ts';

export interface House {
  /** Makes the user's row if there is none, so that others can point at it. */
  know(userId: string): void;
  ban(userId: string, reason: string, byUserId: string, nowMs: number): void;
  unban(userId: string, byUserId: string, nowMs: number): boolean;
  banOf(userId: string): string | undefined;
  setQuota(userId: string, limit: number | null, byUserId: string, nowMs: number): void;
  blocklist(): readonly BlockRule[];
  block(rule: BlockRule, byUserId: string, nowMs: number): void;
  unblock(ruleName: string, byUserId: string, nowMs: number): boolean;
  audit(filter: AuditFilter): readonly AuditEntry[];
  setting(key: string, make: () => string): string;
  setSetting(key: string, value: string): void;
}

const AUDIT = `SELECT entry_id AS id, action, by_user_id AS byUserId, target, note, at_ms AS atMs FROM audit
  WHERE ? IS NULL OR entry_id < ? ORDER BY entry_id DESC LIMIT ?`;

/** Every method that changes something is called inside the store's transaction, so that the change and its audit are one. */
export function makeHouse(db: Database): House {
  const know = db.prepare<[string]>('INSERT INTO users (user_id) VALUES (?) ON CONFLICT DO NOTHING');
  const setBan = db.prepare<[string | null, string]>('UPDATE users SET ban_reason = ? WHERE user_id = ?');
  const banOf = db.prepare<[string], string | null>('SELECT ban_reason FROM users WHERE user_id = ?').pluck();
  const setQuota = db.prepare<[number | null, string]>('UPDATE users SET daily_quota = ? WHERE user_id = ?');
  const rules = db.prepare<[], BlockRule>('SELECT name, kind, pattern FROM blocklist ORDER BY name');
  const putRule = db.prepare<[BlockRule]>('INSERT OR REPLACE INTO blocklist VALUES (@name, @kind, @pattern)');
  const dropRule = db.prepare<[string]>('DELETE FROM blocklist WHERE name = ?');
  const addAudit = db.prepare<[AuditEntry['action'], string, string, string, number]>(
    'INSERT INTO audit (action, by_user_id, target, note, at_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const audit = db.prepare<[number | null, number | null, number], AuditEntry>(AUDIT);
  const setting = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck();
  const putSetting = db.prepare<[string, string]>('INSERT OR REPLACE INTO settings VALUES (?, ?)');

  return {
    know: (userId) => know.run(userId),
    ban(userId, reason, byUserId, nowMs) {
      know.run(userId);
      setBan.run(reason, userId);
      addAudit.run('ban', byUserId, userId, reason, nowMs);
    },
    unban(userId, byUserId, nowMs) {
      if (typeof banOf.get(userId) !== 'string') return false;
      setBan.run(null, userId);
      addAudit.run('unban', byUserId, userId, '', nowMs);
      return true;
    },
    banOf: (userId) => banOf.get(userId) ?? undefined,
    setQuota(userId, limit, byUserId, nowMs) {
      know.run(userId);
      setQuota.run(limit, userId);
      addAudit.run('quota', byUserId, userId, limit === null ? 'default' : String(limit), nowMs);
    },
    blocklist: () => rules.all(),
    block(rule, byUserId, nowMs) {
      checkRule(rule);
      putRule.run({ name: rule.name, kind: rule.kind, pattern: rule.pattern });
      addAudit.run('block', byUserId, rule.name, rule.kind, nowMs);
    },
    unblock(ruleName, byUserId, nowMs) {
      if (dropRule.run(ruleName).changes === 0) return false;
      addAudit.run('unblock', byUserId, ruleName, '', nowMs);
      return true;
    },
    audit: ({ limit, beforeId = null }) => audit.all(beforeId, beforeId, limit),
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
