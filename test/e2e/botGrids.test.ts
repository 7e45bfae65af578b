// X/Y grids: asked about with their cost, made as one order with one message, each cell a picture like any other afterwards.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome, SeenMessage } from '../../src/emulator/views.ts';
import { DarkroomError } from '../../src/errors.ts';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';

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
      'cfg 3 · sampler euler',
      'cfg 5 · sampler euler',
      'cfg 7 · sampler euler',
      'cfg 3 · sampler ddim',
      'cfg 5 · sampler ddim',
      'cfg 7 · sampler ddim',
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
    expect(optionsOf(post).map(({ label }) => label)).toEqual(['1', '2']);
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
