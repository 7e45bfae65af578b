// Seconds a picture with the shipped model at its defaults, warm, in the image process the bot uses; alone and four at once.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, type ModelCard } from '../../src/core/request.ts';
import { resolveRequest } from '../../src/core/resolve.ts';
import type { ImageWorker } from '../../src/core/worker.ts';
import { makeLog } from '../../src/log.ts';
import { ROOT } from '../../src/root.ts';
import { startWorker } from '../../src/worker/parent.ts';
import { memoryOf, spread } from './figures.ts';

const RUNS = 10;

async function secondsOf(
  worker: ImageWorker,
  card: ModelCard,
  run: number,
  count: number,
  dir: string,
): Promise<number> {
  const draft = { prompt: 'a red heart', seed: run, count };
  const request = resolveRequest(draft, card, DEFAULT_LIMITS, 0);
  const outputDir = path.join(dir, `${count}-${run}`);
  const task = { jobId: `${count}-${run}`, attempt: 1, request, initImagePath: null, outputDir };
  const startMs = performance.now();
  await worker.develop(task, () => {}, new AbortController().signal);
  return (performance.now() - startMs) / 1000;
}

export async function benchPictures(): Promise<void> {
  const options = { modelsDir: path.join(ROOT, 'models'), device: 'cpu', threads: null } as const;
  const worker = startWorker({ ...options, log: makeLog('warn') });
  const dir = await mkdtemp(path.join(tmpdir(), 'darkroom-bench-'));
  try {
    const facts = await worker.ready();
    const card = facts.models.find(({ name }) => name === 'emoji')!;
    const { steps, guidance, sampler } = card.defaults;
    console.log(`  defaults: ${sampler}, ${steps} steps, guidance ${guidance}`);
    await secondsOf(worker, card, 0, 1, dir);
    const one: number[] = [];
    const four: number[] = [];
    for (let run = 1; run <= RUNS; run++) {
      one.push(await secondsOf(worker, card, run, 1, dir));
      four.push((await secondsOf(worker, card, run, 4, dir)) / 4);
    }
    console.log(`  one picture: ${spread(one, 's')}`);
    console.log(`  of four together, each: ${spread(four, 's')}`);
    console.log(`  image process: ${memoryOf(facts.pid)}`);
  } finally {
    await worker.close();
    await rm(dir, { recursive: true, force: true });
  }
}
