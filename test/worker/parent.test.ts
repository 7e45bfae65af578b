// The bot's side of the process boundary against a child that crashes, hangs, exits and babbles on command.
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DevelopProgress, DevelopTask, ImageWorker } from '../../src/core/worker.ts';
import { DarkroomError } from '../../src/errors.ts';
import { type Logger, makeLog } from '../../src/log.ts';
import { compiledEntry } from '../../src/root.ts';
import { deferred } from '../../src/worker/deferred.ts';
import type { ProcessLimits } from '../../src/worker/imageProcess.ts';
import { backoffMs, startWorker, type WorkerOptions } from '../../src/worker/parent.ts';
import { FakeClock } from '../support/fakeClock.ts';

/** Every limit is another number, so that a test sees on the clock which one is running. */
const LIMITS: ProcessLimits = {
  handshakeMs: 60_001,
  activityMs: {
    idle: 5_002,
    text: 1,
    unet: 9_003,
    encode: 1,
    decode: 8_004,
    upscale: 1,
    hint: 1,
    control: 1,
    judge: 1,
  },
  graceMs: 1_005,
  closeMs: 3_006,
};
const NEVER = new AbortController().signal;
const open: ImageWorker[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((worker) => worker.close()));
});

function start(handshake = 'good', over: Partial<WorkerOptions> = {}) {
  const clock = new FakeClock();
  const log = makeLog('silent');
  const entry = compiledEntry('test/support/scriptedChild.ts');
  const child = { modelsDir: handshake, device: 'cpu', threads: null } as const;
  const worker = startWorker({ ...child, log, clock, limits: LIMITS, entry, ...over });
  open.push(worker);
  return { worker, clock };
}

function task(jobId: string): DevelopTask {
  const request = {
    prompt: 'a red heart',
    negativePrompt: '',
    model: 'ice',
    style: null,
    stylePhrase: '',
    size: { widthPx: 96, heightPx: 64 },
    steps: 2,
    guidance: 0,
    seed: 4_294_967_295,
    count: 1,
    sampler: 'ddim',
    initImage: null,
    strength: null,
  } as const;
  return { jobId, attempt: 1, request, initImagePath: null, outputDir: '/nowhere' };
}

async function failure(promise: Promise<unknown>): Promise<DarkroomError> {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(thrown).toBeInstanceOf(DarkroomError);
  return thrown as DarkroomError;
}

const develop = (worker: ImageWorker, jobId: string) => worker.develop(task(jobId), () => {}, NEVER);

describe('another look at the LoRAs', () => {
  test('brings what there is now, and from then on that is what is there', async () => {
    const { worker } = start();
    const before = await worker.ready();
    const both = await Promise.all([worker.refresh!(), worker.refresh!()]);
    expect(both.map(({ provider }) => provider)).toEqual(['looked again', 'looked again']);
    expect(before.provider).toBe('cpu');
    expect((await worker.ready()).provider).toBe('looked again');
  });

  test('ends with the process that was asked', async () => {
    const { worker } = start('good');
    await worker.ready();
    const lost = failure(develop(worker, 'exits'));
    await new Promise(setImmediate);
    expect((await failure(worker.refresh!())).code).toBe('worker_crashed');
    await lost;
  });
});

describe('giving way', () => {
  test('is told to the process that computes', async () => {
    const { worker } = start();
    await worker.ready();
    worker.giveWay!(400);
    expect((await failure(develop(worker, 'gaveWay'))).message).toBe('for 400 ms');
  });

  test('starts no process', async () => {
    const { worker } = start('exit');
    worker.giveWay!(400);
    await new Promise(setImmediate);
    expect((await failure(worker.ready())).code).toBe('worker_crashed');
  });
});

