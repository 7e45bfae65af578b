// How often the bot logs in to the gateway, counted in the database across its lives. Discord allows so many log-ins a day and takes the
// token of a bot that goes beyond them away, which a program that falls over and is started anew every few seconds would reach in an hour.
import { type IIdentifyThrottler, SimpleIdentifyThrottler } from 'discord.js';
import type { Clock } from '../clock.ts';
import type { JobStore } from '../core/jobStore.ts';
import type { Logger } from '../log.ts';

export interface IdentifyBudgetOptions {
  readonly store: Pick<JobStore, 'setting' | 'setSetting'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What Discord says of the gateway. @source Discord documentation, "Session Start Limit Object" */
interface Gateway {
  fetchGatewayInformation(): Promise<{
    readonly session_start_limit: { readonly total: number; readonly max_concurrency: number };
  }>;
}

const DAY_MS = 86_400_000;

/** Of a day's log-ins these may come at any speed, so that many connections open at once and a few restarts cost nothing. */
const AT_ONCE = 0.45;
/** And these evenly over the day; the rest is for other programs with the same token. In no day are there more than both together. */
const SPREAD = 0.5;

const PAID_UNTIL = 'gateway.identifies_paid_until_ms';

/**
 * A bucket that leaks: each log-in costs one space of time, and the bucket holds as many as may come at once. Where the database cannot be
 * written the count goes on in memory.
 * @source ITU-T I.371, generic cell rate algorithm
 */
export class IdentifyBudget {
  readonly #options: IdentifyBudgetOptions;
  readonly #spaceMs: number;
  readonly #roomMs: number;
  #paidUntilMs = 0;

  /** @param perDay log-ins Discord allows this bot in a day, 1,000 for all but the largest */
  constructor(perDay: number, options: IdentifyBudgetOptions) {
    this.#options = options;
    this.#spaceMs = DAY_MS / Math.max(1, Math.floor(perDay * SPREAD));
    this.#roomMs = Math.max(1, Math.floor(perDay * AT_ONCE)) * this.#spaceMs;
  }

  /** Milliseconds until the next log-in may be; 0 takes it, and it is committed before this returns. */
  take(): number {
    const nowMs = this.#options.clock.nowMs();
    // Beyond its room the bucket never fills; a clock that was set back must not keep the bot out for longer than one space.
    const owedMs = Math.min(Math.max(0, this.#read() - nowMs), this.#roomMs);
    const waitMs = owedMs + this.#spaceMs - this.#roomMs;
    if (waitMs > 0) return Math.ceil(waitMs);
    this.#write(nowMs + owedMs + this.#spaceMs);
    return 0;
  }

  /** @throws the signal's reason */
  async wait(signal?: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (let waitMs = this.take(); waitMs > 0; waitMs = this.take()) {
      log.warn({ waitMs }, 'the bot logged in to Discord too often lately; it waits, or Discord would lock it out');
      await clock.sleep(waitMs, signal);
    }
  }

  #read(): number {
    try {
      const kept = Number(this.#options.store.setting(PAID_UNTIL, () => '0'));
      return Math.max(this.#paidUntilMs, Number.isFinite(kept) ? kept : 0);
    } catch (err) {
      this.#options.log.warn({ err }, 'the number of log-ins cannot be read');
      return this.#paidUntilMs;
    }
  }

  #write(paidUntilMs: number): void {
    this.#paidUntilMs = paidUntilMs;
    try {
      this.#options.store.setSetting(PAID_UNTIL, String(Math.ceil(paidUntilMs)));
    } catch (err) {
      this.#options.log.warn({ err }, 'the number of log-ins cannot be kept');
    }
  }
}

/** For discord.js: first the day's budget, then the pause Discord wants between two log-ins. */
export function identifyThrottler(options: IdentifyBudgetOptions): (manager: Gateway) => Promise<IIdentifyThrottler> {
  return async (manager) => {
    const { session_start_limit: limit } = await manager.fetchGatewayInformation();
    const budget = new IdentifyBudget(limit.total, options);
    const pause = new SimpleIdentifyThrottler(limit.max_concurrency);
    return {
      async waitForIdentify(shardId, signal) {
        await budget.wait(signal);
        await pause.waitForIdentify(shardId, signal);
      },
    };
  };
}
