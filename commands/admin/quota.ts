// /admin quota | grant: how many pictures somebody, everybody with a role, or all of a server may make here, a day and an hour. More than the
// owner gives everybody is the owner's to give, for it is the owner's machine; unless the owner has set what all of the server may make:
// then its moderators share that out as they like.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import type { QuotaNumbers } from '../../src/core/houseRules.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { BotContext } from '../../src/discord/context.ts';
import { rolesOf, rolesText } from '../../src/discord/loraAccess.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { clip, MAX_CONTENT_CHARS } from '../../src/discord/text.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminInteraction, type AdminPart, reason, user } from './group.ts';

/** A number nobody reaches; it keeps arithmetic and answers sane. */
const MAX_DAILY_PICTURES = 100_000;
const { Subcommand, SubcommandGroup, Integer: WHOLE, Role } = ApplicationCommandOptionType;

const pictures: APIApplicationCommandBasicOption = {
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

const hourly: APIApplicationCommandBasicOption = {
  type: WHOLE,
  min_value: 0,
  max_value: MAX_DAILY_PICTURES,
  ...named(
    { en: 'hourly', zh: '每小时', ru: 'в_час', es: 'por_hora', de: 'je_stunde', fr: 'par_heure', ja: '毎時' },
    {
      en: 'Pictures an hour; without it, the usual number.',
      zh: '每小时张数；不填则恢复默认。',
      ru: 'Картинок в час; без этого — обычное число.',
      es: 'Imágenes por hora; sin esto, el número habitual.',
      de: 'Bilder in der Stunde; ohne Angabe die übliche Zahl.',
      fr: 'Images par heure ; sans cela, le nombre habituel.',
      ja: '1 時間の枚数。なければ通常の枚数。',
    },
  ),
};

const role: APIApplicationCommandBasicOption = {
  type: Role,
  required: true,
  ...named(
    { en: 'role', zh: '身份组', ru: 'роль', es: 'rol', de: 'rolle', fr: 'rôle', ja: 'ロール' },
    {
      en: 'For everybody with this role.',
      zh: '针对拥有此身份组的所有人。',
      ru: 'Для всех с этой ролью.',
      es: 'Para todos los que tienen este rol.',
      de: 'Für alle mit dieser Rolle.',
      fr: 'Pour tous ceux qui ont ce rôle.',
      ja: 'このロールの全員について。',
    },
  ),
};

function numbersOf({ options }: AdminInteraction): QuotaNumbers {
  return { daily: options.getInteger('pictures'), hourly: options.getInteger('hourly') };
}

/** Nobody's numbers bind more than those above them: the owner's for everybody, and the owner's for the server. */
function isTooMuch(
  { daily, hourly }: QuotaNumbers,
  { guildId, user: who }: AdminInteraction,
  bot: BotContext,
): boolean {
  const { dailyQuota, hourlyQuota } = bot.rules;
  const isMore = (daily ?? 0) > dailyQuota || (hourly ?? 0) > (hourlyQuota ?? Number.POSITIVE_INFINITY);
  if (!isMore || bot.isOwner(who.id)) return false;
  const server = bot.store.serverQuota(guildId);
  return server === undefined || !server.isByOwner || server.daily === null;
}

function tooHigh(phrases: Phrases, { rules: { dailyQuota, hourlyQuota = null } }: BotContext): string {
  const hour =
    hourlyQuota === null ? '' : `\n-# ${numbersText({ daily: dailyQuota, hourly: hourlyQuota }, '', phrases)}`;
  return `${phrases.quotaTooHigh(dailyQuota)}${hour}`;
}

function numbersText({ daily, hourly: anHour }: QuotaNumbers, none: string, { houseRules }: Phrases): string {
  const parts = [
    daily === null ? [] : [houseRules.perDay(daily)],
    anHour === null ? [] : [houseRules.perHour(anHour)],
  ].flat();
  return parts.length === 0 ? none : parts.join(', ');
}

const forUser: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const usual = bot.rules.dailyQuota;
  const whom = interaction.options.getUser('user', true);
  const wanted = numbersOf(interaction);
  if (isTooMuch(wanted, interaction, bot)) return tell(interaction, tooHigh(phrases, bot));
  const member = { userId: whom.id, guildId: interaction.guildId };
  bot.store.setQuota(member, wanted.daily, interaction.user.id, wanted.hourly);
  const mention = `<@${whom.id}>`;
  if (wanted.hourly === null) {
    const { daily } = wanted;
    return tell(interaction, daily === null ? phrases.quotaReset(mention, usual) : phrases.quotaSet(mention, daily));
  }
  await tell(interaction, phrases.houseRules.quotaOf(mention, numbersText(wanted, '—', phrases)));
};

