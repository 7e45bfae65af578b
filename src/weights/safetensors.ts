// Reads the header of a safetensors file, strictly: what this accepts is exactly tiled by its tensors and lies inside the file.
// The numbers stay where they are. @source huggingface/safetensors README, "Format"
import { DarkroomError } from '../errors.ts';
import { isRecord, nameInMessages, type OpenFile, withModelFile } from './modelFiles.ts';
import { parseStrictJson } from './strictJson.ts';
import { DTYPE_BYTES, type Dtype, isDtype, type TensorIndex, type TensorRange } from './tensors.ts';

/** Bytes; the format's own cap. A larger length is an attempt to make the reader allocate. */
const MAX_HEADER_BYTES = 100_000_000;
/** Tensors; SDXL has 2,515 in one file, a LoRA of every module about 8,000. A header of 100 MB could name millions. */
const MAX_TENSORS = 100_000;
/** Axes; convolutions of video networks have 5. */
const MAX_AXES = 8;
const LENGTH_BYTES = 8;
/** { entry { offsets [ : nothing in a header lies deeper. */
const HEADER_LIMITS = { maxDepth: 3, maxCommas: MAX_TENSORS * (MAX_AXES + 4), integersOnly: true };
const ENTRY_KEYS = ['dtype', 'shape', 'data_offsets'];

