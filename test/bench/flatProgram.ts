// The bot of the measurement in flat.ts: everything of the program but its image process, in whose place somebody hands out small pictures
// at once. Told "weigh" it collects what nobody needs any more and says what is left; told a file name, it also writes its heap there.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { commands } from '../../commands/index.ts';
import { systemClock } from '../../src/clock.ts';
import { DEFAULT_LIMITS } from '../../src/core/request.ts';
import type { DevelopedPicture, DevelopTask, ImageWorker } from '../../src/core/worker.ts';
import { ATTACHMENT_RULES, InputFolder } from '../../src/discord/attachments.ts';
import { startBot } from '../../src/discord/bot.ts';
import { WildcardFolder } from '../../src/discord/wildcards.ts';
import { makeLog } from '../../src/log.ts';
import { makeMetrics } from '../../src/ops/metrics.ts';
import { Dispatcher } from '../../src/queue/dispatcher.ts';
import { openStore } from '../../src/store/openStore.ts';
import { plainPng } from '../e2e/scriptedWorker.ts';
import { TEST_CARD } from '../support/cards.ts';
import type { Weight } from './flat.ts';
import { TOKEN } from './program.ts';

/** Steps told of each picture, so that progress is told and forgotten too. */
const STEPS = 3;
const STEP_MS = 5;

const worker: ImageWorker = {
  ready: () => Promise.resolve(FACTS),
  async develop(task, onProgress, signal) {
    for (let stepsDone = 1; stepsDone <= STEPS; stepsDone += 1) {
      await sleep(STEP_MS, undefined, { signal });
      onProgress({ jobId: task.jobId, stepsDone, stepsTotal: STEPS });
    }
    return [await pictureOf(task)];
  },
  close: () => Promise.resolve(),
};

const FACTS = { pid: process.pid, provider: 'none', providerReason: 'a bench', models: [TEST_CARD], refused: [] };

async function pictureOf({ request, outputDir }: DevelopTask): Promise<DevelopedPicture> {
  const bytes = plainPng(request.size, request.seed);
  const fileName = '0.png';
  await mkdir(outputDir, { recursive: true });
  await writeFile(path.join(outputDir, fileName), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { imageIndex: 0, fileName, sha256, seed: request.seed, ...request.size, sizeBytes: bytes.length };
}

let paid = process.cpuUsage();

/** Bytes that something still needs. */
function weigh(): Weight {
  const { user, system } = process.cpuUsage(paid);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let time = 0; time < 3; time += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  paid = process.cpuUsage();
  return { heapUsed, external, cpuMs: (user + system) / 1000 };
}

const [apiUrl, origin, dataDir] = process.argv.slice(2) as [string, string, string];
const log = makeLog('error');
const store = openStore({ file: path.join(dataDir, 'darkroom.db') });
const dispatcher = new Dispatcher({ store, workers: [worker], clock: systemClock, log, dataDir, jobsPerWorker: 4 });
const bot = await startBot({
  token: TOKEN,
  apiUrl,
  commands,
  store,
  queue: dispatcher,
  catalog: { cards: [TEST_CARD], defaultModel: TEST_CARD.name, limits: DEFAULT_LIMITS, upscalers: [] },
  rules: { dailyQuota: 1e6, maxWaitingPerUser: 1e4 },
  inputs: new InputFolder(dataDir),
  attachments: { ...ATTACHMENT_RULES, extraOrigin: origin },
  wildcards: new WildcardFolder(path.join(dataDir, 'wildcards')),
  dataDir,
  clock: systemClock,
  log,
  randomSeed: () => 1,
  onFatal: (error) => {
    throw error;
  },
});
dispatcher.on((event) => {
  if (event.kind === 'job') bot.outbox.touch(event.jobId);
  if (event.kind === 'progress') bot.outbox.progress(event.progress);
});
const isStalled = () => dispatcher.stalled() !== undefined;
const isConnected = () => bot.isConnected();
const disk = () => Promise.resolve({ freeBytes: 0, databaseBytes: 0, newestBackupMs: null });
dispatcher.on(makeMetrics({ store, nowMs: Date.now, isStalled, isConnected, disk, version: 'bench' }).note);
dispatcher.start();
process.on('message', (order: { readonly snapshot: string | null }) => {
  const weight = weigh();
  if (order.snapshot !== null) writeHeapSnapshot(order.snapshot);
  process.send!(weight);
});
process.on('disconnect', () => process.exit(0));
