// Expected bytes are those of the format's own documentation (protobuf.dev, "Encoding") and worked out by hand from it.
import { describe, expect, test } from 'vitest';
import { ProtobufWriter } from '../../src/onnx/protobuf.ts';

const hex = (writer: ProtobufWriter) => Buffer.from(writer.finish()).toString('hex');

describe('protobuf wire format', () => {
  test.each([
    [150, '089601'],
    [0, '0800'],
    [127, '087f'],
    [128, '088001'],
    [2 ** 40, '08808080808020'],
    [-1, '08ffffffffffffffffff01'],
    [-2, '08feffffffffffffffff01'],
  ])('integer %i', (value, bytes) => {
    expect(hex(new ProtobufWriter().integer(1, value))).toBe(bytes);
  });

  test('text', () => {
    expect(hex(new ProtobufWriter().text(2, 'testing'))).toBe('120774657374696e67');
  });

  test('a nested message', () => {
    expect(hex(new ProtobufWriter().message(3, (nested) => nested.integer(1, 150)))).toBe('1a03089601');
  });

  test('a real number', () => {
    expect(hex(new ProtobufWriter().float(2, 1e-5))).toBe('15acc52737');
  });

  test('field numbers above 15 take two bytes', () => {
    expect(hex(new ProtobufWriter().integer(20, 1))).toBe('a00101');
  });

  test('grows past its first buffer', () => {
    const writer = new ProtobufWriter().bytes(1, new Uint8Array(1000).fill(7)).bytes(1, new Uint8Array(3000).fill(9));
    expect(writer.finish()).toHaveLength(1000 + 3 + 3000 + 3);
    expect(writer.finish().at(-1)).toBe(9);
  });
});
