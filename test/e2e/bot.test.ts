// The bot as people meet it: commands, buttons, forms, replies, on a strict local Discord.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SAMPLERS } from '../../src/core/request.ts';
import type { JsonObject } from '../../src/emulator/apiError.ts';
import type { Outcome, SeenMessage } from '../../src/emulator/views.ts';
import { DarkroomError } from '../../src/errors.ts';
import { eventually, filesOf, House, labelsOf, textOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const bob = () => house.emulator.as(house.bob);
const owner = () => house.emulator.as(house.owner);
const choices = (outcome: Outcome) => (outcome.choices ?? []).map((choice) => String(choice.value));
const field = (modal: JsonObject | undefined, id: string) =>
  JSON.stringify(modal?.components).match(new RegExp(`"custom_id":"${id}"[^}]*?"value":"([^"]*)"`))?.[1];
/** The same message as its channel shows it now, or undefined when it is gone. */
const now = (message: SeenMessage) => house.posts().find((one) => one.id === message.id);

describe('/imagine', () => {
  test('answers privately at once, posts one message, and turns it into the picture', async () => {
    house.worker.hold();
    const outcome = await alice().command(house.channelId, 'imagine', {
      prompt: 'a *red* heart',
      seed: 42,
      steps: 10,
      guidance: 0,
      size: '64x96',
      style: 'noto',
      negative: '@everyone',
    });
    expect(outcome).toMatchObject({ kind: 'message', message: { ephemeral: true } });
    const job = house.newest()!;
    expect(textOf(outcome.message)).toContain(`#${job.id}`);
    await eventually(() => house.posts().length === 1);
    await eventually(() => house.worker.tasks.length === 1);
    house.worker.report(5);
    await eventually(() => textOf(house.posts()[0]).includes('50%'));
    expect(labelsOf(house.posts()[0]!)).toEqual(['Cancel']);
    house.worker.release();
    const { message } = await house.jobIn('delivered');
    expect(house.posts()).toHaveLength(1);
    expect(textOf(message)).toContain(`**a \\*red\\* heart** · <@${house.alice}>`);
    expect(textOf(message)).toContain('seed `42` · 64×96 · 10 steps · guidance 0');
    expect(filesOf(message)).toMatchObject([{ filename: `darkroom-${job.id}-1.png` }]);
    expect(filesOf(message)[0]?.description).toBe('Generated picture: a *red* heart');
    expect(labelsOf(message)).toEqual([
      'Vary a little',
      'Vary a lot',
      'Enlarge 2×',
      'Use as source',
      'Again',
      'Edit prompt',
      'Favourite',
      'Delete',
      'More',
    ]);
    expect(house.worker.tasks[0]?.request).toMatchObject({ seed: 42, negativePrompt: '@everyone', style: 'noto' });
  });

  test('leaves only the public message behind: the private answer goes when it stands', async () => {
    await house.picture();
    await eventually(() => house.emulator.view(house.channelId, house.alice).every((message) => !message.ephemeral));
  });

  test('shows several pictures side by side with two buttons for each', async () => {
    const { job, message } = await house.picture({ count: 3 });
    expect(filesOf(message).map((file) => file.filename)).toEqual(
      [1, 2, 3].map((number) => `darkroom-${job.id}-${number}.png`),
    );
    expect(labelsOf(message).slice(0, 6)).toEqual(['U1', 'U2', 'U3', 'V1', 'V2', 'V3']);
    expect(house.used(house.alice)).toBe(3);
  });

  test('posts exactly the bytes that were made', async () => {
    const { message } = await house.picture({ seed: 9, size: '96x64' });
    const posted = await fetch(filesOf(message)[0]!.url);
    const expected = plainPng({ widthPx: 96, heightPx: 64 }, 9);
    expect(Buffer.from(await posted.arrayBuffer()).equals(expected)).toBe(true);
  });

  test('reads flags in the prompt, and options win over them', async () => {
    const { job } = await house.picture({ prompt: 'a fox --seed 5 --steps 3 --no fog', steps: 4 });
    expect(job.request).toMatchObject({ prompt: 'a fox', seed: 5, steps: 4, negativePrompt: 'fog' });
  });

  test('refuses what cannot be, in words, with nothing charged and nothing queued', async () => {
    for (const [options, words] of [
      [{ prompt: 'x', size: '100x100' }, 'multiples of 16 px'],
      [{ prompt: 'x', size: 'huge' }, 'such as 96x64, 3:2'],
      [{ prompt: 'x', style: 'cubist' }, 'one of flat, noto'],
      [{ prompt: 'x', sampler: 'magic' }, 'one of ddim'],
      [{ prompt: 'x --frob 2' }, '--frob'],
    ] as const) {
      const outcome = await alice().command(house.channelId, 'imagine', options);
      expect(outcome.message).toMatchObject({ ephemeral: true });
      expect(textOf(outcome.message).replaceAll('\\', '')).toContain(words);
    }
    expect(house.newest()).toBeUndefined();
    expect(house.used(house.alice)).toBe(0);
  });

  test('a blocked prompt is refused by the rule’s name', async () => {
    house.store.block({ name: 'no hearts', kind: 'word', pattern: 'heart' }, house.owner);
    const outcome = await alice().command(house.channelId, 'imagine', { prompt: 'a red heart' });
    expect(textOf(outcome.message)).toContain('not allowed here: no hearts');
    expect(house.newest()).toBeUndefined();
  });

  test('starts from an uploaded picture, whose bytes are kept under their hash before the row', async () => {
    const bytes = plainPng({ widthPx: 96, heightPx: 64 }, 200);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await alice().command(house.channelId, 'imagine', {
      prompt: 'make it night',
      image: { name: 'day.png', bytes, contentType: 'image/png' },
      strength: 0,
    });
    const { job } = await house.jobIn('delivered');
    expect(job.request).toMatchObject({ initImage: { sha256 }, strength: 0 });
    expect((await readFile(path.join(house.dataDir, 'inputs', sha256))).equals(bytes)).toBe(true);
    expect(house.worker.tasks[0]?.initImagePath).toBe(path.join(house.dataDir, 'inputs', sha256));
  });

  test('refuses an upload that is no picture', async () => {
    const image = { name: 'a.png', bytes: Buffer.from('<svg/>'), contentType: 'image/png' };
    const outcome = await alice().command(house.channelId, 'imagine', { prompt: 'x', image });
    expect(textOf(outcome.message)).toContain('I cannot use that picture');
    expect(house.newest()).toBeUndefined();
  });

  test('answers in the language of the person', async () => {
    const olga = house.emulator.addUser('olga', { locale: 'ru' });
    house.emulator.addMember(house.guildId, olga.id);
    const outcome = await house.emulator
      .as(olga.id)
      .command(house.channelId, 'imagine', { prompt: 'сердце', size: '1x1' });
    expect(textOf(outcome.message)).toContain('Так не получится');
  });

  test('works in private with the bot', async () => {
    const dm = alice().dm();
    await alice().command(dm, 'imagine', { prompt: 'a secret' });
    const job = await eventually(() => house.newest()?.state === 'delivered' && house.newest());
    expect(job).toMatchObject({ guildId: null, channelId: dm });
    expect(filesOf(house.emulator.view(dm, house.alice).at(-1)!)).toHaveLength(1);
  });
});

describe('autocomplete', () => {
  test('offers samplers, styles and sizes that fit what was typed, the usual one marked', async () => {
    const ask = (name: string, typed: string) =>
      alice().autocomplete(house.channelId, 'imagine', name, typed, { prompt: 'x' });
    expect(choices(await ask('sampler', 'DPM++'))).toEqual(SAMPLERS.filter((name) => name.includes('dpmpp')));
    expect(choices(await ask('style', ''))).toEqual(['flat', 'noto', 'none']);
    const sizes = await ask('size', '');
    expect(choices(sizes)[0]).toBe('96x64');
    expect(sizes.choices?.[0]?.name).toBe('96x64 ★');
    expect(choices(await ask('size', 'nothing like it'))).toEqual([]);
  });

  test('of /cancel offers one’s own unfinished requests', async () => {
    house.worker.hold();
    await alice().command(house.channelId, 'imagine', { prompt: 'a slow heart' });
    const id = house.newest()!.id;
    await eventually(() => house.newest()?.state === 'running');
    expect(choices(await alice().autocomplete(house.channelId, 'cancel', 'request', 'slow'))).toEqual([id]);
    expect(choices(await bob().autocomplete(house.channelId, 'cancel', 'request', ''))).toEqual([]);
  });
});

describe('the buttons of a result', () => {
  test('V makes a new job from that very picture, linked to its parent, charged to the one who clicked', async () => {
    const { job: parent, message } = await house.picture({ count: 2, seed: 7 });
    expect((await bob().click(message.id, 'V2')).kind).toBe('acknowledged');
    const { job, message: varied } = await house.jobIn('delivered', house.bob);
    const second = house.store.pictures(parent.id).find((picture) => picture.imageIndex === 1)!;
    expect(job).toMatchObject({ kind: 'variation', parentJobId: parent.id, parentImageIndex: 1 });
    expect(job.request.initImage?.sha256).toBe(second.sha256);
    expect(job.request.strength).toBe(0.6);
    expect(house.used(house.bob)).toBe(2);
    expect((varied.message_reference as JsonObject).message_id).toBe(message.id);
    expect(textOf(varied)).toContain(`from \`#${parent.id}\` picture 2`);
  });

  test('Again repeats the request with a new seed, each time', async () => {
    const { job: parent, message } = await house.picture({ seed: 7, steps: 3 });
    await alice().click(message.id, 'Again');
    const { job, message: again } = await house.jobIn('delivered', house.alice, (one) => one.id !== parent.id);
    expect(job).toMatchObject({ kind: 'again', parentJobId: parent.id, parentImageIndex: null });
    expect(textOf(again).endsWith(`from \`#${parent.id}\``)).toBe(true);
    expect(job.request).toEqual({ ...parent.request, seed: job.request.seed });
    expect(job.request.seed).not.toBe(7);
  });

  test('Edit prompt opens a form with what there was and makes what was typed', async () => {
    const { job: parent, message } = await house.picture({ prompt: 'a red heart', negative: 'fog', seed: 7, steps: 3 });
    const opened = await bob().click(message.id, 'Edit prompt');
    expect(opened.kind).toBe('modal');
    expect(['prompt', 'negative', 'seed', 'steps'].map((id) => field(opened.modal, id))).toEqual([
      'a red heart',
      'fog',
      '7',
      '3',
    ]);
    await bob().submit(opened.interactionId, { prompt: 'a blue heart', negative: '', seed: '0', steps: '4' });
    const { job } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ kind: 'edit', parentJobId: parent.id });
    expect(job.request).toMatchObject({ prompt: 'a blue heart', negativePrompt: '', seed: 0, steps: 4 });
  });

  test('the form says what is wrong with a seed', async () => {
    const { message } = await house.picture();
    const opened = await alice().click(message.id, 'Edit prompt');
    const outcome = await alice().submit(opened.interactionId, { seed: '4294967296' });
    expect(outcome.message).toMatchObject({ ephemeral: true });
    expect(textOf(outcome.message)).toContain('from 0 to 4294967295');
  });

  test('Recipe shows every number and the single pictures, privately', async () => {
    const { message } = await house.picture({ count: 2, seed: 4_294_967_295 });
    const more = await bob().click(message.id, 'More');
    await bob().click(more.message!.id, 'Recipe');
    const recipe = await eventually(() =>
      house.emulator
        .view(house.channelId, house.bob)
        .find((one) => one.ephemeral && !one.loading && one.id !== more.message?.id),
    );
    expect(textOf(recipe)).toContain('seed: 4294967295, 0');
    expect(filesOf(recipe)).toHaveLength(2);
    expect(house.emulator.view(house.channelId, house.alice).some((one) => one.id === recipe.id)).toBe(false);
  });

  test('Delete is for the requester and for moderators', async () => {
    const { message: first } = await house.picture();
    const refused = await bob().click(first.id, 'Delete');
    expect(textOf(refused.message)).toContain('or a moderator');
    expect(now(first)).toBeDefined();
    await alice().click(first.id, 'Delete');
    await eventually(() => now(first) === undefined);
    const { message: second } = await house.picture();
    await owner().click(second.id, 'Delete');
    await eventually(() => now(second) === undefined);
  });

  test('still work after the bot was restarted', async () => {
    const { job: parent, message } = await house.picture();
    await house.stopBot();
    await house.startBot();
    await alice().click(message.id, 'Vary a lot');
    const { job } = await house.jobIn('delivered', house.alice, (one) => one.id !== parent.id);
    expect(job.parentJobId).toBe(parent.id);
  });
});

