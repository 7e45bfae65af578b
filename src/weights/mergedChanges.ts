// What LoRA files hold that no side branch can express, as numbers to add to a model's own: changed biases and normalisations, weights scaled
// by their inputs or outputs (IA3), and whole changes that come in such a file.
// @source KohakuBlueleaf/LyCORIS lycoris/modules (full, norms, ia3); AUTOMATIC1111 extensions-builtin/Lora/network_{full,norm,ia3}.py
import { DarkroomError } from '../errors.ts';
import type { LayerTensors } from './loraFactors.ts';
import type { NumberReader } from './tensorNumbers.ts';
import type { TensorIndex, TensorRange } from './tensors.ts';

/** Factors that make a layer one of these. */
const SIGNS = ['diff_b', 'w_norm', 'b_norm', 'on_input'];

export function isMerged(tensors: LayerTensors): boolean {
  return SIGNS.some((sign) => tensors.has(sign));
}

/** A tensor of the model that is changed, and how. */
interface Change {
  /** Its name in the network. */
  readonly name: string;
  readonly tensor: TensorRange;
  readonly read: (read: NumberReader, readBase: NumberReader) => Float32Array;
}

/**
 * What a layer changes, by the headers alone.
 * @returns `misfit`, in words, where the model's tensors have other sizes; no changes where it has none of them
 */
export function changesOf(
  tensors: LayerTensors,
  module: string,
  model: TensorIndex,
): { readonly changes: readonly Change[]; readonly misfit?: string } {
  const changes: Change[] = [];
  for (const [factor, end] of ADDED) {
    const [added, tensor] = [tensors.get(factor), model.get(`${module}.${end}`)];
    if (added === undefined || tensor === undefined) continue;
    const [found, expected] = [sizeOf(added), sizeOf(tensor)];
    if (found !== expected) return { changes: [], misfit: `${added.name} has ${found} numbers, expected ${expected}` };
    changes.push({ name: `${module}.${end}`, tensor, read: (read) => read(added) });
  }
  const [scale, side, weight] = [tensors.get('weight'), tensors.get('on_input'), model.get(`${module}.weight`)];
  if (scale === undefined || side === undefined || weight === undefined) return { changes };
  const [out = 1, inner = 1] = weight.shape;
  const found = sizeOf(scale);
  if (found !== out && found !== inner) {
    return { changes: [], misfit: `${scale.name} has ${found} numbers, expected ${out} or ${inner}` };
  }
  const read: Change['read'] = (own, base) => scaled(base(weight), own(scale), own(side)[0] !== 0, weight, scale.name);
  return { changes: [...changes, { name: `${module}.weight`, tensor: weight, read }] };
}

/** Factor → the tensor of its module it is added to. */
const ADDED: readonly (readonly [string, string])[] = [
  ['diff', 'weight'],
  ['diff_b', 'bias'],
  ['w_norm', 'weight'],
  ['b_norm', 'bias'],
];

/** weight f32[o, i, …] times one number an input, or an output. @throws weights_invalid */
function scaled(
  weight: Float32Array,
  scale: Float32Array,
  isOnInput: boolean,
  { shape }: TensorRange,
  name: string,
): Float32Array {
  const [out = 1, inner = 1] = shape;
  const places = weight.length / (out * inner);
  const expected = isOnInput ? inner : out;
  if (scale.length !== expected) {
    throw new DarkroomError('weights_invalid', `${name} has ${scale.length} numbers, expected ${expected}`);
  }
  const index = isOnInput
    ? (i: number) => Math.floor(i / places) % inner
    : (i: number) => Math.floor(i / (places * inner));
  return weight.map((value, i) => value * scale[index(i)]!);
}

function sizeOf({ shape }: TensorRange): number {
  return shape.reduce((product, length) => product * length, 1);
}
