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
  /** The ring after this choice; the chosen user is its last and is the one being served. */
  readonly ring: readonly Turn[];
}

/** What one visit of the round grants, in milliseconds of machine time: far below a job, so that unequal jobs share evenly. */
const QUANTUM_MS = 100;

/**
 * The user whose first job runs next. Who has nothing waiting leaves the ring and what he was owed; who is new joins at its end.
 * Instead of turning the ring step by step, the visits each user still needs are computed: the work does not grow with the costs.
 * @param others users whose jobs wait for something else (a model another machine has): they keep their place and what they are owed
 */
export function nextTurn(
  ring: readonly Turn[],
  heads: readonly Head[],
  others: readonly string[] = [],
): Choice | undefined {
  if (heads.length === 0) return undefined;
  const costs = new Map(heads.map((head) => [head.userId, head.costMs]));
  const present = joinRing(ring, new Map([...costs, ...others.map((userId) => [userId, undefined] as const)]));
  const served = ring.at(-1)?.userId;
  const visits = present.map((turn) => {
    const costMs = costs.get(turn.userId);
    return costMs === undefined ? Number.POSITIVE_INFINITY : visitsNeeded(costMs, turn, served);
  });
  const rounds = visits.reduce((least, count) => Math.min(least, count));
  const winner = visits.indexOf(rounds);
  const paid = present.map(({ userId, owedMs }, place) => {
    const costMs = costs.get(userId);
    if (costMs === undefined) return { userId, owedMs };
    const grantedMs = Math.max(0, place <= winner ? rounds : rounds - 1) * QUANTUM_MS;
    return { userId, owedMs: owedMs + grantedMs - (place === winner ? costMs : 0) };
  });
  return { userId: present[winner]!.userId, ring: [...paid.slice(winner + 1), ...paid.slice(0, winner + 1)] };
}

/**
 * The ring with exactly those who wait: newcomers in the order of `waiting`.
 * Newcomers stand behind everybody who waits but in front of the one being served: his visit ends after they came.
 */
export function joinRing(ring: readonly Turn[], waiting: ReadonlyMap<string, unknown>): readonly Turn[] {
  const served = ring.at(-1)?.userId;
  const staying = ring.filter((turn) => waiting.has(turn.userId));
  const known = new Set(staying.map((turn) => turn.userId));
  const joining = [...waiting.keys()].filter((userId) => !known.has(userId));
  const at = staying.at(-1)?.userId === served ? staying.length - 1 : staying.length;
  return staying.toSpliced(Math.max(0, at), 0, ...joining.map((userId) => ({ userId, owedMs: 0 })));
}

/** Visits until the user can pay; the one being served goes on without a new visit as long as he can. */
export function visitsNeeded(costMs: number, { userId, owedMs }: Turn, served: string | undefined): number {
  return Math.max(userId === served ? 0 : 1, Math.ceil((costMs - owedMs) / QUANTUM_MS));
}

/** Where one job stands among the waiting. */
export interface Place {
  /** 0-based. */
  readonly position: number;
  /** Of the jobs in front of it. */
  readonly aheadMs: number;
  readonly ownMs: number;
}
