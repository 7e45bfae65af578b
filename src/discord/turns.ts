// Whose turn it is on the event loop. The gateway may hand over hundreds of interactions in one piece; begun all at once, the last of them
// would have to be read before the first could be answered, and the messages of jobs would stand in the way of answers somebody waits for.
// So only a slice of each turn goes to new work, and messages go behind answers. Deliberately no limit: whatever is asked for is done.

/** New work of one turn of the event loop, in milliseconds up to where it first waits; what is under way goes on in between. */
const SLICE_MS = 8;
/** And so many, for much of their work is behind the first wait, in the same turn. Fewer than are told at once: what is begun is to be ended first. */
const ANSWERS_A_TURN = 5;
/** Messages begun in one turn: each costs about a millisecond once it goes on. */
const MESSAGES_A_TURN = 4;
/** Between two looks whether the answers are out. */
const LOOK_MS = 20;
/** However many wait for answers, a message waits no longer than this for them. */
const MAX_HOLD_MS = 5_000;

export interface TurnsOptions {
  /** Whether so many people wait for an answer that messages had better wait too. */
  readonly isCrowded: () => boolean;
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs?: () => number;
}

interface Message {
  readonly sinceMs: number;
  readonly begin: () => void;
}

export class Turns {
  readonly #isCrowded: () => boolean;
  readonly #nowMs: () => number;
  #answers: (() => void)[] = [];
  #messages: Message[] = [];
  /** Of the slice, in this turn of the event loop. */
  #spentMs = 0;
  #begunAnswers = 0;
  #begunMessages = 0;
  #nextTurn: 'none' | 'soon' | 'later' = 'none';

  constructor({ isCrowded, nowMs = () => performance.now() }: TurnsOptions) {
    this.#isCrowded = isCrowded;
    this.#nowMs = nowMs;
  }

  /** Begins `work`, which answers somebody, when its turn comes: at once where nobody else waits. */
  answer<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#answers.push(() => work().then(resolve, reject));
      this.#go();
    });
  }

  /** Resolves when a message may be made and sent. */
  message(): Promise<void> {
    return new Promise((resolve) => {
      this.#messages.push({ sinceMs: this.#nowMs(), begin: resolve });
      this.#go();
    });
  }

  #go(): void {
    while (this.#mayBeginAnswer()) this.#spend(this.#answers.shift()!);
    while (this.#mayBeginMessage()) {
      this.#begunMessages += 1;
      this.#messages.shift()!.begin();
    }
    this.#plan();
  }

  #mayBeginAnswer(): boolean {
    return this.#answers.length > 0 && this.#spentMs < SLICE_MS && this.#begunAnswers < ANSWERS_A_TURN;
  }

  #spend(begin: () => void): void {
    const startMs = this.#nowMs();
    this.#begunAnswers += 1;
    begin();
    this.#spentMs += this.#nowMs() - startMs;
  }

  #mayBeginMessage(): boolean {
    const [first] = this.#messages;
    if (first === undefined || this.#begunMessages >= MESSAGES_A_TURN) return false;
    const isCalm = this.#answers.length === 0 && !this.#isCrowded();
    return isCalm || this.#nowMs() - first.sinceMs > MAX_HOLD_MS;
  }

  /** The next turn gives a new slice; where only held messages wait, it need not be the very next. */
  #plan(): void {
    const isSoon = this.#answers.length + this.#begunAnswers + this.#begunMessages > 0;
    if (isSoon && this.#nextTurn !== 'soon') {
      this.#nextTurn = 'soon';
      setImmediate(() => this.#turn());
    } else if (!isSoon && this.#messages.length > 0 && this.#nextTurn === 'none') {
      this.#nextTurn = 'later';
      setTimeout(() => this.#turn(), LOOK_MS);
    }
  }

  #turn(): void {
    this.#nextTurn = 'none';
    this.#spentMs = 0;
    this.#begunAnswers = 0;
    this.#begunMessages = 0;
    this.#go();
  }
}
