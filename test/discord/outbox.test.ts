// The outbox against a messenger that plays Discord's answers, with time turned by hand.
import { afterEach, describe, expect, test } from 'vitest';
import type { ControlMap } from '../../src/core/control.ts';
import type { JobRecord, JobState, PictureRecord } from '../../src/core/job.ts';
import type { WaitStatus } from '../../src/core/jobStore.ts';
import type { Fit } from '../../src/discord/fitting.ts';
import type { AnswerToken, CreateOptions, Messenger, Outcome } from '../../src/discord/messenger.ts';
import { nonceOf, OUTBOX_TIMING, Outbox, type OutboxOptions } from '../../src/discord/outbox.ts';
import { en } from '../../src/discord/phrases/en.ts';
import { textView, type View } from '../../src/discord/views/view.ts';
import { makeLog } from '../../src/log.ts';
import { FakeClock } from '../support/fakeClock.ts';
import { cardText } from './limits.ts';
import { testIds, testJob, testMaps, testPictures } from './samples.ts';

const MESSAGE = '900000000000000009';
const NEXT: Partial<Record<JobState, JobState>> = {
  developed: 'delivered',
  failing: 'failed',
  cancelling: 'cancelled',
};

/** The few rows the outbox reads, in memory. */
class Rows {
  readonly jobs = new Map<string, JobRecord>();
  readonly wait: WaitStatus = { position: 1, aheadMs: 5_000, ownMs: 5_000 };
  sizeBytes = 20_000;

  put(job: JobRecord): JobRecord {
    this.jobs.set(job.id, job);
    return job;
  }
  state(state: JobState): void {
    for (const job of this.jobs.values()) this.put({ ...job, state });
  }
  together = async <T>(work: () => T) => work();
  get = (id: string) => this.jobs.get(id);
  pictures = (id: string): PictureRecord[] => testPictures(this.jobs.get(id)!, this.sizeBytes);
  controlMaps = (id: string): ControlMap[] => testMaps(this.jobs.get(id)!);
  waitOf = (id: string) => (this.jobs.get(id)?.state === 'queued' ? this.wait : undefined);
  setMessage = (id: string, messageId: string) => void this.put({ ...this.jobs.get(id)!, messageId });
  settle = (id: string) => {
    const job = this.jobs.get(id)!;
    return this.put({ ...job, state: NEXT[job.state] ?? job.state }).state;
  };
  unsettled = () => [...this.jobs.values()].filter((job) => !Object.values(NEXT).includes(job.state));
}

interface Call {
  readonly route: 'create' | 'edit' | 'answer' | 'direct' | 'findOwn' | 'deleteAnswer' | 'remove' | 'mention';
  readonly content: string;
  readonly files: readonly string[];
  readonly to: string | null;
  readonly options?: CreateOptions;
}

class ScriptedMessenger implements Messenger {
  readonly calls: Call[] = [];
  /** Answers to give before everything succeeds again. */
  readonly script: Outcome[] = [];
  lost: string | undefined;

  #reply(call: Call): Promise<Outcome> {
    this.calls.push(call);
    return Promise.resolve(this.script.shift() ?? { kind: 'sent', messageId: MESSAGE, channelId: '3' });
  }
  #call(route: Call['route'], view: View, to: string | null): Call {
    return { route, content: view.content || cardText(view), files: view.files.map((file) => file.name), to };
  }
  create = (channelId: string, view: View, options: CreateOptions) =>
    this.#reply({ ...this.#call('create', view, channelId), options });
  edit = (_: string, messageId: string, view: View) => this.#reply(this.#call('edit', view, messageId));
  answer = (_: AnswerToken, messageId: string | null, view: View) => this.#reply(this.#call('answer', view, messageId));
  direct = (userId: string, view: View) => this.#reply(this.#call('direct', view, userId));
  deleteAnswer = async () => void this.calls.push({ route: 'deleteAnswer', content: '', files: [], to: null });
  findOwn = async () => {
    this.calls.push({ route: 'findOwn', content: '', files: [], to: null });
    const found = this.lost;
    return found === undefined ? ({ kind: 'none' } as const) : ({ kind: 'found', messageId: found } as const);
  };
  remove = async () => void this.calls.push({ route: 'remove', content: '', files: [], to: null });
  mention = async (_: string, __: string, userId: string, content: string) =>
    void this.calls.push({ route: 'mention', content, files: [], to: userId });
  get routes(): string {
    return this.calls.map((call) => call.route).join(' ');
  }
  get last(): Call {
    return this.calls.at(-1)!;
  }
}