export interface SafetensorsFile extends TensorIndex {
  /** The header's `__metadata__`; free text of whoever wrote the file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
}

/** @throws model_missing, weights_invalid, and model_unsupported for a pickle under a wrong name */
export function openSafetensors(modelsDir: string, file: string): SafetensorsFile {
  const source = nameInMessages(modelsDir, file);
  return withModelFile(modelsDir, file, (open) => readSafetensors(open, source));
}

/** @param source how messages name the file */
export function readSafetensors(open: OpenFile, source: string): SafetensorsFile {
  const fail = failFor(source);
  if (open.sizeBytes < LENGTH_BYTES) fail(`has ${open.sizeBytes} bytes, expected at least ${LENGTH_BYTES}`);
  const start = open.read(0, Math.min(LENGTH_BYTES + 1, open.sizeBytes));
  refusePickle(start, source);
  const headerBytes = headerLength(start, open.sizeBytes, fail);
  const entries = parseHeader(open.read(LENGTH_BYTES, headerBytes), fail);
  const dataStart = LENGTH_BYTES + headerBytes;
  const metadata = readMetadata(entries.get('__metadata__'), fail);
  entries.delete('__metadata__');
  const tensors = [...entries].map(([name, entry]) => readEntry(name, entry, open.file, dataStart, fail));
  checkTiling(tensors, dataStart, open.sizeBytes, fail);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return { source, metadata, sizeBytes: open.sizeBytes, get: (name) => byName.get(name), names: () => byName.keys() };
}

type Fail = (problem: string) => never;

function failFor(source: string): Fail {
  return (problem) => {
    throw new DarkroomError('weights_invalid', `${source}: ${problem}`, { file: source });
  };
}

/**
 * True for the two shapes of a PyTorch file, a zip of pickles or a bare pickle of protocol 2 to 5, told from nine bytes.
 * Read as a safetensors length, the zip's are 67 MB, so the `{` after it decides; the pickle's are beyond 4 GB.
 */
export function isPickle(firstBytes: Uint8Array): boolean {
  const [a, b, c, d] = firstBytes;
  const isZip = a === 0x50 && b === 0x4b && c === 3 && d === 4 && firstBytes[8] !== 0x7b;
  const isBare = a === 0x80 && b! >= 2 && b! <= 5 && firstBytes.subarray(4, 8).some((byte) => byte !== 0);
  return isZip || isBare;
}

export function pickleError(source: string): DarkroomError {
  return new DarkroomError(
    'model_unsupported',
    `${source}: is a PyTorch pickle. Loading a pickle can run any code its author put there, so it is never opened; ` +
      'get the .safetensors version of this model from its publisher',
    { file: source },
  );
}

function refusePickle(firstBytes: Uint8Array, source: string): void {
  if (isPickle(firstBytes)) throw pickleError(source);
}

function headerLength(start: Buffer, sizeBytes: number, fail: Fail): number {
  const length = start.readBigUInt64LE(0);
  const room = sizeBytes - LENGTH_BYTES;
  if (length > BigInt(MAX_HEADER_BYTES)) fail(`header length is ${length} bytes, expected at most ${MAX_HEADER_BYTES}`);
  if (length > BigInt(room))
    fail(`header length is ${length} bytes, but only ${room} follow; is the download complete?`);
  return Number(length);
}

function parseHeader(bytes: Buffer, fail: Fail): Map<string, unknown> {
  if (bytes[0] !== 0x7b) fail('header does not begin with {');
  const header = parseText(bytes, fail);
  if (!isRecord(header)) return fail('header is not a JSON object');
  const entries = new Map(Object.entries(header));
  if (entries.size > MAX_TENSORS + 1) fail(`header names ${entries.size} tensors, expected at most ${MAX_TENSORS}`);
  return entries;
}

function parseText(bytes: Buffer, fail: Fail): unknown {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), HEADER_LIMITS);
  } catch (cause) {
    return fail(`header is not what the format allows: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function readMetadata(value: unknown, fail: Fail): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isRecord(value)) return fail('__metadata__ is not an object');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') fail(`__metadata__ ${quote(key)} is not a string`);
  }
  return value as Readonly<Record<string, string>>;
}

function readEntry(name: string, entry: unknown, file: string, dataStart: number, fail: Fail): TensorRange {
  if (!isRecord(entry)) return fail(`${quote(name)} is not an object`);
  const extra = Object.keys(entry).find((key) => !ENTRY_KEYS.includes(key));
  if (extra !== undefined) fail(`${quote(name)} has the unknown key ${quote(extra)}`);
  const dtype = readDtype(name, entry.dtype, fail);
  const shape = readShape(name, entry.shape, fail);
  const [begin, end] = readOffsets(name, entry.data_offsets, fail);
  const expected = sizeOf(name, dtype, shape, fail);
  if (end - begin !== expected) {
    fail(`${quote(name)} ${dtype} [${shape}] takes ${end - begin} bytes in the file, expected ${expected}`);
  }
  return { name, dtype, shape, file, offset: dataStart + begin, sizeBytes: expected };
}

function readDtype(name: string, value: unknown, fail: Fail): Dtype {
  if (isDtype(value)) return value;
  return fail(`${quote(name)} has dtype ${quote(value)}, expected one of ${Object.keys(DTYPE_BYTES).join(', ')}`);
}

function readShape(name: string, value: unknown, fail: Fail): readonly number[] {
  if (!isSizes(value)) return fail(`${quote(name)} has no valid shape`);
  if (value.length > MAX_AXES) fail(`${quote(name)} has ${value.length} axes, expected at most ${MAX_AXES}`);
  return value;
}

function readOffsets(name: string, value: unknown, fail: Fail): readonly [number, number] {
  if (!isSizes(value) || value.length !== 2) return fail(`${quote(name)} has no valid data_offsets`);
  const [begin, end] = value as [number, number];
  if (begin > end) fail(`${quote(name)} ends at ${end}, before its begin ${begin}`);
  return [begin, end];
}

/** Whole numbers that a double holds exactly; from 2^53 on, arithmetic on offsets would go wrong in silence. */
function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function sizeOf(name: string, dtype: Dtype, shape: readonly number[], fail: Fail): number {
  let sizeBytes: number = DTYPE_BYTES[dtype];
  for (const length of shape) {
    sizeBytes *= length; // checked at every axis: a zero behind two huge ones would make the product small again
    if (!Number.isSafeInteger(sizeBytes)) fail(`${quote(name)} [${shape}] is larger than 2^53 bytes`);
  }
  return sizeBytes;
}

/** Tensors lie back to back, from the header's end to the file's: no overlap to alias two weights, no hole to hide data in. */
function checkTiling(tensors: readonly TensorRange[], dataStart: number, fileBytes: number, fail: Fail): void {
  let end = dataStart;
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset || a.sizeBytes - b.sizeBytes)) {
    const after = tensor.offset + tensor.sizeBytes;
    if (after > fileBytes)
      fail(`${quote(tensor.name)} ends at byte ${after}, but the file has ${fileBytes}; is the download complete?`);
    if (tensor.offset < end)
      fail(`${quote(tensor.name)} begins at byte ${tensor.offset}, inside another tensor that ends at ${end}`);
    if (tensor.offset > end) fail(`${quote(tensor.name)} begins at byte ${tensor.offset}, leaving a hole after ${end}`);
    end = after;
  }
  if (end !== fileBytes) fail(`the tensors end at byte ${end}, but the file has ${fileBytes}`);
}

/** Names come from strangers: quoted, and short enough for a log line; cut first, for one can fill the whole header. */
function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_QUOTED_CHARS)) : String(value);
  return text.slice(0, MAX_QUOTED_CHARS);
}

const MAX_QUOTED_CHARS = 120;
