// Whose turn it is: deficit round robin over users as a pure function. Everybody in the ring gets the same share of machine time;
// a user with fifty jobs waits behind himself, not in front of others.
// @source Shreedhar and Varghese, "Efficient Fair Queuing using Deficit Round Robin", SIGCOMM 1995, section 3.

/** One user's place in the round. */
export interface Turn {
  readonly userId: string;
  /** The deficit: machine time granted and not yet used. */
  readonly owedMs: number;
}

export interface Choice {
  /** The user's place in the ring that was given. */
  readonly place: number;
  /** The ring after this choice; the chosen user is its last and is the one being served. */
  readonly ring: readonly Turn[];
}

/** What one visit of the round grants, in milliseconds of machine time: far below a job, so that unequal jobs share evenly. */
const QUANTUM_MS = 100;

/**
 * The user whose first job runs next. Instead of turning the ring step by step, the visits each user still needs are computed: the work does
 * not grow with the costs.
 * @param ring exactly those who wait, by `joinRing`
 * @param costsMs of the first job of each, in whole milliseconds above 0; undefined for users whose jobs wait for something else (a model
 *   another machine has): they keep their place and what they are owed
 * @param served who was chosen last
 */
export function nextTurn(
  ring: readonly Turn[],
  costsMs: readonly (number | undefined)[],
  served: string | undefined,
): Choice | undefined {
  let [winner, rounds] = [-1, Number.POSITIVE_INFINITY];
  for (let place = 0; place < ring.length; place += 1) {
    const costMs = costsMs[place];
    const visits = costMs === undefined ? Number.POSITIVE_INFINITY : visitsNeeded(costMs, ring[place]!, served);
    if (visits < rounds) [winner, rounds] = [place, visits];
  }
  if (winner < 0) return undefined;
  const paid = ring.map((turn, place) => {
    const costMs = costsMs[place];
    if (costMs === undefined) return turn;
    const grantedMs = Math.max(0, place <= winner ? rounds : rounds - 1) * QUANTUM_MS;
    return { userId: turn.userId, owedMs: turn.owedMs + grantedMs - (place === winner ? costMs : 0) };
  });
  return { place: winner, ring: turnedTo(paid, winner) };
}

/** The same round, with the one at `place` as its last. */
export function turnedTo<T>(ring: readonly T[], place: number): readonly T[] {
  return [...ring.slice(place + 1), ...ring.slice(0, place + 1)];
}

/**
 * The ring with exactly those who wait: who has nothing waiting leaves it and what he was owed; newcomers come in the order of `waiting`.
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
