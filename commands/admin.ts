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

const reason: APIApplicationCommandOption = {
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

const everywhere: APIApplicationCommandOption = {
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

const pictures: APIApplicationCommandOption = {
  type: WHOLE,
  min_value: 0,
  max_value: MAX_DAILY_PICTURES,
  ...named(
    { en: 'pictures', zh: '张数', ru: 'картинок', es: 'imágenes', de: 'bilder', fr: 'images', ja: '枚数' },
    {
      en: 'Pictures a day; without it, the usual number.',
      zh: '每天张数；不填则恢复默认。',
      ru: 'Картинок в день; без этого — обычное число.',
      es: 'Imágenes al día; sin esto, el número habitual.',
      de: 'Bilder am Tag; ohne Angabe die übliche Zahl.',
      fr: 'Images par jour ; sans cela, le nombre habituel.',
      ja: '1 日の枚数。なければ通常の枚数。',
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
      { en: 'admin', zh: '管理', ru: 'админ', es: 'admin', de: 'verwaltung', fr: 'admin', ja: '管理' },
      {
        en: 'For the people who run this server: bans and daily limits.',
        zh: '供服务器管理者使用：封禁与每日限额。',
        ru: 'Для тех, кто ведёт этот сервер: запреты и дневные квоты.',
        es: 'Para quienes llevan este servidor: vetos y cupos diarios.',
        de: 'Für die, die diesen Server leiten: Sperren und Tageskontingente.',
        fr: 'Pour celles et ceux qui gèrent ce serveur : exclusions et quotas du jour.',
        ja: 'このサーバーの管理者用：禁止と 1 日の上限。',
      },
    ),
    default_member_permissions: String(PermissionFlagsBits.ManageGuild),
    options: [
      {
        type: Subcommand,
        ...named(
          { en: 'ban', zh: '封禁', ru: 'запретить', es: 'vetar', de: 'sperren', fr: 'exclure', ja: '禁止' },
          {
            en: 'Stop someone from making pictures.',
            zh: '禁止某人生成图片。',
            ru: 'Запретить кому-то делать картинки.',
            es: 'Impedir que alguien haga imágenes.',
            de: 'Jemanden vom Bildermachen ausschließen.',
            fr: 'Empêcher quelqu’un de faire des images.',
            ja: '誰かが画像を作れないようにします。',
          },
        ),
        options: [user, reason, everywhere],
      },
      {
        type: Subcommand,
        ...named(
          { en: 'unban', zh: '解封', ru: 'разрешить', es: 'permitir', de: 'entsperren', fr: 'réadmettre', ja: '解除' },
          {
            en: 'Let someone make pictures again.',
            zh: '允许某人再次生成图片。',
            ru: 'Снова разрешить кому-то делать картинки.',
            es: 'Permitir de nuevo que alguien haga imágenes.',
            de: 'Jemanden wieder Bilder machen lassen.',
            fr: 'Laisser de nouveau quelqu’un faire des images.',
            ja: '誰かがまた画像を作れるようにします。',
          },
        ),
        options: [user, everywhere],
      },
      {
        type: Subcommand,
        ...named(
          { en: 'quota', zh: '配额', ru: 'квота', es: 'cupo', de: 'kontingent', fr: 'quota', ja: '上限' },
          {
            en: 'How many pictures someone may make a day.',
            zh: '设置某人每天可生成的张数。',
            ru: 'Сколько картинок в день можно участнику.',
            es: 'Cuántas imágenes al día puede hacer alguien.',
            de: 'Wie viele Bilder jemand am Tag machen darf.',
            fr: 'Combien d’images par jour quelqu’un peut faire.',
            ja: '誰かが 1 日に作れる枚数。',
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
