// What the queue waits for when it cannot work: a full disk, a database that refuses, a worker that does not start. Each part waits
// longer after each failure and is asked again by itself. Deliberately not here: which error means which part.
import type { Clock } from '../clock.ts';
import type { DarkroomError, SerializedError } from '../errors.ts';
import type { QueueEvents } from './queueEvents.ts';

/** First wait after a failure, in milliseconds; doubles each time, so that a crash loop costs little. */
const FIRST_WAIT_MS = 1_000;
/** Longest wait: half a minute after the cause is gone, work goes on. */
const LONGEST_WAIT_MS = 30_000;

interface Stall {
  readonly error: SerializedError;
  readonly waitMs: number;
}

export class Stalls {
  readonly #parts = new Map<string, Stall>();
  readonly #clock: Clock;
  readonly #events: QueueEvents;

  constructor(clock: Clock, events: QueueEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** The error work stands still for, if any. */
  first(): SerializedError | undefined {
    return this.#parts.values().next().value?.error;
  }

  has(part: string): boolean {
    return this.#parts.has(part);
  }

  /** Notes a failure of the part; told once until it works again. */
  note(part: string, error: DarkroomError): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, (this.#parts.get(part)?.waitMs ?? FIRST_WAIT_MS / 2) * 2);
    const isNew = !this.#parts.has(part);
    this.#parts.set(part, { error: error.toJSON(), waitMs });
    if (isNew) this.#events.emit({ kind: 'stalled', part, error: error.toJSON() });
  }

  /** Waits as long as the part's last failure asks for, or until the signal aborts. */
  async wait(part: string, signal: AbortSignal): Promise<void> {
    const stall = this.#parts.get(part);
    if (stall === undefined || signal.aborted) return;
    await this.#clock.sleep(stall.waitMs, signal).catch(() => undefined);
  }

  clear(part: string): void {
    if (this.#parts.delete(part)) this.#events.emit({ kind: 'resumed', part });
  }
}
