// /admin look: whether results in this server are cards or ordinary messages with an embed.
import { ApplicationCommandOptionType } from 'discord.js';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import { LOOKS, lookKey } from '../../src/discord/looks.ts';
import { localized, named } from '../options.ts';
import type { AdminPart } from './group.ts';

const { Subcommand, String: TEXT } = ApplicationCommandOptionType;

const CHOICES = {
  card: { en: 'card', zh: '卡片', ru: 'карточка', es: 'tarjeta', de: 'Karte', fr: 'carte', ja: 'カード' },
  classic: {
    en: 'embed',
    zh: '嵌入',
    ru: 'встройка',
    es: 'incrustado',
    de: 'Einbettung',
    fr: 'intégration',
    ja: '埋め込み',
  },
} as const;

export const look: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        { en: 'look', zh: '外观', ru: 'вид', es: 'aspecto', de: 'aussehen', fr: 'aspect', ja: '見た目' },
        {
          en: 'How results look here.',
          zh: '此处结果的外观。',
          ru: 'Как выглядят результаты.',
          es: 'Cómo se ven los resultados.',
          de: 'Wie Ergebnisse aussehen.',
          fr: 'L’aspect des résultats.',
          ja: '結果の見た目。',
        },
      ),
      options: [
        {
          type: TEXT,
          required: true,
          choices: LOOKS.map((value) => ({
            name: CHOICES[value].en,
            name_localizations: localized(CHOICES[value]),
            value,
          })),
          ...named(
            { en: 'kind', zh: '类型', ru: 'тип', es: 'tipo', de: 'art', fr: 'genre', ja: '種類' },
            {
              en: 'Card or embed.',
              zh: '卡片或嵌入。',
              ru: 'Карточка или встройка.',
              es: 'Tarjeta o incrustado.',
              de: 'Karte oder Einbettung.',
              fr: 'Carte ou intégration.',
              ja: 'カードか埋め込み。',
            },
          ),
        },
      ],
    },
  ],
  run: {
    async look(interaction, bot) {
      const wanted = interaction.options.getString('kind', true);
      const chosen = LOOKS.find((known) => known === wanted) ?? 'card';
      bot.store.setSetting(lookKey(interaction.guildId), chosen);
      const entry = { byUserId: interaction.user.id, guildId: interaction.guildId, target: 'look', note: chosen };
      bot.store.noteAudit({ action: 'policy', ...entry });
      await tell(interaction, phrasesOf(interaction).making.look(chosen === 'classic'));
    },
  },
};
