// What a community's staff meets beside its rules: requests that a new rule overtakes in the queue, an audit that has every act of a
// moderator in it whatever it was done with, the end of a report told to whoever made it, and a doctor that tells what matters.
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/core/jobStore.ts';
import { auditExport, auditFile } from '../../src/discord/auditFile.ts';
import type { Outcome } from '../../src/emulator/views.ts';
import { TEST_CARD } from '../support/cards.ts';
import { eventually, filesOf, House, textOf } from './house.ts';

const HEAVY = { ...TEST_CARD, name: 'heavy' };

let house: House;
/** Somebody who may delete messages, and nothing more. */
let mod: string;
beforeEach(async () => {
  house = await House.open({ cards: [TEST_CARD, HEAVY], rules: { hourlyQuota: 40 } });
  const { emulator } = house;
  mod = emulator.addUser('mod').id;
  const role = emulator.addRole(house.guildId, 'mods', { permissions: ['manageMessages'] });
  emulator.addMember(house.guildId, mod, [role.id]);
});
afterEach(() => house.close());

type Options = Record<string, string | number | boolean>;
const as = (userId: string) => house.emulator.as(userId);
const said = async (outcome: Promise<Outcome>) => textOf((await outcome).message);
const admin = (command: string, options: Options = {}) =>
  as(house.owner).command(house.channelId, `admin ${command}`, options);
const imagine = (options: Options = {}, userId = house.alice, channelId = house.channelId) =>
  as(userId).command(channelId, 'imagine', { prompt: 'a red heart', ...options });
const answer = (outcome: Outcome, who = house.owner) =>
  eventually(() => {
    const message = house.emulator.view(house.channelId, who).find((one) => one.id === outcome.message?.id);
    return message !== undefined && !message.loading && message;
  });
const audit = () => house.store.auditOf({ guildId: house.guildId, limit: 50 });
const newest = (userId: string, count: number) => house.store.list({ userId, limit: count });

describe('a rule that overtakes what waits', () => {
  test('a channel that is closed ends what was asked for there and in its threads, and nothing else', async () => {
    const other = house.emulator.addChannel(house.guildId, 'other').id;
    const thread = house.emulator.addThread(house.channelId, 'inside').id;
    house.worker.hold();
    await imagine();
    await imagine({ prompt: 'second' }, house.bob, thread);
    await imagine({ prompt: 'elsewhere' }, house.bob, other);
    expect(house.used(house.bob)).toBe(2);
    const closed = await said(admin('channels deny', { channel: house.channelId }));
    expect(closed).toContain('I may not be used in');
    expect(closed).toContain('2 requests that waited were ended; nothing was charged.');
    const [elsewhere, inside] = newest(house.bob, 2);
    await eventually(() => house.store.get(inside!.id)?.state === 'cancelled');
    await eventually(() => house.newest()?.state === 'cancelled');
    expect([house.used(house.alice), house.used(house.bob)]).toEqual([0, 1]);
    await eventually(() => house.posts().some((post) => textOf(post).includes('Cancelled. Nothing was charged.')));
    house.worker.release();
    await eventually(() => house.store.get(elsewhere!.id)?.state === 'delivered');
    expect(await said(admin('channels allow', { channel: other }))).not.toContain('ended');
  });

  test('a model that is disabled ends what waits for it; enlarging and other models go on', async () => {
    house.worker.hold();
    await imagine({ model: 'heavy' });
    await imagine({ prompt: 'light' });
    expect(await said(admin('models disable', { name: 'heavy' }))).toContain('1 request that waited was ended');
    const [light, heavy] = newest(house.alice, 2);
    await eventually(() => house.store.get(heavy!.id)?.state === 'cancelled');
    house.worker.release();
    await eventually(() => house.store.get(light!.id)?.state === 'delivered');
    expect(house.used(house.alice)).toBe(1);
  });
});

