// One hash for a model, however many files it has. A single file's is its own, as everywhere; folders have no agreed one, so theirs is that
// of the list `sha256sum` prints for their weights, which anybody can make again.
import { createHash } from 'node:crypto';
import path from 'node:path';

/**
 * @param files of one model, with their SHA-256 each; paths with slashes
 * @returns 64 hexadecimal digits: for a folder what `cd FOLDER && sha256sum $(LC_ALL=C sort of its weight files) | sha256sum` says
 */
export function modelHash(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  if (files.length === 1) return files[0]!.sha256;
  const folder = `${files[0]!.path.split('/')[0]!}/`;
  const lines = files
    .map((file) => ({ name: path.posix.relative(folder, file.path), sha256: file.sha256 }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, sha256 }) => `${sha256}  ${name}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}
