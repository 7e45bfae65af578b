// /admin ban|unban|quota: hidden from everybody without "Manage Server", and checked again here at every use, because a server's own
// settings may show a hidden command to anybody. What is done holds in this server; only the application's owner reaches beyond it.
import {
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type ChatInputCommandInteraction,
  PermissionFlagsBits,
} from 'discord.js';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { SERVERS_ONLY } from './install.ts';
import { named } from './options.ts';

/** A number nobody reaches; it keeps arithmetic and answers sane. */
const MAX_DAILY_PICTURES = 100_000;
const { Subcommand, User, String: TEXT, Integer: WHOLE, Boolean: YES_NO } = ApplicationCommandOptionType;

const user: APIApplicationCommandOption = {
  type: User,
  required: true,
  ...named(
    { en: 'user', zh: '用户', ru: 'участник' },
    { en: 'Whom this is about.', zh: '针对的用户。', ru: 'О ком речь.' },
  ),
};

const reason: APIApplicationCommandOption = {
  type: TEXT,
  max_length: 200,
  ...named(
    { en: 'reason', zh: '原因', ru: 'причина' },
    { en: 'They are told this.', zh: '会告知对方。', ru: 'Её увидит этот человек.' },
  ),
};

const everywhere: APIApplicationCommandOption = {
  type: YES_NO,
  ...named(
    { en: 'everywhere', zh: '所有服务器', ru: 'везде' },
    {
      en: 'In every server and in private; only for the owner of this bot.',
      zh: '在所有服务器和私信中；仅限本机器人的所有者。',
      ru: 'На всех серверах и в личных сообщениях; только для владельца бота.',
    },
  ),
};

const pictures: APIApplicationCommandOption = {
  type: WHOLE,
  min_value: 0,
  max_value: MAX_DAILY_PICTURES,
  ...named(
    { en: 'pictures', zh: '张数', ru: 'картинок' },
    {
      en: 'Pictures a day; without it, the usual number.',
      zh: '每天张数；不填则恢复默认。',
      ru: 'Картинок в день; без этого — обычное число.',
    },
  ),
};

type AdminInteraction = ChatInputCommandInteraction<'cached' | 'raw'>;
type Subcommands = Readonly<Record<string, (interaction: AdminInteraction, bot: BotContext) => string>>;

const SUBCOMMANDS: Subcommands = {
  ban(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const place = placeOf(interaction, bot);
    if (place === 'not_yours') return phrases.ownerOnly();
    const whom = interaction.options.getUser('user', true);
    const reason = interaction.options.getString('reason') ?? '—';
    bot.store.ban({ userId: whom.id, ...place }, reason, interaction.user.id);
    return place.guildId === null ? phrases.banDoneEverywhere(`<@${whom.id}>`) : phrases.banDone(`<@${whom.id}>`);
  },
  unban(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const place = placeOf(interaction, bot);
    if (place === 'not_yours') return phrases.ownerOnly();
    const whom = interaction.options.getUser('user', true);
    const member = { userId: whom.id, ...place };
    const wasBanned = bot.store.unban(member, interaction.user.id);
    if (bot.store.banOf({ ...member, guildId: interaction.guildId }) !== undefined) {
      return phrases.stillBanned(`<@${whom.id}>`);
    }
    return wasBanned ? phrases.unbanDone(`<@${whom.id}>`) : phrases.notBanned(`<@${whom.id}>`);
  },
  /** More than the owner gives everybody is the owner's to give: it is the owner's machine. */
  quota(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const usual = bot.rules.dailyQuota;
    const whom = interaction.options.getUser('user', true);
    const limit = interaction.options.getInteger('pictures');
    if (limit !== null && limit > usual && !bot.isOwner(interaction.user.id)) return phrases.quotaTooHigh(usual);
    bot.store.setQuota({ userId: whom.id, guildId: interaction.guildId }, limit, interaction.user.id);
    return limit === null ? phrases.quotaReset(`<@${whom.id}>`, usual) : phrases.quotaSet(`<@${whom.id}>`, limit);
  },
};

/** The server a ban is for; null everywhere, which only the owner may say. */
function placeOf(interaction: AdminInteraction, bot: BotContext): { readonly guildId: string | null } | 'not_yours' {
  if (interaction.options.getBoolean('everywhere') !== true) return { guildId: interaction.guildId };
  return bot.isOwner(interaction.user.id) ? { guildId: null } : 'not_yours';
}

export const admin: SlashCommand = {
  kind: 'slash',
  name: 'admin',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'admin', zh: '管理', ru: 'админ' },
      {
        en: 'For the people who run this server: bans and daily limits.',
        zh: '供服务器管理者使用：封禁与每日限额。',
        ru: 'Для тех, кто ведёт этот сервер: запреты и дневные квоты.',
      },
    ),
    default_member_permissions: String(PermissionFlagsBits.ManageGuild),
    options: [
      {
        type: Subcommand,
        ...named(
          { en: 'ban', zh: '封禁', ru: 'запретить' },
          {
            en: 'Stop someone from making pictures.',
            zh: '禁止某人生成图片。',
            ru: 'Запретить кому-то делать картинки.',
          },
        ),
        options: [user, reason, everywhere],
      },
      {
        type: Subcommand,
        ...named(
          { en: 'unban', zh: '解封', ru: 'разрешить' },
          {
            en: 'Let someone make pictures again.',
            zh: '允许某人再次生成图片。',
            ru: 'Снова разрешить кому-то делать картинки.',
          },
        ),
        options: [user, everywhere],
      },
      {
        type: Subcommand,
        ...named(
          { en: 'quota', zh: '配额', ru: 'квота' },
          {
            en: 'How many pictures someone may make a day.',
            zh: '设置某人每天可生成的张数。',
            ru: 'Сколько картинок в день можно участнику.',
          },
        ),
        options: [user, pictures],
      },
    ] as APIApplicationCommandOption[],
    ...SERVERS_ONLY,
  }),
  async run(interaction, bot) {
    const mayAdminister = interaction.memberPermissions?.has(PermissionFlagsBits.ManageGuild) === true;
    if (!interaction.inGuild() || !mayAdminister) return tell(interaction, phrasesOf(interaction).adminsOnly());
    const run = SUBCOMMANDS[interaction.options.getSubcommand(true)];
    if (run !== undefined) await tell(interaction, run(interaction, bot));
  },
};
