// The waiting line in the database: who is next by core/fairness, and how fast each model has been.
// Deliberately not here: taking the job; the job store does that in the transaction that asks for the next one.
import { nextTurn, type Place, placeOf, type Turn, type WaitingJob } from '../core/fairness.ts';
import { expectedMs, UNMEASURED_MS_PER_UNIT } from '../core/work.ts';
import type { Database } from './database.ts';

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
const HEADS_OF_MODELS = `SELECT id, user_id, model, work, min(seq) FROM jobs
  WHERE state = 'queued' AND model IN (SELECT value FROM json_each(?)) GROUP BY user_id ORDER BY min(seq)`;
const WAITING_USERS = `SELECT DISTINCT user_id FROM jobs WHERE state = 'queued'`;
const QUEUED = `SELECT id, user_id, model, work FROM jobs WHERE state = 'queued' ORDER BY seq`;
const MEASURE = `INSERT INTO pace (model, gpu_ms, units) VALUES (@model, @gpuMs, @units) ON CONFLICT (model) DO UPDATE
  SET gpu_ms = gpu_ms * ${PACE_MEMORY} + excluded.gpu_ms, units = units * ${PACE_MEMORY} + excluded.units`;

export function makeLine(db: Database): Line {
  const heads = db.prepare<[], QueuedRow>(HEADS);
  const headsOfModels = db.prepare<[string], QueuedRow>(HEADS_OF_MODELS);
  const waitingUsers = db.prepare<[], string>(WAITING_USERS).pluck();
  const queued = db.prepare<[], QueuedRow>(QUEUED);
  const ring = db.prepare<[], string>('SELECT turns FROM ring').pluck();
  const saveRing = db.prepare<[string]>('INSERT OR REPLACE INTO ring VALUES (1, ?)');
  const changes = db.prepare<[], number>('SELECT total_changes()').pluck();
  const paces = db.prepare<[], [string, number]>('SELECT model, gpu_ms / units FROM pace').raw();
  const measure = db.prepare(MEASURE);

  const withCosts = (rows: readonly QueuedRow[]): readonly WaitingJob[] => {
    const msPerUnit = new Map(paces.all());
    return rows.map(({ id, user_id: userId, model, work }) => {
      return { jobId: id, userId, costMs: expectedMs(work, msPerUnit.get(model) ?? UNMEASURED_MS_PER_UNIT) };
    });
  };

  const turns = () => JSON.parse(ring.get() ?? '[]') as readonly Turn[];

  let cached: { readonly version: string; readonly waiting: readonly WaitingJob[] } | undefined;
  /** Read again only after a change, by this connection or another: everybody who waits is told his place every few seconds. */
  const everybody = () => {
    const version = `${changes.get()} ${db.pragma('data_version', { simple: true })}`;
    if (cached?.version !== version) cached = { version, waiting: withCosts(queued.all()) };
    return cached.waiting;
  };

  return {
    takeNext(models) {
      const waiting = withCosts(models === undefined ? heads.all() : headsOfModels.all(JSON.stringify(models)));
      const eligible = new Set(waiting.map(({ userId }) => userId));
      const others = models === undefined ? [] : waitingUsers.all().filter((userId) => !eligible.has(userId));
      const choice = nextTurn(turns(), waiting, others);
      if (choice === undefined) return undefined;
      saveRing.run(JSON.stringify(choice.ring));
      return waiting.find((job) => job.userId === choice.userId)?.jobId;
    },
    placeOf: (jobId) => placeOf(turns(), everybody(), jobId),
    expected: (model, workUnits) => expectedMs(workUnits, new Map(paces.all()).get(model) ?? UNMEASURED_MS_PER_UNIT),
    waitingMs: () => everybody().reduce((sum, { costMs }) => sum + costMs, 0),
    measure(model, workUnits, gpuMs) {
      measure.run({ model, units: workUnits, gpuMs: Math.max(0, gpuMs) });
    },
  };
}
