// Entry of `npm run imagine`.
import { imagine } from './imagineCommand.ts';
import { processTerminal, runCommand, withSettings } from './terminal.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.exitCode = await runCommand(processTerminal, () =>
  imagine(process.argv.slice(2), withSettings(processTerminal), interrupt.signal),
);
