// Registering commands: what Discord refuses, what it keeps, and whom a client offers them to.
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  PermissionFlagsBits,
  SlashCommandBuilder,
} from 'discord.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { offeredCommands } from '../../src/emulator/actor.ts';
import { type Api, makeApi, wrongFields } from '../support/emulatorApi.ts';
import { type BotStage, makeBotStage } from '../support/emulatorBot.ts';

let stage: BotStage;
let api: Api;
let global: string;
beforeAll(async () => {
  stage = await makeBotStage();
  api = makeApi(stage);
  global = `/applications/${stage.client.user.id}/commands`;
});
afterAll(() => stage.close());

const option = (more: object) => ({ type: 3, name: 'a', description: 'd', ...more });
const command = (more: object) => ({ name: 'test', description: 'd', ...more });
const withOptions = (...options: object[]) => command({ options });
const many = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n));

describe('refusals', () => {
  const cases: readonly [string, object, string][] = [
    ['upper case', command({ name: 'Test' }), '0.name: APPLICATION_COMMAND_INVALID_NAME'],
    ['a space in the name', command({ name: 'a b' }), '0.name: APPLICATION_COMMAND_INVALID_NAME'],
    ['a name of 33', command({ name: 'a'.repeat(33) }), '0.name: BASE_TYPE_MAX_LENGTH'],
    ['no description', { name: 'test' }, '0.description: BASE_TYPE_REQUIRED'],
    ['a description of 101', command({ description: 'x'.repeat(101) }), '0.description: BASE_TYPE_MAX_LENGTH'],
    ['an unknown locale', command({ name_localizations: { xx: 'a' } }), '0.name_localizations.xx: BASE_TYPE_CHOICES'],
    [
      'an upper-case localisation',
      command({ name_localizations: { de: 'Bild' } }),
      '0.name_localizations.de: APPLICATION_COMMAND_INVALID_NAME',
    ],
    ['26 options', withOptions(...many(26, (n) => option({ name: `o${n}` }))), '0.options: BASE_TYPE_BAD_LENGTH'],
    [
      '26 choices',
      withOptions(option({ choices: many(26, (n) => ({ name: `${n}`, value: `${n}` })) })),
      '0.options.0.choices: BASE_TYPE_BAD_LENGTH',
    ],
    [
      'an option name twice',
      withOptions(option({}), option({})),
      '0.options.1.name: APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
    ],
    [
      'a required option after an optional one',
      withOptions(option({}), option({ name: 'b', required: true })),
      '0.options.1: APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
    ],
    [
      'choices and autocomplete',
      withOptions(option({ autocomplete: true, choices: [{ name: 'a', value: 'a' }] })),
      '0.options.0.autocomplete: APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID',
    ],
    [
      'a choice value of 101',
      withOptions(option({ choices: [{ name: 'a', value: 'x'.repeat(101) }] })),
      '0.options.0.choices.0.value: BASE_TYPE_INVALID',
    ],
    [
      'a fractional choice of a whole number',
      withOptions(option({ type: 4, choices: [{ name: 'a', value: 1.5 }] })),
      '0.options.0.choices.0.value: BASE_TYPE_INVALID',
    ],
    [
      'min over max',
      withOptions(option({ type: 4, min_value: 5, max_value: 4 })),
      '0.options.0.min_value: APPLICATION_COMMAND_OPTIONS_RANGE_INVALID',
    ],
    [
      'a subcommand beside a plain option',
      withOptions(option({ type: 1 }), option({ name: 'b' })),
      '0.options: APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
    ],
    [
      'a menu with a description',
      { name: 'Vary', type: 3, description: 'd' },
      '0.description: APPLICATION_COMMAND_DESCRIPTION_INVALID',
    ],
    [
      '8,001 characters',
      withOptions(
        ...many(4, (n) =>
          option({
            name: `o${n}`,
            choices: many(20, (m) => ({ name: `${m}`.padStart(50, 'x'), value: `${m}`.padStart(50, 'y') })),
          }),
        ),
      ),
      '0: APPLICATION_COMMAND_TOO_LARGE',
    ],
  ];
  test.each(cases)('%s', async (_name, body, field) => {
    const answer = await api('PUT', global, [body]);
    expect(answer).toMatchObject({ status: 400, body: { code: 50035 } });
    expect(wrongFields(answer.body)).toContain(field);
  });

  test('the same name twice, and 101 commands', async () => {
    const twice = await api('PUT', global, [command({}), command({})]);
    expect(wrongFields(twice.body)).toEqual(['1.name: APPLICATION_COMMANDS_DUPLICATE_NAME']);
    const crowd = await api(
      'PUT',
      global,
      many(101, (n) => command({ name: `c${n}` })),
    );
    expect(wrongFields(crowd.body)).toEqual([': APPLICATION_COMMANDS_MAX']);
  });

  test('another application’s commands', async () => {
    expect(await api('PUT', '/applications/1/commands', [])).toMatchObject({ status: 403, body: { code: 50001 } });
  });
});

