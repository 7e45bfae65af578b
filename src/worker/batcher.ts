// The heart of the image process: pictures of many jobs ask, one network call answers as many of them as can share it.
// It owns the waiting asks and runs one call at a time; what a picture does with its answer is the pipeline's business.
import type { PictureScores } from '../core/pictureJudgement.ts';
import type { Answer, Conditioning, ControlRow, Latents, NetworkAsk, Pixels, UnetRow } from '../diffusion/asks.ts';
import type { LoraStack } from '../diffusion/loraStack.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import type { RowBudget, WaitingAsk } from './callPlan.ts';
import { groupOf, planCall, queuesOf, rowLimitOf, rowsOf } from './callPlan.ts';
import { type Deferred, deferred } from './deferred.ts';

/** f32[c, h, w] mean and standard deviation of one picture's posterior. */
export interface Posterior {
  readonly mean: Latents;
  readonly std: Float32Array;
}

/** The networks of one open model; every method answers row by row, in order. */
export interface Networks {
  /**
   * @param clipSkip the same for all of them
   * @param loras of each
   */
  text(
    prompts: readonly string[],
    clipSkip?: number,
    loras?: readonly (LoraStack | undefined)[],
  ): Promise<readonly Conditioning[]>;
  unet(rows: readonly UnetRow[]): Promise<readonly Float32Array[]>;
  /** @param tile the same for all of them */
  encode(pixels: readonly Pixels[], tile?: boolean): Promise<readonly Posterior[]>;
  decode(latents: readonly Latents[], tile?: boolean): Promise<readonly Pixels[]>;
}

/** The upscalers of this installation, which belong to no model. */
export interface UpscalerNetworks {
  /** @param model an upscaler's name, the same for all of them */
  upscale(pixels: readonly Pixels[], model: string): Promise<readonly Pixels[]>;
}

/** The control networks of this installation; a network's name is the same for all rows of a call. */
export interface ControlNetworks {
  /** What each map says. @param tile the same for all of them */
  hint(maps: readonly Pixels[], control: string, tile?: boolean): Promise<readonly (readonly Latents[])[]>;
  /** What is added for each row. */
  control(rows: readonly ControlRow[], control: string): Promise<readonly (readonly Latents[])[]>;
}

/** Who says what pictures show; belongs to no model, or to one whose own checker looks too. */
export interface JudgeNetworks {
  judge(pixels: readonly Pixels[]): Promise<readonly PictureScores[]>;
}

type AllNetworks = Networks & UpscalerNetworks & JudgeNetworks & ControlNetworks;
type SomeNetworks = Networks | UpscalerNetworks | JudgeNetworks | ControlNetworks;

/** Who asks: the job whose turn it is and the model it uses. */
export interface Asker {
  readonly job: number;
  readonly model: string;
  readonly networks: SomeNetworks;
  readonly signal: AbortSignal;
}

export interface BatcherOptions {
  readonly budget: RowBudget;
  /** Called around every network call; the watchdog's eye. */
  readonly onCall?: (kind: NetworkAsk['kind'], rows: number) => void;
  readonly onIdle?: () => void;
}

/** Longest wait of the networks for one another's files: a huge start picture must not stop everybody. */
const MAX_HOLD_MS = 1_000;

/** Longest pause for somebody who needs the processor; after it a call is made, whatever is asked. */
const MAX_QUIET_MS = 5_000;

interface Waiting extends WaitingAsk {
  readonly ask: NetworkAsk;
  readonly networks: SomeNetworks;
  readonly end: Deferred<Answer>;
}

export class Batcher {
  readonly #options: BatcherOptions;
  readonly #waiting = new Set<Waiting>();
  readonly #servedAt = new Map<number, number>();
  readonly #holds = new Set<Promise<unknown>>();
  #arrivals = 0;
  #calls = 0;
  #running = false;
  /** By a clock that only goes forward. */
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** @throws cancelled when the asker's signal aborts; the networks' own typed error when the call fails. */
  async ask(asker: Asker, ask: NetworkAsk): Promise<Answer> {
    if (asker.signal.aborted) throw cancelled();
    const waiting = this.#describe(asker, ask);
    const abort = () => {
      this.#waiting.delete(waiting);
      waiting.end.reject(cancelled());
    };
    asker.signal.addEventListener('abort', abort);
    this.#waiting.add(waiting);
    void this.#run();
    try {
      return await waiting.end.promise;
    } finally {
      asker.signal.removeEventListener('abort', abort);
    }
  }

