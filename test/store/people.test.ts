// What people keep, on a real database: search in several scripts, filters, favourites, settings, styles, notes, and forgetting.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobRecord, PictureRecord } from '../../src/core/job.ts';
import type { JobStore, NewJob } from '../../src/core/jobStore.ts';
import { MAX_STYLES } from '../../src/core/people.ts';
import type { RequestDraft } from '../../src/core/request.ts';
import { openStore } from '../../src/store/openStore.ts';
import { testRequest } from '../support/cards.ts';

const RULES = { dailyQuota: 1_000, maxWaitingPerUser: 500 };
const DAY = 86_400_000;
const ALICE = '100000000000000001';
const BOB = '100000000000000002';
const GUILD = '200000000000000001';

let store: JobStore;
let nowMs = 0;
let sources = 0;
const clock = { nowMs: () => nowMs };

beforeEach(() => {
  nowMs = 20_000 * DAY;
  store = openStore({ file: ':memory:', clock });
});
afterEach(() => store.close());

function order(draft: Partial<RequestDraft>, userId = ALICE, over: Partial<NewJob> = {}): JobRecord {
  sources += 1;
  const request = testRequest(draft);
  const job: NewJob = {
    kind: 'imagine',
    request,
    parentJobId: null,
    parentImageIndex: null,
    userId,
    guildId: GUILD,
    channelId: '3',
    sourceId: String(sources),
    sourceKind: 'interaction',
    cost: request.count,
    ...over,
  };
  const accepted = store.accept(job, RULES);
  if (!accepted.ok) throw new Error(accepted.reason);
  return accepted.job;
}

function finished(draft: Partial<RequestDraft>, userId = ALICE, over: Partial<NewJob> = {}): JobRecord {
  const { id } = order(draft, userId, over);
  store.acknowledge(id);
  const { attempt } = store.claimNext('w', 60_000)!;
  const picture: PictureRecord = {
    jobId: id,
    imageIndex: 0,
    path: `pictures/${id}/0.png`,
    sha256: 'ab'.repeat(32),
    seed: 7,
    widthPx: 96,
    heightPx: 64,
    sizeBytes: 1,
  };
  store.develop(id, attempt, [picture], 10);
  store.setMessage(id, `5${sources}`);
  store.settle(id);
  return store.get(id)!;
}

const found = (words: string, userId = ALICE) =>
  store.history({ userId, words }, { limit: 50, offset: 0 }).map((job) => job.request.prompt);

describe('search', () => {
  beforeEach(() => {
    const prompts = [
      'a red Fox in fog',
      'a foxglove',
      'CAFÉ at night',
      '雾中的红狐狸',
      'рыжая лиса в тумане',
      '霧の中の灯台',
    ];
    for (const prompt of prompts) finished({ prompt });
    finished({ prompt: 'a fox of Bob' }, BOB);
  });

  test.each([
    ['fox', ['a foxglove', 'a red Fox in fog']],
    ['fog fox', ['a red Fox in fog']],
    ['cafe', ['CAFÉ at night']],
    ['狐狸', ['雾中的红狐狸']],
    ['红狐', ['雾中的红狐狸']],
    ['狸狐', []],
    ['ЛИС', ['рыжая лиса в тумане']],
    ['灯台', ['霧の中の灯台']],
    ['nothing', []],
    ['fox" OR "cafe', []],
    ["'; DROP TABLE jobs; --", []],
  ])('%j finds %j', (words, prompts) => expect(found(words)).toEqual(prompts));

  test('finds what was kept out of a picture too, and nobody else’s pictures', () => {
    finished({ prompt: 'a hill', negativePrompt: 'people' });
    expect(found('people')).toEqual(['a hill']);
    expect(found('fox', BOB)).toEqual(['a fox of Bob']);
  });

  test('words that are only signs filter nothing', () => expect(found('***')).toHaveLength(6));
});

test('a database from before is indexed when it is opened', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-people-'));
  const file = path.join(folder, 'darkroom.db');
  store.close();
  store = openStore({ file, clock });
  finished({ prompt: 'a red fox' });
  store.close();
  const raw = new Database(file);
  raw.exec("INSERT INTO prompt_words(prompt_words) VALUES ('delete-all')");
  raw.close();
  store = openStore({ file, clock });
  expect(found('fox')).toEqual(['a red fox']);
  rmSync(folder, { recursive: true });
});

describe('history', () => {
  test('filters by model and by date, newest first, page by page', () => {
    for (const prompt of ['one', 'two', 'three']) {
      nowMs += DAY;
      finished({ prompt });
    }
    const prompts = (filter: object, page = { limit: 50, offset: 0 }) =>
      store.history({ userId: ALICE, ...filter }, page).map((job) => job.request.prompt);
    expect(prompts({})).toEqual(['three', 'two', 'one']);
    expect(prompts({}, { limit: 1, offset: 1 })).toEqual(['two']);
    expect(prompts({ model: 'other' })).toEqual([]);
    expect(prompts({ model: 'testmodel', sinceMs: nowMs - DAY, untilMs: nowMs })).toEqual(['two']);
  });

  test('filters by the LoRAs a picture was made with', () => {
    finished({ prompt: 'plain' });
    const { request, ...rest } = order({ prompt: 'inked' });
    store.cancel(rest.id);
    const loras = [{ name: 'ink', strength: 1, textStrength: 1 }];
    finished({}, ALICE, { request: { ...request, loras } });
    const prompts = (lora: string) =>
      store.history({ userId: ALICE, lora }, { limit: 5, offset: 0 }).map((job) => job.request.prompt);
    expect([prompts('ink'), prompts('in')]).toEqual([['inked'], []]);
  });

  test('leaves out what has no pictures, and renderings made only to compare', () => {
    const { id } = finished({ prompt: 'one' });
    order({ prompt: 'waiting' });
    finished({ prompt: 'one' }, ALICE, { kind: 'verify', parentJobId: id });
    expect(found('one')).toHaveLength(1);
    expect(found('waiting')).toEqual([]);
    expect(store.children(id, 5)).toEqual([]);
  });

  test('knows what was made from a picture', () => {
    const { id } = finished({ prompt: 'parent' });
    const child = finished({ prompt: 'child' }, BOB, { parentJobId: id });
    expect(store.children(id, 5).map((job) => job.id)).toEqual([child.id]);
  });
});

