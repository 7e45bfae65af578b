// Networks of real size with random weights, side by side: this program, diffusers on torch, and the same network exported to ONNX by
// optimum and run by onnxruntime's Python package. Every side is a process of its own; Python sides that are not there are skipped.
//   npm run bench -- real [--model sd15,sdxl] [--size 512,1024] [--steps 2] [--rounds 1] [--threads N]
//   BENCH_PYTHON, BENCH_OPTIMUM: interpreters with diffusers, and with diffusers, optimum-onnx and onnxruntime. BENCH_DIR: where models go.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ROOT } from '../../src/root.ts';
import { quantile } from './figures.ts';
import { matrixPeak } from './flops.ts';
import { CACHE } from './load.ts';
import type { CallTime, ProbeResult } from './probe.ts';
import { probeAlone } from './probeProcess.ts';
import { partOf, randomNetwork, weightNumbers } from './randomModel.ts';

const HEADERS: Readonly<Record<string, string>> = { sd15: 'sd15_unet', sdxl: 'sdxl_unet' };
const SCRIPT = path.join(ROOT, 'test/bench/realPython.py');

interface Wanted {
  readonly models: readonly string[];
  readonly sizes: readonly number[];
  readonly steps: number;
  readonly rounds: number;
  readonly threads: number;
}

/** One line of the table. */
interface Row {
  readonly side: string;
  readonly loadMs: number;
  readonly calls: readonly CallTime[];
  readonly peakMib: number;
  readonly checksum: number;
}

export async function benchReal(argv: readonly string[]): Promise<void> {
  const wanted = read(argv);
  const peak = await matrixPeak(wanted.threads);
  console.log(`  ${wanted.threads} threads; a product of 2048x2048 matrices: ${(peak / 1e9).toFixed(0)} GFLOP/s`);
  for (const model of wanted.models) {
    const folder = randomNetwork(HEADERS[model]!, 'f16', CACHE);
    const weightsMib = (4 * weightNumbers(partOf(folder))) / 2 ** 20;
    console.log(`\n  ${model}: ${folder}, ${weightsMib.toFixed(0)} MiB in single precision`);
    const exported = await exportedBy(process.env.BENCH_OPTIMUM, folder);
    for (const size of wanted.sizes) await compare(model, folder, exported, size, wanted, peak);
  }
}

function read(argv: readonly string[]): Wanted {
  const text = { type: 'string' } as const;
  const options = { model: text, size: text, steps: text, rounds: text, threads: text };
  const { values } = parseArgs({ args: [...argv], options });
  return {
    models: (values.model ?? 'sd15,sdxl').split(','),
    sizes: (values.size ?? '512,1024').split(',').map(Number),
    steps: Number(values.steps ?? 2),
    rounds: Number(values.rounds ?? 1),
    threads: Number(values.threads ?? availableParallelism()),
  };
}

async function compare(
  model: string,
  folder: string,
  exported: string | null,
  size: number,
  wanted: Wanted,
  peak: number,
) {
  const { steps, threads } = wanted;
  const side = size / 8;
  const axes = { n: 2, h: side, w: side, t: 77 };
  const rows: Row[] = [];
  let flops = 0;
  for (let round = 0; round < wanted.rounds; round++) {
    const ours = await probeAlone({ folder, network: 'unet', axes, calls: steps, threads });
    flops = ours.flops;
    rows.push(rowOf(ours));
    const common = [String(size), String(size), String(steps), String(threads)];
    rows.push(...(await pythonRow(process.env.BENCH_PYTHON, 'diffusers, torch', ['torch', folder, ...common])));
    if (exported === null) continue;
    const argv = ['ort', folder, exported, ...common];
    rows.push(...(await pythonRow(process.env.BENCH_OPTIMUM, 'optimum-onnx, onnxruntime', argv)));
  }
  console.log(`\n  ${model} ${size}x${size}, two rows (guidance), ${(flops / 1e12).toFixed(2)} TFLOP a step`);
  console.log('  | side | load s | step s | processor s a step | peak MiB | of the product peak | checksum |');
  for (const row of rows) console.log(`  ${line(row, flops, peak)}`);
  if (steps > 0) await profile({ folder, axes, threads });
}

function rowOf(ours: ProbeResult): Row {
  const { buildMs, loadMs, calls, loadPeakMib, callPeakMib, checksum } = ours;
  const peakMib = Math.max(loadPeakMib, callPeakMib);
  return { side: 'darkroom', loadMs: buildMs + loadMs, calls, peakMib, checksum };
}

function line({ side, loadMs, calls, peakMib, checksum }: Row, flops: number, peak: number): string {
  const median = (times: readonly number[]) => quantile(times, 0.5) / 1000;
  const seconds = median(calls.map(({ ms }) => ms));
  const processor = median(calls.map(({ cpuMs }) => cpuMs));
  const share = (100 * flops) / seconds / peak;
  const cells = [side, (loadMs / 1000).toFixed(1), seconds.toFixed(2), processor.toFixed(2), peakMib];
  return `| ${[...cells, `${share.toFixed(0)} %`, checksum.toFixed(1)].join(' | ')} |`;
}

/** [] when that Python is not there. */
async function pythonRow(python: string | undefined, side: string, argv: readonly string[]): Promise<Row[]> {
  const told = await runPython(python, argv);
  if (told === null) return [];
  return [{ ...(told as Omit<Row, 'side'>), side: `${side} (${told.version})` }];
}

async function runPython(python: string | undefined, argv: readonly string[]): Promise<Record<string, unknown> | null> {
  if (python === undefined) return null;
  console.log(`  $ ${[python, SCRIPT, ...argv].join(' ')}`);
  try {
    const { stdout } = await promisify(execFile)(python, [SCRIPT, ...argv], { maxBuffer: 1 << 28 });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
  } catch (thrown) {
    console.log(`  skipped: ${String(thrown).slice(0, 500)}`);
    return null;
  }
}

/** The folder with the exported network, made once; its time and size are told when it is made. */
async function exportedBy(python: string | undefined, folder: string): Promise<string | null> {
  const out = `${folder}-onnx`;
  if (existsSync(path.join(out, 'done'))) return out;
  const told = await runPython(python, ['export', folder, out]);
  if (told === null) return null;
  const seconds = (Number(told.exportMs) / 1000).toFixed(0);
  console.log(`  exported by ${told.version} in ${seconds} s, ${told.diskBytes} bytes, at most ${told.peakMib} MiB`);
  return out;
}

interface NodeTime {
  readonly cat: string;
  readonly dur: number;
  readonly name: string;
  readonly args?: { readonly op_name?: string };
}

/** Where the time of one step goes, by operator. */
async function profile(task: { folder: string; axes: Readonly<Record<string, number>>; threads: number }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-profile-'));
  await probeAlone({ ...task, network: 'unet', calls: 1, profilePrefix: path.join(folder, 'p') });
  const times = new Map<string, number>();
  for (const file of readdirSync(folder)) {
    const events = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as readonly NodeTime[];
    for (const { cat, dur, name, args } of events) {
      if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
      const op = args?.op_name ?? '?';
      times.set(op, (times.get(op) ?? 0) + dur);
    }
  }
  rmSync(folder, { recursive: true });
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const largest = [...times].sort((a, b) => b[1] - a[1]).slice(0, 10);
  console.log(
    `  by operator: ${largest.map(([op, time]) => `${op} ${((100 * time) / total).toFixed(1)} %`).join(', ')}`,
  );
}
