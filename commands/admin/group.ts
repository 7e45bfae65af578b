// What the parts of /admin share: their shape, the options many of them have, and who may say "everywhere".
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandGroupOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { ButtonHandler, Choice, FormHandler, SelectHandler } from '../../src/discord/command.ts';
import type { BotContext } from '../../src/discord/context.ts';
import type { Action } from '../../src/discord/customIds.ts';
import { named } from '../options.ts';

/** The router has made sure that it comes from a server, by somebody who manages it. */
export type AdminInteraction = ChatInputCommandInteraction<'cached' | 'raw'>;
export type AdminHandler = (interaction: AdminInteraction, bot: BotContext) => Promise<void>;

/** Subcommands that belong together, one file each under commands/admin. */
export interface AdminPart {
  readonly options: readonly (APIApplicationCommandSubcommandOption | APIApplicationCommandSubcommandGroupOption)[];
  /** By subcommand, in a group by "group subcommand". */
  readonly run: Readonly<Record<string, AdminHandler>>;
  /** By subcommand as `run`; asked only of those who manage the server. */
  readonly suggest?: Readonly<
    Record<string, (interaction: AutocompleteInteraction, bot: BotContext) => readonly Choice[]>
  >;
  /** Their handlers check for themselves who pressed. */
  readonly buttons?: Partial<Record<Action, ButtonHandler>>;
  readonly selects?: Partial<Record<Action, SelectHandler>>;
  readonly forms?: Partial<Record<Action, FormHandler>>;
}

const { User, String: TEXT, Boolean: YES_NO } = ApplicationCommandOptionType;

export const user: APIApplicationCommandBasicOption = {
  type: User,
  required: true,
  ...named(
    { en: 'user', zh: '用户', ru: 'участник', es: 'usuario', de: 'person', fr: 'membre', ja: 'ユーザー' },
    {
      en: 'Whom this is about.',
      zh: '针对的用户。',
      ru: 'О ком речь.',
      es: 'De quién se trata.',
      de: 'Um wen es geht.',
      fr: 'De qui il s’agit.',
      ja: '対象のユーザー。',
    },
  ),
};

export const reason: APIApplicationCommandBasicOption = {
  type: TEXT,
  max_length: 200,
  ...named(
    { en: 'reason', zh: '原因', ru: 'причина', es: 'motivo', de: 'grund', fr: 'motif', ja: '理由' },
    {
      en: 'They are told this.',
      zh: '会告知对方。',
      ru: 'Её увидит этот человек.',
      es: 'Se le dirá esto.',
      de: 'Das wird der Person gesagt.',
      fr: 'La personne le saura.',
      ja: '本人に伝えられます。',
    },
  ),
};

export const everywhere: APIApplicationCommandBasicOption = {
  type: YES_NO,
  ...named(
    {
      en: 'everywhere',
      zh: '所有服务器',
      ru: 'везде',
      es: 'en-todas-partes',
      de: 'überall',
      fr: 'partout',
      ja: 'すべての場所',
    },
    {
      en: 'In every server and in private; only for the owner of this bot.',
      zh: '在所有服务器和私信中；仅限本机器人的所有者。',
      ru: 'На всех серверах и в личных сообщениях; только для владельца бота.',
      es: 'En todos los servidores y en privado; solo para el dueño de este bot.',
      de: 'Auf allen Servern und privat; nur für den Besitzer dieses Bots.',
      fr: 'Sur tous les serveurs et en privé ; réservé au propriétaire du bot.',
      ja: 'すべてのサーバーと DM で。このボットの持ち主だけが使えます。',
    },
  ),
};

/** The server something is for; null everywhere, which only the owner may say: others are told so, and it is undefined. */
export async function scopeOf(
  interaction: AdminInteraction,
  bot: BotContext,
): Promise<{ readonly guildId: string | null } | undefined> {
  if (interaction.options.getBoolean('everywhere') !== true) return { guildId: interaction.guildId };
  if (bot.isOwner(interaction.user.id)) return { guildId: null };
  await tell(interaction, phrasesOf(interaction).ownerOnly());
  return undefined;
}