test('favourites are each person’s own, of whoever’s picture', () => {
  const { id } = finished({ prompt: 'a fox' });
  expect(store.toggleFavourite(BOB, id)).toBe(true);
  const of = (userId: string) => store.history({ userId, favourites: true }, { limit: 5, offset: 0 });
  expect(of(BOB).map((job) => job.id)).toEqual([id]);
  expect(of(ALICE)).toEqual([]);
  expect(store.isFavourite(BOB, id)).toBe(true);
  expect(store.toggleFavourite(BOB, id)).toBe(false);
  expect(of(BOB)).toEqual([]);
});

test('settings are kept whole', () => {
  expect(store.settings(ALICE)).toEqual({});
  store.setSettings(ALICE, { guidance: 0, size: { widthPx: 96, heightPx: 64 }, privatePrompts: true });
  expect(store.settings(ALICE)).toEqual({ guidance: 0, size: { widthPx: 96, heightPx: 64 }, privatePrompts: true });
  expect(store.settings(BOB)).toEqual({});
});

describe('styles', () => {
  test('are one’s own until they are shared with a server', () => {
    store.saveStyle(ALICE, 'noir', 'film noir');
    expect(store.style(BOB, GUILD, 'noir')).toBeUndefined();
    expect(store.shareStyle(ALICE, 'noir', GUILD)).toBe('done');
    expect(store.style(BOB, GUILD, 'noir')?.text).toBe('film noir');
    expect(store.style(BOB, '9', 'noir')).toBeUndefined();
    store.saveStyle(BOB, 'noir', 'mine');
    expect(store.style(BOB, GUILD, 'noir')?.text).toBe('mine');
    expect(store.shareStyle(BOB, 'noir', GUILD)).toBe('taken');
    expect(store.shareStyle(BOB, 'none such', GUILD)).toBe('unknown');
    expect(store.shareStyle(ALICE, 'noir', null)).toBe('done');
    expect(store.shareStyle(BOB, 'noir', GUILD)).toBe('done');
  });

  test('are at most so many; saving one again replaces it', () => {
    for (let index = 0; index < MAX_STYLES; index += 1) expect(store.saveStyle(ALICE, `s${index}`, 'x')).toBe(true);
    expect(store.saveStyle(ALICE, 'more', 'x')).toBe(false);
    expect(store.saveStyle(ALICE, 's0', 'y')).toBe(true);
    expect(store.style(ALICE, null, 's0')?.text).toBe('y');
    expect(store.deleteStyle(ALICE, 's0')).toBe(true);
    expect(store.deleteStyle(ALICE, 's0')).toBe(false);
  });
});

test('notes are read by their owner only, and taken once', () => {
  const id = store.keepNote(ALICE, { words: 'fox' });
  expect(store.note(BOB, id)).toBeUndefined();
  expect(store.note(ALICE, id)).toEqual({ words: 'fox' });
  expect(store.takeNote(ALICE, id)).toEqual({ words: 'fox' });
  expect(store.takeNote(ALICE, id)).toBeUndefined();
});

test('forgetting erases words, pictures and keepsakes of one person, and keeps the sums', () => {
  const kept = finished({ prompt: 'a fox of Bob' }, BOB);
  const { id, messageId } = finished({ prompt: 'a secret fox', negativePrompt: 'text' });
  const waiting = order({ prompt: 'a second secret' });
  store.acknowledge(waiting.id);
  store.toggleFavourite(BOB, id);
  store.toggleFavourite(ALICE, kept.id);
  store.setSettings(ALICE, { count: 2 });
  store.saveStyle(ALICE, 'noir', 'film noir');
  expect(store.holdings(ALICE)).toEqual({ requests: 2, pictures: 1 });
  const forgotten = store.forget(ALICE);
  expect(forgotten).toEqual({
    requests: 2,
    files: [`pictures/${id}/0.png`],
    messages: [{ channelId: '3', messageId }],
  });
  expect(JSON.stringify(store.list({ userId: ALICE, limit: 9 }))).not.toMatch(/secret|text/);
  expect(store.get(waiting.id)?.state).toBe('cancelling');
  expect(store.pictures(id)).toEqual([]);
  expect([store.settings(ALICE), store.styles(ALICE, null), store.favourites(ALICE), store.favourites(BOB)]).toEqual([
    {},
    [],
    [],
    [],
  ]);
  expect(store.quota({ userId: ALICE, guildId: null }, RULES).used).toBe(1);
  expect(found('secret')).toEqual([]);
  expect(found('fox', BOB)).toEqual(['a fox of Bob']);
});

describe('expectations', () => {
  test('of a running job count from its start, by what others took', () => {
    finished({ prompt: 'measured' });
    const { id } = order({ prompt: 'next' });
    store.acknowledge(id);
    expect(store.readyAtMs(id)).toBe(nowMs + 10);
    store.claimNext('w', 60_000);
    nowMs += 5;
    expect(store.readyAtMs(id)).toBe(nowMs + 1_000);
    expect(store.expectedMs([testRequest({}), testRequest({})])).toBe(20);
  });
});
