// The life of interactions as a real discord.js client lives it: three seconds, one answer, fifteen minutes.
import {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  type ChatInputCommandInteraction,
  DiscordAPIError,
  Events,
  type Interaction,
  MessageFlags,
  ModalBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Actor } from '../../src/emulator/actor.ts';
import { type Api, makeApi, wrongFields } from '../support/emulatorApi.ts';
import { type BotStage, makeBotStage } from '../support/emulatorBot.ts';

let stage: BotStage;
let api: Api;
let ben: Actor;
let channelId: string;

beforeAll(async () => {
  stage = await makeBotStage();
  api = makeApi(stage);
  ben = stage.emulator.as(stage.ben);
  await stage.client.application.commands.set([
    {
      name: 'imagine',
      description: 'Make a picture',
      options: [
        { type: 3, name: 'prompt', description: 'What to see', required: true },
        { type: 3, name: 'model', description: 'Which model', autocomplete: true },
        { type: 11, name: 'image', description: 'Start from this' },
        { type: 6, name: 'friend', description: 'For whom' },
      ],
    },
    {
      name: 'admin',
      description: 'd',
      options: [
        {
          type: 1,
          name: 'ban',
          description: 'd',
          options: [{ type: 6, name: 'user', description: 'd', required: true }],
        },
      ],
    },
    { name: 'Vary', type: 3 },
    { name: 'Portrait', type: 2 },
  ]);
});
beforeEach(() => {
  channelId = stage.emulator.addChannel(stage.guildId, 'room').id;
});
afterEach(() => void stage.client.removeAllListeners(Events.InteractionCreate));
afterAll(() => stage.close());

/** Handles every interaction; a failure shows in `errors`. */
function onInteraction(handler: (interaction: Interaction) => Promise<unknown>): unknown[] {
  const errors: unknown[] = [];
  stage.client.on(Events.InteractionCreate, (interaction) => {
    handler(interaction).catch((error: unknown) => errors.push(error));
  });
  return errors;
}

const onCommand = (handler: (interaction: ChatInputCommandInteraction) => Promise<unknown>) =>
  onInteraction(async (interaction) => {
    if (interaction.isChatInputCommand()) await handler(interaction);
  });
const imagine = (options = {}) => ben.command(channelId, 'imagine', { prompt: 'x', ...options });
const view = (userId: string) => stage.emulator.view(channelId, userId).map((message) => message.content);
const codeOf = (error: unknown) => (error instanceof DiscordAPIError ? error.code : error);
const rowOf = (...buttons: ButtonBuilder[]) => new ActionRowBuilder<ButtonBuilder>().addComponents(buttons);
const button = (id: string, label = id) =>
  new ButtonBuilder().setCustomId(id).setLabel(label).setStyle(ButtonStyle.Primary);

