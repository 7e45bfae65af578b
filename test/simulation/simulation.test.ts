// Schedules of orders, clicks, faults and power cuts over the whole program but gateway and network. After every step nothing may be
// lost, doubled or charged twice; when the faults end, everybody has the one answer that was promised.
//   SIMULATIONS=100000 SIMULATION_SEED=7 npx vitest run test/simulation
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFinal, type JobRecord, type JobState } from '../../src/core/job.ts';
import type { NewJob } from '../../src/core/jobStore.ts';
import { en } from '../../src/discord/phrases/en.ts';
import { cancelledView, failedView } from '../../src/discord/views/jobView.ts';
import { newJob } from '../contract/jobStore.ts';
import { testRequest } from '../support/cards.ts';
import { LEDGER_OF } from '../support/ledgerOf.ts';
import { FAULTS, type SimulatedMessage } from './discord.ts';
import { ANSWER_CRASHES, type AnswerCrash, Program } from './program.ts';
import { ENDS, picturesOf } from './worker.ts';

const SIMULATIONS = Number(process.env.SIMULATIONS ?? 10_000);
const SEED = Number(process.env.SIMULATION_SEED ?? 1);
const USERS = ['ann', 'bob', 'cat'];
const MINUTE_MS = 60_000;

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      user: fc.nat(USERS.length - 1),
      count: fc.integer({ min: 1, max: 3 }),
      isCursed: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      crash: fc.oneof(
        { weight: 6, arbitrary: fc.constant('none' as const) },
        { weight: 1, arbitrary: fc.constantFrom(...ANSWER_CRASHES) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), job: fc.nat(11) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), job: fc.nat(11) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), job: fc.nat(11) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(50, 700, 1_500, 4_000, 20_000, 90_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      skip: fc.nat(2),
      faults: fc.array(fc.constantFrom(...FAULTS), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('attempt' as const), end: fc.constantFrom(...ENDS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'stop' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('full' as const), isFull: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(-3_600_000, 3_600_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A program under one schedule, with what must be true of it. */
class Trial {
  readonly program = new Program();
  readonly #asked: NewJob[] = [];
  readonly #ids: (string | undefined)[] = [];
  readonly #deleted = new Set<string>();
  readonly #ends = new Map<string, JobState>();

  async take(action: Step): Promise<void> {
    const { program } = this;
    switch (action.do) {
      case 'order': {
        const { user, count, isCursed, crash } = action;
        await this.#order(
          newJob({ userId: USERS[user]!, cost: count, request: testRequest({ count }) }),
          crash,
          isCursed,
        );
        break;
      }
      case 'repeat': {
        const at = action.job % Math.max(1, this.#asked.length);
        const again = this.#asked[at];
        // Discord delivers an event again only to a program that did not answer it.
        if (again !== undefined && this.#ids[at] !== undefined) {
          expect(program.store.accept(again, { dailyQuota: 0, maxWaitingPerUser: 0 })).toMatchObject({
            reason: 'duplicate',
          });
        }
        break;
      }
      case 'cancel':
        program.cancel(this.#jobAt(action.job));
        break;
      case 'delete':
        for (const message of program.discord.of(this.#jobAt(action.job))) {
          message.isDeleted = true;
          this.#deleted.add(message.jobId);
        }
        break;
      case 'wait':
        await program.advance(action.ms);
        break;
      case 'request':
        program.discord.faults.push(...(Array(action.skip).fill(undefined) as never[]), ...action.faults);
        break;
      case 'attempt':
        program.ends.push(action.end);
        break;
      case 'crash':
        await program.crash();
        break;
      case 'stop':
        await program.stop();
        break;
      case 'full':
        program.setFull(action.isFull);
        break;
      case 'clock':
        program.setClock(action.ms);
    }
    await program.revive();
    this.check();
  }

  async #order(job: NewJob, crash: AnswerCrash, isCursed: boolean): Promise<void> {
    const id = await this.program.order(job, crash);
    this.#asked.push(job);
    this.#ids.push(id);
    if (id !== undefined && isCursed) this.program.cursed.add(id);
  }

  #jobAt(index: number): string {
    return this.#ids[index % Math.max(1, this.#ids.length)] ?? 'none';
  }

  /** What holds at every moment. */
  check(): void {
    for (const id of this.#known()) {
      const job = this.#get(id);
      const end = this.#ends.get(id);
      if (end !== undefined) expect(job.state, 'an end is an end').toBe(end);
      if (isFinal(job.state)) this.#ends.set(id, job.state);
      if (this.program.promised.has(id)) expect(job.state, 'a promised job is not forgotten').not.toBe('expired');
      const channel = this.program.discord.of(id).filter(({ place }) => place === 'channel');
      expect(channel.length, 'one message a job').toBeLessThanOrEqual(1);
    }
    this.#checkLedger();
  }

  #known(): string[] {
    return this.#ids.filter((id) => id !== undefined);
  }

  #get(id: string): JobRecord {
    const job = this.program.store.get(id);
    if (job === undefined) throw new Error(`job ${id}: its row is gone`);
    return job;
  }

  #checkLedger(): void {
    const rows = this.program.rows<{
      id: string;
      state: JobState;
      kinds: string;
      amounts: number;
      amount: number;
      cost: number;
    }>(
      `SELECT jobs.id, state, cost, group_concat(l.kind, ' ' ORDER BY l.entry_id) AS kinds, count(DISTINCT l.pictures) AS amounts,
       max(l.pictures) AS amount FROM jobs LEFT JOIN quota_ledger l ON l.job_id = jobs.id GROUP BY jobs.seq`,
    );
    for (const { id, state, kinds, amounts, amount, cost } of rows) {
      expect([id, kinds, amounts, amount]).toEqual([id, LEDGER_OF[state], 1, cost]);
    }
  }

  /** Faults end and time passes: everything is settled, and everybody sees how it went, once. */
  async end(): Promise<void> {
    await this.program.revive();
    this.program.setFull(false);
    this.program.discord.faults.length = 0;
    this.program.ends.length = 0;
    for (let minute = 0; minute < 240 && this.#owed().length > 0; minute += 1) await this.program.advance(MINUTE_MS);
    expect(this.#owed(), 'nothing is owed any more').toEqual([]);
    this.check();
    for (const id of this.#known()) this.#checkEnd(this.#get(id));
  }

  #owed(): string[] {
    return this.#known().filter((id) => !isFinal(this.#get(id).state));
  }

  #checkEnd(job: JobRecord): void {
    const shown = this.program.discord.of(job.id);
    if (job.state === 'expired') expect(shown).toEqual([]);
    if (job.state === 'expired' || this.#deleted.has(job.id)) return;
    if (job.state === 'cancelled' && shown.length === 0) return;
    // Only what the schedule asked for may fail a job.
    if (job.state === 'failed') expect(['poison', 'runtime_failed']).toContain(job.error?.code);
    expect(shown, `one message for ${job.state}`).toHaveLength(1);
    this.#checkMessage(shown[0]!, job);
  }

  #checkMessage({ view }: SimulatedMessage, job: JobRecord): void {
    const wording = { phrases: en, ids: this.program.ids };
    if (job.state === 'cancelled') expect(view).toEqual(cancelledView({ ...job, state: 'cancelling' }, wording));
    if (job.state === 'failed') expect(view).toEqual(failedView({ ...job, state: 'failing' }, wording));
    if (job.state !== 'delivered') return;
    const expected = picturesOf({ jobId: job.id, request: job.request }).map(({ sha256 }) => sha256);
    expect(
      this.program.store
        .pictures(job.id)
        .map(({ sha256 }) => sha256)
        .toSorted(),
    ).toEqual(expected.toSorted());
    expect(view.files.length).toBeGreaterThan(0);
    for (const { path } of view.files) expect(path).toContain(job.id);
  }
}

test(`${SIMULATIONS} schedules of faults: nothing lost, nothing twice`, { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const trial = new Trial();
      for (const action of steps) await trial.take(action);
      await trial.end();
    }),
    { numRuns: SIMULATIONS, seed: SEED, endOnFailure: process.env.SIMULATION_SHRINK === undefined },
  );
});
