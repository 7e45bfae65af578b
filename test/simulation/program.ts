// The program between Discord and the pictures, whole but for the gateway and the network: the real store, queue and outbox, on a clock
// turned by hand. It can lose power at any await, and starts again from what the database held at that moment.
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import type { AcceptRules, JobStore, NewJob } from '../../src/core/jobStore.ts';
import { type CustomIds, makeCustomIds } from '../../src/discord/customIds.ts';
import { Outbox } from '../../src/discord/outbox.ts';
import { en } from '../../src/discord/phrases/en.ts';
import { makeLog } from '../../src/log.ts';
import { Dispatcher } from '../../src/queue/dispatcher.ts';
import { ROOT } from '../../src/root.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { makeJobStore } from '../../src/store/sqliteJobStore.ts';
import { type HandClock, handClock, settled } from '../support/clock.ts';
import { type Life, SimulatedDiscord } from './discord.ts';
import { type AttemptEnd, SimulatedWorker } from './worker.ts';

export const RULES: AcceptRules = { dailyQuota: 12, maxWaitingPerUser: 4 };
const LEASE_MS = 60_000;
const NEVER = new Promise<never>(() => {});
const TOKEN_LIFE_MS = 15 * 60_000;
const log = makeLog('silent');

/** A migrated database without rows, as bytes. */
const EMPTY = (() => {
  const db = openDatabase(':memory:');
  migrate(db, readMigrations(path.join(ROOT, 'migrations')), 0);
  const bytes = db.serialize();
  db.close();
  return bytes;
})();

interface Running {
  readonly life: Life;
  readonly db: Database;
  readonly store: JobStore;
  readonly dispatcher: Dispatcher;
  readonly outbox: Outbox;
  readonly ids: CustomIds;
}

/** Where the power goes out while an interaction is being answered. */
export const ANSWER_CRASHES = ['before', 'accepted', 'answering', 'answered'] as const;
export type AnswerCrash = (typeof ANSWER_CRASHES)[number] | 'none';

export class Program {
  /** Timers run by this one; what the program takes for the time of day may be set wrong. */
  readonly #clock: HandClock = handClock();
  #wrongByMs = 0;
  readonly discord = new SimulatedDiscord();
  /** What becomes of the next attempts. */
  readonly ends: AttemptEnd[] = [];
  readonly cursed = new Set<string>();
  /** Jobs whose asker was told, or may have been told, that they are queued. */
  readonly promised = new Set<string>();
  #image: Buffer = EMPTY;
  #now: Running;
  #random = 1;

  constructor() {
    this.#now = this.#start();
  }

  get store(): JobStore {
    return this.#now.store;
  }

  /** Whether the database's disk has no room left. */
  setFull(isFull: boolean): void {
    this.#now.db.pragma(`max_page_count = ${isFull ? 1 : 2 ** 30}`);
  }

  setClock(byMs: number): void {
    this.#wrongByMs += byMs;
  }

  #nowMs = () => this.#clock.nowMs() + this.#wrongByMs;

  get ids(): CustomIds {
    return this.#now.ids;
  }

  /** Rows read behind the store's back. */
  rows<Row>(sql: string): Row[] {
    return this.#now.db.prepare<[], Row>(sql).all();
  }

