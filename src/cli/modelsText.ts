// Sizes and precisions as `models` prints them.
import type { PartFacts } from '../weights/inspect.ts';

export function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

export function countText(count: number): string {
  if (count < 1e4) return String(count);
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} thousand`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} million` : `${(count / 1e9).toFixed(2)} billion`;
}

/** How most of it is stored first: `F16`, or `F16, F32` where parts differ. Tables of whole numbers are no precision. */
export function precisionOf(parts: readonly PartFacts[]): string {
  const sums = new Map<string, number>();
  for (const { dtypes } of parts) {
    for (const [dtype, count] of Object.entries(dtypes)) sums.set(dtype, (sums.get(dtype) ?? 0) + count);
  }
  const kinds = [...sums].filter(([dtype]) => /F\d/.test(dtype)).toSorted(([, a], [, b]) => b - a);
  return kinds.map(([dtype]) => dtype).join(', ') || [...sums.keys()].join(', ') || 'empty';
}
