// What people keep and find: gallery, search, favourites, /show, settings, styles, privacy, verification, permutations, replies that ask.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome, SeenMessage } from '../../src/emulator/views.ts';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const bob = () => house.emulator.as(house.bob);
const run = (command: string, options = {}) => alice().command(house.channelId, command, options);
/** The private answer of an outcome as it stands now, once it says what is waited for. */
const answer = (
  outcome: Outcome,
  isThere: (message: SeenMessage) => boolean = (one) => !one.loading,
  who = house.alice,
) =>
  eventually(() => {
    const message = house.emulator.view(house.channelId, who).find((one) => one.id === outcome.message?.id);
    return message !== undefined && isThere(message) && message;
  });
const idOf = (message: SeenMessage, start: string) =>
  partsOf(message).find((part) => part.custom_id?.startsWith(`v1:${start}`))?.custom_id ?? '';
const optionsOf = (message: SeenMessage) => partsOf(message).flatMap((part) => part.options ?? []);
const imagesOf = (message: SeenMessage) => JSON.stringify(message.components).match(/"media":\{/g) ?? [];

describe('/history', () => {
  test('is a gallery by pages, with a search that stays, and shows one of them in full', async () => {
    for (const prompt of [
      'a red fox',
      'a blue fox',
      '雾中的狐狸',
      ...Array.from({ length: 8 }, (_, index) => `hill ${index}`),
    ]) {
      await house.picture({ prompt });
    }
    const opened = await run('history');
    const first = await answer(opened);
    expect(textOf(first)).toContain('Your pictures, page 1');
    expect(imagesOf(first)).toHaveLength(9);
    expect(optionsOf(first)).toHaveLength(9);
    expect(filesOf(first)[0]?.description).toBe('Generated picture: hill 7');
    await alice().click(first.id, 'Older');
    const second = await answer(opened, (one) => textOf(one).includes('page 2'));
    expect(imagesOf(second)).toHaveLength(2);
    expect(textOf(second)).toContain('a red fox');

    const asked = await alice().click(second.id, 'Search');
    await alice().submit(asked.interactionId, { search: 'FOX' });
    const found = await answer(opened, (one) => textOf(one).includes('with “FOX”'));
    expect(optionsOf(found).map(({ label }) => label)).toEqual(['1. a blue fox', '2. a red fox']);

    const chosen = await alice().select(found.id, idOf(found, 'choose'), [optionsOf(found)[1]!.value]);
    const card = await answer(chosen);
    expect(textOf(card)).toContain('a red fox');
    expect(labelsOf(card)).toContain('Vary a little');
    await alice().click(card.id, 'Again');
    const { job } = await house.jobIn('delivered', house.alice, (one) => one.kind === 'again');
    expect(job.request.prompt).toBe('a red fox');
  });

  test('filters by words in any script, by model and by day, and says when nothing fits', async () => {
    await house.picture({ prompt: '雾中的狐狸' });
    await house.picture({ prompt: 'a hill' });
    const today = new Date().toISOString().slice(0, 10);
    const found = async (options: object) => textOf(await answer(await run('history', options)));
    expect(await found({ search: '狐狸', model: 'testmodel', since: today, until: today })).toContain('雾中的狐狸');
    expect(await found({ search: '狐狸' })).not.toContain('a hill');
    expect(await found({ until: '2020-01-01' })).toContain('Nothing fits this search');
    expect(await found({ model: 'none' })).toContain('Nothing fits this search');
    expect(await found({ since: '2026-02-30' })).toContain('something such as 2026');
  });

  test('of somebody without pictures says how to begin; nobody turns another one’s pages', async () => {
    expect(textOf(await answer(await run('history')))).toContain('Try /imagine');
    await house.picture();
    const page = await answer(await run('history'));
    await expect(bob().click(page.id, 'Older')).rejects.toThrow();
  });
});

describe('favourites and /show', () => {
  test('⭐ keeps anybody’s picture, /favourites finds it, ⭐ again lets it go', async () => {
    const { message, job } = await house.picture({ prompt: 'a kept heart' });
    expect(textOf((await bob().click(message.id, 'Favourite')).message)).toContain(`#${job.id}`);
    const kept = await bob().command(house.channelId, 'favourites');
    expect(textOf(await answer(kept, undefined, house.bob))).toContain('a kept heart');
    expect(textOf(await answer(await run('favourites')))).toContain('No favourites yet');
    expect(textOf((await bob().click(message.id, 'Favourite')).message)).toContain('no longer');
  });

  test('/show tells parents and children with links', async () => {
    const { message, job: parent } = await house.picture();
    await alice().click(message.id, 'Vary a lot');
    const { job: child } = await house.jobIn('delivered', house.alice, (one) => one.kind === 'variation');
    expect(child.request.strength).toBe(0.8);
    const ofParent = textOf(await answer(await run('show', { id: `#${parent.id}` })));
    expect(ofParent).toContain(`Made from this: [\`#${child.id}\`](https://discord.com/channels/`);
    expect(textOf(await answer(await run('show', { id: child.id })))).toContain(`Made from [\`#${parent.id}\`]`);
  });

  test('Delete in a private card takes the public message away', async () => {
    const { message, job } = await house.picture();
    const card = await answer(await run('show', { id: job.id }));
    expect(textOf((await alice().click(card.id, 'Delete')).message)).toContain('is deleted from this channel');
    expect(house.posts().some((post) => post.id === message.id)).toBe(false);
  });

  test('/show gives nothing of other channels away, and suggests only one’s own', async () => {
    const { job } = await house.picture({ prompt: 'a heart' });
    const elsewhere = house.emulator.addChannel(house.guildId, 'elsewhere').id;
    const refused = await bob().command(elsewhere, 'show', { id: job.id });
    expect(textOf(refused.message)).toContain('is not yours');
    expect(textOf((await run('show', { id: 'nothing' })).message)).toContain('I know no picture');
    const mine = await alice().autocomplete(house.channelId, 'show', 'id', 'hea');
    expect(mine.choices?.map(({ value }) => value)).toEqual([job.id]);
    expect((await bob().autocomplete(house.channelId, 'show', 'id', 'hea')).choices).toEqual([]);
  });

  test('U shows one picture alone with what can be done with it', async () => {
    const { message, job } = await house.picture({ count: 2, seed: 7 });
    const shown = await answer(await bob().click(message.id, 'U2'), undefined, house.bob);
    expect(textOf(shown)).toContain('seed `8`');
    expect(filesOf(shown)).toMatchObject([{ filename: `darkroom-${job.id}-2.png` }]);
    await bob().click(shown.id, 'Vary a little');
    const { job: varied } = await house.jobIn('delivered', house.bob);
    expect(varied).toMatchObject({ parentJobId: job.id, parentImageIndex: 1 });
    expect(varied.request.strength).toBe(0.35);
  });

  test('a picture as the source of other words', async () => {
    const { message, job } = await house.picture({ prompt: 'a heart' });
    const opened = await bob().click(message.id, 'Use as source');
    await bob().submit(opened.interactionId, { prompt: 'a red balloon --seed 3', strength: '0.9' });
    const { job: made } = await house.jobIn('delivered', house.bob);
    expect(made).toMatchObject({ parentJobId: job.id, parentImageIndex: 0 });
    expect(made.request).toMatchObject({ prompt: 'a red balloon', seed: 3, strength: 0.9 });
  });
});

describe('/settings', () => {
  const panel = async () => answer(await run('settings'));

  test('fill what /imagine leaves open, and yield to what it says', async () => {
    const shown = await panel();
    const form = await alice().click(shown.id, 'Size and numbers');
    await alice().submit(form.interactionId, { size: '64x96', steps: '3', guidance: '0', count: '2' });
    await eventually(() => house.store.settings(house.alice).count === 2);
    const { job } = await house.picture({ prompt: 'a heart' });
    expect(job.request).toMatchObject({ size: { widthPx: 64, heightPx: 96 }, steps: 3, guidance: 0, count: 2 });
    const { job: other } = await house.picture({ prompt: 'a heart --ar 3:2', steps: 4, count: 1 });
    expect(other.request).toMatchObject({ size: { widthPx: 96, heightPx: 64 }, steps: 4, count: 1 });
    const { job: bobs } = await house.picture({}, house.bob);
    expect(bobs.request).toMatchObject({ steps: 12, count: 1 });
  });

  test('refuse numbers no request could have, and keep what there was', async () => {
    const shown = await panel();
    const form = await alice().click(shown.id, 'Size and numbers');
    const refused = await alice().submit(form.interactionId, { size: '100x100' });
    expect(textOf(refused.message)).toContain('multiples of 16 px');
    expect(house.store.settings(house.alice)).toEqual({});
  });

  test('change the language at once, for commands and refusals', async () => {
    const shown = await panel();
    await alice().select(shown.id, idOf(shown, 'settings:language'), ['ja']);
    const changed = await eventually(() => {
      const now = house.emulator.view(house.channelId, house.alice).find((one) => one.id === shown.id);
      return textOf(now).includes('あなたの設定') && now;
    });
    expect(textOf(changed)).toContain('日本語');
    expect(textOf((await run('imagine', { prompt: 'x', size: '1x1' })).message)).toContain('サイズが 1x1');
    expect(textOf((await run('quota')).message)).toContain('今日は');
  });

  test('mention on completion pings that person only, whatever the prompt says', async () => {
    const shown = await panel();
    await alice().click(shown.id, 'Mention me');
    await eventually(() => house.store.settings(house.alice).mention === true);
    house.expectedPings = 1;
    await house.picture({ prompt: `<@${house.bob}> @everyone` });
    await eventually(() => house.posts().some((post) => post.content.includes('your picture is ready')));
    const pings = house.emulator.pings.filter((ping) => ping.authorId === house.emulator.world.bot.id);
    expect(pings).toMatchObject([{ cause: 'create', everyone: false, userIds: [house.alice], roleIds: [] }]);
  });

  test('private prompts stay out of the channel; the recipe is their owner’s', async () => {
    const shown = await panel();
    await alice().click(shown.id, 'Private prompts');
    await eventually(() => house.store.settings(house.alice).privatePrompts === true);
    const { message, job } = await house.picture({ prompt: 'a secret heart' });
    expect(JSON.stringify(message)).not.toContain('secret');
    expect(house.worker.tasks.at(-1)?.request.privatePrompt).toBe(true);
    for (const press of ['Again', 'Edit prompt', 'Vary a lot']) {
      expect(textOf((await bob().click(message.id, press)).message)).toContain('is private');
    }
    expect(textOf((await bob().messageMenu(message.id, 'Recipe')).message)).toContain('is private');
    await bob().reply(message.id, 'in blue');
    const told = await eventually(() => house.posts().at(-1)?.id !== message.id && house.posts().at(-1));
    expect(textOf(told as SeenMessage)).toContain('is private');
    expect(house.newest(house.bob)).toBeUndefined();
    expect(textOf(await answer(await run('show', { id: job.id })))).toContain('a secret heart');
    expect(
      textOf(await answer(await bob().command(house.channelId, 'show', { id: job.id }), undefined, house.bob)),
    ).not.toContain('secret');
  });
});

describe('/style', () => {
  test('saved words and flags are added by name, for everything, and for a server', async () => {
    const saved = await run('style save', { name: 'Film-Noir', text: 'film noir --steps 5 --no colour' });
    expect(textOf(saved.message)).toContain('film');
    const { job } = await house.picture({ prompt: 'a fox --style film-noir --no text' });
    expect(job.request).toMatchObject({ prompt: 'a fox, film noir', steps: 5, negativePrompt: 'text, colour' });
    await run('style use', { name: 'film-noir' });
    const { job: used } = await house.picture({ prompt: 'a hill', steps: 6, style: 'noto' });
    expect(used.request).toMatchObject({ prompt: 'a hill, film noir', steps: 6, style: 'noto' });
    expect(textOf((await run('style list')).message)).toContain('in use');
    await run('style use', { name: 'none' });

    const before = await bob().command(house.channelId, 'imagine', { prompt: 'x', style: 'film-noir' });
    expect(textOf(before.message)).toContain('found film');
    await run('style share', { name: 'film-noir' });
    const { job: shared } = await house.picture({ prompt: 'a cat', style: 'film-noir' }, house.bob);
    expect(shared.request.prompt).toBe('a cat, film noir');
    expect(textOf((await run('style delete', { name: 'film-noir' })).message)).toContain('deleted');
  });

  test('what cannot be is told, with the nearest name', async () => {
    await run('style save', { name: 'noir', text: 'film noir' });
    expect(textOf((await run('style use', { name: 'nior' })).message)).toContain('Did you mean **noir**?');
    expect(textOf((await run('style save', { name: 'a b', text: 'x' })).message)).toContain('1 to 24 letters');
    expect(textOf((await run('style save', { name: 'bad', text: 'x --frob 2' })).message)).toContain('frob');
    const choices = await alice().autocomplete(house.channelId, 'imagine', 'style', 'noi', { prompt: 'x' });
    expect(choices.choices?.map(({ value }) => value)).toEqual(['noir']);
  });
});

describe('/privacy', () => {
  test('export is one file with everything, for its owner alone', async () => {
    const { job } = await house.picture({ prompt: 'a red heart' });
    await house.picture({ prompt: 'of bob' }, house.bob);
    const message = await answer(await run('privacy export'), (one) => filesOf(one).length > 0);
    const data = (await (await fetch(filesOf(message)[0]!.url)).json()) as { requests: { id: string }[] };
    expect(data.requests.map(({ id }) => id)).toEqual([job.id]);
    expect(JSON.stringify(data)).toContain('a red heart');
    expect(JSON.stringify(data)).not.toContain('of bob');
  });

  test('forget asks, then takes prompts, pictures and messages away and keeps the count', async () => {
    const { message, job } = await house.picture({ prompt: 'a secret heart' });
    const file = path.join(house.dataDir, house.store.pictures(job.id)[0]!.path);
    const asked = await answer(await run('privacy forget'));
    expect(textOf(asked)).toContain('1 picture');
    await alice().click(asked.id, 'Keep it');
    expect(house.store.get(job.id)?.request.prompt).toBe('a secret heart');
    const again = await answer(await run('privacy forget'));
    await alice().click(again.id, 'Erase everything');
    await eventually(() => house.store.get(job.id)?.request.prompt === '');
    await eventually(() => house.posts().every((post) => post.id !== message.id));
    await expect(stat(file)).rejects.toThrow('ENOENT');
    expect(house.used(house.alice)).toBe(1);
    expect(textOf(await answer(await run('history')))).toContain('Try /imagine');
  });
});

describe('/verify', () => {
  test('makes the same again and says that every pixel agrees', async () => {
    const { job } = await house.picture({ count: 2, seed: 7 });
    await run('verify', { id: job.id });
    const { message, job: made } = await house.jobIn('delivered', house.alice, (one) => one.kind === 'verify');
    expect(made.request).toEqual(job.request);
    expect(textOf(message)).toContain('every pixel of all 2 pictures is the same');
    expect(filesOf(message)).toEqual([]);
    expect(textOf(await answer(await run('history')))).not.toContain(made.id);
  });

  test('tells how much differs where it does', async () => {
    const { job } = await house.picture({ seed: 7 });
    house.worker.shift = 3;
    const more = await alice().click(job.messageId!, 'More');
    await alice().click(more.message!.id, 'Verify');
    const { message } = await house.jobIn('delivered', house.alice, (one) => one.kind === 'verify');
    expect(textOf(message)).toContain('picture 1: 100.00% of the pixels differ, by at most 3 of 255');
  });
});

describe('several requests from one text', () => {
  test('are shown with their cost and made only after a yes', async () => {
    const asked = await answer(await run('imagine', { prompt: '{red, blue} fox --count 2', seed: 5 }));
    expect(textOf(asked)).toContain('2 requests with 4 pictures in all');
    expect(textOf(asked)).toContain('You have 50 of 50 left today.');
    expect(house.newest()).toBeUndefined();
    await alice().click(asked.id, 'Make all 2');
    await eventually(() => house.store.list({ userId: house.alice, states: ['delivered'], limit: 9 }).length === 2);
    const made = house.store
      .list({ userId: house.alice, limit: 9 })
      .map(({ request }) => [request.prompt, request.seed]);
    expect(made).toEqual([
      ['blue fox', 5],
      ['red fox', 5],
    ]);
    expect(house.posts()).toHaveLength(2);
  });

  test('a no makes nothing, and a second yes neither', async () => {
    const asked = await answer(await run('imagine', { prompt: 'a fox --repeat 3', seed: 5 }));
    const yes = partsOf(asked).find((part) => part.label === 'Make all 3')!.custom_id!;
    await alice().click(asked.id, 'Cancel');
    await eventually(() =>
      house.emulator.view(house.channelId, house.alice).some((one) => textOf(one) === 'All right, nothing is made.'),
    );
    expect(house.newest()).toBeUndefined();
    const again = await answer(await run('imagine', { prompt: 'a fox --repeat 3', seed: 5 }));
    await alice().click(again.id, 'Make all 3');
    await eventually(() => house.store.list({ userId: house.alice, states: ['delivered'], limit: 9 }).length === 3);
    expect(house.store.list({ userId: house.alice, limit: 9 }).map(({ request }) => request.seed)).toEqual([7, 6, 5]);
    expect(yes).not.toBe('');
  });

  test('too many are refused with the number, wrong ones before anything is asked', async () => {
    const many = await run('imagine', { prompt: '{a,b}{a,b}{a,b}{a,b}{a,b}' });
    expect(textOf(many.message)).toContain('at most 16');
    const wrong = await answer(await run('imagine', { prompt: 'x --steps {1, 999}' }), (one) => textOf(one) !== '');
    expect(textOf(wrong)).toContain('found 999');
    expect(house.newest()).toBeUndefined();
  });
});

describe('replies that ask', () => {
  test.each([
    ['seed', 'Seed: `7`, `8`'],
    ['recipe', 'prompt: a red heart'],
    ['u2', 'Picture 2 of'],
    ['u3', 'from 1 to 2'],
    ['undo', 'was not made from another one'],
  ])('%j is answered in the channel', async (said, words) => {
    const { message } = await house.picture({ count: 2, seed: 7 });
    await bob().reply(message.id, said);
    const told = await eventually(() => house.posts().find((post) => post.id !== message.id));
    if (said === 'undo') expect(textOf(told)).toContain('or a moderator');
    else expect(textOf(told)).toContain(words);
    expect(house.newest(house.bob)).toBeUndefined();
  });

  test('undo leads back to the parent, delete takes a picture away, for those who may', async () => {
    const { message, job: parent } = await house.picture();
    await alice().reply(message.id, 'in blue');
    const { message: changed } = await house.jobIn('delivered', house.alice, (one) => one.kind === 'reply');
    await alice().reply(changed.id, 'undo');
    await eventually(() => house.posts().every((post) => post.id !== changed.id));
    await eventually(() => house.posts().some((post) => textOf(post).includes(`You are at \`#${parent.id}\` again`)));
    await bob().reply(message.id, 'delete');
    await eventually(() => house.posts().some((post) => textOf(post).includes('or a moderator')));
    await alice().reply(message.id, 'delete');
    await eventually(() => house.posts().every((post) => post.id !== message.id));
  });

  test('with a picture attached start from it', async () => {
    const { message, job: parent } = await house.picture({ prompt: 'a red heart' });
    const bytes = plainPng({ widthPx: 96, heightPx: 64 }, 9);
    await bob().reply(message.id, 'at night --strength 0.3', {
      files: [{ name: 'a.png', bytes, contentType: 'image/png' }],
    });
    const { job } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ kind: 'variation', parentJobId: parent.id, parentImageIndex: null });
    expect(job.request).toMatchObject({ prompt: 'at night', strength: 0.3 });
    expect(job.request.initImage?.sha256).toHaveLength(64);
  });
});

test('/help is one card with examples, in the language of the person', async () => {
  const hans = house.emulator.addUser('hans', { locale: 'de' });
  house.emulator.addMember(house.guildId, hans.id);
  const shown = await house.emulator.as(hans.id).command(house.channelId, 'help');
  expect(textOf(shown.message)).toContain('ein Leuchtturm im Nebel');
  expect(textOf((await run('help')).message)).toContain('a lighthouse in fog');
});

test('a spoiler is covered', async () => {
  const { message } = await house.picture({ prompt: 'a heart --spoiler' });
  expect(JSON.stringify(message.components)).toContain('"spoiler":true');
});
