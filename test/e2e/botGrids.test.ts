// X/Y grids: asked about with their cost, made as one order with one message, each cell a picture like any other afterwards.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome, SeenMessage } from '../../src/emulator/views.ts';
import { DarkroomError } from '../../src/errors.ts';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const bob = () => house.emulator.as(house.bob);
const shown = (outcome: Outcome, who = house.alice, isThere: (one: SeenMessage) => boolean = (one) => !one.loading) =>
  eventually(() => {
    const message = house.emulator.view(house.channelId, who).find((one) => one.id === outcome.message?.id);
    return message !== undefined && isThere(message) && message;
  });
const optionsOf = (message: SeenMessage) => partsOf(message).flatMap((part) => part.options ?? []);
const GRID = { prompt: 'a red heart', across: 'cfg: 3, 5, 7', down: 'sampler: euler, ddim' };

async function ordered(options: Record<string, string> = GRID) {
  const asked = await shown(await alice().command(house.channelId, 'grid', options));
  await alice().click(asked.id, partsOf(asked).find(({ label }) => label?.startsWith('Make all'))!.label!);
}
const sheet = () =>
  eventually(() => {
    const posts = house.posts();
    return posts.find((post) => optionsOf(post).length > 0);
  });

describe('/grid', () => {
  test('asks with count, axes and cost, and makes nothing before the yes', async () => {
    const asked = await shown(await alice().command(house.channelId, 'grid', GRID));
    expect(textOf(asked)).toContain('This makes 6 pictures, 3 across and 2 down');
    expect(textOf(asked)).toContain('You have 50 of 50 left today');
    expect(textOf(asked)).toContain('➡️ **cfg** 3, 5, 7\n⬇️ **sampler** euler, ddim');
    expect(labelsOf(asked)).toEqual(['Make all 6', 'Cancel']);
    expect(house.newest()).toBeUndefined();
    await alice().click(asked.id, 'Cancel');
    expect(house.newest()).toBeUndefined();
  });

  test('gives one message with one sheet, whose cells share the seed and are charged once each', async () => {
    await ordered();
    const post = await sheet();
    expect(house.posts()).toHaveLength(1);
    expect(filesOf(post)).toHaveLength(1);
    expect(filesOf(post)[0]?.description).toBe(
      'Sheet of generated pictures comparing cfg 3, 5, 7 × sampler euler, ddim: a red heart',
    );
    expect(optionsOf(post).map(({ label }) => label)).toEqual([
      '1. cfg 3 · sampler euler',
      '2. cfg 5 · sampler euler',
      '3. cfg 7 · sampler euler',
      '4. cfg 3 · sampler ddim',
      '5. cfg 5 · sampler ddim',
      '6. cfg 7 · sampler ddim',
    ]);
    const requests = house.worker.tasks.map(({ request }) => request);
    expect(new Set(requests.map(({ seed }) => seed)).size).toBe(1);
    expect(new Set(requests.map(({ guidance, sampler }) => `${guidance} ${sampler}`)).size).toBe(6);
    expect(house.used(house.alice)).toBe(6);
    await eventually(() =>
      house.store.list({ userId: house.alice, limit: 10 }).every(({ state }) => state === 'delivered'),
    );
  });

  test('lets anybody in the channel have a cell alone, with everything a picture offers', async () => {
    await ordered();
    const post = await sheet();
    const select = partsOf(post).find((part) => part.options !== undefined)!;
    const chosen = await bob().select(post.id, select.custom_id!, [select.options![4]!.value]);
    const card = await shown(chosen, house.bob);
    expect(textOf(card)).toContain('guidance 5 · ddim');
    await bob().click(card.id, 'Vary a lot');
    const { job } = await house.jobIn('delivered', house.bob);
    expect(job.request).toMatchObject({ guidance: 5, sampler: 'ddim', strength: 0.8 });
  });

  test('tells how far it is, and Cancel ends what is left; made cells stay on the sheet', async () => {
    house.worker.hold();
    await ordered();
    const waiting = await eventually(() => house.posts().find((post) => textOf(post).includes('0 of 6')));
    expect(textOf(waiting)).toContain('cfg 3, 5, 7 × sampler euler, ddim');
    await alice().click(waiting.id, 'Cancel');
    await eventually(() => house.posts().find((post) => textOf(post).includes('Cancelled. Nothing was charged')));
    await eventually(() =>
      house.store.list({ userId: house.alice, limit: 10 }).every(({ state }) => state === 'cancelled'),
    );
    expect(house.used(house.alice)).toBe(0);
  });

  test('leaves the place of a cell that failed empty, gives its cost back and shows the rest', async () => {
    house.worker.failures.push(new DarkroomError('runtime_failed', 'no luck'));
    await ordered();
    const post = await sheet();
    expect(optionsOf(post)).toHaveLength(5);
    expect(house.used(house.alice)).toBe(5);
    await eventually(() => house.store.unsettled().length === 0);
  });

  test('again asks for the same with a new seed', async () => {
    await ordered();
    const post = await sheet();
    const before = house.worker.tasks[0]!.request.seed;
    const asked = await shown(await alice().click(post.id, 'Again'));
    await alice().click(asked.id, 'Make all 6');
    await eventually(() => house.posts().filter((one) => optionsOf(one).length > 0).length === 2);
    expect(house.worker.tasks.at(-1)!.request.seed).not.toBe(before);
    expect(house.worker.tasks.at(-1)!.request.prompt).toBe('a red heart');
  });

  test('is refused whole when the day does not suffice, and with words for a mistake', async () => {
    house.store.setQuota({ userId: house.alice, guildId: house.guildId }, 4, house.owner);
    const asked = await shown(await alice().command(house.channelId, 'grid', GRID));
    await expect(alice().click(asked.id, 'Make all 6')).rejects.toThrow('disabled');
    const wrong = await shown(await alice().command(house.channelId, 'grid', { ...GRID, across: 'speed: 3, 4' }));
    expect(textOf(wrong)).toContain('found speed, expected one of');
    const cell = await shown(await alice().command(house.channelId, 'grid', { ...GRID, across: 'cfg: 3, 99' }));
    expect(textOf(cell)).toContain('guidance: found 99, expected a number from 0 to 30');
  });

  test('counts as one of the requests somebody may have waiting', async () => {
    house.worker.hold();
    await ordered({ prompt: 'a heart', across: 'seed: 1, 2, 3, 4, 5, 6', down: 'cfg: 3, 5' });
    await eventually(() => house.store.list({ userId: house.alice, limit: 20 }).length === 12);
    await alice().command(house.channelId, 'imagine', { prompt: 'one more' });
    await eventually(() => house.newest()?.request.prompt === 'one more');
    house.worker.release();
    await sheet();
  });

  test('suggests what can be compared, from the model in use', async () => {
    const { choices } = await alice().autocomplete(house.channelId, 'grid', 'across', '');
    const values = choices!.map(({ value }) => value);
    expect(values).toContain('cfg: 2, 3, 4, 6, 8');
    expect(values).toContain('style: flat, noto');
    expect((await alice().autocomplete(house.channelId, 'grid', 'down', 'ste')).choices).toHaveLength(1);
  });

  test('works as flags of /imagine too, and keeps private words off the sheet', async () => {
    const prompt = 'a red heart --private --x words: red, blue --steps 5';
    const asked = await shown(await alice().command(house.channelId, 'imagine', { prompt }));
    await alice().click(asked.id, 'Make all 2');
    const post = await sheet();
    expect(JSON.stringify(post)).not.toContain('red');
    expect(optionsOf(post).map(({ label }) => label)).toEqual(['1. 1', '2. 2']);
    expect(house.worker.tasks.map(({ request }) => request.prompt)).toEqual(['a red heart', 'a blue heart']);
  });

  test('survives a restart in the middle: one message, all cells once', async () => {
    house.worker.hold();
    await ordered();
    await eventually(() => house.posts().find((post) => textOf(post).includes('of 6')));
    await house.stopBot();
    house.worker.release();
    await house.startBot();
    await sheet();
    expect(house.posts()).toHaveLength(1);
    expect(house.used(house.alice)).toBe(6);
  });

  test('is forgotten with its owner', async () => {
    await ordered();
    await sheet();
    const lead = house.store.list({ userId: house.alice, limit: 10 }).at(-1)!;
    const file = path.join(house.dataDir, 'thumbnails', `sheet-${lead.id}.png`);
    expect((await stat(file)).isFile()).toBe(true);
    await eventually(() => house.store.unsettled().length === 0);
    const ask = await shown(await alice().command(house.channelId, 'privacy forget'));
    await alice().click(ask.id, 'Erase everything');
    await eventually(
      () =>
        stat(file).then(
          () => false,
          () => true,
        ) as never,
    );
    await eventually(() => house.posts().length === 0);
    expect(JSON.stringify(house.store.sheetOf(lead.id))).not.toContain('heart');
  });
});