const running: Outbox[] = [];
afterEach(async () => {
  for (const outbox of running.splice(0)) await outbox.stop();
});

function setUp(job: JobRecord | null = testJob(), over: Partial<OutboxOptions> = {}) {
  const [rows, messenger, clock, ids] = [new Rows(), new ScriptedMessenger(), new FakeClock(), testIds()];
  if (job !== null) rows.put(job);
  const fatal: string[] = [];
  const outbox = new Outbox({
    store: rows,
    messenger,
    clock,
    log: makeLog('silent'),
    wordingOf: () => ({ phrases: en, ids }),
    uploadLimitOf: () => 10 * 1024 * 1024,
    showsJob: () => true,
    onUnauthorized: () => fatal.push('unauthorized'),
    random: () => 1,
    ...over,
  });
  running.push(outbox);
  return { rows, messenger, clock, outbox, fatal };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function tokenUntil(expiresAtMs: number, original: AnswerToken['original'] = '@original'): AnswerToken {
  return { applicationId: '1', token: 'secret', expiresAtMs, original };
}

describe('a job from waiting to picture', () => {
  test('is one create under a nonce and then only edits of that message', async () => {
    const { rows, messenger, clock, outbox } = setUp();
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.last).toMatchObject({
      route: 'create',
      options: { nonce: 'drabcdefghij', replyToMessageId: null },
    });
    expect(messenger.last.content).toContain('place 2 in the queue. Expected <t:1800000010:R>');
    rows.state('running');
    outbox.progress({ jobId: 'abcdefghij', stepsDone: 3, stepsTotal: 12 });
    await settled();
    await clock.advance(OUTBOX_TIMING.progressMs);
    expect(messenger.last).toMatchObject({ route: 'edit', to: MESSAGE });
    expect(messenger.last.content).toContain('25%');
    rows.state('developed');
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.last).toMatchObject({ route: 'edit', files: ['darkroom-abcdefghij-1.png'] });
    expect(rows.get('abcdefghij')?.state).toBe('delivered');
    await clock.advance(60_000);
    expect(messenger.routes).toBe('create edit edit');
  });

  test('shows progress every three seconds at most and the newest only', async () => {
    const { messenger, clock, outbox } = setUp(testJob({ state: 'running', messageId: MESSAGE }));
    outbox.start();
    await settled();
    for (let step = 1; step <= 10; step += 1) {
      outbox.progress({ jobId: 'abcdefghij', stepsDone: step, stepsTotal: 10 });
      await settled();
      await clock.advance(250);
    }
    expect(messenger.calls).toHaveLength(1);
    await clock.advance(500);
    expect(messenger.calls).toHaveLength(2);
    expect(messenger.last.content).toContain('100%');
  });

  test('and a Discord that takes its time is sent one edit at a time: what came meanwhile is one more, not hundreds', async () => {
    const { rows, messenger, clock, outbox } = setUp(testJob({ state: 'running', messageId: MESSAGE }));
    const slow: (() => void)[] = [];
    const quickly = messenger.edit;
    messenger.edit = async (...call) => {
      await new Promise<void>((resolve) => slow.push(resolve));
      return quickly(...call);
    };
    outbox.start();
    await settled();
    for (let step = 1; step <= 500; step += 1) {
      outbox.progress({ jobId: 'abcdefghij', stepsDone: step, stepsTotal: 500 });
      outbox.touch('abcdefghij');
      await clock.advance(1_000);
    }
    expect([slow.length, messenger.calls.length]).toEqual([1, 0]);
    rows.state('developed');
    outbox.touch('abcdefghij');
    for (let edit = 0; edit < 4; edit += 1) {
      slow.shift()?.();
      await settled();
    }
    expect(messenger.routes).toBe('edit edit');
    expect(rows.get('abcdefghij')?.state).toBe('delivered');
  });

  test('the end does not wait for the pause between edits', async () => {
    const { rows, messenger, outbox } = setUp(testJob({ state: 'running', messageId: MESSAGE }));
    outbox.start();
    await settled();
    rows.state('failing');
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.last.content).toContain('This did not work');
    expect(rows.get('abcdefghij')?.state).toBe('failed');
  });

  test('says nothing before the interaction has been answered', async () => {
    const { rows, messenger, clock, outbox } = setUp(testJob({ state: 'accepted' }));
    outbox.begin('abcdefghij');
    await clock.advance(30_000);
    expect(messenger.calls).toEqual([]);
    rows.state('queued');
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.routes).toBe('create');
  });

  test('cancelled before it had a message needs none', async () => {
    const { rows, messenger, outbox } = setUp(testJob({ state: 'accepted' }));
    outbox.begin('abcdefghij');
    await settled();
    rows.state('cancelling');
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.calls).toEqual([]);
    expect(rows.get('abcdefghij')?.state).toBe('cancelled');
  });

  test('is a reply to the message that asked, or to the parent in the same channel', async () => {
    const { rows, messenger, outbox } = setUp(null);
    rows.put(testJob({ id: 'parentaaaa', state: 'delivered', messageId: '777' }));
    rows.put(testJob({ id: 'childaaaaa', kind: 'variation', parentJobId: 'parentaaaa', parentImageIndex: 0 }));
    rows.put(
      testJob({ id: 'childbbbbb', kind: 'again', sourceId: '888', sourceKind: 'message', parentJobId: 'parentaaaa' }),
    );
    rows.put(testJob({ id: 'childccccc', kind: 'again', parentJobId: 'parentaaaa', channelId: '5' }));
    for (const id of ['childaaaaa', 'childbbbbb', 'childccccc']) outbox.begin(id);
    await settled();
    expect(messenger.calls.map((call) => call.options?.replyToMessageId)).toEqual(['777', '888', null]);
  });

  test('takes its private answer away once the public message stands', async () => {
    const { messenger, clock, outbox } = setUp();
    outbox.answerThrough('abcdefghij', tokenUntil(clock.nowMs() + 900_000), false);
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.routes).toBe('create deleteAnswer');
  });
});

