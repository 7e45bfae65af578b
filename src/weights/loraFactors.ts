// What a LoRA file holds for one layer, whatever its form, as the two factors a side branch takes. Forms that are products of few ranks stay
// so, exactly; the others are computed as the whole change of the layer and handed over at full rank, which costs as much again as the layer.
// @source Hu et al. 2021 (LoRA); KohakuBlueleaf/LyCORIS lycoris/functional (LoCon, LoHa, LoKr, DoRA); Liu et al. 2024, arXiv:2402.09353 (DoRA);
// AUTOMATIC1111 extensions-builtin/Lora/network*.py (scales)
import type { LoraFactors } from '../diffusion/loraStack.ts';
import { DarkroomError } from '../errors.ts';
import type { NumberReader } from './tensorNumbers.ts';
import type { TensorRange } from './tensors.ts';

/** Factor → tensor, as loraNames.ts calls them. */
export type LayerTensors = ReadonlyMap<string, TensorRange>;

/** What the model's own weight is. */
export interface Layer {
  readonly weight: TensorRange;
  readonly out: number;
  /** Numbers of one output: width, or channels times the kernel's places. */
  readonly inner: number;
}

export function layerOf(weight: TensorRange): Layer {
  return { weight, out: weight.shape[0]!, inner: product(weight.shape.slice(1)) };
}

