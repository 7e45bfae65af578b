// A job: one accepted request on its way to one message. States and what may follow what; no I/O.
import type { SerializedError } from '../errors.ts';
import type { ControlMap } from './control.ts';
import type { PictureScores, Verdict } from './pictureJudgement.ts';
import type { Place } from './policy.ts';
import type { ResolvedRequest } from './request.ts';

/**
 * accepted  – row committed, Discord not yet answered
 * queued    – answered, waiting for a worker
 * running   – claimed by a worker under the current attempt
 * developed – pictures on disk, message not yet final
 * failing / cancelling – ended without pictures, message not yet final
 * delivered, failed, cancelled, expired – final, the user has seen the one final message (expired: nobody was answered)
 */
export type JobState =
  | 'accepted'
  | 'queued'
  | 'running'
  | 'developed'
  | 'failing'
  | 'cancelling'
  | 'delivered'
  | 'failed'
  | 'cancelled'
  | 'expired';

export const FINAL_STATES: readonly JobState[] = ['delivered', 'failed', 'cancelled', 'expired'];

const NEXT: Readonly<Record<JobState, readonly JobState[]>> = {
  accepted: ['queued', 'cancelling', 'expired'],
  queued: ['running', 'cancelling', 'failing'],
  running: ['queued', 'developed', 'failing', 'cancelling'],
  developed: ['delivered', 'failed'],
  failing: ['failed'],
  cancelling: ['cancelled'],
  delivered: [],
  failed: [],
  cancelled: [],
  expired: [],
};

export function canFollow(from: JobState, to: JobState): boolean {
  return NEXT[from].includes(to);
}

export function isFinal(state: JobState): boolean {
  return FINAL_STATES.includes(state);
}

/** Where a job came from, for the recipe and the lineage. */
export type JobKind = 'imagine' | 'again' | 'variation' | 'reply' | 'edit' | 'upscale' | 'verify';

export type SourceKind = 'interaction' | 'message';

export interface JobRecord {
  /** 10 characters of [a-z2-7]; short enough for a custom id and for people to type. */
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  /** Fencing number: 0 before the first claim, +1 with every claim; a result counts only for the current one. */
  readonly attempt: number;
  readonly request: ResolvedRequest;
  readonly parentJobId: string | null;
  /** 0-based picture of the parent this one was made from. */
  readonly parentImageIndex: number | null;
  readonly userId: string;
  readonly guildId: string | null;
  readonly channelId: string;
  /** Interaction or message that asked; unique, so that an event delivered twice makes one job. */
  readonly sourceId: string;
  /** What `sourceId` names; a message is answered by a reply to it. */
  readonly sourceKind: SourceKind;
  /** The bot's own message showing this job, once posted. */
  readonly messageId: string | null;
  /** Pictures charged against the daily quota. */
  readonly cost: number;
  readonly error: SerializedError | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Where it was asked for; null, as absent, where that is not known. */
  readonly place?: Place | null | undefined;
  /** What may be done with its pictures; null, as absent, where nobody judged. */
  readonly verdict?: Verdict | null | undefined;
  /** Its files were taken away then, by a retention or a moderator. */
  readonly filesGoneMs?: number | null | undefined;
}

/** Whether its pictures are covered until somebody clicks: by wish, or because they may not be shown openly. */
export function isCovered({ request, verdict }: Pick<JobRecord, 'request' | 'verdict'>): boolean {
  return request.spoiler === true || verdict === 'spoiler' || verdict === 'private';
}

/** Whether only the person who asked may see them. */
export function isForAskerOnly({ verdict }: Pick<JobRecord, 'verdict'>): boolean {
  return verdict === 'private';
}

/** One finished picture file, path relative to the data folder. */
export interface PictureRecord {
  readonly jobId: string;
  /** 0-based; -1 is the grid of all pictures. */
  readonly imageIndex: number;
  readonly path: string;
  readonly sha256: string;
  readonly seed: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sizeBytes: number;
  /** What the classifier saw; absent where none looked, and of the grid. */
  readonly scores?: PictureScores | undefined;
  /** The maps the job's pictures were drawn by, on its first picture while a result is handed over; kept, they are asked for on their own. */
  readonly controlMaps?: readonly ControlMap[] | undefined;
}

export const GRID_INDEX = -1;

/** Characters of a job id; 32 of them, so that five random bits make one. */
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** 50 random bits: a million jobs collide with a chance of 0.05 %, and the database then draws again. */
export const JOB_ID_CHARS = 10;

/** A job id from at least ten random bytes; the three high bits of each are not used. */
export function jobIdFromBytes(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, JOB_ID_CHARS), (byte) => ID_ALPHABET[byte & 31]).join('');
}

/** True for what could be a job id; people type these. */
export function isJobId(text: string): boolean {
  return /^[a-z2-7]{10}$/.test(text);
}
