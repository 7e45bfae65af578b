// Discord's rate limits: one bucket for each route and its major parameter, fifty requests a second over all.
// The numbers per route are what is commonly seen; Discord publishes only that the headers must be believed.
import { createHash } from 'node:crypto';
import type { Timeline } from './timeline.ts';

export interface BucketRule {
  readonly limit: number;
  readonly windowMs: number;
}

/** Method and path template → its bucket; all other routes share `DEFAULT_RULE`'s numbers, each with its own bucket. */
export const BUCKET_RULES: Readonly<Record<string, BucketRule>> = {
  'POST /channels/{channel_id}/messages': { limit: 5, windowMs: 5000 },
  'PATCH /channels/{channel_id}/messages/{message_id}': { limit: 5, windowMs: 5000 },
  'DELETE /channels/{channel_id}/messages/{message_id}': { limit: 5, windowMs: 1000 },
  'PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me': { limit: 1, windowMs: 250 },
  'POST /webhooks/{webhook_id}/{webhook_token}': { limit: 5, windowMs: 2000 },
  'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}': { limit: 5, windowMs: 2000 },
  'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original': { limit: 5, windowMs: 2000 },
};
const DEFAULT_RULE: BucketRule = { limit: 50, windowMs: 1000 };

/** Requests a second over all routes but interactions'. @source Discord documentation, "Global Rate Limit" */
export const GLOBAL_PER_SECOND = 50;
/** 401, 403 and 429 answers in ten minutes before the address is banned. @source Discord documentation, "Invalid Request Limit" */
export const INVALID_LIMIT = 10_000;
const INVALID_WINDOW_MS = 600_000;

interface Window {
  startMs: number;
  used: number;
}

export interface Verdict {
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds to wait; null when the request may pass. */
  readonly waitMs: number | null;
  readonly global: boolean;
}

export class RateLimits {
  readonly #time: Timeline;
  readonly #windows = new Map<string, Window>();
  readonly #rules: Map<string, BucketRule>;
  readonly #enforced: boolean;
  #global: Window = { startMs: 0, used: 0 };
  #invalid: number[] = [];

  constructor(time: Timeline, enforced: boolean) {
    this.#time = time;
    this.#enforced = enforced;
    this.#rules = new Map(Object.entries(BUCKET_RULES));
  }

  /** Another rule for `METHOD /template` from now on. */
  setRule(route: string, rule: BucketRule): void {
    this.#rules.set(route, rule);
  }

  /** 401, 403 and 429 answers of the last ten minutes. */
  get invalidRequests(): number {
    const since = this.#time.nowMs() - INVALID_WINDOW_MS;
    this.#invalid = this.#invalid.filter((atMs) => atMs > since);
    return this.#invalid.length;
  }

  noteAnswer(status: number): void {
    if (status === 401 || status === 403 || status === 429) this.#invalid.push(this.#time.nowMs());
  }

  /** Takes one request of the bucket. Interaction callbacks have neither a bucket nor a part in the global limit. */
  take(method: string, template: string, major: string): Verdict {
    if (template.startsWith('/interactions/')) return { headers: {}, waitMs: null, global: false };
    const route = `${method} ${template}`;
    const rule = this.#rules.get(route) ?? DEFAULT_RULE;
    const isOpen = template.startsWith('/webhooks/');
    const globalWait = isOpen ? 0 : this.#takeGlobal();
    if (globalWait > 0 && this.#enforced)
      return {
        headers: { 'x-ratelimit-global': 'true', 'x-ratelimit-scope': 'global' },
        waitMs: globalWait,
        global: true,
      };
    return this.#takeBucket(route, rule, major);
  }

  #takeGlobal(): number {
    const now = this.#time.nowMs();
    if (now - this.#global.startMs >= 1000) this.#global = { startMs: now, used: 0 };
    this.#global.used += 1;
    return this.#global.used > GLOBAL_PER_SECOND ? this.#global.startMs + 1000 - now : 0;
  }

  #takeBucket(route: string, rule: BucketRule, major: string): Verdict {
    const now = this.#time.nowMs();
    const key = `${route} ${major}`;
    let window = this.#windows.get(key);
    if (window === undefined || now - window.startMs >= rule.windowMs) {
      window = { startMs: now, used: 0 };
      this.#windows.set(key, window);
    }
    const isEmpty = this.#enforced && window.used >= rule.limit;
    if (!isEmpty) window.used += 1;
    const resetMs = window.startMs + rule.windowMs;
    const remaining = this.#enforced ? Math.max(0, rule.limit - window.used) : rule.limit;
    const headers = {
      'x-ratelimit-bucket': createHash('md5').update(route).digest('hex'),
      'x-ratelimit-limit': String(rule.limit),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': (resetMs / 1000).toFixed(3),
      'x-ratelimit-reset-after': ((resetMs - now) / 1000).toFixed(3),
      ...(isEmpty ? { 'x-ratelimit-scope': 'user' } : {}),
    };
    return { headers, waitMs: isEmpty ? resetMs - now : null, global: false };
  }
}
