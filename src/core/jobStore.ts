// What the queue and the bot ask of the database, as one port; src/store implements it on SQLite, and SQLite is the truth.
// Every method but `together` is synchronous and one transaction; none of them waits for anything outside.
import type { SerializedError } from '../errors.ts';
import type { ControlMap } from './control.ts';
import type { HouseRules } from './houseRules.ts';
import type { JobKind, JobRecord, JobState, PictureRecord, SourceKind } from './job.ts';
import type { LoraStacks } from './lora.ts';
import type { LoraAccess } from './loraAccess.ts';
import type { BlockRule } from './moderation.ts';
import type { AuditAction, ModerationStore, StrikeKind, Struck } from './moderationStore.ts';
import type { PeopleStore } from './people.ts';
import type { Verdict } from './pictureJudgement.ts';
import type { Place } from './policy.ts';
import type { QuotaKind, QuotaStatus } from './quota.ts';
import type { ResolvedRequest } from './request.ts';
import type { SheetSpec } from './sheet.ts';

export interface NewJob {
  readonly kind: JobKind;
  readonly request: ResolvedRequest;
  readonly parentJobId: string | null;
  readonly parentImageIndex: number | null;
  readonly userId: string;
  readonly guildId: string | null;
  readonly channelId: string;
  readonly sourceId: string;
  readonly sourceKind: SourceKind;
  /** Usual pictures, `costOf`. */
  readonly cost: number;
  /** Of the person, in the server; absent is none. */
  readonly roleIds?: readonly string[] | undefined;
  /** Whose rules its pictures are judged by; null, as absent, for those of no place. */
  readonly place?: Place | null | undefined;
}

/** What is refused after it was begun, and how that is told. */
export interface Refusal {
  readonly kind: Extract<StrikeKind, 'source' | 'picture'>;
  /** What spoke against it; never words of the prompt. */
  readonly rule: string;
  /** With their scores; of files that are thrown away. */
  readonly pictures: readonly PictureRecord[];
  readonly gpuMs: number;
}

/** Somebody in one server; null is outside servers, in private. What a server's moderators decide holds only there. */
export interface Member {
  readonly userId: string;
  readonly guildId: string | null;
}

/** With the roles somebody has there, by which quotas and weights are found. */
export interface Customer extends Member {
  /** Absent is none. */
  readonly roleIds?: readonly string[] | undefined;
}

/** Refusals are values. `duplicate` carries the job the first delivery made. */
export type AcceptResult =
  | { readonly ok: true; readonly job: JobRecord }
  | { readonly ok: false; readonly reason: 'duplicate'; readonly job: JobRecord }
  | { readonly ok: false; readonly reason: 'banned'; readonly banReason: string; readonly untilMs: number | null }
  | { readonly ok: false; readonly reason: 'quota'; readonly over: QuotaKind; readonly quota: QuotaStatus }
  | { readonly ok: false; readonly reason: 'draining' }
  | { readonly ok: false; readonly reason: 'too_many_waiting'; readonly waiting: number; readonly limit: number };

/** A sheet's cells: jobs like others, but for the message, which is the first one's. */
export interface Sheet {
  readonly leadId: string;
  /** By cell; the lead is the first. */
  readonly jobIds: readonly string[];
  readonly spec: SheetSpec;
}

export interface AcceptRules {
  /** Pictures a user may have per UTC day unless a number was set for the server the order comes from. */
  readonly dailyQuota: number;
  /** Pictures a user may have in an hour, likewise; absent, as null, is as many as a day. */
  readonly hourlyQuota?: number | null | undefined;
  /** Jobs one user may have unfinished. */
  readonly maxWaitingPerUser: number;
}

export interface JobFilter {
  readonly userId?: string;
  readonly guildId?: string;
  readonly states?: readonly JobState[];
  readonly limit: number;
  /** Jobs older than this id's creation, for paging. */
  readonly beforeJobId?: string;
}

