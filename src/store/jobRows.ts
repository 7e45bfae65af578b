// Rows of jobs and pictures as the records of core/job.ts. Deliberately not here: statements that change anything.
import type { JobKind, JobRecord, JobState, PictureRecord, SourceKind } from '../core/job.ts';
import type { Verdict } from '../core/pictureJudgement.ts';
import type { Place } from '../core/policy.ts';
import type { ResolvedRequest } from '../core/request.ts';
import type { SerializedError } from '../errors.ts';

export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly attempt: number;
  readonly losses: number;
  readonly restarts: number;
  readonly answering: number;
  readonly request: string;
  readonly model: string;
  readonly work: number;
  readonly weight: number;
  readonly parent_job_id: string | null;
  readonly parent_image_index: number | null;
  readonly user_id: string;
  readonly guild_id: string | null;
  readonly channel_id: string;
  readonly source_id: string;
  readonly source_kind: SourceKind;
  readonly message_id: string | null;
  readonly cost: number;
  readonly error: string | null;
  readonly created_at_ms: number;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly place: string | null;
  readonly verdict: Verdict | null;
  readonly files_gone_ms: number | null;
}

export interface PictureRow {
  readonly job_id: string;
  readonly image_index: number;
  readonly path: string;
  readonly sha256: string;
  readonly seed: number;
  readonly width_px: number;
  readonly height_px: number;
  readonly size_bytes: number;
}

export function toJob(row: JobRow): JobRecord {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    attempt: row.attempt,
    request: readRequest(row.request),
    parentJobId: row.parent_job_id,
    parentImageIndex: row.parent_image_index,
    userId: row.user_id,
    guildId: row.guild_id,
    channelId: row.channel_id,
    sourceId: row.source_id,
    sourceKind: row.source_kind,
    messageId: row.message_id,
    cost: row.cost,
    error: row.error === null ? null : (JSON.parse(row.error) as SerializedError),
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    ...(row.place === null ? {} : { place: JSON.parse(row.place) as Place }),
    ...(row.verdict === null ? {} : { verdict: row.verdict }),
    ...(row.files_gone_ms === null ? {} : { filesGoneMs: row.files_gone_ms }),
  };
}

/** A request as it was when it was resolved: frozen again, for JSON does not keep that. */
export function readRequest(text: string): ResolvedRequest {
  const request = JSON.parse(text) as ResolvedRequest;
  Object.freeze(request.size);
  Object.freeze(request.initImage);
  return Object.freeze(request);
}

export function toPicture(row: PictureRow): PictureRecord {
  return {
    jobId: row.job_id,
    imageIndex: row.image_index,
    path: row.path,
    sha256: row.sha256,
    seed: row.seed,
    widthPx: row.width_px,
    heightPx: row.height_px,
    sizeBytes: row.size_bytes,
  };
}
