// The controls over HTTP, as the page and another process use them.
import http from 'node:http';
import { Events } from 'discord.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BotStage, makeBotStage } from '../support/emulatorBot.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await makeBotStage();
  await stage.client.application.commands.set([
    {
      name: 'echo',
      description: 'd',
      options: [
        { type: 3, name: 'text', description: 'd', autocomplete: true },
        { type: 11, name: 'file', description: 'd' },
      ],
    },
  ]);
  stage.client.on(Events.InteractionCreate, async (interaction) => {
    if (interaction.isAutocomplete()) await interaction.respond([{ name: 'x', value: 'x' }]);
    if (!interaction.isChatInputCommand()) return;
    const file = interaction.options.getAttachment('file');
    await interaction.reply({ content: `${interaction.options.getString('text')} ${file?.name}`, flags: 64 });
  });
});
afterAll(() => stage.close());

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${stage.emulator.origin}/_control/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // Answers come in every shape; the tests look into them.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  return { status: response.status, body: (await response.json()) as any };
}

describe('looking', () => {
  test('state names the app, people, guilds and channels', async () => {
    const { body } = await call('GET', 'state');
    expect(body).toMatchObject({
      application: { id: stage.client.user.id, user: { username: 'darkroom' } },
      online: true,
      guilds: [
        { id: stage.guildId, ownerId: stage.anna, channels: [{ id: stage.channelId, name: 'pictures', kind: 'text' }] },
      ],
    });
    expect(body.users.map((user: { username: string }) => user.username)).toEqual(['darkroom', 'anna', 'ben']);
  });

  test('commands come as Discord describes them', async () => {
    const { body } = await call('GET', `commands?channel=${stage.channelId}&user=${stage.ben}`);
    expect(body).toMatchObject([
      {
        name: 'echo',
        type: 1,
        options: [
          { name: 'text', autocomplete: true },
          { name: 'file', type: 11 },
        ],
      },
    ]);
  });
});

describe('acting', () => {
  const as = (action: string, body: object) => call('POST', `as/${stage.ben}/${action}`, body);

  test('a command with an uploaded file', async () => {
    const upload = await fetch(`${stage.emulator.origin}/_control/uploads?name=cat.png`, {
      method: 'POST',
      body: new Uint8Array([1, 2, 3]),
    });
    const { id } = (await upload.json()) as { id: string };
    const options = { text: 'hi', file: id };
    expect((await as('command', { channelId: stage.channelId, name: 'echo', options })).body).toMatchObject({
      kind: 'message',
      message: { content: 'hi cat.png', ephemeral: true },
    });
    expect(await as('command', { channelId: stage.channelId, name: 'echo', options })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('used once') },
    });
  });

  test('autocomplete', async () => {
    const { body } = await as('autocomplete', {
      channelId: stage.channelId,
      name: 'echo',
      focused: 'text',
      value: '',
      options: {},
    });
    expect(body).toMatchObject({ kind: 'choices', choices: [{ name: 'x', value: 'x' }] });
  });

  test('messages: say, reply, edit, react, delete', async () => {
    const said = (await as('say', { channelId: stage.channelId, text: 'one' })).body;
    const reply = (await as('reply', { messageId: said.id, text: 'two', ping: false })).body;
    expect(reply).toMatchObject({ content: 'two', referenced_message: { id: said.id }, mentions: [] });
    await as('edit', { messageId: said.id, text: 'uno' });
    await as('react', { messageId: said.id, emoji: '👍' });
    await as('delete', { messageId: reply.id });
    const { body } = await call('GET', `messages?channel=${stage.channelId}&user=${stage.anna}`);
    expect(body).toMatchObject([
      { content: 'uno', history: [{ content: 'one' }], reactions: [{ count: 1, emoji: { name: '👍' } }] },
    ]);
  });

  test.each([
    ['what a client would not send', 'click', { messageId: '1', button: 'x' }, 400, 'sees no message'],
    ['a field that is missing', 'click', { messageId: '1' }, 400, 'button: found undefined'],
    ['an unknown action', 'fly', {}, 404, 'no such action'],
    ['what Discord refuses', 'say', { text: 'x'.repeat(2001) }, 400, 'Invalid Form Body'],
  ])('%s is explained', async (_name, action, body, status, text) => {
    expect(await as(action, { channelId: stage.channelId, ...body })).toMatchObject({
      status,
      body: { error: expect.stringContaining(text) },
    });
  });
});

