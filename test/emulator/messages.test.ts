// Messages by the bot token: what Discord accepts, what it refuses and with which code, and what people then see.
import { Events, type Message } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PermissionName } from '../../src/emulator/permissions.ts';
import { type Api, makeApi, wrongFields } from '../support/emulatorApi.ts';
import { type BotStage, makeBotStage } from '../support/emulatorBot.ts';

let stage: BotStage;
let api: Api;
let channelId: string;
let at: string;

beforeAll(async () => {
  stage = await makeBotStage({ fileLimitBytes: 1000, requestLimitBytes: 9500 });
  api = makeApi(stage);
});
beforeEach(() => {
  channelId = stage.emulator.addChannel(stage.guildId, 'room').id;
  at = `/channels/${channelId}/messages`;
});
afterAll(() => stage.close());

const button = (custom_id: string, more: object = {}) => ({ type: 2, style: 1, label: 'x', custom_id, ...more });
const row = (...components: object[]) => ({ type: 1, components });
const seen = (userId = stage.anna) => stage.emulator.view(channelId, userId);

describe('limits', () => {
  const cases: readonly [string, object, string[]][] = [
    ['2,001 characters', { content: 'x'.repeat(2001) }, ['content: BASE_TYPE_MAX_LENGTH']],
    ['4,001 characters', { content: 'x'.repeat(4001) }, ['content: BASE_TYPE_MAX_LENGTH']],
    ['content of a wrong type', { content: 5 }, ['content: STRING,NULL_TYPE_CONVERT']],
    ['eleven embeds', { embeds: Array(11).fill({ title: 'a' }) }, ['embeds: BASE_TYPE_BAD_LENGTH']],
    [
      '6,001 characters of embeds',
      { embeds: [{ description: 'x'.repeat(4000) }, { description: 'x'.repeat(2001) }] },
      ['embeds: MAX_EMBED_SIZE_EXCEEDED'],
    ],
    ['an embed title of 257', { embeds: [{ title: 'x'.repeat(257) }] }, ['embeds.0.title: BASE_TYPE_MAX_LENGTH']],
    ['an empty embed', { embeds: [{}] }, ['embeds.0.description: BASE_TYPE_REQUIRED']],
    [
      'an embed picture that is no url',
      { embeds: [{ image: { url: 'file:///etc/passwd' } }] },
      ['embeds.0.image.url: URL_TYPE_INVALID_SCHEME'],
    ],
    [
      'an embed picture never uploaded',
      { embeds: [{ image: { url: 'attachment://a.png' } }] },
      ['embeds.0.image.url: ATTACHMENT_NOT_FOUND'],
    ],
    ['an attachment never uploaded', { attachments: [{ id: '0' }] }, ['attachments.0.id: ATTACHMENT_NOT_FOUND']],
    [
      'six rows',
      { components: [1, 2, 3, 4, 5, 6].map((n) => row(button(`b${n}`))) },
      ['components: BASE_TYPE_BAD_LENGTH'],
    ],
    [
      'six buttons in a row',
      { components: [row(...[1, 2, 3, 4, 5, 6].map((n) => button(`b${n}`)))] },
      ['components.0.components: BASE_TYPE_BAD_LENGTH'],
    ],
    [
      'a button beside a select',
      { components: [row(button('a'), { type: 5, custom_id: 'b' })] },
      ['components.0.components: COMPONENT_LAYOUT_WIDTH_EXCEEDED'],
    ],
    [
      'a button without custom id',
      { components: [row({ type: 2, style: 1, label: 'x' })] },
      ['components.0.components.0.custom_id: BASE_TYPE_REQUIRED'],
    ],
    [
      'a button without label or emoji',
      { components: [row({ type: 2, style: 1, custom_id: 'a' })] },
      ['components.0.components.0: BUTTON_COMPONENT_INVALID'],
    ],
    [
      'a link button with custom id',
      { components: [row({ type: 2, style: 5, label: 'x', url: 'https://a.b', custom_id: 'a' })] },
      ['components.0.components.0.custom_id: BUTTON_COMPONENT_FIELD_INVALID'],
    ],
    [
      'a label of 81',
      { components: [row(button('a', { label: 'x'.repeat(81) }))] },
      ['components.0.components.0.label: BASE_TYPE_MAX_LENGTH'],
    ],
    [
      'a custom id of 101',
      { components: [row(button('x'.repeat(101)))] },
      ['components.0.components.0.custom_id: BASE_TYPE_MAX_LENGTH'],
    ],
    [
      'one custom id twice',
      { components: [row(button('a')), row(button('a'))] },
      ['components.1.components.0.custom_id: COMPONENT_CUSTOM_ID_DUPLICATED'],
    ],
    ['a button outside a row', { components: [button('a')] }, ['components.0.type: BASE_TYPE_CHOICES']],
    [
      'a select with 26 options',
      {
        components: [
          row({
            type: 3,
            custom_id: 'a',
            options: Array.from({ length: 26 }, (_, n) => ({ label: `${n}`, value: `${n}` })),
          }),
        ],
      },
      ['components.0.components.0.options: BASE_TYPE_BAD_LENGTH'],
    ],
    [
      'a text display without the V2 flag',
      { content: 'x', components: [{ type: 10, content: 'x' }] },
      ['components.0.type: UNION_TYPE_CHOICES'],
    ],
    [
      'content with the V2 flag',
      { content: 'x', flags: 1 << 15, components: [{ type: 10, content: 'x' }] },
      ['content: MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2'],
    ],
    [
      '41 V2 components',
      {
        flags: 1 << 15,
        components: Array(40)
          .fill({ type: 10, content: 'x' })
          .concat({ type: 1, components: [button('a')] }),
      },
      ['components: BASE_TYPE_BAD_LENGTH'],
    ],
    ['the ephemeral flag', { content: 'x', flags: 1 << 6 }, ['flags: MESSAGE_FLAGS_INVALID']],
    ['a nonce of 26', { content: 'x', nonce: 'x'.repeat(26) }, ['nonce: BASE_TYPE_MAX_LENGTH']],
    [
      'parse and list of users at once',
      { content: 'x', allowed_mentions: { parse: ['users'], users: ['1'] } },
      ['allowed_mentions: MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE'],
    ],
    [
      'a poll, which the emulator lacks',
      { poll: { question: { text: 'a' }, answers: [{ poll_media: { text: 'b' } }] } },
      ['poll: EMULATOR_LACKS_THIS'],
    ],
  ];
  test.each(cases)('%s', async (_name, body, fields) => {
    const answer = await api('POST', at, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 50035, message: 'Invalid Form Body' } });
    expect(wrongFields(answer.body)).toEqual(expect.arrayContaining(fields));
    expect(seen()).toEqual([]);
  });

  test('2,000 characters of two code units each pass', async () => {
    expect((await api('POST', at, { content: '🎞'.repeat(2000) })).status).toBe(200);
  });

  test('nothing at all answers 50006', async () => {
    expect(await api('POST', at, { content: ' ' })).toMatchObject({ status: 400, body: { code: 50006 } });
  });

  test.each([
    ['a file over the limit', ['x'.repeat(1001)]],
    ['a request over the limit', Array(10).fill('x'.repeat(990))],
  ])('%s answers 40005', async (_name, files) => {
    expect(await api('POST', at, { content: 'x' }, files)).toMatchObject({ status: 413, body: { code: 40005 } });
  });

  test('form fields other than payload_json and files[0-9] are refused', async () => {
    const form = new FormData();
    form.set('file', new Blob(['a']), 'a.txt');
    const answer = await fetch(`${stage.emulator.apiUrl}/v10${at}`, {
      method: 'POST',
      headers: { authorization: `Bot ${stage.emulator.token}` },
      body: form,
    });
    expect([answer.status, wrongFields(await answer.json())]).toEqual([400, ['file: UNKNOWN_FIELD']]);
  });
});