/** Where a waiting job stands. */
export interface WaitStatus {
  /** 0-based place in the order the queue would claim now. */
  readonly position: number;
  /** Expected machine time of the waiting jobs in front of it, in milliseconds, by what recent jobs took. */
  readonly aheadMs: number;
  /** Expected machine time of the job itself. */
  readonly ownMs: number;
}

/** Pictures somebody may have a day, who is banned, what is blocked: who changed it and when. */
export interface AuditEntry {
  readonly id: number;
  readonly action: AuditAction;
  readonly byUserId: string;
  /** The server it holds in; null: everywhere. */
  readonly guildId: string | null;
  /** The user or rule it was done to. */
  readonly target: string;
  /** The ban's reason, the new quota; never a pattern. */
  readonly note: string;
  readonly atMs: number;
}

export interface AuditFilter {
  readonly limit: number;
  /** Entries older than this one, for paging. */
  readonly beforeId?: number;
}

/** Losses of a job's worker after which the job itself is taken for the cause. */
export const MAX_LOSSES = 2;

/**
 * Ends of the whole program in the middle of a job that are forgiven: a power cut or a deployment is seldom the job's fault. One more and
 * the job is taken for the cause after all, so that no request keeps a program from staying up.
 */
export const MAX_RESTARTS = 3;

export interface JobStore extends PeopleStore, LoraStacks, LoraAccess, ModerationStore, HouseRules {
  /**
   * Runs `work`, which asks only this store, in one commit with whatever else is asked for in this turn of the event loop. A crowd's
   * orders wait for one synced write then, not for hundreds; whatever can wait a moment goes this way.
   * @returns its result, once that is on disk
   * @throws what `work` throws, which then has changed nothing; store_failed or disk_full when the commit fails
   */
  together<T>(work: () => T): Promise<T>;
  /** Dedupe, ban, quota reservation and the row, in one transaction. */
  accept(job: NewJob, rules: AcceptRules): AcceptResult;
  /**
   * All cells of a sheet, or none and why; they count as one unfinished job.
   * @returns the record of the lead
   */
  acceptSheet(jobs: readonly NewJob[], spec: SheetSpec, rules: AcceptRules): AcceptResult;
  /** The sheet a job is a cell of. */
  sheetOf(jobId: string): Sheet | undefined;
  /** Discord is about to be answered: should the program end now, the job is run after all. False when it is no longer `accepted`. */
  answering(jobId: string): boolean;
  /** accepted → queued, once Discord has been answered. False when the job is no longer `accepted`. */
  acknowledge(jobId: string): boolean;
  /** accepted → expired and refunded: Discord could not be answered in time, nobody waits for it. */
  expire(jobId: string): boolean;
  get(jobId: string): JobRecord | undefined;
  byMessage(messageId: string): JobRecord | undefined;
  /** Newest first. */
  list(filter: JobFilter): readonly JobRecord[];
  pictures(jobId: string): readonly PictureRecord[];
  /** The maps they were drawn by, in the order of the request's controls. */
  controlMaps(jobId: string): readonly ControlMap[];
  /** Whether any job, however it ended, starts from the picture of that hash; it may be asked for again. */
  needsInput(sha256: string): boolean;
  /** 0-based place in the order the queue would claim now; undefined when it is not waiting. */
  position(jobId: string): number | undefined;
  /** `position` with expected times, for "third in line, about 20 s". */
  waitOf(jobId: string): WaitStatus | undefined;
  /** When a waiting or running job will probably be done, by what recent jobs took; undefined for others. */
  readyAtMs(jobId: string): number | undefined;
  /** Expected machine time of requests that were not asked for yet, and of everything in front of them. */
  expectedMs(requests: readonly ResolvedRequest[]): number;
  /** Unfinished jobs of everybody: waiting and running. */
  counts(): { readonly waiting: number; readonly running: number };
  /** When the one that waits longest was asked for; undefined when none waits. */
  oldestWaitingMs(): number | undefined;

