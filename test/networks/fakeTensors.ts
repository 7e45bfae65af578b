// Tensor indexes without files: names and shapes only, which is all that building a graph reads.
import type { Dtype, TensorIndex, TensorRange } from '../../src/weights/tensors.ts';

/** @param shapes name → shape; every tensor gets its own range of one imaginary file. */
export function fakeTensors(shapes: Readonly<Record<string, readonly number[]>>, dtype: Dtype = 'F32'): TensorIndex {
  const ranges = new Map<string, TensorRange>();
  let offset = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const sizeBytes = shape.reduce((total, dim) => total * dim, dtype === 'F32' ? 4 : 2);
    ranges.set(name, { name, dtype, shape, file: '/weights/part.safetensors', offset, sizeBytes });
    offset += sizeBytes;
  }
  return { source: 'part.safetensors', get: (name) => ranges.get(name), names: () => ranges.keys() };
}
