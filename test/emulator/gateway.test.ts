// The gateway as discord.js lives on it: intents, blanked content, and every way a connection can go wrong.
import { Client, Events, GatewayIntentBits, type Message, Partials } from 'discord.js';
import { afterEach, describe, expect, test } from 'vitest';
import { type BotStage, logIn, makeBotStage, makeStage, type Stage, UNPRIVILEGED } from '../support/emulatorBot.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function botStage(...args: Parameters<typeof makeBotStage>): Promise<BotStage> {
  const stage = await makeBotStage(...args);
  closers.push(stage.close);
  return stage;
}

async function bareStage(...args: Parameters<typeof makeStage>): Promise<Stage> {
  const stage = await makeStage(...args);
  closers.push(stage.close);
  return stage;
}

const nextMessage = (client: Client) =>
  new Promise<Message>((resolve) =>
    client.on(Events.MessageCreate, (message) => !message.author.bot && resolve(message)),
  );
const sessionIs = (stage: Stage, state: string) =>
  new Promise<void>((resolve) => {
    const stop = stage.emulator.watch((change) => {
      if (change.type !== 'session' || change.state !== state) return;
      stop();
      resolve();
    });
  });

describe('message content without the intent', () => {
  const cases: readonly [string, (stage: BotStage) => Promise<unknown>, string][] = [
    ['is blank in a guild', (stage) => stage.emulator.as(stage.ben).say(stage.channelId, 'secret'), ''],
    [
      'is there when the app is mentioned',
      (stage) => stage.emulator.as(stage.ben).say(stage.channelId, `hi <@${stage.client.user.id}>`),
      'hi',
    ],
    ['is there in a DM', (stage) => stage.emulator.as(stage.ben).say(stage.emulator.as(stage.ben).dm(), 'hi'), 'hi'],
  ];
  test.each(cases)('%s', async (_name, act, start) => {
    // Without the partial discord.js drops messages of DMs it has not met before.
    const stage = await botStage({}, { partials: [Partials.Channel] });
    const heard = nextMessage(stage.client);
    await act(stage);
    const { content } = await heard;
    expect(start === '' ? content === '' : content.startsWith(start)).toBe(true);
  });

  test('of a reply depends on its ping, and an interaction’s answer is never pinged', async () => {
    const stage = await botStage();
    const channel = stage.client.channels.cache.get(stage.channelId);
    if (!channel?.isSendable()) throw new Error('no channel');
    const target = await channel.send('result');
    const heardAfter = async (act: () => Promise<unknown>) => {
      const heard = nextMessage(stage.client);
      await act();
      return (await heard).content;
    };
    const ben = stage.emulator.as(stage.ben);
    expect(await heardAfter(() => ben.reply(target.id, 'in blue'))).toBe('in blue');
    expect(await heardAfter(() => ben.reply(target.id, 'in blue', { ping: false }))).toBe('');
    await stage.client.application.commands.set([{ name: 'go', description: 'd' }]);
    stage.client.once(
      Events.InteractionCreate,
      (interaction) => interaction.isRepliable() && void interaction.reply('answer'),
    );
    const answer = await ben.command(stage.channelId, 'go');
    expect(await heardAfter(() => ben.reply(answer.message!.id, 'in blue'))).toBe('');
  });

  test('is blank by REST too, attachments included', async () => {
    const stage = await botStage();
    const said = await stage.emulator
      .as(stage.ben)
      .upload(stage.channelId, [{ name: 'a.txt', bytes: Buffer.from('a') }], 'secret');
    const channel = stage.client.channels.cache.get(stage.channelId);
    if (!channel?.isTextBased()) throw new Error('no channel');
    const fetched = await channel.messages.fetch({ message: said.id, force: true });
    expect([fetched.content, fetched.attachments.size]).toEqual(['', 0]);
  });

  test('is there with the intent', async () => {
    const intents = [...UNPRIVILEGED, GatewayIntentBits.MessageContent];
    const stage = await botStage(
      { privileged: { messageContent: true, guildMembers: false, presences: false } },
      { intents },
    );
    const heard = nextMessage(stage.client);
    await stage.emulator.as(stage.ben).say(stage.channelId, 'open');
    expect((await heard).content).toBe('open');
  });
});

test('events whose intent is missing do not arrive', async () => {
  const stage = await botStage({}, { intents: [GatewayIntentBits.Guilds] });
  await stage.emulator.as(stage.ben).say(stage.channelId, 'x');
  const names = stage.emulator.gateway.heardEvents.map((event) => event.name);
  expect(names).toEqual(['READY', 'GUILD_CREATE']);
});

test('a channel the bot does not see sends it nothing', async () => {
  const stage = await botStage();
  stage.emulator.setOverwrite(stage.channelId, stage.client.user.id, 'member', { deny: ['viewChannel'] });
  await stage.emulator.as(stage.ben).say(stage.channelId, 'x');
  expect(stage.emulator.gateway.heardEvents.map((event) => event.name)).not.toContain('MESSAGE_CREATE');
});

describe('refused log-ins close with', () => {
  test.each([
    ['4004 for a wrong token', 'wrong', UNPRIVILEGED, 4004],
    ['4014 for a privileged intent that is off', undefined, [GatewayIntentBits.MessageContent], 4014],
  ] as const)('%s', async (_name, token, intents, code) => {
    const stage = await bareStage();
    // A wrong token is met at GET /gateway/bot already; the gateway's own answer is looked at here.
    const client = new Client({ intents: [...intents], rest: { api: stage.emulator.apiUrl } });
    const closed = new Promise<number>((resolve, reject) => {
      client.on(Events.ShardDisconnect, (event) => resolve(event.code));
      client.on(Events.Error, () => {});
      client
        .login(token ?? stage.emulator.token)
        .catch((error: Error & { status?: number }) =>
          error.message.includes('token') ? resolve(4004) : reject(error),
        );
    });
    expect(await closed).toBe(code);
    await client.destroy();
  });
});

