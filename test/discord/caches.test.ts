// What discord.js holds on to while people come and go: a bot that runs for months meets more of them than its memory has room for.
import { Events, type Message } from 'discord.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SMALL_CACHES } from '../../src/discord/caches.ts';
import { type BotStage, makeBotStage } from '../support/emulatorBot.ts';

const PEOPLE = 230;

let stage: BotStage;
beforeAll(async () => {
  stage = await makeBotStage({ botPermissions: ['manageMessages'] }, SMALL_CACHES);
});
afterAll(() => stage.close());

test('people who write are forgotten again, the bot and its rights are not', async () => {
  const { client, emulator, guildId, channelId } = stage;
  const heard: Message[] = [];
  client.on(Events.MessageCreate, (message) => heard.push(message));
  for (let n = 0; n < PEOPLE; n += 1) {
    const { id } = emulator.addUser(`person${n}`);
    emulator.addMember(guildId, id);
    await emulator.as(id).say(channelId, 'hello');
  }
  await expect.poll(() => heard.length, { timeout: 30_000 }).toBe(PEOPLE);
  const guild = client.guilds.cache.get(guildId)!;
  expect([guild.members.cache.size, client.users.cache.size]).toEqual([200, 200]);
  expect(guild.members.me?.permissions.has('ManageMessages')).toBe(true);
  // The newest are those an event may still speak of, and an event keeps whom it speaks of.
  expect(guild.members.cache.has(heard.at(-1)!.author.id)).toBe(true);
  expect([guild.members.cache.has(heard[0]!.author.id), heard[0]!.author.username]).toEqual([false, 'person0']);
});

test('neither messages nor the routes of single interactions are kept', async () => {
  const { client, channelId } = stage;
  const channel = client.channels.cache.get(channelId);
  expect(channel?.isTextBased() && channel.messages.cache.size).toBe(0);
  expect(client.rest.options.handlerSweepInterval).toBeLessThanOrEqual(600_000);
});
