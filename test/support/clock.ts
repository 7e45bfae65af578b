// A clock turned by hand: `advance` moves time and wakes the sleepers that are due, oldest first.
import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

export interface HandClock extends Clock {
  /** Moves time and lets everything that woke run until it waits again. */
  advance(ms: number): Promise<void>;
  /** Moves time without waking anybody, as a clock correction does. */
  jump(ms: number): void;
  /** Sleepers not yet due. */
  sleeping(): number;
}

export function handClock(startMs = Date.UTC(2026, 0, 2, 12)): HandClock {
  let nowMs = startMs;
  let sleepers: Sleeper[] = [];
  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal?.reason);
        };
        const wake = () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const sleeper = { dueMs: nowMs + ms, wake };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const next = sleepers.toSorted((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined || next.dueMs > endMs) break;
        sleepers = sleepers.filter((other) => other !== next);
        nowMs = Math.max(nowMs, next.dueMs);
        next.wake();
        await settled();
      }
      nowMs = endMs;
      await settled();
    },
    jump(ms) {
      nowMs += ms;
    },
    sleeping: () => sleepers.length,
  };
}

/** Resolves after every promise that could move without time has moved. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets things that need no clock (files, promises) run until the condition holds. @throws when it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (condition()) return;
    await settled();
  }
  throw new Error(`never came true: ${condition.toString()}`);
}
