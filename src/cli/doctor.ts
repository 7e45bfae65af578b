// Entry of `npm run doctor`.
import { doctor } from './doctorCommand.ts';
import { processTerminal, runCommand, withSettings } from './terminal.ts';

process.exitCode = await runCommand(processTerminal, () =>
  doctor(withSettings(processTerminal), process.versions.node, fetch),
);