  /**
   * Lets no call begin before `work` has ended, or has taken MAX_HOLD_MS. A call blocks the thread, for seconds with a large model, and reading or writing
   * a file takes several turns of the event loop: without this a finished picture would wait for many calls of others.
   */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#holds.add(work);
    try {
      return await work;
    } finally {
      this.#holds.delete(work);
    }
  }

  /** Lets no call begin for that long: somebody else needs the processor for a moment. */
  giveWay(ms: number): void {
    this.#quietUntilMs = Math.max(this.#quietUntilMs, performance.now() + ms);
  }

  /** A job that ended has no turn to remember. */
  forget(job: number): void {
    this.#servedAt.delete(job);
  }

  #describe({ job, model, networks }: Asker, ask: NetworkAsk): Waiting {
    return {
      job,
      group: groupOf(model, ask),
      rows: rowsOf(ask),
      rowLimit: rowLimitOf(ask, this.#options.budget),
      arrival: this.#arrivals++,
      ask,
      networks,
      end: deferred<Answer>(),
    };
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (await this.#pause(); this.#waiting.size > 0; await this.#pause()) await this.#round();
    this.#running = false;
    this.#options.onIdle?.();
  }

  /** One turn of the event loop: whoever was answered asks again, cancellations are heard. Then those who must not wait for a call. */
  async #pause(): Promise<void> {
    await turn();
    if (this.#holds.size > 0) {
      await within(MAX_HOLD_MS, Promise.allSettled(this.#holds));
      await turn();
    }
    const sinceMs = performance.now();
    // Asked for again meanwhile it becomes longer, though not for ever, whoever asks: to the watchdog this is still the last call.
    const restMs = () => Math.min(this.#quietUntilMs, sinceMs + MAX_QUIET_MS) - performance.now();
    for (let ms = restMs(); ms > 0; ms = restMs()) await sleep(ms);
  }

  async #round(): Promise<void> {
    const chosen = planCall([...this.#waiting], this.#servedAt);
    for (const ask of chosen) {
      this.#waiting.delete(ask);
      this.#servedAt.set(ask.job, this.#calls);
    }
    this.#calls += 1;
    await this.#answer(chosen);
  }

  /** A call of several jobs that fails is repeated for each job alone, so that only the guilty one fails. */
  async #answer(chosen: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#call(chosen);
      for (const [k, waiting] of chosen.entries()) waiting.end.resolve(answers[k]!);
    } catch (thrown) {
      const jobs = queuesOf(chosen);
      if (jobs.length > 1) for (const alone of jobs) await this.#answer(alone);
      else for (const waiting of chosen) waiting.end.reject(toDarkroomError(thrown, 'runtime_failed'));
    }
  }

  async #call(chosen: readonly Waiting[]): Promise<Answer[]> {
    const first = chosen[0]!;
    const trade = TRADES[first.ask.kind] as Trade<NetworkAsk, unknown, unknown>;
    const networks = ableTo(first);
    const rows = chosen.flatMap((waiting) => trade.rows(waiting.ask));
    const results: unknown[] = [];
    for (let from = 0; from < rows.length; from += first.rowLimit) {
      const part = rows.slice(from, from + first.rowLimit);
      this.#options.onCall?.(first.ask.kind, part.length);
      results.push(...checked(first.ask.kind, part.length, await trade.run(networks, part)));
    }
    let next = 0;
    return chosen.map(({ rows: count }) => {
      next += count;
      return trade.answer(results.slice(next - count, next));
    });
  }
}

