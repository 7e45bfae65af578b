// One network in a process of its own, so that its memory is its own: opens the session, runs some calls, tells what they took as one
// line of JSON. Started by load.ts and real.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { buildDecoder, buildEncoder } from '../../src/networks/autoencoder.ts';
import { buildClipText } from '../../src/networks/clipText.ts';
import type { Provider } from '../../src/networks/dialect.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import type { Dim } from '../../src/onnx/dims.ts';
import type { Graph, Value } from '../../src/onnx/graph.ts';
import { type Input, NetworkSession } from '../../src/runtime/session.ts';
import type { Part } from '../../src/weights/modelFolder.ts';
import { flopsOf } from './flops.ts';
import { partOf } from './randomModel.ts';

/** As the engine builds them, side branches included. */
const BUILDERS = {
  unet: (part: Part, provider: Provider) => buildUnet(part, provider),
  decoder: buildDecoder,
  encoder: buildEncoder,
  text: (part: Part, provider: Provider) => buildClipText(part, provider, 'every'),
};

export interface ProbeTask {
  readonly folder: string;
  readonly network: keyof typeof BUILDERS;
  /** Value of every symbolic axis of the inputs: n, h, w, t. */
  readonly axes: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly threads: number;
  /** Prefix of files for the time of every node. */
  readonly profilePrefix?: string;
}

export interface CallTime {
  readonly ms: number;
  readonly cpuMs: number;
}

export interface ProbeResult {
  /** Floating-point operations of one call's products. */
  readonly flops: number;
  /** Sum of the magnitudes of the last prediction. */
  readonly checksum: number;
  readonly buildMs: number;
  readonly loadMs: number;
  /** Of all threads; where a machine is shared it says more than the clock. */
  readonly loadCpuMs: number;
  readonly calls: readonly CallTime[];
  /** Highest resident memory until the session was open, and from then on; MiB. */
  readonly loadPeakMib: number;
  readonly callPeakMib: number;
  /** Resident after opening: the process's own and mapped files; MiB. */
  readonly loadedAnonMib: number;
  readonly loadedFileMib: number;
}

export async function probe(task: ProbeTask, provider: Provider = 'cpu'): Promise<ProbeResult> {
  const startMs = performance.now();
  const graph = BUILDERS[task.network](partOf(task.folder), provider);
  const builtMs = performance.now();
  const loadFrom = process.cpuUsage();
  const session = await NetworkSession.open(graph, { provider, ...task });
  const openMs = performance.now();
  const loadCpu = process.cpuUsage(loadFrom);
  const loaded = statusMib();
  // The highest memory from here on: what the calls add.
  writeFileSync('/proc/self/clear_refs', '5');
  const inputs = inputsOf(graph, task.axes);
  const calls: CallTime[] = [];
  let checksum = 0;
  for (let call = 0; call < task.calls; call++) {
    const fromMs = performance.now();
    const { user, system } = process.cpuUsage();
    const { prediction } = await session.run(inputs);
    checksum = prediction?.reduce((sum, number) => sum + Math.abs(number), 0) ?? 0;
    const cpu = process.cpuUsage({ user, system });
    calls.push({ ms: performance.now() - fromMs, cpuMs: (cpu.user + cpu.system) / 1000 });
  }
  await session.close();
  return {
    flops: flopsOf(graph, task.axes),
    checksum,
    buildMs: builtMs - startMs,
    loadMs: openMs - builtMs,
    loadCpuMs: (loadCpu.user + loadCpu.system) / 1000,
    calls,
    loadPeakMib: loaded('VmHWM'),
    callPeakMib: statusMib()('VmHWM'),
    loadedAnonMib: loaded('RssAnon'),
    loadedFileMib: loaded('RssFile'),
  };
}

function statusMib(): (field: string) => number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return (field) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
}

/** Numbers like noise for every input; a step in the middle for the time; nothing in the side branches. */
function inputsOf(graph: Graph, axes: Readonly<Record<string, number>>): Record<string, Input> {
  const inputs = graph.inputs.map((value) => [value.name, inputOf(value, { ...axes, 'n?': 1 })] as const);
  return Object.fromEntries(inputs);
}

function inputOf({ name, type, shape }: Value, axes: Readonly<Record<string, number>>): Input {
  const dims = shape.map((dim: Dim) => (typeof dim === 'number' ? dim : (axes[dim] ?? 0)));
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (type === 'i32') return { data: new Int32Array(size).fill(320), dims };
  if (name === 'time_ids') return { data: sizesOf(dims[0]!, axes), dims };
  const data = Float32Array.from({ length: size }, (_, i) => (name === 'timestep' ? 500 : Math.sin((i + 1) * (i + 7))));
  return { data, dims };
}

/** What SDXL is told of sizes: the picture's own, whole. */
function sizesOf(rows: number, axes: Readonly<Record<string, number>>): Float32Array {
  const [height, width] = [8 * axes.h!, 8 * axes.w!];
  return Float32Array.from({ length: 6 * rows }, (_, i) => [height, width, 0, 0, height, width][i % 6]!);
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('probe.js')) {
  const task = JSON.parse(process.argv[2]) as ProbeTask;
  console.log(JSON.stringify(await probe(task)));
}
