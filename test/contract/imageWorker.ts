// What every image worker must do, whatever makes the pictures; test/queue runs it on the scripted one, test/worker on the real process.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { GRID_INDEX } from '../../src/core/job.ts';
import { type ResolvedRequest, seedOfImage } from '../../src/core/request.ts';
import type { DevelopProgress, DevelopTask, ImageWorker } from '../../src/core/worker.ts';

export interface WorkerHarness {
  /** A fresh worker; the suite closes it. */
  open(): ImageWorker;
  /** A small request the worker can answer, not square, with at least three steps. */
  request(overrides: { readonly seed?: number; readonly count?: number; readonly model?: string }): ResolvedRequest;
  /** What of a picture file must repeat: its pixels. The bytes themselves when left out. */
  readonly pixelsOf?: (bytes: Buffer) => Promise<Buffer>;
}

const NEVER = new AbortController().signal;
const ignore = () => {};

export function imageWorkerContract(name: string, harness: WorkerHarness): void {
  const opened: ImageWorker[] = [];
  const open = () => {
    const worker = harness.open();
    opened.push(worker);
    return worker;
  };
  const folders: string[] = [];
  let jobs = 0;
  const task = (request: ResolvedRequest): DevelopTask => {
    jobs += 1;
    const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-worker-'));
    folders.push(folder);
    const outputDir = path.join(folder, 'made', 'here');
    return { jobId: `job${jobs}`, attempt: 1, request, initImagePath: null, outputDir };
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((worker) => worker.close()));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  describe(`${name}: an image worker`, () => {
    test('says what it is, and the same when asked again', async () => {
      const worker = open();
      const facts = await worker.ready();
      expect(facts.models.map((card) => card.name)).toContain(harness.request({}).model);
      expect(facts.providerReason).not.toBe('');
      expect((await worker.ready()).pid).toBe(facts.pid);
    });

    test('writes each picture and the grid as it reports them', async () => {
      const request = harness.request({ count: 2, seed: 2 ** 32 - 1 });
      const asked = task(request);
      const pictures = await open().develop(asked, ignore, NEVER);
      expect(pictures.map((picture) => picture.imageIndex).toSorted()).toEqual([GRID_INDEX, 0, 1].toSorted());
      for (const picture of pictures) {
        const bytes = readFileSync(path.join(asked.outputDir, picture.fileName));
        expect(bytes.length).toBe(picture.sizeBytes);
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(picture.sha256);
        if (picture.imageIndex === GRID_INDEX) continue;
        expect(picture).toMatchObject({ ...request.size, seed: seedOfImage(request.seed, picture.imageIndex) });
      }
    });

    test('one picture has no grid', async () => {
      const pictures = await open().develop(task(harness.request({})), ignore, NEVER);
      expect(pictures.map((picture) => picture.imageIndex)).toEqual([0]);
    });

    test('picture 1 of a batch is the single picture of the next seed, and not picture 0', async () => {
      const worker = open();
      const pixelsOf = harness.pixelsOf ?? (async (bytes: Buffer) => bytes);
      const make = async (request: ResolvedRequest, imageIndex: number) => {
        const asked = task(request);
        const made = await worker.develop(asked, ignore, NEVER);
        const { fileName } = made.find((picture) => picture.imageIndex === imageIndex)!;
        return pixelsOf(readFileSync(path.join(asked.outputDir, fileName)));
      };
      const second = await make(harness.request({ seed: 5, count: 2 }), 1);
      expect(second.equals(await make(harness.request({ seed: 6 }), 0))).toBe(true);
      expect(second.equals(await make(harness.request({ seed: 5 }), 0))).toBe(false);
    });

    test('progress of a job never falls and ends complete', async () => {
      const seen: DevelopProgress[] = [];
      const asked = task(harness.request({ count: 2 }));
      await open().develop(asked, (progress) => seen.push(progress), NEVER);
      const steps = seen.map((progress) => progress.stepsDone);
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      expect(seen.every((progress) => progress.jobId === asked.jobId)).toBe(true);
      expect(seen.at(-1)?.stepsDone).toBe(seen.at(-1)?.stepsTotal);
    });

    test('several jobs in flight each get their own pictures', async () => {
      const worker = open();
      const seeds = [11, 22, 33];
      const made = await Promise.all(
        seeds.map((seed) => worker.develop(task(harness.request({ seed })), ignore, NEVER)),
      );
      expect(made.map((pictures) => pictures[0]?.seed)).toEqual(seeds);
    });

    test('a signal that is aborted already: cancelled, and nothing is written', async () => {
      const asked = task(harness.request({}));
      const ended = open().develop(asked, ignore, AbortSignal.abort(new Error('stop')));
      await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
      expect(existsSync(path.join(asked.outputDir, '0.png'))).toBe(false);
    });

    test('cancelled in the middle: that job ends, its neighbour and the next one do not notice', async () => {
      const worker = open();
      const stop = new AbortController();
      const neighbour = worker.develop(task(harness.request({ seed: 1 })), ignore, NEVER);
      const cancelled = worker.develop(
        task(harness.request({ seed: 2 })),
        () => stop.abort(new Error('stop')),
        stop.signal,
      );
      await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
      expect(await neighbour).toHaveLength(1);
      expect(await worker.develop(task(harness.request({ seed: 3 })), ignore, NEVER)).toHaveLength(1);
    });

    test('a model that is not there is one job’s typed error, not the worker’s end', async () => {
      const worker = open();
      const ended = worker.develop(task(harness.request({ model: 'no-such-model' })), ignore, NEVER);
      await expect(ended).rejects.toMatchObject({ name: 'DarkroomError', code: 'model_missing' });
      expect(await worker.develop(task(harness.request({})), ignore, NEVER)).toHaveLength(1);
    });

    test('closing twice is closing once, and a closed worker says so', async () => {
      const worker = open();
      await worker.ready();
      await worker.close();
      await worker.close();
      await expect(worker.ready()).rejects.toMatchObject({ name: 'DarkroomError' });
    });
  });
}
