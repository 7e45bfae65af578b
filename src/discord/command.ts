// The shape of a command file: what Discord is told about it, and what runs when it, its buttons or its modals are used.
import type {
  APIApplicationCommandOptionChoice,
  AutocompleteInteraction,
  ButtonInteraction,
  ChatInputCommandInteraction,
  MessageContextMenuCommandInteraction,
  ModalSubmitInteraction,
  RESTPostAPIApplicationCommandsJSONBody,
  StringSelectMenuInteraction,
  UserContextMenuCommandInteraction,
} from 'discord.js';
import type { BotContext, Catalog } from './context.ts';
import type { Action } from './customIds.ts';

/** Handlers get the arguments of the signed custom id; they still check job, message and user in the database. */
export type ButtonHandler = (interaction: ButtonInteraction, args: readonly string[], bot: BotContext) => Promise<void>;
export type SelectHandler = (
  interaction: StringSelectMenuInteraction,
  args: readonly string[],
  bot: BotContext,
) => Promise<void>;
export type FormHandler = (
  interaction: ModalSubmitInteraction,
  args: readonly string[],
  bot: BotContext,
) => Promise<void>;

interface Parts {
  /** As Discord is told; it may depend on which models there are. */
  readonly declare: (catalog: Catalog) => RESTPostAPIApplicationCommandsJSONBody;
  readonly buttons?: Partial<Record<Action, ButtonHandler>>;
  /** What was chosen is checked again: the values come from the other side. */
  readonly selects?: Partial<Record<Action, SelectHandler>>;
  readonly forms?: Partial<Record<Action, FormHandler>>;
}

export interface SlashCommand extends Parts {
  readonly kind: 'slash';
  readonly name: string;
  readonly run: (interaction: ChatInputCommandInteraction, bot: BotContext) => Promise<void>;
  /** At most 25 choices; Discord does not hold users to them, so `run` checks again. */
  readonly suggest?: (interaction: AutocompleteInteraction, bot: BotContext) => readonly Choice[];
}

export interface MessageCommand extends Parts {
  readonly kind: 'message';
  readonly name: string;
  readonly run: (interaction: MessageContextMenuCommandInteraction, bot: BotContext) => Promise<void>;
}

export interface UserCommand extends Parts {
  readonly kind: 'user';
  readonly name: string;
  readonly run: (interaction: UserContextMenuCommandInteraction, bot: BotContext) => Promise<void>;
}

export type Command = SlashCommand | MessageCommand | UserCommand;
export type Choice = APIApplicationCommandOptionChoice<string>;
