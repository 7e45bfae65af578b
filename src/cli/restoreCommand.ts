// `restore`: a copy of `backup` put in the place of the database while no bot runs, and a word on what else belongs back.
import path from 'node:path';
import { readConfig } from '../config.ts';
import { DarkroomError } from '../errors.ts';
import { ROOT } from '../root.ts';
import { restore } from '../store/restore.ts';
import { EXIT_OK, type Terminal } from './terminal.ts';

export const RESTORE_HELP = `npm run restore -- FILE

Puts FILE, a copy made by npm run backup, in the place of the database of the data folder (DATA_DIR). Stop the bot first; while one
runs it is refused. The copy is looked at before anything is changed, and stays; the database that was there is kept as
darkroom.db.replaced-YYYY-MM-DDTHH-MM-SS.bak. Put DATA_DIR/pictures and DATA_DIR/inputs back beside it.
`;

/** @returns the exit code. @throws DarkroomError, whose exit code is `exitCodeOf` */
export async function restoreCommand(argv: readonly string[], terminal: Terminal, now: Date): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    terminal.print(RESTORE_HELP);
    return EXIT_OK;
  }
  const [file] = argv;
  if (file === undefined || argv.length > 1) {
    throw new DarkroomError('request_invalid', `restore: found ${argv.length} arguments, expected one file`);
  }
  const { dataDir } = readConfig(terminal.environment, ROOT);
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '-');
  const { jobs, replaced } = restore(path.resolve(terminal.folder, file), dataDir, stamp);
  terminal.print(`${path.join(dataDir, 'darkroom.db')}: ${jobs} jobs, checked\n`);
  if (replaced !== null) terminal.print(`What was there is ${replaced} now.\n`);
  return EXIT_OK;
}
