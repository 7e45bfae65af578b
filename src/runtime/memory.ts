// Who may stay in memory: every network of every model is opened by its first call and closed when another needs the room, text encoders
// first, then autoencoders, then U-Nets, those of idle models before all others, never one that is running.
import { totalmem } from 'node:os';
import { DarkroomError } from '../errors.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { type Axes, elements, peakBytes } from '../onnx/liveness.ts';
import { type Input, NetworkSession, type SessionSettings } from './session.ts';

const MIB = 1024 ** 2;

/** What is left to the operating system, the bot and its neighbours when nothing is configured. */
const DEFAULT_SHARE = 0.7;
/** The process without any network: the interpreter, the runtime's code, the graphs. Measured: 150-200 MiB. */
const BASE_BYTES = 256 * MIB;
/** A loaded session over its weights in single precision: buffers padded and rearranged for the processor. Measured: 1.00-1.06. */
const LOADED_FACTOR = 1.06;
/** What a call takes over its values: copies between pieces, scratch of convolutions, freed memory not yet given back. */
const CALL_FACTOR = 1.15;
const CALL_BYTES = 96 * MIB;

/** The order of closing; what is named nowhere goes with the autoencoders. */
const RANKS: readonly (readonly [RegExp, number])[] = [
  [/^text_encoder/, 0],
  [/^unet/, 2],
];

/** The memory of one process, shared by its models. */
export class MemoryBudget {
  /** Infinity where nothing is limited. */
  readonly limitBytes: number;
  readonly #open = new Set<SessionSlot>();
  #uses = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes the open sessions take, and the process itself. */
  get usedBytes(): number {
    return [...this.#open].reduce((sum, { sizeBytes }) => sum + sizeBytes, BASE_BYTES);
  }

  /**
   * Closes what gives way to `slot` and a call that takes `callBytes`.
   * @throws request_invalid when they do not fit even alone
   */
  async makeRoom(slot: SessionSlot, callBytes: number): Promise<void> {
    slot.lastUse = ++this.#uses;
    const needBytes = BASE_BYTES + slot.sizeBytes + callBytes;
    if (needBytes > this.limitBytes) throw tooLarge(slot.graph.name, needBytes, this.limitBytes);
    for (const victim of this.#givingWay(slot)) {
      const open = this.#open.has(slot) ? 0 : slot.sizeBytes;
      if (this.usedBytes + open + callBytes <= this.limitBytes) break;
      this.#open.delete(victim);
      await victim.release();
    }
    this.#open.add(slot);
  }

  forget(slot: SessionSlot): void {
    this.#open.delete(slot);
  }

  #givingWay(slot: SessionSlot): readonly SessionSlot[] {
    const idle = [...this.#open].filter((one) => one !== slot && one.calls === 0);
    const order = (one: SessionSlot) => [one.share.isIdle ? 0 : 1, one.rank, one.lastUse] as const;
    return idle.sort((a, b) => compare(order(a), order(b)));
  }
}

/** What the sessions of one model have in common. */
export class MemoryShare {
  readonly budget: MemoryBudget;
  /** Nobody's job needs the model. */
  isIdle = false;

  constructor(budget: MemoryBudget) {
    this.budget = budget;
  }
}

/** A session that is opened by a call and may be closed between two. */
export class SessionSlot {
  readonly graph: Graph;
  readonly share: MemoryShare;
  readonly rank: number;
  /** Calls going on. */
  calls = 0;
  /** Ordinal of the last call. */
  lastUse = 0;
  readonly #settings: SessionSettings;
  #sizeBytes: number;
  /** Bytes of calls by their sizes. */
  readonly #known = new Map<string, number>();
  #opening: Promise<NetworkSession> | null = null;

  constructor(graph: Graph, settings: SessionSettings) {
    this.graph = graph;
    this.share = settings.memory ?? new MemoryShare(new MemoryBudget(Number.POSITIVE_INFINITY));
    this.rank = RANKS.find(([name]) => name.test(graph.name))?.[1] ?? 1;
    this.#settings = settings;
    this.#sizeBytes = loadedBytes(graph);
  }

