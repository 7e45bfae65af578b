// /quota: how many pictures are left today.
import { ApplicationCommandType } from 'discord.js';
import { phrasesOf, show } from '../src/discord/answers.ts';
import type { SlashCommand } from '../src/discord/command.ts';
import { loraAskerOf } from '../src/discord/loraAccess.ts';
import { quotaView } from '../src/discord/views/listViews.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

export const quota: SlashCommand = {
  kind: 'slash',
  name: 'quota',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'quota', zh: '配额', ru: 'квота', es: 'cupo', de: 'kontingent', fr: 'quota', ja: '残り枚数' },
      {
        en: 'How many pictures you may still make today.',
        zh: '查看今天还能生成多少张图片。',
        ru: 'Сколько картинок вы ещё можете сделать сегодня.',
        es: 'Cuántas imágenes puedes hacer todavía hoy.',
        de: 'Wie viele Bilder du heute noch machen kannst.',
        fr: 'Combien d’images vous pouvez encore faire aujourd’hui.',
        ja: '今日あと何枚作れるか。',
      },
    ),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const status = bot.store.quota(loraAskerOf(interaction), bot.rules);
    await show(interaction, quotaView(status, phrasesOf(interaction)), bot.dataDir);
  },
};