describe('a reply to a sheet', () => {
  const told = (text: string) => eventually(() => house.posts().find((post) => textOf(post).includes(text)));
  /** The fifth cell: guidance 5, ddim. */
  const replied = async (text: string) => {
    const post = await sheet();
    await eventually(() => house.store.unsettled().length === 0);
    await bob().reply(post.id, text);
    return house.jobIn('delivered', house.bob);
  };

  test.each([
    ['5', { prompt: 'a red heart', guidance: 5, sampler: 'ddim' }],
    ['v5', { prompt: 'a red heart', guidance: 5, sampler: 'ddim' }],
    ['5 more fog', { prompt: 'a red heart, more fog', guidance: 5, sampler: 'ddim' }],
    ['5 --steps 9', { prompt: 'a red heart', guidance: 5, sampler: 'ddim', steps: 9 }],
    ['again 5', { prompt: 'a red heart', guidance: 5, sampler: 'ddim', initImage: null }],
    ['#3 in blue', { prompt: 'a red heart, blue', guidance: 7, sampler: 'euler' }],
  ])('“%s” means that cell', async (text, request) => {
    await ordered();
    const { job } = await replied(text);
    expect(job.request).toMatchObject(request);
    const cells = house.store.sheetOf(house.store.byMessage((await sheet()).id)!.id)!.jobIds;
    expect(job.parentJobId).toBe(cells[text.includes('3') ? 2 : 4]);
  });

  test('starts from the very pixels of the cell', async () => {
    await ordered({ prompt: 'a red heart', across: 'seed: 10, 20, 30' });
    const { job } = await replied('v3');
    const third = house.store.get(house.store.sheetOf(job.parentJobId!)!.jobIds[2]!)!;
    expect(third.request.seed).toBe(30);
    expect(job.request.initImage?.sha256).toBe(house.store.pictures(third.id)[0]?.sha256);
  });

  test('“u3”, “recipe 3” and “seed 3” tell of that cell', async () => {
    await ordered({ prompt: 'a red heart', across: 'seed: 10, 20, 30' });
    const post = await sheet();
    const { jobIds } = house.store.sheetOf(house.store.byMessage(post.id)!.id)!;
    await bob().reply(post.id, 'u3');
    await told(`Picture 1 of \`#${jobIds[2]}\``);
    await bob().reply(post.id, 'recipe 3');
    await told(`Recipe of \`#${jobIds[2]}\``);
    await bob().reply(post.id, 'seed 3');
    await told('Seed: `30`');
    await bob().reply(post.id, 'seed');
    await told('Seed: `10`, `20`, `30`');
  });

  test.each(['more fog', 'recipe', '--steps 9'])('“%s” is asked which picture it means', async (text) => {
    await ordered();
    await bob().reply((await sheet()).id, text);
    await told('Which picture? Begin with its number, 1 to 6');
    expect(house.newest(house.bob)).toBeUndefined();
  });

  test('a picture handed in with a number is drawn over with that cell’s settings', async () => {
    await ordered();
    const post = await sheet();
    const file = { name: 'p.png', bytes: plainPng({ widthPx: 64, heightPx: 96 }, 9), contentType: 'image/png' };
    await bob().reply(post.id, 'a fox', { files: [file] });
    await told('Which picture?');
    await bob().reply(post.id, '5 a fox', { files: [file] });
    const { job } = await house.jobIn('delivered', house.bob);
    expect(job.request).toMatchObject({ prompt: 'a fox', guidance: 5, sampler: 'ddim' });
    expect(job.request.initImage).not.toBeNull();
  });

  test('a number there is not, a cell that failed, and one that cannot go alone are told in words', async () => {
    house.worker.failures.push(new DarkroomError('runtime_failed', 'no luck'));
    await ordered();
    const post = await sheet();
    await eventually(() => house.store.unsettled().length === 0);
    await bob().reply(post.id, 'v7');
    await told('found 7, expected a whole number from 1 to 6');
    await bob().reply(post.id, 'v1');
    await told('Picture 1 of this sheet was not made');
    await alice().reply(post.id, '2 delete');
    await told('cannot be taken off a sheet');
    await bob().reply(post.id, 'delete');
    await told('Only the person who asked for it');
    await alice().reply(post.id, 'delete');
    await eventually(() => !house.posts().some(({ id }) => id === post.id));
  });

  test('“again” asks for the whole sheet with a new seed, of the one who said it', async () => {
    await ordered();
    const post = await sheet();
    const before = house.worker.tasks[0]!.request.seed;
    await bob().reply(post.id, 'again');
    const asked = await eventually(() => house.posts().find((post) => labelsOf(post).includes('Make all 6')));
    const refused = await alice().click(asked.id, 'Make all 6');
    expect(textOf(refused.message)).toBe(`Only <@${house.bob}> can answer this.`);
    await bob().click(asked.id, 'Make all 6');
    await eventually(() => house.posts().filter((one) => optionsOf(one).length > 0).length === 2);
    expect(house.posts().some(({ id }) => id === asked.id)).toBe(false);
    expect(house.worker.tasks.at(-1)!.request.seed).not.toBe(before);
    expect(house.used(house.bob)).toBe(6);
  });
});

describe('the menus of a sheet', () => {
  test('Vary and Use as source ask for the cell; Recipe lets people choose one', async () => {
    await ordered();
    const post = await sheet();
    const { jobIds } = house.store.sheetOf(house.store.byMessage(post.id)!.id)!;
    const form = await bob().messageMenu(post.id, 'Vary this picture');
    await bob().submit(form.interactionId, { picture: '5' });
    const { job } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ parentJobId: jobIds[4], request: { guidance: 5, sampler: 'ddim' } });
    const source = await bob().messageMenu(post.id, 'Use as source');
    await bob().submit(source.interactionId, { picture: '6', prompt: 'a fox' });
    const { job: over } = await house.jobIn('delivered', house.bob, ({ id }) => id !== job.id);
    expect(over.request.initImage?.sha256).toBe(house.store.pictures(jobIds[5]!)[0]?.sha256);
    const recipes = await shown(await bob().messageMenu(post.id, 'Recipe'), house.bob);
    expect(optionsOf(recipes)).toHaveLength(6);
  });
});
