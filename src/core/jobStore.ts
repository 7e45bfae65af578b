// What the queue and the bot ask of the database, as one port; src/store implements it on SQLite, and SQLite is the truth.
// Every method is synchronous and one transaction; none of them waits for anything outside.
import type { SerializedError } from '../errors.ts';
import type { JobKind, JobRecord, JobState, PictureRecord } from './job.ts';
import type { ResolvedRequest } from './request.ts';

export interface NewJob {
  readonly kind: JobKind;
  readonly request: ResolvedRequest;
  readonly parentJobId: string | null;
  readonly parentImageIndex: number | null;
  readonly userId: string;
  readonly guildId: string | null;
  readonly channelId: string;
  readonly sourceId: string;
  readonly cost: number;
}

/** Refusals are values. `duplicate` carries the job the first delivery made. */
export type AcceptResult =
  | { readonly ok: true; readonly job: JobRecord }
  | { readonly ok: false; readonly reason: 'duplicate'; readonly job: JobRecord }
  | { readonly ok: false; readonly reason: 'banned'; readonly banReason: string }
  | { readonly ok: false; readonly reason: 'quota'; readonly quota: QuotaStatus }
  | { readonly ok: false; readonly reason: 'too_many_waiting'; readonly waiting: number; readonly limit: number };

export interface QuotaStatus {
  /** Pictures charged or reserved today (UTC day). */
  readonly used: number;
  readonly limit: number;
  readonly resetsAtMs: number;
}

export interface AcceptRules {
  /** Pictures a user may have per UTC day unless an admin set another number. */
  readonly dailyQuota: number;
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

export interface JobStore {
  /** Dedupe, ban, quota reservation and the row, in one transaction. */
  accept(job: NewJob, rules: AcceptRules): AcceptResult;
  /** accepted → queued, once Discord has been answered. False when the job is no longer `accepted`. */
  acknowledge(jobId: string): boolean;
  get(jobId: string): JobRecord | undefined;
  byMessage(messageId: string): JobRecord | undefined;
  list(filter: JobFilter): readonly JobRecord[];
  pictures(jobId: string): readonly PictureRecord[];
  /** 0-based place in the order the queue would claim now; undefined when it is not waiting. */
  position(jobId: string): number | undefined;
  /** Unfinished jobs of everybody: waiting and running. */
  counts(): { readonly waiting: number; readonly running: number };

  /** Takes the next queued job by deficit round robin over users; running, attempt + 1. */
  claimNext(workerId: string, leaseMs: number): JobRecord | undefined;
  renewLease(jobId: string, attempt: number, leaseMs: number): boolean;
  /** running → developed with its pictures; false (and nothing kept) when the attempt is not the current one. */
  develop(jobId: string, attempt: number, pictures: readonly PictureRecord[], gpuMs: number): boolean;
  /** A lost worker: back to queued, or failing as `poison` when this was the second attempt. */
  lose(jobId: string, attempt: number, error: SerializedError): JobState | undefined;
  /** → failing; the reservation is refunded in the same transaction. */
  fail(jobId: string, error: SerializedError): boolean;
  /** → cancelling, refunded; false when it is already developed or final. */
  cancel(jobId: string): boolean;

  /** Remembers the message that shows the job; set once. */
  setMessage(jobId: string, messageId: string): void;
  /** developed → delivered, failing → failed, cancelling → cancelled: the final message has been shown (or can never be). */
  settle(jobId: string): JobState | undefined;
  /** Jobs whose message does not yet show their end. */
  unsettled(): readonly JobRecord[];
  /** At start: running → queued or poison, accepted older than `answerWithinMs` → expired and refunded. */
  recover(answerWithinMs: number): { readonly requeued: number; readonly expired: number; readonly poisoned: number };

  quota(userId: string, rules: AcceptRules): QuotaStatus;
  setQuota(userId: string, limit: number | null, byUserId: string): void;
  ban(userId: string, reason: string, byUserId: string): void;
  unban(userId: string, byUserId: string): boolean;
  banOf(userId: string): string | undefined;
  /** A value kept across restarts, made by `make` on first use (the custom-id signing key, registration hashes). */
  setting(key: string, make: () => string): string;
  setSetting(key: string, value: string): void;
  close(): void;
}