describe('when Discord fails', () => {
  test('waits longer each time and delivers in the end, once', async () => {
    const { rows, messenger, clock, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }));
    for (let k = 0; k < 7; k += 1) messenger.script.push({ kind: 'retry', reason: 'HTTP 503' });
    outbox.start();
    await settled();
    const waits: number[] = [];
    for (let k = 0; k < 7; k += 1) {
      const wait = Math.max(...clock.asleep.filter((ms) => ms !== OUTBOX_TIMING.sweepMs));
      waits.push(wait);
      await clock.advance(wait);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(rows.get('abcdefghij')?.state).toBe('delivered');
    expect(messenger.routes).toBe('edit '.repeat(8).trim());
  });

  test('a create of unknown fate is repeated under its nonce and then edited, for Discord may show the first text', async () => {
    const { messenger, clock, outbox } = setUp();
    messenger.script.push({ kind: 'retry', reason: 'AbortError' });
    outbox.begin('abcdefghij');
    await settled();
    await clock.advance(1_000);
    expect(messenger.routes).toBe('create create edit');
    expect(messenger.calls[1]?.options?.nonce).toBe(nonceOf('abcdefghij'));
  });

  test('after a restart an old job without a message is looked for before it is posted', async () => {
    const { rows, messenger, clock, outbox } = setUp(testJob({ state: 'developed' }));
    await clock.advance(OUTBOX_TIMING.nonceMs);
    messenger.lost = '555';
    outbox.start();
    await settled();
    expect(messenger.routes).toBe('findOwn edit');
    expect(messenger.last.to).toBe('555');
    expect(rows.get('abcdefghij')).toMatchObject({ state: 'delivered' });
  });

  test('a message somebody deleted ends the matter quietly', async () => {
    const { rows, messenger, clock, outbox } = setUp(testJob({ state: 'running', messageId: MESSAGE }));
    messenger.script.push({ kind: 'gone' });
    outbox.start();
    await clock.advance(30_000);
    rows.state('developed');
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.routes).toBe('edit');
    expect(rows.get('abcdefghij')?.state).toBe('delivered');
  });

  test('a token Discord no longer accepts is fatal, told once an attempt, and the job stays owed', async () => {
    const { rows, messenger, outbox, fatal } = setUp(testJob({ state: 'developed', messageId: MESSAGE }));
    messenger.script.push({ kind: 'unauthorized' });
    outbox.start();
    await settled();
    expect(fatal).toEqual(['unauthorized']);
    expect(rows.get('abcdefghij')?.state).toBe('developed');
  });
});

