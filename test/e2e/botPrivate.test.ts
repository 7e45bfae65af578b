// Where the bot is no member: installed by a person and used in their own messages with somebody else. Only the interaction's token answers
// there, for fifteen minutes.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, filesOf, House, labelsOf, textOf } from './house.ts';

let house: House;
let between = '';
beforeEach(async () => {
  house = await House.open();
  between = house.emulator.world.dmBetween(house.alice, house.bob).id;
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const seen = (who = house.bob, channelId = between) => house.emulator.view(channelId, who);
const pictured = (isIt: (id: string) => boolean = () => true, who = house.bob) =>
  eventually(() => seen(who).find((one) => isIt(one.id) && filesOf(one).length > 0 && labelsOf(one).includes('Again')));
const botCalls = () =>
  house.emulator.calls.filter(({ route, method }) => method !== 'GET' && route?.startsWith('/channels/') === true);

describe('between two people', () => {
  test('/imagine answers in the open with the token alone, waiting first, then the picture', async () => {
    house.worker.hold();
    await alice().command(between, 'imagine', { prompt: 'a red heart' });
    const waiting = await eventually(() => seen().find((one) => textOf(one).includes('a red heart')));
    house.worker.release();
    const shown = await pictured((id) => id === waiting.id);
    expect(textOf(shown)).toContain('a red heart');
    expect(house.newest()).toMatchObject({ guildId: null, channelId: between });
    await eventually(() => house.newest()?.state === 'delivered');
    expect(botCalls()).toEqual([]);
  });

  test('buttons work for the other one too, each with a token of its own', async () => {
    await alice().command(between, 'imagine', { prompt: 'a red heart' });
    const first = await pictured();
    await house.emulator.as(house.bob).click(first.id, 'Vary a little');
    const varied = await pictured((id) => id !== first.id);
    expect(varied.id).not.toBe(first.id);
    const { job } = await house.jobIn('delivered', house.bob);
    expect(job).toMatchObject({ kind: 'variation', userId: house.bob });
    const opened = await alice().click(first.id, 'Edit prompt');
    await alice().submit(opened.interactionId, { prompt: 'a blue heart' });
    await eventually(() => seen().find((one) => textOf(one).includes('a blue heart') && filesOf(one).length > 0));
    expect(botCalls()).toEqual([]);
  });

  test('a grid, and several requests, come by the token as well', async () => {
    const asked = await alice().command(between, 'grid', { prompt: 'a fox', across: 'cfg: 3, 5' });
    const card = await eventually(() => {
      const one = seen(house.alice).find(({ id }) => id === asked.message?.id);
      return one !== undefined && labelsOf(one).includes('Make all 2') && one;
    });
    await alice().click(card.id, 'Make all 2');
    await eventually(() => seen().find((one) => filesOf(one)[0]?.filename.includes('sheet') === true));
    expect(botCalls()).toEqual([]);
  });

  test('what outlasts the token is brought to the person by a direct message', async () => {
    house.worker.hold();
    await alice().command(between, 'imagine', { prompt: 'a slow heart' });
    await eventually(() => seen().find((one) => textOf(one).includes('a slow heart')));
    house.emulator.advance(16 * 60_000);
    house.worker.release();
    const dm = alice().dm();
    const brought = await eventually(() => seen(house.alice, dm).find((one) => filesOf(one).length > 0));
    expect(textOf(brought)).toContain('a slow heart');
    await eventually(() => house.newest()?.state === 'delivered');
  });

  test('commands about a server are not offered, private answers stay private', async () => {
    await expect(alice().command(between, 'admin look', { kind: 'card' })).rejects.toThrow('offers no such command');
    const quota = await alice().command(between, 'quota');
    expect(textOf(quota.message)).toContain('today');
    expect(seen(house.bob)).toEqual([]);
  });
});

test('with the bot alone, its direct messages are ordinary ones', async () => {
  const dm = alice().dm();
  await alice().command(dm, 'imagine', { prompt: 'a private heart' });
  const shown = await eventually(() => seen(house.alice, dm).find((one) => filesOf(one).length > 0));
  await alice().reply(shown.id, 'in blue');
  const { job } = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'reply');
  expect(job.request.prompt).toBe('a private heart, blue');
});
