// Networks of published shapes with random weights, for measuring at real size without anybody's weights: a folder as diffusers saves it
// (config.json, diffusion_pytorch_model.safetensors), made once and kept.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../src/root.ts';
import type { Part } from '../../src/weights/modelFolder.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';

export type Precision = 'f16' | 'f32';

interface Header {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

const HEADERS = path.join(ROOT, 'test/golden/networks/headers.json');

/** Numbers of one table, repeated through all tensors; a prime, so that no two rows of a matrix are alike. */
const TABLE_NUMBERS = 65_521;
/** Numbers of the table between the beginnings of two tensors. */
const STRIDE = 7_919;
/** Bytes written at once. */
const CHUNK_BYTES = 1 << 24;

/**
 * @param header a name of test/golden/networks/headers.json, e.g. sd15_unet
 * @returns the absolute folder
 */
export function randomNetwork(header: string, precision: Precision, cacheDir: string): string {
  const folder = path.join(cacheDir, `${header}-${precision}`);
  const file = path.join(folder, 'diffusion_pytorch_model.safetensors');
  if (existsSync(file)) return folder;
  const headers = JSON.parse(readFileSync(HEADERS, 'utf8')) as Readonly<Record<string, Header>>;
  const { config, tensors } = headers[header]!;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeTensors(`${file}.part`, tensors, precision);
  renameSync(`${file}.part`, file);
  return folder;
}

/** The folder as a part of a model, its weights by reference. */
export function partOf(folder: string): Part {
  const config = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8')) as Part['config'];
  return { config, tensors: openSafetensors(folder, path.join(folder, 'diffusion_pytorch_model.safetensors')) };
}

/** How many numbers the weights are. */
export function weightNumbers({ tensors }: Part): number {
  return [...tensors.names()].reduce((sum, name) => sum + sizeOf(tensors.get(name)!.shape), 0);
}

function writeTensors(file: string, tensors: Header['tensors'], precision: Precision): void {
  const width = precision === 'f16' ? 2 : 4;
  let end = 0;
  const entries = Object.entries(tensors).map(([name, shape]) => {
    const begin = end;
    end += width * sizeOf(shape);
    return [name, { dtype: precision === 'f16' ? 'F16' : 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const out = openSync(file, 'w');
  for (const bytes of [length, text]) writeSync(out, bytes);
  for (const [turn, [name, shape]] of Object.entries(tensors).entries()) {
    writeNumbers(out, sizeOf(shape), tableFor(name, shape, precision), turn);
  }
  closeSync(out);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((total, dim) => total * dim, 1);
}

const tables = new Map<string, Uint8Array>();

/** The scales of normalisations are about 1, all others uniform with the spread that keeps signals as large as they came. */
function tableFor(name: string, shape: readonly number[], precision: Precision): Uint8Array {
  const middle = shape.length === 1 && name.endsWith('.weight') ? 1 : 0;
  const spread = shape.length === 1 ? 0.05 : Math.sqrt(3 / sizeOf(shape.slice(1)));
  const key = [middle, spread, precision].join();
  const table = tables.get(key) ?? makeTable(middle, spread, precision);
  tables.set(key, table);
  return table;
}

function makeTable(middle: number, spread: number, precision: Precision): Uint8Array {
  const numbers = noise().map((number) => middle + number * spread);
  return new Uint8Array((precision === 'f32' ? numbers : halves(numbers)).buffer);
}

let cachedNoise: Float32Array | null = null;

/** -1 … 1, the same on every machine. @source the multiplier of Lehmer's generator: Park and Miller 1988. */
function noise(): Float32Array {
  let state = 1;
  cachedNoise ??= Float32Array.from({ length: TABLE_NUMBERS }, () => {
    state = (state * 16_807) % 2_147_483_647;
    return (2 * state) / 2_147_483_647 - 1;
  });
  return cachedNoise;
}

/** @param turn where in the table the tensor begins: exporters store equal tensors once, and no two may be equal here. */
function writeNumbers(out: number, count: number, table: Uint8Array, turn: number): void {
  const width = table.length / TABLE_NUMBERS;
  const from = width * ((turn * STRIDE) % TABLE_NUMBERS);
  const turned = Buffer.concat([table.subarray(from), table.subarray(0, from)]);
  const copies = Math.ceil(Math.min(count * width, CHUNK_BYTES) / table.length);
  const chunk = Buffer.concat(Array.from({ length: copies }, () => turned));
  for (let left = count * width; left > 0; left -= chunk.length) {
    writeSync(out, chunk, 0, Math.min(left, chunk.length));
  }
}

/** IEEE 754 binary16, rounded towards zero; subnormals become 0. */
function halves(numbers: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(numbers.buffer), (bits) => {
    const exponent = ((bits >>> 23) & 0xff) - 112;
    return exponent <= 0 ? 0 : ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff);
  });
}
