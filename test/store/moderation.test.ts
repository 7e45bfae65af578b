// Strikes, pauses, policies, reports, verdicts and retention in the database, with time and without other people's help.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobRecord, PictureRecord } from '../../src/core/job.ts';
import type { JobStore, Refusal } from '../../src/core/jobStore.ts';
import { MAX_REPORTS_AN_HOUR } from '../../src/core/moderationStore.ts';
import type { Place } from '../../src/core/policy.ts';
import { openStore } from '../../src/store/openStore.ts';
import { newJob } from '../contract/jobStore.ts';

const DAY_MS = 86_400_000;
const RULES = { dailyQuota: 100, maxWaitingPerUser: 50 };
const ANN = { userId: 'ann', guildId: 'guild' };
const PLACE: Place = { guildId: 'guild', channelIds: ['channel'], isAgeRestricted: false, isPrivate: false };
const SCORES = { drawing: 0, hentai: 0.1, neutral: 0, porn: 0.9, sexy: 0 };

let store: JobStore;
let nowMs: number;
beforeEach(() => {
  nowMs = 1_800_000_000_000;
  store = openStore({ file: ':memory:', clock: { nowMs: () => nowMs } });
});
afterEach(() => store.close());

let source = 0;
function strike(rule = 'explicit', over: object = {}) {
  source += 1;
  return store.strike({ ...ANN, kind: 'prompt', rule, jobId: null, sourceId: `event-${source}`, ...over });
}

function running(over: object = {}): JobRecord {
  const result = store.accept(newJob({ place: PLACE, ...over }), RULES);
  if (!result.ok) throw new Error(result.reason);
  store.acknowledge(result.job.id);
  return store.claimNext('worker', 60_000)!;
}

const picture = (job: JobRecord, imageIndex = 0): PictureRecord => ({
  jobId: job.id,
  imageIndex,
  path: `pictures/${job.id}/1/${imageIndex}.png`,
  sha256: 'ab'.repeat(32),
  seed: 7,
  widthPx: 96,
  heightPx: 64,
  sizeBytes: 9,
  scores: SCORES,
});

function delivered(over: object = {}): JobRecord {
  const job = running(over);
  store.develop(job.id, job.attempt, [picture(job)], 10, 'allow');
  store.settle(job.id);
  return store.get(job.id)!;
}

describe('strikes', () => {
  test('count, fade with the days, and are forgiven', () => {
    expect(strike()).toEqual({ count: 1, left: 2, untilMs: null, fadesAtMs: nowMs + 30 * DAY_MS });
    nowMs += 10 * DAY_MS;
    expect(strike().count).toBe(2);
    nowMs += 20 * DAY_MS;
    expect(store.strikes(ANN)).toHaveLength(1);
    expect(strike()).toMatchObject({ count: 2, untilMs: null });
    expect(store.clearStrikes(ANN, 'mod')).toBe(2);
    expect(store.strikes(ANN)).toEqual([]);
    expect(strike().count).toBe(1);
  });

  test('become pauses by the server’s ladder, which end by themselves', () => {
    strike();
    strike();
    expect(strike()).toMatchObject({ count: 3, untilMs: nowMs + 3_600_000 });
    expect(store.banIn(ANN)).toEqual({ reason: '3 strikes: explicit', untilMs: nowMs + 3_600_000 });
    expect(store.accept(newJob({ place: PLACE }), RULES)).toMatchObject({
      reason: 'banned',
      untilMs: nowMs + 3_600_000,
    });
    nowMs += 3_600_000;
    expect(store.banIn(ANN)).toBeUndefined();
    expect(store.accept(newJob({ place: PLACE }), RULES).ok).toBe(true);
  });

  test('of one event are one, however often it is delivered', () => {
    for (let turn = 0; turn < 3; turn += 1) expect(strike('explicit', { sourceId: 'same' }).count).toBe(1);
  });

  test('stay in their server; those in private are private’s alone', () => {
    for (let turn = 0; turn < 3; turn += 1) strike('explicit', { guildId: null });
    expect(store.strikes(ANN)).toEqual([]);
    expect(store.banIn(ANN)).toBeUndefined();
    expect(store.banIn({ ...ANN, guildId: null })).toMatchObject({ untilMs: nowMs + 3_600_000 });
    expect(store.unban({ ...ANN, guildId: null }, 'owner')).toBe(true);
    expect(store.banIn({ ...ANN, guildId: null })).toBeUndefined();
  });

  test('shorten no ban that lasts longer', () => {
    store.ban(ANN, 'for good', 'mod');
    for (let turn = 0; turn < 3; turn += 1) strike();
    expect(store.banIn(ANN)).toEqual({ reason: 'for good', untilMs: null });
    expect(store.pause(ANN, { reason: 'short', untilMs: nowMs + 1 }, 'mod')).toBe(false);
  });

  test('without a ladder are only counted', () => {
    store.setPolicy('guild', { ladder: [] }, 'mod');
    for (let turn = 0; turn < 9; turn += 1) expect(strike().untilMs).toBeNull();
    expect(strike()).toMatchObject({ count: 10, left: null });
  });
});

