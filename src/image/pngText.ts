// Text chunks of PNG files, written and read, because sharp keeps none. @source PNG specification 3rd edition, 11.3.3
import { inflateSync } from 'node:zlib';
import { DarkroomError } from '../errors.ts';

/** The keyword under which A1111 and its followers keep a picture's recipe. */
export const RECIPE_KEYWORD = 'parameters';

/** Bytes; prompts have at most a few thousand characters, and a chunk may claim 2 GB or unpack to any size. */
export const MAX_TEXT_BYTES = 1024 * 1024;
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Length, type and checksum of a chunk around its data. */
const FRAME_BYTES = 12;
const IHDR_END = SIGNATURE.length + FRAME_BYTES + 13;

/** The same PNG with one more text, right after its header: tEXt when Latin-1 can write it, else iTXt in UTF-8. */
export function addPngText(png: Buffer, keyword: string, text: string): Buffer {
  const clean = text.replaceAll('\0', '');
  const chunk = isLatin1(clean)
    ? makeChunk('tEXt', Buffer.from(`${keyword}\0${clean}`, 'latin1'))
    : makeChunk('iTXt', Buffer.from(`${keyword}\0\0\0\0\0${clean}`, 'utf8'));
  return Buffer.concat([png.subarray(0, IHDR_END), chunk, png.subarray(IHDR_END)]);
}

/** Where XMP lies in a PNG. @source Adobe XMP specification part 3, 1.1.5 */
const XMP_KEYWORD = 'XML:com.adobe.xmp';

/** The same PNG with an XMP packet right after its header; always international text, as readers expect it. */
export function addPngXmp(png: Buffer, xmp: string): Buffer {
  const chunk = makeChunk('iTXt', Buffer.from(`${XMP_KEYWORD}\0\0\0\0\0${xmp}`, 'utf8'));
  return Buffer.concat([png.subarray(0, IHDR_END), chunk, png.subarray(IHDR_END)]);
}

function isLatin1(text: string): boolean {
  return !/[^\0-\xff]/.test(text);
}

function makeChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(FRAME_BYTES + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

/** The recipe inside a PNG, undefined when there is none or the file is no PNG. @throws input_image_invalid when it is damaged */
export function readRecipe(bytes: Uint8Array): string | undefined {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined;
  for (const { type, data } of chunksOf(png)) {
    if (type === 'IDAT' || type === 'IEND') continue;
    const text = textOf(type, data, RECIPE_KEYWORD);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Texts kept of one file; a chunk is a dozen bytes, and a file may have a million. */
const MAX_TEXTS = 100;

/** Every text of a PNG by its keyword, the first of each; undefined for other files. @throws input_image_invalid when it is damaged */
export function readPngTexts(bytes: Uint8Array): ReadonlyMap<string, string> | undefined {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined;
  const texts = new Map<string, string>();
  for (const { type, data } of chunksOf(png)) {
    if (!/^(tE|zT|iT)Xt$/.test(type) || texts.size >= MAX_TEXTS) continue;
    const keyword = data.toString('latin1', 0, Math.max(0, data.indexOf(0)));
    const text = texts.has(keyword) ? undefined : textOf(type, data, keyword);
    if (text !== undefined) texts.set(keyword, text);
  }
  return texts;
}

function* chunksOf(png: Buffer): Generator<{ type: string; data: Buffer }> {
  let at = SIGNATURE.length;
  while (at + FRAME_BYTES <= png.length) {
    const length = png.readUInt32BE(at);
    const end = at + FRAME_BYTES + length;
    if (end > png.length) throw damaged(`chunk at byte ${at} has ${length} bytes, but the file ends at ${png.length}`);
    const type = png.toString('latin1', at + 4, at + 8);
    const isText = type.endsWith('Xt') || type.endsWith('XT');
    if (isText && crc32(png.subarray(at + 4, end - 4)) !== png.readUInt32BE(end - 4))
      throw damaged(`wrong checksum at byte ${at}`);
    yield { type, data: png.subarray(at + 8, end - 4) };
    if (type === 'IEND') return;
    at = end;
  }
  throw damaged('ends without IEND');
}

function textOf(type: string, data: Buffer, keyword: string): string | undefined {
  const end = data.indexOf(0);
  if (end === -1 || data.toString('latin1', 0, end) !== keyword || data.length > MAX_TEXT_BYTES) return undefined;
  if (type === 'tEXt') return data.toString('latin1', end + 1);
  if (type === 'zTXt') return unpack(data.subarray(end + 2)).toString('latin1');
  return type === 'iTXt' ? internationalText(data.subarray(end + 1)) : undefined;
}

/** compression flag, method, language, 0, translated keyword, 0, text */
function internationalText(data: Buffer): string | undefined {
  const languageEnd = data.indexOf(0, 2);
  const start = languageEnd === -1 ? -1 : data.indexOf(0, languageEnd + 1);
  if (start === -1) throw damaged('has an iTXt chunk without text');
  const text = data.subarray(start + 1);
  return (data[0] === 1 ? unpack(text) : text).toString('utf8');
}

function unpack(data: Buffer): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: MAX_TEXT_BYTES });
  } catch (cause) {
    throw damaged('has a compressed text that cannot be unpacked', cause);
  }
}

function damaged(problem: string, cause?: unknown): DarkroomError {
  return new DarkroomError('input_image_invalid', `picture: ${problem}`, {}, { cause });
}

/** @source PNG specification, annex D; node:zlib has it only from Node 20.15 on */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
