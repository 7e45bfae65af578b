// What owners and moderators set for a server beside moderation, as one port beside the job store's: quotas, weights, limits, models, the
// queue's mode, and the figures of /admin stats. Every change leaves a line in the audit, in the same transaction.
import type { Member } from './jobStore.ts';
import type { ModelRule } from './modelAccess.ts';
import type { RequestLimits } from './request.ts';

/** Usual pictures; null is no number of its own. */
export interface QuotaNumbers {
  readonly daily: number | null;
  readonly hourly: number | null;
}

export interface RoleQuota extends QuotaNumbers {
  readonly roleId: string;
}

export interface ServerQuota extends QuotaNumbers {
  /** Nobody but the bot's owner changes it. */
  readonly isByOwner: boolean;
}

export interface RoleWeight {
  readonly roleId: string;
  /** 1 … 4 */
  readonly weight: number;
}

/** Where a server asks for less than the program allows. */
export type ServerLimits = Partial<Pick<RequestLimits, 'maxSidePx' | 'maxSteps' | 'maxCount'>>;

export const QUEUE_MODES = ['running', 'paused', 'draining'] as const;
/** `paused` takes orders and begins none; `draining` takes none and makes what waits. */
export type QueueMode = (typeof QUEUE_MODES)[number];

export interface StatsFilter {
  /** Null is everywhere. */
  readonly guildId: string | null;
  readonly sinceMs: number;
}

/** One finished or refused order, as the charts need it. */
export interface JobFigure {
  readonly userId: string;
  readonly model: string;
  readonly state: string;
  readonly count: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly gpuMs: number | null;
}

export interface RefusalFigure {
  /** UTC day since the epoch. */
  readonly day: number;
  readonly reason: string;
  readonly count: number;
}

export interface HouseRules {
  /** Own numbers of one person there; null where there is none. */
  memberQuota(member: Member): QuotaNumbers;
  roleQuotas(guildId: string): readonly RoleQuota[];
  setRoleQuota(guildId: string, quota: RoleQuota, byUserId: string): void;
  /** Of everybody in the server together. */
  serverQuota(guildId: string): ServerQuota | undefined;
  setServerQuota(guildId: string, quota: ServerQuota, byUserId: string): void;
  /** Gives pictures that last until they are used. @returns what the person now has of them there */
  grant(member: Member & { readonly guildId: string }, pictures: number, reason: string, byUserId: string): number;
  roleWeights(guildId: string): readonly RoleWeight[];
  /** @param weight 1 takes it back */
  setRoleWeight(guildId: string, { roleId, weight }: RoleWeight, byUserId: string): void;
  serverLimits(guildId: string | null): ServerLimits;
  setServerLimits(guildId: string, limits: ServerLimits, byUserId: string): void;
  modelRules(guildId: string | null): readonly ModelRule[];
  /** @param roleIds null takes the rule back: everybody may */
  setModelRule(guildId: string, model: string, roleIds: readonly string[] | null, byUserId: string): void;
  queueMode(): QueueMode;
  setQueueMode(mode: QueueMode, byUserId: string): void;
  /** For the charts; never who or what. */
  noteRefusal(guildId: string | null, reason: string): void;
  /** Oldest last. */
  figures(filter: StatsFilter): readonly JobFigure[];
  refusals(filter: StatsFilter): readonly RefusalFigure[];
}
