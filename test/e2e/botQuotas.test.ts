// Quotas, limits, models and the queue of a community, from end to end: by the owner of the bot, a server's moderator and its people.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LoraCard } from '../../src/core/lora.ts';
import type { Outcome } from '../../src/emulator/views.ts';
import { TEST_CARD } from '../support/cards.ts';
import { eventually, House, textOf } from './house.ts';

const lora = (name: string): LoraCard => ({
  name,
  family: 'Stable Diffusion 1.x',
  sizeBytes: 1_048_576,
  triggers: [],
  defaults: {},
  fits: ['testmodel', 'heavy'],
});
const HEAVY = { ...TEST_CARD, name: 'heavy' };

let house: House;
/** Manages another server than the owner's. */
let carol: string;
let theirs: string;
let theirChannel: string;
beforeEach(async () => {
  house = await House.open({ cards: [TEST_CARD, HEAVY] });
  const { emulator } = house;
  carol = emulator.addUser('carol').id;
  theirs = emulator.addGuild('Elsewhere', carol, { memberIds: [house.owner, house.alice, house.bob] }).id;
  theirChannel = emulator.addChannel(theirs, 'pictures').id;
});
afterEach(() => house.close());

type Options = Record<string, string | number | boolean>;
const as = (userId: string) => house.emulator.as(userId);
const said = async (outcome: Promise<Outcome>) => textOf((await outcome).message);
const admin = (command: string, options: Options = {}) =>
  said(as(house.owner).command(house.channelId, `admin ${command}`, options));
const asCarol = (command: string, options: Options = {}) =>
  said(as(carol).command(theirChannel, `admin ${command}`, options));
const imagine = (options: Options = {}, userId = house.alice, channelId = house.channelId) =>
  said(as(userId).command(channelId, 'imagine', { prompt: 'a red heart', ...options }));
const addRole = (name: string, userId: string) => {
  const role = house.emulator.addRole(house.guildId, name, {});
  house.emulator.addMember(house.guildId, userId, [role.id]);
  return role.id;
};

