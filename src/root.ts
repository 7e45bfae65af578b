// Where this installation lies: the folder with package.json, whether the code runs from source or compiled.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(folder: string): string {
  return existsSync(path.join(folder, 'package.json')) ? folder : findRoot(path.dirname(folder));
}

/** Absolute path of the repository. */
export const ROOT = findRoot(path.dirname(fileURLToPath(import.meta.url)));

/** Of package.json. */
export const VERSION = (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string })
  .version;

/** Compiled JavaScript of a source file (`src/worker/child.ts`), for starting it as a process of its own. */
export function compiledEntry(source: string): string {
  return path.join(ROOT, '.build', source.replace(/\.ts$/, '.js'));
}