describe('a connection', () => {
  test('cut is resumed, and what was missed arrives once', async () => {
    const stage = await botStage();
    const resumed = sessionIs(stage, 'resumed');
    const heard: string[] = [];
    stage.client.on(Events.MessageCreate, (message) => heard.push(message.content));
    stage.emulator.gateway.drop();
    await sessionIs(stage, 'closed');
    await stage.emulator.as(stage.ben).say(stage.channelId, `<@${stage.client.user.id}> missed`);
    await resumed;
    const last = nextMessage(stage.client);
    await stage.emulator.as(stage.ben).say(stage.channelId, `<@${stage.client.user.id}> later`);
    await last;
    expect(heard.map((content) => content.split(' ')[1])).toEqual(['missed', 'later']);
    expect(stage.emulator.gateway).toMatchObject({ identifies: 1, resumes: 1 });
  });

  test('asked to reconnect (op 7) resumes', async () => {
    const stage = await botStage();
    const resumed = sessionIs(stage, 'resumed');
    stage.emulator.gateway.askToReconnect();
    await resumed;
    expect(stage.emulator.gateway).toMatchObject({ identifies: 1, resumes: 1 });
  });

  // discord.js waits five seconds between two IDENTIFYs.
  const hasty = { ws: { buildIdentifyThrottler: async () => ({ waitForIdentify: async () => {} }) } };
  const readyAgain = (client: Client) => new Promise((resolve) => client.once(Events.ShardReady, resolve));

  test('whose session is invalid (op 9) identifies anew', async () => {
    const stage = await botStage({}, hasty);
    const ready = readyAgain(stage.client);
    stage.emulator.gateway.invalidate(false);
    await ready;
    expect(stage.emulator.gateway.identifies).toBe(2);
  });

  test('without heartbeat answers is given up and resumed', async () => {
    const stage = await botStage({ heartbeatIntervalMs: 100 });
    const resumed = sessionIs(stage, 'resumed');
    stage.emulator.gateway.setAcks(false);
    await resumed;
    stage.emulator.gateway.setAcks(true);
    expect(stage.emulator.gateway.identifies).toBe(1);
  });

  test('gone too long cannot be resumed', async () => {
    const stage = await bareStage();
    const client = await logIn(stage, hasty);
    closers.push(() => client.destroy());
    const ready = readyAgain(client);
    stage.emulator.gateway.drop();
    await sessionIs(stage, 'closed');
    stage.emulator.advance(10 * 60_000);
    await ready;
    expect(stage.emulator.gateway.identifies).toBe(2);
  });
});

describe('events', () => {
  test('can come twice, be lost, or be repeated', async () => {
    const stage = await botStage();
    const heard: string[] = [];
    // Raw, for discord.js itself drops a message it has in its cache.
    stage.client.on(Events.Raw, (event: { t: string | null; d: { id: string } }) => {
      if (event.t === 'MESSAGE_CREATE') heard.push(event.d.id);
    });
    const ben = stage.emulator.as(stage.ben);
    stage.emulator.gateway.duplicateNext('MESSAGE_CREATE');
    const twice = await ben.say(stage.channelId, 'twice');
    stage.emulator.gateway.swallowNext('MESSAGE_CREATE');
    await ben.say(stage.channelId, 'lost');
    const last = await ben.say(stage.channelId, 'last');
    expect(stage.emulator.gateway.replayLast('MESSAGE_CREATE')).toBe(true);
    const marker = new Promise((resolve) => stage.client.once(Events.TypingStart, resolve));
    stage.emulator.gateway.dispatchRaw('TYPING_START', {
      channel_id: stage.channelId,
      user_id: stage.ben,
      timestamp: 0,
    });
    await marker;
    expect(heard).toEqual([twice.id, twice.id, last.id, last.id]);
  });

  test('tell of edits, deletions, reactions and new channels', async () => {
    const stage = await botStage();
    const heard: string[] = [];
    const note = (name: string) => () => void heard.push(name);
    stage.client.on(Events.MessageUpdate, note('edit')).on(Events.MessageReactionAdd, note('react'));
    stage.client.on(Events.MessageReactionRemove, note('unreact')).on(Events.ChannelCreate, note('channel'));
    const deleted = new Promise((resolve) => stage.client.once(Events.MessageDelete, resolve));
    const ben = stage.emulator.as(stage.ben);
    const message = await ben.say(stage.channelId, 'x');
    await ben.edit(message.id, 'y');
    await ben.react(message.id, '❤️');
    await ben.unreact(message.id, '❤️');
    stage.emulator.addChannel(stage.guildId, 'new');
    await ben.delete(message.id);
    await deleted;
    expect(heard).toEqual(['edit', 'react', 'unreact', 'channel']);
  });

  test('presence updates of the app are heard', async () => {
    const stage = await botStage();
    stage.client.user.setPresence({ status: 'idle', activities: [{ name: 'developing' }] });
    await stage.emulator.until(() => stage.emulator.gateway.presence?.status === 'idle');
    expect(stage.emulator.gateway.presence).toMatchObject({ activities: [{ name: 'developing' }] });
  });

  test('members can be asked for', async () => {
    const stage = await botStage(
      { privileged: { messageContent: false, guildMembers: true, presences: false } },
      { intents: [...UNPRIVILEGED, GatewayIntentBits.GuildMembers] },
    );
    const members = await stage.client.guilds.cache.get(stage.guildId)!.members.fetch();
    expect([...members.values()].map((member) => member.user.username).sort()).toEqual(['anna', 'ben', 'darkroom']);
  });
});
