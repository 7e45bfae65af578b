// Entry of `npm run models`.
import { models } from './modelsCommand.ts';
import { processTerminal, runCommand, withSettings } from './terminal.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.exitCode = await runCommand(processTerminal, () =>
  models(process.argv.slice(2), withSettings(processTerminal), interrupt.signal, fetch),
);