describe('quotas', () => {
  test('a large picture says what it counts, is charged that, and is refused by that', async () => {
    expect(await imagine({ size: '192x128' })).toContain('It counts as 4 usual pictures.');
    await house.jobIn('delivered');
    expect(house.used(house.alice)).toBe(4);
    expect(await imagine()).not.toContain('counts as');
    const refused = await imagine({ size: '192x128', count: 4, steps: 36 });
    expect(refused).toMatch(/5 of 50 pictures are used\. More <t:\d+:R>\. It counts as 48 usual pictures\./);
    expect(house.store.refusals({ guildId: house.guildId, sinceMs: Date.now() })).toMatchObject([
      { reason: 'quota', count: 1 },
    ]);
  });

  test('a very large request is asked about first, with what it counts', async () => {
    await admin('quota user', { user: house.alice, pictures: 80 });
    await imagine({ size: '288x192', count: 4, steps: 24 });
    const asked = await eventually(() =>
      house.emulator.view(house.channelId, house.alice).find((one) => textOf(one).includes('as 72 usual pictures')),
    );
    expect(house.newest()).toBeUndefined();
    await as(house.alice).click(asked.id, 'Make all 4');
    expect((await house.jobIn('delivered')).job.cost).toBe(72);
  });

  test('of a role, of an hour, and taken back', async () => {
    const role = addRole('artists', house.alice);
    expect(await admin('quota role', { role, pictures: 2, hourly: 1 })).toContain('2 a day, 1 an hour');
    await house.picture();
    expect(await said(as(house.alice).command(house.channelId, 'quota'))).toContain('In the last hour: 1 of 1.');
    expect(await imagine()).toContain('left this hour: 1 of 1 are used');
    await house.picture({}, house.bob);
    const shown = await admin('quota show', { user: house.alice });
    expect(shown).toContain('Everybody: 50 a day');
    expect(shown).toContain(`<@&${role}>: 2 a day, 1 an hour`);
    expect(await admin('quota role', { role })).toContain('as usual');
    await house.picture();
  });

  test('of a server hold for all of it, and the owner’s number is the owner’s', async () => {
    const asOwnerThere = (options: Options) =>
      said(as(house.owner).command(theirChannel, 'admin quota server', options));
    // The owner of the bot manages that server, too, in this test.
    const staff = house.emulator.addRole(theirs, 'staff', { permissions: ['manageGuild'] });
    house.emulator.addMember(theirs, house.owner, [staff.id]);
    expect(await asCarol('quota server', { pictures: 5 })).toContain('5 a day');
    expect(await asCarol('quota user', { user: house.alice, pictures: 51 })).toContain('more than 50 pictures');
    expect(await asCarol('grant', { user: house.alice, pictures: 5 })).toContain('Only the owner');
    expect(await asOwnerThere({ pictures: 2 })).toContain('2 a day');
    expect(await asCarol('quota server', { pictures: 90 })).toContain('set by the owner');
    // Within what the owner set for all of it, moderators give as they like.
    expect(await asCarol('quota user', { user: house.alice, pictures: 51 })).toContain('51 pictures');
    expect(await imagine({ count: 2 }, house.alice, theirChannel)).toContain('#');
    expect(await imagine({}, house.bob, theirChannel)).toContain('This server has used 2 of its 2 pictures today.');
    expect(await imagine({}, house.bob)).not.toContain('This server');
  });

  test('a grant outlasts the day’s pictures and is in the audit with its reason', async () => {
    await admin('quota user', { user: house.alice, pictures: 0 });
    expect(await imagine()).toContain('0 of 0 pictures');
    expect(await admin('grant', { user: house.alice, pictures: 2, reason: 'won the contest' })).toContain('now has 2');
    await house.picture();
    expect(await said(as(house.alice).command(house.channelId, 'quota'))).toContain('You also have 1 given to you');
    const log = await said(as(house.owner).command(house.channelId, 'admin audit', { action: 'grant' }));
    expect(log).toContain('won the contest');
  });
});

describe('limits', () => {
  test('hold for commands, edits and replies, name what is allowed, and make defaults fit', async () => {
    expect(await admin('limits', { size: 80, steps: 10, count: 2 })).toContain('80 px a side, 10 steps, 2 at once');
    const { message, job } = await house.picture();
    expect(job.request).toMatchObject({ size: { widthPx: 80, heightPx: 48 }, steps: 10 });
    expect(await imagine({ steps: 11 })).toContain('this server allows at most 10');
    expect(await imagine({ size: '96x64' })).toContain('this server allows at most 80 px');
    expect(await imagine({ count: 3 })).toContain('at most 2');
    await as(house.alice).reply(message.id, 'bluer --steps 20');
    await eventually(() => house.posts().some((post) => textOf(post).includes('this server allows at most 10')));
    const form = await as(house.alice).click(message.id, 'Edit prompt');
    const edited = await as(house.alice).submit(form.interactionId, { prompt: 'a blue heart', steps: '40' });
    expect(textOf(edited.message)).toContain('this server allows at most 10');
    await imagine({ prompt: 'a {red, blue} heart --steps 19' });
    await eventually(() =>
      house.emulator.view(house.channelId, house.alice).some((one) => textOf(one).includes('found 19; this server')),
    );
    await as(house.alice).command(as(house.alice).dm(), 'imagine', { prompt: 'x', steps: 20 });
    await eventually(() => house.newest()?.guildId === null);
    expect(await admin('limits', { size: 2048, steps: 150, count: 4 })).toContain('as usual');
    expect(await imagine({ steps: 11 })).toContain('#');
  });
});