describe('an answer', () => {
  test('is seen by everybody', async () => {
    onCommand((interaction) => interaction.reply(`you said ${interaction.options.getString('prompt', true)}`));
    expect(await imagine({ prompt: 'a heart' })).toMatchObject({
      kind: 'message',
      message: { content: 'you said a heart', type: 20 },
    });
    expect(view(stage.anna)).toEqual(['you said a heart']);
  });

  test('that is ephemeral is seen by its user alone, and is unknown to the bot token', async () => {
    onCommand((interaction) => interaction.reply({ content: 'psst', flags: MessageFlags.Ephemeral }));
    const { message } = await imagine();
    expect(message).toMatchObject({ content: 'psst', ephemeral: true });
    expect([view(stage.ben), view(stage.anna)]).toEqual([['psst'], []]);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { content: 'x' } : undefined;
      expect((await api(method, `/channels/${channelId}/messages/${message!.id}`, body)).body.code).toBe(10008);
    }
    expect((await api('GET', `/channels/${channelId}/messages`)).body).toEqual([]);
  });

  test('can bring files and buttons, and the file of an option can be fetched', async () => {
    onCommand(async (interaction) => {
      const image = interaction.options.getAttachment('image', true);
      const bytes = Buffer.from(await (await fetch(image.url)).arrayBuffer());
      await interaction.reply({
        files: [{ attachment: bytes, name: 'out.txt', description: 'echo' }],
        components: [rowOf(button('again'))],
      });
    });
    const { message } = await imagine({ image: { name: 'in.txt', bytes: Buffer.from('hello') } });
    expect(message?.attachments).toMatchObject([{ filename: 'out.txt', size: 5, description: 'echo' }]);
  });

  test('comes with the message when asked for (with_response)', async () => {
    let id = '';
    onCommand(async (interaction) => {
      const answer = await interaction.reply({ content: 'x', withResponse: true });
      id = answer.resource?.message?.id ?? '';
    });
    const { message } = await imagine();
    await stage.emulator.until(() => stage.emulator.calls.at(-1)?.path.endsWith('/callback'));
    await expect.poll(() => id).toBe(message?.id);
  });

  test('can follow, be edited and be deleted', async () => {
    onCommand(async (interaction) => {
      await interaction.reply('one');
      await interaction.editReply('two');
      const second = await interaction.followUp('three');
      await interaction.webhook.editMessage(second.id, 'four');
      await interaction.deleteReply();
    });
    const { message } = await imagine();
    await stage.emulator.until(() => stage.emulator.world.messages.get(message!.id)?.deleted);
    expect(view(stage.ben)).toEqual(['four']);
    const [left] = stage.emulator.view(channelId, stage.ben);
    expect(left).toMatchObject({ type: 19, referenced_message: null, history: [{ content: 'three' }] });
  });
});

describe('"is thinking"', () => {
  test('is filled by editReply, and shows no trace of having been empty', async () => {
    onCommand(async (interaction) => {
      await interaction.deferReply();
      await interaction.editReply('done');
    });
    const outcome = await imagine();
    expect(outcome).toMatchObject({ kind: 'thinking', message: { content: '', loading: true } });
    expect(await stage.emulator.settled(outcome.interactionId)).toMatchObject({
      content: 'done',
      loading: false,
      edited_timestamp: null,
      history: [],
    });
  });

  test('is filled by the first follow-up, which cannot change who sees it', async () => {
    onCommand(async (interaction) => {
      await interaction.deferReply({ flags: MessageFlags.Ephemeral });
      await interaction.followUp('first');
      await interaction.followUp('second');
    });
    await imagine();
    await stage.emulator.until(
      () => stage.emulator.world.lastPublicMessageIn(channelId)?.now.content === 'second' || undefined,
    );
    expect([view(stage.ben), view(stage.anna)]).toEqual([['first', 'second'], ['second']]);
  });

  test('takes no other flag than EPHEMERAL', async () => {
    const errors = onInteraction(async (interaction) => {
      const path = `/interactions/${interaction.id}/${interaction.token}/callback`;
      const answer = await api('POST', path, { type: 5, data: { flags: 1 << 2 } });
      throw wrongFields(answer.body).join();
    });
    const outcome = imagine();
    await expect.poll(() => errors).toEqual(['data.flags: MESSAGE_FLAGS_INVALID']);
    stage.emulator.advance(3001);
    expect((await outcome).kind).toBe('failed');
  });
});