  /** As loaded: what it will take, and once it was open what it took. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** @param inputs of the call, for their sizes */
  async use<T>(inputs: Readonly<Record<string, Input>>, call: (session: NetworkSession) => Promise<T>): Promise<T> {
    const { budget } = this.share;
    this.calls += 1;
    try {
      if (Number.isFinite(budget.limitBytes)) await budget.makeRoom(this, this.#callBytes(inputs));
      this.#opening ??= this.#open();
      return await call(await this.#opening);
    } finally {
      this.calls -= 1;
    }
  }

  /** Closes the session; the next call opens it again. */
  async release(): Promise<void> {
    const opening = this.#opening;
    this.#opening = null;
    this.share.budget.forget(this);
    await (await opening)?.close();
  }

  #callBytes(inputs: Readonly<Record<string, Input>>): number {
    const axes = axesOf(this.graph, inputs);
    const key = JSON.stringify(axes);
    const bytes = this.#known.get(key) ?? callBytes(this.graph, axes);
    this.#known.set(key, bytes);
    return bytes;
  }

  /** A failed attempt is forgotten, so that the next call tries again. */
  async #open(): Promise<NetworkSession> {
    const before = process.memoryUsage.rss();
    try {
      const session = await NetworkSession.open(this.graph, this.#settings);
      this.#sizeBytes = Math.max(this.#sizeBytes, process.memoryUsage.rss() - before);
      return session;
    } catch (thrown) {
      this.#opening = null;
      this.share.budget.forget(this);
      throw thrown;
    }
  }
}

/** Bytes of a network's weights as they will lie in memory: single precision, whatever the file has. */
export function loadedBytes({ weights, constants }: Graph): number {
  const numbers = [...weights, ...constants].reduce((sum, { value }) => sum + elements(value.shape, {}), 0);
  return LOADED_FACTOR * 4 * numbers;
}

/** Bytes a call of these sizes takes besides the weights. Side branches count as unused: a LoRA of rank 16 adds a hundredth. */
export function callBytes(graph: Graph, axes: Axes): number {
  return CALL_FACTOR * peakBytes(graph, allAxes(graph, axes), () => 0) + CALL_BYTES;
}

/** Bytes the process needs for such calls while nothing but this network is open. */
export function needBytes(graph: Graph, axes: Axes): number {
  return BASE_BYTES + loadedBytes(graph) + callBytes(graph, axes);
}

function axesOf({ inputs }: Graph, given: Readonly<Record<string, Input>>): Axes {
  const axes: Record<string, number> = {};
  for (const { name, shape } of inputs) {
    for (const [at, size] of (given[name]?.dims ?? []).entries()) {
      if (typeof shape[at] === 'string') axes[shape[at]] = size;
    }
  }
  return axes;
}

/** Every symbolic axis of the inputs; those the call does not name belong to side branches and words, which are one row of nothing. */
function allAxes(graph: Graph, axes: Axes): Axes {
  const symbols = graph.inputs.flatMap(({ shape }: Value) => shape.filter((dim) => typeof dim === 'string'));
  return { ...Object.fromEntries(symbols.map((symbol) => [symbol, symbol.startsWith('r(') ? 0 : 1])), ...axes };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at === -1 ? 0 : a[at]! - b[at]!;
}

function tooLarge(network: string, need: number, have: number): DarkroomError {
  const message = `${network}: needs ${gib(need)} GiB, found a limit of ${gib(have)} GiB (MEMORY_LIMIT)`;
  const details = { field: 'size', kind: 'memory', needGib: gib(need), haveGib: gib(have) };
  return new DarkroomError('request_invalid', message, details);
}

/** Two digits behind the point. */
export function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(2);
}

/**
 * @param limit `8G`, `6000M`, `60%` of the machine's (or the container's) memory; null for the usual share
 */
export function memoryLimitBytes(limit: string | null, machineBytes = thisMachineBytes()): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([GM%])$/i.exec(limit ?? `${100 * DEFAULT_SHARE}%`) ?? [];
  const scale = { G: 1024 ** 3, M: MIB, '%': machineBytes / 100 }[unit?.toUpperCase() ?? ''] ?? Number.NaN;
  return Number(amount) * scale;
}

/** The container's limit where there is one. */
function thisMachineBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