describe('building and troubling', () => {
  test('people, guilds, roles, channels, members, overwrites', async () => {
    const carl = (await call('POST', 'users', { name: 'carl' })).body.id;
    const guild = (await call('POST', 'guilds', { name: 'Second', ownerId: carl })).body.id;
    const channel = (await call('POST', 'channels', { guildId: guild, name: 'room', nsfw: true })).body;
    expect(channel).toMatchObject({ nsfw: true, guild_id: guild });
    const role = (await call('POST', 'roles', { guildId: guild, name: 'mods', permissions: ['manageMessages'] })).body;
    await call('POST', 'members', { guildId: guild, userId: stage.ben, roleIds: [role.id] });
    await call('POST', 'overwrites', { channelId: channel.id, id: role.id, kind: 'role', deny: ['sendMessages'] });
    expect(await call('POST', `as/${stage.ben}/say`, { channelId: channel.id, text: 'x' })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('sendMessages') },
    });
  });

  test('time, faults and what was called', async () => {
    const before = stage.emulator.time.nowMs();
    await call('POST', 'clock', { advanceMs: 60_000 });
    expect(stage.emulator.time.nowMs() - before).toBeGreaterThanOrEqual(60_000);
    await call('POST', 'faults', { route: '/users/@me', times: 1, effect: { kind: 'status', status: 500 } });
    const me = () =>
      fetch(`${stage.emulator.apiUrl}/v10/users/@me`, { headers: { authorization: `Bot ${stage.emulator.token}` } });
    expect([(await me()).status, (await me()).status]).toEqual([500, 200]);
    const { body } = await call('GET', 'calls');
    expect(body.slice(-2)).toMatchObject([{ path: '/users/@me', status: 500, fault: 'status' }, { status: 200 }]);
    expect((await call('GET', 'gateway')).body).toMatchObject({ connected: 1 });
  });
});

/** Reads server-sent events until `count` have come. */
async function readEvents(
  query: string,
  count: number,
  act: () => Promise<unknown>,
): Promise<Record<string, unknown>[]> {
  const abort = new AbortController();
  const response = await fetch(`${stage.emulator.origin}/_control/events${query}`, { signal: abort.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await act();
  let text = '';
  const events = () =>
    [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!) as Record<string, unknown>);
  while (events().length < count) text += (await reader.read()).value ?? '';
  abort.abort();
  return events();
}

test('events show each user what he may see', async () => {
  const ben = stage.emulator.as(stage.ben);
  const act = async () => {
    await ben.command(stage.channelId, 'echo', { text: 'psst' });
    await ben.say(stage.channelId, 'aloud');
  };
  const bens = await readEvents(`?user=${stage.ben}`, 3, act);
  expect(bens.map((event) => event.type)).toEqual(['message', 'interaction', 'message']);
  expect(bens[1]).toMatchObject({ userId: stage.ben, outcome: { kind: 'message' } });
  const annas = await readEvents(`?user=${stage.anna}`, 1, act);
  expect(annas).toMatchObject([{ type: 'message', message: { content: 'aloud' } }]);
});

describe('strangers', () => {
  const status = (headers: Record<string, string>, path = '/_control/state') =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(stage.emulator.origin);
      http
        .get({ host: '127.0.0.1', port, path, headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject);
    });
  const own = () => new URL(stage.emulator.origin).host;
  test.each([
    ['its own page', () => ({ host: own(), origin: `http://${own()}`, 'sec-fetch-site': 'same-origin' }), 200],
    ['no browser', () => ({ host: own() }), 200],
    ['the name localhost', () => ({ host: own().replace('127.0.0.1', 'localhost') }), 200],
    ['another page', () => ({ host: own(), origin: 'https://evil.example' }), 403],
    ['a page on another port', () => ({ host: own(), origin: 'http://127.0.0.1:1' }), 403],
    ['a page without origin', () => ({ host: own(), 'sec-fetch-site': 'cross-site' }), 403],
    ['a rebound name', () => ({ host: `evil.example:${own().split(':')[1]}` }), 403],
  ])('%s', async (_name, headers, expected) => {
    expect(await status(headers())).toBe(expected);
  });

  test('the page is served, and nothing beside it', async () => {
    expect(await status({}, '/')).toBe(200);
    for (const path of [
      '/../emulator.ts',
      '/%2e%2e/emulator.ts',
      '/..%2femulator.ts',
      '/emulator.ts',
      '/.git/config',
    ]) {
      expect(await status({}, path)).toBe(404);
    }
  });
});