describe('time', () => {
  test('three seconds without an answer fail for the user, and 10062 for the app', async () => {
    let held: ChatInputCommandInteraction | undefined;
    onCommand(async (interaction) => {
      held = interaction;
    });
    const outcome = imagine();
    await expect.poll(() => held).toBeDefined();
    stage.emulator.advance(3001);
    expect(await outcome).toMatchObject({ kind: 'failed' });
    expect(await held?.reply('late').catch(codeOf)).toBe(10062);
    expect(view(stage.ben)).toEqual([]);
  });

  test('a second answer is 40060', async () => {
    const errors = onInteraction(async (interaction) => {
      const path = `/interactions/${interaction.id}/${interaction.token}/callback`;
      await api('POST', path, { type: 4, data: { content: 'one' } });
      throw (await api('POST', path, { type: 4, data: { content: 'two' } })).body.code;
    });
    await imagine();
    await expect.poll(() => errors).toEqual([40060]);
    expect(view(stage.ben)).toEqual(['one']);
  });

  test('the token works for fifteen minutes, then 50027', async () => {
    let held: ChatInputCommandInteraction | undefined;
    onCommand(async (interaction) => {
      await interaction.reply('x');
      held = interaction;
    });
    await imagine();
    await expect.poll(() => held).toBeDefined();
    stage.emulator.advance(14 * 60_000);
    await held?.editReply('in time');
    stage.emulator.advance(60_001);
    expect(await held?.editReply('late').catch(codeOf)).toBe(50027);
    expect(await held?.followUp('late').catch(codeOf)).toBe(50027);
    expect(view(stage.ben)).toEqual(['in time']);
  });

  test('before the answer the token opens nothing', async () => {
    const errors = onInteraction(async (interaction) => {
      const early = await api('POST', `/webhooks/${interaction.applicationId}/${interaction.token}`, {
        content: 'early',
      });
      if (interaction.isRepliable()) await interaction.reply('x');
      throw early.body.code;
    });
    await imagine();
    await expect.poll(() => errors).toEqual([10015]);
  });
});

describe('components', () => {
  /** A message with two buttons and a select, from the bot itself. */
  async function panel() {
    const channel = await stage.client.channels.fetch(channelId);
    if (!channel?.isSendable()) throw new Error('no channel');
    const select = new StringSelectMenuBuilder()
      .setCustomId('style')
      .addOptions({ label: 'Flat', value: 'flat' }, { label: 'Noto', value: 'noto' });
    const rows = [
      rowOf(button('go', 'Go'), button('stop', 'Stop').setDisabled(true)),
      new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(select),
    ];
    return await channel.send({ content: 'panel', components: rows });
  }

  test('a click updates its message', async () => {
    const { id } = await panel();
    onInteraction(async (interaction) => {
      if (interaction.isButton()) await interaction.update({ content: interaction.customId, components: [] });
    });
    expect(await ben.click(id, 'Go')).toMatchObject({
      kind: 'updated',
      message: { id, content: 'go', components: [], history: [{ content: 'panel' }] },
    });
  });

  test('a deferred update changes the message later', async () => {
    const { id } = await panel();
    onInteraction(async (interaction) => {
      if (!interaction.isButton()) return;
      await interaction.deferUpdate();
      await interaction.editReply('later');
    });
    expect((await ben.click(id, 'go')).kind).toBe('acknowledged');
    await stage.emulator.until(() => stage.emulator.world.messages.get(id)?.now.content === 'later');
  });

  test('a choice arrives with its values, and a new answer replies to the message', async () => {
    const { id } = await panel();
    onInteraction(async (interaction) => {
      if (interaction.isStringSelectMenu()) await interaction.reply(interaction.values.join());
    });
    const { message } = await ben.select(id, 'style', ['noto']);
    expect(message).toMatchObject({ content: 'noto', type: 19, referenced_message: { id } });
  });

  test('the client sends no disabled, unknown or impossible ones', async () => {
    const { id } = await panel();
    await expect(ben.click(id, 'Stop')).rejects.toThrow('disabled');
    await expect(ben.click(id, 'Nothing')).rejects.toThrow('has no button Nothing; it has Go, Stop');
    await expect(ben.select(id, 'style', ['oil'])).rejects.toThrow('no option oil');
    await expect(ben.select(id, 'style', [])).rejects.toThrow('0 values');
  });
});