/** a f32[out, r] · b f32[r, inner]. */
interface Product {
  readonly out: number;
  readonly inner: number;
  readonly rank: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/**
 * Alpha over rank where the tensors say no alpha; null where the file says none either.
 * @param rank null where the tensors have none: then that of the file's config counts
 */
export type Alpha = (rank: number | null) => number | null;

interface Form {
  /** The factor it is known by. */
  readonly sign: string;
  /** What the change measures, by the header alone. */
  size(tensors: LayerTensors): Pick<Layer, 'out' | 'inner'>;
  /** Rank alpha is divided by; null where an alpha beside the tensors means nothing. */
  alphaRank(tensors: LayerTensors): number | null;
  read(tensors: LayerTensors, read: NumberReader): Product;
}

const lora: Form = {
  sign: 'down',
  size(tensors) {
    const [down, up, mid] = [need(tensors, 'down'), need(tensors, 'up'), tensors.get('mid')];
    const places = mid === undefined ? 1 : product(mid.shape.slice(2));
    return { out: up.shape[0]!, inner: product(down.shape.slice(1)) * places };
  },
  alphaRank: (tensors) => need(tensors, 'down').shape[0]!,
  read(tensors, read) {
    const [down, up, mid] = [need(tensors, 'down'), need(tensors, 'up'), tensors.get('mid')];
    const rank = up.shape[1]!;
    const b = mid === undefined ? read(down) : throughMiddle(read(mid), mid.shape, read(down), down);
    return checked({ ...lora.size(tensors), rank, a: read(up), b }, down);
  },
};

/** Tucker form: mid f32[r', r, k, k] after down f32[r, in] is one kernel f32[r', in, k, k]. */
function throughMiddle(
  mid: Float32Array,
  shape: readonly number[],
  down: Float32Array,
  range: TensorRange,
): Float32Array {
  const [ranks, inner] = shape as [number, number];
  const channels = product(range.shape.slice(1));
  const places = product(shape.slice(2));
  const kernel = new Float32Array(ranks * channels * places);
  for (let r = 0; r < ranks; r++) {
    for (let q = 0; q < inner; q++) {
      for (let c = 0; c < channels; c++) {
        const weight = down[q * channels + c]!;
        const from = (r * inner + q) * places;
        const to = (r * channels + c) * places;
        for (let p = 0; p < places; p++) kernel[to + p]! += mid[from + p]! * weight;
      }
    }
  }
  return kernel;
}

/** Two products multiplied number by number: every pair of their ranks is one rank of the whole. */
const loha: Form = {
  sign: 'hada_w1_a',
  size(tensors) {
    const [a, b, t] = [need(tensors, 'hada_w1_a'), need(tensors, 'hada_w1_b'), tensors.get('hada_t1')];
    if (t === undefined) return { out: a.shape[0]!, inner: product(b.shape.slice(1)) };
    return { out: a.shape[1]!, inner: b.shape[1]! * product(t.shape.slice(2)) };
  },
  alphaRank: (tensors) => need(tensors, 'hada_w1_b').shape[0]!,
  read(tensors, read) {
    const [first, second] = [1, 2].map((k) => core(tensors, read, `hada_w${k}_a`, `hada_w${k}_b`, `hada_t${k}`)) as [
      Product,
      Product,
    ];
    if (first.rank * second.rank >= Math.min(first.out, first.inner)) {
      const [left, right] = [multiplied(first), multiplied(second)];
      return whole(
        left.map((value, i) => value * right[i]!),
        first.out,
        first.inner,
      );
    }
    return pairs(first, second, (x, y) => x.map((value, i) => value * y[i]!), first.out, first.inner);
  },
};

/** A small matrix whose every number scales a copy of another one. */
const lokr: Form = {
  sign: 'lokr_w1',
  size(tensors) {
    const [first, second] = [kronSize(tensors, 'lokr_w1'), kronSize(tensors, 'lokr_w2')];
    return { out: first.out * second.out, inner: first.inner * second.inner };
  },
  alphaRank: (tensors) => tensors.get('lokr_w1_b')?.shape[0] ?? tensors.get('lokr_w2_b')?.shape[0] ?? null,
  read(tensors, read) {
    const [first, second] = [kronPart(tensors, read, 'lokr_w1'), kronPart(tensors, read, 'lokr_w2')];
    const { out, inner } = lokr.size(tensors);
    if (first.rank * second.rank < Math.min(out, inner)) return pairs(first, second, kron, out, inner);
    const [left, right] = [multiplied(first), multiplied(second)];
    const delta = new Float32Array(out * inner);
    for (let o = 0; o < out; o++) {
      const x = left.subarray(Math.floor(o / second.out) * first.inner, (Math.floor(o / second.out) + 1) * first.inner);
      const y = right.subarray((o % second.out) * second.inner, ((o % second.out) + 1) * second.inner);
      delta.set(kron(x, y), o * inner);
    }
    return whole(delta, out, inner);
  },
};

function kronSize(tensors: LayerTensors, name: string): Pick<Layer, 'out' | 'inner'> {
  const full = tensors.get(name);
  if (full !== undefined) return { out: full.shape[0]!, inner: product(full.shape.slice(1)) };
  const [a, b] = [need(tensors, `${name}_a`), need(tensors, `${name}_b`)];
  const t = tensors.get(name.replace('_w', '_t'));
  if (t === undefined) return { out: a.shape[0]!, inner: product(b.shape.slice(1)) };
  return { out: a.shape[1]!, inner: b.shape[1]! * product(t.shape.slice(2)) };
}

function kronPart(tensors: LayerTensors, read: NumberReader, name: string): Product {
  const full = tensors.get(name);
  if (full === undefined) return core(tensors, read, `${name}_a`, `${name}_b`, name.replace('_w', '_t'));
  const { out, inner } = kronSize(tensors, name);
  return whole(read(full), out, inner);
}

function kron(x: Float32Array, y: Float32Array): Float32Array {
  const result = new Float32Array(x.length * y.length);
  for (let i = 0; i < x.length; i++) for (let k = 0; k < y.length; k++) result[i * y.length + k] = x[i]! * y[k]!;
  return result;
}

/** a · b, or with a core t f32[i, j, k, k] in between a f32[i, out], b f32[j, in]: then whole. */
function core(tensors: LayerTensors, read: NumberReader, aName: string, bName: string, tName: string): Product {
  const [a, b, t] = [need(tensors, aName), need(tensors, bName), tensors.get(tName)];
  if (t === undefined) {
    const rank = b.shape[0]!;
    return checked({ out: a.shape[0]!, inner: product(b.shape.slice(1)), rank, a: read(a), b: read(b) }, a);
  }
  const kernel = throughMiddle(read(t), t.shape, read(b), b);
  const inner = b.shape[1]! * product(t.shape.slice(2));
  const transposed = transpose(read(a), a.shape[0]!, a.shape[1]!);
  return checked({ out: a.shape[1]!, inner, rank: a.shape[0]!, a: transposed, b: kernel }, a);
}

/** The whole change as it is. */
const full: Form = {
  sign: 'diff',
  size: (tensors) => layerOf(need(tensors, 'diff')),
  alphaRank: () => null,
  read(tensors, read) {
    const { weight, out, inner } = layerOf(need(tensors, 'diff'));
    return whole(read(weight), out, inner);
  },
};

const FORMS = [lora, loha, lokr, full];

/** Factors that no side branch can express, and what they change. */
const REFUSED: Readonly<Record<string, string>> = {
  oft_blocks: 'turns weights (OFT)',
  oft_diag: 'turns weights (OFT)',
  'a1.weight': 'is a GLoRA',
  bias: 'holds whole biases',
};

/** @returns why the layer's tensors cannot be used; undefined when they can */
export function refusalOf(tensors: LayerTensors): string | undefined {
  if (tensors.has('weight') && !tensors.has('on_input')) return 'holds whole weights';
  const refused = Object.keys(REFUSED).find((factor) => tensors.has(factor));
  return refused === undefined ? undefined : REFUSED[refused];
}

/** @throws weights_invalid when the factors are of no form */
function formOf(tensors: LayerTensors): Form {
  const isLokr = tensors.has('lokr_w1') || tensors.has('lokr_w1_a');
  const form = FORMS.find(({ sign }) => tensors.has(sign)) ?? (isLokr ? lokr : undefined);
  if (form !== undefined) return form;
  const names = [...tensors.values()].map(({ name }) => name).join(', ');
  throw new DarkroomError('weights_invalid', `${names}: not all factors of a LoRA's layer are there`);
}

/** Whether there are factors of a change, whole or not, beside what else the file may hold for the layer. */
export function isSized(tensors: LayerTensors): boolean {
  return hasFactors(tensors) || tensors.has(full.sign);
}

/** Whether the change is told by factors. */
export function hasFactors(tensors: LayerTensors): boolean {
  const isLokr = tensors.has('lokr_w1') || tensors.has('lokr_w1_a');
  return isLokr || FORMS.some((form) => form !== full && tensors.has(form.sign));
}

/** What the change measures, by the header alone. @throws weights_invalid */
export function sizeOf(tensors: LayerTensors): Pick<Layer, 'out' | 'inner'> {
  return formOf(tensors).size(tensors);
}

/** The least that can be said about a file's size in memory: numbers of both factors, by the header alone. */
export function numbersOf(tensors: LayerTensors): number {
  const { out, inner } = sizeOf(tensors);
  const isLow = formOf(tensors) === lora && !tensors.has('dora_scale') && !tensors.has('magnitude');
  const rank = isLow ? need(tensors, 'down').shape[0]! : Math.min(out, inner);
  return rank * (out + inner);
}

/**
 * The layer's factors at strength 1.
 * @param alpha what the file says beside the tensors
 * @param readBase reads the model's own weights
 * @throws weights_invalid
 */
export function readFactors(
  tensors: LayerTensors,
  layer: Layer,
  alpha: Alpha,
  read: NumberReader,
  readBase: NumberReader,
): LoraFactors {
  const form = formOf(tensors);
  const found = form.read(tensors, read);
  const scale = scaleOf(tensors, form, alpha, read);
  const dora = tensors.get('dora_scale') ?? tensors.get('magnitude');
  const change =
    dora === undefined
      ? found
      : decomposed(
          found,
          scale,
          layer,
          { lengths: read(dora), range: dora, isPeft: tensors.has('magnitude') },
          readBase,
        );
  const factor = dora === undefined ? scale : 1;
  const up = transpose(change.a, change.out, change.rank);
  return { rank: change.rank, down: change.b, up: factor === 1 ? up : up.map((value) => value * factor) };
}

function scaleOf(tensors: LayerTensors, form: Form, alpha: Alpha, read: NumberReader): number {
  const scale = tensors.get('scale');
  if (scale !== undefined) return read(scale)[0]!;
  const rank = form.alphaRank(tensors);
  const own = tensors.get('alpha');
  if (own === undefined) return alpha(rank) ?? 1;
  return rank === null ? 1 : read(own)[0]! / rank;
}

interface Lengths {
  readonly lengths: Float32Array;
  readonly range: TensorRange;
  /** PEFT knows rows alone. */
  readonly isPeft: boolean;
}

/**
 * DoRA: the changed weight, every row (or column) brought to a length of its own; handed on is what that adds to the weight as it is.
 * Which of the two the shape of the lengths says: [out,1,…] and [out] are rows, [1,in,…] columns, and PEFT's [1,out,1,1] rows.
 */
function decomposed(
  change: Product,
  scale: number,
  { weight, out, inner }: Layer,
  { lengths, range, isPeft }: Lengths,
  readBase: NumberReader,
): Product {
  const base = readBase(weight);
  const delta = multiplied(change);
  const changed = base.map((value, i) => value + scale * delta[i]!);
  const isRows = lengths.length === out && (range.shape.length === 1 || range.shape[0] === out || isPeft);
  const places = product(weight.shape.slice(2));
  const groupOf = isRows ? (i: number) => Math.floor(i / inner) : (i: number) => Math.floor((i % inner) / places);
  if (lengths.length !== (isRows ? out : inner / places)) {
    throw new DarkroomError('weights_invalid', `${range.name} has ${lengths.length} lengths, expected ${out}`);
  }
  const squares = new Float64Array(lengths.length);
  for (let i = 0; i < changed.length; i++) squares[groupOf(i)]! += changed[i]! ** 2;
  for (let i = 0; i < changed.length; i++) {
    const group = groupOf(i);
    changed[i] = (changed[i]! * lengths[group]!) / Math.sqrt(squares[group]!) - base[i]!;
  }
  return whole(changed, out, inner);
}

/** A whole matrix as a product: one of the two is the identity, whichever makes the rank smaller. */
function whole(delta: Float32Array, out: number, inner: number): Product {
  const rank = Math.min(out, inner);
  const one = identity(rank);
  return out <= inner ? { out, inner, rank, a: one, b: delta } : { out, inner, rank, a: delta, b: one };
}

function identity(size: number): Float32Array {
  const matrix = new Float32Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

/** Every pair of a rank of one and a rank of the other, combined. */
function pairs(
  first: Product,
  second: Product,
  combine: (x: Float32Array, y: Float32Array) => Float32Array,
  out: number,
  inner: number,
): Product {
  const rank = first.rank * second.rank;
  const [firstUp, secondUp] = [first, second].map(({ a, out: rows, rank: ranks }) => transpose(a, rows, ranks)) as [
    Float32Array,
    Float32Array,
  ];
  const up = new Float32Array(rank * out);
  const b = new Float32Array(rank * inner);
  for (let i = 0; i < first.rank; i++) {
    for (let k = 0; k < second.rank; k++) {
      const at = i * second.rank + k;
      up.set(combine(row(firstUp, i, first.out), row(secondUp, k, second.out)), at * out);
      b.set(combine(row(first.b, i, first.inner), row(second.b, k, second.inner)), at * inner);
    }
  }
  return { out, inner, rank, a: transpose(up, rank, out), b };
}

function row(matrix: Float32Array, index: number, length: number): Float32Array {
  return matrix.subarray(index * length, (index + 1) * length);
}

function multiplied({ out, inner, rank, a, b }: Product): Float32Array {
  const result = new Float32Array(out * inner);
  for (let o = 0; o < out; o++) {
    for (let r = 0; r < rank; r++) {
      const factor = a[o * rank + r]!;
      if (factor === 0) continue;
      const [to, from] = [o * inner, r * inner];
      for (let i = 0; i < inner; i++) result[to + i]! += factor * b[from + i]!;
    }
  }
  return result;
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) result[k * rows + i] = matrix[i * columns + k]!;
  return result;
}

function checked(found: Product, named: TensorRange): Product {
  if (found.a.length === found.out * found.rank && found.b.length === found.rank * found.inner) return found;
  throw new DarkroomError('weights_invalid', `${named.name}: the factors of this layer do not fit each other`);
}

function need(tensors: LayerTensors, factor: string): TensorRange {
  const range = tensors.get(factor);
  if (range !== undefined) return range;
  const [first] = tensors.values();
  throw new DarkroomError('weights_invalid', `${first?.name ?? 'a layer'}: its factor ${factor} is missing`);
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1);
}
