// Whose turn it is: deficit round robin over users as a pure function. Everybody in the ring gets the same share of machine time;
// a user with fifty jobs waits behind himself, not in front of others.
// @source Shreedhar and Varghese, "Efficient Fair Queuing using Deficit Round Robin", SIGCOMM 1995, section 3.

/** One user's place in the round. */
export interface Turn {
  readonly userId: string;
  /** The deficit: machine time granted and not yet used. */
  readonly owedMs: number;
}

/** The first waiting job of one user; users in the order in which their first jobs arrived. */
export interface Head {
  readonly userId: string;
  /** Expected machine time in whole milliseconds, above 0. */
  readonly costMs: number;
}

export interface Choice {
  readonly userId: string;
  /** The ring after this choice. */
  readonly ring: readonly Turn[];
}

/** What one visit of the round grants, in milliseconds of machine time: far below a job, so that unequal jobs share evenly. */
const QUANTUM_MS = 100;

/**
 * The user whose first job runs next. Who has nothing waiting leaves the ring and what he was owed; who is new joins at its end.
 * Instead of turning the ring step by step, the visits each user still needs are computed: the work does not grow with the costs.
 */
export function nextTurn(ring: readonly Turn[], heads: readonly Head[]): Choice | undefined {
  if (heads.length === 0) return undefined;
  const costs = new Map(heads.map((head) => [head.userId, head.costMs]));
  const present = joinRing(ring, costs);
  const visits = present.map((turn) => visitsNeeded(costs.get(turn.userId)!, turn));
  const rounds = visits.reduce((least, count) => Math.min(least, count));
  const winner = visits.indexOf(rounds);
  const paid = present.map(({ userId, owedMs }, place) => {
    const grantedMs = Math.max(0, place <= winner ? rounds : rounds - 1) * QUANTUM_MS;
    return { userId, owedMs: owedMs + grantedMs - (place === winner ? costs.get(userId)! : 0) };
  });
  return { userId: present[winner]!.userId, ring: [...paid.slice(winner + 1), ...paid.slice(0, winner + 1)] };
}

function joinRing(ring: readonly Turn[], waiting: ReadonlyMap<string, unknown>): readonly Turn[] {
  const staying = ring.filter((turn) => waiting.has(turn.userId));
  const known = new Set(staying.map((turn) => turn.userId));
  const joining = [...waiting.keys()].filter((userId) => !known.has(userId));
  return [...staying, ...joining.map((userId) => ({ userId, owedMs: 0 }))];
}

function visitsNeeded(costMs: number, turn: Turn): number {
  return Math.max(0, Math.ceil((costMs - turn.owedMs) / QUANTUM_MS));
}

/** A waiting job, for `claimOrder`. */
export interface WaitingJob extends Head {
  readonly jobId: string;
}

/**
 * Waiting jobs (oldest first) in the order in which `nextTurn` would take them if nobody else came: by visits needed for a user's
 * jobs up to this one, then by place in the ring, then by age. One sort instead of one turn a job.
 */
export function claimOrder(ring: readonly Turn[], waiting: readonly WaitingJob[]): readonly string[] {
  const users = new Map(waiting.map((job) => [job.userId, 0]));
  const places = new Map(joinRing(ring, users).map((turn, place) => [turn.userId, { turn, place }]));
  const ranked = waiting.map((job) => {
    const { turn, place } = places.get(job.userId)!;
    const totalMs = users.get(job.userId)! + job.costMs;
    users.set(job.userId, totalMs);
    return { jobId: job.jobId, visits: visitsNeeded(totalMs, turn), place };
  });
  return ranked.sort((a, b) => a.visits - b.visits || a.place - b.place).map((job) => job.jobId);
}