describe('context menus', () => {
  test('Recipe and Vary work on a result, and say so elsewhere', async () => {
    const { job: parent, message } = await house.picture({ count: 2 });
    const opened = await bob().messageMenu(message.id, 'Vary this picture');
    expect(field(opened.modal, 'prompt')).toBe('a red heart');
    await bob().submit(opened.interactionId, { prompt: 'a green heart', picture: '2', strength: '0,25' });
    const { job } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ parentJobId: parent.id, parentImageIndex: 1 });
    expect(job.request).toMatchObject({ prompt: 'a green heart', strength: 0.25 });

    const words = await bob().say(house.channelId, 'hello');
    const asked = await bob().messageMenu(words.id, 'Recipe');
    await eventually(() => {
      const seen = house.emulator.view(house.channelId, house.bob).find((one) => one.id === asked.message?.id);
      return textOf(seen).includes('no recipe here');
    });
    expect(textOf((await bob().messageMenu(words.id, 'Vary this picture')).message)).toContain(
      'no picture on this message',
    );
  });

  test('Use as source takes one of our pictures, by its number, or anybody’s, with new words alone', async () => {
    const { message, job } = await house.picture({ prompt: 'a red heart', count: 2, style: 'noto' });
    const opened = await house.emulator.as(house.bob).messageMenu(message.id, 'Use as source');
    expect(JSON.stringify(opened.modal)).not.toContain('a red heart');
    await house.emulator
      .as(house.bob)
      .submit(opened.interactionId, { prompt: 'a balloon', picture: '2', strength: '0.4' });
    const { job: made } = await house.jobIn('delivered', house.bob);
    expect(made).toMatchObject({ parentJobId: job.id, parentImageIndex: 1 });
    expect(made.request).toMatchObject({ prompt: 'a balloon', strength: 0.4, style: 'flat', count: 1 });
    const bytes = plainPng({ widthPx: 64, heightPx: 96 }, 9);
    const file = { name: 'mine.png', bytes, contentType: 'image/png' };
    const theirs = await house.emulator.as(house.alice).upload(house.channelId, [file]);
    const form = await house.emulator.as(house.bob).messageMenu(theirs.id, 'Use as source');
    await house.emulator.as(house.bob).submit(form.interactionId, { prompt: 'a kite' });
    const { job: kite } = await house.jobIn('delivered', house.bob, ({ id }) => id !== made.id);
    expect(kite.request).toMatchObject({ prompt: 'a kite', initImage: { sha256: expect.any(String) } });
  });

  test('Vary takes anybody’s uploaded picture', async () => {
    const bytes = plainPng({ widthPx: 64, heightPx: 96 }, 77);
    const upload = await bob().upload(house.channelId, [{ name: 'cat.png', bytes, contentType: 'image/png' }]);
    const opened = await alice().messageMenu(upload.id, 'Vary this picture');
    await alice().submit(opened.interactionId, { prompt: 'as a drawing' });
    const { job } = await house.jobIn('delivered');
    expect(job.request.initImage?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(job.parentJobId).toBeNull();
  });
});

