// Weights with made-up numbers in files of their own, for networks nobody published: small, the same on every machine.
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toHalf } from '../../src/onnx/halfPrecision.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import type { TensorIndex } from '../../src/weights/tensors.ts';

export type Shapes = Readonly<Record<string, readonly number[]>>;
/** @param at place in the tensor */
export type Numbers = (name: string, at: number, shape: readonly number[]) => number;

/** Scales around 1, everything else around 0 and as large as keeps numbers of about 1 that size. */
export function usual(name: string, at: number, shape: readonly number[]): number {
  const noise = wave(name, at);
  if (/norm\w*\.weight$/.test(name)) return 1 + 0.2 * noise;
  const inner = shape.slice(1).reduce((product, length) => product * length, 1);
  return shape.length === 1 ? 0.1 * noise : noise * Math.sqrt(3 / inner);
}

/** Of -1 … 1. */
export function wave(name: string, at: number): number {
  return Math.sin((at + 1) * (at + 3 + name.length));
}

export function writeTensors(shapes: Shapes, dtype: 'F32' | 'F16', numbers: Numbers = usual): TensorIndex {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-parts-')));
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const length = shape.reduce((product, dim) => product * dim, 1);
    const data = Float32Array.from({ length }, (_, at) => numbers(name, at, shape));
    const bytes = Buffer.from((dtype === 'F32' ? data : Uint16Array.from(data, toHalf)).buffer);
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
    parts.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  const file = path.join(folder, 'made.safetensors');
  writeFileSync(file, Buffer.concat([size, text, ...parts]));
  return openSafetensors(folder, file);
}
