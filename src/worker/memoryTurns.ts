// Which models may work at the same time where memory is short: two that do not fit side by side would load and close their networks
// anew at every step, so the second waits until the first has no job. Numbers and promises only; nothing is opened or closed here.

import { DarkroomError } from '../errors.ts';

/** Jobs of a model at work that may begin before the first who waits: a change between two models costs seconds. */
const MOST_OVERTAKEN = 4;

interface Waiting {
  readonly model: string;
  readonly bytes: number;
  overtaken: number;
  begin(): void;
}

export class MemoryTurns {
  readonly #limitBytes: number;
  /** Jobs at work by model. */
  readonly #working = new Map<string, { bytes: number; jobs: number }>();
  readonly #waiting: Waiting[] = [];

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /**
   * Resolves when the job may work; every one ends with `end`.
   * @param bytes what the model needs at least while it works
   * @param signal gives up the place in the line
   * @throws cancelled when the signal aborts
   */
  async begin(model: string, bytes: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw cancelled();
    if (this.#mayBegin(model, bytes)) {
      this.#start(model, bytes);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting = { model, bytes, overtaken: 0, begin: resolve };
      this.#waiting.push(waiting);
      signal?.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(waiting);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        this.#admit();
        reject(cancelled());
      });
    });
  }

  /** Without a turn: for a second model of a job that has one already and would wait for itself. */
  join(model: string, bytes: number): void {
    this.#start(model, bytes);
  }

  end(model: string): void {
    const working = this.#working.get(model);
    if (working === undefined) return;
    working.jobs -= 1;
    if (working.jobs === 0) this.#working.delete(model);
    this.#admit();
  }

  #mayBegin(model: string, bytes: number): boolean {
    const [first] = this.#waiting;
    if (this.#working.has(model)) {
      if (first === undefined) return true;
      if (first.overtaken >= MOST_OVERTAKEN) return false;
      first.overtaken += 1;
      return true;
    }
    return first === undefined && this.#fits(bytes);
  }

  #fits(bytes: number): boolean {
    const taken = [...this.#working.values()].reduce((sum, one) => sum + one.bytes, 0);
    return this.#working.size === 0 || taken + bytes <= this.#limitBytes;
  }

  #start(model: string, bytes: number): void {
    const working = this.#working.get(model) ?? { bytes, jobs: 0 };
    working.jobs += 1;
    this.#working.set(model, working);
  }

  /** Whoever is first in line and fits, and behind it those of the models that then work. */
  #admit(): void {
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting as [Waiting];
      if (!this.#working.has(first.model) && !this.#fits(first.bytes)) return;
      this.#waiting.shift();
      this.#start(first.model, first.bytes);
      first.begin();
    }
  }
}

function cancelled(): DarkroomError {
  return new DarkroomError('cancelled', 'the job was cancelled');
}
