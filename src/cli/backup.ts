// Entry of `npm run backup`.
import { backup } from './backupCommand.ts';
import { processTerminal, runCommand, withSettings } from './terminal.ts';

process.exitCode = await runCommand(processTerminal, () =>
  backup(process.argv.slice(2), withSettings(processTerminal), new Date()),
);