describe('files', () => {
  test('carry name, alt text and picture size', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000600000004008060000', 'hex');
    const answer = await api('POST', at, { attachments: [{ id: '0', filename: 'a b.png', description: 'a heart' }] }, [
      png,
    ]);
    expect(answer.body.attachments).toMatchObject([
      {
        filename: 'a_b.png',
        description: 'a heart',
        content_type: 'image/png',
        width: 96,
        height: 64,
        size: png.length,
      },
    ]);
    const url = new URL(answer.body.attachments[0].url);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(png);
  });

  test('an edit with a list keeps what it names and drops the rest', async () => {
    const made = await api('POST', at, { content: 'x' }, ['a', 'bb']);
    const [first] = made.body.attachments;
    const edited = await api(
      'PATCH',
      `${at}/${made.body.id}`,
      { attachments: [{ id: first.id }, { id: '0', filename: 'c.txt' }] },
      ['ccc'],
    );
    expect(
      edited.body.attachments.map((file: { filename: string; size: number }) => [file.filename, file.size]),
    ).toEqual([
      ['0.txt', 1],
      ['c.txt', 3],
    ]);
  });

  test('an edit without a list keeps the files and adds new ones', async () => {
    const made = await api('POST', at, { content: 'x' }, ['a']);
    const edited = await api('PATCH', `${at}/${made.body.id}`, { content: 'y' }, ['bb']);
    expect(edited.body.attachments.map((file: { size: number }) => file.size)).toEqual([1, 2]);
  });

  test('a file an embed shows is not listed as an attachment, and its address is the CDN’s', async () => {
    const made = await api('POST', at, { embeds: [{ image: { url: 'attachment://0.txt' } }] }, ['a']);
    expect(made.body.attachments).toEqual([]);
    expect(made.body.embeds[0].image.url).toMatch(/\/attachments\/\d+\/\d+\/0\.txt\?ex=/);
  });

  test('addresses are signed, and expire after a day', async () => {
    const made = await api('POST', at, {}, ['secret']);
    const { url } = made.body.attachments[0];
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url.replace(/hm=\w{4}/, 'hm=0000'))).status).toBe(404);
    expect((await fetch(url.split('?')[0])).status).toBe(404);
    stage.emulator.advance(86_400_000);
    expect((await fetch(url)).status).toBe(404);
    const again = await api('GET', `${at}/${made.body.id}`);
    expect((await fetch(again.body.attachments[0].url)).status).toBe(200);
  });
});