  /** Starts the next life where the last one ended by itself. */
  async revive(): Promise<void> {
    await settled();
    await filesSettled();
    if (this.#now.life.isOver) await this.#restart();
  }

  async advance(ms: number): Promise<void> {
    this.discord.trueMs += ms;
    await this.#clock.advance(ms);
    await filesSettled();
    if (this.#now.life.isOver) await this.#restart();
  }

  /** As an order of src/discord/order.ts goes, with the power failing in between if it is to. */
  async order(job: NewJob, crash: AnswerCrash): Promise<string | undefined> {
    const { store, life, outbox, dispatcher } = this.#now;
    if (crash === 'before') return this.#powerCut();
    const result = orNothing(() => store.accept(job, RULES));
    if (result === undefined) return undefined;
    if (!result.ok) return result.reason === 'duplicate' ? result.job.id : undefined;
    const { id } = result.job;
    if (crash === 'accepted') return this.#powerCut(id);
    if (orNothing(() => store.answering(id)) === undefined) return id;
    this.promised.add(id);
    if (crash === 'answering' || crash === 'answered') return this.#powerCut(id);
    const expiresAtMs = this.#nowMs() + TOKEN_LIFE_MS;
    const token = { applicationId: '1', token: id, expiresAtMs, original: '@original' } as const;
    outbox.answerThrough(id, token, this.discord.isClosed);
    orNothing(() => store.acknowledge(id));
    outbox.begin(id);
    dispatcher.kick();
    await settled();
    if (life.isOver) await this.#restart();
    return id;
  }

  cancel(jobId: string): void {
    if (orNothing(() => this.#now.dispatcher.cancel(jobId))) this.#now.outbox.touch(jobId);
  }

  async crash(): Promise<void> {
    this.#now.life.crash();
    await this.#restart();
  }

  /** SIGTERM: what runs may end, the rest goes back into the queue. */
  async stop(): Promise<void> {
    const { dispatcher, outbox, store, life, db } = this.#now;
    let isStopped = false;
    const stopping = dispatcher
      .drain(10_000)
      .catch(() => {})
      .then(() => outbox.stop())
      .then(() => {
        isStopped = true;
      });
    while (!isStopped && !life.isOver) await this.#clock.advance(1_000);
    if (!life.isOver) {
      await stopping;
      this.#image = db.serialize();
      life.isOver = true;
      store.close();
    }
    await this.#restart();
  }

  async #powerCut(jobId?: string): Promise<string | undefined> {
    await this.crash();
    return jobId;
  }

  async #restart(): Promise<void> {
    this.#now = this.#start();
    await settled();
    if (this.#now.life.isOver) await this.#restart();
  }

  #start(): Running {
    const db = openInMemory(this.#image);
    const clock = this.#clock;
    const life: Life = {
      isOver: false,
      sleep: async (ms) => {
        await clock.sleep(ms);
        if (life.isOver) await NEVER;
      },
      crash: () => {
        if (life.isOver) return;
        this.#image = db.serialize();
        life.isOver = true;
        store.close();
      },
    };
    const store = makeJobStore(db, { nowMs: this.#nowMs, randomBytes: (count) => this.#bytes(count) });
    store.recover(0);
    const ids = makeCustomIds(store);
    const mortal = {
      nowMs: this.#nowMs,
      sleep: async (ms: number, signal?: AbortSignal) => {
        if (life.isOver) return NEVER;
        await clock.sleep(ms, signal);
        return life.isOver ? NEVER : undefined;
      },
    };
    const worker = new SimulatedWorker(life, this.ends, this.cursed);
    const dataDir = path.join(ROOT, '.build/no-pictures-here');
    const dispatcher = new Dispatcher({
      store,
      workers: [worker],
      clock: mortal,
      log,
      dataDir,
      leaseMs: LEASE_MS,
      hasRoom: async () => true,
    });
    const outbox = new Outbox({
      store,
      messenger: this.discord.messenger(life),
      clock: mortal,
      log,
      wordingOf: () => ({ phrases: en, ids }),
      uploadLimitOf: () => 10 * 2 ** 20,
      showsJob: (customIds, jobId) => customIds.some((id) => ids.read(id)?.args.includes(jobId) === true),
      onUnauthorized: () => {},
      random: () => 1,
    });
    dispatcher.on((event) => {
      if (life.isOver) return;
      if (event.kind === 'progress') outbox.progress(event.progress);
      if (event.kind === 'job') outbox.touch(event.jobId);
    });
    dispatcher.start();
    outbox.start();
    return { life, db, store, dispatcher, outbox, ids };
  }

  /** The same for the same schedule. */
  #bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => {
      this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
      return this.#random >>> 24;
    });
  }
}

/** Undefined where the database could not take it; the asker is told that it did not work. */
function orNothing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** What the queue does with folders takes time of its own. */
async function filesSettled(): Promise<void> {
  while (process.getActiveResourcesInfo().includes('FSReqPromise')) await settled();
}

function openInMemory(image: Buffer): Database {
  const db = new Sqlite(image);
  db.pragma('foreign_keys = ON');
  const prepare = db.prepare.bind(db);
  db.prepare = ((sql: string) => lazily(() => prepare(sql))) as unknown as typeof db.prepare;
  return db;
}

/** A statement that is prepared when it is first run: most lives are short, and preparing all of them is most of a start. */
function lazily(prepare: () => Sqlite.Statement) {
  let made: Sqlite.Statement | undefined;
  let shape = (statement: Sqlite.Statement) => statement;
  const statement = () => {
    made ??= shape(prepare());
    return made;
  };
  const lazy = {
    get: (...values: unknown[]) => statement().get(...values),
    all: (...values: unknown[]) => statement().all(...values),
    run: (...values: unknown[]) => statement().run(...values),
    iterate: (...values: unknown[]) => statement().iterate(...values),
    pluck() {
      shape = (one) => one.pluck();
      return lazy;
    },
    raw() {
      shape = (one) => one.raw();
      return lazy;
    },
  };
  return lazy;
}