describe('replies', () => {
  test('with words make a new job from the picture, as a reply to the reply', async () => {
    const { job: parent, message } = await house.picture({ prompt: 'a heart' });
    const said = await bob().reply(message.id, 'in blue');
    const { job, message: answer } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ kind: 'reply', parentJobId: parent.id, parentImageIndex: 0, sourceId: said.id });
    expect(job.request.prompt).toBe('a heart, blue');
    expect(job.request.initImage?.sha256).toBe(house.store.pictures(parent.id)[0]?.sha256);
    expect((answer.message_reference as JsonObject).message_id).toBe(said.id);
  });

  test('with a number pick a picture of a grid', async () => {
    const { message } = await house.picture({ count: 2 });
    const said = await bob().reply(message.id, '2');
    const { job, message: answer } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ kind: 'variation', parentImageIndex: 1 });
    expect((answer.message_reference as JsonObject).message_id).toBe(said.id);
  });

  test('that say "again" start from nothing with a new seed, and are answered all the same', async () => {
    const { job: parent, message } = await house.picture({ seed: 7, steps: 3 });
    const said = await bob().reply(message.id, 'again');
    const { job, message: answer } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ kind: 'again', parentJobId: parent.id, parentImageIndex: null });
    expect(job.request).toEqual({ ...parent.request, seed: job.request.seed });
    expect((answer.message_reference as JsonObject).message_id).toBe(said.id);
  });

  test('with the ping off carry no words, and the person is told how to go on, once', async () => {
    const { message } = await house.picture();
    await bob().reply(message.id, 'in blue', { ping: false });
    const told = await eventually(() => house.posts()[1]);
    expect(textOf(told)).toContain('Leave the ping (@ ON)');
    await bob().reply(message.id, 'in green', { ping: false });
    await house.picture({}, house.owner);
    expect(house.newest(house.bob)).toBeUndefined();
    expect(house.posts()).toHaveLength(3);
  });

  test('to anything else are left alone', async () => {
    const words = await bob().say(house.channelId, 'hello');
    await alice().reply(words.id, 'in blue');
    await house.picture({}, house.owner);
    expect(house.newest()).toBeUndefined();
    expect(house.posts()).toHaveLength(1);
  });

  test('that ask for a picture there is not are told so', async () => {
    const { message } = await house.picture({ count: 2 });
    await bob().reply(message.id, '7');
    const told = await eventually(() => house.posts()[1]);
    expect(textOf(told)).toContain('from 1 to 2');
  });

  test('of the banned are not answered at all', async () => {
    const { message } = await house.picture();
    house.store.ban({ userId: house.bob, guildId: house.guildId }, 'spam', house.owner);
    await bob().reply(message.id, 'in blue');
    await house.picture({}, house.owner);
    expect(house.newest(house.bob)).toBeUndefined();
    expect(house.posts()).toHaveLength(2);
  });
});

