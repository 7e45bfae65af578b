// Reads the recorded tensors beside make_networks.py and measures how far ours are from them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../src/root.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const FOLDERS = path.join(ROOT, 'test/golden/folders');
export const RECORDED = path.join(ROOT, 'test/golden/networks');

/** @param record file under `folder`, without ending. Integers become floats. */
export function readGolden(record: string, folder = RECORDED): (name: string) => GoldenTensor {
  const file = path.join(folder, `${record}.safetensors`);
  const index = openSafetensors(folder, file);
  const bytes = readFileSync(file);
  return (name) => {
    const tensor = index.get(name);
    if (tensor === undefined) throw new Error(`${record}: nothing recorded under ${name}`);
    const own = Uint8Array.from(bytes.subarray(tensor.offset, tensor.offset + tensor.sizeBytes));
    const numbers = tensor.dtype === 'I32' ? new Int32Array(own.buffer) : new Float32Array(own.buffer);
    return { shape: tensor.shape, data: Float32Array.from(numbers) };
  };
}

/** Row k of a stacked tensor. */
export function rowOf({ shape, data }: GoldenTensor, row: number): Float32Array {
  const size = data.length / shape[0]!;
  return data.slice(row * size, (row + 1) * size);
}

/** Largest difference over the largest number: 0 is equal. */
export function relativeError(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) throw new Error(`${found.length} numbers, expected ${expected.length}`);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0) / largest;
}
