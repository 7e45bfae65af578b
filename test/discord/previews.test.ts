// Pictures in the making, in the message of their job: shown where they can be, left out where they are not wanted, never a trouble.
import { afterEach, expect, test } from 'vitest';
import type { JobRecord } from '../../src/core/job.ts';
import type { Messenger, Outcome } from '../../src/discord/messenger.ts';
import { OUTBOX_TIMING, Outbox } from '../../src/discord/outbox.ts';
import { en } from '../../src/discord/phrases/en.ts';
import type { View } from '../../src/discord/views/view.ts';
import { makeLog } from '../../src/log.ts';
import { FakeClock } from '../support/fakeClock.ts';
import { testIds, testJob, testPictures } from './samples.ts';

const MESSAGE = '900000000000000009';
const PREVIEW = Uint8Array.of(1, 2, 3);
const running: Outbox[] = [];
afterEach(async () => {
  for (const outbox of running.splice(0)) await outbox.stop();
});

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp(jobs: readonly JobRecord[], answer: (view: View) => Outcome | undefined = () => undefined) {
  const rows = new Map(jobs.map((job) => [job.id, job]));
  const [clock, views] = [new FakeClock(), [] as View[]];
  const take = (view: View): Promise<Outcome> => {
    views.push(view);
    return Promise.resolve(answer(view) ?? { kind: 'sent', messageId: MESSAGE, channelId: '3' });
  };
  const messenger: Messenger = {
    create: (_, view) => take(view),
    edit: (_, __, view) => take(view),
    answer: (_, __, view) => take(view),
    direct: (_, view) => take(view),
    deleteAnswer: async () => {},
    findOwn: async () => ({ kind: 'none' }),
    remove: async () => {},
    mention: async () => {},
  };
  const outbox = new Outbox({
    store: {
      together: async (work) => work(),
      get: (id) => rows.get(id),
      pictures: (id) => testPictures(rows.get(id)!, 20_000),
      controlMaps: () => [],
      waitOf: () => undefined,
      setMessage: (id, messageId) => void rows.set(id, { ...rows.get(id)!, messageId }),
      settle: (id) => {
        rows.set(id, { ...rows.get(id)!, state: 'delivered' });
        return 'delivered';
      },
      unsettled: () => [...rows.values()].filter(({ state }) => state !== 'delivered'),
    },
    messenger,
    clock,
    log: makeLog('silent'),
    wordingOf: () => ({ phrases: en, ids: testIds() }),
    uploadLimitOf: () => 10 * 1024 * 1024,
    showsJob: () => true,
    onUnauthorized: () => {},
    random: () => 1,
  });
  running.push(outbox);
  outbox.start();
  const end = (ids: readonly string[] = [...rows.keys()]) => {
    for (const id of ids) rows.set(id, { ...rows.get(id)!, state: 'developed' });
  };
  return { outbox, clock, views, end };
}

const atWork = (id = 'abcdefghij', over: Partial<JobRecord> = {}) =>
  testJob({ id, state: 'running', messageId: MESSAGE, ...over });

test('a preview is in the next edit and the ones after it, and the pictures take its place', async () => {
  const { outbox, clock, views, end } = setUp([atWork()]);
  await settled();
  outbox.progress({ jobId: 'abcdefghij', stepsDone: 3, stepsTotal: 12, preview: PREVIEW });
  await clock.advance(OUTBOX_TIMING.progressMs);
  expect(views.at(-1)!.files).toEqual([
    { name: 'preview.webp', path: '', altText: en.previewAlt(), sizeBytes: 3, data: 'AQID' },
  ]);
  expect(views.at(-1)!.content).toContain('25%');
  outbox.progress({ jobId: 'abcdefghij', stepsDone: 6, stepsTotal: 12 });
  await clock.advance(OUTBOX_TIMING.progressMs);
  expect(views.at(-1)!.files[0]?.data).toBe('AQID');
  end();
  outbox.touch('abcdefghij');
  await settled();
  expect(views.at(-1)!.files.map(({ name }) => name)).toEqual(['darkroom-abcdefghij-1.png']);
});

test('many previews are one edit every three seconds', async () => {
  const { outbox, clock, views } = setUp([atWork()]);
  await settled();
  const before = views.length;
  for (let step = 1; step <= 40; step += 1) {
    outbox.progress({ jobId: 'abcdefghij', stepsDone: step, stepsTotal: 50, preview: Uint8Array.of(step) });
    await clock.advance(150);
  }
  expect(views.length - before).toBeLessThanOrEqual(2);
});

test('a place that takes no files is told in words from then on, and stays the place', async () => {
  const forbidden: Outcome = { kind: 'forbidden', code: 50_013 };
  const { outbox, clock, views } = setUp([atWork()], ({ files }) => (files.length > 0 ? forbidden : undefined));
  await settled();
  outbox.progress({ jobId: 'abcdefghij', stepsDone: 3, stepsTotal: 12, preview: PREVIEW });
  await clock.advance(OUTBOX_TIMING.progressMs);
  await settled();
  expect(views.at(-1)!.files).toEqual([]);
  expect(views.at(-1)!.content).toContain('25%');
  const tried = views.filter(({ files }) => files.length > 0).length;
  outbox.progress({ jobId: 'abcdefghij', stepsDone: 6, stepsTotal: 12, preview: Uint8Array.of(9) });
  await clock.advance(OUTBOX_TIMING.progressMs);
  expect(views.at(-1)!.content).toContain('50%');
  expect(views.filter(({ files }) => files.length > 0).length).toBe(tried);
});

test('with many jobs at once there are words only', async () => {
  const ids = Array.from({ length: 9 }, (_, k) => `abcdefghi${k}`);
  const { outbox, clock, views } = setUp(ids.map((id) => atWork(id)));
  await settled();
  outbox.progress({ jobId: ids[0]!, stepsDone: 3, stepsTotal: 12, preview: PREVIEW });
  await clock.advance(OUTBOX_TIMING.progressMs);
  expect(views.some(({ content }) => content.includes('25%'))).toBe(true);
  expect(views.every(({ files }) => files.length === 0)).toBe(true);
});

test('one channel shows three of them at once, another its own; the next comes in when one has ended', async () => {
  const ids = Array.from({ length: 4 }, (_, k) => `abcdefghi${k}`);
  const elsewhere = atWork('zzzzzzzzzz', { channelId: '999' });
  const { outbox, clock, views, end } = setUp([...ids.map((id) => atWork(id)), elsewhere]);
  await settled();
  const show = async () => {
    const before = views.length;
    for (const jobId of [...ids, elsewhere.id]) {
      outbox.progress({ jobId, stepsDone: views.length, stepsTotal: 100, preview: Uint8Array.of(views.length) });
    }
    await clock.advance(OUTBOX_TIMING.progressMs);
    return views.slice(before).filter(({ files }) => files.some(({ name }) => name === 'preview.webp')).length;
  };
  expect(await show()).toBe(4);
  end([ids[0]!]);
  outbox.touch(ids[0]!);
  await settled();
  expect(await show()).toBe(4);
});

test('covered pictures have covered previews', async () => {
  const job = atWork();
  const { outbox, clock, views } = setUp([{ ...job, request: { ...job.request, spoiler: true } }]);
  await settled();
  outbox.progress({ jobId: job.id, stepsDone: 3, stepsTotal: 12, preview: PREVIEW });
  await clock.advance(OUTBOX_TIMING.progressMs);
  expect(views.at(-1)!.files[0]?.name).toBe('SPOILER_preview.webp');
});