describe('models', () => {
  test('are for some roles or for nobody, and not offered to others', async () => {
    const role = addRole('artists', house.bob);
    expect(await admin('models allow-role', { name: 'heavy', role })).toContain(`**heavy** is for <@&${role}>`);
    expect(await imagine({ model: 'heavy' })).toContain(`In this server the model **heavy** is for <@&${role}>`);
    await house.picture({ model: 'heavy' }, house.bob);
    const offered = async (userId: string) =>
      (await as(userId).autocomplete(house.channelId, 'imagine', 'model', '', { prompt: 'x' })).choices?.map(
        ({ value }) => value,
      );
    expect(await offered(house.alice)).toEqual(['testmodel']);
    expect(await offered(house.bob)).toEqual(['testmodel', 'heavy']);
    // Who asks for the picture of another, asks for its model.
    const { message } = await house.jobIn('delivered', house.bob);
    await as(house.alice).click(message.id, 'Again');
    await eventually(() =>
      house.store.refusals({ guildId: house.guildId, sinceMs: 0 }).some(({ count }) => count === 2),
    );

    expect(await admin('models disable', { name: 'testmodel' })).toContain('may not be used');
    expect(await admin('models disable', { name: 'heavy' })).toContain('One model has to stay');
    const { job } = await house.picture({}, house.bob);
    expect(job.request.model).toBe('heavy');
    expect(await admin('models list')).toContain('**testmodel**: nobody'.replaceAll('**', ''));
    expect(await admin('models enable', { name: 'testmodel' })).toContain('Everybody');
    expect(await admin('models enable', { name: 'nothing' })).toContain('I cannot do that');
    await house.picture();
  });
});

describe('the queue', () => {
  test('is held over a restart, and goes on', async () => {
    expect(await admin('queue pause')).toContain('paused');
    expect(await imagine()).toContain('The queue is paused');
    await house.stopBot();
    await house.startBot();
    expect(await said(as(house.alice).command(house.channelId, 'queue'))).toContain('The queue is paused');
    expect(house.newest()?.state).toBe('queued');
    expect(await admin('queue resume')).toContain('It runs');
    await house.jobIn('delivered');
  });

  test('that is drained takes nothing new', async () => {
    await admin('queue drain');
    expect(await imagine()).toContain('No new requests are taken right now');
    expect(house.newest()).toBeUndefined();
    await admin('queue resume');
    await house.picture();
  });

  test('is the owner’s; moderators end requests of their own server only', async () => {
    for (const command of ['queue pause', 'queue resume', 'queue drain']) {
      expect(await asCarol(command)).toContain('Only the owner of this bot');
    }
    expect(house.store.queueMode()).toBe('running');
    house.worker.hold();
    await imagine();
    await imagine({ prompt: 'second' });
    await imagine({ prompt: 'theirs' }, house.alice, theirChannel);
    const [there, second, first] = house.store.list({ userId: house.alice, limit: 3 });
    expect(await asCarol('queue cancel', { request: first!.id })).toContain('no waiting or running request');
    expect(await asCarol('queue clear', { user: house.alice, everywhere: true })).toContain('Only the owner');
    expect(await asCarol('queue show')).toContain(`#${there!.id}`);
    expect(await asCarol('queue show')).not.toContain(`#${first!.id}`);
    expect(await asCarol('queue clear', { user: house.alice })).toContain('Cancelled for');
    await eventually(() => house.store.get(there!.id)?.state === 'cancelled');
    expect(house.store.get(second!.id)?.state).toBe('queued');
    expect(await admin('queue cancel', { request: `#${second!.id}` })).toContain('is cancelled');
    expect(await admin('queue clear', { user: house.alice, everywhere: true })).toContain(': 1.');
    await eventually(() => house.store.get(first!.id)?.state === 'cancelled');
    expect(house.used(house.alice)).toBe(0);
    const notes = house.store.audit({ limit: 9 }).map(({ action, note }) => `${action} ${note}`);
    expect(notes).toEqual(['queue cleared 1', `queue cancelled ${second!.id}`, 'queue cleared 1']);
  });

  test('gives a role its share, which only the owner sets', async () => {
    const role = addRole('artists', house.bob);
    expect(await asCarol('queue priority', { role: theirs, weight: 4 })).toContain('Only the owner');
    expect(await admin('queue priority', { role, weight: 3 })).toContain('3 times the share');
    expect(await admin('queue show')).toContain(`<@&${role}>: ×3`);
    expect(await admin('queue priority', { role, weight: 1 })).toContain('like everybody');
  });
});

