// The waiting line of the database, held in memory beside it: who is next by core/fairness, and how fast each model has been.
// Deliberately not here: taking the job; the job store does that in the transaction that asks for the next one.
import { Backlog, type QueuedJob } from '../core/backlog.ts';
import type { Place, Turn } from '../core/fairness.ts';
import type { ResolvedRequest } from '../core/request.ts';
import { expectedMs, needsOf, UNMEASURED_MS_PER_UNIT } from '../core/work.ts';
import type { Database } from './database.ts';
import type { JobRow } from './jobRows.ts';

export interface Line {
  /**
   * The id of the job to run next; the ring moves on. Undefined when nobody waits for such a worker.
   * @param names what the worker has (core/work.ts, `needsOf`); everything when absent
   */
  takeNext(names?: readonly string[]): string | undefined;
  /** Where a waiting job stands now. */
  placeOf(jobId: string): Place | undefined;
  /** Machine time of a piece of work, by what recent ones of the model took. */
  expected(model: string, workUnits: number): number;
  /** Jobs that wait. */
  size(): number;
  /** Jobs whose answer is under way, and which wait after it. */
  answering(): number;
  /** Machine time of everybody who waits. */
  waitingMs(): number;
  /** Machine time a finished job took; later expectations follow it. */
  measure(model: string, workUnits: number, gpuMs: number): void;
  accepted(jobId: string): void;
  answered(jobId: string): void;
  /** A job waits from now on. */
  queued(row: Pick<JobRow, 'id' | 'user_id' | 'seq' | 'model' | 'work' | 'weight' | 'request'>): void;
  /** It waits no longer. */
  unqueued(jobId: string): void;
  /** A transaction was taken back: what it told is not so. */
  forget(): void;
  /** Writes the ring down, which otherwise happens every few claims. */
  save(): void;
}

/** Share of the past kept with every finished job: the last ten count for two thirds. */
const PACE_MEMORY = 0.9;

/** Only requests that may need more than their model are read: a line of a hundred thousand is not parsed for nothing. */
const HAS_MORE = ['"loras":[', '"controls":[', '"upscaler":"'].map((piece) => `instr(request, '${piece}')`).join(' + ');
const QUEUED = `SELECT id AS jobId, user_id AS userId, seq, model AS worker, work, weight,
  CASE WHEN ${HAS_MORE} > 0 THEN request END AS request FROM jobs WHERE state = 'queued' ORDER BY seq`;
const ACCEPTED = "SELECT id FROM jobs WHERE state = 'accepted'";
const MEASURE = `INSERT INTO pace (model, gpu_ms, units) VALUES (@model, @gpuMs, @units) ON CONFLICT (model) DO UPDATE
  SET gpu_ms = gpu_ms * ${PACE_MEMORY} + excluded.gpu_ms, units = units * ${PACE_MEMORY} + excluded.units`;

/** After a hard end the round goes on from at most this many claims earlier: somebody may be served a little sooner, nobody is left out. */
const CLAIMS_PER_SAVE = 256;

/** A pace that moved by less than this is not worth pricing the whole line anew. */
const PACE_TOLERANCE = 0.02;

type QueuedRow = Omit<QueuedJob, 'needs'> & { readonly request: string | null };

/** @param request JSON; null for one that needs nothing but its model */
function needsIn(request: string | null): readonly string[] | undefined {
  return request === null ? undefined : needsOf(JSON.parse(request) as ResolvedRequest).slice(1);
}

export function makeLine(db: Database): Line {
  const queued = db.prepare<[], QueuedRow>(QUEUED);
  const readAccepted = db.prepare<[], string>(ACCEPTED).pluck();
  const readRing = db.prepare<[], string>('SELECT turns FROM ring').pluck();
  const saveRing = db.prepare<[string]>('INSERT OR REPLACE INTO ring VALUES (1, ?)');
  const paces = db.prepare<[], [string, number]>('SELECT model, gpu_ms / units FROM pace').raw();
  const pace = db.prepare<[string], number>('SELECT gpu_ms / units FROM pace WHERE model = ?').pluck();
  const measure = db.prepare(MEASURE);

  let msPerUnit: ReadonlyMap<string, number> = new Map();
  const expected = (worker: string, work: number) => expectedMs(work, msPerUnit.get(worker) ?? UNMEASURED_MS_PER_UNIT);
  const costOf = ({ worker, work }: QueuedJob) => expected(worker, work);

  const backlog = new Backlog(costOf);
  let accepted = new Set<string>();
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
  let ring = JSON.parse(readRing.get() ?? '[]') as readonly Turn[];
  let unsavedClaims = 0;
  let seenVersion: unknown;
  const save = () => {
    if (unsavedClaims > 0) saveRing.run(JSON.stringify(ring));
    unsavedClaims = 0;
  };
  /** Reads everything again after a change by another connection, or after one of ours was taken back. */
  const refresh = () => {
    const version = dataVersion.get();
    if (version === seenVersion) return;
    msPerUnit = new Map(paces.all());
    backlog.clear();
    backlog.reprice(costOf);
    for (const { request, ...job } of queued.iterate()) backlog.add({ ...job, needs: needsIn(request) });
    accepted = new Set(readAccepted.all());
    seenVersion = version;
  };

  return {
    takeNext(names) {
      refresh();
      const choice = backlog.next(ring, names === undefined ? undefined : new Set(names));
      if (choice === undefined) return undefined;
      ring = choice.ring;
      unsavedClaims += 1;
      if (unsavedClaims >= CLAIMS_PER_SAVE) save();
      return choice.jobId;
    },
    placeOf(jobId) {
      refresh();
      return backlog.placeOf(ring, jobId);
    },
    expected(worker, workUnits) {
      refresh();
      return expected(worker, workUnits);
    },
    size() {
      refresh();
      return backlog.size;
    },
    answering() {
      refresh();
      return accepted.size;
    },
    waitingMs() {
      refresh();
      return backlog.totalMs();
    },
    measure(worker, workUnits, gpuMs) {
      refresh();
      measure.run({ model: worker, units: workUnits, gpuMs: Math.max(0, gpuMs) });
      const now = pace.get(worker)!;
      const before = msPerUnit.get(worker);
      if (before !== undefined && Math.abs(now - before) <= PACE_TOLERANCE * before) return;
      msPerUnit = new Map([...msPerUnit, [worker, now]]);
      backlog.reprice(costOf);
    },
    accepted: (jobId) => accepted.add(jobId),
    answered: (jobId) => accepted.delete(jobId),
    queued(row) {
      const { id: jobId, user_id: userId, seq, model: worker, work, weight, request } = row;
      backlog.add({ jobId, userId, seq, worker, work, weight, needs: needsIn(request) });
    },
    unqueued: (jobId) => backlog.remove(jobId),
    forget() {
      seenVersion = undefined;
    },
    save,
  };
}