test('a timeout ends, the longer of two bans counts, and the audit tells both', () => {
  store.ban(ANN, 'slow down', 'mod', nowMs + 60_000);
  store.ban({ ...ANN, guildId: null }, 'everywhere', 'owner', nowMs + 120_000);
  expect(store.banIn(ANN)).toEqual({ reason: 'everywhere', untilMs: nowMs + 120_000 });
  nowMs += 90_000;
  expect(store.banOf(ANN)).toBe('everywhere');
  nowMs += 60_000;
  expect(store.banOf(ANN)).toBeUndefined();
  expect(
    store.audit({ limit: 9 }).map(({ action, note }) => [action, note.replace(/until [^:]+:\d\d:[^:]+: /, '')]),
  ).toEqual([
    ['timeout', 'everywhere'],
    ['timeout', 'slow down'],
  ]);
});

describe('policies', () => {
  test('hold what differs from the usual, per server, and every change is in the audit', () => {
    store.setPolicy('guild', { ordinary: 'strict' }, 'mod');
    store.setPolicy('guild', { retentionDays: 7 }, 'mod');
    expect(store.policy('guild')).toMatchObject({ ordinary: 'strict', retentionDays: 7, decayDays: 30 });
    expect(store.policy('other')).toMatchObject({ ordinary: 'standard', retentionDays: null });
    expect(
      store.auditOf({ guildId: 'guild', limit: 9 }).map(({ action, target, note }) => [action, target, note]),
    ).toEqual([
      ['retention', 'retentionDays', '7'],
      ['policy', 'ordinary', 'strict'],
    ]);
    expect(store.auditOf({ guildId: 'other', limit: 9 })).toEqual([]);
  });

  test('of channels are replaced and taken away', () => {
    const rule = { channelId: 'art', access: 'allow', policy: { level: 'strict' } } as const;
    store.setChannelRule('guild', rule, 'mod');
    store.setChannelRule('guild', { ...rule, access: 'deny' }, 'mod');
    expect(store.channelRules('guild')).toEqual([{ ...rule, access: 'deny' }]);
    store.setChannelRule('guild', { channelId: 'art', access: null, policy: null }, 'mod');
    expect(store.channelRules('guild')).toEqual([]);
  });

  test('of words lie beside the owner’s, which nobody else takes away', () => {
    store.block({ name: 'a', kind: 'word', pattern: 'x' }, 'owner');
    store.block({ name: 'a', kind: 'word', pattern: 'y' }, 'mod', 'guild');
    expect(store.wordRules('guild').map(({ pattern }) => pattern)).toEqual(['x', 'y']);
    expect(store.wordRules('other').map(({ pattern }) => pattern)).toEqual(['x']);
    expect(store.unblock('a', 'mod', 'other')).toBe(false);
    expect(store.unblock('a', 'mod', 'guild')).toBe(true);
    expect(store.ownWordRules(null)).toHaveLength(1);
  });
});