/** How one kind of ask becomes rows of a call, and the call's results an answer. */
interface Trade<A extends NetworkAsk, Row, Result> {
  rows(ask: A): readonly Row[];
  run(networks: AllNetworks, rows: readonly Row[]): Promise<readonly Result[]>;
  answer(results: readonly Result[]): Answer;
}

type AskOf<K extends NetworkAsk['kind']> = Extract<NetworkAsk, { kind: K }>;

const text: Trade<AskOf<'text'>, AskOf<'text'>, Conditioning> = {
  rows: (ask) => [ask],
  run: (networks, asks) => {
    const prompts = asks.map(({ prompt }) => prompt);
    const loras = asks.map((ask) => ask.loras);
    return networks.text(prompts, asks[0]!.clipSkip, loras);
  },
  answer: ([conditioning]) => ({ kind: 'text', conditioning: conditioning! }),
};

const unet: Trade<AskOf<'unet'>, UnetRow, Float32Array> = {
  rows: (ask) => ask.rows,
  run: (networks, rows) => networks.unet(rows),
  answer: (predictions) => ({ kind: 'unet', predictions }),
};

const encode: Trade<AskOf<'encode'>, AskOf<'encode'>, Posterior> = {
  rows: (ask) => [ask],
  run: (networks, asks) => {
    const pixels = asks.map((ask) => ask.pixels);
    return networks.encode(pixels, asks[0]!.tile);
  },
  answer: ([posterior]) => ({ kind: 'encode', ...posterior! }),
};

const decode: Trade<AskOf<'decode'>, AskOf<'decode'>, Pixels> = {
  rows: (ask) => [ask],
  run: (networks, asks) => {
    const latents = asks.map((ask) => ask.latents);
    return networks.decode(latents, asks[0]!.tile);
  },
  answer: ([pixels]) => ({ kind: 'decode', pixels: pixels! }),
};

const upscale: Trade<AskOf<'upscale'>, AskOf<'upscale'>, Pixels> = {
  rows: (ask) => [ask],
  run: (networks, asks) =>
    networks.upscale(
      asks.map(({ pixels }) => pixels),
      asks[0]!.model,
    ),
  answer: ([pixels]) => ({ kind: 'upscale', pixels: pixels! }),
};

const hint: Trade<AskOf<'hint'>, AskOf<'hint'>, readonly Latents[]> = {
  rows: (ask) => [ask],
  run: (networks, asks) =>
    networks.hint(
      asks.map(({ pixels }) => pixels),
      asks[0]!.control,
      asks[0]!.tile,
    ),
  answer: ([features]) => ({ kind: 'hint', features: features! }),
};

/** Rows go with the name of the network they are for. */
const control: Trade<AskOf<'control'>, { readonly row: ControlRow; readonly control: string }, readonly Latents[]> = {
  rows: (ask) => ask.rows.map((row) => ({ row, control: ask.control })),
  run: (networks, rows) =>
    networks.control(
      rows.map(({ row }) => row),
      rows[0]!.control,
    ),
  answer: (residuals) => ({ kind: 'control', residuals }),
};

const judge: Trade<AskOf<'judge'>, AskOf<'judge'>, PictureScores> = {
  rows: (ask) => [ask],
  run: (networks, asks) => networks.judge(asks.map(({ pixels }) => pixels)),
  answer: ([scores]) => ({ kind: 'judge', scores: scores! }),
};

const TRADES = { text, unet, encode, decode, upscale, hint, control, judge };

/** Every kind of ask is named like the method that answers it. @throws internal when these networks have no such method */
function ableTo({ ask: { kind }, networks }: Waiting): AllNetworks {
  if (kind in networks) return networks as AllNetworks;
  throw new DarkroomError('internal', `${kind}: was asked of networks that do not answer it`);
}

function checked(kind: string, rows: number, results: readonly unknown[]): readonly unknown[] {
  if (results.length === rows) return results;
  throw new DarkroomError('internal', `${kind}: the call of ${rows} rows gave ${results.length} results`);
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Resolves with the promise or after `ms`, whichever comes first. */
function within(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function cancelled(): DarkroomError {
  return new DarkroomError('cancelled', 'the job was cancelled');
}