describe('nonce', () => {
  const body = { content: 'x', nonce: 'AAAAAAAAAAAAAAAAAAAAAA', enforce_nonce: true };
  test('a repeat answers the first message', async () => {
    const first = await api('POST', at, body);
    const second = await api('POST', at, { ...body, content: 'other' });
    expect(second.body).toMatchObject({ id: first.body.id, content: 'x', nonce: body.nonce });
    expect(seen()).toHaveLength(1);
  });
  test('without enforce_nonce, or some minutes later, it is a new message', async () => {
    await api('POST', at, body);
    await api('POST', at, { ...body, enforce_nonce: false });
    stage.emulator.advance(6 * 60_000);
    await api('POST', at, body);
    expect(seen()).toHaveLength(3);
  });
});

describe('permissions', () => {
  const deny = (...names: PermissionName[]) =>
    stage.emulator.setOverwrite(channelId, stage.client.user.id, 'member', { deny: names });
  test('a channel the bot does not see answers 50001', async () => {
    deny('viewChannel');
    expect(await api('POST', at, { content: 'x' })).toMatchObject({ status: 403, body: { code: 50001 } });
    expect(await api('GET', `/channels/${channelId}`)).toMatchObject({ status: 403, body: { code: 50001 } });
  });
  test.each([
    ['sendMessages', { content: 'x' }, undefined],
    ['attachFiles', { content: 'x' }, ['a']],
    ['embedLinks', { embeds: [{ title: 'a' }] }, undefined],
  ] as const)('without %s: 50013', async (name, body, files) => {
    deny(name);
    expect(await api('POST', at, body, files)).toMatchObject({ status: 403, body: { code: 50013 } });
  });
  test('others’ messages cannot be edited, nor deleted without MANAGE_MESSAGES', async () => {
    const message = await stage.emulator.as(stage.ben).say(channelId, 'mine');
    expect(await api('PATCH', `${at}/${message.id}`, { content: 'x' })).toMatchObject({
      status: 403,
      body: { code: 50005 },
    });
    expect(await api('DELETE', `${at}/${message.id}`)).toMatchObject({ status: 403, body: { code: 50013 } });
    stage.emulator.setOverwrite(channelId, stage.client.user.id, 'member', { allow: ['manageMessages'] });
    expect((await api('DELETE', `${at}/${message.id}`)).status).toBe(204);
  });
  test('a role’s denial is outweighed by the member’s own allowance', async () => {
    stage.emulator.setOverwrite(channelId, stage.guildId, 'role', { deny: ['sendMessages'] });
    expect((await api('POST', at, { content: 'x' })).status).toBe(403);
    stage.emulator.setOverwrite(channelId, stage.client.user.id, 'member', { allow: ['sendMessages'] });
    expect((await api('POST', at, { content: 'x' })).status).toBe(200);
  });
  test('a user who takes no messages answers 50007', async () => {
    const carl = stage.emulator.addUser('carl');
    const dm = await api('POST', '/users/@me/channels', { recipient_id: carl.id });
    expect((await api('POST', `/channels/${dm.body.id}/messages`, { content: 'x' })).status).toBe(200);
    carl.acceptsDms = false;
    expect(await api('POST', `/channels/${dm.body.id}/messages`, { content: 'x' })).toMatchObject({
      status: 403,
      body: { code: 50007 },
    });
  });
});

