// Entry of `npm run restore`.
import { restoreCommand } from './restoreCommand.ts';
import { processTerminal, runCommand, withSettings } from './terminal.ts';

process.exitCode = await runCommand(processTerminal, () =>
  restoreCommand(process.argv.slice(2), withSettings(processTerminal), new Date()),
);
