// Troubles a test orders for a route: slow, refused, silent, or done but never answered.

export type FaultEffect =
  /** Waits, then goes on as usual. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answers at once, nothing is done; `text` is sent as HTML. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: object; readonly text?: string }
  | { readonly kind: 'rateLimit'; readonly retryAfterMs: number; readonly global?: boolean }
  /** Never answers, nothing is done. */
  | { readonly kind: 'hang' }
  /** Cuts the connection as soon as the body starts to arrive; nothing is done. */
  | { readonly kind: 'reset' }
  /** Does the work, then cuts the connection instead of answering. */
  | { readonly kind: 'dropResponse' };

export interface Fault {
  /** HTTP method; absent for any. */
  readonly method?: string;
  /** A path template of openapi.json, or a regular expression on the path below /api/v10. */
  readonly route: string;
  /** How many requests it meets; absent for all until cleared. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

interface ArmedFault {
  readonly fault: Fault;
  left: number;
}

export class Faults {
  #armed: ArmedFault[] = [];
  /** Requests that have met a fault so far. */
  met = 0;

  add(fault: Fault): void {
    this.#armed.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The first fault that fits, counted down. */
  take(method: string, template: string | null, path: string): Fault | undefined {
    const armed = this.#armed.find(({ fault }) => fits(fault, method, template, path));
    if (armed === undefined) return undefined;
    this.met += 1;
    armed.left -= 1;
    if (armed.left <= 0) this.#armed = this.#armed.filter((other) => other !== armed);
    return armed.fault;
  }
}

function fits(fault: Fault, method: string, template: string | null, path: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  if (fault.route === template) return true;
  return !fault.route.includes('{') && new RegExp(fault.route).test(path);
}
