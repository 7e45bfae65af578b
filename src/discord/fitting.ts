// Files brought to the size a place takes: those that are too large become WebP with the same recipe, for this one upload. The originals
// stay as they are in the data folder.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { APIMessageTopLevelComponent } from 'discord.js';
import type { View, ViewFile } from './views/view.ts';

/** @source Discord documentation, "Uploading Files": 25 MiB a request; some room is left for the rest of it */
export const MAX_REQUEST_BYTES = 24 * 1024 * 1024;

/** @source Discord documentation, "Uploading Files": 10 MiB where nothing else is said */
export const USUAL_FILE_BYTES = 10 * 1024 * 1024;

/** Makes the same files fit; the very same array where they do already, undefined where they cannot. */
export type Fit = (files: readonly ViewFile[], maxFileBytes: number) => Promise<readonly ViewFile[] | undefined>;

/** Whether they can be uploaded as they are. */
export function isFitting(files: readonly ViewFile[], maxFileBytes: number): boolean {
  const sum = files.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
  return sum <= MAX_REQUEST_BYTES && files.every(({ sizeBytes }) => sizeBytes <= maxFileBytes);
}

/** What is too large for its share is encoded again; a file that is gone stays named, and the sender will miss it. */
export function fitIn(dataDir: string): Fit {
  return async (files, maxFileBytes) => {
    if (isFitting(files, maxFileBytes)) return files;
    const share = Math.min(maxFileBytes, Math.floor(MAX_REQUEST_BYTES / files.length));
    const smaller: ViewFile[] = [];
    for (const file of files) {
      const one = file.sizeBytes <= share ? file : await smallerFile(file, share, dataDir);
      if (one === undefined) return undefined;
      smaller.push(one);
    }
    return smaller;
  };
}

async function smallerFile(file: ViewFile, maxBytes: number, dataDir: string): Promise<ViewFile | undefined> {
  if (!file.name.endsWith('.png')) return undefined;
  const original = await readFile(path.join(dataDir, file.path)).catch(() => undefined);
  if (original === undefined) return file;
  // Loaded only here: a bot that decodes no picture needs no decoder in its memory.
  const { smallerPicture } = await import('../image/smaller.ts');
  const small = await smallerPicture(original, maxBytes).catch(() => undefined);
  if (small === undefined) return undefined;
  const { bytes, isExact } = small;
  const name = file.name.replace(/\.png$/, '.webp');
  return {
    ...file,
    name,
    sizeBytes: bytes.length,
    data: bytes.toString('base64'),
    smallerThan: original.length,
    isExact,
  };
}

/** Of a view with files too large for an answer, the same with smaller ones; without them where none are small enough. */
export async function fittedView(view: View, maxFileBytes: number, fit: Fit): Promise<View> {
  if (view.files.length === 0) return view;
  const files = await fit(view.files, maxFileBytes);
  if (files === view.files) return view;
  if (files === undefined) return { ...view, files: [] };
  const renamed = view.files.map(({ name }, at) => [`"attachment://${name}"`, `"attachment://${files[at]!.name}"`]);
  const rename = <T>(part: T): T =>
    JSON.parse(renamed.reduce((text, [from, to]) => text.replaceAll(from!, to!), JSON.stringify(part))) as T;
  const card = view.card === undefined ? {} : { card: rename<readonly APIMessageTopLevelComponent[]>(view.card) };
  return { ...view, files, embeds: rename(view.embeds), ...card };
}
