// Writes safetensors files for tests, right ones and wrong ones, independent of the reader.
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A file of the given header text and data, with a length field of its own choosing when `length` is given. */
export function safetensorsBytes(header: string | Uint8Array, dataBytes: number, length?: bigint): Buffer {
  const text = Buffer.from(header);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, Buffer.alloc(dataBytes, 0x11)]);
}

/** F16 tensors of the given shapes, back to back. */
export function safetensorsOf(shapes: Readonly<Record<string, readonly number[]>>): Buffer {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]): [string, Entry] => {
    const begin = end;
    end += 2 * shape.reduce((product, length) => product * length, 1);
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }];
  });
  return safetensorsBytes(JSON.stringify(Object.fromEntries(entries)), end);
}

/** A fresh models folder; files maps relative paths to contents, objects become JSON. */
export function modelsFolder(files: Readonly<Record<string, Uint8Array | string | object>>): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-models-')));
  for (const [name, content] of Object.entries(files)) putFile(folder, name, content);
  return folder;
}

export function putFile(folder: string, name: string, content: Uint8Array | string | object): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const isRaw = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(file, isRaw ? content : JSON.stringify(content));
}
