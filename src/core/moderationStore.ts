// What moderation asks of the database, as one port beside the job store's; src/store implements it. Who did what stands in the audit,
// written in the same transaction.

import type { JobRecord, PictureRecord } from './job.ts';
import type { AuditEntry, Member } from './jobStore.ts';
import type { BlockRule } from './moderation.ts';
import type { Verdict } from './pictureJudgement.ts';
import type { ChannelRule, PolicySource, ServerPolicy } from './policy.ts';

/** Everything a moderator or the program itself does to somebody or to a server's rules. */
export const AUDIT_ACTIONS = [
  'ban',
  'unban',
  'timeout',
  'strike',
  'strikes_cleared',
  'quota',
  'block',
  'unblock',
  'policy',
  'channel',
  'report_approved',
  'report_removed',
  'report_banned',
  'retention',
  'looked',
  'lora',
  'grant',
  'priority',
  'limits',
  'model',
  'queue',
  'removed',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** The program itself, in the audit. */
export const PROGRAM = '';

export interface Ban {
  readonly reason: string;
  /** Null: for good. */
  readonly untilMs: number | null;
}

export type StrikeKind = 'prompt' | 'source' | 'picture';

export interface NewStrike extends Member {
  readonly kind: StrikeKind;
  /** The rule's name, never the words. */
  readonly rule: string;
  readonly jobId: string | null;
  /** The interaction or message that asked; an event delivered twice is one strike. */
  readonly sourceId: string;
}

export interface Strike {
  readonly id: number;
  readonly kind: StrikeKind;
  readonly rule: string;
  readonly jobId: string | null;
  readonly atMs: number;
}

/** What a strike led to. */
export interface Struck {
  /** Strikes that count now. */
  readonly count: number;
  /** Missing to the next pause; null where strikes lead to none. */
  readonly left: number | null;
  /** The pause it brought. */
  readonly untilMs: number | null;
  /** When the oldest of them stops counting. */
  readonly fadesAtMs: number | null;
}

export type ReportState = 'open' | 'approved' | 'removed' | 'banned';

export interface Report {
  readonly jobId: string;
  readonly guildId: string;
  readonly state: ReportState;
  /** The card in the staff channel; null until it stands. */
  readonly channelId: string | null;
  readonly messageId: string | null;
  readonly reporters: number;
  /** Who they are: told the end of it, and named to nobody. */
  readonly reporterIds: readonly string[];
  /** The last few, newest first; '' where nobody gave one. */
  readonly reasons: readonly string[];
  readonly decidedBy: string | null;
  readonly createdAtMs: number;
}

export type ReportResult =
  | { readonly ok: true; readonly report: Report; readonly isNew: boolean }
  /** Too many by this person lately. */
  | { readonly ok: false };

/** What was taken away, for the files and messages outside the database. */
export interface TakenAway {
  readonly pictures: readonly PictureRecord[];
  readonly job: JobRecord;
}

/** What `/admin audit` is narrowed by. */
export interface AuditOf {
  /** Null: what holds everywhere. */
  readonly guildId: string | null;
  readonly limit: number;
  /** Entries older than this one, for paging. */
  readonly beforeId?: number;
  readonly byUserId?: string;
  readonly target?: string;
  readonly action?: AuditAction;
}

/** How many reports one person may send in an hour. */
export const MAX_REPORTS_AN_HOUR = 10;

export interface ModerationStore extends PolicySource {
  setPolicy(guildId: string | null, change: Partial<ServerPolicy>, byUserId: string): void;
  /** Null and null takes the rule away. */
  setChannelRule(guildId: string, rule: ChannelRule, byUserId: string): void;
  /** Only those of exactly that server, or of everywhere. */
  ownWordRules(guildId: string | null): readonly BlockRule[];

  /** Exists until its end; the one that lasts longer where there are two. */
  banIn(member: Member): Ban | undefined;
  /** A ban with an end; one that lasts longer stays. False when it does. */
  pause(member: Member, ban: Ban, byUserId: string): boolean;

  /** A delivered-twice event gives what the first one led to. */
  strike(strike: NewStrike): Struck;
  /** Those that count, newest first. */
  strikes(member: Member): readonly Strike[];
  /** How many. */
  clearStrikes(member: Member, byUserId: string): number;

  /** One of a person for a message; a second one changes nothing. */
  report(job: JobRecord & { readonly guildId: string }, byUserId: string, reason: string): ReportResult;
  reportOf(jobId: string): Report | undefined;
  /** Whose card is missing or shows something else than the database. */
  staleReports(limit: number): readonly Report[];
  /** The card stands and shows `shown` reporters in that state. */
  cardShown(jobId: string, card: { readonly channelId: string; readonly messageId: string }, shown: Report): void;
  /** The card is gone or its channel; it is made again. */
  cardLost(jobId: string): void;
  /** open → decided; false when somebody decided before. */
  decide(jobId: string, state: Exclude<ReportState, 'open'>, byUserId: string): boolean;

  /** Takes pictures out of the database; the words with them where `erase`. */
  takeAway(jobId: string, how: { readonly erase: boolean }): TakenAway | undefined;
  /** Jobs of servers with a retention whose files are older than that. */
  expired(limit: number): readonly {
    readonly job: JobRecord;
    readonly rows: 'keep' | 'erase';
    /** Hashes of its pictures. */
    readonly pictures: readonly string[];
  }[];
  /** Its files are gone, the rows stay. */
  filesGone(jobId: string): TakenAway | undefined;

  auditOf(filter: AuditOf): readonly AuditEntry[];
  noteAudit(entry: {
    readonly action: AuditAction;
    readonly byUserId: string;
    readonly guildId: string | null;
    readonly target: string;
    readonly note: string;
  }): void;
  /** Jobs with pictures of somebody in one server, newest first. */
  picturesIn(
    member: { readonly userId: string; readonly guildId: string },
    page: { readonly limit: number; readonly offset: number },
  ): readonly JobRecord[];
  /** How pictures were judged, for stats. */
  verdictCounts(sinceMs: number): Readonly<Record<Verdict, number>>;
}
