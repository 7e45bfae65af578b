// The waiting line in memory: every queued job by user, in order of asking, so that the next claim and anybody's place are found without
// reading the line from the database. It decides nothing; fairness.ts does. The database can make it again at any moment.
import { joinRing, nextTurn, type Place, type Turn, turnedTo, visitsNeeded } from './fairness.ts';

export interface QueuedJob {
  readonly jobId: string;
  readonly userId: string;
  /** Order of acceptance. */
  readonly seq: number;
  /** Whose pace decides its cost: a model or an upscaler. */
  readonly worker: string;
  /** What else a worker must have for it, as core/work.ts names it; absent is nothing. */
  readonly needs?: readonly string[] | undefined;
  /** Units of core/work.ts. */
  readonly work: number;
  /** Shares of the machine's time it is given, 1 … 4; absent is 1. */
  readonly weight?: number | undefined;
}

/** Expected machine time of a job in whole milliseconds, at least 1. */
export type CostOf = (job: QueuedJob) => number;

/** The waiting jobs of one user, oldest first. */
interface UserLine {
  jobs: QueuedJob[];
  /** Of the first k + 1 jobs together; made anew when the line or a pace has changed. */
  totals: Total[] | null;
  /** What the round counts for the first of them; null until somebody asks. */
  headFairMs: number | null;
}

interface Total {
  /** Machine time. */
  readonly ms: number;
  /** What the round counts for it. */
  readonly fairMs: number;
}

const NOTHING: Total = { ms: 0, fairMs: 0 };

interface Joined {
  readonly ring: readonly Turn[];
  /** Exactly those who wait. */
  readonly turns: readonly Turn[];
  /** Theirs, in the same order. */
  readonly lines: readonly UserLine[];
  /** Whether some of them were not in the ring: their order hangs on the age of their first jobs. */
  readonly hasNewcomers: boolean;
}

export class Backlog {
  readonly #lines = new Map<string, UserLine>();
  readonly #byId = new Map<string, QueuedJob>();
  #costOf: CostOf;
  /** The ring that was asked about last, with everybody who waits; null when somebody came or went since. */
  #joined: Joined | null = null;

