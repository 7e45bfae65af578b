// Time turned by hand: nothing happens until a test advances it.
import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly ms: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #nowMs: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #watchers = new Set<() => void>();

  constructor(nowMs = 1_800_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { ms, dueMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** Waits of those asleep now, in milliseconds, as they were asked for. */
  get asleep(): readonly number[] {
    return [...this.#sleepers].map((sleeper) => sleeper.ms);
  }

  /** Resolves once somebody sleeps exactly `ms`. */
  async untilAsleep(ms: number): Promise<void> {
    while (!this.asleep.includes(ms)) {
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
      this.#watchers.clear();
    }
  }

  /** Wakes in order of their time all who are due within `ms`, those included who fall asleep meanwhile. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#nowMs = next.dueMs;
      this.#sleepers.delete(next);
      next.wake();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter((sleeper) => sleeper.dueMs <= endMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}
