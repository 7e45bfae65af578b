// Entry of `npm run doctor`.
import { doctor } from './doctorCommand.ts';
import { processTerminal, runCommand } from './terminal.ts';

process.exitCode = await runCommand(processTerminal, () => doctor(processTerminal, process.versions.node, fetch));
