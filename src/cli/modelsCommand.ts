// `models`: what lies in the models folder, what a file is, whether it is whole, and how another one comes there.
import path from 'node:path';
import { type Config, readConfig } from '../config.ts';
import type { FileBook } from '../core/fileBook.ts';
import { ROOT } from '../root.ts';
import { openFileBook } from '../store/sqliteFileBook.ts';
import { inspectCommand } from './modelsInspect.ts';
import { listCommand } from './modelsList.ts';
import { MODELS_HELP, type ModelsOptions, parseModels } from './modelsOptions.ts';
import { pullCommand } from './modelsPull.ts';
import { verifyCommand } from './modelsVerify.ts';
import { EXIT_OK, type Terminal } from './terminal.ts';

/** What every command of `models` has in its hands. */
export interface ModelsContext {
  readonly options: ModelsOptions;
  readonly terminal: Terminal;
  readonly config: Config;
  readonly signal: AbortSignal;
  readonly fetch: typeof fetch;
}

/** @returns the exit code. @throws DarkroomError, whose exit code is `exitCodeOf` */
export async function models(
  argv: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
  fetch: typeof globalThis.fetch,
): Promise<number> {
  const options = parseModels(argv);
  if (options === null) {
    terminal.print(MODELS_HELP);
    return EXIT_OK;
  }
  const config = readConfig(terminal.environment, ROOT);
  const context: ModelsContext = { options, terminal, config, signal, fetch };
  switch (options.command) {
    case 'list':
      return listCommand(context);
    case 'inspect':
      return inspectCommand(context, options.what!);
    case 'verify':
      return withBook(config, (book) => verifyCommand(context, book));
    case 'pull':
      return withBook(config, (book) => pullCommand(context, options.what!, { ...config.hub, fetch }, book));
  }
}

async function withBook(config: Config, work: (book: FileBook) => Promise<number>): Promise<number> {
  const book = openFileBook({ file: path.join(config.dataDir, 'darkroom.db') });
  try {
    return await work(book);
  } finally {
    book.close();
  }
}