describe('where the bot may not write', () => {
  test('the interaction token brings the result', async () => {
    const { rows, messenger, clock, outbox } = setUp();
    outbox.answerThrough('abcdefghij', tokenUntil(clock.nowMs() + 900_000), false);
    messenger.script.push({ kind: 'forbidden', code: 50013 });
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.last).toMatchObject({ route: 'answer', to: '@original' });
    rows.state('developed');
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.last).toMatchObject({ route: 'answer', to: MESSAGE, files: ['darkroom-abcdefghij-1.png'] });
    expect(messenger.routes).toBe('create answer answer');
  });

  test('a token near its end says so, and the result comes as a direct message', async () => {
    const { rows, messenger, clock, outbox } = setUp(testJob({ state: 'running' }));
    outbox.answerThrough('abcdefghij', tokenUntil(clock.nowMs() + 100_000), true);
    outbox.begin('abcdefghij');
    await clock.advance(60_000);
    expect(messenger.last.content).toContain('takes longer than Discord lets me answer');
    rows.state('developed');
    outbox.begin('abcdefghij');
    await settled();
    expect(messenger.last).toMatchObject({ route: 'direct', to: '100000000000000001' });
    expect(rows.get('abcdefghij')?.state).toBe('delivered');
  });

  test('and people take no direct messages, the job still ends', async () => {
    const { rows, messenger, outbox } = setUp(testJob({ state: 'failing' }));
    messenger.script.push({ kind: 'forbidden', code: 50001 }, { kind: 'forbidden', code: 50007 });
    outbox.start();
    await settled();
    expect(messenger.routes).toBe('findOwn create direct');
    expect(rows.get('abcdefghij')?.state).toBe('failed');
  });

  test('only files are refused, the words are still shown', async () => {
    const { messenger, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }));
    messenger.script.push({ kind: 'forbidden', code: 50013 });
    outbox.start();
    await settled();
    expect(messenger.routes).toBe('edit edit');
    expect(messenger.last).toMatchObject({ files: [] });
    expect(messenger.last.content).toContain('may not attach files');
  });
});