describe('unknown things', () => {
  test.each([
    ['GET', '/channels/1', 10003],
    ['GET', '/users/1', 10013],
    ['GET', '/guilds/1', 10004],
  ])('%s %s', async (method, path, code) => {
    expect(await api(method, path)).toMatchObject({ status: 404, body: { code } });
  });
  test('a deleted message answers 10008 to every verb', async () => {
    const made = await api('POST', at, { content: 'x' });
    expect((await api('DELETE', `${at}/${made.body.id}`)).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { content: 'y' } : undefined;
      expect(await api(method, `${at}/${made.body.id}`, body)).toMatchObject({ status: 404, body: { code: 10008 } });
    }
  });
  test('an id that is no snowflake answers 50035', async () => {
    const answer = await api('GET', '/channels/abc');
    expect([answer.status, wrongFields(answer.body)]).toEqual([400, ['channel_id: NUMBER_TYPE_COERCE']]);
  });
});

test('edits are kept as history, and set edited_timestamp', async () => {
  const made = await api('POST', at, { content: 'one' });
  expect(made.body.edited_timestamp).toBeNull();
  const edited = await api('PATCH', `${at}/${made.body.id}`, { content: 'two' });
  expect(edited.body.edited_timestamp).not.toBeNull();
  expect(seen()).toMatchObject([{ content: 'two', history: [{ content: 'one' }] }]);
});

test('Components V2 cannot be taken back', async () => {
  const v2 = { flags: 1 << 15, components: [{ type: 10, content: 'text' }] };
  const made = await api('POST', at, v2);
  expect(made.status).toBe(200);
  expect(wrongFields((await api('PATCH', `${at}/${made.body.id}`, { flags: 0 })).body)).toEqual([
    'flags: MESSAGE_FLAGS_INVALID',
  ]);
});

