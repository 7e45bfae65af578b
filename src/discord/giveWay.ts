// While a crowd waits for its answers the machine that makes pictures holds its breath: on a processor the networks take every core, and what
// they take of caches and memory makes the bot itself slower. A picture comes a moment later, hundreds of people are answered in half the time.
// Deliberately not here: how the machine does it; it goes on by itself when it hears nothing more.

/** For so long from each asking, in milliseconds; asked again before that is over. */
const PAUSE_MS = 400;
const ASK_AGAIN_MS = 200;
/** A crowd that has no end, and one that comes back at once, is everyday life: then pictures are made beside it. */
const MAX_PAUSED_MS = 4_000;
const REST_MS = 8_000;

export interface GiveWayOptions {
  /** Whether many people wait for an answer. */
  readonly isCrowded: () => boolean;
  /** Lets no network call begin for that long. */
  readonly giveWay: (ms: number) => void;
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs?: () => number;
}

export class GiveWay {
  readonly #options: GiveWayOptions;
  readonly #nowMs: () => number;
  /** When the pauses began of which MAX_PAUSED_MS may be; new ones only REST_MS after that. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GiveWayOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Somebody came. */
  look(): void {
    if (this.#timer === undefined) this.#ask();
  }

  #ask(): void {
    this.#timer = undefined;
    if (!this.#options.isCrowded()) return;
    const now = this.#nowMs();
    if (now - this.#sinceMs >= MAX_PAUSED_MS + REST_MS) this.#sinceMs = now;
    if (now - this.#sinceMs < MAX_PAUSED_MS) this.#options.giveWay(PAUSE_MS);
    this.#timer = setTimeout(() => this.#ask(), ASK_AGAIN_MS).unref();
  }
}