describe('a task', () => {
  test('comes back with its pictures and its progress', async () => {
    const { worker } = start();
    const progress: DevelopProgress[] = [];
    const pictures = await worker.develop(task('good'), (step) => progress.push(step), NEVER);
    expect(pictures).toMatchObject([{ imageIndex: 0, seed: 4_294_967_295, widthPx: 96, heightPx: 64 }]);
    expect(progress).toEqual([{ jobId: 'good', stepsDone: 1, stepsTotal: 2 }]);
  });

  test('keeps the class, code and details of the child’s error', async () => {
    const { worker } = start();
    const error = await failure(develop(worker, 'refused'));
    expect(error).toMatchObject({ code: 'model_missing', details: { name: 'ice' }, audience: 'operator' });
  });

  test('an error code of a newer child becomes internal, its message kept', async () => {
    const { worker } = start();
    expect(await failure(develop(worker, 'newer'))).toMatchObject({ code: 'internal', message: 'odd' });
  });

  test('what the child writes to stderr goes to the log', async () => {
    const heard = deferred<unknown>();
    const log = { ...makeLog('silent'), warn: (entry: unknown) => heard.resolve(entry) } as unknown as Logger;
    const { worker } = start('good', { log });
    await develop(worker, 'writes');
    expect(await heard.promise).toMatchObject({ line: 'a library complains' });
  });

  test('the child does not get the bot’s token', async () => {
    for (const secret of ['DISCORD_TOKEN', 'HF_TOKEN', 'REDIS_URL']) vi.stubEnv(secret, 'very secret');
    const { worker } = start();
    expect((await failure(develop(worker, 'tellsSecrets'))).message).toBe(',,');
    vi.unstubAllEnvs();
  });

  test('ends as cancelled at once, and what the child still says of it is ignored', async () => {
    const { worker } = start();
    const abort = new AbortController();
    const waiting = worker.develop(task('waits'), () => {}, abort.signal);
    await worker.ready();
    abort.abort();
    expect(await failure(waiting)).toMatchObject({ code: 'cancelled' });
    expect(await develop(worker, 'good')).toHaveLength(1);
  });

  test('that was cancelled before it began never reaches a process', async () => {
    const { worker } = start('mute');
    expect(await failure(worker.develop(task('good'), () => {}, AbortSignal.abort()))).toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('a lost process', () => {
  test.each([
    ['exits', 'worker_crashed', 'exit code 3'],
    ['killed', 'worker_crashed', 'signal SIGKILL'],
    ['garbage', 'worker_protocol', '"surprise"'],
    ['wrongField', 'worker_protocol', 'stepsDone'],
  ])('%s: every task in flight ends with %s, and another process takes over', async (fault, code, words) => {
    const { worker, clock } = start();
    const first = await worker.ready();
    const bystander = failure(develop(worker, 'waits'));
    const error = await failure(develop(worker, fault));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect((await bystander).code).toBe(code);
    const again = develop(worker, 'good');
    await clock.untilAsleep(500);
    await clock.advance(500);
    expect(await again).toHaveLength(1);
    expect((await worker.ready()).pid).not.toBe(first.pid);
  });

  test('the crash tells what the process said last', async () => {
    const { worker } = start();
    const error = await failure(develop(worker, 'killed'));
    expect(error.details).toMatchObject({ signal: 'SIGKILL', stderr: 'last words' });
  });

  test('a call without end is killed after its limit and the grace, not before', async () => {
    const { worker, clock } = start();
    let ended = false;
    const error = failure(develop(worker, 'hangs')).finally(() => {
      ended = true;
    });
    await clock.untilAsleep(LIMITS.activityMs.unet);
    await clock.advance(LIMITS.activityMs.unet + LIMITS.graceMs - 1);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await error).toMatchObject({ code: 'worker_hung', details: { activity: 'unet', limitMs: 9_003 } });
  });

  test('beats of one and the same call give it no more time', async () => {
    const { worker, clock } = start();
    const error = failure(develop(worker, 'beatsForever'));
    await clock.untilAsleep(LIMITS.activityMs.decode);
    await clock.advance(LIMITS.activityMs.decode + LIMITS.graceMs);
    expect(await error).toMatchObject({ code: 'worker_hung', details: { activity: 'decode' } });
  });

  test('a new call has its whole limit, whatever the one before it took', async () => {
    const { worker, clock } = start();
    const pending = failure(develop(worker, 'callsUnet'));
    await clock.untilAsleep(LIMITS.activityMs.unet);
    await clock.advance(LIMITS.activityMs.unet - 1);
    const alsoPending = failure(develop(worker, 'callsDecode'));
    await clock.untilAsleep(LIMITS.activityMs.decode);
    await clock.advance(LIMITS.activityMs.decode - 1);
    expect(await develop(worker, 'good')).toHaveLength(1);
    await worker.close();
    await Promise.all([pending, alsoPending]);
  });

  test('the waits before restarts double up to half a minute', () => {
    expect([0, 1, 2, 3, 7, 50].map(backoffMs)).toEqual([0, 500, 1_000, 2_000, 30_000, 30_000]);
  });
});

describe('the handshake', () => {
  test('passes on why the child cannot work', async () => {
    const { worker } = start('unable');
    expect(await failure(worker.ready())).toMatchObject({ code: 'provider_unavailable', details: { want: 'cuda' } });
  });

  test('that ends with an exit is a crash; the next call tries again after a wait', async () => {
    const { worker, clock } = start('exit');
    expect(await failure(worker.ready())).toMatchObject({ code: 'worker_crashed', details: { exitCode: 7 } });
    const second = failure(worker.ready());
    await clock.untilAsleep(500);
    await clock.advance(500);
    expect(await second).toMatchObject({ code: 'worker_crashed' });
    const third = failure(worker.ready());
    await clock.untilAsleep(1_000);
    await clock.advance(1_000);
    expect(await third).toMatchObject({ code: 'worker_crashed' });
  });

  test('has a time limit', async () => {
    const { worker, clock } = start('mute');
    const error = failure(worker.ready());
    await clock.untilAsleep(LIMITS.handshakeMs);
    await clock.advance(LIMITS.handshakeMs + LIMITS.graceMs);
    expect(await error).toMatchObject({ code: 'worker_hung', details: { activity: 'handshake' } });
  });

  test('of a program that is not there is a crash, not an exception', async () => {
    const { worker } = start('good', { entry: '/nowhere/child.js' });
    expect(await failure(worker.ready())).toMatchObject({ code: 'worker_crashed', details: { exitCode: 1 } });
  });
});

describe('closing', () => {
  test('ends what is in flight as lost, not as cancelled, and starts nothing again', async () => {
    const { worker } = start();
    const waiting = failure(develop(worker, 'waits'));
    await worker.ready();
    await worker.close();
    expect(await waiting).toMatchObject({ code: 'worker_crashed' });
    expect(await failure(worker.ready())).toMatchObject({ code: 'worker_crashed' });
  });

  test('kills a child that does not go', async () => {
    const { worker, clock } = start();
    const hanging = failure(develop(worker, 'hangs'));
    await clock.untilAsleep(LIMITS.activityMs.unet);
    const closing = worker.close();
    await clock.untilAsleep(LIMITS.closeMs);
    await clock.advance(LIMITS.closeMs);
    await closing;
    expect(await hanging).toMatchObject({ code: 'worker_crashed' });
  });
});
