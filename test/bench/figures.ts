// How measured numbers are said: median with the extremes, never a mean alone.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Value below which the share `q` of the sorted values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

/** "median 1.02 s (0.98 … 1.31, 10 runs)". */
export function spread(values: readonly number[], unit: string, digits = 2): string {
  const [low, middle, high] = [0, 0.5, 1].map((q) => quantile(values, q).toFixed(digits));
  return `median ${middle} ${unit} (${low} … ${high}, ${values.length} runs)`;
}

/** Memory of a process now and at its highest, in MiB. Linux only. */
export function memoryOf(pid: number): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (field: string) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return `${mib('VmRSS')} MiB, at most ${mib('VmHWM')} MiB`;
}

/** Processor time a process has used, and of it on its first thread, where JavaScript runs, in milliseconds. Linux only. */
export function processorMs(pid: number): { readonly all: number; readonly first: number } {
  const tickMs = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const used = (file: string) => {
    // The program's name may hold anything; the fields are counted behind it.
    const fields = readFileSync(file, 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  };
  return { all: used(`/proc/${pid}/stat`), first: used(`/proc/${pid}/task/${pid}/stat`) };
}