describe('modals', () => {
  const modal = () =>
    new ModalBuilder()
      .setCustomId('edit')
      .setTitle('Edit')
      .addComponents(
        new ActionRowBuilder<TextInputBuilder>().addComponents(
          new TextInputBuilder()
            .setCustomId('prompt')
            .setLabel('Prompt')
            .setStyle(TextInputStyle.Paragraph)
            .setValue('old')
            .setMaxLength(10),
        ),
      );

  test('are shown, filled, sent and answered', async () => {
    onInteraction(async (interaction) => {
      if (interaction.isChatInputCommand()) await interaction.showModal(modal());
      if (interaction.isModalSubmit()) await interaction.reply(`now ${interaction.fields.getTextInputValue('prompt')}`);
    });
    const opened = await imagine();
    expect(opened).toMatchObject({ kind: 'modal', modal: { custom_id: 'edit', title: 'Edit' } });
    await expect(ben.submit(opened.interactionId, { prompt: 'x'.repeat(11) })).rejects.toThrow(
      '11 characters is over 10',
    );
    await expect(ben.submit(opened.interactionId, { prompt: '' })).rejects.toThrow('required');
    await expect(stage.emulator.as(stage.anna).submit(opened.interactionId, {})).rejects.toThrow('no modal open');
    const sent = await ben.submit(opened.interactionId, { prompt: 'new' });
    expect(sent.message?.content).toBe('now new');
    await expect(ben.submit(opened.interactionId)).rejects.toThrow('no modal open');
  });

  test('from a button may update the button’s message; fields left alone keep their text', async () => {
    onInteraction(async (interaction) => {
      if (interaction.isChatInputCommand())
        await interaction.reply({ content: 'x', components: [rowOf(button('edit'))] });
      if (interaction.isButton()) await interaction.showModal(modal());
      if (interaction.isModalSubmit() && interaction.isFromMessage())
        await interaction.update(interaction.fields.getTextInputValue('prompt'));
    });
    const { message } = await imagine();
    const opened = await ben.click(message!.id, 'edit');
    expect(await ben.submit(opened.interactionId)).toMatchObject({
      kind: 'updated',
      message: { id: message!.id, content: 'old' },
    });
  });

  test('with a doubled id or no field are refused', async () => {
    const input = { type: 4, custom_id: 'a', style: 1, label: 'A' };
    const errors = onInteraction(async (interaction) => {
      const path = `/interactions/${interaction.id}/${interaction.token}/callback`;
      const send = async (components: object[]) =>
        wrongFields((await api('POST', path, { type: 9, data: { custom_id: 'm', title: 't', components } })).body);
      const row = { type: 1, components: [input] };
      errors.push(
        await send([row, row]),
        await send([]),
        await send([{ type: 1, components: [{ ...input, label: undefined }] }]),
      );
      await api('POST', path, { type: 4, data: { content: 'x' } });
    });
    await imagine();
    expect(errors).toEqual([
      ['data.components.1.components.0.custom_id: COMPONENT_CUSTOM_ID_DUPLICATED'],
      expect.arrayContaining(['data.components: BASE_TYPE_BAD_LENGTH']),
      ['data.components.0.components.0.label: BASE_TYPE_REQUIRED'],
    ]);
  });
});