describe('cancelling', () => {
  test('a running job with the button ends it, tells it, and gives the quota back', async () => {
    house.worker.hold();
    await alice().command(house.channelId, 'imagine', { prompt: 'slow', count: 4 });
    const post = await eventually(() => house.posts()[0]);
    await eventually(() => house.newest()?.state === 'running');
    expect(textOf((await bob().click(post.id, 'Cancel')).message)).toContain('or a moderator');
    await alice().click(post.id, 'Cancel');
    const { message } = await house.jobIn('cancelled');
    expect(textOf(message)).toContain('Cancelled. Nothing was charged.');
    expect(labelsOf(message)).toEqual([]);
    expect(house.used(house.alice)).toBe(0);
  });

  test('/cancel ends the newest, or the one named, and never somebody else’s', async () => {
    house.worker.hold();
    await alice().command(house.channelId, 'imagine', { prompt: 'first' });
    const first = house.newest()!;
    await alice().command(house.channelId, 'imagine', { prompt: 'second' });
    const second = house.newest()!;
    const foreign = await bob().command(house.channelId, 'cancel', { request: first.id });
    expect(textOf(foreign.message)).toContain('nothing waiting');
    expect(textOf((await alice().command(house.channelId, 'cancel')).message)).toContain(`#${second.id}`);
    await alice().command(house.channelId, 'cancel', { request: `#${first.id}` });
    await eventually(() => [first, second].every(({ id }) => house.store.get(id)?.state === 'cancelled'));
    expect(textOf((await alice().command(house.channelId, 'cancel')).message)).toContain('nothing waiting');
  });
});