describe('the audit', () => {
  test('has what moderators do to other people’s requests by buttons and replies, and not what people do to their own', async () => {
    house.worker.hold();
    await imagine({ prompt: 'one' });
    const waiting = await eventually(() => house.posts().find((post) => textOf(post).includes('one')));
    await as(mod).click(waiting.id, 'Cancel');
    await eventually(() => house.newest()?.state === 'cancelled');
    house.worker.release();
    const cancelled = house.newest()!.id;
    const { message, job } = await house.picture({ prompt: 'two' });
    await as(mod).click(message.id, 'Delete');
    await eventually(() => house.posts().every((post) => post.id !== message.id));
    const third = await house.picture({ prompt: 'three' });
    await as(mod).reply(third.message.id, 'delete');
    await eventually(() => house.posts().every((post) => post.id !== third.message.id));
    expect(audit().map(({ action, byUserId, target, note }) => [action, byUserId, target, note])).toEqual([
      ['removed', mod, house.alice, `#${third.job.id}`],
      ['removed', mod, house.alice, `#${job.id}`],
      ['queue', mod, house.alice, `cancelled ${cancelled}`],
    ]);
    const own = await house.picture({ prompt: 'four' });
    await as(house.alice).reply(own.message.id, 'delete');
    await eventually(() => house.posts().every((post) => post.id !== own.message.id));
    expect(audit()).toHaveLength(3);
  });

  test('names roles as roles, settings in words and ends of pauses as times', async () => {
    const role = house.emulator.addRole(house.guildId, 'artists', {}).id;
    await admin('quota role', { role, pictures: 9 });
    await admin('timeout', { user: house.bob, duration: '2h', reason: 'too *fast*' });
    await admin('channels nsfw-policy', { channel: house.channelId, level: 'strict' });
    await admin('retention', { days: 30 });
    await admin('models allow-role', { name: 'heavy', role });
    const shown = textOf(await answer(await admin('audit')));
    expect(shown).toContain(`**quota** · <@${house.owner}> → <@&${role}> · 9`);
    expect(shown).toMatch(new RegExp(`→ <@${house.bob}> · <t:\\d+:f>: too \\\\\\*fast\\\\\\*`));
    expect(shown).toContain(`→ <#${house.channelId}> · strict`);
    expect(shown).toContain('→ Files are kept · 30');
    expect(shown).toContain(`for <@&${role}>`);
    expect(shown).not.toContain('{');
    const file = await answer(await admin('audit', { export: 'json', action: 'quota' }));
    expect(await (await fetch(filesOf(file)[0]!.url)).json()).toMatchObject([
      { action: 'quota', target: role, target_kind: 'role', note: '9' },
    ]);
  });

  test('of all servers is the owner’s alone, page by page too', async () => {
    const carol = house.emulator.addUser('carol').id;
    const theirs = house.emulator.addGuild('Elsewhere', carol).id;
    const there = house.emulator.addChannel(theirs, 'pictures').id;
    await admin('ban', { user: house.bob, reason: 'a robot', everywhere: true });
    await admin('queue pause');
    await admin('queue resume');
    expect(textOf(await answer(await admin('audit')))).toContain('Nothing of that kind');
    const wide = textOf(await answer(await admin('audit', { everywhere: true })));
    expect(wide).toContain('for all servers, page 1');
    expect(wide).toContain(`**ban** · <@${house.owner}> → <@${house.bob}> · a robot`);
    expect(wide).toContain('**queue** · ');
    const refused = await as(carol).command(there, 'admin audit', { everywhere: true });
    expect(textOf(refused.message)).toContain('Only the owner');
  });
});

describe('a file of the audit', () => {
  const entry = (id: number): AuditEntry =>
    ({
      id,
      action: 'ban',
      byUserId: '1',
      guildId: '2',
      target: '300000000000000001',
      note: 'x'.repeat(150),
      atMs: id,
    }) as AuditEntry;
  const pages =
    (count: number) =>
    ({ limit, beforeId = count + 1 }: { limit: number; beforeId?: number }) =>
      Array.from({ length: Math.min(limit, beforeId - 1) }, (_, at) => entry(beforeId - 1 - at));

  test.each([0, 1, 2_000, 2_001, 7_777])('has all of %i entries, each once', async (count) => {
    const { name, bytes, entries } = await auditExport(pages(count), 'json');
    const rows = JSON.parse(bytes.toString('utf8')) as { id: number }[];
    expect([name, entries]).toEqual(['audit.json', count]);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, at) => count - at));
  });

  test('that is too large for a server is compressed, not cut', async () => {
    const { name, bytes } = await auditExport(pages(60_000), 'csv');
    expect(name).toBe('audit.csv.gz');
    expect(bytes.length).toBeLessThan(8 * 2 ** 20);
    expect(gunzipSync(bytes).toString('utf8').split('\r\n')).toHaveLength(60_001);
  });

  test('has the columns it always had, in their order', () => {
    const role = { ...entry(1), action: 'quota', target: '&400000000000000001', note: '5' } as AuditEntry;
    const queue = { ...entry(2), action: 'queue', byUserId: '', target: 'queue', note: 'paused' } as AuditEntry;
    expect(auditFile([role, queue], 'csv').split('\r\n')).toEqual([
      'id,time,action,by,target,note,target_kind',
      '1,1970-01-01T00:00:00.001Z,quota,1,400000000000000001,5,role',
      '2,1970-01-01T00:00:00.002Z,queue,bot,queue,paused,queue',
    ]);
  });
});

