// What a command line program may touch of the outside, so that tests can hold it in their hands.
import { withEnvFile } from '../config.ts';
import { type DarkroomError, toDarkroomError } from '../errors.ts';
import { ROOT } from '../root.ts';

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths of the command line begin here. */
  readonly folder: string;
  /** Text as it stands; newlines are the caller's. */
  print(text: string): void;
  printError(text: string): void;
  /** Columns of a terminal on stderr, null when it is a file or a pipe. */
  readonly errorColumns: number | null;
}

/** npm scripts that take paths from their user. */
const SCRIPTS: ReadonlySet<string> = new Set(['imagine', 'backup', 'restore', 'models', 'upscale']);

export const processTerminal: Terminal = {
  environment: process.env,
  folder: folderOfUser(process.env, process.cwd()),
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(text),
  errorColumns: process.stderr.isTTY ? process.stderr.columns : null,
};

/** Where the user stands: `npm run` moves to the folder of package.json, and only npm's own variable remembers from where. */
export function folderOfUser(environment: Terminal['environment'], workingFolder: string): string {
  const { npm_lifecycle_event: script, INIT_CWD: before } = environment;
  return SCRIPTS.has(script ?? '') && before !== undefined ? before : workingFolder;
}

/** The same terminal, its environment with the env file's variables. @throws config_invalid */
export function withSettings(terminal: Terminal): Terminal {
  return { ...terminal, environment: withEnvFile(terminal.environment, ROOT) };
}

export const EXIT_OK = 0;
export const EXIT_OUR_FAULT = 1;
export const EXIT_BAD_INPUT = 2;
/** What shells expect of a program ended by Ctrl-C. */
export const EXIT_INTERRUPTED = 130;

/** What the caller can mend by asking differently is bad input; what may pass by itself or needs a developer is our fault. */
export function exitCodeOf(error: DarkroomError): number {
  if (error.code === 'cancelled') return EXIT_INTERRUPTED;
  return error.audience !== 'developer' && error.retry === 'never' ? EXIT_BAD_INPUT : EXIT_OUR_FAULT;
}

/** Runs a command; its error becomes one line on stderr and an exit code. */
export async function runCommand(terminal: Terminal, command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (thrown) {
    const error = toDarkroomError(thrown);
    terminal.printError(`${error.message}\n`);
    if (error.audience === 'developer') terminal.printError(`${error.stack ?? ''}\n`);
    return exitCodeOf(error);
  }
}
