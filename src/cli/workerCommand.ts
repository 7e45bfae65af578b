// `worker`: this machine makes pictures for a bot elsewhere. It needs the models and the bot's Redis, and neither database nor token.
import path from 'node:path';
import { systemClock } from '../clock.ts';
import { readConfig, secretsOf } from '../config.ts';
import { DarkroomError } from '../errors.ts';
import { openStation } from '../fleet/station.ts';
import { type Logger, makeLog } from '../log.ts';
import { ROOT } from '../root.ts';
import { openFileBook } from '../store/sqliteFileBook.ts';
import { CONTROLNETS_FOLDER } from '../weights/controlNet.ts';
import { watchFolders } from '../weights/folderWatch.ts';
import { LORAS_FOLDER } from '../weights/loraLibrary.ts';
import { ModelHashes } from '../weights/modelHashes.ts';
import { startWorker } from '../worker/parent.ts';
import { EXIT_OK, type Terminal } from './terminal.ts';

/** How long running pictures may go on after a request to stop, in milliseconds. */
const DRAIN_MS = 10_000;

/** Works until the signal aborts. @returns the exit code. @throws config_invalid without REDIS_URL, and what the worker's start throws */
export async function work(terminal: Terminal, stop: AbortSignal): Promise<number> {
  const config = readConfig(terminal.environment, ROOT);
  const { fleet, modelsDir, dataDir, device, precision, threads, memoryLimit, hasSafetyCheckers, logLevel } = config;
  const { workerSlots: slots } = config;
  if (fleet === null) {
    throw new DarkroomError('config_invalid', 'REDIS_URL: not set, expected the Redis the bot uses');
  }
  const log = makeLog(logLevel, secretsOf(config));
  const judging = hasSafetyCheckers ? 'everybody' : 'classifier';
  const worker = startWorker({ modelsDir, device, precision, threads, memoryLimit, judging, log });
  try {
    const { models, provider, modelFiles = {} } = await worker.ready();
    const hashes = await hashesOf(new Map(Object.entries(modelFiles)), { modelsDir, dataDir, log });
    const station = await openStation({ redisUrl: fleet.redisUrl, worker, hashes, slots, log });
    const names = models.map(({ name }) => name).join(', ');
    terminal.print(`Making pictures for the bot, by ${provider}, ${slots} jobs at once, models: ${names}.\n`);
    const folders = [LORAS_FOLDER, CONTROLNETS_FOLDER].map((folder) => path.join(modelsDir, folder));
    void watchFolders({ folders, clock: systemClock, log, onChange: () => station.refresh() }, stop);
    await aborted(stop);
    await station.close(DRAIN_MS);
  } finally {
    await worker.close();
  }
  return EXIT_OK;
}

/** Model → its hash, by which the bot knows its weights; read once, then remembered in the data folder. */
async function hashesOf(
  models: ReadonlyMap<string, readonly string[]>,
  { modelsDir, dataDir, log }: { readonly modelsDir: string; readonly dataDir: string; readonly log: Logger },
): Promise<Readonly<Record<string, string>>> {
  const book = openFileBook({ file: path.join(dataDir, 'machine.db') });
  const hashes = new ModelHashes({ modelsDir, book, log, models, extras: [] });
  try {
    hashes.learn();
    await hashes.settled();
    const known = [...models.keys()].map((model) => [model, hashes.knownHashOf(model)] as const);
    return Object.fromEntries(known.filter((entry): entry is [string, string] => entry[1] !== undefined));
  } finally {
    await hashes.close();
    book.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
