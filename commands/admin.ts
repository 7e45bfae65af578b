// /admin: hidden from everybody without "Manage Server", and checked again here at every use, because a server's own settings may show a
// hidden command to anybody. What is done holds in this server; only the application's owner reaches beyond it. Its subcommands lie in
// commands/admin, one file for those that belong together; a new one is listed in PARTS.
import { ApplicationCommandType, type AutocompleteInteraction, PermissionFlagsBits } from 'discord.js';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { SlashCommand } from '../src/discord/command.ts';
import { auditLog } from './admin/audit.ts';
import { bans } from './admin/bans.ts';
import { channels } from './admin/channels.ts';
import { doctors } from './admin/doctor.ts';
import type { AdminInteraction, AdminPart } from './admin/group.ts';
import { limitsHere } from './admin/limits.ts';
import { look } from './admin/look.ts';
import { loraRules } from './admin/loras.ts';
import { models } from './admin/models.ts';
import { policies } from './admin/policy.ts';
import { queueDesk } from './admin/queue.ts';
import { quota } from './admin/quota.ts';
import { statistics } from './admin/stats.ts';
import { strikes } from './admin/strikes.ts';
import { words } from './admin/words.ts';
import { SERVERS_ONLY } from './install.ts';
import { named } from './options.ts';

/** In the order people meet them. Discord takes 25, and 8,000 characters of names and descriptions in all: keep them short. */
const PARTS: readonly AdminPart[] = [
  bans,
  words,
  channels,
  policies,
  strikes,
  auditLog,
  doctors,
  quota,
  limitsHere,
  models,
  queueDesk,
  statistics,
  loraRules,
  look,
];

/** Discord has no other way to say which one it was. */
function chosen({ options }: AdminInteraction | AutocompleteInteraction): string {
  return [options.getSubcommandGroup(false), options.getSubcommand(true)].filter((name) => name !== null).join(' ');
}

function together<K extends 'run' | 'suggest' | 'buttons' | 'selects' | 'forms'>(field: K): NonNullable<AdminPart[K]> {
  return Object.assign({}, ...PARTS.map((part) => part[field]));
}

const run = together('run');
const suggest = together('suggest');

export const admin: SlashCommand = {
  kind: 'slash',
  name: 'admin',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'admin', zh: '管理', ru: 'админ', es: 'admin', de: 'verwaltung', fr: 'admin', ja: '管理' },
      {
        en: 'For the people who run this server.',
        zh: '供服务器管理者使用。',
        ru: 'Для тех, кто ведёт этот сервер.',
        es: 'Para quienes llevan este servidor.',
        de: 'Für die, die diesen Server leiten.',
        fr: 'Pour celles et ceux qui gèrent ce serveur.',
        ja: 'このサーバーの管理者用。',
      },
    ),
    default_member_permissions: String(PermissionFlagsBits.ManageGuild),
    options: PARTS.flatMap(({ options }) => [...options]),
    ...SERVERS_ONLY,
  }),
  async run(interaction, bot) {
    const mayAdminister = interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild) === true;
    if (!interaction.inGuild() || !mayAdminister) return tell(interaction, phrasesOf(interaction).adminsOnly());
    await run[chosen(interaction)]?.(interaction, bot);
  },
  suggest(interaction, bot) {
    const mayAdminister = interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild) === true;
    return mayAdminister ? (suggest[chosen(interaction)]?.(interaction, bot) ?? []) : [];
  },
  buttons: together('buttons'),
  selects: together('selects'),
  forms: together('forms'),
};
