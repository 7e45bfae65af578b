// `models verify`: every weight file against the hash the hub gave for it, or the one it had when it was last read; with --numbers, every
// number in it too. What was not known is remembered for the next time.
import path from 'node:path';
import { type FileBook, isSameState, type KnownFile, type PulledFile } from '../core/fileBook.ts';
import { toDarkroomError } from '../errors.ts';
import { hashFile } from '../weights/fileHash.ts';
import { brokenTensors } from '../weights/finiteNumbers.ts';
import { knownFile } from '../weights/modelHashes.ts';
import { extraFiles, scanModels } from '../weights/registry.ts';
import { openSafetensors } from '../weights/safetensors.ts';
import type { ModelsContext } from './modelsCommand.ts';
import { progressBar } from './progressBar.ts';
import { EXIT_BAD_INPUT, EXIT_OK } from './terminal.ts';

export type Verdict = 'right' | 'new' | 'replaced' | 'wrong' | 'refused';

export interface VerifiedFile {
  /** Relative to the models folder. */
  readonly path: string;
  readonly verdict: Verdict;
  readonly sha256: string | null;
  readonly text: string;
}

/** @returns bad input when a file is wrong. @throws model_missing when `NAME` is none */
export async function verifyCommand(context: ModelsContext, book: FileBook): Promise<number> {
  const { config, options, terminal, signal } = context;
  const { files, refused } = filesToVerify(config.modelsDir, options.what);
  const pulled = new Map(book.pulled().map((file) => [file.path, file]));
  const found: VerifiedFile[] = refused.map(({ name, reason }) => ({
    path: name,
    verdict: 'refused',
    sha256: null,
    text: reason,
  }));
  const bar = progressBar(terminal);
  for (const file of files) {
    const verified = await verifyFile(context, book, file, pulled.get(file), bar.show);
    bar.clear();
    found.push(verified);
    if (!options.json) terminal.print(lineOf(verified));
    signal.throwIfAborted();
  }
  const wrong = found.filter(({ verdict }) => verdict === 'wrong').length;
  if (options.json) terminal.print(`${JSON.stringify({ files: found })}\n`);
  else
    terminal.print(
      `${found
        .filter(({ verdict }) => verdict === 'refused')
        .map(lineOf)
        .join('')}${summary(files.length, wrong)}\n`,
    );
  return wrong === 0 ? EXIT_OK : EXIT_BAD_INPUT;
}

function filesToVerify(modelsDir: string, name: string | null) {
  const registry = scanModels(modelsDir);
  const extras = extraFiles(modelsDir);
  if (name === null) return { files: [...[...registry.files.values()].flat(), ...extras], refused: registry.refused };
  const named = registry.files.get(name) ?? extras.filter((file) => file === name || path.parse(file).name === name);
  const refused = registry.refused.filter((one) => one.name === name || path.parse(one.name).name === name);
  // Opening names the models there are.
  if (named.length === 0 && refused.length === 0) registry.open(name);
  return { files: named, refused };
}

async function verifyFile(
  { config: { modelsDir }, options, signal }: ModelsContext,
  book: FileBook,
  file: string,
  pulled: PulledFile | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<VerifiedFile> {
  const place = path.join(modelsDir, file);
  try {
    const inMegabytes = (done: number, total: number) => onProgress(Math.round(done / 1e6), Math.ceil(total / 1e6));
    const found = await hashFile(place, { signal, withData: true, onProgress: inMegabytes });
    const now = knownFile(file, found);
    const judged = judge(now, book.known(file), pulled);
    if (judged.verdict === 'wrong') return { path: file, sha256: now.sha256, ...judged };
    book.put(now);
    const broken = options.numbers ? await brokenTensors(openSafetensors(modelsDir, place)) : [];
    if (broken.length === 0) return { path: file, sha256: now.sha256, ...judged };
    const [first] = broken;
    const text = `${first!.name} has ${first!.broken} of ${first!.numbers} numbers that are NaN or infinite, expected none`;
    const more = broken.length === 1 ? '' : `; so have ${broken.length - 1} other tensors`;
    return { path: file, sha256: now.sha256, verdict: 'wrong', text: text + more };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { path: file, sha256: null, verdict: 'wrong', text: toDarkroomError(thrown).message };
  }
}

/** What the hub said stands above what was seen here. */
function judge(
  now: KnownFile,
  before: KnownFile | undefined,
  pulled: PulledFile | undefined,
): Pick<VerifiedFile, 'verdict' | 'text'> {
  if (pulled !== undefined) {
    if (now.sha256 === pulled.sha256) return { verdict: 'right', text: `as pulled from ${pulled.repository}` };
    const expected = `${pulled.sha256} (${pulled.sizeBytes} bytes)`;
    return {
      verdict: 'wrong',
      text: `found SHA-256 ${now.sha256} (${now.sizeBytes} bytes), expected ${expected} as pulled from ${pulled.repository}`,
    };
  }
  if (before === undefined) return { verdict: 'new', text: `${now.sha256}, remembered` };
  if (before.sha256 === now.sha256) return { verdict: 'right', text: 'as it was' };
  if (!isSameState(before, now))
    return { verdict: 'replaced', text: `is another file than the one seen before; ${now.sha256}, remembered` };
  const problem = 'its date has not changed, but its bytes have; is the disk failing?';
  return { verdict: 'wrong', text: `found SHA-256 ${now.sha256}, expected ${before.sha256}: ${problem}` };
}

const MARKS: Readonly<Record<Verdict, string>> = {
  right: 'ok      ',
  new: 'new     ',
  replaced: 'replaced',
  wrong: 'WRONG   ',
  refused: 'refused ',
};

function lineOf({ path: file, verdict, text }: VerifiedFile): string {
  return `${MARKS[verdict]}  ${file}: ${text}\n`;
}

function summary(count: number, wrong: number): string {
  return wrong === 0 ? `${count} files looked at, none is wrong.` : `${count} files looked at, ${wrong} wrong.`;
}
