// The waiting line of the database, held in memory beside it: who is next by core/fairness, and how fast each model has been.
// Deliberately not here: taking the job; the job store does that in the transaction that asks for the next one.
import { Backlog, type QueuedJob } from '../core/backlog.ts';
import { nextTurn, type Place, type Turn } from '../core/fairness.ts';
import { expectedMs, UNMEASURED_MS_PER_UNIT } from '../core/work.ts';
import type { Database } from './database.ts';
import type { JobRow } from './jobRows.ts';

export interface Line {
  /** The id of the job to run next, of one of these models where they are given; the ring moves on. Undefined when nobody waits for them. */
  takeNext(models?: readonly string[]): string | undefined;
  /** Where a waiting job stands now. */
  placeOf(jobId: string): Place | undefined;
  /** Machine time of a piece of work, by what recent ones of the model took. */
  expected(model: string, workUnits: number): number;
  /** Machine time of everybody who waits. */
  waitingMs(): number;
  /** Machine time a finished job took; later expectations follow it. */
  measure(model: string, workUnits: number, gpuMs: number): void;
  /** A job waits from now on. */
  queued(row: Pick<JobRow, 'id' | 'user_id' | 'seq' | 'model' | 'work' | 'weight'>): void;
  /** It waits no longer. */
  unqueued(jobId: string): void;
  /** A transaction was taken back: what it told is not so. */
  forget(): void;
  /** Writes the ring down, which otherwise happens every few claims. */
  save(): void;
}

/** Share of the past kept with every finished job: the last ten count for two thirds. */
const PACE_MEMORY = 0.9;

const QUEUED = `SELECT id AS jobId, user_id AS userId, seq, model AS worker, work, weight FROM jobs WHERE state = 'queued' ORDER BY seq`;
const MEASURE = `INSERT INTO pace (model, gpu_ms, units) VALUES (@model, @gpuMs, @units) ON CONFLICT (model) DO UPDATE
  SET gpu_ms = gpu_ms * ${PACE_MEMORY} + excluded.gpu_ms, units = units * ${PACE_MEMORY} + excluded.units`;

/** After a hard end the round goes on from at most this many claims earlier: somebody may be served a little sooner, nobody is left out. */
const CLAIMS_PER_SAVE = 256;

/** A pace that moved by less than this is not worth pricing the whole line anew. */
const PACE_TOLERANCE = 0.02;

export function makeLine(db: Database): Line {
  const queued = db.prepare<[], QueuedJob>(QUEUED);
  const readRing = db.prepare<[], string>('SELECT turns FROM ring').pluck();
  const saveRing = db.prepare<[string]>('INSERT OR REPLACE INTO ring VALUES (1, ?)');
  const paces = db.prepare<[], [string, number]>('SELECT model, gpu_ms / units FROM pace').raw();
  const pace = db.prepare<[string], number>('SELECT gpu_ms / units FROM pace WHERE model = ?').pluck();
  const measure = db.prepare(MEASURE);

  let msPerUnit: ReadonlyMap<string, number> = new Map();
  const expected = (worker: string, work: number) => expectedMs(work, msPerUnit.get(worker) ?? UNMEASURED_MS_PER_UNIT);
  const costOf = ({ worker, work }: QueuedJob) => expected(worker, work);

  const backlog = new Backlog(costOf);
  let ring = JSON.parse(readRing.get() ?? '[]') as readonly Turn[];
  let unsavedClaims = 0;
  let seenVersion: unknown;
  const save = () => {
    if (unsavedClaims > 0) saveRing.run(JSON.stringify(ring));
    unsavedClaims = 0;
  };
  /** Reads everything again after a change by another connection, or after one of ours was taken back. */
  const refresh = () => {
    const version = db.pragma('data_version', { simple: true });
    if (version === seenVersion) return;
    msPerUnit = new Map(paces.all());
    backlog.clear();
    backlog.reprice(costOf);
    for (const job of queued.iterate()) backlog.add(job);
    seenVersion = version;
  };

  return {
    takeNext(models) {
      refresh();
      const heads = backlog.heads(models === undefined ? undefined : new Set(models));
      const eligible = new Set(heads.map(({ userId }) => userId));
      const others = models === undefined ? [] : [...backlog.users()].filter((userId) => !eligible.has(userId));
      const choice = nextTurn(ring, heads, others);
      if (choice === undefined) return undefined;
      ring = choice.ring;
      unsavedClaims += 1;
      if (unsavedClaims >= CLAIMS_PER_SAVE) save();
      return heads.find((job) => job.userId === choice.userId)?.jobId;
    },
    placeOf(jobId) {
      refresh();
      return backlog.placeOf(ring, jobId);
    },
    expected(worker, workUnits) {
      refresh();
      return expected(worker, workUnits);
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
    queued(row) {
      const { id: jobId, user_id: userId, seq, model: worker, work, weight } = row;
      backlog.add({ jobId, userId, seq, worker, work, weight });
    },
    unqueued: (jobId) => backlog.remove(jobId),
    forget() {
      seenVersion = undefined;
    },
    save,
  };
}