describe('verdicts', () => {
  const refusal = (over: Partial<Refusal> = {}): Refusal => ({
    kind: 'picture',
    rule: 'porn+hentai',
    pictures: [],
    gpuMs: 5,
    ...over,
  });

  test('are kept with the job and the scores of its pictures', () => {
    const job = running();
    expect(store.develop(job.id, job.attempt, [picture(job), picture(job, 1)], 10, 'spoiler')).toBe(true);
    expect(store.get(job.id)).toMatchObject({ verdict: 'spoiler', place: PLACE });
    expect(store.verdictCounts(0)).toEqual({ allow: 0, spoiler: 2, private: 0, refuse: 0 });
    expect(store.verdictCounts(nowMs + 1).spoiler).toBe(0);
  });

  test('that refuse give back what was reserved and keep no picture', () => {
    const job = running({ cost: 4 });
    expect(store.quota(ANN, RULES).used).toBe(4);
    expect(store.refuse(job.id, job.attempt, refusal({ pictures: [picture(job)] }))).toBeNull();
    expect(store.get(job.id)).toMatchObject({
      state: 'failing',
      verdict: 'refuse',
      error: { code: 'picture_refused', details: { part: 'picture', rule: 'porn+hentai' } },
    });
    expect(store.pictures(job.id)).toEqual([]);
    expect(store.quota(ANN, RULES).used).toBe(0);
    expect(store.verdictCounts(0).refuse).toBe(1);
    expect(store.refuse(job.id, job.attempt, refusal())).toBeUndefined();
  });

  test('that refuse a third picture in a day are a strike, a source is one at once', () => {
    const refuse = (over: Partial<Refusal> = {}) => {
      const job = running();
      return store.refuse(job.id, job.attempt, refusal(over));
    };
    expect([refuse(), refuse(), refuse()].map((struck) => struck?.count ?? null)).toEqual([null, null, 1]);
    nowMs += 2 * DAY_MS;
    expect(refuse()).toBeNull();
    expect(refuse({ kind: 'source' })?.count).toBe(2);
  });
});