  constructor(costOf: CostOf) {
    this.#costOf = costOf;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** What jobs cost has changed. */
  reprice(costOf: CostOf): void {
    this.#costOf = costOf;
    for (const line of this.#lines.values()) [line.totals, line.headFairMs] = [null, null];
  }

  add(job: QueuedJob): void {
    if (this.#byId.has(job.jobId)) return;
    this.#byId.set(job.jobId, job);
    const line = this.#lines.get(job.userId) ?? { jobs: [], totals: null, headFairMs: null };
    this.#lines.set(job.userId, line);
    const at = line.jobs.findLastIndex((other) => other.seq < job.seq) + 1;
    if (at === 0) [this.#joined, line.headFairMs] = [null, null];
    if (at === line.jobs.length) line.jobs.push(job);
    else line.jobs.splice(at, 0, job);
    if (at < line.jobs.length - 1) line.totals = null;
    else line.totals?.push(this.#after(line.totals.at(-1), job));
  }

  remove(jobId: string): void {
    const job = this.#byId.get(jobId);
    if (job === undefined) return;
    this.#byId.delete(jobId);
    const line = this.#lines.get(job.userId)!;
    if (line.jobs[0] === job) {
      line.headFairMs = null;
      if (this.#joined?.hasNewcomers === true) this.#joined = null;
    }
    line.jobs.splice(line.jobs.indexOf(job), 1);
    line.totals = null;
    if (line.jobs.length > 0) return;
    this.#lines.delete(job.userId);
    this.#joined = null;
  }

  clear(): void {
    this.#lines.clear();
    this.#byId.clear();
    this.#joined = null;
  }

  /**
   * The job whose turn it is, and the ring after that. The work grows with the users, not with the jobs.
   * @param names only jobs that need nothing but these; every job when absent
   */
  next(ring: readonly Turn[], names?: ReadonlySet<string>): { jobId: string; ring: readonly Turn[] } | undefined {
    const { turns, lines } = this.#join(ring);
    const heads = lines.map(({ jobs }) => (names === undefined ? jobs[0] : jobs.find((one) => isEnough(names, one))));
    const costs = heads.map((job, place) => (job === undefined ? undefined : this.#headMs(job, lines[place]!)));
    const choice = nextTurn(turns, costs, ring.at(-1)?.userId);
    if (choice === undefined) return undefined;
    this.#joined = {
      ring: choice.ring,
      turns: choice.ring,
      lines: turnedTo(lines, choice.place),
      hasNewcomers: false,
    };
    return { jobId: heads[choice.place]!.jobId, ring: choice.ring };
  }

  /** Cost of everything that waits, in milliseconds. */
  totalMs(): number {
    let sum = 0;
    for (const line of this.#lines.values()) sum += this.#totals(line).at(-1)?.ms ?? 0;
    return sum;
  }

  /**
   * The place `nextTurn` would give a job if nobody else came: jobs are taken by the visits a user needs for all of his jobs up to that
   * one, then by his place in the ring, then by age. Of every other user only the number of jobs in front is looked for.
   */
  placeOf(ring: readonly Turn[], jobId: string): Place | undefined {
    const job = this.#byId.get(jobId);
    if (job === undefined) return undefined;
    const served = ring.at(-1)?.userId;
    const { turns, lines } = this.#join(ring);
    const own = this.#lines.get(job.userId)!;
    const ownPlace = lines.indexOf(own);
    const ownIndex = own.jobs.indexOf(job);
    const ownTotals = this.#totals(own);
    const visits = visitsNeeded(ownTotals[ownIndex]!.fairMs, turns[ownPlace]!, served);
    let position = ownIndex;
    let aheadMs = ownTotals[ownIndex - 1]?.ms ?? 0;
    for (let place = 0; place < turns.length; place += 1) {
      if (place === ownPlace) continue;
      const totals = this.#totals(lines[place]!);
      const count = countWithin(totals, turns[place]!, served, place < ownPlace ? visits : visits - 1);
      position += count;
      aheadMs += totals[count - 1]?.ms ?? 0;
    }
    return { position, aheadMs, ownMs: this.#costOf(job) };
  }

  #join(ring: readonly Turn[]): Joined {
    if (this.#joined?.ring !== ring) {
      const turns = joinRing(ring, this.#userOrder(ring));
      const lines = turns.map(({ userId }) => this.#lines.get(userId)!);
      const known = new Set(ring.map(({ userId }) => userId));
      this.#joined = { ring, turns, lines, hasNewcomers: turns.some(({ userId }) => !known.has(userId)) };
    }
    return this.#joined;
  }

  /** Users who wait, first those of the ring, then newcomers by the age of their first job. */
  #userOrder(ring: readonly Turn[]): ReadonlyMap<string, unknown> {
    const known = new Set(ring.map(({ userId }) => userId));
    const [staying, joining]: [string[], [string, UserLine][]] = [[], []];
    for (const [userId, line] of this.#lines) {
      if (known.has(userId)) staying.push(userId);
      else joining.push([userId, line]);
    }
    joining.sort(([, one], [, other]) => one.jobs[0]!.seq - other.jobs[0]!.seq);
    return new Map([...staying, ...joining.map(([userId]) => userId)].map((userId) => [userId, undefined]));
  }

  /** A job of weight 3 is counted a third: its user gets three times the machine time of others who wait, and each of them still his own. */
  #fairMs(job: QueuedJob): number {
    return Math.max(1, Math.ceil(this.#costOf(job) / (job.weight ?? 1)));
  }

  #headMs(job: QueuedJob, line: UserLine): number {
    if (line.jobs[0] !== job) return this.#fairMs(job);
    line.headFairMs ??= this.#fairMs(job);
    return line.headFairMs;
  }

  #after({ ms, fairMs }: Total = NOTHING, job: QueuedJob): Total {
    return { ms: ms + this.#costOf(job), fairMs: fairMs + this.#fairMs(job) };
  }

  #totals(line: UserLine): readonly Total[] {
    if (line.totals === null) {
      let sum = NOTHING;
      line.totals = line.jobs.map((job) => {
        sum = this.#after(sum, job);
        return sum;
      });
    }
    return line.totals;
  }
}

function isEnough(names: ReadonlySet<string>, { worker, needs = [] }: QueuedJob): boolean {
  return names.has(worker) && needs.every((name) => names.has(name));
}

/** How many of somebody's jobs come with so many visits. No closure: this is asked of every user, for every look at a place. */
function countWithin(totals: readonly Total[], turn: Turn, served: string | undefined, visits: number): number {
  let low = 0;
  let high = totals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (visitsNeeded(totals[middle]!.fairMs, turn, served) <= visits) low = middle + 1;
    else high = middle;
  }
  return low;
}
