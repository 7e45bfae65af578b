// PNG files for tests, made by hand, independent of the code under test and of sharp.
import { crc32, deflateSync } from 'node:zlib';

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(8 + body.length);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return chunk;
}

export interface PngForm {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 RGB, 6 RGBA */
  readonly colourType: 0 | 2 | 6;
  /** 8, or 1 for grey. */
  readonly bitDepth: number;
  /** Rows, each with its filter byte. */
  readonly rows: Uint8Array;
  /** Chunks between the header and the pixels. */
  readonly extra?: readonly Buffer[];
}

export function pngFile({ width, height, colourType, bitDepth, rows, extra = [] }: PngForm): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colourType, 0, 0, 0], 8);
  const parts = [
    pngChunk('IHDR', header),
    ...extra,
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', new Uint8Array()),
  ];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** 8-bit picture whose pixel at (x, y) is `colour(x, y)`: three values for RGB, four for RGBA. */
export function paintedPng(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly number[],
  extra: readonly Buffer[] = [],
): Buffer {
  const channels = colour(0, 0).length;
  const rows = Buffer.alloc(height * (1 + width * channels));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set(colour(x, y), y * (1 + width * channels) + 1 + x * channels);
  }
  return pngFile({ width, height, colourType: channels === 4 ? 6 : 2, bitDepth: 8, rows, extra });
}
