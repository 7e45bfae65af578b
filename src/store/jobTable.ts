// Reading jobs and moving them from state to state. Every move is checked by core/job, and carries its ledger entry in the same
// transaction. Deliberately not here: when to move; the job store decides that.
import type { ControlMap } from '../core/control.ts';
import { canFollow, isFinal, type JobRecord, type JobState, type PictureRecord } from '../core/job.ts';
import type { JobFilter, NewJob } from '../core/jobStore.ts';
import { workerNameOf, workOf } from '../core/work.ts';
import { DarkroomError, type SerializedError } from '../errors.ts';
import { makeControls } from './controls.ts';
import { cachedStatements, type Database } from './database.ts';
import { type JobRow, type PictureRow, toJob, toPicture } from './jobRows.ts';
import type { Ledger } from './ledger.ts';
import type { Line } from './line.ts';

export interface Claim {
  readonly workerId: string;
  readonly leaseUntilMs: number;
}

export interface JobTable {
  /** @param weight shares of the machine's time, 1 … 4 @returns undefined when there is a job of that id */
  insert(id: string, job: NewJob, weight: number, nowMs: number): JobRecord | undefined;
  row(jobId: string): JobRow | undefined;
  /** The row while it runs under this attempt, else undefined. */
  runningRow(jobId: string, attempt: number): JobRow | undefined;
  bySource(sourceId: string): JobRecord | undefined;
  byMessage(messageId: string): JobRecord | undefined;
  list(filter: JobFilter): readonly JobRecord[];
  inStates(states: readonly JobState[]): readonly JobRow[];
  unfinishedOf(userId: string): number;
  countIn(state: JobState): number;
  oldestQueuedMs(): number | undefined;
  /** Jobs whose lease ended before `nowMs`. */
  lapsed(nowMs: number): readonly JobRow[];
  /** False when `to` cannot follow; charges and refunds go with the move. */
  move(row: JobRow, to: JobState, nowMs: number, error?: SerializedError): boolean;
  /** queued → running under the next attempt. @returns the row after that */
  claim(jobId: string, claim: Claim, nowMs: number): JobRow;
  /** False when the job is not `accepted`. */
  answering(jobId: string): boolean;
  countLoss(jobId: string): void;
  countRestart(jobId: string): void;
  renew(jobId: string, attempt: number, leaseUntilMs: number): boolean;
  setGpuMs(jobId: string, gpuMs: number): void;
  setMessage(jobId: string, messageId: string): void;
  addPicture(picture: PictureRecord): void;
  pictures(jobId: string): readonly PictureRecord[];
  controlMaps(jobId: string): readonly ControlMap[];
  needsInput(sha256: string): boolean;
}

const INSERT = `INSERT INTO jobs (id, kind, state, request, model, input_sha256, work, parent_job_id, parent_image_index, user_id, guild_id,
  channel_id, source_id, source_kind, cost, created_at_ms, mask_sha256, place, weight) VALUES (@id, @kind, 'accepted', @request, @model, @inputSha256, @work, @parentJobId,
  @parentImageIndex, @userId, @guildId, @channelId, @sourceId, @sourceKind, @cost, @nowMs, @maskSha256, @place, @weight)`;
const MOVE = `UPDATE jobs SET state = @to, lease_until_ms = NULL, worker_id = NULL, error = coalesce(@error, error),
  ended_at_ms = CASE WHEN @isEnd THEN coalesce(ended_at_ms, @nowMs) ELSE NULL END WHERE seq = @seq AND state = @from`;
const CLAIM = `UPDATE jobs SET state = 'running', attempt = attempt + 1, worker_id = @workerId, lease_until_ms = @leaseUntilMs,
  started_at_ms = @nowMs WHERE id = @jobId AND state = 'queued' RETURNING *`;
/** Each condition stands in the statement only where it is asked for, so that each list finds its index. */
const LIST_CONDITIONS = {
  userId: 'user_id = @userId',
  guildId: 'guild_id = @guildId',
  states: 'state IN (SELECT value FROM json_each(@states))',
  beforeJobId: 'seq < (SELECT seq FROM jobs WHERE id = @beforeJobId)',
} as const;

