// One network inside onnxruntime: a session from a graph, and typed arrays through it. The weights are read by the runtime from their own
// files; every failure of the runtime becomes `runtime_failed` naming the network.
import './noTelemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { DarkroomError } from '../errors.ts';
import { executionProvider, type Provider } from '../networks/dialect.ts';
import { lowered } from '../networks/lowering.ts';
import type { Precision } from '../networks/precision.ts';
import type { Shape } from '../onnx/dims.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import { serializeModel } from '../onnx/modelProto.ts';
import { inPieces } from '../onnx/pieces.ts';
import type { MemoryShare } from './memory.ts';

export interface SessionSettings {
  readonly provider: Provider;
  /** What the provider computes in; single precision when left out. */
  readonly precision?: Precision;
  /** Threads a single network call may use. */
  readonly threads: number;
  /** Where the session's memory is accounted; without limit when left out. */
  readonly memory?: MemoryShare;
  /** Where the runtime writes the time of every node, one JSON file a piece, when the session is closed. */
  readonly profilePrefix?: string;
}

export interface Input {
  readonly data: Float32Array | Int32Array;
  readonly dims: readonly number[];
}

/**
 * Share of a network's weights one piece may have in convolutions. The runtime copies their kernels into another order before it lets go
 * of the first, so that the peak of loading is about 1 + this share.
 */
const PIECE_SHARE = 0.08;
/** Networks are not cut below pieces of this size: nothing to win. */
const LEAST_PIECE_BYTES = 128 * 1024 ** 2;

/** A part of the network, and which values nobody needs after it. */
interface Piece {
  readonly session: InferenceSession;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly lastUses: readonly string[];
}

export class NetworkSession {
  readonly #name: string;
  readonly #outputs: readonly string[];
  readonly #pieces: readonly Piece[];
  readonly #isProfiled: boolean;

  private constructor({ name, outputs }: Graph, pieces: readonly Piece[], { profilePrefix }: SessionSettings) {
    this.#isProfiled = profilePrefix !== undefined;
    this.#name = name;
    this.#outputs = outputs.map((output) => output.name);
    this.#pieces = pieces;
  }

  /**
   * Builds the session; blocks the thread, for seconds with a large network.
   * @param pieceBytes what the kernels of one piece may weigh
   * @throws runtime_failed
   */
  static async open(graph: Graph, settings: SessionSettings, pieceBytes = pieceLimit(graph)): Promise<NetworkSession> {
    const graphs = graphsFor(graph, settings, pieceBytes);
    const pieces: Piece[] = [];
    for (const [k, one] of graphs.entries()) {
      const session = await named(graph.name, 'could not be loaded', () => openOne(one, settings));
      pieces.push({ session, ...namesOf(one), lastUses: lastUsesOf(graphs, k) });
    }
    return new NetworkSession(graph, pieces, settings);
  }

  /** Blocks the thread until the network has run. @throws runtime_failed */
  async run(inputs: Readonly<Record<string, Input>>): Promise<Readonly<Record<string, Float32Array>>> {
    const values = new Map(Object.entries(inputs).map(([name, input]) => [name, toTensor(input)]));
    for (const piece of this.#pieces) await this.#runPiece(piece, values);
    return Object.fromEntries(this.#outputs.map((name) => [name, values.get(name)!.data as Float32Array]));
  }

  async close(): Promise<void> {
    for (const { session } of this.#pieces) {
      if (this.#isProfiled) session.endProfiling();
      await session.release();
    }
  }

  async #runPiece({ session, inputs, outputs, lastUses }: Piece, values: Map<string, Tensor>): Promise<void> {
    const feeds = Object.fromEntries(inputs.flatMap((name) => (values.has(name) ? [[name, values.get(name)!]] : [])));
    const results = await named(this.#name, 'failed while running', () => session.run(feeds));
    for (const name of lastUses) values.delete(name);
    for (const name of outputs) values.set(name, results[name]!);
  }
}

function graphsFor(graph: Graph, { provider, precision = 'fp32' }: SessionSettings, pieceBytes: number) {
  return provider === 'cpu' ? networkPieces(graph, pieceBytes) : [lowered(graph, provider, precision)];
}

/** The parts a network is loaded and run in on the CPU. */
export function networkPieces(graph: Graph, pieceBytes = pieceLimit(graph)): readonly Graph[] {
  return inPieces(graph, reorderedBytes, pieceBytes);
}

function openOne(graph: Graph, settings: SessionSettings): Promise<InferenceSession> {
  const { bytes, weightsRoot } = serializeModel(graph);
  return InferenceSession.create(bytes, sessionOptions(settings, weightsRoot));
}

function namesOf({ inputs, outputs }: Graph) {
  return { inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) };
}

/** Inputs of piece `k` that no later one takes. */
function lastUsesOf(pieces: readonly Graph[], k: number): readonly string[] {
  const later = new Set(pieces.slice(k + 1).flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  return pieces[k]!.inputs.map(({ name }) => name).filter((name) => !later.has(name));
}

function pieceLimit(graph: Graph): number {
  const bytes = graph.weights.reduce((sum, { value }) => sum + 4 * sizeOf(value.shape), 0);
  return Math.max(LEAST_PIECE_BYTES, PIECE_SHARE * bytes);
}

/** Bytes of a convolution's kernel in single precision; 0 for other nodes and for kernels that are inputs. */
function reorderedBytes({ op, inputs }: Node): number {
  const kernel = op === 'Conv' ? inputs[1]!.shape : [];
  return kernel.length > 0 && kernel.every((dim) => typeof dim === 'number') ? 4 * sizeOf(kernel) : 0;
}

function sizeOf(shape: Shape): number {
  return (shape as readonly number[]).reduce((product, dim) => product * dim, 1);
}

/** Of inputs that come again as the same object; hundreds of side branches would be wrapped anew at every step. */
const tensors = new WeakMap<Input, Tensor>();

function toTensor(input: Input): Tensor {
  const { data, dims } = input;
  const tensor =
    tensors.get(input) ??
    (data instanceof Int32Array ? new Tensor('int32', data, dims) : new Tensor('float32', data, dims));
  tensors.set(input, tensor);
  return tensor;
}

/**
 * No arena: it keeps the largest memory a call ever took. Four pictures of 512x512 with the shipped model left 620 MB resident with it and
 * 250 MB without, at the same speed within the spread of the measurement.
 */
function sessionOptions(
  { provider, threads, profilePrefix }: SessionSettings,
  weightsRoot: string,
): InferenceSession.SessionOptions {
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [executionProvider(provider), 'cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: false,
    // DirectML does not work with memory patterns.
    enableMemPattern: provider !== 'dml',
    logSeverityLevel: 3,
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
    extra: { session: { model_external_initializers_file_folder_path: weightsRoot } },
  };
}

async function named<T>(network: string, what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new DarkroomError('runtime_failed', `${network}: ${what}: ${reason}`, { network }, { cause: thrown });
  }
}