describe('quota, bans and lists', () => {
  test('a used-up day is refused with the time of the next one', async () => {
    house.store.setQuota({ userId: house.alice, guildId: house.guildId }, 3, house.owner);
    await house.picture({ count: 2 });
    const refused = await alice().command(house.channelId, 'imagine', { prompt: 'x', count: 2 });
    expect(textOf(refused.message)).toMatch(/2 of 3 pictures are used\. More <t:\d+:R>/);
    expect(textOf((await alice().command(house.channelId, 'quota')).message)).toMatch(/used 2 of 3 pictures today/);
  });

  test('a failed job tells why in plain words and is not charged', async () => {
    house.worker.failures.push(new DarkroomError('runtime_failed', 'unet: /secret/path exploded'));
    await alice().command(house.channelId, 'imagine', { prompt: 'x' });
    const { message } = await house.jobIn('failed');
    expect(textOf(message)).toContain(
      'something broke while the picture was made (runtime\\_failed)'.replace('\\', ''),
    );
    expect(textOf(message)).not.toContain('secret');
    expect(house.used(house.alice)).toBe(0);
  });

  test('/admin works for those who manage the server, is not even shown to others, and is checked in code', async () => {
    await expect(alice().command(house.channelId, 'admin ban', { user: house.bob })).rejects.toThrow(
      'offers no such command',
    );
    await owner().command(house.channelId, 'admin ban', { user: house.bob, reason: 'spam' });
    const refused = await bob().command(house.channelId, 'imagine', { prompt: 'x' });
    expect(textOf(refused.message)).toContain('Reason: spam');
    await owner().command(house.channelId, 'admin unban', { user: house.bob });
    await owner().command(house.channelId, 'admin quota user', { user: house.bob, pictures: 0 });
    const none = await bob().command(house.channelId, 'imagine', { prompt: 'x' });
    expect(textOf(none.message)).toContain('0 of 0 pictures');
    await owner().command(house.channelId, 'admin quota user', { user: house.bob });
    await house.picture({}, house.bob);
    expect(house.store.audit({ limit: 9 }).map((entry) => entry.action)).toEqual(['quota', 'quota', 'unban', 'ban']);
  });

  test('/admin shown to everybody by a server’s settings still refuses them', async () => {
    const admin = [...house.emulator.world.commands.values()].find((command) => command.name === 'admin')!;
    (admin.body as Record<string, unknown>).default_member_permissions = null;
    const outcome = await alice().command(house.channelId, 'admin ban', { user: house.bob });
    expect(textOf(outcome.message)).toContain('Manage Server');
    expect(house.store.banOf({ userId: house.bob, guildId: house.guildId })).toBeUndefined();
  });

  test('/admin of one server changes nothing in another, nor in private, and gives nobody more than the owner does', async () => {
    const { emulator } = house;
    const carol = emulator.addUser('carol').id;
    const theirs = emulator.addGuild('Elsewhere', carol, { memberIds: [house.bob] });
    const theirChannel = emulator.addChannel(theirs.id, 'pictures').id;
    const asCarol = (command: string, options: Record<string, string | number | boolean>) =>
      emulator.as(carol).command(theirChannel, command, options);
    await asCarol('admin ban', { user: house.bob, reason: 'not here' });
    const refused = await bob().command(theirChannel, 'imagine', { prompt: 'x' });
    expect(textOf(refused.message)).toContain('Reason: not here');
    const { job } = await house.picture({}, house.bob);
    expect(job.guildId).toBe(house.guildId);
    await bob().command(bob().dm(), 'imagine', { prompt: 'in private' });
    await eventually(() => house.newest(house.bob)?.guildId === null);

    const everywhere = await asCarol('admin ban', { user: house.alice, everywhere: true });
    expect(textOf(everywhere.message)).toContain('Only the owner of this bot');
    const greedy = await asCarol('admin quota user', { user: carol, pictures: 51 });
    expect(textOf(greedy.message)).toContain('more than 50 pictures a day');
    await asCarol('admin quota user', { user: house.alice, pictures: 0 });
    await house.picture();
    const rows = house.store.audit({ limit: 9 }).map(({ action, guildId, target }) => [action, guildId, target]);
    expect(rows).toEqual([
      ['quota', theirs.id, house.alice],
      ['ban', theirs.id, house.bob],
    ]);
  });

  test('the application’s owner bans everywhere, and gives more than the usual number', async () => {
    const theirs = house.emulator.addGuild('Elsewhere', house.alice, { memberIds: [house.bob] });
    const theirChannel = house.emulator.addChannel(theirs.id, 'pictures').id;
    await owner().command(house.channelId, 'admin ban', { user: house.bob, reason: 'abuse', everywhere: true });
    const refused = await bob().command(theirChannel, 'imagine', { prompt: 'x' });
    expect(textOf(refused.message)).toContain('Reason: abuse');
    const kept = await alice().command(theirChannel, 'admin unban', { user: house.bob });
    expect(textOf(kept.message)).toContain('stays');
    await owner().command(house.channelId, 'admin unban', { user: house.bob, everywhere: true });
    await owner().command(house.channelId, 'admin quota user', { user: house.bob, pictures: 60 });
    expect(textOf((await bob().command(house.channelId, 'quota')).message)).toContain('0 of 60 pictures');
    expect(textOf((await bob().command(theirChannel, 'quota')).message)).toContain('0 of 50 pictures');
  });

  test('too many unfinished requests are refused', async () => {
    await house.stopBot();
    Object.assign(house.rules, { maxWaitingPerUser: 1 });
    await house.startBot();
    house.worker.hold();
    await alice().command(house.channelId, 'imagine', { prompt: 'one' });
    const refused = await alice().command(house.channelId, 'imagine', { prompt: 'two' });
    expect(textOf(refused.message)).toContain('1 unfinished');
  });

  test('/queue tells places, and when they will be ready as a countdown', async () => {
    house.worker.hold();
    await alice().command(house.channelId, 'imagine', { prompt: 'running' });
    await eventually(() => house.newest()?.state === 'running');
    await alice().command(house.channelId, 'imagine', { prompt: 'waiting' });
    const queue = await alice().command(house.channelId, 'queue');
    expect(textOf(queue.message)).toContain('1 waiting, 1 being made.');
    expect(textOf(queue.message)).toMatch(/running · being made now · ready <t:\d+:R>/);
    expect(textOf(queue.message)).toMatch(/waiting · place 1 · ready <t:\d+:R>/);
  });
});
