// The life of interactions as a real discord.js client lives it.
import { ActionRowBuilder, ButtonBuilder, ButtonStyle, Events, type Interaction, MessageFlags } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BotStage, makeBotStage } from '../support/emulatorBot.ts';

let stage: BotStage;
beforeEach(async () => {
  stage = await makeBotStage();
  await stage.client.application.commands.set([
    {
      name: 'imagine',
      description: 'Make a picture',
      options: [
        { type: 3, name: 'prompt', description: 'What to see', required: true },
        { type: 11, name: 'image', description: 'Start from this' },
      ],
    },
    { name: 'Vary', type: 3 },
  ]);
});
afterEach(() => stage.close());

const onInteraction = (handler: (interaction: Interaction) => Promise<unknown>) =>
  stage.client.on(Events.InteractionCreate, (interaction) => void handler(interaction));

describe('a slash command', () => {
  test('is answered with a message everybody sees', async () => {
    onInteraction(async (interaction) => {
      if (interaction.isChatInputCommand())
        await interaction.reply(`you said ${interaction.options.getString('prompt', true)}`);
    });
    const outcome = await stage.emulator.as(stage.ben).command(stage.channelId, 'imagine', { prompt: 'a red heart' });
    expect(outcome.kind).toBe('message');
    expect(outcome.message?.content).toBe('you said a red heart');
    expect(stage.emulator.view(stage.channelId, stage.anna).map((message) => message.content)).toEqual([
      'you said a red heart',
    ]);
  });

  test('buttons and files travel both ways', async () => {
    onInteraction(async (interaction) => {
      if (interaction.isChatInputCommand()) {
        const image = interaction.options.getAttachment('image', true);
        const bytes = Buffer.from(await (await fetch(image.url)).arrayBuffer());
        const button = new ButtonBuilder().setCustomId('again').setLabel('Again').setStyle(ButtonStyle.Primary);
        await interaction.reply({
          files: [{ attachment: bytes, name: 'out.txt', description: 'echo' }],
          components: [new ActionRowBuilder<ButtonBuilder>().addComponents(button)],
        });
      }
      if (interaction.isButton()) await interaction.update({ content: 'clicked', components: [] });
    });
    const ben = stage.emulator.as(stage.ben);
    const image = { name: 'in.txt', bytes: Buffer.from('hello') };
    const outcome = await ben.command(stage.channelId, 'imagine', { prompt: 'x', image });
    expect(outcome.message?.attachments).toMatchObject([{ filename: 'out.txt', size: 5, description: 'echo' }]);
    const clicked = await ben.click(outcome.message?.id ?? '', 'Again');
    expect(clicked).toMatchObject({
      kind: 'updated',
      message: { content: 'clicked', components: [], history: [{ content: '' }] },
    });
  });

  test('ephemeral answers are seen by their user alone', async () => {
    onInteraction(async (interaction) => {
      if (interaction.isRepliable()) await interaction.reply({ content: 'psst', flags: MessageFlags.Ephemeral });
    });
    const outcome = await stage.emulator.as(stage.ben).command(stage.channelId, 'imagine', { prompt: 'x' });
    expect(outcome.message).toMatchObject({ content: 'psst', ephemeral: true });
    expect(stage.emulator.view(stage.channelId, stage.ben)).toHaveLength(1);
    expect(stage.emulator.view(stage.channelId, stage.anna)).toHaveLength(0);
  });
});

test('channel messages are created and edited with files', async () => {
  const channel = await stage.client.channels.fetch(stage.channelId);
  if (!channel?.isSendable()) throw new Error('no channel');
  const sent = await channel.send({ content: 'one', files: [{ attachment: Buffer.from('abc'), name: 'a.txt' }] });
  const edited = await sent.edit({
    content: 'two',
    files: [{ attachment: Buffer.from('abcd'), name: 'b.txt' }],
    attachments: [],
  });
  expect(edited.attachments.map((file) => [file.name, file.size])).toEqual([['b.txt', 4]]);
  expect(stage.emulator.view(stage.channelId, stage.ben)).toMatchObject([
    { content: 'two', history: [{ content: 'one', attachments: ['a.txt'] }] },
  ]);
});