function listSql(conditions: readonly (keyof typeof LIST_CONDITIONS)[]): string {
  const where = conditions.map((name) => LIST_CONDITIONS[name]).join(' AND ');
  return `SELECT * FROM jobs ${where === '' ? '' : `WHERE ${where}`} ORDER BY seq DESC LIMIT @limit`;
}

const NEEDS_INPUT = `SELECT 1 FROM jobs WHERE input_sha256 = @sha256 UNION ALL
  SELECT 1 FROM jobs WHERE mask_sha256 = @sha256 LIMIT 1`;
const IN_STATES = 'FROM jobs WHERE state IN (SELECT value FROM json_each(?))';

export function makeJobTable(db: Database, ledger: Ledger, line: Line): JobTable {
  const insert = db.prepare(INSERT);
  const byId = db.prepare<[string], JobRow>('SELECT * FROM jobs WHERE id = ?');
  const bySource = db.prepare<[string], JobRow>('SELECT * FROM jobs WHERE source_id = ?');
  const byMessage = db.prepare<[string], JobRow>('SELECT * FROM jobs WHERE message_id = ?');
  const list = cachedStatements<JobRow>(db);
  const inStates = db.prepare<[string], JobRow>(`SELECT * ${IN_STATES} ORDER BY seq`);
  const countIn = db.prepare<[JobState], number>('SELECT count(*) FROM jobs WHERE state = ?').pluck();
  const oldestQueued = db
    .prepare<[], number>("SELECT created_at_ms FROM jobs WHERE state = 'queued' ORDER BY seq LIMIT 1")
    .pluck();
  const unfinishedOf = db
    .prepare<[string], number>(
      // All cells of a sheet are one.
      `SELECT count(*) FROM jobs WHERE user_id = ? AND state IN ('accepted', 'queued', 'running')
       AND NOT EXISTS (SELECT 1 FROM sheet_cells WHERE job_id = jobs.id AND cell > 0)`,
    )
    .pluck();
  const lapsed = db.prepare<[number], JobRow>(
    `SELECT * FROM jobs WHERE state = 'running' AND lease_until_ms < ? ORDER BY seq`,
  );
  const move = db.prepare(MOVE);
  const claim = db.prepare<[Record<string, unknown>], JobRow>(CLAIM);
  const answering = db.prepare(`UPDATE jobs SET answering = 1 WHERE id = ? AND state = 'accepted'`);
  const countLoss = db.prepare('UPDATE jobs SET losses = losses + 1 WHERE id = ?');
  const countRestart = db.prepare('UPDATE jobs SET restarts = restarts + 1 WHERE id = ?');
  const renew = db.prepare(`UPDATE jobs SET lease_until_ms = ? WHERE id = ? AND attempt = ? AND state = 'running'`);
  const setGpuMs = db.prepare('UPDATE jobs SET gpu_ms = ? WHERE id = ?');
  const setMessage = db.prepare('UPDATE jobs SET message_id = ? WHERE id = ? AND message_id IS NULL');
  const addPicture = db.prepare(
    `INSERT INTO pictures VALUES (@jobId, @imageIndex, @path, @sha256, @seed, @widthPx, @heightPx, @sizeBytes)`,
  );
  const pictures = db.prepare<[string], PictureRow>('SELECT * FROM pictures WHERE job_id = ? ORDER BY image_index');
  const needsInput = db.prepare<[Record<string, string>], number>(NEEDS_INPUT).pluck();
  const controls = makeControls(db);
  const record = (row: JobRow | undefined) => (row === undefined ? undefined : toJob(row));

  return {
    insert(id, { roleIds: _, ...job }, weight, nowMs) {
      const { initImage, mask } = job.request;
      const of = {
        model: workerNameOf(job.request),
        inputSha256: initImage?.sha256 ?? null,
        maskSha256: mask?.sha256 ?? null,
        work: workOf(job.request),
        place: job.place == null ? null : JSON.stringify(job.place),
      };
      try {
        insert.run({ ...job, ...of, id, weight, request: JSON.stringify(job.request), nowMs });
      } catch (thrown) {
        if (isTaken(thrown)) return undefined;
        throw thrown;
      }
      controls.keepInputs({ id, request: job.request });
      line.accepted(id);
      return fresh(id, job, nowMs);
    },
    row: (jobId) => byId.get(jobId),
    runningRow(jobId, attempt) {
      const row = byId.get(jobId);
      return row?.state === 'running' && row.attempt === attempt ? row : undefined;
    },
    bySource: (sourceId) => record(bySource.get(sourceId)),
    byMessage: (messageId) => record(byMessage.get(messageId)),
    list({ limit, ...filter }) {
      const conditions = (Object.keys(filter) as (keyof typeof filter)[]).filter((name) => filter[name] !== undefined);
      const states = filter.states === undefined ? undefined : JSON.stringify(filter.states);
      return list(listSql(conditions))
        .all({ ...filter, states, limit })
        .map(toJob);
    },
    inStates: (states) => inStates.all(JSON.stringify(states)),
    unfinishedOf: (userId) => unfinishedOf.get(userId)!,
    oldestQueuedMs: () => oldestQueued.get(),
    countIn: (state) => countIn.get(state)!,
    lapsed: (nowMs) => lapsed.all(nowMs),
    move(row, to, nowMs, error) {
      if (!canFollow(row.state, to)) return false;
      const isEnd = Number(to !== 'queued');
      const errorText = error === undefined ? null : JSON.stringify(error);
      move.run({ seq: row.seq, from: row.state, to, nowMs, isEnd, error: errorText });
      if (row.state === 'accepted') line.answered(row.id);
      if (row.state === 'queued') line.unqueued(row.id);
      if (to === 'queued') line.queued(row);
      if (to === 'delivered') ledger.charge(row.id, nowMs);
      if (givesBack(row.state, to)) ledger.refund(row.id, nowMs);
      return true;
    },
    claim(jobId, { workerId, leaseUntilMs }, nowMs) {
      const row = claim.get({ jobId, workerId, leaseUntilMs, nowMs });
      if (row === undefined) throw new DarkroomError('internal', `job ${jobId}: in the line and not queued`);
      line.unqueued(jobId);
      return row;
    },
    answering: (jobId) => answering.run(jobId).changes === 1,
    countLoss: (jobId) => countLoss.run(jobId),
    countRestart: (jobId) => countRestart.run(jobId),
    renew: (jobId, attempt, leaseUntilMs) => renew.run(leaseUntilMs, jobId, attempt).changes === 1,
    setGpuMs: (jobId, gpuMs) => setGpuMs.run(Math.round(gpuMs), jobId),
    setMessage: (jobId, messageId) => setMessage.run(messageId, jobId),
    addPicture(picture) {
      addPicture.run(picture);
      controls.addMaps(picture.jobId, picture.controlMaps ?? []);
    },
    pictures: (jobId) => pictures.all(jobId).map(toPicture),
    controlMaps: controls.maps,
    needsInput: (sha256) => needsInput.get({ sha256 }) !== undefined || controls.needsInput(sha256),
  };
}

/** The id is another job's; any other rule that a row breaks is a defect. */
function isTaken(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message === 'UNIQUE constraint failed: jobs.id';
}

/** What reading the row just written would give. */
function fresh(id: string, { roleIds: _, place, ...job }: NewJob, nowMs: number): JobRecord {
  const started = { attempt: 0, messageId: null, error: null, startedAtMs: null, endedAtMs: null };
  return { ...job, ...started, id, state: 'accepted', createdAtMs: nowMs, ...(place == null ? {} : { place }) };
}

/** True for the moves that end a job without pictures; `failing` and `cancelling` gave back when they began. */
function givesBack(from: JobState, to: JobState): boolean {
  if (from === 'failing' || from === 'cancelling') return false;
  return to === 'failing' || to === 'cancelling' || (isFinal(to) && to !== 'delivered');
}
