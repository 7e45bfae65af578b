// Texts of WebP files: the recipe in EXIF, where A1111 writes it, and the XMP packet; as chunks around a picture that sharp encoded.
// @source RFC 9649, 2.3-2.7 (container); EXIF 2.32, 4.6.5 (UserComment)

/** Bits of the extended header that say which chunks follow. */
const HAS = { exif: 0x08, xmp: 0x04, alpha: 0x10 } as const;

export interface WebpTexts {
  /** The A1111 text; null for a file without one. */
  readonly recipe: string | null;
  readonly xmp: string;
}

/**
 * The same picture with its texts. The pixels' own chunk is taken over byte by byte.
 * @param webp a still picture without metadata, as sharp encodes it
 */
export function addWebpTexts(webp: Buffer, { recipe, xmp }: WebpTexts): Buffer {
  const pixels = pixelChunks(webp);
  const canvas = canvasOf(pixels);
  const header = Buffer.alloc(10);
  header[0] = HAS.xmp | (recipe === null ? 0 : HAS.exif) | (canvas.hasAlpha ? HAS.alpha : 0);
  header.writeUIntLE(canvas.widthPx - 1, 4, 3);
  header.writeUIntLE(canvas.heightPx - 1, 7, 3);
  const body = Buffer.concat([
    Buffer.from('WEBP', 'latin1'),
    chunk('VP8X', header),
    ...pixels.map(({ name, data }) => chunk(name, data)),
    ...(recipe === null ? [] : [chunk('EXIF', exifOf(recipe))]),
    chunk('XMP ', Buffer.from(xmp, 'utf8')),
  ]);
  return chunk('RIFF', body);
}

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

/** Everything but an extended header, which is written anew. */
function pixelChunks(webp: Buffer): readonly Chunk[] {
  const found: Chunk[] = [];
  for (let at = 12; at + 8 <= webp.length; ) {
    const length = webp.readUInt32LE(at + 4);
    const name = webp.toString('latin1', at, at + 4);
    if (['VP8 ', 'VP8L', 'ALPH'].includes(name)) found.push({ name, data: webp.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length & 1);
  }
  return found;
}

/** @source RFC 6386, 9.1: 14 bits each after the start code; RFC 9649, 3.4: the same after the signature byte, less one */
function canvasOf(chunks: readonly Chunk[]): { widthPx: number; heightPx: number; hasAlpha: boolean } {
  const hasPlane = chunks.some(({ name }) => name === 'ALPH');
  const { name, data } = chunks.find((one) => one.name !== 'ALPH')!;
  if (name === 'VP8 ') {
    return { widthPx: data.readUInt16LE(6) & 0x3fff, heightPx: data.readUInt16LE(8) & 0x3fff, hasAlpha: hasPlane };
  }
  const bits = data.readUInt32LE(1);
  return { widthPx: (bits & 0x3fff) + 1, heightPx: ((bits >>> 14) & 0x3fff) + 1, hasAlpha: (bits >>> 28) % 2 === 1 };
}

function chunk(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 0, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}

const EXIF_FOLDER = 0x8769;
const USER_COMMENT = 0x9286;
const LONG = 4;
const UNDEFINED = 7;
/** Two folders of one entry each: 2 bytes for the count, 12 for the entry, 4 for the next folder. */
const FOLDER_BYTES = 18;
const FIRST_FOLDER = 8;

/** A big-endian TIFF with nothing but the comment, which is UTF-16 in the same order. */
function exifOf(recipe: string): Buffer {
  const text = Buffer.from(recipe.replaceAll('\0', ''), 'utf16le').swap16();
  const comment = Buffer.concat([Buffer.from('UNICODE\0', 'latin1'), text]);
  const second = FIRST_FOLDER + FOLDER_BYTES;
  const tiff = Buffer.alloc(second + FOLDER_BYTES);
  tiff.write('MM\0*', 0, 'latin1');
  tiff.writeUInt32BE(FIRST_FOLDER, 4);
  writeFolder(tiff, FIRST_FOLDER, [EXIF_FOLDER, LONG, 1, second]);
  writeFolder(tiff, second, [USER_COMMENT, UNDEFINED, comment.length, second + FOLDER_BYTES]);
  return Buffer.concat([tiff, comment]);
}

function writeFolder(tiff: Buffer, at: number, [tag, type, count, value]: readonly [number, number, number, number]) {
  tiff.writeUInt16BE(1, at);
  tiff.writeUInt16BE(tag, at + 2);
  tiff.writeUInt16BE(type, at + 4);
  tiff.writeUInt32BE(count, at + 6);
  tiff.writeUInt32BE(value, at + 10);
}
