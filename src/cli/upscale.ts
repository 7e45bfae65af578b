// Entry of `npm run upscale`.
import { processTerminal, runCommand, withSettings } from './terminal.ts';
import { upscale } from './upscaleCommand.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.exitCode = await runCommand(processTerminal, () =>
  upscale(process.argv.slice(2), withSettings(processTerminal), interrupt.signal),
);
