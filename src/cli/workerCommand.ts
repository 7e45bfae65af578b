// `worker`: this machine makes pictures for a bot elsewhere. It needs the models and the bot's Redis, and neither database nor token.
import { readConfig } from '../config.ts';
import { DarkroomError } from '../errors.ts';
import { openStation } from '../fleet/station.ts';
import { makeLog } from '../log.ts';
import { ROOT } from '../root.ts';
import { startWorker } from '../worker/parent.ts';
import { EXIT_OK, type Terminal } from './terminal.ts';

/** How long running pictures may go on after a request to stop, in milliseconds. */
const DRAIN_MS = 10_000;

/** Works until the signal aborts. @returns the exit code. @throws config_invalid without REDIS_URL, and what the worker's start throws */
export async function work(terminal: Terminal, stop: AbortSignal): Promise<number> {
  const {
    fleet,
    modelsDir,
    device,
    threads,
    memoryLimit,
    workerSlots: slots,
    logLevel,
  } = readConfig(terminal.environment, ROOT);
  if (fleet === null) {
    throw new DarkroomError('config_invalid', 'REDIS_URL: not set, expected the Redis the bot uses');
  }
  const log = makeLog(logLevel);
  const worker = startWorker({ modelsDir, device, threads, memoryLimit, log });
  try {
    const { models, provider } = await worker.ready();
    const station = await openStation({ redisUrl: fleet.redisUrl, worker, hashes: {}, slots, log });
    const names = models.map(({ name }) => name).join(', ');
    terminal.print(`Making pictures for the bot, by ${provider}, ${slots} jobs at once, models: ${names}.\n`);
    await aborted(stop);
    await station.close(DRAIN_MS);
  } finally {
    await worker.close();
  }
  return EXIT_OK;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
