// Every door Discord users can go through, read from what is registered and from what the router leads somewhere: commands with their
// subcommands, context menus, and every kind of button, select menu and form. Tables of tests are held against these lists.
import type { APIApplicationCommandOption } from 'discord.js';
import { ApplicationCommandOptionType as OPTION } from 'discord.js';
import { commands } from '../../../commands/index.ts';
import { DEFAULT_LIMITS, type ModelCard } from '../../../src/core/request.ts';

export interface Declared {
  readonly name: string;
  readonly contexts?: readonly number[] | null;
  readonly integration_types?: readonly number[];
  readonly default_member_permissions?: string | null;
  readonly options?: readonly APIApplicationCommandOption[];
}

/** As Discord is told, by "/imagine", "message:Recipe" and "user:Their pictures". */
export function declarations(card: ModelCard): ReadonlyMap<string, Declared> {
  const catalog = { cards: [card], defaultModel: card.name, limits: DEFAULT_LIMITS };
  return new Map(
    commands.map((command) => [
      command.kind === 'slash' ? `/${command.name}` : `${command.kind}:${command.name}`,
      command.declare(catalog) as unknown as Declared,
    ]),
  );
}

/** "/imagine", "/style save", "/admin words add", "message:Recipe", "user:Their pictures". */
export function commandDoors(card: ModelCard): readonly string[] {
  return [...declarations(card)].flatMap(([door, declared]) =>
    leaves(declared.options ?? []).map((leaf) => door + leaf),
  );
}

function leaves(options: readonly APIApplicationCommandOption[]): readonly string[] {
  const inner = options.flatMap((option) =>
    option.type === OPTION.Subcommand || option.type === OPTION.SubcommandGroup
      ? leaves(option.options ?? []).map((leaf) => ` ${option.name}${leaf}`)
      : [],
  );
  return inner.length === 0 ? [''] : inner;
}

/** "button vary", "select choose", "form editForm". */
export function pressDoors(): readonly string[] {
  return commands.flatMap(({ buttons = {}, selects = {}, forms = {} }) => [
    ...Object.keys(buttons).map((action) => `button ${action}`),
    ...Object.keys(selects).map((action) => `select ${action}`),
    ...Object.keys(forms).map((action) => `form ${action}`),
  ]);
}
