// Entry of `npm run worker`: a machine of a fleet.
import { processTerminal, runCommand, withSettings } from './terminal.ts';
import { work } from './workerCommand.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => (stop.signal.aborted ? process.exit(130) : stop.abort(new Error(signal))));
}
process.exit(await runCommand(processTerminal, () => work(withSettings(processTerminal), stop.signal)));
