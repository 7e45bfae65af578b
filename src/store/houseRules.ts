// Quotas, weights, limits and models of a server, the queue's mode and the figures of the charts, in the database. Deliberately not here:
// judging by them; the ledger, the order and the job store do.
import type {
  HouseRules,
  JobFigure,
  QueueMode,
  QuotaNumbers,
  RoleQuota,
  RoleWeight,
  ServerLimits,
} from '../core/houseRules.ts';
import { QUEUE_MODES } from '../core/houseRules.ts';
import type { AuditEntry, Customer, Member } from '../core/jobStore.ts';
import type { ModelRule } from '../core/modelAccess.ts';
import { dayOf } from '../core/quota.ts';
import type { Database } from './database.ts';
import { figuresOf } from './figures.ts';
import { type House, quotaNote } from './house.ts';
import type { Ledger } from './ledger.ts';
import type { Remembering } from './remembering.ts';

/** In the place of a server's id, and of a role's where all of a server is meant. */
const NONE = '';
const QUEUE_MODE = 'queue.mode';

export interface Rules extends HouseRules {
  /** The greatest of somebody's roles; 1 without any. */
  weightOf(customer: Customer): number;
}

/** Every method that changes something is called inside the store's transaction, so that the change and its audit are one. */
export function makeHouseRules(
  db: Database,
  house: House,
  ledger: Ledger,
  nowMs: () => number,
  remembered: Remembering,
): Rules {
  const memberQuota = db.prepare<[Member], QuotaNumbers>(
    'SELECT daily_quota AS daily, hourly_quota AS hourly FROM members WHERE guild_id = @guildId AND user_id = @userId',
  );
  const roleQuotas = db.prepare<[string], RoleQuota>(
    `SELECT role_id AS roleId, daily, hourly FROM quota_rules WHERE guild_id = ? AND role_id <> '' ORDER BY role_id`,
  );
  const serverQuota = db.prepare<[string], QuotaNumbers & { byOwner: number }>(
    `SELECT daily, hourly, by_owner AS byOwner FROM quota_rules WHERE guild_id = ? AND role_id = ''`,
  );
  const putQuota = db.prepare<[RoleQuota & { guildId: string; byOwner: number }]>(
    'INSERT OR REPLACE INTO quota_rules VALUES (@guildId, @roleId, @daily, @hourly, @byOwner)',
  );
  const dropQuota = db.prepare<[string, string]>('DELETE FROM quota_rules WHERE guild_id = ? AND role_id = ?');
  const give = db.prepare<[string, string, number, number]>(
    'INSERT INTO grants (guild_id, user_id, pictures, at_ms) VALUES (?, ?, ?, ?)',
  );
  const weights = db.prepare<[string], RoleWeight>(
    'SELECT role_id AS roleId, weight FROM role_weights WHERE guild_id = ? ORDER BY role_id',
  );
  const putWeight = db.prepare<[string, string, number]>('INSERT OR REPLACE INTO role_weights VALUES (?, ?, ?)');
  const dropWeight = db.prepare<[string, string]>('DELETE FROM role_weights WHERE guild_id = ? AND role_id = ?');
  const limits = db.prepare<[string], string>('SELECT limits FROM server_limits WHERE guild_id = ?').pluck();
  const putLimits = db.prepare<[string, string]>('INSERT OR REPLACE INTO server_limits VALUES (?, ?)');
  const modelRules = db.prepare<[string], { model: string; roleIds: string }>(
    'SELECT model, role_ids AS roleIds FROM model_rules WHERE guild_id = ? ORDER BY model',
  );
  const putModel = db.prepare<[string, string, string]>('INSERT OR REPLACE INTO model_rules VALUES (?, ?, ?)');
  const dropModel = db.prepare<[string, string]>('DELETE FROM model_rules WHERE guild_id = ? AND model = ?');
  const mode = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck();
  const countRefusal = db.prepare<[string, number, string]>(
    'INSERT INTO refusals VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1',
  );
  const figures = figuresOf(db);
  const weightsOf = remembered.of((guildId: string): readonly RoleWeight[] => weights.all(guildId));
  const limitsOf = remembered.of((guildId: string) => JSON.parse(limits.get(guildId) ?? '{}') as ServerLimits);
  const modelRulesOf = remembered.of((guildId: string): readonly ModelRule[] =>
    modelRules.all(guildId).map(({ model, roleIds }) => ({ model, roleIds: JSON.parse(roleIds) as readonly string[] })),
  );
  const modeOf = remembered.of((key: string) => mode.get(key));
  const note = (action: AuditEntry['action'], entry: Pick<AuditEntry, 'byUserId' | 'guildId' | 'target' | 'note'>) =>
    house.note({ action, ...entry, atMs: nowMs() });
  const isNoRule = ({ daily, hourly }: QuotaNumbers) => daily === null && hourly === null;

  return {
    memberQuota: ({ userId, guildId }) => memberQuota.get({ userId, guildId }) ?? { daily: null, hourly: null },
    roleQuotas: (guildId) => roleQuotas.all(guildId),
    setRoleQuota(guildId, quota, byUserId) {
      if (isNoRule(quota)) dropQuota.run(guildId, quota.roleId);
      else putQuota.run({ ...quota, guildId, byOwner: 0 });
      note('quota', { byUserId, guildId, target: `&${quota.roleId}`, note: quotaNote(quota) });
    },
    serverQuota(guildId) {
      const row = serverQuota.get(guildId);
      return row === undefined ? undefined : { daily: row.daily, hourly: row.hourly, isByOwner: row.byOwner === 1 };
    },
    setServerQuota(guildId, quota, byUserId) {
      const { daily, hourly, isByOwner } = quota;
      if (isNoRule(quota)) dropQuota.run(guildId, NONE);
      else putQuota.run({ guildId, roleId: NONE, daily, hourly, byOwner: Number(isByOwner) });
      note('quota', { byUserId, guildId, target: 'server', note: quotaNote(quota) });
    },
    grant({ userId, guildId }, pictures, reason, byUserId) {
      house.know(userId);
      give.run(guildId, userId, pictures, nowMs());
      note('grant', { byUserId, guildId, target: userId, note: `${pictures}${reason === '' ? '' : `: ${reason}`}` });
      return ledger.granted({ userId, guildId });
    },
    roleWeights: weightsOf,
    setRoleWeight(guildId, { roleId, weight }, byUserId) {
      if (weight === 1) dropWeight.run(guildId, roleId);
      else putWeight.run(guildId, roleId, weight);
      note('priority', { byUserId, guildId, target: roleId, note: String(weight) });
    },
    weightOf({ guildId, roleIds = [] }) {
      const known = guildId === null ? [] : weightsOf(guildId).filter(({ roleId }) => roleIds.includes(roleId));
      return known.length === 0 ? 1 : Math.max(...known.map(({ weight }) => weight));
    },
    serverLimits: (guildId) => limitsOf(guildId ?? NONE),
    setServerLimits(guildId, wanted, byUserId) {
      putLimits.run(guildId, JSON.stringify(wanted));
      note('limits', { byUserId, guildId, target: 'server', note: limitsNote(wanted) });
    },
    modelRules: (guildId) => modelRulesOf(guildId ?? NONE),
    setModelRule(guildId, model, roleIds, byUserId) {
      if (roleIds === null) dropModel.run(guildId, model);
      else putModel.run(guildId, model, JSON.stringify(roleIds));
      const whom = roleIds === null ? 'everybody' : roleIds.join(' ') || 'nobody';
      note('model', { byUserId, guildId, target: model, note: `for ${whom}` });
    },
    queueMode: () => QUEUE_MODES.find((one) => one === modeOf(QUEUE_MODE)) ?? 'running',
    setQueueMode(wanted: QueueMode, byUserId) {
      house.setSetting(QUEUE_MODE, wanted);
      note('queue', { byUserId, guildId: null, target: 'queue', note: wanted });
    },
    noteRefusal: (guildId, reason) => void countRefusal.run(guildId ?? NONE, dayOf(nowMs()), reason),
    figures(filter) {
      const found: JobFigure[] = [];
      for (const row of figures.each(filter)) {
        found.push(row);
        if (found.length === MAX_FIGURES) break;
      }
      return found;
    },
    refusals: figures.refusals,
  };
}

/** Orders a chart is drawn from: more than a busy month, and some tens of megabytes. */
const MAX_FIGURES = 200_000;

function limitsNote({ maxSidePx, maxSteps, maxCount }: ServerLimits): string {
  const parts = [
    maxSidePx === undefined ? [] : [`${maxSidePx} px`],
    maxSteps === undefined ? [] : [`${maxSteps} steps`],
    maxCount === undefined ? [] : [`${maxCount} pictures`],
  ];
  return parts.flat().join(', ') || 'default';
}
