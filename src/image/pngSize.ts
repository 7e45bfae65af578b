// The size a PNG claims, read without decoding it. Deliberately not here: whether its pixels are sound; decode.ts says that.

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Length, type, data and checksum of the chunk every PNG ends with. */
const END = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);
/** Signature, the header chunk (8 bytes of frame, 13 of data, 4 of checksum) and the end. */
const LEAST_BYTES = SIGNATURE.length + 25 + END.length;

/**
 * Undefined for what does not begin and end as a PNG does.
 * @source PNG specification, third edition, sections 5.2 and 11.2.1
 */
export function pngSize(bytes: Buffer): { readonly widthPx: number; readonly heightPx: number } | undefined {
  const isPng =
    bytes.length >= LEAST_BYTES &&
    bytes.subarray(0, 8).equals(SIGNATURE) &&
    bytes.toString('latin1', 12, 16) === 'IHDR' &&
    bytes.subarray(-END.length).equals(END);
  return isPng ? { widthPx: bytes.readUInt32BE(16), heightPx: bytes.readUInt32BE(20) } : undefined;
}
