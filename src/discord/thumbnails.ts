// Small versions of finished pictures for lists, made when they are first looked at and kept in the data folder.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PictureRecord } from '../core/job.ts';

/** Longer side in pixels; a gallery shows nine at about this size. */
const SIDE_PX = 320;

export interface Thumbnail {
  /** Relative to the data folder. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Undefined when the picture's file is gone or can no longer be read. */
export async function thumbnailOf(picture: PictureRecord, dataDir: string): Promise<Thumbnail | undefined> {
  return keptThumbnail(picture.sha256.slice(0, 32), () => readFile(path.join(dataDir, picture.path)), dataDir);
}

async function keptThumbnail(
  key: string,
  read: () => Promise<Buffer>,
  dataDir: string,
): Promise<Thumbnail | undefined> {
  const relative = path.posix.join('thumbnails', `${key}.webp`);
  const place = path.join(dataDir, relative);
  const known = await stat(place).catch(() => undefined);
  if (known !== undefined) return { path: relative, sizeBytes: known.size };
  const bytes = await read().catch(() => undefined);
  if (bytes === undefined) return undefined;
  // Loaded only here: a bot that decodes no picture needs no decoder in its memory.
  const { thumbnail } = await import('../image/encode.ts');
  const small = await thumbnail(bytes, SIDE_PX).catch(() => undefined);
  if (small === undefined) return undefined;
  await mkdir(path.dirname(place), { recursive: true });
  const temporary = `${place}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, small);
  await rename(temporary, place);
  return { path: relative, sizeBytes: small.length };
}

/**
 * Of the picture that lies beside a LoRA; undefined when it is gone or no picture.
 * @param preview relative to the models folder, as the LoRA's card tells it
 */
export async function loraThumbnail(
  preview: string,
  modelsDir: string,
  dataDir: string,
): Promise<Thumbnail | undefined> {
  const file = path.join(modelsDir, preview);
  const { size = 0, mtimeMs = 0 } = (await stat(file).catch(() => undefined)) ?? {};
  if (size === 0 || size > MAX_PREVIEW_BYTES) return undefined;
  const key = createHash('sha256').update(`${preview}\n${size}\n${mtimeMs}`).digest('hex').slice(0, 32);
  return keptThumbnail(key, () => readFile(file), dataDir);
}

/** Beside a LoRA lies a picture of about a megabyte; beyond this somebody wants our memory. */
const MAX_PREVIEW_BYTES = 32 * 1024 * 1024;

/** For pictures that are to be forgotten. */
export async function dropThumbnail(sha256: string, dataDir: string): Promise<void> {
  await rm(path.join(dataDir, 'thumbnails', `${sha256.slice(0, 32)}.webp`), { force: true });
}