test('messages older than an hour take few edits, then 30046', async () => {
  const made = await api('POST', at, { content: 'old' });
  stage.emulator.advance(3_600_001);
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) statuses.push((await api('PATCH', `${at}/${made.body.id}`, { content: `${n}` })).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const last = await api('PATCH', `${at}/${made.body.id}`, { content: 'x' });
  expect(last.body).toMatchObject({ code: 30046, global: false });
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('pages of messages come newest first', async () => {
  const ids: string[] = [];
  for (const content of ['a', 'b', 'c', 'd']) ids.push((await api('POST', at, { content })).body.id);
  const contents = async (query: string) =>
    (await api('GET', `${at}?${query}`)).body.map((one: { content: string }) => one.content).join('');
  expect(await contents('limit=2')).toBe('dc');
  expect(await contents(`before=${ids[2]}`)).toBe('ba');
  expect(await contents(`after=${ids[1]}`)).toBe('dc');
  expect(await contents(`after=${ids[0]}&limit=1`)).toBe('b');
  expect(await contents(`around=${ids[1]}&limit=2`)).toBe('ba');
  expect((await api('GET', `${at}?limit=101`)).status).toBe(400);
});

describe('mentions', () => {
  const pingsOf = (messageId: string) => stage.emulator.pings.filter((ping) => ping.messageId === messageId);
  const send = async (body: object) => (await api('POST', at, body)).body as { id: string; mentions: { id: string }[] };

  test('users in the text are pinged, unless allowed_mentions says no', async () => {
    const loud = await send({ content: `<@${stage.ben}>` });
    expect(loud.mentions.map((user) => user.id)).toEqual([stage.ben]);
    expect(pingsOf(loud.id)).toMatchObject([{ cause: 'create', userIds: [stage.ben], everyone: false }]);
    const quiet = await send({ content: `<@${stage.ben}>`, allowed_mentions: { parse: [] } });
    expect([quiet.mentions, pingsOf(quiet.id)]).toEqual([[], []]);
    const one = await send({
      content: `<@${stage.ben}> <@${stage.anna}>`,
      allowed_mentions: { parse: [], users: [stage.anna] },
    });
    expect(pingsOf(one.id)).toMatchObject([{ userIds: [stage.anna] }]);
  });

  test('an edit reads them again', async () => {
    const message = await send({ content: 'x', allowed_mentions: { parse: [] } });
    await api('PATCH', `${at}/${message.id}`, { content: `<@${stage.ben}>` });
    expect(pingsOf(message.id)).toMatchObject([{ cause: 'edit', userIds: [stage.ben] }]);
  });

  test('everyone and roles need the right to', async () => {
    const role = stage.emulator.addRole(stage.guildId, 'printers');
    const open = stage.emulator.addRole(stage.guildId, 'readers', { mentionable: true });
    const text = { content: `@everyone <@&${role.id}> <@&${open.id}>` };
    expect(pingsOf((await send(text)).id)).toMatchObject([{ everyone: false, roleIds: [open.id] }]);
    stage.emulator.setOverwrite(channelId, stage.client.user.id, 'member', { allow: ['mentionEveryone'] });
    expect(pingsOf((await send(text)).id)).toMatchObject([{ everyone: true, roleIds: [role.id, open.id] }]);
  });

  test('a reply pings the author replied to when replied_user is on', async () => {
    const target = await stage.emulator.as(stage.ben).say(channelId, 'hello');
    const reply = (allowed_mentions: object | undefined) =>
      send({ content: 'x', message_reference: { message_id: target.id }, allowed_mentions });
    expect(pingsOf((await reply(undefined)).id)).toMatchObject([{ userIds: [stage.ben] }]);
    expect(pingsOf((await reply({ parse: [] })).id)).toEqual([]);
    expect(pingsOf((await reply({ parse: [], replied_user: true })).id)).toMatchObject([{ userIds: [stage.ben] }]);
  });
});

describe('replies', () => {
  test('carry what they reply to; a vanished target is null', async () => {
    const target = await api('POST', at, { content: 'target' });
    const reply = await stage.emulator.as(stage.ben).reply(target.body.id, 'nice');
    const read = () => api('GET', `${at}/${reply.id}`);
    expect((await read()).body).toMatchObject({
      type: 19,
      message_reference: { message_id: target.body.id },
      referenced_message: { content: 'target' },
    });
    await api('DELETE', `${at}/${target.body.id}`);
    expect((await read()).body.referenced_message).toBeNull();
  });
  test('to an unknown message are refused, unless fail_if_not_exists is false', async () => {
    const answer = await api('POST', at, { content: 'x', message_reference: { message_id: '1' } });
    expect(wrongFields(answer.body)).toEqual(['message_reference: REPLIES_UNKNOWN_MESSAGE']);
    const soft = await api('POST', at, {
      content: 'x',
      message_reference: { message_id: '1', fail_if_not_exists: false },
    });
    expect(soft.body.type).toBe(0);
  });
});

test('discord.js sends, replies, reacts, fetches and deletes', async () => {
  const channel = await stage.client.channels.fetch(channelId);
  if (!channel?.isSendable()) throw new Error('expected a text channel');
  const heard: string[] = [];
  const listen = (message: Message) => void heard.push(message.content);
  stage.client.on(Events.MessageCreate, listen);
  const sent = await channel.send({ content: 'one', allowedMentions: { parse: [], repliedUser: false } });
  const reply = await sent.reply('two');
  await sent.react('👍');
  const page = await channel.messages.fetch({ limit: 10 });
  expect([...page.values()].map((message) => message.content)).toEqual(['two', 'one']);
  expect((await sent.fetch(true)).reactions.cache.get('👍')?.me).toBe(true);
  await reply.delete();
  expect(seen().map((message) => message.content)).toEqual(['one']);
  const member = await stage.client.guilds.cache.get(stage.guildId)!.members.fetch(stage.ben);
  const user = await stage.client.users.fetch(stage.anna);
  expect([member.user.username, user.globalName]).toEqual(['ben', 'Anna']);
  const dm = await user.send('hello');
  expect(stage.emulator.view(dm.channelId, stage.anna)).toMatchObject([{ content: 'hello' }]);
  stage.client.off(Events.MessageCreate, listen);
  expect(heard).toContain('one');
});

test('a thread begins at a message, inherits who sees it, and takes messages', async () => {
  const channel = await stage.client.channels.fetch(channelId);
  if (!channel?.isSendable()) throw new Error('expected a text channel');
  const start = await channel.send('start');
  const thread = await start.startThread({ name: 'more like this' });
  expect(thread.id).toBe(start.id);
  await thread.send('inside');
  await stage.emulator.as(stage.ben).say(thread.id, 'me too');
  expect(stage.emulator.view(thread.id, stage.anna).map((message) => message.content)).toEqual(['inside', 'me too']);
  stage.emulator.setOverwrite(channelId, stage.ben, 'member', { deny: ['viewChannel'] });
  await expect(stage.emulator.as(stage.ben).say(thread.id, 'x')).rejects.toThrow('does not see');
});
