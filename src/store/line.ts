// The waiting line in the database: who is next by core/fairness, and how fast each model has been.
// Deliberately not here: taking the job; the job store does that in the transaction that asks for the next one.
import { claimOrder, nextTurn, type Turn, type WaitingJob } from '../core/fairness.ts';
import { expectedMs, UNMEASURED_MS_PER_UNIT } from '../core/work.ts';
import type { Database } from './database.ts';

export interface Line {
  /** The id of the job to run next; the ring moves on. Undefined when nobody waits. */
  takeNext(): string | undefined;
  /** Waiting jobs in the order in which they would be taken now. */
  order(): readonly WaitingJob[];
  /** Machine time a finished job took; later expectations follow it. */
  measure(model: string, workUnits: number, gpuMs: number): void;
}

interface QueuedRow {
  readonly id: string;
  readonly user_id: string;
  readonly model: string;
  readonly work: number;
}

/** Share of the past kept with every finished job: the last ten count for two thirds. */
const PACE_MEMORY = 0.9;

// With min(), the other columns are those of the row that has the minimum.
const HEADS = `SELECT id, user_id, model, work, min(seq) FROM jobs WHERE state = 'queued' GROUP BY user_id ORDER BY min(seq)`;
const QUEUED = `SELECT id, user_id, model, work FROM jobs WHERE state = 'queued' ORDER BY seq`;
const MEASURE = `INSERT INTO pace (model, gpu_ms, units) VALUES (@model, @gpuMs, @units) ON CONFLICT (model) DO UPDATE
  SET gpu_ms = gpu_ms * ${PACE_MEMORY} + excluded.gpu_ms, units = units * ${PACE_MEMORY} + excluded.units`;

export function makeLine(db: Database): Line {
  const heads = db.prepare<[], QueuedRow>(HEADS);
  const queued = db.prepare<[], QueuedRow>(QUEUED);
  const ring = db.prepare<[], Turn>('SELECT user_id AS userId, owed_ms AS owedMs FROM turns ORDER BY place');
  const clearRing = db.prepare('DELETE FROM turns');
  const addTurn = db.prepare('INSERT INTO turns (place, user_id, owed_ms) VALUES (?, ?, ?)');
  const paces = db.prepare<[], [string, number]>('SELECT model, gpu_ms / units FROM pace').raw();
  const measure = db.prepare(MEASURE);

  const withCosts = (rows: readonly QueuedRow[]): readonly WaitingJob[] => {
    const msPerUnit = new Map(paces.all());
    return rows.map(({ id, user_id: userId, model, work }) => {
      return { jobId: id, userId, costMs: expectedMs(work, msPerUnit.get(model) ?? UNMEASURED_MS_PER_UNIT) };
    });
  };

  return {
    takeNext() {
      const waiting = withCosts(heads.all());
      const choice = nextTurn(ring.all(), waiting);
      if (choice === undefined) return undefined;
      clearRing.run();
      for (const [place, turn] of choice.ring.entries()) addTurn.run(place, turn.userId, turn.owedMs);
      return waiting.find((job) => job.userId === choice.userId)?.jobId;
    },
    order() {
      const waiting = withCosts(queued.all());
      const byId = new Map(waiting.map((job) => [job.jobId, job]));
      return claimOrder(ring.all(), waiting).map((jobId) => byId.get(jobId)!);
    },
    measure(model, workUnits, gpuMs) {
      measure.run({ model, units: workUnits, gpuMs: Math.max(0, gpuMs) });
    },
  };
}
