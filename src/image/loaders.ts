// The one door to sharp: which decoders exist at all, and what a stranger's picture may cost. Everything that opens encoded
// bytes in this program goes through `openPicture` or, for its own files, `openOwnPicture`.
import sharp, { type Sharp } from 'sharp';
import { DarkroomError } from '../errors.ts';

/** Bytes; Discord's own limit without a boost is 10 MB. More only keeps the decoder busy. */
export const MAX_PICTURE_BYTES = 32 * 1024 * 1024;
/** Pixels; a 48-megapixel phone picture passes. A PNG of 600 KB can hold 14000x14000 pixels, 588 MB decoded. */
export const MAX_PICTURE_PIXELS = 50_000_000;
/** Seconds of decoding and scaling; the largest allowed picture needs about two on an old machine. */
const MAX_SECONDS = 15;

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'],
});
// One picture at a time is all this process ever decodes; the cores belong to the networks, the memory too.
sharp.concurrency(1);
sharp.cache(false);

export { sharp };

const FORMATS: readonly (readonly [string, (bytes: Uint8Array) => boolean])[] = [
  ['PNG', (bytes) => startsWith(bytes, '\x89PNG\r\n\x1a\n')],
  ['JPEG', (bytes) => startsWith(bytes, '\xff\xd8\xff')],
  ['WebP', (bytes) => startsWith(bytes, 'RIFF') && startsWith(bytes.subarray(8), 'WEBP')],
];

/** Only for the message; none of these is ever opened. */
const KNOWN_OTHERS: readonly (readonly [string, (bytes: Uint8Array) => boolean])[] = [
  ['a GIF', (bytes) => startsWith(bytes, 'GIF8')],
  ['an AVIF or HEIC picture', (bytes) => startsWith(bytes.subarray(4), 'ftyp')],
  ['a TIFF', (bytes) => startsWith(bytes, 'II*\0') || startsWith(bytes, 'MM\0*')],
  ['a BMP', (bytes) => startsWith(bytes, 'BM')],
  ['a PDF', (bytes) => startsWith(bytes, '%PDF')],
  ['an SVG or other XML', (bytes) => /^\s*</.test(latin1(bytes.subarray(0, 64)))],
];

/**
 * Opens a picture of any origin: PNG, JPEG or WebP by its first bytes, of bounded size, first frame only, upright.
 * Nothing is decoded yet; decoding fails later with an error for `refusePicture`.
 * @throws input_image_invalid
 */
export function openPicture(bytes: Uint8Array): Sharp {
  if (bytes.length > MAX_PICTURE_BYTES) {
    throw invalid(`has ${bytes.length} bytes, expected at most ${MAX_PICTURE_BYTES}`);
  }
  if (!FORMATS.some(([, matches]) => matches(bytes))) {
    const other = KNOWN_OTHERS.find(([, matches]) => matches(bytes))?.[0] ?? 'something else';
    throw invalid(`is ${bytes.length === 0 ? 'empty' : other}, expected a PNG, JPEG or WebP picture`);
  }
  const options = { limitInputPixels: MAX_PICTURE_PIXELS, pages: 1, failOn: 'error', autoOrient: true } as const;
  return sharp(bytes, options).timeout({ seconds: MAX_SECONDS });
}

/** Opens a picture this program made, which may be larger as a file than a stranger's; encoding it again may take a minute. */
export function openOwnPicture(bytes: Uint8Array): Sharp {
  const options = { limitInputPixels: MAX_PICTURE_PIXELS, pages: 1, failOn: 'error' } as const;
  return sharp(bytes, options).timeout({ seconds: 4 * MAX_SECONDS });
}

/** What a decoder said, as an error for the person who sent the picture. */
export function refusePicture(cause: unknown): DarkroomError {
  if (cause instanceof DarkroomError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/pixel limit/i.test(text)) return invalid(`has more than ${MAX_PICTURE_PIXELS} pixels`, cause);
  if (/timeout/i.test(text)) return invalid(`takes longer than ${MAX_SECONDS} seconds to decode`, cause);
  return invalid('is damaged or incomplete', cause);
}

function invalid(problem: string, cause?: unknown): DarkroomError {
  return new DarkroomError('input_image_invalid', `picture: ${problem}`, {}, { cause });
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return latin1(bytes.subarray(0, text.length)) === text;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