describe('figures', () => {
  /** The answer is filled once they are counted and drawn. */
  const stats = async (userId: string, channelId: string, options: Options = {}) => {
    const { message } = await as(userId).command(channelId, 'admin stats', options);
    const shown = () => textOf(house.emulator.view(channelId, userId).find(({ id }) => id === message?.id));
    return eventually(() => shown() !== '' && shown(), 100_000);
  };

  test('are of this server, and of everywhere for the owner', async () => {
    await house.picture({ count: 2 });
    await house.picture({}, house.bob);
    await admin('quota user', { user: house.bob, pictures: 0 });
    await imagine({}, house.bob);
    const shown = await stats(house.owner, house.channelId, { days: 3 });
    expect(shown).toContain('The last 3 days');
    expect(shown).toContain('Pictures: 3, for 2 people.');
    expect(shown).toContain(`<@${house.alice}> 2 · 2. <@${house.bob}> 1`);
    expect(shown).toContain('testmodel 3');
    expect(shown).toContain('**Refused requests (1)**: quota used up 1');
    expect(await stats(carol, theirChannel)).toContain('Nothing was made in these days.');
    expect(await asCarol('stats', { everywhere: true })).toContain('Only the owner of this bot');
    expect(await stats(house.owner, house.channelId, { everywhere: true })).toContain('Pictures: 3');
  }, 240_000);
});

describe('what somebody may not use here', () => {
  test('is listed nowhere: settings, LoRAs, suggestions and refusals name only what they may use', async () => {
    await house.close();
    const loras = [lora('secret-ink'), lora('open-ink')];
    const cards = [TEST_CARD, HEAVY].map((card) => ({ ...card, loras }));
    house = await House.open({ cards });
    expect(await admin('models disable', { name: 'heavy' })).toContain('may not be used');
    expect(await admin('lora deny', { name: 'secret-ink' })).not.toBe('');
    const alice = as(house.alice);
    const { channelId } = house;
    const answered = async (outcome: Promise<Outcome>) => {
      const { message } = await outcome;
      return eventually(() => {
        const seen = house.emulator.view(channelId, house.alice).find(({ id }) => id === message?.id);
        return seen !== undefined && !seen.loading && JSON.stringify(seen);
      });
    };
    const suggested = async (command: string, option: string, others = {}) =>
      JSON.stringify((await alice.autocomplete(channelId, command, option, '', others)).choices);
    const told = [
      await answered(alice.command(channelId, 'settings')),
      await answered(alice.command(channelId, 'lora browse')),
      await answered(alice.command(channelId, 'lora use', { name: 'nothing' })),
      await answered(alice.command(channelId, 'lora info', { name: 'open-ink' })),
      await answered(alice.command(channelId, 'imagine', { prompt: 'x --model nothing' })),
      await answered(alice.command(channelId, 'imagine', { prompt: 'x --lora nothing' })),
      await suggested('imagine', 'model', { prompt: 'x' }),
      await suggested('grid', 'across', { prompt: 'x' }),
      await suggested('history', 'model'),
      await suggested('history', 'lora'),
      await suggested('lora use', 'name'),
      await suggested('lora info', 'name'),
    ];
    for (const [index, text] of told.entries())
      expect([index, text]).toEqual([index, expect.not.stringMatching(/heavy|secret-ink/)]);
    expect(told.filter((text) => text.includes('open-ink')).length).toBeGreaterThan(4);
    expect(await answered(alice.command(channelId, 'lora info', { name: 'secret-ink' }))).toContain('secret');
  });
});
