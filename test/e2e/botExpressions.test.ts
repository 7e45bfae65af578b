// "Add to this server": emojis and stickers by those who may, with Discord's rules and its full slots.
import { afterEach, expect, test } from 'vitest';
import { eventually, House, textOf } from './house.ts';

let house: House;
afterEach(() => house.close());

/** @param botMay whether the bot has the right there */
async function open(botMay = true): Promise<void> {
  house = await House.open();
  const { world } = house.emulator;
  const guild = world.guilds.get(house.guildId)!;
  const role = [...guild.roles.values()].find(({ name }) => name === world.bot.username)!;
  if (botMay) role.permissions |= 1n << 43n;
  world.announce({ type: 'roleUpdated', guild, role });
}

const owner = () => house.emulator.as(house.owner);
const made = () => house.emulator.world.expressions;

async function form(who = house.owner) {
  const { message } = await house.picture({ prompt: 'A Red ❤ Heart!' });
  const more = await house.emulator.as(who).click(message.id, 'More');
  return house.emulator.as(who).click(more.message!.id, 'Add to this server');
}

const answer = (id: string | undefined, who = house.owner) =>
  eventually(() => {
    const shown = house.emulator.view(house.channelId, who).find((one) => one.id === id);
    return shown !== undefined && !shown.loading && textOf(shown);
  });

test('a picture becomes an emoji under the name from its prompt, and a sticker under another', async () => {
  await open();
  const opened = await form();
  expect(JSON.stringify(opened.modal)).toContain('a_red_heart');
  const done = await owner().submit(opened.interactionId, { kind: ['emoji'], background: ['cut'] });
  const [emoji] = await eventually(() => made().length === 1 && made());
  expect(await answer(done.message?.id)).toBe(`Added: <:a_red_heart:${emoji!.id}> \`:a_red_heart:\``);
  expect(emoji).toMatchObject({ kind: 'emoji', guildId: house.guildId, name: 'a_red_heart' });
  const again = await form();
  const stuck = await owner().submit(again.interactionId, { name: 'hearty', kind: ['sticker'], background: ['keep'] });
  expect(await answer(stuck.message?.id)).toContain('The sticker **hearty** is added');
  expect(made()[1]).toMatchObject({ kind: 'sticker', name: 'hearty' });
});

test('whoever may not, and a bot that may not, are told before anything is asked', async () => {
  await open(false);
  const { message } = await house.picture();
  const press = async (who: string) => {
    const more = await house.emulator.as(who).click(message.id, 'More');
    return textOf((await house.emulator.as(who).click(more.message!.id, 'Add to this server')).message);
  };
  expect(await press(house.bob)).toContain('You need the permission');
  expect(await press(house.owner)).toContain('I need the permission');
  expect(made()).toEqual([]);
});

test('bad names are refused, and full slots told as such', async () => {
  await open();
  const opened = await form();
  const wrong = await owner().submit(opened.interactionId, { name: 'no spaces', kind: ['emoji'], background: ['cut'] });
  expect(textOf(wrong.message)).toContain('2 to 30 letters');
  for (let slot = 0; slot < 5; slot += 1) {
    made().push({ id: String(slot), kind: 'sticker', guildId: house.guildId, name: 'taken', bytes: Buffer.alloc(1) });
  }
  const full = await form();
  const told = await owner().submit(full.interactionId, { name: 'one_more', kind: ['sticker'], background: ['cut'] });
  expect(await answer(told.message?.id)).toContain('no free place for a sticker');
});