test('more than the owner gives an hour is the owner’s to give', async () => {
  const carol = house.emulator.addUser('carol').id;
  const theirs = house.emulator.addGuild('Elsewhere', carol, { memberIds: [house.alice] }).id;
  const there = house.emulator.addChannel(theirs, 'pictures').id;
  const asCarol = (command: string, options: Options) => said(as(carol).command(there, `admin ${command}`, options));
  expect(await asCarol('quota user', { user: house.alice, hourly: 41 })).toContain('Only the owner of this bot');
  expect(await asCarol('quota role', { role: theirs, pictures: 5, hourly: 41 })).toContain('40 an hour');
  expect(await asCarol('quota user', { user: house.alice, hourly: 40 })).toContain('40 an hour');
  expect(await said(admin('quota user', { user: house.alice, hourly: 41 }))).toContain('41 an hour');
});

test('the quota of somebody with a role is the role’s', async () => {
  const role = house.emulator.addRole(house.guildId, 'artists', {}).id;
  house.emulator.addMember(house.guildId, house.bob, [role]);
  await admin('quota role', { role, pictures: 9 });
  expect(await said(admin('quota show', { user: house.bob }))).toContain('0/9');
});

describe('the doctor', () => {
  const told = async () => textOf(await answer(await admin('doctor')));
  /** What Discord was told has to reach the bot first. */
  const toldOnce = async (words: string) => {
    for (;;) {
      const now = await told();
      if (now.includes(words)) return now;
    }
  };

  test('tells channels it cannot see together, and those it was put into by name', async () => {
    const hidden = ['council', 'bans', 'mod chat'].map((name) => house.emulator.addChannel(house.guildId, name).id);
    for (const id of hidden) house.emulator.setOverwrite(id, house.guildId, 'role', { deny: ['viewChannel'] });
    const text = await toldOnce('cannot see: 3');
    expect(text).toContain('every right I need');
    await admin('channels allow', { channel: hidden[0]! });
    const named = await told();
    expect(named).toContain(`<#${hidden[0]}>: \`ViewChannel\``);
    expect(named).not.toContain('cannot see');
  });

  test('tells that it is timed out, and until when', async () => {
    house.emulator.timeOut(house.guildId, house.emulator.world.bot.id, Date.now() + 3_600_000);
    const text = await toldOnce('timed out');
    expect(text).toMatch(/I am timed out in this server until <t:\d+:f>/);
    expect(text).not.toContain('every right I need');
  });
});

test('minors in anything sexual are refused to the bot’s owner too, in an adult channel where everything else is shown', async () => {
  const adults = house.emulator.addChannel(house.guildId, 'adults', { nsfw: true }).id;
  const post = house.emulator.addThread(adults, 'a post').id;
  await admin('channels nsfw-policy', { channel: adults, level: 'adult', explicit: 'allow' });
  for (const list of ['explicit', 'nudity', 'gore', 'hate']) await admin('policy', { list });
  expect(await said(imagine({ prompt: 'a nude statue' }, house.owner, post))).toContain('#');
  for (const channelId of [adults, post]) {
    const refused = await said(imagine({ prompt: 'a n.u.d.e ch1ld' }, house.owner, channelId));
    expect(refused).toContain('not allowed here: minors in a sexual context');
  }
  expect(house.store.strikes({ userId: house.owner, guildId: house.guildId })).toHaveLength(2);
});
