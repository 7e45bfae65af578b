// /admin quota: how many pictures somebody may make a day here. More than the owner gives everybody is the owner's to give: it is the
// owner's machine.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminPart, user } from './group.ts';

/** A number nobody reaches; it keeps arithmetic and answers sane. */
const MAX_DAILY_PICTURES = 100_000;
const { Subcommand, Integer: WHOLE } = ApplicationCommandOptionType;

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

const setQuota: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const usual = bot.rules.dailyQuota;
  const whom = interaction.options.getUser('user', true);
  const limit = interaction.options.getInteger('pictures');
  if (limit !== null && limit > usual && !bot.isOwner(interaction.user.id)) {
    return tell(interaction, phrases.quotaTooHigh(usual));
  }
  bot.store.setQuota({ userId: whom.id, guildId: interaction.guildId }, limit, interaction.user.id);
  const mention = `<@${whom.id}>`;
  await tell(interaction, limit === null ? phrases.quotaReset(mention, usual) : phrases.quotaSet(mention, limit));
};

export const quota: AdminPart = {
  options: [
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
  ],
  run: { quota: setQuota },
};