const forRole: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const wanted = numbersOf(interaction);
  if (isTooMuch(wanted, interaction, bot)) return tell(interaction, tooHigh(phrases, bot));
  const { id: roleId } = interaction.options.getRole('role', true);
  bot.store.setRoleQuota(interaction.guildId, { roleId, ...wanted }, interaction.user.id);
  const { houseRules: words } = phrases;
  const shown = rolesText([roleId], interaction.guildId);
  await tell(interaction, words.quotaOf(shown, numbersText(wanted, words.usual(), phrases)));
};

const forServer: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const { houseRules: words } = phrases;
  const isByOwner = bot.isOwner(interaction.user.id);
  if (bot.store.serverQuota(interaction.guildId)?.isByOwner === true && !isByOwner) {
    return tell(interaction, words.byOwner());
  }
  const wanted = { daily: interaction.options.getInteger('pictures'), hourly: null };
  bot.store.setServerQuota(interaction.guildId, { ...wanted, isByOwner }, interaction.user.id);
  await tell(interaction, words.quotaOf(words.wholeServer(), numbersText(wanted, words.unlimited(), phrases)));
};

/** The numbers of everybody, of roles and of the server; of one person, too, with what is used. */
const show: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const { houseRules: words } = phrases;
  const { guildId } = interaction;
  const { dailyQuota: daily, hourlyQuota = null } = bot.rules;
  const roles = bot.store.roleQuotas(guildId).map((one) => {
    return `- ${rolesText([one.roleId], guildId)}: ${numbersText(one, words.usual(), phrases)}`;
  });
  const server = bot.store.serverQuota(guildId);
  const total = server === undefined ? words.unlimited() : numbersText(server, words.unlimited(), phrases);
  const lines = [
    `**${words.quotasTitle()}**`,
    `- ${words.everyone(numbersText({ daily, hourly: hourlyQuota }, '—', phrases))}`,
    ...roles,
    `- ${words.quotaOf(words.wholeServer(), total)}`,
    ...personLines(interaction, phrases, bot),
  ];
  await tell(interaction, clip(lines.join('\n'), MAX_CONTENT_CHARS));
};

function personLines(interaction: AdminInteraction, phrases: Phrases, bot: BotContext): string[] {
  const whom = interaction.options.getUser('user');
  if (whom === null) return [];
  const { houseRules: words } = phrases;
  const member = { userId: whom.id, guildId: interaction.guildId };
  const own = numbersText(bot.store.memberQuota(member), words.usual(), phrases);
  const there = interaction.options.getMember('user');
  const roleIds = rolesOf({ member: there as Parameters<typeof rolesOf>[0]['member'], guildId: interaction.guildId });
  const { used, limit, granted } = bot.store.quota({ ...member, roleIds }, bot.rules);
  const extra = granted === undefined ? '' : ` + ${granted}`;
  return [`- ${words.quotaOf(`<@${whom.id}>`, own)} ${used}/${limit}${extra}`];
}

/** Beside the day's; the day comes first. */
const grant: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const server = bot.store.serverQuota(interaction.guildId);
  const isCovered = server?.isByOwner === true && server.daily !== null;
  if (!bot.isOwner(interaction.user.id) && !isCovered) {
    return tell(interaction, phrases.quotaTooHigh(bot.rules.dailyQuota));
  }
  const whom = interaction.options.getUser('user', true);
  const count = interaction.options.getInteger('pictures', true);
  const why = interaction.options.getString('reason') ?? '';
  const member = { userId: whom.id, guildId: interaction.guildId };
  const left = bot.store.grant(member, count, why, interaction.user.id);
  await tell(interaction, phrases.houseRules.grantDone(`<@${whom.id}>`, count, left));
};

