// Who may use and hand in LoRAs, in the database. Deliberately not here: judging by it; core/loraAccess does.
import type { LoraUse } from '../core/lora.ts';
import type { LoraAccess, LoraRule, LoraUpload } from '../core/loraAccess.ts';
import type { Database } from './database.ts';
import type { Remembering } from './remembering.ts';

/** In the place of a server's id. */
const EVERYWHERE = '';

interface RuleRow {
  readonly guildId: string;
  readonly lora: string;
  readonly roleIds: string;
}

const UPLOAD = 'SELECT lora, sha256, user_id AS userId, guild_id AS guildId, at_ms AS atMs FROM lora_uploads WHERE';

/** Every method that changes something is called inside the store's transaction, so that the change and its audit are one. */
export function makeLoraAccess(db: Database, nowMs: () => number, remembered: Remembering): LoraAccess {
  const know = db.prepare<[string]>('INSERT INTO users (user_id) VALUES (?) ON CONFLICT DO NOTHING');
  const rules = db.prepare<[string], RuleRow>(
    `SELECT guild_id AS guildId, lora, role_ids AS roleIds FROM lora_rules WHERE guild_id IN ('', ?) ORDER BY guild_id, lora`,
  );
  const putRule = db.prepare<[string, string, string]>('INSERT OR REPLACE INTO lora_rules VALUES (?, ?, ?)');
  const dropRule = db.prepare<[string, string]>('DELETE FROM lora_rules WHERE guild_id = ? AND lora = ?');
  const dropRules = db.prepare<[string]>('DELETE FROM lora_rules WHERE lora = ?');
  const defaults = db.prepare<[string], string>('SELECT loras FROM lora_defaults WHERE guild_id = ?').pluck();
  const allDefaults = db.prepare<[], { guildId: string; loras: string }>(
    'SELECT guild_id AS guildId, loras FROM lora_defaults',
  );
  const putDefaults = db.prepare<[string, string]>('INSERT OR REPLACE INTO lora_defaults VALUES (?, ?)');
  const dropDefaults = db.prepare<[string]>('DELETE FROM lora_defaults WHERE guild_id = ?');
  const uploaders = db
    .prepare<[string], string>('SELECT role_id FROM lora_uploaders WHERE guild_id = ? ORDER BY role_id')
    .pluck();
  const addUploader = db.prepare<[string, string]>('INSERT INTO lora_uploaders VALUES (?, ?) ON CONFLICT DO NOTHING');
  const dropUploader = db.prepare<[string, string]>('DELETE FROM lora_uploaders WHERE guild_id = ? AND role_id = ?');
  const upload = db.prepare<[string], LoraUpload>(`${UPLOAD} lora = ?`);
  const uploadOf = db.prepare<[string], LoraUpload>(`${UPLOAD} sha256 = ?`);
  const putUpload = db.prepare<[string, string, string, string | null, number]>(
    'INSERT OR REPLACE INTO lora_uploads VALUES (?, ?, ?, ?, ?)',
  );
  const dropUpload = db.prepare<[string]>('DELETE FROM lora_uploads WHERE lora = ?');
  const addAudit = db.prepare<[string, string | null, string, string, number]>(
    `INSERT INTO audit (action, by_user_id, guild_id, target, note, at_ms) VALUES ('lora', ?, ?, ?, ?, ?)`,
  );
  const rulesOf = remembered.of((guildId: string): readonly LoraRule[] =>
    rules.all(guildId).map((row) => ({
      ...row,
      guildId: row.guildId === EVERYWHERE ? null : row.guildId,
      roleIds: JSON.parse(row.roleIds) as string[],
    })),
  );
  const defaultsOf = remembered.of(
    (guildId: string) => JSON.parse(defaults.get(guildId) ?? '[]') as readonly LoraUse[],
  );
  const put = (guildId: string, loras: readonly LoraUse[]) =>
    loras.length === 0 ? dropDefaults.run(guildId) : putDefaults.run(guildId, JSON.stringify(loras));
  return {
    loraRules: (guildId) => rulesOf(guildId ?? EVERYWHERE),
    setLoraRule({ guildId, lora, roleIds }, byUserId) {
      if (roleIds === null) dropRule.run(guildId ?? EVERYWHERE, lora);
      else putRule.run(guildId ?? EVERYWHERE, lora, JSON.stringify(roleIds));
      const note = roleIds === null ? 'everybody' : roleIds.join(' ') || 'nobody';
      addAudit.run(byUserId, guildId, lora, `for ${note}`, nowMs());
    },
    loraDefaults: (guildId) => defaultsOf(guildId ?? EVERYWHERE),
    setLoraDefaults(guildId, loras, byUserId) {
      put(guildId, loras);
      addAudit.run(byUserId, guildId, loras.map(({ name }) => name).join(', '), 'default', nowMs());
    },
    loraUploaders: (guildId) => (guildId === null ? [] : uploaders.all(guildId)),
    setLoraUploader(guildId, roleId, may, byUserId) {
      const { changes } = may ? addUploader.run(guildId, roleId) : dropUploader.run(guildId, roleId);
      if (changes > 0) addAudit.run(byUserId, guildId, roleId, may ? 'may upload' : 'may not upload', nowMs());
      return changes > 0;
    },
    loraUpload: (lora) => upload.get(lora),
    loraUploadOf: (sha256) => uploadOf.get(sha256),
    keepLoraUpload({ lora, sha256, userId, guildId }) {
      know.run(userId);
      putUpload.run(lora, sha256, userId, guildId, nowMs());
      addAudit.run(userId, guildId, lora, `uploaded ${sha256}`, nowMs());
    },
    dropLora(lora, guildId, byUserId) {
      dropRules.run(lora);
      for (const row of allDefaults.all()) {
        const loras = JSON.parse(row.loras) as LoraUse[];
        const left = loras.filter(({ name }) => name !== lora);
        if (left.length < loras.length) put(row.guildId, left);
      }
      addAudit.run(byUserId, guildId, lora, `removed ${upload.get(lora)?.sha256 ?? ''}`.trim(), nowMs());
      dropUpload.run(lora);
    },
  };
}
