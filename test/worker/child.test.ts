// The whole way through the pipe with real networks: pictures, cancellation, kill -9 in the middle, and an end with the bot.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DevelopProgress, ImageWorker } from '../../src/core/worker.ts';
import { makeLog } from '../../src/log.ts';
import { compiledEntry } from '../../src/root.ts';
import { startWorker } from '../../src/worker/parent.ts';
import { coalesced } from '../../src/worker/serve.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';

const NEVER = new AbortController().signal;
let folder: string;
let worker: ImageWorker;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  worker = startWorker({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1, log: makeLog('silent') });
});

afterAll(async () => {
  await worker.close();
  await rm(folder, { recursive: true });
});

/** Whether a process of that id is there. */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the image process', () => {
  test('says what it has', async () => {
    const facts = await worker.ready();
    expect(facts.pid).not.toBe(process.pid);
    expect(facts.provider).toBe('cpu');
    expect(facts.models.map((card) => card.name)).toEqual(['plain-mid', 'sd-small', 'v-linear']);
  });

  // What the owner set as PRECISION once ended in the process that starts this one.
  test('is told what to compute in', async () => {
    const asked = { modelsDir: TINY_MODELS, device: 'cpu', precision: 'fp16', threads: 1 } as const;
    const half = startWorker({ ...asked, log: makeLog('silent') });
    await expect(half.ready()).rejects.toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining('cpu in fp16'),
    });
    await half.close();
  });

  test('makes pictures of several tasks at once', async () => {
    const progress: DevelopProgress[] = [];
    const making = [1, 2, 3].map((seed) => {
      const task = makeTask(path.join(folder, `job${seed}`), { seed, count: seed });
      return worker.develop(task, (step) => progress.push(step), NEVER);
    });
    const counts = (await Promise.all(making)).map((pictures) => pictures.length);
    expect(counts).toEqual([1, 3, 4]);
    expect(progress).toContainEqual({ jobId: 'job3', stepsDone: 9, stepsTotal: 9 });
    expect((await readdir(path.join(folder, 'job3'))).sort()).toEqual(['0.png', '1.png', '2.png', 'grid.png']);
  });

  test('passes on its own typed errors', async () => {
    const task = makeTask(path.join(folder, 'missing'), { model: '../../etc' });
    await expect(worker.develop(task, () => {}, NEVER)).rejects.toMatchObject({ code: 'model_missing' });
  });

  test('stops a cancelled task and goes on with the next', async () => {
    const abort = new AbortController();
    const task = makeTask(path.join(folder, 'long'), { steps: 150, count: 4, size: { widthPx: 256, heightPx: 192 } });
    await expect(worker.develop(task, () => abort.abort(), abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
    expect(await worker.develop(makeTask(path.join(folder, 'after')), () => {}, NEVER)).toHaveLength(1);
    expect(await readdir(folder)).not.toContain('long');
  });

  test('killed in the middle of a step, it comes back and makes the same picture', async () => {
    const before = await worker.develop(makeTask(path.join(folder, 'before')), () => {}, NEVER);
    const { pid } = await worker.ready();
    const task = makeTask(path.join(folder, 'lost'), { steps: 150, size: { widthPx: 256, heightPx: 192 } });
    const lost = worker.develop(task, () => process.kill(pid, 'SIGKILL'), NEVER);
    await expect(lost).rejects.toMatchObject({ code: 'worker_crashed', details: { signal: 'SIGKILL' } });
    const again = await worker.develop(makeTask(path.join(folder, 'again')), () => {}, NEVER);
    expect(again).toEqual(before);
    expect((await worker.ready()).pid).not.toBe(pid);
  });

  test('ends when it is closed', async () => {
    const other = startWorker({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1, log: makeLog('silent') });
    const { pid } = await other.ready();
    await other.close();
    expect(lives(pid)).toBe(false);
  });

  test('says why it cannot start', async () => {
    const other = startWorker({ modelsDir: '/nowhere', device: 'cpu', threads: 1, log: makeLog('silent') });
    await expect(other.ready()).rejects.toMatchObject({ code: 'config_invalid', audience: 'operator' });
    await other.close();
  });

  test('ends when its parent is killed', async () => {
    const { pid, parent } = await orphanMaker();
    expect(lives(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false);
  });

  test('survives Ctrl-C, which the terminal sends to the bot’s children too', async () => {
    const { pid } = await worker.ready();
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    expect(await worker.develop(makeTask(path.join(folder, 'sigint')), () => {}, NEVER)).toHaveLength(1);
    expect((await worker.ready()).pid).toBe(pid);
  });
});

/** A bot of one line: starts a worker, prints its pid and waits. */
async function orphanMaker(): Promise<{ pid: number; parent: ChildProcess }> {
  const [parentJs, logJs] = ['src/worker/parent.ts', 'src/log.ts'].map(compiledEntry);
  const script = `
    const { startWorker } = await import(${JSON.stringify(parentJs)});
    const { makeLog } = await import(${JSON.stringify(logJs)});
    const worker = startWorker({ modelsDir: ${JSON.stringify(TINY_MODELS)}, device: 'cpu', threads: 1, log: makeLog('silent') });
    console.log((await worker.ready()).pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  return { pid: Number(line.toString()), parent };
}

describe('progress', () => {
  test('is passed on five times a second at most, and always at the end', () => {
    const passed: number[] = [];
    let nowMs = 0;
    const onProgress = coalesced(
      ({ stepsDone }) => passed.push(stepsDone),
      () => nowMs,
    );
    for (let stepsDone = 1; stepsDone <= 10; stepsDone++, nowMs += 70)
      onProgress({ jobId: 'j', stepsDone, stepsTotal: 10 });
    expect(passed).toEqual([1, 4, 7, 10]);
  });
});
