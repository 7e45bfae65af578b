// `backup`: a sound copy of the database while the bot runs, and a word on what else is worth keeping.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../config.ts';
import { DarkroomError } from '../errors.ts';
import { ROOT } from '../root.ts';
import { backUp } from '../store/backup.ts';
import { EXIT_OK, type Terminal } from './terminal.ts';

export const BACKUP_HELP = `npm run backup [-- FILE]

Copies the database as it is at this moment to FILE, which must not be there yet; the bot may run meanwhile.
Without FILE: backups/darkroom-YYYY-MM-DDTHH-MM-SS.db in the data folder (DATA_DIR).
Pictures are plain files in DATA_DIR/pictures and DATA_DIR/inputs that never change; copy them after the database.
To restore: stop the bot, npm run restore -- FILE.
`;

/** @returns the exit code. @throws DarkroomError, whose exit code is `exitCodeOf` */
export async function backup(argv: readonly string[], terminal: Terminal, now: Date): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    terminal.print(BACKUP_HELP);
    return EXIT_OK;
  }
  if (argv.length > 1) {
    throw new DarkroomError('request_invalid', `backup: found ${argv.length} arguments, expected one file at most`);
  }
  const { dataDir } = readConfig(terminal.environment, ROOT);
  const target = argv[0] === undefined ? usualTarget(dataDir, now) : path.resolve(terminal.folder, argv[0]);
  mkdirSync(path.dirname(target), { recursive: true });
  const { jobs, sizeBytes } = backUp(path.join(dataDir, 'darkroom.db'), target);
  terminal.print(`${target}: ${jobs} jobs, ${(sizeBytes / 2 ** 20).toFixed(1)} MB, checked\n`);
  return EXIT_OK;
}

function usualTarget(dataDir: string, now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '-');
  return path.join(dataDir, 'backups', `darkroom-${stamp}.db`);
}