  /**
   * Takes the next queued job by deficit round robin over users; running, attempt + 1.
   * @param names what the worker has, as core/work.ts names it: only jobs that need nothing else; every job when absent
   */
  claimNext(workerId: string, leaseMs: number, names?: readonly string[]): JobRecord | undefined;
  renewLease(jobId: string, attempt: number, leaseMs: number): boolean;
  /**
   * running → developed with its pictures; false (and nothing kept) when the attempt is not the current one.
   * @param verdict what may be done with them; absent where nobody judged
   */
  develop(
    jobId: string,
    attempt: number,
    pictures: readonly PictureRecord[],
    gpuMs: number,
    verdict?: Exclude<Verdict, 'refuse'>,
  ): boolean;
  /**
   * running → failing and refunded, its pictures judged and not kept; repeated refusals become strikes.
   * @returns what it led to; null where it is no strike, undefined when the attempt is not the current one
   */
  refuse(jobId: string, attempt: number, refusal: Refusal): Struck | null | undefined;
  /** A lost worker: back to queued, or failing as `poison` when this was the second attempt. */
  lose(jobId: string, attempt: number, error: SerializedError): JobState | undefined;
  /** The machine it ran on is gone: back to queued, or failing as `poison` after `MAX_RESTARTS`, as when the whole program ends. */
  interrupt(jobId: string, attempt: number): JobState | undefined;
  /** A worker gave the job back unfinished (shutdown, full disk): running → queued, not counted as a loss. */
  release(jobId: string, attempt: number): boolean;
  /** Loses every running job whose lease has run out; how many. */
  lapse(): number;
  /**
   * → failing; the reservation is refunded in the same transaction. A developed job whose message can never be shown goes to `failed`
   * at once. With `attempt`, false when it is not the current one.
   */
  fail(jobId: string, error: SerializedError, attempt?: number): boolean;
  /** → cancelling, refunded; false when it is already developed or final. */
  cancel(jobId: string): boolean;

  /** Remembers the message that shows the job; set once. */
  setMessage(jobId: string, messageId: string): void;
  /** developed → delivered, failing → failed, cancelling → cancelled: the final message has been shown (or can never be). */
  settle(jobId: string): JobState | undefined;
  /** Jobs whose message does not yet show their end. */
  unsettled(): readonly JobRecord[];
  /**
   * At start: running → queued, without a loss, or poison after `MAX_RESTARTS`; accepted → queued when Discord may have been answered, and
   * expired and refunded when it was not and the row is older than `answerWithinMs`.
   */
  recover(answerWithinMs: number): { readonly requeued: number; readonly expired: number; readonly poisoned: number };
  /**
   * Takes up orders in the middle of which something failed, a full disk for instance: those older than that are queued when their asker
   * may have been told so, else expired. How many.
   */
  resume(answerWithinMs: number): number;

  /** What an order from there would be measured by. */
  quota(customer: Customer, rules: AcceptRules): QuotaStatus;
  /** For orders from one server; null takes the number back, of the day and of the hour. */
  setQuota(
    member: Member & { readonly guildId: string },
    limit: number | null,
    byUserId: string,
    hourlyLimit?: number | null,
  ): void;
  /** In one server, or everywhere where the guild is null; for good, or until a moment. */
  ban(member: Member, reason: string, byUserId: string, untilMs?: number | null): void;
  /** Ends exactly the ban of that server, or the one everywhere; false when there was none. */
  unban(member: Member, byUserId: string): boolean;
  /** Why somebody may not order there: banned everywhere, or in that server. */
  banOf(member: Member): string | undefined;
  /** Adds a rule or replaces the one of the same name; for one server, or everywhere. @throws request_invalid when it cannot be used. */
  block(rule: BlockRule, byUserId: string, guildId?: string | null): void;
  unblock(ruleName: string, byUserId: string, guildId?: string | null): boolean;
  /** Newest first. */
  audit(filter: AuditFilter): readonly AuditEntry[];
  /** A value kept across restarts, made by `make` on first use (the custom-id signing key, registration hashes). */
  setting(key: string, make: () => string): string;
  setSetting(key: string, value: string): void;
  close(): void;
}
