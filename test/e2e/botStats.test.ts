// The figures of a server as charts, from end to end: real charts by the process that draws them, in several languages, as cards and as
// embeds; who may see them; and the words that stay when nothing can be drawn.
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ChartRoom } from '../../src/core/charts.ts';
import type { SeenMessage } from '../../src/emulator/views.ts';
import { openPicture } from '../../src/image/loaders.ts';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';

/** A machine at work with other tests draws slowly. */
vi.setConfig({ testTimeout: 240_000 });

let house: House;
afterEach(() => house.close());

type Options = Record<string, string | number | boolean>;
const as = (userId: string) => house.emulator.as(userId);
const isFilled = (message: SeenMessage | undefined) => textOf(message) !== '' && labelsOf(message!).length > 0;
const now = (id: string, userId: string) => house.emulator.view(house.channelId, userId).find((one) => one.id === id);

/** The answer once it is filled. */
async function stats(options: Options = {}, userId = house.owner): Promise<SeenMessage> {
  const { message } = await as(userId).command(house.channelId, 'admin stats', options);
  return eventually(() => isFilled(now(message!.id, userId)) && now(message!.id, userId), 100_000);
}

/** After a button of the period: the same message, changed. */
async function pressed(message: SeenMessage, label: string, heading: string): Promise<SeenMessage> {
  await as(house.owner).click(message.id, label);
  return eventually(() => {
    const shown = now(message.id, house.owner);
    return textOf(shown).includes(heading) && shown;
  }, 100_000);
}

const sizeOf = async (url: string) => {
  const { format, width, height } = await sharp(await (await fetch(url)).arrayBuffer()).metadata();
  return [format, width, height];
};

describe('with charts', () => {
  beforeEach(async () => {
    house = await House.open();
    await house.picture({ count: 2 });
    await house.picture({}, house.bob);
    house.store.noteRefusal(house.guildId, 'quota');
  }, 120_000);

  test('a card has a chart each for days, times and ranks, with words for those who hear it, and other periods', async () => {
    const shown = await stats({ days: 7 });
    expect(shown.ephemeral).toBe(true);
    const files = filesOf(shown);
    expect(files.map(({ filename }) => filename)).toEqual(['stats-days.png', 'stats-times.png', 'stats-ranks.png']);
    expect(await Promise.all(files.map(({ url }) => sizeOf(url)))).toEqual([
      ['png', 1100, 430],
      ['png', 1100, 670],
      ['png', 1100, 386],
    ]);
    expect(files.map(({ description }) => description)).toEqual([
      'Pictures a day (UTC): 0–3',
      expect.stringMatching(/^Wait, at most: half .+ · 9 of 10 .+ · 99 of 100 .+\. Making, at most: half /),
      'Busiest people: 1. 2 · 2. 1. Pictures by model: testmodel 3. Refused requests (1): quota used up 1',
    ]);
    expect(textOf(shown)).toContain('The last 7 days');
    expect(textOf(shown)).toContain('Pictures: 3, for 2 people.');
    expect(textOf(shown)).toContain(`**Busiest people**: 1. <@${house.alice}> 2 · 2. <@${house.bob}> 1`);
    expect(textOf(shown)).not.toContain('█');
    // Each stands alone: several in one gallery would be cut to tiles.
    expect(partsOf(shown).filter((part) => 'items' in part)).toHaveLength(3);
    expect(labelsOf(shown)).toEqual(['7 days', '30 days', '90 days']);
    expect(Buffer.byteLength(JSON.stringify(files))).toBeLessThan(4_000);

    const longer = await pressed(shown, '90 days', 'The last 90 days');
    expect(longer.id).toBe(shown.id);
    expect(filesOf(longer)).toHaveLength(3);
    // What may be opened elsewhere in this process is as it was.
    expect(() => openPicture(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toThrow('SVG');
    await expect(
      sharp(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')).toBuffer(),
    ).rejects.toThrow();
  });

  test.for([
    ['zh-CN', '最近 30 天'],
    ['ru', 'За последние 30 дней'],
    ['ja', '直近 30 日'],
  ] as const)('in %s too', async ([locale, heading]) => {
    const { emulator } = house;
    const manager = emulator.addUser('manager', { locale }).id;
    const role = emulator.addRole(house.guildId, 'managers', { permissions: ['manageGuild'] });
    emulator.addMember(house.guildId, manager, [role.id]);
    const shown = await stats({}, manager);
    expect(textOf(shown)).toContain(heading);
    expect(filesOf(shown)).toHaveLength(3);
  });

  test('a button asks again whether somebody may', async () => {
    const { emulator } = house;
    const role = emulator.addRole(house.guildId, 'managers', { permissions: ['manageGuild'] });
    emulator.addMember(house.guildId, house.alice, [role.id]);
    const shown = await stats({ days: 7 }, house.alice);
    emulator.addMember(house.guildId, house.alice, []);
    const outcome = await as(house.alice).click(shown.id, '30 days');
    expect(textOf(outcome.message)).toContain('Manage Server');
    expect(textOf(now(shown.id, house.alice))).toContain('The last 7 days');
  });

  test('where embeds are preferred each chart has its own', async () => {
    await as(house.owner).command(house.channelId, 'admin look', { kind: 'classic' });
    const shown = await stats({ days: 7 });
    expect(shown.content).toContain('The last 7 days');
    const embeds = shown.embeds as unknown as { image?: { url: string }; url?: string; description?: string }[];
    expect(embeds.map(({ image }) => image?.url.includes('stats-'))).toEqual([true, true, true]);
    expect(embeds.map(({ url }) => url)).toEqual([undefined, undefined, undefined]);
    expect(embeds[2]?.description).toContain('**Busiest people**');
    await pressed(shown, '30 days', 'The last 30 days');
  });

  test('a server where nothing happened says so, without a chart', async () => {
    const { emulator } = house;
    const carol = emulator.addUser('carol').id;
    const theirs = emulator.addGuild('Elsewhere', carol, {}).id;
    const channelId = emulator.addChannel(theirs, 'pictures').id;
    const { message } = await as(carol).command(channelId, 'admin stats', {});
    const shown = await eventually(() => {
      const one = emulator.view(channelId, carol).find(({ id }) => id === message!.id);
      return isFilled(one) && one;
    }, 100_000);
    expect(textOf(shown)).toContain('Nothing was made in these days.');
    expect(filesOf(shown)).toEqual([]);
  });
});

describe('without charts', () => {
  test.for([
    ['there is nobody to draw', null],
    ['counting fails', { draw: () => Promise.reject(new Error('no process')) } as ChartRoom],
  ] as const)('the words are all when %s', async ([, charts]) => {
    house = await House.open({ charts });
    await house.picture({ count: 2 });
    const shown = await stats({ days: 3 });
    expect(filesOf(shown)).toEqual([]);
    expect(textOf(shown)).toContain('**Pictures a day (UTC)**: 0–2\n`▁▁█`');
    expect(textOf(shown)).toContain(`1. <@${house.alice}> 2`);
    await pressed(shown, '7 days', 'The last 7 days');
  });
});
