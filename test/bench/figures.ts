// How measured numbers are said: median with the extremes, never a mean alone.
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
