// Who may stay in memory: every network of every model is opened by its first call and closed when another needs the room, text encoders
// first, then autoencoders, then U-Nets, those of idle models before all others, never one that is running.
import { totalmem } from 'node:os';
import { DarkroomError } from '../errors.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { type Axes, bytesOf, elements, peakBytes } from '../onnx/liveness.ts';
import { type Input, NetworkSession, networkPieces, type SessionSettings } from './session.ts';

const MIB = 1024 ** 2;

/** What is left to the operating system, the bot and its neighbours when nothing is configured. */
const DEFAULT_SHARE = 0.7;
/** The process without any network: the interpreter, the runtime's code, the graphs. Measured: 150-200 MiB. */
const BASE_BYTES = 256 * MIB;
/** A loaded session over its weights in single precision: buffers padded and rearranged for the processor. Measured: 1.00-1.11. */
const LOADED_FACTOR = 1.11;
/** What a call takes over its values: copies between pieces, scratch of convolutions, freed memory not yet given back. */
const CALL_FACTOR = 1.15;
const CALL_BYTES = 96 * MIB;

const LAST_RANK = 2;
/** The order of closing; what is named nowhere goes with the autoencoders. */
const RANKS: readonly (readonly [RegExp, number])[] = [
  [/^text_encoder/, 0],
  [/^(unet|controlnet$)/, LAST_RANK],
];

/** What can give way: a session as the budget sees it. */
export interface Tenant {
  readonly name: string;
  readonly share: { readonly isIdle: boolean };
  readonly sizeBytes: number;
  /** Calls going on. */
  readonly calls: number;
  release(): Promise<void>;
}

/** The memory of one process, shared by its models. */
export class MemoryBudget {
  /** Infinity where nothing is limited. */
  readonly limitBytes: number;
  /** In order of last use, oldest first. */
  readonly #open = new Set<Tenant>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes the open sessions take, and the process itself. */
  get usedBytes(): number {
    return [...this.#open].reduce((sum, { sizeBytes }) => sum + sizeBytes, BASE_BYTES);
  }

  /**
   * Closes what gives way to `tenant` and a call that takes `callBytes`.
   * @throws request_invalid when they do not fit even alone
   */
  async makeRoom(tenant: Tenant, callBytes: number): Promise<void> {
    const needBytes = BASE_BYTES + tenant.sizeBytes + callBytes;
    if (needBytes > this.limitBytes) throw tooLarge(tenant.name, needBytes, this.limitBytes);
    this.#open.delete(tenant);
    for (const victim of this.#givingWay()) {
      if (this.usedBytes + tenant.sizeBytes + callBytes <= this.limitBytes) break;
      this.#open.delete(victim);
      await victim.release();
    }
    this.#open.add(tenant);
  }

  forget(tenant: Tenant): void {
    this.#open.delete(tenant);
  }

  /** The sort is stable: equals stay in order of last use. */
  #givingWay(): readonly Tenant[] {
    const turn = ({ share, name }: Tenant) => (share.isIdle ? 0 : LAST_RANK + 1) + rankOf(name);
    return [...this.#open].filter(({ calls }) => calls === 0).sort((a, b) => turn(a) - turn(b));
  }
}

function rankOf(name: string): number {
  return RANKS.find(([pattern]) => pattern.test(name))?.[1] ?? 1;
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
export class SessionSlot implements Tenant {
  readonly graph: Graph;
  readonly share: MemoryShare;
  calls = 0;
  readonly #settings: SessionSettings;
  #sizeBytes: number;
  /** Bytes of calls by their sizes. */
  readonly #known = new Map<string, number>();
  #opening: Promise<NetworkSession> | null = null;

  constructor(graph: Graph, settings: SessionSettings) {
    this.graph = graph;
    this.share = settings.memory ?? new MemoryShare(new MemoryBudget(Number.POSITIVE_INFINITY));
    this.#settings = settings;
    this.#sizeBytes = loadedBytes(graph);
  }

  get name(): string {
    return this.graph.name;
  }

  /** As loaded: what it will take, and once it was open what it took. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isOpen(): boolean {
    return this.#opening !== null;
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

/**
 * Bytes a call of these sizes takes besides the weights: the worst of the pieces, and what they hand to one another, which exists twice.
 * Side branches count as unused: a LoRA of rank 16 adds a hundredth.
 * Measured beside it on the CPU: Stable Diffusion 1.5, two rows of 512x512: U-Net 561 MiB of 570 foretold, decoder 799 of 979.
 */
export function callBytes(graph: Graph, axes: Axes): number {
  const pieces = networkPieces(graph);
  const sizes = allAxes(graph, axes);
  const worst = Math.max(...pieces.map((piece) => peakBytes(piece, sizes, () => 0)));
  const handed = pieces.slice(0, -1).flatMap(({ outputs }) => outputs);
  return CALL_FACTOR * worst + handed.reduce((sum, value) => sum + bytesOf(value, sizes), 0) + CALL_BYTES;
}

/** Bytes the process needs for such calls while nothing but this network is open. */
export function needBytes(graph: Graph, axes: Axes): number {
  return BASE_BYTES + ownBytes(graph, axes);
}

/** The same without the process itself: for a network that is open beside another. */
export function ownBytes(graph: Graph, axes: Axes): number {
  return loadedBytes(graph) + callBytes(graph, axes);
}

function axesOf({ inputs }: Graph, given: Readonly<Record<string, Input>>): Axes {
  const axes: Record<string, number> = {};
  for (const { name, shape } of inputs) {
    for (const [at, size] of (given[name]?.dims ?? []).entries()) {
      const [, times = '1', axis] = /^(?:(\d+)\*)?(.+)$/.exec(String(shape[at])) ?? [];
      if (typeof shape[at] === 'string') axes[axis!] = size / Number(times);
    }
  }
  return axes;
}

/** Every symbolic axis of the inputs; those the call does not name belong to side branches and words, which are one row of nothing. */
function allAxes(graph: Graph, axes: Axes): Axes {
  const symbols = graph.inputs.flatMap(({ shape }: Value) => shape.filter((dim) => typeof dim === 'string'));
  return { ...Object.fromEntries(symbols.map((symbol) => [symbol, symbol.startsWith('r(') ? 0 : 1])), ...axes };
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