test('a second registration keeps the ids of the names that stay', async () => {
  const first = await api('PUT', global, [command({ name: 'keep' }), command({ name: 'drop' })]);
  const second = await api('PUT', global, [command({ name: 'keep', description: 'new' }), { name: 'Vary', type: 3 }]);
  expect(second.body[0]).toMatchObject({ id: first.body[0].id, description: 'new' });
  expect((await api('GET', global)).body.map((one: { name: string }) => one.name)).toEqual(['keep', 'Vary']);
});

test('discord.js registers builders, globally and for a guild, and edits and deletes them', async () => {
  const builder = new SlashCommandBuilder()
    .setName('admin')
    .setDescription('House rules')
    .setDescriptionLocalizations({ de: 'Hausordnung' })
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .addSubcommand((sub) =>
      sub
        .setName('ban')
        .setDescription('No more')
        .addUserOption((user) => user.setName('user').setDescription('Who').setRequired(true)),
    );
  const { commands } = stage.client.application;
  await commands.set([builder, { name: 'Vary', type: ApplicationCommandType.Message }]);
  const made = await commands.create({ name: 'late', description: 'd' }, stage.guildId);
  await made.edit({ description: 'later' });
  expect((await commands.fetch({ guildId: stage.guildId })).map((one) => one.description)).toEqual(['later']);
  await made.delete();
  expect((await commands.fetch({ guildId: stage.guildId })).size).toBe(0);
  const [admin] = (await commands.fetch()).values();
  expect(admin?.options[0]).toMatchObject({
    name: 'ban',
    type: ApplicationCommandOptionType.Subcommand,
    options: [{ name: 'user', required: true }],
  });
});

describe('what a client offers', () => {
  const offered = (channelId: string, userId: string) =>
    offeredCommands(stage.emulator.scene, stage.emulator.world.channels.get(channelId)!, userId).map((one) => one.name);

  test('default_member_permissions hide, contexts and guilds decide the place', async () => {
    await stage.client.application.commands.set([
      { name: 'all', description: 'd' },
      { name: 'mods', description: 'd', defaultMemberPermissions: PermissionFlagsBits.ManageGuild },
      { name: 'admins', description: 'd', defaultMemberPermissions: 0n },
      { name: 'server', description: 'd', contexts: [0] },
    ]);
    await stage.client.application.commands.set([{ name: 'here', description: 'd' }], stage.guildId);
    expect(offered(stage.channelId, stage.ben)).toEqual(['all', 'server', 'here']);
    expect(offered(stage.channelId, stage.anna)).toEqual(['all', 'mods', 'admins', 'server', 'here']);
    expect(offered(stage.emulator.as(stage.ben).dm(), stage.ben)).toEqual(['all', 'mods', 'admins']);
  });

  test.each([
    ['an unknown command', 'nothing', {}],
    ['a missing required option', 'draw', {}],
    ['an unknown option', 'draw', { prompt: 'x', other: 1 }],
    ['a text where a number belongs', 'draw', { prompt: 'x', steps: '5' }],
    ['a fraction where a whole number belongs', 'draw', { prompt: 'x', steps: 1.5 }],
    ['a number over its maximum', 'draw', { prompt: 'x', steps: 51 }],
    ['a text over its maximum', 'draw', { prompt: 'x'.repeat(11) }],
    ['a value that is no choice', 'draw', { prompt: 'x', kind: 'c' }],
  ])('does not send %s', async (_name, name, options) => {
    await stage.client.application.commands.set([
      {
        name: 'draw',
        description: 'd',
        options: [
          { type: 3, name: 'prompt', description: 'd', required: true, maxLength: 10 },
          { type: 4, name: 'steps', description: 'd', maxValue: 50 },
          { type: 3, name: 'kind', description: 'd', choices: [{ name: 'a', value: 'a' }] },
        ],
      },
    ]);
    await expect(stage.emulator.as(stage.ben).command(stage.channelId, name, options)).rejects.toThrow(
      /option|command/,
    );
  });
});
