// What Discord is told about the commands, against its rules for commands, in every language.
// @source Discord documentation, Application Commands: naming regex, lengths, 25 options and choices, 8,000 characters together.
import { ApplicationCommandType, PermissionFlagsBits } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { commands } from '../../commands/index.ts';
import { DEFAULT_LIMITS } from '../../src/core/request.ts';
import type { Catalog } from '../../src/discord/context.ts';
import { TEST_CARD } from '../support/cards.ts';

const one: Catalog = { cards: [TEST_CARD], defaultModel: 'testmodel', limits: DEFAULT_LIMITS };
const two: Catalog = { ...one, cards: [TEST_CARD, { ...TEST_CARD, name: 'other' }] };

interface Node {
  readonly name: string;
  readonly description?: string;
  readonly type?: number;
  readonly name_localizations?: Record<string, string>;
  readonly description_localizations?: Record<string, string>;
  readonly options?: readonly Node[];
  readonly required?: boolean;
  readonly autocomplete?: boolean;
}

const declared = (catalog: Catalog) => commands.map((command) => command.declare(catalog) as unknown as Node);
const nodes = (node: Node): Node[] => [node, ...(node.options ?? []).flatMap(nodes)];
const isSlash = (node: Node) => node.type === ApplicationCommandType.ChatInput;

/** Every language but English. */
const LOCALES = ['de', 'es-419', 'es-ES', 'fr', 'ja', 'ru', 'zh-CN'];

/** Discord's own naming rule for slash commands and options. */
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

describe.each(declared(two).map((node) => [node.name, node] as const))('%s', (_, command) => {
  test('has names and descriptions Discord accepts, in every language', () => {
    for (const node of isSlash(command) ? nodes(command) : []) {
      for (const name of [node.name, ...Object.values(node.name_localizations ?? {})]) {
        expect(name).toMatch(NAME);
        expect(name).toBe(name.toLowerCase());
      }
      for (const text of [node.description ?? '', ...Object.values(node.description_localizations ?? {})]) {
        expect(text.length).toBeGreaterThanOrEqual(1);
        expect(text.length).toBeLessThanOrEqual(100);
      }
      expect(Object.keys(node.name_localizations ?? {}).sort()).toEqual(LOCALES);
      expect(Object.keys(node.description_localizations ?? {}).sort()).toEqual(LOCALES);
    }
  });

  test('has at most 25 options with different names in each language, the required ones first', () => {
    for (const node of nodes(command)) {
      const options = node.options ?? [];
      expect(options.length).toBeLessThanOrEqual(25);
      for (const language of LOCALES) {
        const names = options.map((option) => option.name_localizations?.[language]);
        expect(new Set(names).size).toBe(names.length);
      }
      const required = options.map((option) => option.required === true);
      expect(required).toEqual([...required].sort((a, b) => Number(b) - Number(a)));
    }
  });

  test('stays under 8,000 characters in each language', () => {
    const length = (language?: string) =>
      nodes(command).reduce((sum, node) => {
        const name = (language && node.name_localizations?.[language]) || node.name;
        const description = (language && node.description_localizations?.[language]) || (node.description ?? '');
        return sum + name.length + description.length;
      }, 0);
    for (const language of [undefined, ...LOCALES]) expect(length(language)).toBeLessThanOrEqual(8_000);
  });
});

test('the commands are the ones promised', () => {
  expect(commands.map((command) => `${command.kind} ${command.name}`)).toEqual([
    ...'imagine grid blend upscale history favourites show verify style wildcard lora settings queue cancel quota help privacy admin'
      .split(' ')
      .map((name) => `slash ${name}`),
    'message Vary this picture',
    'message Use as source',
    'message Use as control',
    'message Recipe',
    'message Report',
    'user Their pictures',
  ]);
  for (const [index, node] of declared(one).entries()) expect(node.name).toBe(commands[index]?.name);
});

test('the model is asked for only where there are several', () => {
  const optionsOf = (catalog: Catalog) => declared(catalog)[0]?.options?.map((option) => option.name);
  expect(optionsOf(one)).not.toContain('model');
  expect(optionsOf(two)).toContain('model');
});

test('/admin is hidden from ordinary members and lives in servers only', () => {
  const admin = commands.find((command) => command.name === 'admin')!.declare(one);
  expect(admin.default_member_permissions).toBe(String(PermissionFlagsBits.ManageGuild));
  expect(admin.contexts).toEqual([0]);
  expect(admin.integration_types).toEqual([0]);
});
