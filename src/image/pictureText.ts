// The recipe in a picture of any tool: PNG text chunks, and the comment that A1111 writes into the EXIF of JPEG and WebP files. Nothing is
// decoded: only bytes before and after the pixels are looked at, so that the bot's own process may do it.
// @source A1111 modules/images.py (save_image_with_geninfo, read_info_from_image); EXIF 2.32, 4.6.5 (UserComment)
import { MAX_TEXT_BYTES, RECIPE_KEYWORD, readPngTexts } from './pngText.ts';

export type PictureText =
  | { readonly kind: 'recipe'; readonly text: string }
  /** A tool that writes another form, which is only named here. */
  | { readonly kind: 'other'; readonly tool: string };

/** Undefined for pictures that carry none. @throws input_image_invalid when a PNG is damaged */
export function readPictureText(bytes: Uint8Array): PictureText | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = readPngTexts(file);
  if (texts !== undefined) return ofPng(texts);
  const exif = exifOfJpeg(file) ?? exifOfWebp(file);
  const comment = exif === undefined ? undefined : userComment(exif);
  return comment === undefined ? undefined : ofText(comment);
}

/** Keywords by which other tools' files are known. */
const OTHERS: readonly (readonly [keyword: string, tool: string])[] = [
  ['invokeai_metadata', 'InvokeAI'],
  ['invokeai_graph', 'InvokeAI'],
  ['sd-metadata', 'InvokeAI'],
  ['Dream', 'InvokeAI'],
  ['workflow', 'ComfyUI'],
  ['prompt', 'ComfyUI'],
  ['fooocus_scheme', 'Fooocus'],
  ['Comment', 'NovelAI'],
];

function ofPng(texts: ReadonlyMap<string, string>): PictureText | undefined {
  if (texts.get('Software') === 'NovelAI') return { kind: 'other', tool: 'NovelAI' };
  const recipe = texts.get(RECIPE_KEYWORD);
  // Some write both: A1111's form is the one that can be read.
  if (recipe !== undefined && !looksLikeJson(recipe)) return { kind: 'recipe', text: recipe };
  const other = OTHERS.find(
    ([keyword]) => texts.has(keyword) && (keyword !== 'Comment' || looksLikeJson(texts.get(keyword)!)),
  );
  if (other !== undefined) return { kind: 'other', tool: other[1] };
  return recipe === undefined ? undefined : ofText(recipe);
}

function ofText(text: string): PictureText | undefined {
  if (!looksLikeJson(text)) return text.trim() === '' ? undefined : { kind: 'recipe', text };
  if (/"class_type"|"nodes"/.test(text)) return { kind: 'other', tool: 'ComfyUI' };
  return { kind: 'other', tool: /"metadata_scheme"|"fooocus/i.test(text) ? 'Fooocus' : 'JSON' };
}

function looksLikeJson(text: string): boolean {
  return /^\s*\{\s*"/.test(text);
}

const EXIF_MARK = Buffer.from('Exif\0\0', 'latin1');

/** Segments stand before the pixels, each with its length; the one with EXIF begins with its name. */
function exifOfJpeg(file: Buffer): Buffer | undefined {
  if (file.length < 4 || file.readUInt16BE(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 4 <= file.length; ) {
    const marker = file.readUInt16BE(at);
    const end = at + 2 + file.readUInt16BE(at + 2);
    // 0xffda: the pixels begin.
    if (marker < 0xffc0 || marker === 0xffda || end > file.length) return undefined;
    const data = file.subarray(at + 4, end);
    if (marker === 0xffe1 && data.subarray(0, EXIF_MARK.length).equals(EXIF_MARK))
      return data.subarray(EXIF_MARK.length);
    at = end;
  }
  return undefined;
}

/** @source RFC 9649, 2.3: chunks of a name, a length and data filled up to an even length */
function exifOfWebp(file: Buffer): Buffer | undefined {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP') return undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const length = file.readUInt32LE(at + 4);
    const data = file.subarray(at + 8, at + 8 + length);
    if (file.toString('latin1', at, at + 4) === 'EXIF') {
      return data.subarray(0, EXIF_MARK.length).equals(EXIF_MARK) ? data.subarray(EXIF_MARK.length) : data;
    }
    at += 8 + length + (length & 1);
  }
  return undefined;
}

const EXIF_FOLDER = 0x8769;
const USER_COMMENT = 0x9286;
const ENTRY_BYTES = 12;
/** Entries of one folder; cameras write some sixty. */
const MAX_ENTRIES = 500;

interface Tiff {
  readonly bytes: Buffer;
  u16(at: number): number;
  u32(at: number): number;
}

function userComment(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined;
  const isLittle = bytes.toString('latin1', 0, 2) === 'II';
  if (!isLittle && bytes.toString('latin1', 0, 2) !== 'MM') return undefined;
  const read = (width: 2 | 4) => (at: number) => {
    if (at + width > bytes.length) return 0;
    return isLittle ? bytes.readUIntLE(at, width) : bytes.readUIntBE(at, width);
  };
  const tiff: Tiff = { bytes, u16: read(2), u32: read(4) };
  const folder = entryOf(tiff, tiff.u32(4), EXIF_FOLDER);
  const comment = folder === undefined ? undefined : entryOf(tiff, tiff.u32(folder + 8), USER_COMMENT);
  if (comment === undefined) return undefined;
  const [length, start] = [tiff.u32(comment + 4), tiff.u32(comment + 8)];
  if (length > MAX_TEXT_BYTES || start + length > bytes.length) return undefined;
  return commentText(bytes.subarray(start, start + length));
}

/** Where the entry of that tag begins in the folder at `at`. */
function entryOf(tiff: Tiff, at: number, tag: number): number | undefined {
  const count = Math.min(tiff.u16(at), MAX_ENTRIES);
  for (let entry = at + 2; entry < at + 2 + count * ENTRY_BYTES; entry += ENTRY_BYTES) {
    if (entry + ENTRY_BYTES > tiff.bytes.length) return undefined;
    if (tiff.u16(entry) === tag) return entry;
  }
  return undefined;
}

const CODE_BYTES = 8;

/** Eight bytes name the encoding. */
function commentText(comment: Buffer): string {
  const code = comment.toString('latin1', 0, CODE_BYTES).replace(/\0+$/, '');
  const data = comment.subarray(CODE_BYTES);
  return (code === 'UNICODE' ? utf16(data) : data.toString(code === 'ASCII' ? 'latin1' : 'utf8')).replace(/\0+$/, '');
}

/** The standard leaves the byte order open, and writers differ from their own header: ordinary letters tell by where their zeros stand. */
function utf16(data: Buffer): string {
  const even = data.subarray(0, data.length & ~1);
  let zeros = 0;
  for (const [at, byte] of even.entries()) if (byte === 0) zeros += at % 2 === 0 ? 1 : -1;
  return zeros >= 0 ? Buffer.from(even).swap16().toString('utf16le') : even.toString('utf16le');
}