describe('reports', () => {
  const report = (job: JobRecord, userId: string, reason = '') =>
    store.report({ ...job, guildId: 'guild' }, userId, reason);

  test('of one picture are one card with its reporters counted once', () => {
    const job = delivered();
    expect(report(job, 'bob', 'rude')).toMatchObject({ ok: true, isNew: true, report: { reporters: 1 } });
    expect(report(job, 'bob', 'very rude')).toMatchObject({
      isNew: false,
      report: { reporters: 1, reasons: ['rude'] },
    });
    expect(report(job, 'cat')).toMatchObject({ isNew: true, report: { reporters: 2 } });
    const [owed] = store.staleReports(9);
    store.cardShown(job.id, { channelId: 'staff', messageId: 'm1' }, owed!);
    expect(store.staleReports(9)).toEqual([]);
    report(job, 'dan');
    expect(store.staleReports(9)).toMatchObject([{ messageId: 'm1', reporters: 3 }]);
  });

  test('that came while the card was being shown are shown next', () => {
    const job = delivered();
    report(job, 'bob');
    const [seen] = store.staleReports(9);
    report(job, 'cat');
    store.cardShown(job.id, { channelId: 'staff', messageId: 'm1' }, seen!);
    expect(store.staleReports(9)).toHaveLength(1);
    store.cardLost(job.id);
    expect(store.staleReports(9)).toMatchObject([{ channelId: null, messageId: null }]);
  });

  test('are decided once, and the decision is in the audit', () => {
    const job = delivered();
    report(job, 'bob');
    expect(store.decide(job.id, 'removed', 'mod')).toBe(true);
    expect(store.decide(job.id, 'approved', 'other mod')).toBe(false);
    expect(store.reportOf(job.id)).toMatchObject({ state: 'removed', decidedBy: 'mod' });
    expect(store.auditOf({ guildId: 'guild', action: 'report_removed', limit: 9 })).toHaveLength(1);
  });

  test('of one person are so many an hour', () => {
    for (let turn = 0; turn < MAX_REPORTS_AN_HOUR; turn += 1) expect(report(delivered(), 'bob').ok).toBe(true);
    expect(report(delivered(), 'bob')).toEqual({ ok: false });
    nowMs += 3_600_001;
    expect(report(delivered(), 'bob').ok).toBe(true);
  });

  test('taken away pictures are in no history; the row and its numbers stay', () => {
    const job = delivered();
    store.toggleFavourite('bob', job.id);
    expect(store.takeAway(job.id, { erase: false })).toMatchObject({
      pictures: [{ imageIndex: 0 }],
      job: { id: job.id },
    });
    expect(store.history({ userId: 'ann' }, { limit: 9, offset: 0 })).toEqual([]);
    expect(store.favourites('bob')).toEqual([]);
    expect(store.get(job.id)).toMatchObject({ state: 'delivered', filesGoneMs: nowMs });
  });

  test('and strikes survive a wish to be forgotten, words of reporters do not', () => {
    const job = delivered();
    report(job, 'bob', 'my words');
    strike();
    store.forget('bob');
    store.forget('ann');
    expect(store.reportOf(job.id)).toMatchObject({ reporters: 1, reasons: [] });
    expect(store.strikes(ANN)).toHaveLength(1);
  });
});

describe('retention', () => {
  test('finds what is older than the server keeps it, once', () => {
    const [old, private_, elsewhere] = [
      delivered(),
      delivered({ guildId: null, place: null }),
      delivered({ guildId: 'other' }),
    ];
    nowMs += 8 * DAY_MS;
    const young = delivered();
    expect(store.expired(9)).toEqual([]);
    store.setPolicy('guild', { retentionDays: 7, retentionRows: 'erase' }, 'mod');
    expect(store.expired(9)).toMatchObject([{ job: { id: old.id }, rows: 'erase', pictures: ['ab'.repeat(32)] }]);
    store.takeAway(old.id, { erase: true });
    expect(store.expired(9)).toEqual([]);
    expect(store.get(old.id)?.request.prompt).toBe('');
    for (const job of [private_, elsewhere, young]) expect(store.get(job.id)?.request.prompt).not.toBe('');
  });

  test('keeps the words where they are to stay, and forgets the start picture', () => {
    const job = delivered();
    store.setPolicy('guild', { retentionDays: 1 }, 'mod');
    nowMs += 2 * DAY_MS;
    expect(store.expired(9)).toMatchObject([{ rows: 'keep' }]);
    store.filesGone(job.id);
    expect(store.expired(9)).toEqual([]);
    expect(store.get(job.id)?.request.prompt).not.toBe('');
  });
});

test('the audit is read by server, person, target and action, newest first', () => {
  store.ban(ANN, 'one', 'mod');
  store.unban(ANN, 'mod');
  store.ban({ userId: 'bob', guildId: 'guild' }, 'two', 'boss');
  store.ban({ userId: 'ann', guildId: 'other' }, 'three', 'mod');
  const notes = (filter: object) => store.auditOf({ guildId: 'guild', limit: 9, ...filter }).map(({ note }) => note);
  expect(notes({})).toEqual(['two', '', 'one']);
  expect(notes({ byUserId: 'boss' })).toEqual(['two']);
  expect(notes({ target: 'ann' })).toEqual(['', 'one']);
  expect(notes({ action: 'unban' })).toEqual(['']);
  const [, second] = store.auditOf({ guildId: 'guild', limit: 9 });
  expect(notes({ beforeId: second!.id })).toEqual(['one']);
});