export const quota: AdminPart = {
  options: [
    {
      type: SubcommandGroup,
      ...named(
        { en: 'quota', zh: '配额', ru: 'квота', es: 'cupo', de: 'kontingent', fr: 'quota', ja: '上限' },
        {
          en: 'How many pictures people may make here.',
          zh: '此处可生成的张数。',
          ru: 'Сколько картинок здесь можно сделать.',
          es: 'Cuántas imágenes se pueden hacer aquí.',
          de: 'Wie viele Bilder man hier machen darf.',
          fr: 'Combien d’images on peut faire ici.',
          ja: 'ここで作れる枚数。',
        },
      ),
      options: [
        {
          type: Subcommand,
          ...named(
            { en: 'user', zh: '用户', ru: 'участник', es: 'usuario', de: 'person', fr: 'membre', ja: 'ユーザー' },
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
          options: [user, pictures, hourly],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'role', zh: '身份组', ru: 'роль', es: 'rol', de: 'rolle', fr: 'rôle', ja: 'ロール' },
            {
              en: 'How many each member with a role may make; the highest counts.',
              zh: '拥有某身份组的每个成员可生成的张数；取最高值。',
              ru: 'Сколько можно каждому с этой ролью; считается наибольшее.',
              es: 'Cuántas puede hacer cada miembro con un rol; cuenta el mayor.',
              de: 'Wie viele jedes Mitglied mit einer Rolle machen darf; die höchste zählt.',
              fr: 'Combien chaque membre avec un rôle peut en faire ; le plus haut compte.',
              ja: 'ロールを持つ各メンバーの枚数。いちばん多いものが有効。',
            },
          ),
          options: [role, pictures, hourly],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'server', zh: '服务器', ru: 'сервер', es: 'servidor', de: 'server', fr: 'serveur', ja: 'サーバー' },
            {
              en: 'How many all of this server may make a day together.',
              zh: '整个服务器每天合计可生成的张数。',
              ru: 'Сколько в день можно всему серверу вместе.',
              es: 'Cuántas puede hacer al día todo el servidor junto.',
              de: 'Wie viele der ganze Server am Tag zusammen machen darf.',
              fr: 'Combien tout ce serveur peut en faire par jour, ensemble.',
              ja: 'このサーバー全体で 1 日に作れる枚数。',
            },
          ),
          options: [pictures],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'show', zh: '查看', ru: 'показать', es: 'ver', de: 'zeigen', fr: 'voir', ja: '表示' },
            {
              en: 'The numbers that hold here.',
              zh: '此处有效的数字。',
              ru: 'Какие числа здесь действуют.',
              es: 'Los números que valen aquí.',
              de: 'Die Zahlen, die hier gelten.',
              fr: 'Les nombres qui valent ici.',
              ja: 'ここで有効な数。',
            },
          ),
          options: [{ ...user, required: false } as APIApplicationCommandBasicOption],
        },
      ],
    },
    {
      type: Subcommand,
      ...named(
        { en: 'grant', zh: '赠予', ru: 'подарить', es: 'regalar', de: 'schenken', fr: 'offrir', ja: '贈る' },
        {
          en: 'Give someone pictures beside the daily ones.',
          zh: '在每日配额之外赠予某人图片。',
          ru: 'Подарить кому-то картинки сверх дневных.',
          es: 'Dar a alguien imágenes además de las diarias.',
          de: 'Jemandem Bilder zusätzlich zu den täglichen geben.',
          fr: 'Donner à quelqu’un des images en plus de celles du jour.',
          ja: '1 日の分とは別に枚数を贈ります。',
        },
      ),
      options: [
        user,
        {
          ...pictures,
          required: true,
          min_value: 1,
          ...named(
            { en: 'pictures', zh: '张数', ru: 'картинок', es: 'imágenes', de: 'bilder', fr: 'images', ja: '枚数' },
            {
              en: 'How many; they last until they are used.',
              zh: '多少张；用完为止。',
              ru: 'Сколько; они не сгорают.',
              es: 'Cuántas; duran hasta que se usen.',
              de: 'Wie viele; sie bleiben, bis sie verbraucht sind.',
              fr: 'Combien ; elles durent jusqu’à leur usage.',
              ja: '何枚か。使うまで残ります。',
            },
          ),
        } as APIApplicationCommandBasicOption,
        reason,
      ],
    },
  ],
  run: {
    'quota user': forUser,
    'quota role': forRole,
    'quota server': forServer,
    'quota show': show,
    grant,
  },
};
