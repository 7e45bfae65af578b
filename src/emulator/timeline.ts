// The emulator's time: a clock underneath plus an offset that controls can push forward, and alarms that ring in that time.
// Deadlines (3 s answers, 15 min tokens, rate-limit windows) read this; nothing here knows what they are for.
import { type Clock, systemClock } from '../clock.ts';

interface Alarm {
  readonly dueMs: number;
  readonly ring: () => void;
}

export class Timeline implements Clock {
  readonly #base: Clock;
  #offsetMs = 0;
  readonly #alarms = new Set<Alarm>();
  #armed: AbortController | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;

  constructor(base: Clock = systemClock) {
    this.#base = base;
  }

  nowMs(): number {
    return this.#base.nowMs() + this.#offsetMs;
  }

  /** Pushes time forward; every alarm that falls due rings before this returns. */
  advance(ms: number): void {
    this.#offsetMs += ms;
    this.#ringDue();
  }

  /** Rings once, `delayMs` from now. The returned function takes the alarm back. */
  after(delayMs: number, ring: () => void): () => void {
    const alarm: Alarm = { dueMs: this.nowMs() + delayMs, ring };
    this.#alarms.add(alarm);
    this.#armFor(alarm.dueMs);
    return () => {
      // The sleep stays as it is while others wait: it finds nothing due, and is armed anew.
      this.#alarms.delete(alarm);
      if (this.#alarms.size === 0) this.#disarm();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const takeBack = this.after(ms, resolve);
      const onAbort = () => {
        takeBack();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Takes back every alarm, so that nothing keeps the process alive. */
  stop(): void {
    this.#alarms.clear();
    this.#disarm();
  }

  #ringDue(): void {
    const now = this.nowMs();
    const due = [...this.#alarms].filter((alarm) => alarm.dueMs <= now).sort((a, b) => a.dueMs - b.dueMs);
    for (const alarm of due) this.#alarms.delete(alarm);
    for (const alarm of due) alarm.ring();
    this.#disarm();
    let next = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#alarms) next = Math.min(next, dueMs);
    this.#armFor(next);
  }

  /** Keeps one sleep running on the clock underneath, no longer than to the next alarm. */
  #armFor(dueMs: number): void {
    if (dueMs >= this.#armedForMs) return;
    this.#disarm();
    const armed = new AbortController();
    this.#armed = armed;
    this.#armedForMs = dueMs;
    this.#base.sleep(Math.max(0, dueMs - this.nowMs()), armed.signal).then(
      () => this.#ringDue(),
      () => {},
    );
  }

  #disarm(): void {
    this.#armed?.abort();
    this.#armed = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
  }
}
