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
  #alarms: Alarm[] = [];
  #armed: AbortController | undefined;

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
    this.#alarms.push(alarm);
    this.#arm();
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
      this.#arm();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const takeBack = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        takeBack();
        reject(signal.reason);
      });
    });
  }

  /** Takes back every alarm, so that nothing keeps the process alive. */
  stop(): void {
    this.#alarms = [];
    this.#arm();
  }

  #ringDue(): void {
    const now = this.nowMs();
    const due = this.#alarms.filter((alarm) => alarm.dueMs <= now).sort((a, b) => a.dueMs - b.dueMs);
    this.#alarms = this.#alarms.filter((alarm) => alarm.dueMs > now);
    for (const alarm of due) alarm.ring();
    this.#arm();
  }

  /** Keeps exactly one sleep running on the clock underneath: the one for the next alarm. */
  #arm(): void {
    this.#armed?.abort();
    this.#armed = undefined;
    if (this.#alarms.length === 0) return;
    const next = Math.min(...this.#alarms.map((alarm) => alarm.dueMs));
    const armed = new AbortController();
    this.#armed = armed;
    this.#base.sleep(Math.max(0, next - this.nowMs()), armed.signal).then(
      () => this.#ringDue(),
      () => {},
    );
  }
}
