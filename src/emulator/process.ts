// The emulator as a process of its own, for tests that kill the bot: starts, prints one JSON line, and waits to be told to stop.
// Environment: EMULATOR_PORT (0 for any), EMULATOR_TOKEN, EMULATOR_OPTIONS (JSON of emulator settings).
import { Emulator, type EmulatorOptions } from './emulator.ts';

const token = process.env.EMULATOR_TOKEN;
const options = JSON.parse(process.env.EMULATOR_OPTIONS ?? '{}') as EmulatorOptions;
const emulator = new Emulator({ ...options, ...(token === undefined ? {} : { token }) });
const port = await emulator.start({ port: Number(process.env.EMULATOR_PORT ?? 0) });
const { applicationId } = emulator.world;
console.log(
  JSON.stringify({ port, origin: emulator.origin, apiUrl: emulator.apiUrl, token: emulator.token, applicationId }),
);

const stop = () => void emulator.stop().then(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// The parent is gone when its end of the pipe closes.
process.stdin.on('end', stop).resume();