describe('pictures that do not fit', () => {
  test('are tried as a grid, then as one, then said in words', async () => {
    const { messenger, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }, { count: 2 }));
    for (let k = 0; k < 3; k += 1) messenger.script.push({ kind: 'too_large' });
    outbox.start();
    await settled();
    expect(messenger.calls.map((call) => call.files.length)).toEqual([2, 1, 1, 0]);
    expect(messenger.last.content).toContain('larger than this place accepts');
  });

  test('are not even sent when the place is known to be too small', async () => {
    const { rows, messenger, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }));
    rows.sizeBytes = 11 * 1024 * 1024;
    outbox.start();
    await settled();
    expect(messenger.calls.map((call) => call.files.length)).toEqual([0]);
  });

  test('are made smaller for the place, and smaller again when Discord finds them too large all the same', async () => {
    const asked: number[] = [];
    const fit: Fit = async (files, maxFileBytes) => {
      asked.push(maxFileBytes / 2 ** 20);
      return files.map((file) => ({ ...file, name: file.name.replace('png', 'webp'), smallerThan: file.sizeBytes }));
    };
    const { rows, messenger, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }), { fit });
    rows.sizeBytes = 11 * 1024 * 1024;
    messenger.script.push({ kind: 'too_large' });
    outbox.start();
    await settled();
    expect(asked).toEqual([10, 5]);
    expect(messenger.last.files).toEqual(['darkroom-abcdefghij-1.webp']);
    expect(messenger.last.content).toContain('the PNG has 11.0 MiB and stays with me');
  });

  test('and the map that was followed is left out before any picture is', async () => {
    const controls = [{ kind: 'canny', image: { sha256: 'ab'.repeat(32) } }] as const;
    const { messenger, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }, { controls }));
    messenger.script.push({ kind: 'files_gone' });
    outbox.start();
    await settled();
    const name = 'darkroom-abcdefghij';
    expect(messenger.calls.map((call) => call.files)).toEqual([
      [`${name}-1.png`, `${name}-control-1.png`],
      [`${name}-1.png`],
    ]);
    expect(messenger.last.content).toContain('canny\\:1 ');
  });

  test('and files that vanished from the disk are admitted', async () => {
    const { messenger, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }));
    messenger.script.push({ kind: 'files_gone' });
    outbox.start();
    await settled();
    expect(messenger.last.content).toContain('no longer in my data folder');
  });

  test('and a result refused in every form is given up, with the job settled', async () => {
    const { rows, messenger, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }));
    for (let k = 0; k < 2; k += 1)
      messenger.script.push({ kind: 'refused', code: 50035, message: 'Invalid Form Body' });
    outbox.start();
    await settled();
    expect(messenger.routes).toBe('edit edit');
    expect(rows.get('abcdefghij')?.state).toBe('delivered');
  });
});

test('a job nobody told the outbox about is found by looking', async () => {
  const { rows, messenger, clock, outbox } = setUp(null);
  outbox.start();
  rows.put(testJob());
  await clock.advance(OUTBOX_TIMING.sweepMs);
  expect(messenger.routes).toBe('findOwn create edit');
});

test('flushing waits for the ends that are owed, not for jobs still waiting', async () => {
  const { rows, clock, outbox } = setUp(testJob({ state: 'developed', messageId: MESSAGE }));
  rows.put(testJob({ id: 'stillqueue' }));
  const flushed = outbox.flush(new AbortController().signal);
  outbox.start();
  await settled();
  await clock.advance(100);
  await flushed;
  expect(rows.get('abcdefghij')?.state).toBe('delivered');
});

describe('the end of a job', () => {
  test('mentions only whoever wants it, once, in words that are not the prompt’s', async () => {
    for (const wants of [true, false]) {
      const job = testJob({ state: 'developed' }, { prompt: 'a heart <@999>' });
      const { messenger, outbox } = setUp(job, { wantsMention: () => wants });
      outbox.touch(job.id);
      for (let turn = 0; turn < 5; turn += 1) await settled();
      const mentions = messenger.calls.filter(({ route }) => route === 'mention');
      const expected = {
        route: 'mention',
        content: `<@${job.userId}>, your picture is ready.`,
        files: [],
        to: job.userId,
      };
      expect(mentions).toEqual(wants ? [expected] : []);
    }
  });

  test('of a rendering made to compare is its verdict', async () => {
    const job = testJob({ state: 'developed', kind: 'verify' });
    const { messenger, outbox } = setUp(job, { verdictOf: async () => textView('every pixel') });
    outbox.begin(job.id);
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(messenger.last).toMatchObject({ route: 'create', content: 'every pixel', files: [] });
  });
});