describe('autocomplete', () => {
  const ask = () => ben.autocomplete(channelId, 'imagine', 'model', 'em', { prompt: 'x' });
  const respond = (choices: object[]) =>
    onInteraction(async (interaction) => {
      const answer = await api('POST', `/interactions/${interaction.id}/${interaction.token}/callback`, {
        type: 8,
        data: { choices },
      });
      if (answer.status !== 204) throw wrongFields(answer.body)[0];
    });

  test('brings the typed text and answers choices', async () => {
    onInteraction(async (interaction) => {
      if (!interaction.isAutocomplete()) return;
      const { name, value } = interaction.options.getFocused(true);
      await interaction.respond([{ name: `${name} ${value}oji`, value: 'emoji' }]);
    });
    expect(await ask()).toMatchObject({ kind: 'choices', choices: [{ name: 'model emoji', value: 'emoji' }] });
  });

  test.each([
    [
      '26 choices',
      Array.from({ length: 26 }, (_, n) => ({ name: `${n}`, value: `${n}` })),
      'data.choices: BASE_TYPE_BAD_LENGTH',
    ],
    ['a name of 101', [{ name: 'x'.repeat(101), value: 'x' }], 'data.choices.0.name: BASE_TYPE_BAD_LENGTH'],
    ['a value of 101', [{ name: 'x', value: 'x'.repeat(101) }], 'data.choices.0.value: BASE_TYPE_BAD_LENGTH'],
  ])('%s are refused', async (_name, choices, field) => {
    const errors = respond(choices);
    const outcome = ask();
    await expect.poll(() => errors.length).toBe(1);
    expect(String(errors[0])).toMatch(field.split(':')[0]!);
    stage.emulator.advance(3001);
    expect((await outcome).kind).toBe('failed');
  });
});

describe('an answer of the wrong kind', () => {
  test.each([
    ['choices for a command', 8, { choices: [] }],
    ['an update for a command', 7, { content: 'x' }],
    ['an unknown type', 3, undefined],
  ])('%s is refused, and a right one still passes', async (_name, type, data) => {
    const errors = onInteraction(async (interaction) => {
      const path = `/interactions/${interaction.id}/${interaction.token}/callback`;
      const wrong = await api('POST', path, { type, data });
      await api('POST', path, { type: 4, data: { content: 'right' } });
      throw wrongFields(wrong.body)[0];
    });
    expect((await imagine()).message?.content).toBe('right');
    await expect.poll(() => errors).toEqual(['type: BASE_TYPE_CHOICES']);
  });
});

test('subcommands and user options arrive resolved', async () => {
  onCommand(async (interaction) => {
    const user = interaction.options.getUser('user', true);
    await interaction.reply(
      `${interaction.options.getSubcommand()} ${user.username} ${interaction.options.getMember('user') !== null}`,
    );
  });
  expect((await ben.command(channelId, 'admin ban', { user: stage.anna })).message?.content).toBe('ban anna true');
  await expect(ben.command(channelId, 'admin', {})).rejects.toThrow('subcommands');
});

test('a message context menu brings its target with content, whatever the intents', async () => {
  onInteraction(async (interaction) => {
    if (interaction.isMessageContextMenuCommand()) await interaction.reply(interaction.targetMessage.content);
    if (interaction.isUserContextMenuCommand()) await interaction.reply(interaction.targetUser.username);
  });
  const said = await stage.emulator.as(stage.anna).say(channelId, 'private words');
  expect((await ben.messageMenu(said.id, 'Vary')).message).toMatchObject({ content: 'private words', type: 23 });
  expect((await ben.userMenu(channelId, stage.anna, 'Portrait')).message?.content).toBe('anna');
});

test('in a DM interactions have a user and no member', async () => {
  onCommand((interaction) =>
    interaction.reply(`${interaction.inGuild()} ${interaction.user.username} ${interaction.context}`),
  );
  expect((await ben.command(ben.dm(), 'imagine', { prompt: 'x' })).message?.content).toBe('false ben 1');
});

test('an unknown interaction answers 10062, an unknown webhook 10015', async () => {
  expect((await api('POST', '/interactions/1/x/callback', { type: 5 })).body.code).toBe(10062);
  expect(
    (await api('PATCH', `/webhooks/${stage.client.user.id}/x/messages/@original`, { content: 'x' })).body.code,
  ).toBe(10015);
});

test('an interaction delivered twice runs the handler twice', async () => {
  let runs = 0;
  stage.emulator.gateway.duplicateNext('INTERACTION_CREATE');
  const errors = onCommand(async (interaction) => {
    runs += 1;
    await interaction.reply('x');
  });
  await imagine();
  await expect.poll(() => errors.map(codeOf)).toEqual([40060]);
  expect(runs).toBe(2);
});
