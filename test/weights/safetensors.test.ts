import { linkSync, mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { openSafetensors, readSafetensors } from '../../src/weights/safetensors.ts';
import { modelsFolder, safetensorsBytes, safetensorsOf } from './makeSafetensors.ts';

const RIGHT = {
  'b.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [2, 26] },
  'a.scale': { dtype: 'BF16', shape: [], data_offsets: [0, 2] },
  'c.none': { dtype: 'F16', shape: [0, 7], data_offsets: [26, 26] },
  __metadata__: { format: 'pt' },
};

function readBytes(bytes: Buffer) {
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return readSafetensors({ file: '/models/m/x.safetensors', sizeBytes: bytes.length, read }, 'm/x.safetensors');
}

/** The right header with one change, read as a file of 26 data bytes. */
function readWith(change: object, dataBytes = 26) {
  return readBytes(safetensorsBytes(JSON.stringify({ ...RIGHT, ...change }), dataBytes));
}

describe('what a right file says', () => {
  test('names, shapes and byte ranges, scalars and empty tensors included', () => {
    const header = JSON.stringify(RIGHT);
    const file = readBytes(safetensorsBytes(`${header}  `, 26));
    const start = 8 + header.length + 2;
    expect([...file.names()].toSorted()).toEqual(['a.scale', 'b.weight', 'c.none']);
    expect(file.metadata).toEqual({ format: 'pt' });
    const found = { dtype: 'F32', shape: [2, 3], offset: start + 2, sizeBytes: 24 };
    expect(file.get('b.weight')).toMatchObject({ name: 'b.weight', file: '/models/m/x.safetensors', ...found });
    expect(file.get('a.scale')).toMatchObject({ shape: [], offset: start, sizeBytes: 2 });
    expect(file.get('c.none')).toMatchObject({ shape: [0, 7], offset: start + 26, sizeBytes: 0 });
    expect(file.get('toString')).toBeUndefined();
  });

  test('a tensor may be called __proto__', () => {
    const file = readBytes(safetensorsBytes('{"__proto__":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}', 3));
    expect(file.get('__proto__')).toMatchObject({ dtype: 'U8', sizeBytes: 3 });
  });

  test('a header whose length looks like a pickle is still a header', () => {
    const entry = '"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
    const header = `{${entry}}`.padEnd(0x0280, ' ');
    expect(readBytes(safetensorsBytes(header, 1)).get('a')).toMatchObject({ offset: 8 + 0x0280 });
  });

  test('only the header is read, never the numbers', () => {
    const header = JSON.stringify(RIGHT);
    const bytes = safetensorsBytes(header, 26);
    let last = 0;
    const read = (offset: number, length: number) => {
      last = Math.max(last, offset + length);
      return bytes.subarray(offset, offset + length);
    };
    readSafetensors({ file: '/x', sizeBytes: bytes.length, read }, 'x');
    expect(last).toBe(8 + header.length);
  });
});

describe('what is refused, and how it is said', () => {
  const at = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
    'b.weight': { dtype, shape, data_offsets: [begin, end] },
  });
  test.each<[string, object, RegExp]>([
    ['overlap', at('F32', [2, 3], 1, 25), /"b.weight" begins at byte \d+, inside another tensor/],
    ['hole', at('F32', [1, 2], 3, 11), /leaving a hole/],
    ['range beyond the file', at('F32', [2, 6], 2, 50), /ends at byte \d+, but the file has \d+; is the download/],
    ['end before begin', at('F32', [2, 3], 26, 2), /ends at 2, before its begin 26/],
    ['too few bytes for the shape', at('F32', [2, 4], 2, 26), /takes 24 bytes in the file, expected 32/],
    ['unknown dtype', at('F4', [2, 3], 2, 26), /has dtype "F4", expected one of BOOL/],
    ['dtype that every object has', at('toString', [2, 3], 2, 26), /has dtype "toString"/],
    ['negative length', at('F32', [-2, -3], 2, 26), /unexpected "-"/],
    ['fraction', at('F32', [1.5, 4], 2, 26), /unexpected "."/],
    ['2^53', at('U8', [2 ** 53], 2, 2 ** 53 + 2), /has no valid (shape|data_offsets)/],
    ['product beyond 2^53', at('U8', [2 ** 40, 2 ** 40, 0], 2, 2), /larger than 2\^53 bytes/],
    [
      'three offsets',
      { 'b.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [2, 26, 26] } },
      /no valid data_offsets/,
    ],
    ['missing key', { 'b.weight': { dtype: 'F32', data_offsets: [2, 26] } }, /no valid shape/],
    ['unknown key', { 'b.weight': { ...RIGHT['b.weight'], code: 'x' } }, /unknown key "code"/],
    ['not an entry', { 'b.weight': 7 }, /"b.weight" is not an object/],
    ['metadata of numbers', { __metadata__: { steps: 7 } }, /__metadata__ "steps" is not a string/],
    ['deep nesting', { 'b.weight': { ...RIGHT['b.weight'], shape: [[2]] } }, /nested deeper than 3/],
    ['nine axes', at('U8', [1, 1, 1, 1, 1, 1, 1, 1, 24], 2, 26), /has 9 axes, expected at most 8/],
  ])('%s', (_, change, message) => {
    expect(() => readWith(change)).toThrow(message);
    expect(() => readWith(change)).toThrow(/^m\/x\.safetensors: /);
  });

  test('bytes behind the last tensor', () => {
    expect(() => readWith({}, 27)).toThrow(/the tensors end at byte \d+, but the file has \d+/);
  });

  test('two tensors of one name, which JSON.parse would hide', () => {
    const entry = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
    expect(() => readBytes(safetensorsBytes(`{"a":${entry},"a":${entry}}`, 1))).toThrow(/the key "a" appears twice/);
    expect(() => readBytes(safetensorsBytes(`{"a":${entry},"\\u0061" : ${entry}}`, 1))).toThrow(/"a" appears twice/);
  });

  test.each<[string, Buffer, RegExp]>([
    ['no length', Buffer.alloc(5), /has 5 bytes, expected at least 8/],
    [
      'length beyond the cap',
      safetensorsBytes('{}', 0, 100_000_001n),
      /is 100000001 bytes, expected at most 100000000/,
    ],
    ['length 2^64 - 1', safetensorsBytes('{}', 0, 2n ** 64n - 1n), /expected at most/],
    ['length beyond the file', safetensorsBytes('{}', 10, 13n), /is 13 bytes, but only 12 follow/],
    ['an array', safetensorsBytes('[]', 0), /does not begin with \{/],
    ['a byte order mark', safetensorsBytes('\ufeff{}', 0), /does not begin with \{/],
    ['not UTF-8', safetensorsBytes(Buffer.from('{"\xff":1}', 'latin1'), 0), /header is not what the format allows/],
    ['half a header', safetensorsBytes('{"a":{"dtype":"U8"', 0), /not valid JSON/],
    ['a string without end', safetensorsBytes('{"a\\"', 0), /has no end/],
  ])('%s', (_, bytes, message) => {
    expect(() => readBytes(bytes)).toThrow(message);
  });

  test('more tensors than anybody needs', () => {
    const names = Array.from({ length: 100_002 }, (_, k) => `"${k}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`);
    expect(() => readBytes(safetensorsBytes(`{${names.join()}}`, 0))).toThrow(/names 100002 tensors/);
  });

  test('a name that fills the header is cut in the message', () => {
    const message = () => readBytes(safetensorsBytes(`{"${'n'.repeat(1_000_000)}":1}`, 0));
    expect(message).toThrow(/^m\/x.safetensors: "n{119} is not an object$/);
  });

  test('ten million brackets cost nothing', () => {
    const header = `{"a":${'['.repeat(10_000_000)}`;
    expect(() => readBytes(safetensorsBytes(header, 0))).toThrow(/nested deeper than 3/);
  });

  test.each([
    ['a zip', Buffer.from('504b0304000008080000000000000000', 'hex')],
    ['a bare pickle', Buffer.from('80027d71002858060000', 'hex')],
  ])('%s under a false name', (_, bytes) => {
    expect(() => readBytes(bytes)).toThrow(expect.objectContaining({ code: 'model_unsupported' }));
    expect(() => readBytes(bytes)).toThrow(/PyTorch pickle. Loading a pickle can run any code/);
  });
});

describe('where files may lie', () => {
  const bytes = safetensorsOf({ a: [2, 3] });

  test('the real path is reported through links inside the folder', () => {
    const folder = modelsFolder({ 'blobs/1': bytes, 'm/keep': '' });
    symlinkSync('../blobs/1', path.join(folder, 'm/x.safetensors'));
    expect(openSafetensors(folder, path.join(folder, 'm/x.safetensors')).get('a')).toMatchObject({
      file: path.join(folder, 'blobs/1'),
    });
  });

  test('the models folder may itself be a link', () => {
    const folder = modelsFolder({ 'm/x.safetensors': bytes });
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    expect(openSafetensors(link, path.join(link, 'm/x.safetensors')).get('a')?.file).toBe(`${folder}/m/x.safetensors`);
  });

  test('symbolic and hard links out of the folder are refused', () => {
    const outside = path.join(mkdtempSync(path.join(tmpdir(), 'darkroom-outside-')), 'x.safetensors');
    writeFileSync(outside, bytes);
    const folder = modelsFolder({ keep: '' });
    const soft = path.join(folder, 'soft.safetensors');
    const hard = path.join(folder, 'hard.safetensors');
    symlinkSync(outside, soft);
    linkSync(outside, hard);
    expect(() => openSafetensors(folder, soft)).toThrow(/^soft.safetensors: is a link to a file outside/);
    expect(() => openSafetensors(folder, hard)).toThrow(/^hard.safetensors: is a hard link/);
  });

  test('a folder beside the models folder with a longer name is outside', () => {
    const folder = modelsFolder({ keep: '' });
    mkdirSync(`${folder}2`);
    writeFileSync(`${folder}2/x.safetensors`, bytes);
    expect(() => openSafetensors(folder, `${folder}2/x.safetensors`)).toThrow(/outside the models folder/);
  });

  test('two names inside the folder are fine', () => {
    const folder = modelsFolder({ 'm/x.safetensors': bytes });
    linkSync(path.join(folder, 'm/x.safetensors'), path.join(folder, 'm/y.safetensors'));
    expect(openSafetensors(folder, path.join(folder, 'm/y.safetensors')).get('a')).toBeDefined();
  });

  test('a missing file and a folder in its place are named', () => {
    const folder = modelsFolder({ 'm/x.safetensors/keep': '' });
    const missing = () => openSafetensors(folder, path.join(folder, 'm/y.safetensors'));
    expect(missing).toThrow(/^m\/y.safetensors: there is no such file/);
    expect(missing).toThrow(expect.objectContaining({ code: 'model_missing' }));
    expect(() => openSafetensors(folder, path.join(folder, 'm/x.safetensors'))).toThrow(/is not a regular file/);
  });

  test('a truncated file is named', () => {
    const folder = modelsFolder({ 'm/x.safetensors': bytes.subarray(0, bytes.length - 3) });
    renameSync(path.join(folder, 'm/x.safetensors'), path.join(folder, 'm/cut.safetensors'));
    expect(() => openSafetensors(folder, path.join(folder, 'm/cut.safetensors'))).toThrow(/is the download complete/);
  });
});

describe('fuzz', () => {
  const right = safetensorsBytes(JSON.stringify(RIGHT), 26);
  const mutation = fc.record({
    at: fc.nat(right.length - 1),
    remove: fc.nat(4),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc
        .constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '9', '0', '-', 'e', '99999999999999999999', 'F32')
        .map(Buffer.from),
    ),
  });

  test('ten thousand broken headers: a right file or a typed error, nothing else', () => {
    const seen = { right: 0, refused: 0 };
    const before = process.memoryUsage().rss;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const bytes = mutations.reduce(
          (before, { at, remove, insert }) =>
            Buffer.concat([before.subarray(0, at), insert, before.subarray(Math.min(at + remove, before.length))]),
          right,
        );
        count(seen, bytes);
      }),
      { numRuns: 10_000, seed: 20_26 },
    );
    expect(seen.refused).toBeGreaterThan(8_000);
    expect(seen.right).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  function count(seen: { right: number; refused: number }, bytes: Buffer): void {
    try {
      expectTiled(readBytes(bytes), bytes.length);
      seen.right++;
    } catch (thrown) {
      if (!(thrown instanceof DarkroomError)) throw thrown;
      expect(['weights_invalid', 'model_unsupported']).toContain(thrown.code);
      expect(thrown.message.length).toBeLessThan(1_000);
      seen.refused++;
    }
  }

  /** Whatever was accepted covers the data exactly. */
  function expectTiled(file: ReturnType<typeof readBytes>, sizeBytes: number): void {
    const tensors = [...file.names()].map((name) => file.get(name)!);
    const total = tensors.reduce((sum, tensor) => sum + tensor.sizeBytes, 0);
    const start = Math.min(sizeBytes, ...tensors.map((tensor) => tensor.offset));
    expect(start + total).toBe(sizeBytes);
  }
});
